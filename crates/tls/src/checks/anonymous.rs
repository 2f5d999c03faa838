//! Suites without authentication: nobody proves who the server is, so that anybody in the middle can be it.

use portreeve_model::Severity;
use portreeve_wire::tls::Suite;

use super::presence::{OLD, Presence};
use super::{Check, Judgement};
use crate::audit::Known;

/// Anonymous suites.
pub(crate) static CHECK: Check = Check {
    id: "anonymous",
    title: "Anonymous suites",
    cves: &[],
    severity: Severity::High,
    fix: &[
        "Take them out of the suites. nginx: ssl_ciphers HIGH:!aNULL; Apache: SSLCipherSuite HIGH:!aNULL; haproxy: ssl-default-bind-ciphers HIGH:!aNULL; Postfix: smtpd_tls_exclude_ciphers = aNULL; GnuTLS: NORMAL:-ANON-DH:-ANON-ECDH",
    ],
    reproduce: Some(
        "openssl s_client -connect {target}{servername} -tls1_2 -cipher 'aNULL:@SECLEVEL=0' </dev/null",
    ),
    look: |scene| Box::pin(std::future::ready(judge(&scene.known))),
};

fn judge(known: &Known) -> Judgement {
    let presence = Presence::of(known, &OLD, Suite::is_anonymous);
    if presence.is_there() {
        return Judgement::confirmed(
            format!(
                "The server agrees to {}, without any certificate: anybody in the middle can be it.",
                presence.named()
            ),
            presence.evidence(known),
        );
    }
    presence.absent("The server agrees to no suite without authentication.")
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;
    use portreeve_wire::tls::Version;

    use super::super::canned::{Canned, known};
    use super::*;

    #[test]
    fn a_choice_confirms_it() {
        let judged = judge(&known(&[Canned::new(Version::Tls12, 0x0034)]));
        assert_eq!((judged.verdict, judged.evidence.len()), (Verdict::Confirmed, 1));
        assert_eq!(judge(&known(&[Canned::new(Version::Tls12, 0x002f)])).verdict, Verdict::NotVulnerable);
    }
}
