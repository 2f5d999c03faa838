//! Logjam: Diffie and Hellman's exchange with primes that are too short. With 512 bits a session is opened in minutes once the prime has
//! been worked on; 1024 bits are within reach of states, and worth it where many servers share one prime (Adrian et al., 2015).

use portreeve_model::Severity;
use portreeve_model::tls::Evidence;
use portreeve_wire::magnitude;
use portreeve_wire::tls::messages::ExchangeKey;
use portreeve_wire::tls::{HandshakeType, KeyExchange, Suite, handshake_message};

use super::presence::{OLD, Presence, flight_of, hello_evidence};
use super::{Check, Judgement};
use crate::audit::Known;
use crate::exchange::Flight;
use crate::primes;

/// The longest prime for which a discrete logarithm was found in public before it was called an attack (Kleinjung et al., 2016).
const FOUND: usize = 768;
/// The longest that is thought to be within reach.
const REACHABLE: usize = 1024;

/// Logjam.
pub(crate) static CHECK: Check = Check {
    id: "logjam",
    title: "Logjam (short primes of Diffie and Hellman)",
    cves: &["CVE-2015-4000"],
    severity: Severity::High,
    fix: &[
        "Turn to elliptic curves and leave DHE out. nginx: ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; Apache: SSLCipherSuite ECDHE+AESGCM:ECDHE+CHACHA20; haproxy: ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20",
        "Where DHE has to stay, take a prime of 2048 bits or more. openssl dhparam -out /etc/ssl/dh.pem 2048, then nginx: ssl_dhparam /etc/ssl/dh.pem; Apache: SSLOpenSSLConfCmd DHParameters /etc/ssl/dh.pem; haproxy: ssl-dh-param-file /etc/ssl/dh.pem or tune.ssl.default-dh-param 2048; Postfix: smtpd_tls_dh1024_param_file = /etc/ssl/dh.pem; Java: -Djdk.tls.ephemeralDHKeySize=2048",
        "Take export suites out: !EXPORT in every list of OpenSSL's.",
    ],
    reproduce: Some("nmap -p {port} --script ssl-dh-params {host}"),
    look: |scene| Box::pin(std::future::ready(judge(&scene.known))),
};

fn judge(known: &Known) -> Judgement {
    let presence = Presence::of(known, &OLD, is_finite_field);
    if !presence.is_there() {
        return presence
            .absent("The server agrees to no suite with Diffie and Hellman's exchange over finite fields.");
    }
    let flights = presence.found.iter().filter_map(|(version, suite)| flight_of(known, *version, *suite));
    let shortest = flights
        .filter_map(|flight| Some((flight, prime_of(flight)?)))
        .min_by_key(|(_, prime)| magnitude::bits(prime));
    let Some((flight, prime)) = shortest else {
        return Judgement::inconclusive(format!(
            "The server agrees to {}, but no prime could be read.",
            presence.named()
        ));
    };
    let bits = magnitude::bits(prime);
    let suite = flight.hello.as_ref().map_or_else(String::new, |hello| hello.suite.to_string());
    let shared = primes::known(prime);
    let evidence = evidence(flight, bits);
    if bits <= FOUND {
        let whose = shared.map_or_else(String::new, |name| format!(" ({name})"));
        Judgement::confirmed(
            format!(
                "With {suite} the server uses a prime of {bits} bits{whose}, for which discrete logarithms can be found: sessions can be read."
            ),
            evidence,
        )
    } else if bits <= REACHABLE {
        let meaning = shared.map_or_else(
            || "its own as it seems: within reach of states, if it were worth it to them".to_owned(),
            |name| format!("which many servers share ({name}): within reach of states, and worth it"),
        );
        Judgement::potential(
            format!("With {suite} the server uses a prime of {bits} bits, {meaning}."),
            evidence,
        )
    } else if let Some(why) = presence.unknown.first() {
        Judgement::inconclusive(format!(
            "The shortest prime that was seen has {bits} bits, but there may be others: {why}."
        ))
    } else {
        Judgement::not_vulnerable(
            format!("The shortest prime that the server uses has {bits} bits."),
            evidence,
        )
    }
}

fn is_finite_field(suite: Suite) -> bool {
    matches!(suite.key_exchange(), Some(KeyExchange::Dhe | KeyExchange::DhePsk))
}

fn prime_of(flight: &Flight) -> Option<&[u8]> {
    match &flight.key_exchange.as_ref()?.key {
        ExchangeKey::FiniteField { prime, .. } => Some(prime),
        _ => None,
    }
}

fn evidence(flight: &Flight, bits: usize) -> Vec<Evidence> {
    let message = handshake_message(HandshakeType::ServerKeyExchange, &flight.key_exchange_body);
    vec![
        hello_evidence(flight),
        Evidence::server(format!("ServerKeyExchange with a prime of {bits} bits"), &message),
    ]
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;
    use portreeve_wire::tls::Version;

    use super::super::canned::{Canned, known};
    use super::*;

    fn server(suite: u16, prime: &[u8]) -> Known {
        let long = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
        let body = [long(prime), long(&[2]), long(&[5; 64]), vec![4, 1], long(&[6; 256])].concat();
        known(&[Canned { key_exchange: Some(body), ..Canned::new(Version::Tls12, suite) }])
    }

    #[test]
    fn the_length_of_the_prime_decides() {
        let own = |bits: usize| judge(&server(0x0033, &vec![0xc7; bits / 8]));
        assert_eq!(own(512).verdict, Verdict::Confirmed);
        assert_eq!(own(768).verdict, Verdict::Confirmed);
        assert_eq!(own(1024).verdict, Verdict::Potential);
        assert_eq!(own(2048).verdict, Verdict::NotVulnerable);
        assert_eq!(judge(&server(0x0014, &[0xc7; 64])).verdict, Verdict::Confirmed);
        assert_eq!(judge(&known(&[Canned::new(Version::Tls12, 0xc02f)])).verdict, Verdict::NotVulnerable);
        // A choice whose prime can not be read tells nothing.
        assert_eq!(judge(&known(&[Canned::new(Version::Tls12, 0x0033)])).verdict, Verdict::Inconclusive);
    }
}
