//! What is encrypted in the first flight of TLS 1.3, of servers of several makers: how they sign, and chains that others do not take.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

mod stage;

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use portreeve_lab::loopback::Served;
use portreeve_model::tls::{Audit, Outcome};
use rcgen::{
    CertificateParams, CustomExtension, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_RSA_SHA256, SignatureAlgorithm,
};
use stage::audit_patiently as audit;

const NAME: &str = "example.test";
const RSA: [&str; 3] = ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"];

/// Writes `NAME.pem` and `NAME.key`.
fn certificate(folder: &Path, name: &str, algorithm: &'static SignatureAlgorithm) {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let made = CertificateParams::new([NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
    fs::write(folder.join(format!("{name}.pem")), made.pem()).unwrap();
    fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
}

fn certificates(folder: &Path) {
    certificate(folder, "rsa", &PKCS_RSA_SHA256);
    certificate(folder, "p256", &PKCS_ECDSA_P256_SHA256);
    certificate(folder, "p384", &PKCS_ECDSA_P384_SHA384);
    // OpenSSL 3.0 does not read such keys in the form of today.
    let words = "req -x509 -newkey ed25519 -nodes -keyout ed25519.key -out ed25519.pem -days 9 -subj /CN=example.test";
    let made = Command::new("openssl").args(words.split(' ')).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{made:?}");
}

/// OpenSSL's server of TLS 1.3.
fn openssl(arguments: &[&str]) -> Served {
    let server = |folder: &Path, address: SocketAddr| {
        certificates(folder);
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &address.to_string(), "-quiet", "-tls1_3"]);
        command.args(arguments).current_dir(folder);
        command
    };
    Served::start(server).unwrap()
}

fn gnutls(arguments: &[&str]) -> Served {
    let server = |folder: &Path, address: SocketAddr| {
        certificates(folder);
        let mut command = Command::new("gnutls-serv");
        command.args(["--port", &address.port().to_string(), "--http", "--disable-client-cert", "--quiet"]);
        command.args(["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3"]).args(arguments).current_dir(folder);
        command
    };
    Served::start(server).unwrap()
}

/// The names of what a server signs with in TLS 1.3.
fn signed_with(audit: &Audit) -> BTreeSet<&str> {
    let all = audit.negotiation.signature_algorithms.iter();
    all.filter(|one| one.versions == ["TLS 1.3"]).map(|one| one.name.as_str()).collect()
}

#[test]
fn every_way_of_signing_is_found() {
    let keys = |name: &str| [format!("-cert {name}.pem"), format!("-key {name}.key")].join(" ");
    for (name, expected) in [
        ("rsa", &RSA[..]),
        ("p256", &["ecdsa_secp256r1_sha256"]),
        ("p384", &["ecdsa_secp384r1_sha384"]),
        ("ed25519", &["ed25519"]),
    ] {
        let keys = keys(name);
        let server = openssl(&keys.split(' ').collect::<Vec<_>>());
        let audit = audit(server.address);
        assert_eq!(signed_with(&audit), expected.iter().copied().collect(), "{name}");
    }
    let server = openssl(&["-cert", "rsa.pem", "-key", "rsa.key", "-dcert", "p256.pem", "-dkey", "p256.key"]);
    let audit = audit(server.address);
    assert_eq!(signed_with(&audit), RSA.into_iter().chain(["ecdsa_secp256r1_sha256"]).collect());
    assert_eq!(audit.certificates.len(), 2);
}

#[test]
fn servers_of_other_makers_show_theirs() {
    let server = gnutls(&["--x509certfile", "rsa.pem", "--x509keyfile", "rsa.key"]);
    assert_eq!(signed_with(&audit(server.address)), RSA.into_iter().collect());
    let server = gnutls(&["--x509certfile", "p256.pem", "--x509keyfile", "p256.key"]);
    assert_eq!(signed_with(&audit(server.address)), ["ecdsa_secp256r1_sha256"].into());
}

#[test]
fn settings_of_the_server_are_followed() {
    let server = openssl(&["-cert", "rsa.pem", "-key", "rsa.key", "-sigalgs", "RSA-PSS+SHA384"]);
    assert_eq!(signed_with(&audit(server.address)), ["rsa_pss_rsae_sha384"].into());
    // One group, with which there is no more than one connection for each suite.
    let server = openssl(&[
        "-cert",
        "rsa.pem",
        "-key",
        "rsa.key",
        "-groups",
        "P-256",
        "-ciphersuites",
        "TLS_AES_128_GCM_SHA256",
    ]);
    assert_eq!(signed_with(&audit(server.address)), RSA.into_iter().collect());
    // A group that nobody has keys of here: not known, and nothing is made up.
    let server = openssl(&["-cert", "rsa.pem", "-key", "rsa.key", "-groups", "X448"]);
    let audit = audit(server.address);
    assert_eq!((audit.outcome.clone(), signed_with(&audit)), (Outcome::Audited, [].into()));
}

/// The modern client takes no chain above 64 KiB.
#[test]
fn a_chain_that_clients_refuse_is_shown() {
    let server = |folder: &Path, address: SocketAddr| {
        certificates(folder);
        let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
        let filler = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![4; 30_000]);
        params.custom_extensions.push(filler);
        let key = KeyPair::generate().unwrap();
        let large = params.self_signed(&key).unwrap().pem();
        fs::write(folder.join("chain.pem"), large.repeat(4)).unwrap();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &address.to_string(), "-quiet", "-tls1_3", "-cert", "rsa.pem"]);
        command.args(["-key", "rsa.key", "-cert_chain", "chain.pem"]).current_dir(folder);
        command
    };
    let server = Served::start(server).unwrap();
    let audit = audit(server.address);
    let [chain] = audit.certificates.as_slice() else { panic!("{:#?}", audit.certificates) };
    assert_eq!(chain.certificates.len(), 5);
}
