//! Routes of all tables.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Prefix;

/// One route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Table: 255 local, 254 main, 253 default.
    pub table: u32,
    /// What it does with a packet.
    pub kind: RouteKind,
    /// Destinations it is for.
    pub destination: Prefix,
    /// Sources it is for (IPv6 only); `None` is all.
    pub source: Option<Prefix>,
    /// TOS byte it is for (IPv4 only); 0 is all.
    pub tos: u8,
    /// Lower is preferred among equals.
    pub metric: u32,
    /// Who put it there: `RTPROT_*`; 2 is the kernel.
    pub protocol: u8,
    /// How far the destination is.
    pub scope: Scope,
    /// Where packets go.
    pub nexthops: Nexthops,
    /// The source address that packets of this machine get.
    pub preferred_source: Option<IpAddr>,
    /// Bytes of the largest packet, where the route says so (`RTAX_MTU`).
    pub mtu: Option<u32>,
    /// Flags of the whole route.
    pub flags: RouteFlags,
    /// IPv6 router preference (`RTA_PREF`): 0 medium, 1 high, 3 low.
    pub preference: u8,
    /// Realms (`RTA_FLOW`).
    pub realms: Option<u32>,
    /// Seconds until the kernel forgets it (IPv6 router advertisements), where it does.
    pub expires: Option<i32>,
}

/// What a route does with a packet (`RTN_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteKind {
    /// Passed on, by a gateway or on the link.
    Unicast,
    /// For this machine.
    Local,
    /// For this machine, as one of all on the link.
    Broadcast,
    /// For this machine, as one of several that have the address.
    Anycast,
    /// For a group.
    Multicast,
    /// Dropped without a word.
    Blackhole,
    /// Refused: host unreachable.
    Unreachable,
    /// Refused: administratively prohibited.
    Prohibit,
    /// The lookup goes on with the next policy rule.
    Throw,
    /// Another number.
    Other(u8),
}

impl RouteKind {
    /// `RTN_*`.
    pub const fn number(self) -> u8 {
        match self {
            Self::Unicast => 1,
            Self::Local => 2,
            Self::Broadcast => 3,
            Self::Anycast => 4,
            Self::Multicast => 5,
            Self::Blackhole => 6,
            Self::Unreachable => 7,
            Self::Prohibit => 8,
            Self::Throw => 9,
            Self::Other(number) => number,
        }
    }
}

impl From<u8> for RouteKind {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::Unicast,
            2 => Self::Local,
            3 => Self::Broadcast,
            4 => Self::Anycast,
            5 => Self::Multicast,
            6 => Self::Blackhole,
            7 => Self::Unreachable,
            8 => Self::Prohibit,
            9 => Self::Throw,
            other => Self::Other(other),
        }
    }
}

/// How far a destination or an address is (`RT_SCOPE_*`): a higher number is nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(pub u8);

impl Scope {
    /// Anywhere.
    pub const UNIVERSE: Self = Self(0);
    /// On the link.
    pub const LINK: Self = Self(253);
    /// This machine.
    pub const HOST: Self = Self(254);
    /// Nowhere.
    pub const NOWHERE: Self = Self(255);
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nexthops {
    /// Nowhere: routes that refuse.
    None,
    /// One way.
    One(Nexthop),
    /// Several ways; which is taken depends on a hash the kernel keeps to itself.
    Several(Vec<Nexthop>),
    /// A nexthop object that was not read or is gone.
    Unresolved {
        /// Its number.
        id: u32,
    },
}

impl Nexthops {
    /// All ways.
    pub fn as_slice(&self) -> &[Nexthop] {
        match self {
            Self::None | Self::Unresolved { .. } => &[],
            Self::One(nexthop) => std::slice::from_ref(nexthop),
            Self::Several(nexthops) => nexthops,
        }
    }
}

/// One way of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Nexthop {
    /// Index of the interface packets leave by.
    pub interface: Option<u32>,
    /// The router; `None` where the destination is on the link. An IPv4 route may have an IPv6 gateway.
    pub gateway: Option<IpAddr>,
    /// Share among several, 1 to 256.
    pub weight: u16,
    /// Dead, linkdown, onlink.
    pub flags: RouteFlags,
    /// The packet is wrapped on the way (`RTA_ENCAP_TYPE`: MPLS, segment routing, ...); 0 is not.
    pub encapsulation: u16,
}

/// `RTNH_F_*` and `RTM_F_*` bits (`include/uapi/linux/rtnetlink.h`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RouteFlags(pub u32);

impl RouteFlags {
    /// `RTNH_F_DEAD`.
    pub(super) const DEAD: u32 = 1;

    /// The interface is down.
    pub const fn is_dead(self) -> bool {
        self.0 & Self::DEAD != 0
    }

    /// The gateway counts as on the link.
    pub const fn is_onlink(self) -> bool {
        self.0 & 4 != 0
    }

    /// The interface has no carrier.
    pub const fn is_linkdown(self) -> bool {
        self.0 & 16 != 0
    }
}
