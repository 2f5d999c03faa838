//! Handshakes with real servers, explained: every byte is accounted for, and what the sides proved is computed again.
#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

use std::fs;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use portreeve_lab::loopback::{Served, free_port};
use portreeve_model::tls::{Explanation, Party, Protection, Step};
use portreeve_tls::explain::explain_handshake;
use portreeve_wire::tls::Version;
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const NAME: &str = "example.test";
const PATIENCE: Duration = Duration::from_secs(10);

/// Key and certificate in a folder.
fn certificate(folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
}

/// OpenSSL's server with these options.
fn openssl(options: &[&str]) -> Served {
    let openssl = |folder: &Path, address: SocketAddr| {
        certificate(folder);
        let mut command = Command::new("openssl");
        command.args([
            "s_server",
            "-quiet",
            "-accept",
            &address.to_string(),
            "-cert",
            "cert.pem",
            "-key",
            "key.pem",
        ]);
        command.args(options).current_dir(folder);
        command
    };
    Served::start(openssl).unwrap()
}

/// A server of this library, which speaks this version and closes after the handshake.
fn rustls_server(versions: &[&'static rustls::SupportedProtocolVersion]) -> SocketAddr {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut session = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
            session.read_to_end(&mut Vec::new()).ok();
            session.conn.send_close_notify();
            session.flush_close();
        }
    });
    address
}

trait FlushClose {
    fn flush_close(&mut self);
}

impl FlushClose for StreamOwned<ServerConnection, TcpStream> {
    fn flush_close(&mut self) {
        while self.conn.wants_write() && self.conn.write_tls(&mut self.sock).is_ok() {}
    }
}

fn names(drawn: &Explanation) -> Vec<(Party, &str)> {
    drawn.steps.iter().map(|step| (step.party, step.message.as_str())).collect()
}

fn step<'a>(drawn: &'a Explanation, party: Party, message: &str) -> &'a Step {
    let found = drawn.steps.iter().find(|step| step.party == party && step.message == message);
    found.unwrap_or_else(|| panic!("no {message} in {:?}", names(drawn)))
}

/// Every byte of both streams is in exactly one part of one step, and every field and excerpt within its message.
fn assert_whole(drawn: &Explanation) {
    for party in [Party::Client, Party::Server] {
        let steps = drawn.steps.iter().filter(|step| step.party == party);
        let mut parts: Vec<_> = steps.flat_map(|step| &step.parts).collect();
        parts.sort_by_key(|part| part.offset);
        let mut at = 0;
        for part in &parts {
            assert_eq!(part.offset, at, "{party:?}: a gap or an overlap in {:?}", names(drawn));
            assert!(part.length > 0);
            at += part.length;
        }
        assert!(at > 0);
    }
    for step in &drawn.steps {
        let mut ends = vec![step.length];
        for field in &step.fields {
            assert!(field.offset + field.length <= step.length, "{}: {field:?}", step.message);
            ends.truncate(usize::from(field.depth) + 1);
            assert!(field.offset + field.length <= *ends.last().unwrap(), "{}: {field:?}", step.message);
            ends.push(field.offset + field.length);
            assert_ne!(field.name, "not understood", "{}: {field:?}", step.message);
        }
        for excerpt in &step.excerpts {
            assert!(excerpt.offset + excerpt.bytes.len() / 2 <= step.length, "{}", step.message);
        }
        for part in &step.parts {
            let shown = part.excerpts.first().unwrap();
            let last = part.excerpts.last().unwrap();
            assert_eq!(shown.offset, part.offset);
            assert_eq!(last.offset + last.bytes.len() / 2, part.offset + part.length);
        }
        // The top level of a handshake message has no holes.
        let covered: usize =
            step.fields.iter().filter(|field| field.depth == 0).map(|field| field.length).sum();
        if !step.fields.is_empty() {
            assert_eq!(covered, step.length, "{}", step.message);
        }
    }
}

fn assert_proven(drawn: &Explanation) {
    assert_eq!(drawn.outcome, "Both sides finished: data can be sent.", "{drawn:#?}");
    assert_eq!(drawn.checked.len(), 3, "{:?}", drawn.checked);
    assert!(drawn.steps.iter().all(|step| match &step.protection {
        Protection::Encrypted { decrypted, .. } => *decrypted,
        Protection::Clear => true,
    }));
}

