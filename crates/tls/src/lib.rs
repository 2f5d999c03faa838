//! Transport Layer Security as a client meets it: real handshakes, certificates, audits, and verdicts on them.
//!
//! Two clients: [`client`] is a modern one (rustls with aws-lc-rs) that goes on where others give up; [`exchange`] plays turns of our own
//! codec, which can say what no library says, over a [`line`]. [`audit`] asks everything about one server: [`enumerate`] what can be agreed
//! on, [`features`] what it does beside, [`checks`] which attacks it is open to. [`chain`] judges certificates. [`old`] says hello as
//! clients of ten years ago did. Refuses diagnosis, which is `diagnose`'s.
#![forbid(unsafe_code)]

pub mod audit;
pub mod certificate;
pub mod certificates;
pub mod chain;
pub mod checks;
pub mod client;
pub mod dns;
pub mod enumerate;
pub mod exchange;
pub mod explain;
pub mod features;
pub mod fingerprints;
pub mod http;
pub mod line;
mod name;
pub mod old;
pub mod primes;
mod rsa;
pub mod sealed;
pub mod session;
mod share;
pub mod spoken;
pub mod store;
mod stream_error;
mod wire_tap;

pub use certificate::Certificate;
pub use client::{Ending, Meeting, Options, Session, handshake};
pub use store::Store;
