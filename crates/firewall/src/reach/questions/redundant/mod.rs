//! Rules that could be deleted, each by itself, without a change of any packet's fate.
//!
//! For each class of packets and from the end of each chain backwards, the engine's sets say what becomes of which packets from a
//! rule on. A rule is redundant where the packets that it meets fare behind it as they fare by it: verdict, refusal, translation.
//! Rules that write marks, sets or headers, and rules that log, are never called redundant: somebody else may look at that. Refuses
//! to say that several can go at once.

mod fate;
mod find;
mod follow;
mod part;
#[cfg(test)]
mod tests;

pub use find::redundant;
