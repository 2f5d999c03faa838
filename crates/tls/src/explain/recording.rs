//! A handshake with everything that both sides sent, and the secrets of that one connection.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portreeve_model::tls::Party;
use portreeve_wire::tls::Version;
use rustls::client::{EchMode, EchStatus};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Error, KeyLog};

use super::secrets::Secrets;
use crate::client::Recorder;
use crate::exchange::Turn;
use crate::stream_error::{timed_out, told_by_library};

/// The most that is kept of one connection.
const MOST: usize = 320 << 10;
/// How long to wait for what a server may send after the handshake: tickets, and its farewell.
const AFTERWARDS: Duration = Duration::from_millis(300);

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// The one version that is offered; none offers TLS 1.2 and 1.3.
    pub(crate) version: Option<Version>,
    /// Application protocols.
    pub(crate) alpn: Vec<Vec<u8>>,
    /// Encrypted Client Hello, which offers TLS 1.3 alone.
    pub(crate) ech: Option<EchMode>,
    /// Whether to wait for tickets and to take leave in order.
    pub(crate) to_the_end: bool,
}

/// A handshake that was made.
#[derive(Debug)]
pub(crate) struct Recording {
    /// Everything that was sent, in order.
    pub(crate) turns: Vec<Turn>,
    /// The secrets of the connection.
    pub(crate) secrets: Secrets,
    /// Whether it came to its end; why it did not.
    pub(crate) ending: Result<(), Trouble>,
    /// Whether the server's signature is good.
    pub(crate) proof: Option<Result<(), String>>,
    /// The application protocol.
    pub(crate) alpn: Option<Vec<u8>>,
    /// What became of Encrypted Client Hello.
    pub(crate) ech: EchStatus,
}

/// Why a handshake did not come to its end.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// What the library says: the server's alert, or a rule that the server broke.
    #[error("{}", told_by_library(.0))]
    Library(#[from] Error),
    /// Something else: no connection, no answer.
    #[error("{0}")]
    Other(String),
}

/// Makes a handshake. Blocks; `patience` holds for connecting and for the handshake, each.
pub(crate) fn record(address: SocketAddr, name: Option<&str>, wish: &Wish, patience: Duration) -> Recording {
    let log = Arc::new(Log::default());
    let recorder = Recorder::new();
    let connected =
        TcpStream::connect_timeout(&address, patience).map_err(|error| Trouble::Other(error.to_string()));
    let begun = Instant::now();
    let prepared = connected.and_then(|stream| {
        stream.set_nodelay(true).ok();
        let connection = configure(wish, &recorder, &log)
            .and_then(|config| ClientConnection::new(Arc::new(config), server_name(name, address.ip())))?;
        Ok((connection, Tap { stream, deadline: begun + patience, begun, turns: Vec::new(), kept: 0 }))
    });
    let (mut connection, mut tap) = match prepared {
        Ok(prepared) => prepared,
        Err(why) => return Recording::failed(why),
    };
    let mut ending = drive(&mut connection, &mut tap);
    if ending.is_ok() && wish.to_the_end {
        ending = take_leave(&mut connection, &mut tap);
    }
    let seen = recorder.take();
    Recording {
        turns: tap.turns,
        secrets: log.take(),
        ending,
        proof: seen.proof,
        alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
        ech: connection.ech_status(),
    }
}

impl Recording {
    fn failed(why: Trouble) -> Self {
        Self {
            turns: Vec::new(),
            secrets: Secrets::default(),
            ending: Err(why),
            proof: None,
            alpn: None,
            ech: EchStatus::NotOffered,
        }
    }
}

fn configure(wish: &Wish, recorder: &Arc<Recorder>, log: &Arc<Log>) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = match (&wish.ech, wish.version) {
        (Some(mode), _) => builder.with_ech(mode.clone())?,
        (None, Some(Version::Tls12)) => builder.with_protocol_versions(&[&rustls::version::TLS12])?,
        (None, Some(_)) => builder.with_protocol_versions(&[&rustls::version::TLS13])?,
        (None, None) => builder.with_safe_default_protocol_versions()?,
    };
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_client_cert_resolver(recorder.clone());
    config.alpn_protocols.clone_from(&wish.alpn);
    config.key_log = log.clone();
    Ok(config)
}

fn server_name(name: Option<&str>, address: IpAddr) -> ServerName<'static> {
    let named = name.and_then(|name| ServerName::try_from(name.trim_end_matches('.').to_owned()).ok());
    named.unwrap_or_else(|| ServerName::IpAddress(address.into()))
}

fn drive(connection: &mut ClientConnection, tap: &mut Tap) -> Result<(), Trouble> {
    while connection.is_handshaking() || connection.wants_write() {
        while connection.wants_write() {
            // What the server said before it went is still read.
            if connection.write_tls(tap).is_err() {
                break;
            }
        }
        if connection.is_handshaking() {
            receive(connection, tap)?;
        }
    }
    Ok(())
}

/// Reads once, and tells the server what is wrong with it.
fn receive(connection: &mut ClientConnection, tap: &mut Tap) -> Result<(), Trouble> {
    match connection.read_tls(tap) {
        Ok(0) => return Err(Trouble::Other("the server closed the connection".to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            return Err(Trouble::Other("no answer came in time".to_owned()));
        }
        Err(error) => return Err(Trouble::Other(error.to_string())),
    }
    connection.process_new_packets().map(drop).map_err(|error| {
        connection.write_tls(tap).ok();
        error.into()
    })
}

/// Waits for tickets, or for an alert about a client certificate that was not there, then says goodbye and waits for the answer.
fn take_leave(connection: &mut ClientConnection, tap: &mut Tap) -> Result<(), Trouble> {
    let heard = afterwards(connection, tap);
    connection.send_close_notify();
    tap.deadline = Instant::now() + AFTERWARDS;
    while connection.wants_write() && connection.write_tls(tap).is_ok() {}
    afterwards(connection, tap).ok();
    heard
}

/// Reads until nothing comes any more. Only what the library refuses is an error, an alert for one.
fn afterwards(connection: &mut ClientConnection, tap: &mut Tap) -> Result<(), Trouble> {
    tap.deadline = Instant::now() + AFTERWARDS;
    while connection.read_tls(tap).is_ok_and(|count| count > 0) {
        connection.process_new_packets()?;
    }
    Ok(())
}

/// The connection, whose bytes are kept.
struct Tap {
    stream: TcpStream,
    deadline: Instant,
    begun: Instant,
    turns: Vec<Turn>,
    kept: usize,
}

impl Tap {
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    fn keep(&mut self, party: Party, bytes: &[u8]) -> io::Result<()> {
        self.kept += bytes.len();
        if self.kept > MOST {
            return Err(io::Error::other(format!("the server sends more than {MOST} bytes")));
        }
        if !bytes.is_empty() {
            self.turns.push(Turn { party, bytes: bytes.to_vec(), at: self.begun.elapsed() });
        }
        Ok(())
    }
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        let count = self.stream.read(buffer).map_err(timed_out)?;
        self.keep(Party::Server, buffer.get(..count).unwrap_or_default())?;
        Ok(count)
    }
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        let count = self.stream.write(bytes).map_err(timed_out)?;
        self.keep(Party::Client, bytes.get(..count).unwrap_or_default())?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Linux says of a time-out that it would block.
/// Takes the secrets that the library tells.
#[derive(Debug, Default)]
struct Log(Mutex<Secrets>);

impl Log {
    fn take(&self) -> Secrets {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl KeyLog for Log {
    fn log(&self, label: &str, _client_random: &[u8], secret: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(label, secret);
    }
}
