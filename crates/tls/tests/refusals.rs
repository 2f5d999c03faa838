//! Servers that speak TLS and agree to nothing: what is not known of them is not told as missing.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

mod mock;
mod stage;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use portreeve_lab::loopback::Served;
use portreeve_model::tls::{Audit, Outcome, Support};
use portreeve_wire::tls::Version;

use mock::{Hello, Server};
use rcgen::{CertificateParams, KeyPair};
use stage::{audit, audit_patiently, protocol};

/// A server that answers every hello with this alert.
fn refusing(alert: u8) -> Audit {
    let instead = move |_: &Hello| Some(vec![21, 3, 3, 0, 2, 2, alert]);
    let mock = Server { instead: Some(Arc::new(instead)), ..Server::default() }.start();
    audit(mock.address)
}

#[test]
fn a_server_that_refuses_every_hello_may_speak_any_version() {
    let hellos = "the server answers hellos with the alert handshake_failure, and agrees to none";
    let away = "the server turns this client away (alert access_denied)";
    let name = "the server knows no site of the name example.test (alert unrecognized_name), and agrees to nothing \
                without one; --sni asks for another";
    for (alert, why) in [(40, hellos), (49, away), (112, name)] {
        let audit = refusing(alert);
        let Outcome::Partial { reason } = &audit.outcome else { panic!("{:?}", audit.outcome) };
        assert_eq!(reason, why);
        for version in [Version::Tls10, Version::Tls12, Version::Tls13] {
            let protocol = protocol(&audit, version);
            assert_eq!(protocol.support, Support::Inconclusive, "{protocol:?}");
        }
        for id in [
            "extended-master-secret",
            "encrypt-then-mac",
            "fallback-scsv",
            "grease",
            "hello-in-two-records",
            "ech",
            "secure-renegotiation",
        ] {
            let feature = audit.features.iter().find(|one| one.id == id).unwrap();
            assert_eq!(feature.support, Support::Inconclusive, "{alert} {feature:?}");
        }
        assert!(audit.findings.is_empty() && audit.is_incomplete(), "{:?}", audit.findings);
    }
    // That it is the version is an answer.
    let audit = refusing(70);
    assert_eq!(protocol(&audit, Version::Tls12).support, Support::No);
    let feature = audit.features.iter().find(|one| one.id == "extended-master-secret").unwrap();
    assert_eq!(feature.support, Support::NotApplicable, "{feature:?}");
    assert!(matches!(audit.outcome, Outcome::Partial { .. }), "{:?}", audit.outcome);
}

#[test]
fn a_site_that_is_not_known_by_the_name_is_inconclusive() {
    let server = Server {
        instead: Some(Arc::new(|hello| hello.has(0).then(|| vec![21, 3, 3, 0, 2, 2, 112]))),
        ..Server::default()
    };
    let mock = server.start();
    let audit = audit(mock.address);
    assert_eq!(protocol(&audit, Version::Tls12).support, Support::Yes);
    assert!(audit.inconclusive.iter().any(|one| one.contains("without a name")), "{:?}", audit.inconclusive);
}

/// No hello of SSL 3.0 names a site, so that its refusal is one of SSL 3.0, and not of the name.
#[test]
fn a_server_that_wants_a_name_speaks_no_version_without_names() {
    let haproxy = |folder: &Path, address: SocketAddr| {
        let key = KeyPair::generate().unwrap();
        let made = CertificateParams::new(["example.test".to_owned()]).unwrap().self_signed(&key).unwrap();
        fs::write(folder.join("both.pem"), made.pem() + &key.serialize_pem()).unwrap();
        let configuration = format!(
            "defaults\n mode http\n timeout client 10s\n timeout connect 5s\n timeout server 10s\n\
             frontend web\n bind {address} ssl crt both.pem strict-sni\n http-request return status 200\n"
        );
        fs::write(folder.join("haproxy.cfg"), configuration).unwrap();
        let mut command = Command::new("haproxy");
        command.args(["-db", "-f", "haproxy.cfg"]).current_dir(folder);
        command
    };
    let server = Served::start(haproxy).unwrap();
    let audit = audit_patiently(server.address);
    assert_eq!(audit.outcome, Outcome::Audited);
    let ssl3 = protocol(&audit, Version::Ssl3);
    assert_eq!(ssl3.support, Support::No, "{ssl3:?}");
    assert!(!audit.is_incomplete(), "{:#?}", audit.weaknesses);
}
