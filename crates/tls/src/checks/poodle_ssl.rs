//! POODLE: SSL 3.0 does not check the padding of block ciphers, so that a byte of a cookie costs 256 requests.

use portreeve_model::Severity;
use portreeve_wire::tls::{Suite, Version};

use super::presence::Presence;
use super::{Check, Judgement};
use crate::audit::Known;

/// POODLE in SSL 3.0.
pub(crate) static CHECK: Check = Check {
    id: "poodle-ssl",
    title: "POODLE (SSL 3.0)",
    cves: &["CVE-2014-3566"],
    severity: Severity::High,
    fix: &[
        "Turn SSL 3.0 off. nginx: ssl_protocols TLSv1.2 TLSv1.3; Apache: SSLProtocol -all +TLSv1.2 +TLSv1.3; haproxy: ssl-default-bind-options ssl-min-ver TLSv1.2",
        "OpenSSL, for everything that reads openssl.cnf: MinProtocol = TLSv1.2",
    ],
    reproduce: Some(
        "openssl s_client -connect {target} -ssl3 (an OpenSSL with SSL 3.0), or: nmap -p {port} --script ssl-poodle {host}",
    ),
    look: |scene| Box::pin(std::future::ready(judge(&scene.known))),
};

fn judge(known: &Known) -> Judgement {
    let presence = Presence::of(known, &[Version::Ssl3], Suite::is_cbc);
    if presence.is_there() {
        return Judgement::confirmed(
            format!(
                "The server agrees to {}: SSL 3.0 does not check padding, so that cookies can be read byte by byte.",
                presence.named(),
            ),
            presence.evidence(known),
        );
    }
    presence.absent(if known.speaks(Version::Ssl3) {
        "The server speaks SSL 3.0 without block ciphers, and only their padding is attacked."
    } else {
        "The server does not speak SSL 3.0."
    })
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;

    use super::super::canned::{Canned, known};
    use super::*;

    #[test]
    fn ssl_3_with_block_ciphers_is_open_to_it_and_with_rc4_alone_is_not() {
        let judged = judge(&known(&[Canned::new(Version::Ssl3, 0x002f)]));
        assert_eq!(judged.verdict, Verdict::Confirmed);
        assert!(judged.evidence[0].bytes.starts_with("0200002603000909"), "{judged:?}");
        assert_eq!(judge(&known(&[Canned::new(Version::Ssl3, 0x0005)])).verdict, Verdict::NotVulnerable);
        assert_eq!(judge(&known(&[Canned::new(Version::Tls10, 0x002f)])).verdict, Verdict::NotVulnerable);
        assert_eq!(judge(&Known::default()).verdict, Verdict::Inconclusive);
    }
}
