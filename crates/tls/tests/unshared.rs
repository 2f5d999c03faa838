//! Servers with which the clients of this program agree on nothing, in TLS or in HTTP: what would have been asked is told as not known.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

mod stage;

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use portreeve_lab::loopback::Served;
use portreeve_model::tls::{Audit, Feature, Outcome, Support, Verdict, Weakness};
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::Acceptor;
use rustls::{ServerConfig, StreamOwned};
use stage::{audit_patiently as audit, serve};

/// Writes a certificate for more than one host, and its key.
fn certificate(folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let made = CertificateParams::new(["*.test".to_owned(), "example.test".to_owned()]).unwrap();
    let made = made.self_signed(&key).unwrap().pem();
    fs::write(folder.join("both.pem"), [made.as_str(), &key.serialize_pem()].concat()).unwrap();
    fs::write(folder.join("cert.pem"), made).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

/// One of HTTP, with these words beside its certificate.
fn haproxy(words: &str) -> Served {
    let server = |folder: &Path, address: SocketAddr| {
        certificate(folder);
        let configuration = format!(
            "defaults\n mode http\n timeout client 9s\n timeout connect 9s\n timeout server 9s\nfrontend all\n \
             bind {address} ssl crt both.pem {words}\n http-request return status 200\n"
        );
        fs::write(folder.join("haproxy.cfg"), configuration).unwrap();
        let mut command = Command::new("haproxy");
        command.args(["-db", "-f", "haproxy.cfg"]).current_dir(folder);
        command
    };
    Served::start(server).unwrap()
}

/// OpenSSL's server.
fn openssl(arguments: &[&str]) -> Served {
    let server = |folder: &Path, address: SocketAddr| {
        certificate(folder);
        let mut command = Command::new("openssl");
        command
            .args(["s_server", "-accept", &address.to_string(), "-www"])
            .args(arguments)
            .current_dir(folder);
        command
    };
    Served::start(server).unwrap()
}

const KEYS: [&str; 4] = ["-cert", "cert.pem", "-key", "key.pem"];

fn feature<'a>(audit: &'a Audit, id: &str) -> &'a Feature {
    audit.features.iter().find(|one| one.id == id).unwrap_or_else(|| panic!("no {id}"))
}

fn weakness<'a>(audit: &'a Audit, id: &str) -> &'a Weakness {
    audit.weaknesses.iter().find(|one| one.id == id).unwrap_or_else(|| panic!("no {id}"))
}

#[test]
fn a_refusal_of_the_modern_client_is_none_of_what_it_asked_for() {
    for only in [["-groups", "secp521r1"], ["-ciphersuites", "TLS_AES_128_CCM_SHA256"]] {
        let server = openssl(&[&KEYS[..], &only, &["-tls1_3"]].concat());
        let audit = audit(server.address);
        assert_eq!(audit.outcome, Outcome::Audited, "{only:?}");
        for id in ["alpn", "alpn-strict", "without-server-name"] {
            let told = feature(&audit, id);
            assert_eq!(told.support, Support::Inconclusive, "{only:?} {told:?}");
            assert!(told.statement.contains("handshake_failure"), "{only:?} {told:?}");
        }
        let alpaca = weakness(&audit, "alpaca");
        assert_eq!(alpaca.verdict, Verdict::Inconclusive, "{only:?} {}", alpaca.statement);
    }
}

#[test]
fn a_missing_name_is_refused_where_the_same_client_is_served_with_it() {
    let server = haproxy("strict-sni ssl-min-ver TLSv1.3 alpn http/1.1");
    let audit = audit(server.address);
    let told = feature(&audit, "without-server-name");
    assert_eq!(told.support, Support::No, "{told:?}");
}

/// What is told of HTTP by an audit to which nothing was answered over it, though it may be spoken.
fn assert_http_is_open(audit: &Audit, why: &str) {
    let told = &weakness(audit, "breach");
    assert_eq!(told.verdict, Verdict::Inconclusive, "{}", told.statement);
    assert!(told.statement.contains(why), "{}", told.statement);
    let advertised = feature(audit, "http3-advertised");
    assert_eq!(advertised.support, Support::Inconclusive, "{advertised:?}");
    let is_told = |one: &String| one.starts_with("HSTS: ") && one.contains(why);
    assert!(audit.inconclusive.iter().any(is_told), "{:?}", audit.inconclusive);
}

#[test]
fn http_that_the_modern_client_did_not_reach_is_not_known() {
    let server = openssl(&[&KEYS[..], &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"]].concat());
    let audit = audit(server.address);
    assert_eq!(audit.outcome, Outcome::Audited);
    assert_http_is_open(&audit, "handshake_failure");
}

#[test]
fn http2_alone_is_another_http() {
    let key = KeyPair::generate().unwrap();
    let made = CertificateParams::new(["example.test".to_owned()]).unwrap().self_signed(&key).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    let plain = Arc::new(config.clone());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let http2 = Arc::new(config);
    // It passes over a client that does not offer h2, and speaks it with that one, too.
    let address = serve(move |mut stream| {
        let mut acceptor = Acceptor::default();
        let accepted = loop {
            acceptor.read_tls(&mut stream)?;
            match acceptor.accept() {
                Ok(Some(accepted)) => break accepted,
                Ok(None) => {}
                Err((_, mut alert)) => return alert.write_all(&mut stream),
            }
        };
        let offered = accepted.client_hello().alpn().is_some_and(|mut all| all.any(|name| name == b"h2"));
        let config = if offered { http2.clone() } else { plain.clone() };
        let session = match accepted.into_connection(config) {
            Ok(session) => session,
            Err((_, mut alert)) => return alert.write_all(&mut stream),
        };
        let mut session = StreamOwned::new(session, stream);
        session.write_all(&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100])?;
        session.read(&mut [0; 4096]).map(drop)
    });
    let audit = audit(address);
    assert_eq!(feature(&audit, "alpn").values, ["h2"]);
    assert_http_is_open(&audit, "a frame SETTINGS of HTTP/2");
}

#[test]
fn without_certificates_nobody_is_refused_for_want_of_a_name() {
    let server = openssl(&["-nocert", "-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"]);
    let audit = audit(server.address);
    let told = feature(&audit, "without-server-name");
    assert_eq!(told.support, Support::NotApplicable, "{told:?}");
}
