//! Rules that no packet matches, and the rules that take their packets away.
//!
//! A rule is called shadowed where the engine's sets prove it for every packet of either version, by every interface of the host and
//! in every state of a connection, whole packets without options. What hangs on anything else is called undecided.

mod find;
mod judge;
#[cfg(test)]
mod tests;

pub use find::shadowed;
