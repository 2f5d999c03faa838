//! What a rule does.

use serde::{Deserialize, Serialize};

use super::{ChainId, Condition, ConntrackKey, Expression, Field, Payload, SetId, Version};

/// One step of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Goes on only where the condition holds.
    Match(Condition),
    /// Goes on or not, by something that changes from packet to packet.
    State(StateTest),
    /// Ends the rule.
    Verdict(Verdict),
    /// Ends the rule by what a map says; goes on where the map has no such key.
    VerdictMap {
        /// Looked up.
        key: Expression,
        /// In this map.
        map: SetId,
    },
    /// Ends the chain and answers with an error.
    Reject(RejectKind),
    /// Writes a value.
    Assign {
        /// Where.
        target: Writable,
        /// What.
        value: Expression,
    },
    /// Binds the connection to other addresses, and accepts. Only the first translation of its direction counts.
    Nat(Nat),
    /// Adds to, refreshes in or deletes from a set. Does not match where the set is full.
    Update {
        /// What is done.
        operation: SetOperation,
        /// The set.
        set: SetId,
        /// The key.
        key: Expression,
        /// Data of a map's element.
        data: Option<Expression>,
        /// Tests kept with the element: does not match where they do not.
        tests: Vec<StateTest>,
    },
    /// The connection of this packet is not tracked (`notrack`, xtables `CT --notrack`).
    Notrack,
    /// Gives the packet to a local socket without a change of its address; the rule goes on (`nft`) where a socket was found.
    /// xtables `TPROXY` accepts where it finds one and drops otherwise.
    Tproxy {
        /// Address of the socket; the packet's own or the interface's where none.
        address: Option<Expression>,
        /// Port of the socket.
        port: Option<Expression>,
        /// As xtables does it.
        xtables: bool,
    },
    /// Answers a SYN in the server's stead: the packet itself is dropped or stolen, an ACK that proves the client is let on.
    Synproxy,
    /// Hands the connection to a flowtable; the rule goes on.
    Offload {
        /// The flowtable's name.
        flowtable: String,
    },
    /// Sends a copy elsewhere; the packet goes on (`dup`, xtables `TEE`).
    Duplicate {
        /// As written.
        text: String,
    },
    /// Sends the packet out by an interface and ends its way here (`fwd`).
    Forward {
        /// Index of the interface.
        interface: Expression,
        /// As written.
        text: String,
    },
    /// No influence on the packet's way.
    Passive(Passive),
    /// It was not understood: it may match or not, end the packet's way or not. Its text.
    Unknown(String),
}

/// What ends a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Ends this base chain; later base chains still decide.
    Accept,
    /// Gone.
    Drop,
    /// Back to the chain that jumped here; in a base chain its policy.
    Return,
    /// On to the next rule.
    Continue,
    /// To a chain, and back to the next rule.
    Jump(ChainId),
    /// To a chain, and back to where this one would go back to.
    Goto(ChainId),
    /// To a program in user space, which decides.
    Queue {
        /// Accepted where no program listens (`bypass`).
        bypass: bool,
        /// As written.
        text: String,
    },
}

/// How a packet is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RejectKind {
    /// ICMP destination unreachable with this code.
    Icmp(u8),
    /// `ICMPv6` destination unreachable with this code.
    Icmp6(u8),
    /// By the packet's version: code of `enum nft_reject_inet_code` (no-route 0, port-unreachable 1, host-unreachable 2,
    /// admin-prohibited 3).
    Icmpx(u8),
    /// TCP reset.
    TcpReset,
}

/// A test whose outcome depends on what happened before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateTest {
    /// What kind of test.
    pub kind: StateKind,
    /// The outcome where it is certain all the same (a probability of 0 or 1).
    pub certain: Option<bool>,
    /// As written.
    pub text: String,
}

/// Kinds of tests with a memory or chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateKind {
    /// `limit`, xtables `limit`.
    Limit,
    /// xtables `hashlimit`, `nft` meters.
    HashLimit,
    /// `quota`.
    Quota,
    /// `ct count`, xtables `connlimit`.
    ConnectionCount,
    /// xtables `recent`.
    Recent,
    /// xtables `statistic`, `numgen`.
    Chance,
    /// `meta time`, `hour`, `day`; xtables `time`.
    Time,
    /// xtables `string`.
    Content,
    /// xtables `u32`, `bpf` and others that are programs.
    Program,
    /// `socket`, xtables `socket`, `owner` on input.
    Socket,
    /// `osf`: by fingerprint.
    OperatingSystem,
    /// xtables `connbytes`, `quota`, `cluster`, `nfacct` and others.
    Other,
}

