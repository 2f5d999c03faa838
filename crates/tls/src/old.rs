//! Asking as a client of ten years ago would: a hello made by hand, of which only the first answer is read.
//!
//! What a modern client does not speak is told apart from what is broken. Nothing is negotiated to its end.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use portreeve_wire::WireError;
use portreeve_wire::tls::{Answer, ClientHello, Suite, Version};

use crate::audit::random;
use crate::spoken::{self, Spoken};
use crate::wire_tap::WireTap;

/// As much of an answer as is read: a hello stands at its beginning.
const ENOUGH: u64 = 16 << 10;

/// What is said before the hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preamble {
    /// Nothing.
    None,
    /// The line of the PROXY protocol, version 1, with the addresses of the connection itself.
    ProxyLine,
}

/// What was answered to a hello or a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A hello or an alert.
    Tls(Answer),
    /// Something else, and its first bytes.
    NotTls(Spoken, Vec<u8>),
    /// The connection was closed without a word.
    Closed,
    /// The connection was reset.
    Reset,
    /// Nothing came in time.
    Silent,
    /// It could not be asked.
    Failed(String),
}

/// Says the hello of an old client: this version at the most, with suites that were withdrawn, too.
pub fn ask(
    stream: TcpStream,
    version: Version,
    server_name: Option<&str>,
    preamble: Preamble,
    deadline: Instant,
) -> Reply {
    let suites = Suite::of_old_clients();
    let hello = ClientHello::of_old_client(version, &suites, server_name, random()).encode();
    let said = match preamble {
        Preamble::None => hello,
        Preamble::ProxyLine => match proxy_line(&stream) {
            Ok(line) => [line.into_bytes(), hello].concat(),
            Err(error) => return Reply::Failed(error.to_string()),
        },
    };
    say(stream, &said, deadline)
}

/// Asks for a path over plain HTTP.
pub fn ask_http(stream: TcpStream, host: &str, path: &str, deadline: Instant) -> Reply {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    say(stream, request.as_bytes(), deadline)
}

fn say(stream: TcpStream, said: &[u8], deadline: Instant) -> Reply {
    let mut wire = WireTap::new(stream, deadline);
    let ended = wire.write_all(said).and_then(|()| listen(&mut wire));
    let first = wire.first();
    match Answer::decode(first) {
        Ok(answer) => return Reply::Tls(answer),
        Err(WireError::Truncated { .. }) => {}
        Err(_) if first.is_empty() => {}
        Err(_) => {
            let spoken = spoken::recognise(first).unwrap_or(Spoken::Unknown);
            return Reply::NotTls(spoken, first.to_vec());
        }
    }
    match ended {
        _ if spoken::recognise(first).is_some() => Reply::NotTls(Spoken::Unknown, first.to_vec()),
        Ok(()) => Reply::Closed,
        Err(error) => match error.kind() {
            io::ErrorKind::TimedOut => Reply::Silent,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Reply::Reset,
            _ => Reply::Failed(error.to_string()),
        },
    }
}

/// Reads until an answer is understood, or is none.
fn listen(wire: &mut WireTap) -> io::Result<()> {
    let mut buffer = [0; 4096];
    while wire.received() < ENOUGH {
        if wire.read(&mut buffer)? == 0 {
            return Ok(());
        }
        if !matches!(Answer::decode(wire.first()), Err(WireError::Truncated { .. })) {
            return Ok(());
        }
    }
    Ok(())
}

/// The line with which a load balancer tells who the client is.
fn proxy_line(stream: &TcpStream) -> io::Result<String> {
    let (from, to) = (stream.local_addr()?, stream.peer_addr()?);
    let family = if to.ip().to_canonical().is_ipv4() { "TCP4" } else { "TCP6" };
    let address = |one: SocketAddr| one.ip().to_canonical();
    Ok(format!("PROXY {family} {} {} {} {}\r\n", address(from), address(to), from.port(), to.port()))
}
