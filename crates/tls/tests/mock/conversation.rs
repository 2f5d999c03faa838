//! One connection of the server.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use portreeve_tls::session::{Opener, Prf, Protection, Terms};
use portreeve_wire::tls::heartbeat::{Heartbeat as Beat, HeartbeatType};
use portreeve_wire::tls::{
    AlertDescription, ContentType, Extension, ExtensionType, HandshakeType, KeyExchange, Suite, Version,
    handshake_message, records, ssl2,
};

use super::hello::Hello;
use super::{EarlyChange, Heartbeat, Lie, Padding, Server, Ssl2, key};

/// How long a silent server holds a connection.
const SILENCE: Duration = Duration::from_secs(20);

/// The server's random.
const RANDOM: [u8; 32] = [9; 32];

/// Holds it to its end.
pub(crate) fn hold(server: &Server, mut stream: TcpStream, number: u32) {
    let mut head = [0; 5];
    if stream.read_exact(&mut head).is_err() {
        return;
    }
    if head[0] & 0x80 != 0 {
        if let Some(ssl2) = &server.ssl2 {
            old(ssl2, &mut stream, head);
        }
        return;
    }
    let mut fragment = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    if stream.read_exact(&mut fragment).is_err() {
        return;
    }
    let Some(hello) = fragment.get(4..).and_then(Hello::read) else { return };
    if let Some(bytes) = server.instead.as_ref().and_then(|answer| answer(&hello)) {
        stream.write_all(&bytes).ok();
        return;
    }
    match first_flight(server, &hello) {
        Ok((version, suite, flight)) => {
            stream.write_all(&flight).ok();
            let agreed = Agreed { version, suite, client: hello.random };
            Later { server, stream, agreed, reading: Reading::InTheClear, secret: Secret::Awaited, number }
                .listen();
        }
        Err(alert) => {
            stream.write_all(&fatal(Version::Tls10, alert)).ok();
        }
    }
}

/// SSL 2.0: hello, and an answer to the key.
fn old(server: &Ssl2, stream: &mut TcpStream, head: [u8; 5]) {
    let mut rest = vec![0; (usize::from(head[0] & 0x7f) << 8 | usize::from(head[1])) - 3];
    if stream.read_exact(&mut rest).is_err() {
        return;
    }
    let hello = ssl2::ServerHello {
        session_hit: false,
        certificate_type: 1,
        version: 2,
        certificate: key::certificate(),
        suites: server.suites.clone(),
        connection_id: vec![7; 16],
    };
    stream.write_all(&hello.encode()).ok();
    let mut length = [0; 2];
    if stream.read_exact(&mut length).is_err() {
        return;
    }
    let mut message = vec![0; usize::from(length[0] & 0x7f) << 8 | usize::from(length[1])];
    if stream.read_exact(&mut message).is_err() {
        return;
    }
    // Type, three bytes of suite, length of what is in the clear.
    let is_partly_clear = message.get(4..6) != Some(&[0, 0]);
    let answer = if is_partly_clear && !server.takes_clear_keys {
        vec![0x80, 3, 0, 0, 0]
    } else {
        [&[0x80, 33][..], &[0x5b; 33]].concat()
    };
    stream.write_all(&answer).ok();
}

