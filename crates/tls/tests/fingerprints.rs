//! Fingerprints of a real server, OpenSSL's, against values that an independent implementation of JARM made of the same server.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use portreeve_lab::loopback::{Served, free_port};
use portreeve_model::tls::Fingerprint;
use portreeve_tls::Store;
use portreeve_tls::audit::{Greeting, Known, Options, Scene};
use portreeve_tls::explain::Explain;
use portreeve_tls::fingerprints;
use portreeve_tls::line::{Limits, Line, Patience};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};

const NAME: &str = "localhost";

/// OpenSSL's server with these arguments.
fn served(arguments: &[&str]) -> Served {
    let server = |folder: &Path, address: SocketAddr| {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let certificate = CertificateParams::new([NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
        let mut command = Command::new("openssl");
        command.args([
            "s_server",
            "-quiet",
            "-www",
            "-accept",
            &address.to_string(),
            "-key",
            "key.pem",
            "-cert",
            "cert.pem",
        ]);
        command.args(arguments).current_dir(folder);
        command
    };
    Served::start(server).unwrap()
}

async fn made(address: SocketAddr, jarm: bool) -> fingerprints::Report {
    let store = Arc::new(Store::mozilla());
    let options = Options {
        limits: Limits::default(),
        patience: Patience::default(),
        http: false,
        resolver: None,
        explain: Explain::No,
        jarm,
        store: store.clone(),
        mozilla: store,
    };
    let line = Arc::new(Line::new(address, options.limits, options.patience));
    let greeting = Greeting { server_name: Some(NAME.to_owned()), ..Greeting::default() };
    fingerprints::report(&Scene::new(line, greeting, Known::default(), NAME.to_owned(), options)).await
}

fn value<'a>(made: &'a [Fingerprint], method: &str) -> &'a str {
    &made.iter().find(|one| one.method == method).unwrap().value
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_those_that_others_make() {
    // Suites and versions that every version of OpenSSL since 1.1.1 has, so that its value stays the same.
    let suites = "ECDHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256:@SECLEVEL=0";
    let server = served(&["-tls1_2", "-cipher", suites, "-groups", "P-256"]);
    let report = made(server.address, true).await;
    assert_eq!(report.inconclusive, [""; 0]);
    assert_eq!(value(&report.made, "jarm"), "29d13d00029d29d00029d13d29d29de904d55e8ce780f79e868c0a413f1c7f");
    let server = served(&["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"]);
    let report = made(server.address, true).await;
    assert_eq!(value(&report.made, "jarm"), "00000000000000000041d41d0000009535d5979f591ae8e547c5e5743e5b64");
}

#[tokio::test(flavor = "multi_thread")]
async fn ja3s_says_what_a_usual_hello_is_answered() {
    let server = served(&["-tls1_2", "-cipher", "AES128-GCM-SHA256"]);
    let report = made(server.address, false).await;
    let [ja3s] = report.made.as_slice() else { panic!("{report:?}") };
    // md5sum of the source.
    assert_eq!(ja3s.source.as_deref(), Some("771,156,65281"));
    assert_eq!(ja3s.value, "ccd5709d4a9027ec272e98b9924c36f7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_has_no_fingerprint() {
    let address = free_port().unwrap();
    let report = made(address, true).await;
    assert_eq!(report.made, []);
    let [why] = report.inconclusive.as_slice() else { panic!("{report:?}") };
    assert!(why.starts_with("The fingerprint JARM could not be made: to hello 1 of 10 "), "{why}");
}
