//! An assertion as parsed.

use std::ops::RangeInclusive;

use crate::network::Prefix;

/// An assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// As it was written.
    pub text: String,
    /// Who.
    pub source: Spoken<Party>,
    /// Whether they can or cannot.
    pub modal: Modal,
    /// What they reach.
    pub target: Target,
    /// Only by this interface.
    pub via: Option<Spoken<String>>,
}

/// Something, and where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken<T> {
    /// Bytes from the start of the text.
    pub offset: usize,
    /// What.
    pub what: T,
}

/// Whether all can or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Modal {
    /// All of the source certainly can.
    Can,
    /// Certainly none of the source can.
    Cannot,
}

/// One side of an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// Everybody but this host.
    Anyone,
    /// This host itself.
    ThisHost,
    /// A zone or a named network.
    Named(String),
    /// Addresses.
    Prefixes(Vec<Prefix>),
}

/// What is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Which addresses; where none are said, those of this host and every address whose packets rules take to somewhere else.
    pub host: Option<Spoken<Party>>,
    /// Which services; where none are said, all ports of TCP and UDP.
    pub services: Vec<Service>,
}

/// Ports of a protocol, or a protocol without ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `IPPROTO_*`; 1 stands for ICMP of either version.
    pub protocol: u8,
    /// Ports, in the order written; empty for a protocol that has none.
    pub ports: Vec<RangeInclusive<u16>>,
}
