//! What routing decides.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What happens to a packet that came in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum Routed {
    /// Delivered to this machine: the INPUT hook is next.
    Local {
        /// As what.
        kind: LocalKind,
    },
    /// Passed on: the FORWARD hook is next, after [`super::Fib::before_forward`].
    Forward {
        /// Index of the interface it leaves by.
        oif: u32,
        /// The router it is given to; `None` where the destination is on the link.
        gateway: Option<IpAddr>,
        /// Bytes of the largest packet that way.
        mtu: u32,
    },
    /// Dropped by routing; no further hook sees it.
    Denied {
        /// Why.
        reason: Denial,
        /// What the sender is told, unless the rate limit for such messages is reached.
        icmp: Option<IcmpError>,
    },
    /// Cannot be told from what is known.
    Unknown {
        /// Why.
        cause: Uncertain,
        /// What can happen; empty where even that is not known.
        alternatives: Vec<Routed>,
    },
}

/// The answer of a check before a hook.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum Check {
    /// The hook sees the packet.
    Passed,
    /// The packet is dropped; the hook never sees it.
    Denied {
        /// Why.
        reason: Denial,
        /// What the sender is told, unless the rate limit for such messages is reached.
        icmp: Option<IcmpError>,
    },
    /// Cannot be told from what is known.
    Unknown(Uncertain),
}

/// As what a packet is delivered to this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocalKind {
    /// To an address of this machine.
    Unicast,
    /// To all on the link.
    Broadcast,
    /// To a group this machine is in.
    Multicast,
    /// To an address shared with others.
    Anycast,
}

/// Why routing drops a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// The interface does not exist, is down, or has no IP of this family.
    NoInterface,
    /// The source is a group, a broadcast address or in 0.0.0.0/8, or is in 127.0.0.0/8 and came from outside.
    MartianSource,
    /// The source is, to the routing tables, a broadcast or group address.
    InvalidSource,
    /// The source is an address of this machine.
    LocalSource,
    /// The destination is in 0.0.0.0/8, or in 127.0.0.0/8 and came from outside, or is of a kind that is not forwarded.
    MartianDestination,
    /// Strict reverse path filtering: the way back to the source is not by the interface it came from.
    ReversePathStrict,
    /// Loose reverse path filtering: there is no way back to the source.
    ReversePathLoose,
    /// The packet is not for this machine, which does not forward.
    ForwardingDisabled,
    /// No route matches.
    NoRoute,
    /// A route or rule says unreachable.
    Unreachable,
    /// A route or rule says blackhole.
    Blackhole,
    /// A route or rule says prohibit.
    Prohibit,
    /// This machine is not in the group.
    NotMember,
    /// The source or destination is valid on its link only.
    LinkLocalNotForwarded,
    /// IPv6 is disabled on the interface.
    Ipv6Disabled,
    /// A loopback address on another interface.
    LoopbackAddress,
    /// An IPv6 group of a scope that cannot come from outside (interface-local, or scope 0).
    MulticastScope,
    /// TTL or hop limit is used up.
    TimeExceeded,
    /// Larger than the way allows, and not to be fragmented.
    TooBig,
    /// The header is damaged: version, length or checksum.
    BadHeader,
    /// Source-routed, which is not accepted.
    SourceRoute,
    /// The frame was not addressed to this machine.
    OtherHost,
    /// A unicast packet in a frame to a group or to all, which is not accepted.
    UnicastInGroupFrame,
}

/// An error message that the kernel sends to the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IcmpError {
    /// Type, of ICMP or `ICMPv6`.
    pub kind: u8,
    /// Code.
    pub code: u8,
}

/// Why routing cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncertain {
    /// Several ways; the choice depends on a hash with a secret of the kernel.
    MultipathHash,
    /// Several default routes of the same metric; the choice depends on which routers answered lately.
    DefaultRouteHealth,
    /// IPv6 routes of the same metric; the choice depends on which routers answered lately.
    RouterReachability,
    /// A policy rule asks for the user, and the user is not known.
    User {
        /// Priority of the rule.
        rule: u32,
    },
    /// A policy rule has a match that is not simulated (tunnel id, flow label, VRF, or unknown to this program).
    Rule {
        /// Priority of the rule.
        rule: u32,
    },
    /// The interface belongs to a VRF.
    Vrf {
        /// Index of the interface.
        interface: u32,
    },
    /// The route uses a nexthop object that was not read.
    NexthopObject {
        /// Its number.
        id: u32,
    },
    /// The route's gateway is an address of this machine. The kernel uses it only if it was none when the route was made.
    OwnGateway {
        /// The gateway.
        gateway: IpAddr,
    },
    /// The packet is wrapped on the way (MPLS, segment routing, ...).
    Encapsulation {
        /// `RTA_ENCAP_TYPE`.
        kind: u16,
    },
    /// Multicast routing runs on the interface.
    MulticastRouting,
    /// The kernel parameter was not read.
    Sysctl {
        /// Its name, as in `net.ipv4.conf.eth0.rp_filter`.
        name: String,
    },
    /// Whether IPv4 looks `local` and `main` up as one table was not read, and it matters.
    MergedTables,
    /// The kernel picks among several addresses by state that is not read.
    SourceAddress,
    /// The route is of a kind this program does not know.
    RouteKind {
        /// `RTN_*`.
        kind: u8,
    },
}

/// Where a packet of this machine goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum OutputRoute {
    /// It is sent.
    Sent {
        /// As what.
        kind: OutputKind,
        /// Its source address.
        source: IpAddr,
        /// Index of the interface it leaves by; loopback for destinations of this machine.
        oif: u32,
        /// The router; `None` where the destination is on the link, or here.
        gateway: Option<IpAddr>,
        /// Bytes of the largest packet that way.
        mtu: u32,
    },
    /// The sender gets an error.
    Failed(OutputError),
    /// Cannot be told from what is known.
    Unknown {
        /// Why.
        cause: Uncertain,
        /// What can happen; empty where even that is not known.
        alternatives: Vec<OutputRoute>,
    },
}

/// As what a packet is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// To another machine.
    Unicast,
    /// To this machine, by loopback.
    Local,
    /// To all on the link.
    Broadcast,
    /// To a group.
    Multicast,
}

/// Why a packet of this machine is not sent: what the sending program sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputError {
    /// `ENETUNREACH`: no route.
    NetworkUnreachable,
    /// `EHOSTUNREACH`: an unreachable route.
    HostUnreachable,
    /// `EACCES`: a prohibit route.
    Prohibited,
    /// `EINVAL`: a blackhole route, or addresses that cannot be combined.
    Invalid,
    /// `ENODEV`: no such interface.
    NoDevice,
    /// `EADDRNOTAVAIL`: no source address.
    NoSource,
    /// No error: the packet passes the OUTPUT hook and is dropped then (an IPv6 route over loopback that is not for this machine).
    Dropped,
}
