//! Handshakes with real servers in threads: rustls with certificates made for the test, and peers that speak something else.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use portreeve_tls::client::{Ending, Meeting, Options, Party, Session, handshake};
use portreeve_tls::old::{self, Preamble, Reply};
use portreeve_tls::spoken::Spoken;
use portreeve_wire::tls::{AlertDescription, Answer, Version};
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

const NAME: &str = "example.test";

fn options() -> Options {
    Options::http(Instant::now() + Duration::from_secs(5))
}

/// A server of one connection after another.
fn server(mut behaviour: impl FnMut(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            behaviour(stream);
        }
    });
    address
}

/// A TLS server that answers every line with the same.
fn tls_server(config: ServerConfig) -> SocketAddr {
    let config = Arc::new(config);
    server(move |stream| {
        let mut session = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
        let mut line = [0; 4];
        if session.read_exact(&mut line).is_ok() {
            session.write_all(&line).ok();
        }
    })
}

fn meet(address: SocketAddr, name: Option<&str>) -> (Meeting, Option<Session>) {
    handshake(TcpStream::connect(address).unwrap(), name, &options())
}

/// A certificate for the name, and its key.
fn certified(key: &KeyPair) -> rcgen::Certificate {
    CertificateParams::new([NAME.to_owned()]).unwrap().self_signed(key).unwrap()
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

fn config() -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let certificate = certified(&key);
    builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private(&key)).unwrap()
}

fn builder() -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
}

#[test]
fn a_session_behind_a_certificate_that_nobody_trusts_can_be_used() {
    let (met, session) = meet(tls_server(config()), Some(NAME));
    assert_eq!(met.ending, Ending::Done);
    assert_eq!(met.leaf().unwrap().names, [NAME]);
    assert_eq!(met.established.version.as_deref(), Some("TLS 1.3"));
    assert_eq!(met.proof, Some(Ok(())));
    assert_eq!(met.client_certificate, None);
    let mut session = session.unwrap();
    session.write_all(b"ping").unwrap();
    let mut answer = [0; 4];
    session.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"ping");
}

#[test]
fn a_client_certificate_that_is_demanded_is_seen() {
    let authority = certified(&KeyPair::generate().unwrap());
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let key = KeyPair::generate().unwrap();
    let config = builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certified(&key).der().clone()], private(&key))
        .unwrap();
    let (met, session) = meet(tls_server(config), Some(NAME));
    assert_eq!(met.ending, Ending::Alert);
    assert_eq!(met.refusal(), Some(AlertDescription::CertificateRequired));
    assert_eq!(met.client_certificate.map(|names| names.len()), Some(1));
    assert!(session.is_none());
}

/// Certificate and key that do not belong together.
#[derive(Debug)]
struct Mismatched(Arc<CertifiedKey>);

