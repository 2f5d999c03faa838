//! FREAK: a server that still has RSA keys of 512 bits for export; clients were found that can be made to take one.
//!
//! Confirmed by the short key itself in the server's `ServerKeyExchange`, not by the name of a suite.

use portreeve_model::Severity;
use portreeve_model::tls::Evidence;
use portreeve_wire::magnitude;
use portreeve_wire::tls::messages::ExchangeKey;
use portreeve_wire::tls::{HandshakeType, KeyExchange, Suite, handshake_message};

use super::presence::{OLD, Presence, flight_of, hello_evidence};
use super::{Check, Judgement};
use crate::Certificate;
use crate::audit::Known;
use crate::exchange::Flight;

/// Bits of an RSA key that were found by everybody who wanted to (RSA-512 falls within hours), and the most that export suites ever had.
const SHORT: usize = 512;
const EXPORT_1024: usize = 1024;

/// FREAK.
pub(crate) static CHECK: Check = Check {
    id: "freak",
    title: "FREAK (RSA keys for export)",
    cves: &["CVE-2015-0204"],
    severity: Severity::High,
    fix: &[
        "Take export suites out. nginx: ssl_ciphers HIGH:!aNULL:!EXPORT; Apache: SSLCipherSuite HIGH:!aNULL:!EXPORT; haproxy: ssl-default-bind-ciphers HIGH:!aNULL:!EXPORT",
        "Update OpenSSL: 1.1.0 and newer has no export suites at all.",
    ],
    reproduce: Some(
        "openssl s_client -connect {target}{servername} -cipher EXPORT (an OpenSSL before 1.1.0), or: testssl --freak {target}",
    ),
    look: |scene| Box::pin(std::future::ready(judge(&scene.known))),
};

fn judge(known: &Known) -> Judgement {
    let presence = Presence::of(known, &OLD, is_rsa_export);
    let Some((version, suite)) = presence.found.first().copied() else {
        return presence.absent("The server agrees to no export suite with RSA.");
    };
    let flights = presence.found.iter().filter_map(|(version, suite)| flight_of(known, *version, *suite));
    let keys = flights.filter_map(|flight| Some((flight, key_bits(flight)?)));
    match keys.min_by_key(|(_, bits)| *bits) {
        Some((flight, bits)) if bits <= SHORT => Judgement::confirmed(
            format!(
                "The server agrees to {} and sends an RSA key of {bits} bits, which anybody factors in hours.",
                presence.named()
            ),
            evidence(flight, bits),
        ),
        Some((flight, bits)) => Judgement::potential(
            format!(
                "The server agrees to {suite} in {version} with an RSA key of {bits} bits, longer than the 512 that the attack is known for{}.",
                if bits <= EXPORT_1024 { " and still short" } else { "" }
            ),
            evidence(flight, bits),
        ),
        None => Judgement::potential(
            format!("The server agrees to {suite} in {version}, but its key could not be read."),
            presence.evidence(known),
        ),
    }
}

fn is_rsa_export(suite: Suite) -> bool {
    suite.is_export() && suite.key_exchange() == Some(KeyExchange::Rsa)
}

/// Bits of the key that secrets are encrypted with: the ephemeral one, or that of the certificate where it is short enough by itself.
fn key_bits(flight: &Flight) -> Option<usize> {
    match flight.key_exchange.as_ref().map(|exchange| &exchange.key) {
        Some(ExchangeKey::Rsa { modulus, .. }) => Some(magnitude::bits(modulus)),
        None if flight.key_exchange_body.is_empty() => {
            flight.chain.first().map(|der| Certificate::read(der).key_bits).filter(|bits| *bits > 0)
        }
        _ => None,
    }
}

fn evidence(flight: &Flight, bits: usize) -> Vec<Evidence> {
    let mut evidence = vec![hello_evidence(flight)];
    if !flight.key_exchange_body.is_empty() {
        let message = handshake_message(HandshakeType::ServerKeyExchange, &flight.key_exchange_body);
        evidence
            .push(Evidence::server(format!("ServerKeyExchange with an RSA key of {bits} bits"), &message));
    }
    evidence
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;
    use portreeve_wire::tls::Version;

    use super::super::canned::{Canned, known};
    use super::*;

    fn server(suite: u16, bits: usize) -> Known {
        let modulus = vec![0xc7; bits / 8];
        let length = u16::try_from(modulus.len()).unwrap().to_be_bytes();
        let body = [&length[..], &modulus, &[0, 3, 1, 0, 1], &[1, 0], &[6; 256]].concat();
        known(&[Canned { key_exchange: Some(body), ..Canned::new(Version::Tls10, suite) }])
    }

    #[test]
    fn the_short_key_confirms_it() {
        let judged = judge(&server(0x0003, 512));
        assert_eq!((judged.verdict, judged.evidence.len()), (Verdict::Confirmed, 2));
        assert!(judged.statement.contains("512 bits"), "{judged:?}");
        // A name alone does not: the key of the certificate has 1024 bits.
        assert_eq!(judge(&known(&[Canned::new(Version::Tls10, 0x0003)])).verdict, Verdict::Potential);
        assert_eq!(judge(&server(0x0064, 1024)).verdict, Verdict::Potential);
        assert_eq!(judge(&known(&[Canned::new(Version::Tls10, 0x0004)])).verdict, Verdict::NotVulnerable);
    }
}
