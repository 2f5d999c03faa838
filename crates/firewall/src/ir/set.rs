//! Sets and maps.

use serde::{Deserialize, Serialize};

use super::{Family, Interval, Verdict};

/// A set's place in [`super::Ruleset::sets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SetId(pub u32);

/// A set or map: `nft` sets, anonymous sets, and ipsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Family of its table (ipsets: of their addresses).
    pub family: Family,
    /// Name of its table; empty for an ipset.
    pub table: String,
    /// Its name; for an anonymous set the name the kernel or the reader gave it.
    pub name: String,
    /// It was written inside a rule.
    pub anonymous: bool,
    /// What a key consists of; more than one part for a concatenation.
    pub key: Vec<Key>,
    /// What an element leads to.
    pub data: DataKind,
    /// Elements may be intervals (`flags interval`).
    pub interval: bool,
    /// Packets may change it (`flags dynamic`), or elements run out (`flags timeout`).
    pub dynamic: bool,
    /// Most elements it may have.
    pub size: Option<u32>,
    /// In the order of the dump.
    pub elements: Vec<Element>,
    /// The elements were not read, or not all of them, and why: every lookup is then unknown.
    pub incomplete: Option<String>,
}

/// One part of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The name of its type (`ipv4_addr`, `inet_service`, `ifname`, ...).
    pub name: String,
    /// Bits, at most 128.
    pub width: u16,
}

/// What the elements of a map lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataKind {
    /// Nothing: it is a set.
    None,
    /// Verdicts.
    Verdict,
    /// Values, one for each part of a concatenation.
    Values(Vec<Key>),
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// One interval for each part of the key. Empty for the catch-all element (`*`).
    pub key: Vec<Interval>,
    /// Where it leads.
    pub data: Data,
    /// An expression that decides at each lookup whether it counts (a limit, a quota); its text.
    pub stateful: Option<String>,
    /// `nomatch` of an ipset: addresses inside do not match although a wider element holds them.
    pub excluded: bool,
}

/// Where an element leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Nowhere: the element of a set.
    None,
    /// A verdict.
    Verdict(Verdict),
    /// Values, one for each part of a concatenation; an interval where it is a range for NAT.
    Values(Vec<Interval>),
    /// It was not understood; its text.
    Unknown(String),
}

impl Set {
    /// Moves the ids inside by what stands before them now.
    pub(super) fn shift(&mut self, chains: u32) {
        for element in &mut self.elements {
            if let Data::Verdict(verdict) = &mut element.data {
                verdict.shift(chains);
            }
        }
    }
}