#[test]
fn tls13_is_decrypted_and_every_byte_is_named() {
    use Party::{Client, Server};
    for suite in ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] {
        let server = openssl(&["-tls1_3", "-ciphersuites", suite, "-alpn", "h2"]);
        let drawn = explain_handshake(server.address, Some(NAME), Some(Version::Tls13), PATIENCE);
        assert_whole(&drawn);
        assert_proven(&drawn);
        assert_eq!((drawn.version.as_deref(), drawn.suite.as_deref()), (Some("TLS 1.3"), Some(suite)));
        assert_eq!(drawn.group.as_deref(), Some("X25519"));
        let order = names(&drawn);
        let expected = [
            (Client, "ClientHello"),
            (Server, "ServerHello"),
            (Server, "ChangeCipherSpec"),
            (Server, "EncryptedExtensions"),
            (Server, "Certificate"),
            (Server, "CertificateVerify"),
            (Server, "Finished"),
        ];
        assert!(expected.iter().all(|one| order.contains(one)), "{order:?}");
        assert!(
            order.contains(&(Client, "Finished")) && order.contains(&(Server, "NewSessionTicket")),
            "{order:?}"
        );
        let hello = step(&drawn, Client, "ClientHello");
        let field = |name: &str| hello.fields.iter().find(|field| field.name == name).unwrap();
        assert_eq!(field("server_name").value, NAME);
        assert_eq!(hello.protection, Protection::Clear);
        assert_eq!(
            step(&drawn, Server, "EncryptedExtensions").summary,
            "The server chooses h2 for what is spoken inside."
        );
        assert!(step(&drawn, Server, "Certificate").summary.contains(NAME));
        assert!(step(&drawn, Client, "Alert").summary.contains("no more"));
    }
}

#[test]
fn a_hello_retry_request_is_a_step_and_the_hash_goes_on() {
    let server = openssl(&["-tls1_3", "-groups", "P-384"]);
    let drawn = explain_handshake(server.address, Some(NAME), None, PATIENCE);
    assert_whole(&drawn);
    assert_proven(&drawn);
    assert_eq!(drawn.group.as_deref(), Some("P-384"));
    let retry = step(&drawn, Party::Server, "HelloRetryRequest");
    assert_eq!(retry.summary, "The server wants a key share of P-384, and the hello once more.");
    assert_eq!(drawn.steps.iter().filter(|step| step.message == "ClientHello").count(), 2);
}

#[test]
fn tls12_is_read_and_its_finished_decrypted() {
    for suite in
        ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"]
    {
        let server = openssl(&["-tls1_2", "-cipher", suite]);
        let drawn = explain_handshake(server.address, Some(NAME), Some(Version::Tls12), PATIENCE);
        assert_whole(&drawn);
        assert_proven(&drawn);
        assert_eq!(drawn.version.as_deref(), Some("TLS 1.2"));
        let order: Vec<&str> = drawn.steps.iter().map(|step| step.message.as_str()).collect();
        let expected = [
            "ClientHello",
            "ServerHello",
            "Certificate",
            "ServerKeyExchange",
            "ServerHelloDone",
            "ClientKeyExchange",
            "ChangeCipherSpec",
            "Finished",
            "NewSessionTicket",
            "ChangeCipherSpec",
            "Finished",
            "Alert",
        ];
        assert_eq!(order[..expected.len()], expected, "{suite}");
        let exchange = step(&drawn, Party::Server, "ServerKeyExchange");
        assert!(exchange.fields.iter().any(|field| field.name == "namedcurve"), "{exchange:#?}");
    }
}

#[test]
fn a_client_certificate_that_is_demanded_and_a_refusal_are_steps() {
    let server = openssl(&["-tls1_3", "-Verify", "1", "-verify_return_error"]);
    let drawn = explain_handshake(server.address, Some(NAME), None, PATIENCE);
    assert_whole(&drawn);
    assert_eq!(step(&drawn, Party::Server, "CertificateRequest").party, Party::Server);
    assert_eq!(step(&drawn, Party::Client, "Certificate").summary, "The client has no certificate to show.");
    let refusal = step(&drawn, Party::Server, "Alert");
    assert_eq!(refusal.summary, "The server gives up: certificate_required.");
    assert!(drawn.outcome.starts_with("The handshake failed"), "{}", drawn.outcome);
    let other = openssl(&["-tls1_2"]);
    let drawn = explain_handshake(other.address, Some(NAME), Some(Version::Tls13), PATIENCE);
    assert_whole(&drawn);
    assert_eq!(step(&drawn, Party::Server, "Alert").summary, "The server gives up: protocol_version.");
}

#[test]
fn a_server_that_puts_its_flight_into_one_record_is_taken_apart() {
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let drawn = explain_handshake(rustls_server(&[version]), Some(NAME), None, PATIENCE);
        assert_whole(&drawn);
        assert_proven(&drawn);
        assert!(drawn.group.is_some());
    }
}

#[test]
fn what_is_no_tls_is_drawn_as_the_bytes_that_it_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 4096];
        let _ = stream.read(&mut hello);
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let drawn = explain_handshake(address, Some(NAME), None, PATIENCE);
    assert_whole(&drawn);
    assert_eq!(step(&drawn, Party::Server, "unfinished").length, 28);
    assert!(drawn.outcome.starts_with("The handshake failed"), "{}", drawn.outcome);
    let closed = free_port().unwrap();
    let drawn = explain_handshake(closed, None, None, PATIENCE);
    assert!(drawn.steps.is_empty() && drawn.outcome.contains("refused"), "{drawn:?}");
}
