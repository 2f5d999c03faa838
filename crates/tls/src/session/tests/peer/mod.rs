//! A server that completes handshakes, with the faults that checks look for: made of the same protection and derivation as the client,
//! which other tests hold against OpenSSL. TLS 1.2, ECDHE on X25519, and a certificate and a signature that are none: nobody verifies them.

mod connection;
mod hello;
mod reading;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use portreeve_wire::tls::Suite;

pub(crate) use connection::Connection;

/// What the server is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) suite: Suite,
    pub(crate) marked: bool,
    pub(crate) renegotiation: Renegotiation,
    pub(crate) ids: bool,
    pub(crate) tickets: Tickets,
    pub(crate) records: Records,
}

/// What it does about a hello inside a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renegotiation {
    /// It goes along.
    Accepted,
    /// It goes along with those who prove the session they are in, and with nobody else.
    Proven,
    /// It answers, and says no more.
    HelloOnly,
    /// The warning `no_renegotiation`, and on.
    Warned,
    /// A fatal alert.
    Refused,
    /// The end.
    Ended,
    /// Nothing.
    PassedOver,
    /// It asks for another hello, and another.
    Begs,
}

/// What it does about tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tickets {
    /// It gives none.
    None,
    /// It gives and takes them.
    Taken,
    /// It gives them, and takes none.
    Ignored,
    /// It takes them and repeats 32 bytes of session id, whatever it was given.
    Bleeding,
}

/// What it does about records of a block cipher that are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Records {
    /// `bad_record_mac`, whatever is wrong.
    Strict,
    /// It never looks at padding, but for its length.
    AnyPadding,
    /// It looks at padding, and at no MAC.
    AnyMac,
    /// `decryption_failed` for padding, `bad_record_mac` for the MAC.
    Told,
    /// Nothing, whatever is wrong.
    Silent,
}

impl Default for Peer {
    fn default() -> Self {
        Self {
            suite: Suite(0xc02f),
            marked: true,
            renegotiation: Renegotiation::Warned,
            ids: true,
            tickets: Tickets::Taken,
            records: Records::Strict,
        }
    }
}

/// Secrets by session id, of one server.
pub(crate) type Memory = Arc<Mutex<HashMap<Vec<u8>, Vec<u8>>>>;

impl Peer {
    /// One connection, without I/O.
    pub(crate) fn connection(self, memory: Memory) -> Connection {
        Connection::new(self, memory)
    }

    /// Over loopback, until the test ends. Counts its connections.
    pub(crate) fn serve(self) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (memory, count) = (Memory::default(), Arc::new(AtomicUsize::new(0)));
        let counter = count.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::Relaxed);
                let connection = self.connection(memory.clone());
                thread::spawn(move || converse(stream, connection));
            }
        });
        (address, count)
    }
}

fn converse(mut stream: TcpStream, mut connection: Connection) {
    let mut buffer = [0; 16384];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        let Some(answer) = connection.hear(&buffer[..count]) else { return };
        if stream.write_all(&answer).is_err() || connection.over {
            return;
        }
    }
}
