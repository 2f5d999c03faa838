//! Sockets that wait for peers, put together the way a person reads them: one row for each open port of each
//! owner.
//!
//! Owns the grouping, the reach of each row and who its owner is, as far as a snapshot tells. Refuses I/O: what
//! must be read elsewhere (units behind sockets, command lines of forwarders) is asked of an [`Attribution`].

mod grouping;
mod owner;
#[cfg(test)]
mod tests;

pub use grouping::{EphemeralRanges, listeners};
pub use owner::Attribution;
