//! RC4: its key stream is biased, so that what is sent often can be read (RFC 7465 forbids it).

use portreeve_model::Severity;
use portreeve_wire::tls::{Cipher, Suite};

use super::presence::{OLD, Presence};
use super::{Check, Judgement};
use crate::audit::Known;

/// RC4.
pub(crate) static CHECK: Check = Check {
    id: "rc4",
    title: "RC4",
    cves: &["CVE-2013-2566", "CVE-2015-2808"],
    severity: Severity::Medium,
    fix: &[
        "Take RC4 out of the suites. nginx: ssl_ciphers HIGH:!aNULL:!RC4; Apache: SSLCipherSuite HIGH:!aNULL:!RC4; haproxy: ssl-default-bind-ciphers HIGH:!aNULL:!RC4; GnuTLS: NORMAL:-ARCFOUR-128; Java: add RC4 to jdk.tls.disabledAlgorithms in java.security",
    ],
    reproduce: Some("nmap -p {port} --script ssl-enum-ciphers {host} | grep RC4"),
    look: |scene| Box::pin(std::future::ready(judge(&scene.known))),
};

fn judge(known: &Known) -> Judgement {
    let presence = Presence::of(known, &OLD, is_rc4);
    if presence.is_there() {
        return Judgement::confirmed(
            format!(
                "The server agrees to {}: what is sent often under it, a cookie, can be read.",
                presence.named()
            ),
            presence.evidence(known),
        );
    }
    presence.absent("The server agrees to no suite with RC4.")
}

fn is_rc4(suite: Suite) -> bool {
    suite.encryption().is_some_and(|encryption| encryption.cipher == Cipher::Rc4)
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;
    use portreeve_wire::tls::Version;

    use super::super::canned::{Canned, known};
    use super::*;

    #[test]
    fn rc4_is_confirmed_by_the_choice_and_denied_only_where_all_was_asked() {
        let judged =
            judge(&known(&[Canned::new(Version::Tls12, 0x0005), Canned::new(Version::Tls10, 0x0005)]));
        assert_eq!(judged.verdict, Verdict::Confirmed);
        assert!(judged.statement.contains("TLS_RSA_WITH_RC4_128_SHA in TLS 1.2 and TLS 1.0:"), "{judged:?}");
        let mut healthy = known(&[Canned::new(Version::Tls12, 0xc02f)]);
        assert_eq!(judge(&healthy).verdict, Verdict::NotVulnerable);
        healthy.versions[1].incomplete = Some("the budget of 9 connections is used up".to_owned());
        let judged = judge(&healthy);
        assert_eq!(judged.verdict, Verdict::Inconclusive);
        assert!(
            judged.statement.contains("TLS 1.0") && judged.statement.contains("budget of 9"),
            "{judged:?}"
        );
    }
}
