//! What a change of rules, or of the host, opens and closes: packets that fare otherwise than before.
//!
//! Every packet that comes in by an interface or is sent by the host is asked about on both sides, in every state of a connection.
//! Empty exactly where no packet of these classes fares otherwise. Refuses to tell whether a refusal became a silent drop: neither
//! arrives.

mod change;
mod compare;
mod merge;
mod narrow;
#[cfg(test)]
mod tests;
mod words;

pub use compare::{Difference, Side, diff};
