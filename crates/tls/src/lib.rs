//! Transport Layer Security as a client meets it: real handshakes, certificates, and verdicts on both.
//!
//! [`client`] is a modern client (rustls with aws-lc-rs) that goes on where others give up, and tells what it met; [`old`] says hello as
//! clients of ten years ago did; [`chain`] judges certificates. Refuses diagnosis, which is `diagnose`'s.
#![forbid(unsafe_code)]

pub mod certificate;
pub mod chain;
pub mod client;
mod name;
pub mod old;
pub mod spoken;
pub mod store;
mod wire_tap;

pub use certificate::Certificate;
pub use client::{Ending, Meeting, Options, Session, handshake};
pub use store::Store;