/// What can be written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Writable {
    /// Firewall mark.
    Mark,
    /// Class for queueing.
    Priority,
    /// Packet type.
    PacketType,
    /// `nftrace`.
    Trace,
    /// Something about the connection.
    Conntrack(ConntrackKey),
    /// Bits of a header.
    Payload(Payload),
    /// Bits of a TCP option or extension header (`Field::TcpOption`, `Field::Ip6Header`).
    Option(Field),
    /// Something without influence on the packet's way (`secmark`, event masks, ...).
    Other(String),
}

/// What is done to a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetOperation {
    /// Adds where missing.
    Add,
    /// Adds, and renews the time-out.
    Update,
    /// Takes out.
    Delete,
}

/// A translation of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nat {
    /// Which.
    pub kind: NatKind,
    /// Only packets of this version: the rule goes on for others (`dnat ip to` in an inet table).
    pub version: Option<Version>,
    /// New address, lowest and highest. For [`NatKind::Masquerade`] and [`NatKind::Redirect`] none: the interface's.
    pub address: Option<(Expression, Expression)>,
    /// New port, lowest and highest.
    pub port: Option<(Expression, Expression)>,
    /// Ports are chosen by chance (`random`, `fully-random`).
    pub random: bool,
    /// The same client gets the same address (`persistent`).
    pub persistent: bool,
    /// Only the network part changes (`netmap`, xtables `NETMAP`): address is network and its last address.
    pub netmap: bool,
    /// Base port of a shifted range (xtables `--to-destination addr:low-high/base`).
    pub base_port: Option<u16>,
}

/// Which end is translated, and to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NatKind {
    /// The source.
    Snat,
    /// The destination.
    Dnat,
    /// The source, to the address of the interface it leaves by.
    Masquerade,
    /// The destination, to the host itself.
    Redirect,
}

/// Statements without influence on the packet's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passive {
    /// Counts.
    Counter,
    /// Writes a line to the log, with this prefix.
    Log(Option<String>),
    /// Assigns a helper to the connection.
    Helper(String),
    /// Anything else, as written.
    Other(String),
}

impl Verdict {
    /// Moves the ids inside by what stands before them now.
    pub(super) fn shift(&mut self, chains: u32) {
        if let Self::Jump(id) | Self::Goto(id) = self {
            id.0 = id.0.saturating_add(chains);
        }
    }
}

impl Statement {
    /// Shows every field that the statement looks at.
    pub(crate) fn visit_fields(&mut self, visit: &mut dyn FnMut(&mut Field)) {
        match self {
            Self::Match(condition) => condition.visit_fields(visit),
            Self::VerdictMap { key, .. } | Self::Update { key, .. } => key.visit_fields(visit),
            Self::Assign { value, .. } => value.visit_fields(visit),
            Self::Nat(nat) => {
                for (low, high) in nat.address.iter_mut().chain(nat.port.iter_mut()) {
                    low.visit_fields(visit);
                    high.visit_fields(visit);
                }
            }
            _ => {}
        }
    }

    /// Moves the ids inside by what stands before them now.
    pub(super) fn shift(&mut self, chains: u32, sets: u32) {
        match self {
            Self::Match(condition) => condition.shift(sets),
            Self::Verdict(verdict) => verdict.shift(chains),
            Self::VerdictMap { key, map } => {
                key.shift(sets);
                map.0 = map.0.saturating_add(sets);
            }
            Self::Assign { value, .. } => value.shift(sets),
            Self::Nat(nat) => {
                for (low, high) in nat.address.iter_mut().chain(nat.port.iter_mut()) {
                    low.shift(sets);
                    high.shift(sets);
                }
            }
            Self::Update { set, key, data, .. } => {
                set.0 = set.0.saturating_add(sets);
                key.shift(sets);
                if let Some(data) = data {
                    data.shift(sets);
                }
            }
            Self::Tproxy { address, port, .. } => {
                for value in address.iter_mut().chain(port.iter_mut()) {
                    value.shift(sets);
                }
            }
            Self::Forward { interface, .. } => interface.shift(sets),
            Self::State(_)
            | Self::Reject(_)
            | Self::Notrack
            | Self::Synproxy
            | Self::Offload { .. }
            | Self::Duplicate { .. }
            | Self::Passive(_)
            | Self::Unknown(_) => {}
        }
    }
}
