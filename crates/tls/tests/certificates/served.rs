//! Servers: what an audit tells of their certificates.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use portreeve_lab::loopback::Served;
use portreeve_model::tls::{Audit, Support};
use portreeve_tls::audit::{Endpoint, Options, audit};
use portreeve_tls::dns::Resolver;
use portreeve_tls::line::{Limits, Patience};
use rcgen::CertificateParams;

use crate::made::{Lab, server, store, usual};

/// OpenSSL's server, with files of the lab.
pub(crate) fn s_server(lab: &Lab, arguments: &[&str]) -> Served {
    let server = |_: &Path, address: SocketAddr| {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &address.to_string(), "-www"]);
        command.args(arguments).current_dir(lab.folder.path());
        command
    };
    Served::start(server).unwrap()
}

/// An audit of a server where the lab's root is one of a public list, and of this host.
pub(crate) fn audited(
    lab: &Lab,
    address: SocketAddr,
    name: Option<&str>,
    resolver: Option<Resolver>,
) -> Audit {
    let options = Options {
        limits: Limits { whole: Duration::from_secs(60), ..Limits::default() },
        patience: Patience::default(),
        http: false,
        resolver: resolver.map(Arc::new),
        explain: portreeve_tls::explain::Explain::default(),
        jarm: false,
        store: Arc::new(store(&[&lab.root])),
        mozilla: Arc::new(store(&[&lab.root])),
    };
    let endpoint = Endpoint {
        text: address.to_string(),
        host: name.map_or_else(|| address.ip().to_string(), str::to_owned),
        port: address.port(),
        server_name: name.map(str::to_owned),
        address,
        other_addresses: Vec::new(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(audit(&endpoint, &options))
}

/// Ids of findings about certificates.
pub(crate) fn ids(audit: &Audit) -> Vec<String> {
    const ABOUT: [&str; 7] =
        ["tls/certificate", "tls/chain", "tls/missing", "tls/must", "tls/staple", "tls/tlsa", "tls/caa"];
    let all = audit.findings.iter().map(|finding| finding.id.clone());
    all.filter(|id| ABOUT.iter().any(|about| id.starts_with(about))).collect()
}

/// Writes a chain and its key, for `-cert NAME.pem -key NAME.key -cert_chain intermediate.pem`.
pub(crate) fn write(lab: &Lab, name: &str, params: &CertificateParams) {
    let (leaf, key) = lab.leaf(params);
    lab.write(&format!("{name}.pem"), leaf.pem());
    lab.write(&format!("{name}.key"), key.serialize_pem());
    lab.write("intermediate.pem", lab.intermediate.pem());
}

/// What is found where a server serves such a certificate with its chain.
pub(crate) fn findings_of(lab: &Lab, params: &CertificateParams) -> Vec<String> {
    write(lab, "leaf", params);
    let server = s_server(lab, &["-cert", "leaf.pem", "-key", "leaf.key", "-cert_chain", "intermediate.pem"]);
    ids(&audited(lab, server.address, Some("example.test"), None))
}

#[test]
fn a_good_server_has_no_findings() {
    let lab = Lab::new();
    write(&lab, "leaf", &usual());
    let server =
        s_server(&lab, &["-cert", "leaf.pem", "-key", "leaf.key", "-cert_chain", "intermediate.pem"]);
    let audit = audited(&lab, server.address, Some("example.test"), None);
    assert_eq!(ids(&audit), Vec::<String>::new());
    assert_eq!(audit.certificates.len(), 1);
    assert_eq!(audit.certificates[0].sent_for, ["example.test", "no name"]);
    let feature = |id: &str| audit.features.iter().find(|feature| feature.id == id).unwrap();
    assert_eq!(feature("ocsp-stapling").support, Support::NotApplicable);
    assert_eq!(feature("certificate-timestamps").support, Support::No);
    assert_eq!(feature("several-certificates").support, Support::No);
    assert_eq!(feature("without-server-name").support, Support::Yes);
}

#[test]
fn keys_of_both_sorts_and_the_answer_without_a_name_are_seen() {
    let lab = Lab::new();
    write(&lab, "curve", &usual());
    write(&lab, "fallback", &server(&["default.test"], -10, 80, 2));
    let rsa = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    lab.write("rsa.pem", usual().signed_by(&rsa, &lab.intermediate).unwrap().pem());
    lab.write("rsa.key", rsa.serialize_pem());
    let first = ["-cert", "curve.pem", "-key", "curve.key", "-cert_chain", "intermediate.pem"];
    let second = ["-dcert", "rsa.pem", "-dkey", "rsa.key", "-dcert_chain", "intermediate.pem"];
    let started = s_server(&lab, &[first, second].concat());
    let audit = audited(&lab, started.address, Some("example.test"), None);
    assert_eq!(ids(&audit), Vec::<String>::new());
    let keys: Vec<&str> =
        audit.certificates.iter().map(|one| one.certificates[0].key.kind.as_str()).collect();
    assert!(keys.contains(&"RSA") && keys.contains(&"EC") && keys.len() == 2, "{keys:?}");
    let labels: Vec<&str> = audit.certificates.iter().map(|one| one.sent_for[0].as_str()).collect();
    assert!(
        labels.contains(&"example.test, RSA key") && labels.contains(&"example.test, EC key"),
        "{labels:?}"
    );
    drop(started);

    // openssl's server answers with its second certificate where its second name is asked for: the default is what the nameless get.
    for version in ["-tls1_2", "-tls1_3"] {
        let second = ["-servername", "example.test", "-cert2", "curve.pem", "-key2", "curve.key", version];
        let first = ["-cert", "fallback.pem", "-key", "fallback.key", "-cert_chain", "intermediate.pem"];
        let started = s_server(&lab, &[&first[..], &second].concat());
        let audit = audited(&lab, started.address, Some("example.test"), None);
        let told: Vec<(&str, &str)> = audit
            .certificates
            .iter()
            .map(|one| (one.sent_for[0].as_str(), one.certificates[0].names[0].as_str()))
            .collect();
        assert_eq!(told, [("example.test", "example.test"), ("no name", "default.test")], "{version}");
        assert_eq!(audit.certificates[1].name, None);
        let feature = audit.features.iter().find(|feature| feature.id == "without-server-name").unwrap();
        assert!(feature.statement.contains("default.test"), "{}", feature.statement);
    }
}

#[test]
fn an_address_is_compared_and_asked_without_a_name() {
    let lab = Lab::new();
    write(&lab, "leaf", &usual());
    let arguments = ["-cert", "leaf.pem", "-key", "leaf.key", "-cert_chain", "intermediate.pem"];
    let started = s_server(&lab, &arguments);
    let audit = audited(&lab, started.address, None, None);
    assert_eq!(ids(&audit), ["tls/certificate-name-mismatch"]);
    assert_eq!(audit.certificates[0].sent_for, ["no name"]);
    let feature = audit.features.iter().find(|feature| feature.id == "without-server-name").unwrap();
    assert_eq!(feature.support, Support::NotApplicable);
    let mismatch = audit.findings.iter().find(|one| one.id == "tls/certificate-name-mismatch").unwrap();
    assert!(mismatch.reproduce.as_ref().unwrap().contains("-noservername"), "{:?}", mismatch.reproduce);
}
