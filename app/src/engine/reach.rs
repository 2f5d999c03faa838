//! What `reach` asks: about packets, about ports, about rules.

use std::net::IpAddr;
use std::path::PathBuf;

use portreeve_firewall::network::Prefix;
use portreeve_firewall::packet::State as ConnectionState;
use portreeve_model::Protocol;
use portreeve_model::document::Reach;

use super::Scope;

/// Which packets, and whose rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachQuery {
    /// Where the rules are.
    pub from: RulesFrom,
    /// The packets, each in the words of `--packet`.
    pub packets: Vec<String>,
    /// What connection tracking says of all of them.
    pub state: Option<ConnectionState>,
    /// The replies are asked about.
    pub reply: bool,
    /// Rules that do not match are steps, too.
    pub all_rules: bool,
    /// A snapshot is wanted.
    pub snapshot: bool,
}

/// The answers, and the snapshot where one was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// The answers.
    pub document: Reach,
    /// Text of a snapshot file.
    pub snapshot: Option<String>,
}

/// Who can reach which ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortsQuery {
    /// Where the rules are.
    pub rules: RulesFrom,
    /// This port alone.
    pub port: Option<u16>,
    /// In these protocols alone; empty for all.
    pub protocols: Vec<Protocol>,
    /// From these sources alone.
    pub from: Option<Sources>,
    /// At this address alone.
    pub to: Option<IpAddr>,
    /// How many prefixes and rules are told of each part.
    pub detail: Detail,
    /// What was computed is tried with real connections.
    pub probe: bool,
}

/// Sources that are asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sources {
    /// Addresses.
    Within(Prefix),
    /// A zone or an interface, by its name.
    Named(String),
}

/// How much is told of each answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// What a person reads; the rest is counted.
    #[default]
    Some,
    /// Every prefix and every rule.
    All,
}

/// Which rules do nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleQuery {
    /// Where the rules are.
    pub rules: RulesFrom,
    /// In which sense.
    pub kind: IdleKind,
}

/// In which sense a rule does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleKind {
    /// No packet gets to match it.
    Shadowed,
    /// Without it every packet fares the same.
    Redundant,
    /// It counted no packet so far.
    Unused,
}

/// What fares otherwise under other rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffQuery {
    /// The rules before.
    pub old: Side,
    /// The rules after.
    pub new: Side,
    /// The namespace that `live` means.
    pub scope: Scope,
    /// Interfaces and addresses of the host that rules in files are meant for; without any, the other side's.
    pub addresses: Vec<HostAddress>,
    /// Its routes beyond the networks of the addresses.
    pub routes: Vec<HostRoute>,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// The kernel.
    Live,
    /// A snapshot, or files with rules: told by their content.
    Files(Vec<PathBuf>),
}

/// Whether assertions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertQuery {
    /// Where the rules are.
    pub rules: RulesFrom,
    /// The assertions, in order.
    pub assertions: Vec<Asserted>,
}

/// An assertion as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// Its text.
    pub text: String,
    /// `FILE:LINE`, where it was written into a file.
    pub place: Option<String>,
}

/// Where rules come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulesFrom {
    /// The kernel, of this namespace.
    Kernel(Scope),
    /// A snapshot file.
    Snapshot(PathBuf),
    /// Files with rules, and the host that they are meant for.
    Files {
        /// The files.
        rules: Vec<PathBuf>,
        /// Interfaces and addresses.
        addresses: Vec<HostAddress>,
        /// Routes beyond the networks of the addresses.
        routes: Vec<HostRoute>,
    },
}

/// An address of a host that is described by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAddress {
    /// Name of the interface.
    pub interface: String,
    /// The address.
    pub address: IpAddr,
    /// Bits of its network's prefix.
    pub length: u8,
}

/// A route of a host that is described by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRoute {
    /// Where to.
    pub destination: Prefix,
    /// By which router; none where the destination is on the link.
    pub gateway: Option<IpAddr>,
    /// Name of the interface.
    pub interface: String,
}
