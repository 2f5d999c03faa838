//! TLS as it is on the wire before anything is encrypted: records, the first answer of a server, hellos of old clients.
//!
//! Refuses cryptography: what is behind a `ChangeCipherSpec` or a TLS 1.3 `ServerHello` is opaque here.

mod answer;
mod client_hello;
mod names;
mod record;
mod suite;

pub use answer::{Answer, ServerHello};
pub use client_hello::ClientHello;
pub use names::{AlertDescription, AlertLevel, ContentType, HandshakeType, Version};
pub use record::{Alert, Record, Records};
pub use suite::{Suite, Usage};
