//! The meaning of each byte of a message: what is drawn where a handshake is explained.
//!
//! Reads what is there as far as it can be read, and says of the rest that it can not. Every annotation lies within its message; a part of
//! a field comes after it, one deeper. Refuses cryptography: encrypted messages are given in the clear.

mod certificate;
mod extension;
mod hello;
mod key_exchange;
mod message;
mod pen;
mod plain;
#[cfg(test)]
mod tests;

pub use message::{Agreed, handshake};
pub use pen::Annotation;
pub use plain::{alert, change_cipher_spec};
