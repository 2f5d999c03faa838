//! Servers of bytes for the tests of checks.

use std::time::Duration;

use portreeve_model::tls::{Order, Support};
use portreeve_wire::tls::{
    ClientHello, ContentType, Extension, HandshakeType, Suite, Version, handshake_message, records,
};

use crate::audit::{Known, KnownVersion};
use crate::exchange::{FirstFlight, Flight, Script, Transcript, replay, then};

pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// RSA with 1024 bits.
pub(super) fn certificate() -> Vec<u8> {
    include_bytes!("../../tests/mock/certificate.der").to_vec()
}

/// A first flight.
#[derive(Clone)]
pub(super) struct Canned {
    pub(super) version: Version,
    pub(super) suite: Suite,
    pub(super) compression: u8,
    pub(super) heartbeat: bool,
    /// The body of a `ServerKeyExchange`.
    pub(super) key_exchange: Option<Vec<u8>>,
}

impl Canned {
    pub(super) fn new(version: Version, suite: u16) -> Self {
        Self { version, suite: Suite(suite), compression: 0, heartbeat: false, key_exchange: None }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut body = self.version.value().to_be_bytes().to_vec();
        body.extend([9; 32]);
        body.push(0);
        body.extend(self.suite.0.to_be_bytes());
        body.push(self.compression);
        if self.heartbeat {
            let extension = Extension::heartbeat().encode();
            body.extend(u16::try_from(extension.len()).unwrap().to_be_bytes());
            body.extend(extension);
        }
        let mut messages = handshake_message(HandshakeType::ServerHello, &body);
        if !self.suite.is_anonymous() {
            let der = certificate();
            let entry = [&u32::try_from(der.len()).unwrap().to_be_bytes()[1..], &der].concat();
            let list = [&u32::try_from(entry.len()).unwrap().to_be_bytes()[1..], &entry].concat();
            messages.extend(handshake_message(HandshakeType::Certificate, &list));
        }
        if let Some(body) = &self.key_exchange {
            messages.extend(handshake_message(HandshakeType::ServerKeyExchange, body));
        }
        messages.extend(handshake_message(HandshakeType::ServerHelloDone, &[]));
        records(ContentType::Handshake, self.version, &messages)
    }

    pub(super) fn flight(&self) -> Flight {
        let mut first = FirstFlight::new(vec![1], PATIENCE);
        replay(&mut first, &mut |_| Some(self.bytes())).flight()
    }

    /// Plays a script after this flight. `later` answers what the script says then: empty is silence, none the end.
    pub(super) fn play(
        &self,
        script: impl Script,
        later: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Transcript {
        let hello = ClientHello::new(self.version, vec![self.suite], [3; 32]).encode();
        let mut is_first = true;
        replay(&mut then(FirstFlight::new(hello, PATIENCE), script), &mut |said| {
            if std::mem::take(&mut is_first) { Some(self.bytes()) } else { later(said) }
        })
    }
}

/// What is known of a server with these flights, every version asked for.
pub(super) fn known(all: &[Canned]) -> Known {
    let versions =
        [Version::Ssl3, Version::Tls10, Version::Tls11, Version::Tls12, Version::Tls13].map(|version| {
            let of: Vec<&Canned> = all.iter().filter(|one| one.version == version).collect();
            KnownVersion {
                version,
                support: if of.is_empty() { Support::No } else { Support::Yes },
                statement: String::new(),
                suites: of.iter().map(|one| one.suite).collect(),
                order: Order::Server,
                incomplete: None,
                flights: of.iter().map(|one| one.flight()).collect(),
            }
        });
    Known { versions: versions.into(), ..Known::default() }
}

/// An alert that ends a connection.
pub(super) fn fatal(description: u8) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, description]
}
