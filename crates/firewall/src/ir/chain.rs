//! Chains, and where base chains hang.

use serde::{Deserialize, Serialize};

use super::{Backend, Family, Hook, Rule};

/// A chain's place in [`super::Ruleset::chains`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChainId(pub u32);

/// A chain: rules in order, and for a base chain the hook that calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Family of its table.
    pub family: Family,
    /// Name of its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// What runs it.
    pub backend: Backend,
    /// The kernel's handle, where it has one.
    pub handle: Option<u64>,
    /// Set for a base chain.
    pub base: Option<Base>,
    /// The rules, first to last.
    pub rules: Vec<Rule>,
    /// Its table is `dormant`: the kernel keeps its rules and does not run them.
    pub dormant: bool,
}

/// What makes a chain a base chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// What kind of chain it is.
    pub kind: ChainKind,
    /// Where it is called.
    pub hook: Hook,
    /// When it is called there: lower comes first.
    pub priority: i32,
    /// What becomes of a packet that reaches its end.
    pub policy: Policy,
    /// Devices it is bound to (ingress and egress only).
    pub devices: Vec<String>,
}

/// The type of a base chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChainKind {
    /// Filters.
    Filter,
    /// Translates addresses; sees only the first packet of a connection.
    Nat,
    /// Filters at output, and has the route looked up again where a header or the mark changed. The xtables table
    /// `mangle` is of this kind at output.
    Route,
}

/// What becomes of a packet that reaches the end of a base chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// It goes on to the next base chain.
    Accept,
    /// It is gone.
    Drop,
}
