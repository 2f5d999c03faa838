//! Extensions, by where they stand (RFC 8446, 4.2; RFC 6066; RFC 9849 for Encrypted Client Hello).

use super::certificate::{authorities, schemes, status_type};
use super::hello::{version, word};
use super::pen::{Pen, bytes_in_words, length, list16, raw};
use crate::cursor::Cursor;
use crate::tls::{ExtensionType, NamedGroup, is_grease};

/// Where extensions stand: the same sort has other contents in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    ClientHello,
    ServerHello,
    RetryRequest,
    EncryptedExtensions,
    CertificateRequest,
    Certificate,
    Ticket,
}

/// A block of extensions with its length before it.
pub(super) fn block(pen: &mut Pen<'_>, place: Place) -> Option<()> {
    pen.vector(2, "extensions", length, |pen| {
        while !pen.rest().is_empty() {
            one(pen, place)?;
        }
        Some(())
    })
    .map(drop)
}

fn one(pen: &mut Pen<'_>, place: Place) -> Option<()> {
    let mut head = Cursor::new(pen.rest());
    let number = head.be16()?;
    let content = head.vector16()?;
    let kind = ExtensionType::from(number);
    let name = match kind.name() {
        Some(name) => name.to_owned(),
        None if is_grease(number) => format!("GREASE {number:#06x}"),
        None => format!("extension {number}"),
    };
    let whole = 4 + content.len();
    let begun = pen.rest().get(..whole)?;
    // The annotation covers sort and length, too; the parts inside begin after them.
    pen.take(0, name, |_| summary(kind, content, place).unwrap_or_else(|| raw(content)))?;
    pen.widen(begun.len());
    pen.note(purpose(kind, place));
    pen.inside(whole, |pen| {
        pen.skip(4)?;
        parts(pen, kind, place)
    });
    Some(())
}

/// What the content says, in a line.
fn summary(kind: ExtensionType, content: &[u8], place: Place) -> Option<String> {
    let mut cursor = Cursor::new(content);
    if content.is_empty() && kind != ExtensionType::SessionTicket {
        return Some("present".to_owned());
    }
    let group = |number: u16| match NamedGroup::from(number).name() {
        Some(name) => name.to_owned(),
        None if is_grease(number) => format!("GREASE {number:#06x}"),
        None => format!("unknown {number:#06x}"),
    };
    Some(match kind {
        ExtensionType::ServerName => {
            let mut list = Cursor::new(cursor.vector16()?);
            list.u8()?;
            text(list.vector16()?)
        }
        ExtensionType::SupportedGroups => list16(cursor.vector16()?, group),
        ExtensionType::SignatureAlgorithms | ExtensionType::SignatureAlgorithmsCert => {
            schemes(cursor.vector16()?)
        }
        ExtensionType::SupportedVersions if place == Place::ClientHello => list16(cursor.vector8()?, word),
        ExtensionType::SupportedVersions => version(cursor.be16()?),
        ExtensionType::KeyShare if place == Place::ClientHello => match cursor.vector16()? {
            [] => "none: the server shall name the group".to_owned(),
            shares => bytes_in_words(shares.len()),
        },
        ExtensionType::KeyShare if place == Place::RetryRequest => {
            format!("the server wants {}", group(cursor.be16()?))
        }
        ExtensionType::KeyShare => {
            format!("{}, {}", group(cursor.be16()?), bytes_in_words(cursor.vector16()?.len()))
        }
        ExtensionType::Alpn => {
            let mut list = Cursor::new(cursor.vector16()?);
            let mut names = Vec::new();
            while let Some(name) = list.vector8() {
                names.push(text(name));
            }
            names.join(", ")
        }
        ExtensionType::PskKeyExchangeModes => {
            let mode = |mode: &u8| match mode {
                0 => "psk_ke (0)".to_owned(),
                1 => "psk_dhe_ke (1)".to_owned(),
                other => format!("unknown ({other})"),
            };
            cursor.vector8()?.iter().map(mode).collect::<Vec<_>>().join(", ")
        }
        ExtensionType::EcPointFormats => match cursor.vector8()? {
            [0] => "uncompressed".to_owned(),
            formats => raw(formats),
        },
        ExtensionType::StatusRequest if place == Place::ClientHello => {
            "an OCSP response is welcome".to_owned()
        }
        ExtensionType::StatusRequest => format!("an OCSP response, {}", bytes_in_words(content.len())),
        ExtensionType::RenegotiationInfo => match cursor.vector8()? {
            [] => "the first handshake of this connection".to_owned(),
            bound => format!("bound to the handshake before: {}", raw(bound)),
        },
        ExtensionType::SessionTicket if content.is_empty() => "empty: a ticket is welcome".to_owned(),
        ExtensionType::SessionTicket | ExtensionType::Padding => length(content),
        ExtensionType::EncryptedClientHello => match (place, content) {
            (Place::ClientHello, [0, ..]) => "the outer hello: the real one is encrypted in it".to_owned(),
            (Place::ClientHello, [1]) => "this is the inner hello".to_owned(),
            (Place::EncryptedExtensions, _) => "keys to try again with".to_owned(),
            (Place::RetryRequest, _) => format!("a sign that it was accepted: {}", raw(content)),
            _ => return None,
        },
        ExtensionType::EarlyData if place == Place::Ticket => {
            format!("{} bytes at most", u32::from_be_bytes(cursor.array()?))
        }
        _ => return None,
    })
}

