//! Scripted servers over loopback TCP, and audits of them.
#![allow(dead_code, reason = "shared by several test programs, none of which needs all of it")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use portreeve_model::tls::{Audit, Protocol};
use portreeve_tls::Store;
use portreeve_tls::audit::{self, Endpoint, Options};
use portreeve_tls::line::{Limits, Patience};
use portreeve_wire::tls::{ContentType, HandshakeType, Suite, Version, handshake_message, records};

/// Short: all servers are here.
pub(crate) const PATIENCE: Patience =
    Patience { connect: Duration::from_secs(2), answer: Duration::from_millis(600) };

/// Audits a server of this machine.
pub(crate) fn audit(address: SocketAddr) -> Audit {
    audit_within(address, Limits::default())
}

/// Audits it within limits.
pub(crate) fn audit_within(address: SocketAddr, limits: Limits) -> Audit {
    audit_as(address, limits, PATIENCE)
}

/// Audits a real server, which may be slow on a machine that does much else.
pub(crate) fn audit_patiently(address: SocketAddr) -> Audit {
    audit_as(address, Limits::default(), Patience::default())
}

fn audit_as(address: SocketAddr, limits: Limits, patience: Patience) -> Audit {
    let endpoint = Endpoint {
        text: address.to_string(),
        host: "example.test".to_owned(),
        port: address.port(),
        server_name: Some("example.test".to_owned()),
        address,
        other_addresses: Vec::new(),
    };
    let store = Arc::new(Store::mozilla());
    let options = Options {
        limits,
        patience,
        http: true,
        resolver: None,
        explain: portreeve_tls::explain::Explain::No,
        jarm: false,
        store: store.clone(),
        mozilla: store,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(audit::audit(&endpoint, &options))
}

/// What is told of a version.
pub(crate) fn protocol(audit: &Audit, version: Version) -> &Protocol {
    audit.negotiation.protocols.iter().find(|one| one.number == version.value()).unwrap()
}

/// Numbers of the suites of a version.
pub(crate) fn suites(audit: &Audit, version: Version) -> Vec<u32> {
    protocol(audit, version).suites.iter().map(|suite| suite.number).collect()
}

/// Serves every connection in a thread of its own until the test ends.
pub(crate) fn serve(
    conversation: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let conversation = Arc::new(conversation);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let conversation = conversation.clone();
            // What the client ends is no error of the server.
            thread::spawn(move || conversation(stream).ok());
        }
    });
    address
}

/// Passes everything on to another server and back.
pub(crate) fn forward(client: TcpStream, to: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(to)?;
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || copy(from_client, to_server));
    copy(server, client);
    up.join().ok();
    Ok(())
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if to.write_all(buffer.get(..count).unwrap_or_default()).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Write).ok();
    from.shutdown(Shutdown::Read).ok();
}

/// A server's hello in its record, with nothing beside the choice.
pub(crate) fn server_hello(version: Version, suite: Suite) -> Vec<u8> {
    let mut body = version.value().to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(suite.0.to_be_bytes());
    body.push(0);
    records(ContentType::Handshake, version, &handshake_message(HandshakeType::ServerHello, &body))
}
