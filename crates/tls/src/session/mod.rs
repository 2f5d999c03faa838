//! A session of our own, SSL 3.0 to TLS 1.2: for what can only be asked of a server inside one, or of the next one.
//!
//! [`Client`] is the protocol without I/O, [`Conversation`] a script around it. [`Sessions`] holds the few conversations that features
//! and checks share. TLS 1.3 is rustls' ([`modern`]).

mod agreed;
mod agreement;
mod algorithms;
mod client;
mod conversation;
mod entropy;
mod handshake;
mod hash;
pub mod modern;
mod prf;
mod protection;
mod sessions;

pub use agreed::{Agreed, Resumable};
pub use agreement::GROUPS;
pub use algorithms::{AeadCipher, BlockCipher, Protection, StreamCipher, can_speak};
pub use client::{Client, Seen};
pub use conversation::{Conversation, Inside, Outcome, Talk, how_it_ended};
pub use entropy::Entropy;
pub use hash::Hash;
pub use prf::{Prf, Side};
pub use protection::{Flaw, Keys, Opener, Sealer, Terms};
pub use sessions::{Absent, SHORT_SESSION_ID, Sessions, hello_of, play, speakable};

#[cfg(test)]
pub(crate) mod tests;
