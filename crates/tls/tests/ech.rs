//! Encrypted Client Hello with a real server, NSS's `selfserv`, and a real name server, dnsmasq.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use portreeve_lab::loopback::Served;
use portreeve_model::tls::{Audit, Feature, Support};
use portreeve_tls::Store;
use portreeve_tls::audit::{Endpoint, Options, audit};
use portreeve_tls::dns::Resolver;
use portreeve_tls::explain::Explain;
use portreeve_tls::line::{Limits, Patience};
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_128;
use rustls::crypto::hpke::Hpke;

const NAME: &str = "www.example";
const PUBLIC: &str = "public.example";

/// Keys for Encrypted Client Hello.
struct Keys {
    private: Vec<u8>,
    public: Vec<u8>,
}

impl Keys {
    fn new() -> Self {
        let (public, private) = DH_KEM_X25519_HKDF_SHA256_AES_128.generate_key_pair().unwrap();
        Self { private: private.secret_bytes().to_vec(), public: public.0 }
    }

    /// As an HTTPS record has them: one set, of AES-128-GCM.
    fn list(&self) -> Vec<u8> {
        let mut contents = vec![7, 0, 0x20, 0, 32];
        contents.extend(&self.public);
        contents.extend([0, 4, 0, 1, 0, 1, 64, u8::try_from(PUBLIC.len()).unwrap()]);
        contents.extend(PUBLIC.as_bytes());
        contents.extend([0, 0]);
        let length = u8::try_from(contents.len()).unwrap();
        [&[0, length + 4, 0xfe, 0x0d, 0, length], contents.as_slice()].concat()
    }

    /// As `selfserv` takes them: the private key as PKCS #8 with NSS's number for the curve, then the list; in Base64.
    fn of_selfserv(&self) -> String {
        let numbers = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 9, 0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1];
        let public = der(0xa1, &der(3, &[&[0], self.public.as_slice()].concat()));
        let key = der(0x30, &[&[2, 1, 1], der(4, &self.private).as_slice(), &public].concat());
        let pkcs8 = der(0x30, &[&[2, 1, 0], der(0x30, &numbers).as_slice(), &der(4, &key)].concat());
        let length = u16::try_from(pkcs8.len()).unwrap().to_be_bytes();
        BASE64.encode(&[&length, pkcs8.as_slice(), &self.list()].concat())
    }
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 128 || tag == 0x30);
    let long: &[u8] = if length < 128 { &[] } else { &[0x81] };
    [&[tag], long, &[length], content].concat()
}

fn finish(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// NSS's server with these keys.
fn selfserv(keys: &Keys) -> Served {
    let selfserv = |folder: &Path, address: SocketAddr| {
        let key = KeyPair::generate().unwrap();
        let names = [NAME.to_owned(), PUBLIC.to_owned()];
        let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        fs::write(folder.join("both.pem"), key.serialize_pem() + &certificate.pem()).unwrap();
        fs::create_dir(folder.join("nss")).unwrap();
        let openssl = [
            "pkcs12", "-export", "-in", "both.pem", "-name", "server", "-passout", "pass:x", "-out",
            "both.p12",
        ];
        finish(
            Command::new("certutil").args(["-N", "-d", "sql:nss", "--empty-password"]).current_dir(folder),
        );
        finish(Command::new("openssl").args(openssl).current_dir(folder));
        finish(
            Command::new("pk12util").args(["-i", "both.p12", "-d", "sql:nss", "-W", "x"]).current_dir(folder),
        );
        let mut command = Command::new("selfserv");
        command
            .args(["-e", "server", "-d", "sql:nss", "-V", "tls1.2:tls1.3", "-p", &address.port().to_string()])
            .args(["-X", &keys.of_selfserv()])
            .current_dir(folder);
        command
    };
    Served::start(selfserv).unwrap()
}

/// A name server whose HTTPS record for a port of the name has these keys.
fn name_server(port: u16, keys: &[u8]) -> Served {
    let record = format!("0001000005{:04x}{}", keys.len(), HEXLOWER.encode(keys));
    let dnsmasq = |_: &Path, address: SocketAddr| {
        let mut command = Command::new("dnsmasq");
        command
            .args([
                "--keep-in-foreground",
                "--no-resolv",
                "--no-hosts",
                "--conf-file=/dev/null",
                "--pid-file=",
            ])
            .args(["--bind-interfaces", "--local=/example/"])
            .arg(format!("--listen-address={}", address.ip()))
            .arg(format!("--port={}", address.port()))
            .arg(format!("--dns-rr=_{port}._https.{NAME},65,{record}"));
        command
    };
    Served::start(dnsmasq).unwrap()
}

fn audited(address: SocketAddr, name_server: Option<SocketAddr>) -> Audit {
    let endpoint = Endpoint {
        text: NAME.to_owned(),
        host: NAME.to_owned(),
        port: address.port(),
        server_name: Some(NAME.to_owned()),
        address,
        other_addresses: Vec::new(),
    };
    let options = Options {
        limits: Limits::default(),
        patience: Patience::default(),
        http: false,
        resolver: name_server.map(|server| Arc::new(Resolver::with(server, Duration::from_secs(5)))),
        explain: Explain::No,
        jarm: false,
        store: Arc::new(Store::mozilla()),
        mozilla: Arc::new(Store::mozilla()),
    };
    // A future that asks everything is larger than a test's thread.
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { audit(&endpoint, &options).await })
    };
    thread::Builder::new().stack_size(32 << 20).spawn(run).unwrap().join().unwrap()
}

fn feature<'a>(audit: &'a Audit, id: &str) -> &'a Feature {
    audit.features.iter().find(|one| one.id == id).unwrap()
}

#[test]
fn a_server_that_opens_encrypted_hellos_is_found_with_and_without_a_record() {
    let keys = Keys::new();
    let selfserv = selfserv(&keys);
    let address = selfserv.address;
    // Without a record: the made-up hello is answered with keys, and those are good.
    let audit = audited(address, None);
    let found = feature(&audit, "ech");
    assert_eq!(found.support, Support::Yes, "{found:?}");
    assert!(found.statement.starts_with("The server offers keys"), "{}", found.statement);
    // With the record, at once.
    let dnsmasq = name_server(address.port(), &keys.list());
    let audit = audited(address, Some(dnsmasq.address));
    let (record, found) = (feature(&audit, "ech-keys"), feature(&audit, "ech"));
    assert_eq!(
        (record.support, record.values.as_slice()),
        (Support::Yes, [format!("{PUBLIC} in the clear, X25519, key 7")].as_slice())
    );
    assert_eq!(found.support, Support::Yes, "{found:?}");
    assert!(found.statement.ends_with("with the keys of its HTTPS record."), "{}", found.statement);
    // With a record whose keys the server has no more.
    let dnsmasq = name_server(address.port(), &Keys::new().list());
    let audit = audited(address, Some(dnsmasq.address));
    let found = feature(&audit, "ech");
    assert_eq!(found.support, Support::No, "{found:?}");
    assert!(found.statement.contains("offers others"), "{}", found.statement);
    assert_eq!(found.values, [format!("{PUBLIC} in the clear, X25519, key 7")]);
}
