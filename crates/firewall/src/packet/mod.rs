//! The packet asked about: how a person writes it, and its headers with known and open bits.
//!
//! Refuses to know anything of rules or routes.

mod asked;
mod display;
mod draft;
mod error;
mod headers;
mod moved;
mod parse;
#[cfg(test)]
mod properties;
mod question;
mod vocabulary;
mod word;

pub use asked::Asked;
pub use error::PacketError;
pub use headers::{Bits, Headers, Loaded, mask};
pub use parse::{Services, parse};
pub use question::{Place, Question, State, Transport};
pub(crate) use vocabulary::{FLAGS as TCP_FLAGS, icmp_type_name};
pub(crate) use vocabulary::{protocol as protocol_number, protocol_name};
