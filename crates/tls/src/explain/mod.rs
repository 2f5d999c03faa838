//! A handshake that is made for explaining: every byte of both sides is kept, decrypted and named.
//!
//! Owns the recording, the decryption with the keys of this very connection, and the words. Refuses judgement: what is weak is said by
//! [`crate::checks`].

mod conversation;
mod draw;
mod excerpt;
mod keys;
mod protects;
mod recording;
mod said;
mod secrets;
mod shown;
mod summary;
#[cfg(test)]
pub(crate) mod tests;
mod wanted;

pub(crate) use conversation::Conversation;
pub use draw::{explain, explain_handshake};
pub(crate) use recording::{Recording, Trouble, Wish, record};
pub(crate) use said::What;
pub(crate) use secrets::{Hash, Secrets};
pub use wanted::Explain;