fn first_flight(server: &Server, hello: &Hello) -> Result<(Version, Suite, Vec<u8>), AlertDescription> {
    let spoken = server.versions.iter().copied().filter(|one| one.value() <= hello.version.value());
    let version = spoken.max_by_key(|one| one.value()).ok_or(AlertDescription::ProtocolVersion)?;
    let offered = |suite: &&Suite| hello.suites.contains(suite) && suite.is_usable_in(version);
    let suite = match server.lie {
        Lie::Suite(suite) => suite,
        _ => *server.suites.iter().find(offered).ok_or(AlertDescription::HandshakeFailure)?,
    };
    let compression = match server.lie {
        Lie::Compression(method) => method,
        _ if hello.compression.contains(&server.compression) => server.compression,
        _ => 0,
    };
    let mut body = version.value().to_be_bytes().to_vec();
    body.extend(RANDOM);
    body.push(0);
    body.extend(suite.0.to_be_bytes());
    body.push(compression);
    let mut extensions = Vec::new();
    if hello.has(ExtensionType::RenegotiationInfo.value()) {
        extensions.extend(Extension::renegotiation_info().encode());
    }
    if hello.has(ExtensionType::Heartbeat.value()) && server.heartbeat != Heartbeat::Absent {
        extensions.extend(Extension::heartbeat().encode());
    }
    if !extensions.is_empty() {
        body.extend(long(&extensions));
    }
    let mut messages = handshake_message(HandshakeType::ServerHello, &body);
    if !suite.is_anonymous() {
        let der = key::certificate();
        let entry = [&u32::try_from(der.len()).unwrap().to_be_bytes()[1..], &der].concat();
        let list = [&u32::try_from(entry.len()).unwrap().to_be_bytes()[1..], &entry].concat();
        messages.extend(handshake_message(HandshakeType::Certificate, &list));
    }
    if let Some(exchange) = key_exchange(server, suite, version) {
        messages.extend(handshake_message(HandshakeType::ServerKeyExchange, &exchange));
    }
    if server.wants_certificate {
        let schemes: &[u8] = if version == Version::Tls12 { &[0, 2, 4, 1] } else { &[] };
        let body = [&[1, 1], schemes, &[0, 0]].concat();
        messages.extend(handshake_message(HandshakeType::CertificateRequest, &body));
    }
    messages.extend(handshake_message(HandshakeType::ServerHelloDone, &[]));
    Ok((version, suite, records(ContentType::Handshake, version, &messages)))
}

/// Parameters, and a signature that nobody checks.
fn key_exchange(server: &Server, suite: Suite, version: Version) -> Option<Vec<u8>> {
    let mut body = match suite.key_exchange()? {
        KeyExchange::Ecdhe => [&[3, 0, 29, 32][..], &[9; 32]].concat(),
        KeyExchange::Dhe => [long(&server.prime), long(&[2]), long(&vec![5; server.prime.len()])].concat(),
        KeyExchange::Rsa if suite.is_export() => {
            [long(&key::prime(server.export_bits)), long(&[1, 0, 1])].concat()
        }
        _ => return None,
    };
    if !suite.is_anonymous() {
        if version == Version::Tls12 {
            body.extend([4, 1]);
        }
        body.extend(long(&[6; 256]));
    }
    Some(body)
}

/// What became of the client's secret.
enum Secret {
    Awaited,
    Taken,
    /// Taken, and what follows is encrypted.
    Used,
}

/// What the hellos came to.
struct Agreed {
    version: Version,
    suite: Suite,
    /// The client's random.
    client: [u8; 32],
}

/// How records are read.
enum Reading {
    InTheClear,
    /// Decrypted; without an opener by keys that nobody has.
    Decrypted(Option<Opener>),
}

/// The connection after the first flight.
struct Later<'a> {
    server: &'a Server,
    stream: TcpStream,
    agreed: Agreed,
    reading: Reading,
    secret: Secret,
    number: u32,
}

/// Whether the server listens on.
#[derive(PartialEq)]
enum Next {
    On,
    End,
}

impl Agreed {
    /// What the client sends, under keys made of no secret.
    fn opener_of_nothing(&self) -> Option<Opener> {
        let protection = Protection::of(self.suite)?;
        let terms = Terms { version: self.version, protection, encrypt_then_mac: false };
        let prf = Prf::of(self.version, self.suite);
        let (keys, _) = terms.cut(&prf.key_block(&[], &self.client, &RANDOM, terms.key_block_length()));
        Opener::new(terms, &keys)
    }
}