/// What is worth an annotation of its own inside an extension.
fn parts(pen: &mut Pen<'_>, kind: ExtensionType, place: Place) -> Option<()> {
    let group = |number: u16| format!("{} ({number:#06x})", NamedGroup::from(number));
    match (kind, place) {
        (ExtensionType::KeyShare, Place::ClientHello) => {
            pen.skip(2)?;
            while !pen.rest().is_empty() {
                pen.be16("group", group)?;
                pen.vector(2, "key_exchange", raw, |_| Some(()))?;
            }
        }
        (ExtensionType::KeyShare, Place::ServerHello) => {
            pen.be16("group", group)?;
            pen.vector(2, "key_exchange", raw, |_| Some(()))?;
        }
        (ExtensionType::EncryptedClientHello, Place::ClientHello) if pen.rest().first() == Some(&0) => {
            pen.u8("type", |_| "outer (0)".to_owned())?;
            pen.be16("kdf_id", |number| format!("{number:#06x}"))?;
            pen.be16("aead_id", |number| format!("{number:#06x}"))?;
            pen.u8("config_id", |number| number.to_string())?;
            pen.vector(2, "enc", raw, |_| Some(()))?;
            pen.vector(2, "payload", length, |_| Some(()))?;
        }
        (ExtensionType::StatusRequest, Place::Certificate) => {
            status_type(pen)?;
            pen.vector(3, "response", |der| format!("DER, {}", bytes_in_words(der.len())), |_| Some(()))?;
        }
        (ExtensionType::CertificateAuthorities, _) => authorities(pen, "authorities")?,
        _ => {
            // Its line says all of it.
            let rest = pen.rest().len();
            pen.skip(rest)?;
        }
    }
    Some(())
}

/// What an extension is there for.
fn purpose(kind: ExtensionType, place: Place) -> Option<&'static str> {
    let of_client = place == Place::ClientHello;
    Some(match kind {
        ExtensionType::ServerName if of_client => "which site is meant; everybody on the way reads it",
        ExtensionType::SupportedVersions if of_client => "the versions that are really offered",
        ExtensionType::SupportedVersions => "the version that counts from here on",
        ExtensionType::KeyShare if place == Place::RetryRequest => {
            "costs a round trip: the hello comes again with it"
        }
        ExtensionType::KeyShare => {
            "one half of the key exchange; from both halves come the keys that no third party knows"
        }
        ExtensionType::SupportedGroups if of_client => "the groups that keys can be exchanged in",
        ExtensionType::SignatureAlgorithms if of_client => "how the server may prove its key",
        ExtensionType::Alpn if of_client => "what is to be spoken inside",
        ExtensionType::Alpn => "what is spoken inside",
        ExtensionType::PskKeyExchangeModes => "how an earlier session could be taken up",
        ExtensionType::StatusRequest if of_client => "spares a question to the authority about revocation",
        ExtensionType::ExtendedMasterSecret => {
            "binds the keys to this very handshake (against triple handshake attacks)"
        }
        ExtensionType::EncryptThenMac => "the MAC covers what is encrypted (against padding oracles)",
        ExtensionType::RenegotiationInfo => {
            "binds a renegotiation to this handshake (against injected beginnings)"
        }
        ExtensionType::EncryptedClientHello if of_client => "hides the name of the site, or looks as if",
        ExtensionType::Cookie => "repeated by the client, so that the server need not remember it",
        _ => return None,
    })
}

/// Whether the hello whose body begins here has an extension.
pub(super) fn is_offered(body: &[u8], kind: ExtensionType) -> bool {
    let find = |is_client: bool| {
        let mut cursor = Cursor::new(body);
        cursor.take(34)?;
        cursor.vector8()?;
        if is_client {
            cursor.vector16()?;
            cursor.vector8()?;
        } else {
            cursor.take(3)?;
        }
        let (all, _) = crate::tls::Extension::decode_all(cursor.vector16()?);
        all.iter().any(|one| one.kind == kind).then_some(())
    };
    find(true).or_else(|| find(false)).is_some()
}

fn text(bytes: &[u8]) -> String {
    let printable = bytes.iter().all(u8::is_ascii_graphic);
    if printable { String::from_utf8_lossy(bytes).into_owned() } else { raw(bytes) }
}
