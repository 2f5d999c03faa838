//! Hellos of both sides (RFC 8446, 4.1; RFC 5246, 7.4.1).

use super::extension::{self, Place, is_offered};
use super::pen::{Pen, bytes_in_words, raw};
use crate::tls::answer::RETRY;
use crate::tls::{ExtensionType, Suite, Version, is_grease};

const OLD_VERSION: &str = "TLS 1.3 says 1.2 here for the sake of old middle boxes; supported_versions counts";
const RESERVED: &str = "a number that means nothing, sent so that servers stay tolerant (GREASE, RFC 8701)";

pub(super) fn of_client(pen: &mut Pen<'_>) -> Option<()> {
    let offers_tls13 = is_offered(pen.rest(), ExtensionType::SupportedVersions);
    pen.be16(if offers_tls13 { "legacy_version" } else { "client_version" }, version)?;
    pen.note(offers_tls13.then_some(OLD_VERSION));
    pen.take(32, "random", raw)?;
    pen.note("fresh for every connection, so that nothing recorded earlier can be played again");
    let name = if offers_tls13 { "legacy_session_id" } else { "session_id" };
    pen.vector(1, name, raw, |_| Some(()))?;
    pen.vector(
        2,
        "cipher_suites",
        |bytes| format!("{} offered, best first", bytes.len() / 2),
        |pen| {
            while !pen.rest().is_empty() {
                let number = pen.be16("cipher_suite", suite)?;
                pen.note(match number {
                    0x00ff => Some("no suite: renegotiation is secured (RFC 5746)"),
                    0x5600 => Some("no suite: this hello is a second try with a lower version (RFC 7507)"),
                    number => is_grease(number).then_some(RESERVED),
                });
            }
            Some(())
        },
    )?;
    pen.vector(1, "compression_methods", compressions, |_| Some(()))?;
    if pen.rest().is_empty() { Some(()) } else { extension::block(pen, Place::ClientHello) }
}

pub(super) fn of_server(pen: &mut Pen<'_>) -> Option<()> {
    let is_tls13 = is_offered(pen.rest(), ExtensionType::SupportedVersions);
    pen.be16(if is_tls13 { "legacy_version" } else { "server_version" }, version)?;
    pen.note(is_tls13.then_some(OLD_VERSION));
    let random = pen.take(32, "random", raw)?;
    let is_retry = random == RETRY;
    pen.note(match random.get(24..) {
        _ if is_retry => Some("a fixed value: this is no ServerHello but a HelloRetryRequest"),
        Some(b"DOWNGRD\x01") => Some("its end says DOWNGRD: this server speaks TLS 1.3, and chose 1.2"),
        Some(b"DOWNGRD\x00") => {
            Some("its end says DOWNGRD: this server speaks TLS 1.2 or more, and chose less")
        }
        _ => None,
    });
    pen.vector(1, if is_tls13 { "legacy_session_id_echo" } else { "session_id" }, raw, |_| Some(()))?;
    pen.be16("cipher_suite", suite)?;
    pen.u8(if is_tls13 { "legacy_compression_method" } else { "compression_method" }, compression)?;
    let place = if is_retry { Place::RetryRequest } else { Place::ServerHello };
    if pen.rest().is_empty() { Some(()) } else { extension::block(pen, place) }
}

pub(super) fn version(number: u16) -> String {
    format!("{} ({number:#06x})", word(number))
}

/// A version without its number.
pub(super) fn word(number: u16) -> String {
    if is_grease(number) { format!("GREASE {number:#06x}") } else { Version::from(number).to_string() }
}

fn suite(number: u16) -> String {
    match (Suite(number).name(), number) {
        (Some(name), _) => format!("{name} ({number:#06x})"),
        (None, 0x00ff) => "TLS_EMPTY_RENEGOTIATION_INFO_SCSV (0x00ff)".to_owned(),
        (None, 0x5600) => "TLS_FALLBACK_SCSV (0x5600)".to_owned(),
        (None, _) if is_grease(number) => format!("GREASE ({number:#06x})"),
        (None, _) => format!("unknown ({number:#06x})"),
    }
}

fn compression(number: u8) -> String {
    match number {
        0 => "none (0)".to_owned(),
        1 => "DEFLATE (1)".to_owned(),
        other => format!("unknown ({other})"),
    }
}

fn compressions(bytes: &[u8]) -> String {
    match bytes {
        [] => bytes_in_words(0),
        _ => bytes.iter().map(|number| compression(*number)).collect::<Vec<_>>().join(", "),
    }
}
