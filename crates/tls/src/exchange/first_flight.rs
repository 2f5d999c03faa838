//! The hello and what the server says to it, up to the point where the client would have to use a key.

use std::time::Duration;

use portreeve_wire::tls::messages::{self, CertificateRequest, ServerKeyExchange};
use portreeve_wire::tls::{Alert, AlertLevel, Event, HandshakeType, ServerHello, Version};

use super::{Move, Script, Transcript};

/// Sends a hello and listens until the server has said all that it says unencrypted.
#[derive(Clone, Debug)]
pub struct FirstFlight {
    hello: Option<Vec<u8>>,
    patience: Duration,
    understood: usize,
    hello_only: bool,
}

impl FirstFlight {
    /// Of these bytes, waiting so long for each answer.
    pub fn new(hello: Vec<u8>, patience: Duration) -> Self {
        Self { hello: Some(hello), patience, understood: 0, hello_only: false }
    }

    /// The same, closing as soon as the server has said its own hello: for servers of which nothing good comes after it.
    pub fn hello_only(hello: Vec<u8>, patience: Duration) -> Self {
        Self { hello_only: true, ..Self::new(hello, patience) }
    }
}

impl Script for FirstFlight {
    fn next(&mut self, heard: &Transcript) -> Move {
        if let Some(hello) = self.hello.take() {
            return Move::Send(hello);
        }
        // A flight that comes byte by byte is not read anew with each byte.
        let is_new = heard.events().len() > self.understood;
        self.understood = heard.events().len();
        let is_whole = |flight: Flight| flight.is_whole() || (self.hello_only && flight.hello.is_some());
        let is_enough = heard.unreadable().is_some() || (is_new && is_whole(heard.flight()));
        if is_enough { Move::Close } else { Move::Listen(self.patience) }
    }
}

/// A server's first flight, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flight {
    /// Its hello.
    pub hello: Option<ServerHello>,
    /// The body of that message as it came.
    pub hello_body: Vec<u8>,
    /// Why the hello can not be read.
    pub malformed: Option<String>,
    /// The certificates, in DER, leaf first (up to TLS 1.2).
    pub chain: Vec<Vec<u8>>,
    /// The stapled OCSP response, in DER (up to TLS 1.2).
    pub stapled: Option<Vec<u8>>,
    /// Its part of the key exchange (up to TLS 1.2).
    pub key_exchange: Option<ServerKeyExchange>,
    /// The body of that message, of which `key_exchange.signed` bytes are signed.
    pub key_exchange_body: Vec<u8>,
    /// What it wants of a client's certificate (up to TLS 1.2).
    pub request: Option<CertificateRequest>,
    /// It said that it is done.
    pub done: bool,
    /// It takes up an earlier session: its `ChangeCipherSpec` came instead of the rest.
    pub resumed: bool,
    /// Alerts that came, warnings too.
    pub alerts: Vec<Alert>,
}

impl Flight {
    /// Of what was heard so far.
    pub fn of(heard: &Transcript) -> Self {
        let mut flight = Self::default();
        for event in heard.events() {
            // What comes later answers something that rode on the same connection.
            if flight.done {
                break;
            }
            match event {
                Event::Message { kind, body } => flight.take(*kind, body),
                Event::Alert(alert) => flight.alerts.push(*alert),
                Event::ChangeCipherSpec if flight.hello.is_some() => {
                    flight.resumed |= flight.version().is_some_and(|version| version != Version::Tls13);
                }
                _ => {}
            }
        }
        flight
    }

    /// The version that was chosen.
    pub fn version(&self) -> Option<Version> {
        self.hello.as_ref().map(|hello| hello.version)
    }

    /// The alert that ended it.
    pub fn refusal(&self) -> Option<Alert> {
        self.alerts.iter().copied().find(|alert| alert.level != AlertLevel::Warning)
    }

    /// Whether nothing more comes before the client uses a key, or at all.
    pub fn is_whole(&self) -> bool {
        self.done
            || self.resumed
            || self.refusal().is_some()
            || self.malformed.is_some()
            || self.version() == Some(Version::Tls13)
    }

    fn take(&mut self, kind: HandshakeType, body: &[u8]) {
        match kind {
            HandshakeType::ServerHello if self.hello.is_none() => {
                self.hello_body = body.to_vec();
                match ServerHello::of_body(body) {
                    Some(hello) => self.hello = Some(hello),
                    None => {
                        self.malformed =
                            Some(format!("a ServerHello of {} bytes that is cut short", body.len()));
                    }
                }
            }
            HandshakeType::Certificate if self.chain.is_empty() => {
                self.chain = messages::certificates(body).0;
            }
            HandshakeType::CertificateStatus => {
                self.stapled = messages::stapled_response(body).map(<[u8]>::to_vec);
            }
            HandshakeType::ServerKeyExchange => {
                let hello = self.hello.as_ref();
                self.key_exchange =
                    hello.and_then(|hello| ServerKeyExchange::decode(body, hello.suite, hello.version));
                self.key_exchange_body = body.to_vec();
            }
            HandshakeType::CertificateRequest => {
                self.request = self.version().and_then(|version| CertificateRequest::decode(body, version));
            }
            HandshakeType::ServerHelloDone => self.done = true,
            _ => {}
        }
    }
}
