//! Suites without encryption: everybody on the way reads along.

use portreeve_model::Severity;
use portreeve_wire::tls::Suite;

use super::presence::{OLD, Presence};
use super::{Check, Judgement};
use crate::audit::Known;

/// NULL suites.
pub(crate) static CHECK: Check = Check {
    id: "null-encryption",
    title: "Suites without encryption",
    cves: &[],
    severity: Severity::High,
    fix: &[
        "Take them out of the suites. nginx: ssl_ciphers HIGH:!aNULL:!eNULL; Apache: SSLCipherSuite HIGH:!aNULL:!eNULL; haproxy: ssl-default-bind-ciphers HIGH:!aNULL:!eNULL; GnuTLS: NORMAL:-NULL; OpenSSL's names for all of them: eNULL, COMPLEMENTOFALL",
    ],
    reproduce: Some(
        "openssl s_client -connect {target}{servername} -tls1_2 -cipher 'eNULL:@SECLEVEL=0' </dev/null",
    ),
    look: |scene| Box::pin(std::future::ready(judge(&scene.known))),
};

fn judge(known: &Known) -> Judgement {
    let presence = Presence::of(known, &OLD, Suite::is_null);
    if presence.is_there() {
        return Judgement::confirmed(
            format!("The server agrees to {}: everybody on the way reads along.", presence.named()),
            presence.evidence(known),
        );
    }
    presence.absent("The server agrees to no suite without encryption.")
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;
    use portreeve_wire::tls::Version;

    use super::super::canned::{Canned, known};
    use super::*;

    #[test]
    fn a_choice_confirms_it() {
        let judged = judge(&known(&[Canned::new(Version::Tls12, 0x003b)]));
        assert_eq!((judged.verdict, judged.evidence.len()), (Verdict::Confirmed, 1));
        assert_eq!(judge(&known(&[Canned::new(Version::Tls12, 0x003c)])).verdict, Verdict::NotVulnerable);
    }
}
