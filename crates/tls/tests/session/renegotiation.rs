//! Renegotiation with servers that allow it in one way or another, or not at all.

use portreeve_model::tls::{Support, Verdict};
use portreeve_tls::session::Outcome;
use portreeve_wire::tls::{ExtensionType, Suite, Version};

use super::scene::{hold, look};
use super::server::{gnutls, nginx, old_openssl, openssl};

const SUITES: &[u16] = &[0xc02f, 0xc030, 0xc013, 0xc02b, 0xc009, 0x002f];

#[test]
fn a_client_may_begin_a_handshake_where_the_server_lets_it() {
    // OpenSSL 1.1.1 and GnuTLS let clients by default, OpenSSL 3 where it is told to.
    for server in [
        openssl(&["-no_tls1_3", "-client_renegotiation"]),
        old_openssl(&["-no_tls1_3"]),
        gnutls(&["--priority", "NORMAL:-VERS-TLS1.3"]),
    ] {
        let found = look(&server, &[(Version::Tls12, SUITES)]);
        let (support, statement) = found.support("client-renegotiation");
        assert_eq!(support, Support::Yes, "{statement}");
        assert_eq!(found.support("secure-renegotiation").0, Support::Yes);
        let (verdict, statement) = found.verdict("insecure-renegotiation");
        assert_eq!(verdict, Verdict::NotVulnerable, "{statement}");
    }
}

#[test]
fn a_client_is_refused_where_the_server_does_not_let_it() {
    for server in [
        openssl(&["-no_tls1_3"]),
        openssl(&["-no_tls1_3", "-no_renegotiation"]),
        nginx("ssl_protocols TLSv1.2;"),
    ] {
        let found = look(&server, &[(Version::Tls12, SUITES)]);
        let (support, statement) = found.support("client-renegotiation");
        assert_eq!(support, Support::No, "{statement}");
        assert_eq!(found.verdict("insecure-renegotiation").0, Verdict::NotVulnerable);
    }
}

#[test]
fn a_server_that_does_not_insist_on_the_extension_is_seen() {
    let server = openssl(&["-no_tls1_3", "-client_renegotiation", "-legacy_renegotiation"]);
    let found = look(&server, &[(Version::Tls12, SUITES)]);
    let (verdict, statement) = found.verdict("insecure-renegotiation");
    assert_eq!(verdict, Verdict::Confirmed, "{statement}");
    let weakness = found.weaknesses.iter().find(|one| one.id == "insecure-renegotiation").unwrap();
    assert!(!weakness.evidence.is_empty() && !weakness.fix.is_empty());
}

#[test]
fn every_old_version_renegotiates() {
    let server =
        old_openssl(&["-cipher", "ALL:@SECLEVEL=0", "-min_protocol", "SSLv3", "-legacy_renegotiation"]);
    for version in [Version::Ssl3, Version::Tls10, Version::Tls11, Version::Tls12] {
        let suites = [Suite(0x002f), Suite(0x0005)];
        for suite in suites {
            let talk = hold(&server, version, &[suite], true, |_| {});
            assert_eq!(talk.outcome(), Outcome::Completed, "{suite} in {version}: {}", talk.why_not());
            assert_eq!(talk.agreed.len(), 2);
        }
        // And without a word of RFC 5746.
        let talk =
            hold(&server, version, &suites, true, |hello| hello.remove(ExtensionType::RenegotiationInfo));
        assert_eq!(talk.outcome(), Outcome::Completed, "{version}: {}", talk.why_not());
        assert!(!talk.agreed[1].renegotiates_securely());
    }
}
