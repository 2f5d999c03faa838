//! Every suite that a session can be held in, in every version, with OpenSSL.

use portreeve_tls::session::{Agreed, Protection, StreamCipher};
use portreeve_wire::tls::{Extension, ExtensionType, KeyExchange, Suite, Version};

use super::scene::{agreed, hold};
use super::server::{old_openssl, openssl};

const ALL: [&str; 4] = ["-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0", "-min_protocol", "TLSv1"];

/// Key exchanges and protections of some suites, so that a list that shrinks is seen.
fn kinds(suites: &[Suite]) -> (usize, usize) {
    let mut exchanges: Vec<_> = suites.iter().filter_map(|suite| suite.key_exchange()).collect();
    let mut protections: Vec<_> = suites.iter().filter_map(|suite| Protection::of(*suite)).collect();
    exchanges.sort_by_key(|one| format!("{one:?}"));
    exchanges.dedup();
    protections.sort_by_key(|one| format!("{one:?}"));
    protections.dedup();
    (exchanges.len(), protections.len())
}

#[test]
fn openssl_of_today_agrees_in_every_version() {
    let server = openssl(&ALL);
    for (version, suites, protections) in
        [(Version::Tls10, 15, 4), (Version::Tls11, 15, 4), (Version::Tls12, 40, 11)]
    {
        let agreed = agreed(&server, version, |_| {});
        let kinds = kinds(&agreed);
        assert!(
            agreed.len() >= suites && kinds.0 == 3 && kinds.1 >= protections,
            "{version}: {kinds:?} {agreed:?}"
        );
    }
}

#[test]
fn openssl_1_1_1_agrees_in_every_version_down_to_ssl_3() {
    let server = old_openssl(&["-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0", "-min_protocol", "SSLv3"]);
    let rc4 = |suites: &[Suite]| {
        suites
            .iter()
            .any(|one| matches!(Protection::of(*one), Some(Protection::Stream(StreamCipher::Rc4, _))))
    };
    for version in [Version::Ssl3, Version::Tls10, Version::Tls11, Version::Tls12] {
        let agreed = agreed(&server, version, |_| {});
        assert!(rc4(&agreed), "{version}: {agreed:?}");
        let exchanges = if version == Version::Ssl3 { 2 } else { 3 };
        assert_eq!(kinds(&agreed).0, exchanges, "{version}: {agreed:?}");
    }
}

#[test]
fn encrypt_then_mac_is_spoken_where_it_is_agreed_on() {
    let server = openssl(&ALL);
    let offer = |hello: &mut portreeve_wire::tls::ClientHello| {
        hello.set(Extension::empty(ExtensionType::EncryptThenMac));
    };
    for version in [Version::Tls10, Version::Tls11, Version::Tls12] {
        let mut count = 0;
        for suite in Suite::all().filter(|suite| suite.is_cbc()) {
            let talk = hold(&server, version, &[suite], false, offer);
            if let Some(session) = talk.first() {
                assert!(session.encrypt_then_mac, "{suite} in {version}");
                count += 1;
            }
        }
        assert!(count >= 10, "{version}: {count}");
    }
}

#[test]
fn sessions_without_the_extended_master_secret_and_with_every_group_are_held() {
    let server = openssl(&["-cipher", "ECDHE:@SECLEVEL=0", "-no_tls1_3"]);
    let suite = [Suite(0xc02f), Suite(0xc02b)];
    let plain = hold(&server, Version::Tls12, &suite, false, |hello| {
        hello.remove(ExtensionType::ExtendedMasterSecret);
    });
    assert!(!plain.first().unwrap().extended_master_secret());
    for group in portreeve_tls::session::GROUPS {
        let talk =
            hold(&server, Version::Tls12, &suite, false, |hello| hello.set(Extension::groups(&[group])));
        assert!(talk.first().is_some_and(Agreed::extended_master_secret), "{group}: {}", talk.why_not());
    }
    assert_eq!(suite[0].key_exchange(), Some(KeyExchange::Ecdhe));
}

#[test]
fn a_server_that_would_like_a_certificate_is_told_that_there_is_none() {
    for version in [Version::Tls10, Version::Tls12] {
        let server =
            openssl(&[&ALL[..], &["-verify", "1", "-CAfile", "/etc/ssl/certs/ca-certificates.crt"]].concat());
        let talk = hold(&server, version, &[Suite(0xc013), Suite(0xc009)], false, |_| {});
        assert!(talk.first().is_some_and(|one| one.asked_for_certificate), "{version}: {}", talk.why_not());
        let server =
            openssl(&[&ALL[..], &["-Verify", "1", "-CAfile", "/etc/ssl/certs/ca-certificates.crt"]].concat());
        let talk = hold(&server, version, &[Suite(0xc013), Suite(0xc009)], false, |_| {});
        assert_eq!(talk.why_not(), "the server sent the alert handshake_failure", "{version}");
    }
}
