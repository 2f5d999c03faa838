//! Export suites: keys of 40 or 56 bits, as the law of the 1990s wanted them.

use portreeve_model::Severity;
use portreeve_wire::tls::Suite;

use super::presence::{OLD, Presence};
use super::{Check, Judgement};
use crate::audit::Known;

/// Export suites.
pub(crate) static CHECK: Check = Check {
    id: "export-suites",
    title: "Export suites",
    cves: &[],
    severity: Severity::High,
    fix: &[
        "Take them out of the suites. nginx: ssl_ciphers HIGH:!aNULL:!EXPORT; Apache: SSLCipherSuite HIGH:!aNULL:!EXPORT; haproxy: ssl-default-bind-ciphers HIGH:!aNULL:!EXPORT",
        "OpenSSL 1.1.0 and newer has none of them: where they are agreed to, something far older is at work.",
    ],
    reproduce: Some("nmap -p {port} --script ssl-enum-ciphers {host} | grep EXPORT"),
    look: |scene| Box::pin(std::future::ready(judge(&scene.known))),
};

fn judge(known: &Known) -> Judgement {
    let presence = Presence::of(known, &OLD, Suite::is_export);
    if presence.is_there() {
        return Judgement::confirmed(
            format!("The server agrees to {}: the key of a session is found in minutes.", presence.named()),
            presence.evidence(known),
        );
    }
    presence.absent("The server agrees to no export suite.")
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;
    use portreeve_wire::tls::Version;

    use super::super::canned::{Canned, known};
    use super::*;

    #[test]
    fn a_choice_confirms_it() {
        let judged = judge(&known(&[Canned::new(Version::Tls12, 0x0003)]));
        assert_eq!((judged.verdict, judged.evidence.len()), (Verdict::Confirmed, 1));
        assert_eq!(judge(&known(&[Canned::new(Version::Tls12, 0x0004)])).verdict, Verdict::NotVulnerable);
    }
}
