//! SWEET32: after some 32 GB under one key two blocks of 64 bits are alike, and what differs between them is known.
//!
//! Confirmed where clients that could do better get such a cipher; potential where only those get it that offer nothing else: a browser of
//! today never does.

use portreeve_model::Severity;
use portreeve_model::tls::Order;
use portreeve_wire::tls::Suite;

use super::presence::{OLD, Presence, flight_of, hello_evidence};
use super::{Check, Judgement};
use crate::audit::{Known, KnownVersion};

/// Bits of a block that are too few.
const SHORT: u16 = 64;

/// SWEET32.
pub(crate) static CHECK: Check = Check {
    id: "sweet32",
    title: "SWEET32 (blocks of 64 bits)",
    cves: &["CVE-2016-2183", "CVE-2016-6329"],
    severity: Severity::Medium,
    fix: &[
        "Take 3DES, DES, IDEA and RC2 out of the suites. nginx: ssl_ciphers HIGH:!aNULL:!3DES; Apache: SSLCipherSuite HIGH:!aNULL:!3DES; haproxy: ssl-default-bind-ciphers HIGH:!aNULL:!3DES; GnuTLS: NORMAL:-3DES-CBC; OpenSSL 1.1.0 and newer has none of them unless built with enable-weak-ssl-ciphers",
        "Where old clients need 3DES, put it last and end connections early. nginx: ssl_prefer_server_ciphers on; keepalive_requests 1000",
    ],
    reproduce: Some("nmap -p {port} --script ssl-enum-ciphers {host} | grep -E '3DES|IDEA|DES|RC2'"),
    look: |scene| Box::pin(std::future::ready(judge(&scene.known))),
};

fn judge(known: &Known) -> Judgement {
    let presence = Presence::of(known, &OLD, is_short);
    if let Some((one, suite)) = known.spoken().find_map(|one| favourite(one).map(|suite| (one, suite))) {
        let evidence = flight_of(known, one.version, suite).map(hello_evidence);
        return Judgement::confirmed(
            format!(
                "In {} the server prefers {suite}: clients get blocks of 64 bits that could do better, and long sessions leak cookies.",
                one.version,
            ),
            evidence.into_iter().collect(),
        );
    }
    if presence.is_there() {
        return Judgement::potential(
            format!(
                "The server agrees to {}, with blocks of 64 bits, where a client offers nothing better.",
                presence.named(),
            ),
            presence.evidence(known),
        );
    }
    presence.absent("The server agrees to no block cipher with blocks of 64 bits.")
}

/// The suite that clients get in a version, where its blocks are short: the first by the server's order, or any where there is no other.
fn favourite(one: &KnownVersion) -> Option<Suite> {
    let first = one.suites.first().copied()?;
    let is_server_s = matches!(one.order, Order::Server | Order::ServerUnlessChacha);
    let is_alone = one.suites.iter().all(|suite| is_short(*suite)) && one.incomplete.is_none();
    (is_short(first) && (is_server_s || is_alone)).then_some(first)
}

fn is_short(suite: Suite) -> bool {
    suite.is_cbc() && suite.encryption().is_some_and(|encryption| encryption.block == SHORT)
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;
    use portreeve_wire::tls::Version;

    use super::super::canned::{Canned, known};
    use super::*;

    const TRIPLE_DES: u16 = 0x000a;
    const AES: u16 = 0x002f;

    #[test]
    fn short_blocks_are_confirmed_where_better_clients_get_them() {
        let server =
            |first, second| known(&[Canned::new(Version::Tls12, first), Canned::new(Version::Tls12, second)]);
        assert_eq!(judge(&server(TRIPLE_DES, AES)).verdict, Verdict::Confirmed);
        assert_eq!(judge(&server(AES, TRIPLE_DES)).verdict, Verdict::Potential);
        assert_eq!(judge(&server(AES, 0xc02f)).verdict, Verdict::NotVulnerable);
        let mut client_s = server(TRIPLE_DES, AES);
        client_s.versions[3].order = Order::Client;
        assert_eq!(judge(&client_s).verdict, Verdict::Potential);
        assert_eq!(judge(&known(&[Canned::new(Version::Tls10, TRIPLE_DES)])).verdict, Verdict::Confirmed);
    }
}
