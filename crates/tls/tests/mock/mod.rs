//! A scripted TLS server over loopback TCP: a canned first flight, and behind it the faults that checks look for. It knows no keys but the
//! RSA key of its certificate, and never comes to the end of a handshake: checks that need no session of their own go no further.
//!
//! `Server { heartbeat: Heartbeat::Leaks, ..Server::default() }.start()` serves until the test ends. The default server is healthy: TLS 1.2,
//! ECDHE and RSA suites, every message out of turn refused with `unexpected_message`.
#![allow(
    dead_code,
    unused_imports,
    reason = "shared by several test programs, none of which needs all of it"
)]

mod conversation;
mod hello;
mod key;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use portreeve_wire::tls::{AlertDescription, Suite, Version, ssl2};

pub(crate) use hello::Hello;
pub(crate) use key::{certificate, oakley_2, opened, prime};

/// What the server is like.
#[derive(Clone)]
pub(crate) struct Server {
    /// Versions up to TLS 1.2 that it speaks.
    pub versions: Vec<Version>,
    /// Suites, in its order.
    pub suites: Vec<Suite>,
    /// Heartbeats.
    pub heartbeat: Heartbeat,
    /// A `ChangeCipherSpec` before its time.
    pub early_change: EarlyChange,
    /// Secrets that are padded wrongly.
    pub padding: Padding,
    /// The compression method that it chooses where it is offered.
    pub compression: u8,
    /// SSL 2.0.
    pub ssl2: Option<Ssl2>,
    /// The prime of DHE suites.
    pub prime: Vec<u8>,
    /// Bits of the ephemeral key of RSA export suites.
    pub export_bits: usize,
    /// Whether it says why it ends a connection: an alert.
    pub says_why: bool,
    /// Whether it says what it may not.
    pub lie: Lie,
    /// It wants a certificate of clients, and refuses those without.
    pub wants_certificate: bool,
    /// Answers a hello instead of all the rest: these bytes, and the end. None goes on as usual.
    pub instead: Option<Arc<Instead>>,
}

/// What a server answers to a hello: bytes and the end, or none, which goes on as usual.
pub(crate) type Instead = dyn Fn(&Hello) -> Option<Vec<u8>> + Send + Sync;

/// What heartbeats come to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heartbeat {
    /// The extension is not taken up.
    Absent,
    /// Honest ones are answered, others passed over.
    Patched,
    /// All are answered with as much memory as they ask for.
    Leaks,
    /// All are sent back exactly as they came, as a response.
    Echoes,
}

/// What a `ChangeCipherSpec` right after the first flight comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum EarlyChange {
    /// This alert, and the end.
    Refused(AlertDescription),
    /// The end.
    Ended,
    /// What follows is decrypted with keys made of nothing, as by OpenSSL before 1.0.1h.
    Taken,
    /// What follows is decrypted with keys that nobody knows.
    TakenWithOtherKeys,
    /// Nothing.
    PassedOver,
    /// Nothing, and nothing ever after.
    Silence,
}

/// What wrong paddings come to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Padding {
    /// The same as right ones.
    Hidden,
    /// An alert where the beginning is wrong.
    StartTold,
    /// An alert where anything is wrong.
    FaultTold,
    /// Silence where the beginning is wrong.
    StartTimesOut,
    /// `bad_record_mac` where the beginning is wrong, at once: told only by those who do not send a Finished.
    ToldEarly,
    /// Now this, now that, whatever the padding.
    Unsteady,
}

/// An SSL 2.0 server.
#[derive(Clone)]
pub(crate) struct Ssl2 {
    /// Its suites.
    pub suites: Vec<ssl2::Suite>,
    /// It takes keys that are partly in the clear.
    pub takes_clear_keys: bool,
}

/// What it says that it may not say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Nothing.
    None,
    /// It chooses this suite, whatever was offered.
    Suite(Suite),
    /// It chooses this compression method, whatever was offered.
    Compression(u8),
}

/// A server that runs.
pub(crate) struct Mock {
    /// Where.
    pub address: SocketAddr,
    connections: Arc<AtomicU32>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            versions: vec![Version::Tls12],
            suites: [0xc02f, 0xc030, 0x009c, 0x002f].map(Suite).to_vec(),
            heartbeat: Heartbeat::Absent,
            early_change: EarlyChange::Refused(AlertDescription::UnexpectedMessage),
            padding: Padding::Hidden,
            compression: 0,
            ssl2: None,
            prime: prime(2048),
            export_bits: 512,
            says_why: true,
            lie: Lie::None,
            wants_certificate: false,
            instead: None,
        }
    }
}

impl Server {
    /// Serves, every connection in a thread of its own.
    pub(crate) fn start(self) -> Mock {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicU32::new(0));
        let (server, count) = (Arc::new(self), connections.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = count.fetch_add(1, Ordering::Relaxed);
                let server = server.clone();
                thread::spawn(move || conversation::hold(&server, stream, number));
            }
        });
        Mock { address, connections }
    }
}

impl Mock {
    /// Connections that were made to it.
    pub(crate) fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }
}
