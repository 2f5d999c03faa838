//! Rules and where they come from.

use serde::{Deserialize, Serialize};

use super::Statement;
use super::owner::Owner;

/// A rule: statements that run one after the other until one ends it or does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Where it comes from.
    pub origin: Origin,
    /// What it does, in order.
    pub statements: Vec<Statement>,
    /// The rule in its own language: `nft` syntax, or the line of the save format.
    pub text: String,
}

/// Where a rule comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The kernel's handle (`nf_tables` only).
    pub handle: Option<u64>,
    /// Its line in the file or dump it was read from, from 1.
    pub line: Option<u32>,
    /// Its place in the chain, from 1.
    pub position: u32,
    /// The comment its writer left.
    pub comment: Option<String>,
    /// What it counted.
    pub counters: Option<Counters>,
    /// The software that wrote it, where it can be recognised.
    pub owner: Option<Owner>,
}

/// What a rule counted so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}
