//! BEAST: in TLS 1.0 and SSL 3.0 the first block of a record is chained to the last of the record before, which an attacker has seen.
//!
//! Never confirmed: since 2012 clients send the first byte apart, so that nothing can be guessed, and no server can tell whether they do.

use portreeve_model::Severity;
use portreeve_wire::tls::{Suite, Version};

use super::presence::Presence;
use super::{Check, Judgement};
use crate::audit::Known;

/// BEAST.
pub(crate) static CHECK: Check = Check {
    id: "beast",
    title: "BEAST",
    cves: &["CVE-2011-3389"],
    severity: Severity::Low,
    fix: &[
        "Turn TLS 1.0 and SSL 3.0 off. nginx: ssl_protocols TLSv1.2 TLSv1.3; Apache: SSLProtocol -all +TLSv1.2 +TLSv1.3; haproxy: ssl-default-bind-options ssl-min-ver TLSv1.2",
        "Do not turn to RC4 instead: it is worse.",
    ],
    reproduce: Some(
        "openssl s_client -connect {target}{servername} -tls1 -cipher 'AES:3DES:@SECLEVEL=0' </dev/null",
    ),
    look: |scene| Box::pin(std::future::ready(judge(&scene.known))),
};

fn judge(known: &Known) -> Judgement {
    let presence = Presence::of(known, &[Version::Ssl3, Version::Tls10], Suite::is_cbc);
    if presence.is_there() {
        return Judgement::potential(
            format!(
                "The server agrees to {}; clients of today split the first record (1/n-1) and are safe, only those from before 2012 are open to it.",
                presence.named(),
            ),
            presence.evidence(known),
        );
    }
    presence.absent(if known.speaks(Version::Ssl3) || known.speaks(Version::Tls10) {
        "In TLS 1.0 and SSL 3.0 the server agrees to no block cipher."
    } else {
        "The server speaks neither TLS 1.0 nor SSL 3.0."
    })
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;

    use super::super::canned::{Canned, known};
    use super::*;

    #[test]
    fn block_ciphers_in_tls_1_0_are_never_more_than_potential() {
        assert_eq!(judge(&known(&[Canned::new(Version::Tls10, 0x002f)])).verdict, Verdict::Potential);
        assert_eq!(judge(&known(&[Canned::new(Version::Tls10, 0x0005)])).verdict, Verdict::NotVulnerable);
        assert_eq!(judge(&known(&[Canned::new(Version::Tls11, 0x002f)])).verdict, Verdict::NotVulnerable);
    }
}