impl Later<'_> {
    fn listen(&mut self) {
        loop {
            let mut head = [0; 5];
            if self.stream.read_exact(&mut head).is_err() {
                return;
            }
            let mut fragment = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
            if self.stream.read_exact(&mut fragment).is_err()
                || self.take(head[0].into(), &fragment) == Next::End
            {
                return;
            }
        }
    }

    fn take(&mut self, content: ContentType, fragment: &[u8]) -> Next {
        if let Reading::Decrypted(opener) = &mut self.reading {
            let opened = opener.as_mut().and_then(|opener| opener.open(content, fragment));
            let refused = match (content, opened) {
                // A message is waited for until it is whole.
                (ContentType::Handshake, Some(begun)) if begun.len() < 4 => return Next::On,
                (_, Some(_)) => AlertDescription::UnexpectedMessage,
                (_, None) => AlertDescription::BadRecordMac,
            };
            return self.refuse(refused);
        }
        match (content, &self.secret) {
            (ContentType::Heartbeat, _) => self.beat(fragment),
            (ContentType::ChangeCipherSpec, Secret::Awaited) => self.early_change(),
            (ContentType::ChangeCipherSpec, _) => {
                self.secret = Secret::Used;
                Next::On
            }
            (ContentType::Handshake, Secret::Used) => self.refuse(AlertDescription::BadRecordMac),
            (ContentType::Handshake, secret) => {
                match (fragment.first().copied().map(HandshakeType::from), secret) {
                    (Some(HandshakeType::Certificate), Secret::Awaited) if self.server.wants_certificate => {
                        self.refuse(AlertDescription::HandshakeFailure)
                    }
                    (Some(HandshakeType::ClientKeyExchange), Secret::Awaited) => self.secret(fragment),
                    _ => self.refuse(AlertDescription::UnexpectedMessage),
                }
            }
            _ => Next::End,
        }
    }

    fn beat(&mut self, fragment: &[u8]) -> Next {
        let Some(beat) = Beat::decode(fragment) else { return Next::End };
        let rest = match self.server.heartbeat {
            Heartbeat::Absent => return self.refuse(AlertDescription::UnexpectedMessage),
            Heartbeat::Patched if beat.is_honest() => beat.rest,
            Heartbeat::Patched => return Next::On,
            Heartbeat::Leaks => vec![0x4d; usize::from(beat.claimed) + 16],
            Heartbeat::Echoes => beat.rest,
        };
        let answer = Beat { kind: HeartbeatType::Response, claimed: beat.claimed, rest };
        self.stream.write_all(&answer.encode(self.agreed.version)).ok();
        Next::On
    }

    fn early_change(&mut self) -> Next {
        match self.server.early_change {
            EarlyChange::Refused(alert) => self.refuse(alert),
            EarlyChange::Ended => Next::End,
            EarlyChange::Taken => {
                self.reading = Reading::Decrypted(self.agreed.opener_of_nothing());
                Next::On
            }
            EarlyChange::TakenWithOtherKeys => {
                self.reading = Reading::Decrypted(None);
                Next::On
            }
            EarlyChange::PassedOver => Next::On,
            EarlyChange::Silence => silence(),
        }
    }

    fn secret(&mut self, fragment: &[u8]) -> Next {
        self.secret = Secret::Taken;
        if self.agreed.suite.key_exchange() != Some(KeyExchange::Rsa) {
            return Next::On;
        }
        // A header of four bytes, and from TLS 1.0 on a length of two.
        let encrypted =
            fragment.get(if self.agreed.version == Version::Ssl3 { 4 } else { 6 }..).unwrap_or_default();
        let padded = key::opened(encrypted);
        let starts = padded.starts_with(&[0, 2]);
        let zero = padded.iter().skip(2).position(|byte| *byte == 0).map(|place| place + 2);
        let is_right = starts && zero == Some(padded.len() - 49) && padded.get(padded.len() - 48) == Some(&3);
        match self.server.padding {
            Padding::StartTold if !starts => self.refuse(AlertDescription::HandshakeFailure),
            Padding::FaultTold if !is_right => self.refuse(AlertDescription::HandshakeFailure),
            Padding::StartTimesOut if !starts => silence(),
            Padding::ToldEarly if !starts => self.refuse(AlertDescription::BadRecordMac),
            Padding::Unsteady if is_odd(self.number) => self.refuse(AlertDescription::HandshakeFailure),
            _ => Next::On,
        }
    }

    fn refuse(&mut self, alert: AlertDescription) -> Next {
        if self.server.says_why {
            self.stream.write_all(&fatal(self.agreed.version, alert)).ok();
        }
        Next::End
    }
}

fn silence() -> Next {
    thread::sleep(SILENCE);
    Next::End
}

/// As good as chance.
fn is_odd(number: u32) -> bool {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    hasher.finish() & 1 == 1
}

fn fatal(version: Version, alert: AlertDescription) -> Vec<u8> {
    records(ContentType::Alert, version, &[2, alert.value()])
}

/// With a length of two bytes before it.
fn long(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}
