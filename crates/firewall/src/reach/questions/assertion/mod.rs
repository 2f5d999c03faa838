//! Whether an assertion holds, for every packet that it speaks of.
//!
//! `cannot` is about every first packet of a connection that somebody of the source could send by a way that leads here from there.
//! `can` is about connections as clients make them: each address of the source must have a way by which first packets from every
//! ephemeral port arrive and are answered. Whether anybody listens is not asked.

mod prove;
mod resolve;
#[cfg(test)]
mod tests;

pub use prove::assert;
