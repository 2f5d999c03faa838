//! Policy rules: which table is asked for which packet.

use serde::{Deserialize, Serialize};

use super::Prefix;

/// One policy rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// For IPv6; else IPv4.
    pub ipv6: bool,
    /// Rules are asked in ascending order.
    pub priority: u32,
    /// Matches where the rest does not (`not`).
    pub invert: bool,
    /// Source; `None` is any.
    pub from: Option<Prefix>,
    /// Destination; `None` is any.
    pub to: Option<Prefix>,
    /// Name of the interface a packet came in by; `lo` for those of this machine.
    pub iif: Option<String>,
    /// Name of the interface a socket is bound to.
    pub oif: Option<String>,
    /// Mark and mask.
    pub mark: Option<(u32, u32)>,
    /// TOS byte (`tos`, IPv4: `FRA_DSCP` absent); 0 is any.
    pub tos: u8,
    /// DSCP (0 to 63) and mask.
    pub dscp: Option<(u8, u8)>,
    /// IPv6 flow label and mask.
    pub flow_label: Option<(u32, u32)>,
    /// IP protocol.
    pub protocol: Option<u8>,
    /// Source port.
    pub source_port: Option<PortMatch>,
    /// Destination port.
    pub destination_port: Option<PortMatch>,
    /// User ids of the socket, from and to.
    pub users: Option<(u32, u32)>,
    /// The table is that of the packet's VRF (`l3mdev`).
    pub l3mdev: bool,
    /// Tunnel id.
    pub tunnel: Option<u64>,
    /// What happens on a match.
    pub action: RuleAction,
    /// A route found is refused if its prefix is no longer than this.
    pub suppress_prefix_length: Option<u8>,
    /// A route found is refused if its interface is of this group.
    pub suppress_interface_group: Option<u32>,
    /// Realms (`FRA_FLOW`).
    pub realms: Option<u32>,
    /// Matches that were not understood, as attribute numbers; the rule is then unknown.
    pub not_understood: Vec<u16>,
}

impl Rule {
    /// A rule for every packet of a family that does nothing yet.
    pub const fn any(ipv6: bool) -> Self {
        Self {
            ipv6,
            priority: 0,
            invert: false,
            from: None,
            to: None,
            iif: None,
            oif: None,
            mark: None,
            tos: 0,
            dscp: None,
            flow_label: None,
            protocol: None,
            source_port: None,
            destination_port: None,
            users: None,
            l3mdev: false,
            tunnel: None,
            action: RuleAction::Nop,
            suppress_prefix_length: None,
            suppress_interface_group: None,
            realms: None,
            not_understood: Vec::new(),
        }
    }
}

/// What a policy rule does (`FR_ACT_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleAction {
    /// Looks the packet up in a table; goes on with the next rule if nothing is found there.
    Lookup {
        /// The table.
        table: u32,
    },
    /// Goes on at another rule.
    Goto {
        /// Its priority.
        priority: u32,
    },
    /// Goes on with the next rule.
    Nop,
    /// Drops without a word.
    Blackhole,
    /// Refuses: network unreachable.
    Unreachable,
    /// Refuses: administratively prohibited.
    Prohibit,
    /// Another number.
    Other(u8),
}

/// Ports a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortMatch {
    /// From and to.
    Range(u16, u16),
    /// Value and mask.
    Masked(u16, u16),
}
