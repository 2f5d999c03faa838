//! What a client met.

use std::time::Duration;

use portreeve_wire::tls::{AlertDescription, AlertLevel};

use crate::Certificate;
use crate::spoken::Spoken;

/// One handshake, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// The name that was asked for (SNI).
    pub name: Option<String>,
    /// What was agreed on, as far as it came to that.
    pub established: Established,
    /// The certificates that the server sent, leaf first.
    pub chain: Vec<Certificate>,
    /// Bytes of the stapled OCSP response.
    pub stapled: usize,
    /// That response, in DER.
    pub staple: Vec<u8>,
    /// Whether the server proved that it has the key of its certificate; the reason why that failed.
    pub proof: Option<Result<(), String>>,
    /// A client certificate was asked for; the authorities that are welcome.
    pub client_certificate: Option<Vec<String>>,
    /// The first bytes of the server, at most 512.
    pub first: Vec<u8>,
    /// How many bytes the server sent.
    pub received: u64,
    /// The alert that ended it.
    pub alert: Option<SeenAlert>,
    /// How it ended.
    pub ending: Ending,
    /// From the first byte to the end.
    pub took: Duration,
}

/// What was agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Established {
    /// `TLS 1.3`.
    pub version: Option<String>,
    /// `TLS13_AES_128_GCM_SHA256`.
    pub suite: Option<String>,
    /// `X25519`.
    pub group: Option<String>,
    /// `http/1.1`.
    pub alpn: Option<String>,
    /// An earlier session was taken up again.
    pub resumed: bool,
}

/// An alert, and who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAlert {
    /// Who.
    pub from: Party,
    /// How bad; not seen where the alert was encrypted.
    pub level: Option<AlertLevel>,
    /// What it says.
    pub description: AlertDescription,
    /// Its bytes as they came, encrypted or not; none of an alert of ours.
    pub raw: Vec<u8>,
}

/// One of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The other.
    Server,
    /// This program.
    Client,
}

/// How a handshake ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is done, and data can be sent.
    Done,
    /// The server refused with an alert.
    Alert,
    /// The server does not speak TLS, and what it speaks instead.
    NotTls(Spoken),
    /// The server closed the connection.
    Closed,
    /// The server reset the connection.
    Reset,
    /// Nothing more came in time.
    Timeout,
    /// The server speaks a TLS that this client does not, or breaks its rules: what this client says of it.
    Incompatible(String),
    /// Something on this side failed.
    Failed(String),
}

impl Meeting {
    /// One of which nothing is known but how it ended.
    pub fn ended(name: Option<&str>, ending: Ending) -> Self {
        Self {
            name: name.map(str::to_owned),
            established: Established::default(),
            chain: Vec::new(),
            stapled: 0,
            staple: Vec::new(),
            proof: None,
            client_certificate: None,
            first: Vec::new(),
            received: 0,
            alert: None,
            ending,
            took: Duration::ZERO,
        }
    }

    /// Whether it came to an end as it should.
    pub fn is_done(&self) -> bool {
        self.ending == Ending::Done
    }

    /// What the server's alert says.
    pub fn refusal(&self) -> Option<AlertDescription> {
        self.alert.as_ref().filter(|alert| alert.from == Party::Server).map(|alert| alert.description)
    }

    /// The certificate of the server.
    pub fn leaf(&self) -> Option<&Certificate> {
        self.chain.first()
    }
}
