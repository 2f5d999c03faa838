//! What can be agreed on, found by the removal loop: everything is offered, what the server picks is taken out, until it refuses.
//!
//! The set and the server's order come out of the same connections. What is to be offered, and what answers mean, is decided without I/O
//! ([`removal`], [`tls13`]); [`ask`] puts it to the server.

mod aside;
mod ask;
mod merging;
mod offer;
mod opening;
mod outcome;
mod preference;
mod removal;
mod reply;
mod round;
mod signatures;
mod signer;
mod ssl2;
mod suites;
#[cfg(test)]
mod tests;
mod tls13;
mod vocabulary;

pub use opening::{Agreed, Met, Opening, meet};
pub use round::Conduct;
