//! What can be agreed on, with servers over loopback.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

mod mock;
mod stage;

use std::sync::Arc;

use portreeve_model::tls::{Outcome, Support};
use portreeve_wire::tls::{Suite, Version, ssl2};

use mock::{Server, Ssl2};
use stage::{audit, protocol, suites};

#[test]
fn a_healthy_server_is_audited_to_its_end_in_few_connections() {
    let mock = Server::default().start();
    let audit = audit(mock.address);
    assert_eq!(audit.outcome, Outcome::Audited);
    assert_eq!(suites(&audit, Version::Tls12), [0xc02f, 0xc030, 0x009c, 0x002f]);
    assert!(
        protocol(&audit, Version::Tls12).evidence.iter().any(|one| one.what.contains("ServerHello chose"))
    );
    assert_eq!(audit.effort.connections, mock.connections());
    assert!(mock.connections() <= 40, "{}", mock.connections());
    assert!(audit.certificates.iter().any(|chain| !chain.certificates.is_empty()));
}

#[test]
fn every_version_is_told_apart() {
    let versions = vec![Version::Ssl3, Version::Tls10, Version::Tls12];
    let mock = Server { versions, ..Server::default() }.start();
    let audit = audit(mock.address);
    let support = |version| protocol(&audit, version).support;
    assert_eq!(support(Version::Ssl3), Support::Yes);
    assert_eq!(support(Version::Tls10), Support::Yes);
    assert_eq!(support(Version::Tls11), Support::No);
    assert_eq!(support(Version::Tls12), Support::Yes);
    assert_eq!(support(Version::Tls13), Support::No);
    for id in ["tls/sslv3-spoken", "tls/tls10-spoken"] {
        assert!(audit.findings.iter().any(|finding| finding.id == id), "{id}");
    }
    assert!(!audit.findings.iter().any(|finding| finding.id == "tls/no-modern-protocol"));
}

#[test]
fn ssl2_is_read_with_its_suites() {
    let suites = [0x0001_0080, 0x0002_0080].map(ssl2::Suite).to_vec();
    let ssl2 = Some(Ssl2 { suites, takes_clear_keys: false });
    let mock = Server { ssl2, ..Server::default() }.start();
    let audit = audit(mock.address);
    assert_eq!(stage::suites(&audit, Version::Ssl2), [0x0001_0080, 0x0002_0080]);
    assert!(audit.findings.iter().any(|finding| finding.id == "tls/sslv2-spoken"));
}

#[test]
fn what_has_no_forward_secrecy_is_said() {
    let mock = Server { suites: [0x009c, 0x002f].map(Suite).to_vec(), ..Server::default() }.start();
    let audit = audit(mock.address);
    assert!(
        audit.findings.iter().any(|finding| finding.id == "tls/no-forward-secrecy"),
        "{:?}",
        audit.findings
    );
}

#[test]
fn a_server_that_wants_nothing_of_this_does_not_say_what_it_speaks() {
    let mock = Server { instead: Some(Arc::new(|_| Some(vec![21, 3, 3, 0, 2, 2, 40]))), ..Server::default() }
        .start();
    let audit = audit(mock.address);
    assert!(matches!(audit.outcome, Outcome::Partial { .. }), "{:?}", audit.outcome);
    for version in [Version::Ssl3, Version::Tls10, Version::Tls11, Version::Tls12, Version::Tls13] {
        let told = protocol(&audit, version);
        assert_eq!(told.support, Support::Inconclusive);
        assert!(told.statement.contains("with the alert handshake_failure"), "{}", told.statement);
    }
}
