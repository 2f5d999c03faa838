//! Who can reach what: answers for all packets at once, in zones, prefixes, rules and witnesses.
//!
//! Owns the questions and the words of their answers. Refuses to follow packets: `crate::simulate` does.

pub mod alike;
pub mod exposure;
pub mod findings;
pub mod questions;
pub mod zones;
