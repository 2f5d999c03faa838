//! TLS as it is on the wire before anything is encrypted: records, hellos of both sides, messages of servers up
//! to TLS 1.2; and SSL 2.0. Of TLS 1.3 the messages that somebody else decrypted.
//!
//! Refuses cryptography: what is behind a `ChangeCipherSpec` or a TLS 1.3 `ServerHello` is opaque here.

pub mod annotate;
mod answer;
mod client_hello;
pub mod ech;
mod extension;
mod flight;
mod groups;
pub mod heartbeat;
pub mod messages;
mod names;
mod record;
#[cfg(test)]
mod round_trips;
mod schemes;
pub mod ssl2;
mod suite;
pub mod tls13;

pub use answer::{Answer, ServerHello};
pub use client_hello::{ClientHello, handshake_message, records};
pub use extension::Extension;
pub use flight::{Event, FlightReader, LONGEST_MESSAGE};
pub use groups::NamedGroup;
pub use names::{
    AlertDescription, AlertLevel, CertificateCompression, ContentType, ExtensionType, HandshakeType, Version,
    is_grease,
};
pub use record::{Alert, Record, Records};
pub use schemes::{SignatureDigest, SignatureKey, SignatureScheme};
pub use suite::{Authentication, Cipher, Encryption, KeyExchange, Mac, Mode, Suite, Usage};
