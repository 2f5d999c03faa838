//! Families, hooks and priorities: where in the kernel a chain hangs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An address family of netfilter (`NFPROTO_*`, `include/uapi/linux/netfilter.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// IPv4 and IPv6 together.
    Inet,
    /// ARP.
    Arp,
    /// Frames that a bridge forwards.
    Bridge,
    /// Frames at a device, before or after everything else.
    Netdev,
}

impl Family {
    /// Whether chains of this family see IP packets of `version` at the IP hooks.
    pub fn covers(self, version: Version) -> bool {
        match self {
            Self::Inet => true,
            Self::Ip => version == Version::V4,
            Self::Ip6 => version == Version::V6,
            Self::Arp | Self::Bridge | Self::Netdev => false,
        }
    }

    /// The word that `nft` uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Inet => "inet",
            Self::Arp => "arp",
            Self::Bridge => "bridge",
            Self::Netdev => "netdev",
        }
    }

    /// The family of that word of `nft`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ip, Self::Ip6, Self::Inet, Self::Arp, Self::Bridge, Self::Netdev]
            .into_iter()
            .find(|f| f.name() == name)
    }

    /// The number in netlink messages (`NFPROTO_*`).
    pub fn number(self) -> u8 {
        match self {
            Self::Inet => 1,
            Self::Ip => 2,
            Self::Arp => 3,
            Self::Netdev => 5,
            Self::Bridge => 7,
            Self::Ip6 => 10,
        }
    }

    /// The family of a number of netlink (`NFPROTO_*`).
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Ip, Self::Ip6, Self::Inet, Self::Arp, Self::Bridge, Self::Netdev]
            .into_iter()
            .find(|f| f.number() == number)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A version of the Internet Protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// A place in the way of a packet where chains run (`enum nf_inet_hooks`, `enum nf_dev_hooks`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hook {
    /// At the device, before bridge and IP.
    Ingress,
    /// Before the routing decision.
    Prerouting,
    /// To the host itself.
    Input,
    /// Through the host.
    Forward,
    /// From the host itself.
    Output,
    /// Before leaving.
    Postrouting,
    /// At the device, after everything else.
    Egress,
}

impl Hook {
    /// All hooks, in the order of a packet's way.
    pub const ALL: [Self; 7] = [
        Self::Ingress,
        Self::Prerouting,
        Self::Input,
        Self::Forward,
        Self::Output,
        Self::Postrouting,
        Self::Egress,
    ];

    /// The word that `nft` uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Prerouting => "prerouting",
            Self::Input => "input",
            Self::Forward => "forward",
            Self::Output => "output",
            Self::Postrouting => "postrouting",
            Self::Egress => "egress",
        }
    }

    /// The hook of that word of `nft`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.name() == name)
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which machinery of the kernel runs a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// `nf_tables`, written with `nft` or a library.
    Nft,
    /// `nf_tables`, written through the `iptables-nft` commands: rules may hold xtables matches.
    IptablesNft,
    /// `ip_tables` and `ip6_tables`: not visible to `nft`.
    IptablesLegacy,
}

/// Fixed priorities inside the kernel (`include/uapi/linux/netfilter_ipv4.h`; IPv6 has the same numbers).
pub mod priority {
    /// `NF_IP_PRI_RAW_BEFORE_DEFRAG`.
    pub const RAW_BEFORE_DEFRAG: i32 = -450;
    /// `NF_IP_PRI_CONNTRACK_DEFRAG`: fragments are put together here where connections are tracked.
    pub const DEFRAG: i32 = -400;
    /// `NF_IP_PRI_RAW`.
    pub const RAW: i32 = -300;
    /// `NF_IP_PRI_CONNTRACK`: the connection is looked up here.
    pub const CONNTRACK: i32 = -200;
    /// `NF_IP_PRI_MANGLE`.
    pub const MANGLE: i32 = -150;
    /// `NF_IP_PRI_NAT_DST`: all chains of type nat at prerouting and output run here, whatever priority they state.
    pub const NAT_DST: i32 = -100;
    /// `NF_IP_PRI_FILTER`.
    pub const FILTER: i32 = 0;
    /// `NF_IP_PRI_SECURITY`.
    pub const SECURITY: i32 = 50;
    /// `NF_IP_PRI_NAT_SRC`: all chains of type nat at input and postrouting run here, whatever priority they state.
    pub const NAT_SRC: i32 = 100;
    /// `NF_IP_PRI_CONNTRACK_HELPER`.
    pub const CONNTRACK_HELPER: i32 = 300;
    /// `NF_IP_PRI_CONNTRACK_CONFIRM`: a new connection is entered into the table here.
    pub const CONNTRACK_CONFIRM: i32 = i32::MAX;
}