impl ResolvesServerCert for Mismatched {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

#[test]
fn a_key_that_is_not_the_certificates_is_seen() {
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let signing = aws_lc_rs::default_provider().key_provider.load_private_key(private(&other)).unwrap();
    let certified = Arc::new(CertifiedKey::new(vec![certified(&key).der().clone()], signing));
    let config = builder().with_no_client_auth().with_cert_resolver(Arc::new(Mismatched(certified)));
    let (met, _) = meet(tls_server(config), Some(NAME));
    assert!(matches!(met.proof, Some(Err(_))), "{met:?}");
}

/// A server with no certificate for anybody.
#[derive(Debug)]
struct Nobody;

impl ResolvesServerCert for Nobody {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

#[test]
fn an_alert_of_the_server_is_kept_with_its_bytes() {
    let config = builder().with_no_client_auth().with_cert_resolver(Arc::new(Nobody));
    let (met, _) = meet(tls_server(config), Some("elsewhere.test"));
    assert_eq!(met.ending, Ending::Alert);
    let alert = met.alert.unwrap();
    assert_eq!(alert.from, Party::Server);
    assert_eq!(alert.raw.first(), Some(&21));
    assert_eq!(alert.raw.last(), Some(&alert.description.value()));
}

#[test]
fn a_server_of_http2_alone_refuses_http1() {
    let mut config = config();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (met, _) = meet(tls_server(config), Some(NAME));
    assert_eq!(met.refusal(), Some(AlertDescription::NoApplicationProtocol));
}

#[test]
fn what_is_no_tls_is_recognised() {
    let http = server(|mut stream| {
        let mut hello = [0; 64];
        let _ = stream.read(&mut hello);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").ok();
    });
    let (met, _) = meet(http, Some(NAME));
    assert_eq!(met.ending, Ending::NotTls(Spoken::Http));
    assert!(met.first.starts_with(b"HTTP/1.1 400"));
    let ssh = server(|mut stream| {
        stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n").ok();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).ok();
    });
    assert_eq!(meet(ssh, None).0.ending, Ending::NotTls(Spoken::Ssh));
}

#[test]
fn a_connection_that_is_closed_and_one_that_is_silent_are_told_apart() {
    let closing = server(|mut stream| {
        let mut hello = [0; 4096];
        let _ = stream.read(&mut hello);
    });
    assert_eq!(meet(closing, Some(NAME)).0.ending, Ending::Closed);
    let mut kept = Vec::new();
    let silent = server(move |stream| kept.push(stream));
    let begun = Instant::now();
    let limited = Options::http(begun + Duration::from_millis(300));
    let (met, _) = handshake(TcpStream::connect(silent).unwrap(), Some(NAME), &limited);
    assert_eq!((met.ending, met.received), (Ending::Timeout, 0));
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn an_old_hello_is_answered_by_a_server_of_today_with_a_hello_or_an_alert() {
    let address = tls_server(config());
    let deadline = Instant::now() + Duration::from_secs(5);
    let ask = |version| {
        let stream = TcpStream::connect(address).unwrap();
        old::ask(stream, version, Some(NAME), Preamble::None, deadline)
    };
    let Reply::Tls(Answer::Hello(hello)) = ask(Version::Tls12) else { panic!("{:?}", ask(Version::Tls12)) };
    assert_eq!(hello.version, Version::Tls12);
    let Reply::Tls(Answer::Alert(alert)) = ask(Version::Tls10) else { panic!("no alert") };
    // A hello of that time names no signature algorithms (RFC 5246 section 7.4.1.4.1), and rustls looks for them first.
    assert_eq!(alert.description, AlertDescription::HandshakeFailure);
}

#[test]
fn a_line_of_the_proxy_protocol_comes_before_the_hello() {
    let (line_seen, seen) = std::sync::mpsc::channel();
    let address = server(move |mut stream| {
        let mut bytes = [0; 256];
        let count = stream.read(&mut bytes).unwrap();
        line_seen.send(bytes[..count].to_vec()).unwrap();
    });
    let stream = TcpStream::connect(address).unwrap();
    let local = stream.local_addr().unwrap();
    let deadline = Instant::now() + Duration::from_secs(2);
    old::ask(stream, Version::Tls12, None, Preamble::ProxyLine, deadline);
    let line = format!("PROXY TCP4 127.0.0.1 127.0.0.1 {} {}\r\n", local.port(), address.port());
    let bytes = seen.recv().unwrap();
    assert!(bytes.starts_with(line.as_bytes()));
    assert_eq!(bytes.get(line.len()), Some(&22));
}

#[test]
fn plain_http_is_asked_for() {
    let address = server(|mut stream| {
        let mut bytes = [0; 1024];
        let count = stream.read(&mut bytes).unwrap();
        let is_request = bytes[..count].starts_with(b"GET /x HTTP/1.1\r\nHost: example.test\r\n");
        stream.write_all(if is_request { b"HTTP/1.1 200 OK\r\n\r\n" } else { b"nonsense" }).ok();
    });
    let deadline = Instant::now() + Duration::from_secs(2);
    let reply = old::ask_http(TcpStream::connect(address).unwrap(), NAME, "/x", deadline);
    assert!(matches!(reply, Reply::NotTls(Spoken::Http, _)), "{reply:?}");
}
