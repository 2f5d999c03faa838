//! What is wanted of an exposure.

use crate::network::Prefix;

/// Which sources are asked about, and how much is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Only these sources; everybody where `None`.
    pub from: Option<From>,
    /// Most prefixes that a part lists.
    pub most_sources: usize,
    /// Most deciding rules that a part lists.
    pub most_deciders: usize,
    /// The answer must come back, too: what arrives and cannot be answered is denied.
    pub replies: bool,
}

/// Sources in the words of the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// Addresses in any of these.
    Prefixes(Vec<Prefix>),
    /// The zone of this name, by the interfaces that lead to it.
    Zone(String),
    /// Everybody, by the interface of this name.
    Interface(String),
}

impl Default for Query {
    fn default() -> Self {
        Self { from: None, most_sources: 16, most_deciders: 8, replies: true }
    }
}
