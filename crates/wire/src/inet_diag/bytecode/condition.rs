//! What to filter for: a boolean tree over properties of a socket, and its direct evaluation.

use std::net::{IpAddr, Ipv6Addr};

/// A condition on a socket. The empty `And` holds for all sockets, the empty `Or` for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Every socket.
    All,
    /// No socket.
    None,
    /// The opposite.
    Not(Box<Condition>),
    /// All of these.
    And(Vec<Condition>),
    /// At least one of these.
    Or(Vec<Condition>),
    /// A property.
    Atom(Atom),
}

/// Which end of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Here.
    Source,
    /// The peer.
    Destination,
}

/// A property the kernel can test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Atom {
    /// The port is this one (Linux 4.16 and later).
    PortEq(Side, u16),
    /// The port is this one or higher.
    PortGe(Side, u16),
    /// The port is this one or lower.
    PortLe(Side, u16),
    /// The address is in the prefix and, where one is given, the port is this one.
    Host(Side, Prefix, Option<u16>),
    /// The socket is bound to the interface of this index; 0 holds for sockets bound to none.
    Interface(u32),
    /// `mark & mask` of the socket equals `mark`. Needs `CAP_NET_ADMIN`, or the kernel refuses the whole request.
    Mark {
        /// The value.
        mark: u32,
        /// The bits that count.
        mask: u32,
    },
    /// The socket was made in the cgroup (v2) of this inode.
    Cgroup(u64),
    /// The kernel chose the local port.
    AutoBound,
}

/// An address prefix. An IPv4 prefix also holds for IPv4-mapped addresses of IPv6 sockets, an IPv6 prefix never
/// for IPv4 sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix {
    address: IpAddr,
    len: u8,
}

impl Prefix {
    /// The prefix of `len` bits, or `None` where the address does not have as many.
    #[must_use]
    pub const fn new(address: IpAddr, len: u8) -> Option<Self> {
        let bits = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        if len > bits { None } else { Some(Self { address, len }) }
    }

    /// The one address.
    #[must_use]
    pub const fn host(address: IpAddr) -> Self {
        let len = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        Self { address, len }
    }

    /// The address, with whatever bits were given beyond the prefix.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// Bits that count.
    #[must_use]
    pub const fn len(self) -> u8 {
        self.len
    }

    /// Whether no bit counts: every address of the family.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Whether a socket's address is in the prefix, by the kernel's rules.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(prefix), IpAddr::V4(address)) => {
                same_bits(u32::from(prefix).into(), u32::from(address).into(), self.len, 32)
            }
            (IpAddr::V6(prefix), IpAddr::V6(address)) => {
                same_bits(u128::from(prefix), u128::from(address), self.len, 128)
            }
            (IpAddr::V4(prefix), IpAddr::V6(address)) => mapped(address)
                .is_some_and(|address| same_bits(u32::from(prefix).into(), address.into(), self.len, 32)),
            (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

fn mapped(address: Ipv6Addr) -> Option<u32> {
    address.to_ipv4_mapped().map(u32::from)
}

/// Whether the highest `len` of `width` bits agree.
fn same_bits(left: u128, right: u128, len: u8, width: u32) -> bool {
    (left ^ right).checked_shr(width - u32::from(len)).unwrap_or(0) == 0
}

/// What a filter sees of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketKey {
    /// Local address; its family is the socket's.
    pub source: IpAddr,
    /// Remote address, of the same family.
    pub destination: IpAddr,
    /// Local port.
    pub source_port: u16,
    /// Remote port.
    pub destination_port: u16,
    /// Interface bound to, 0 for none.
    pub interface: u32,
    /// `SO_MARK`.
    pub mark: u32,
    /// Inode of the cgroup, 0 for sockets that belong to none (TIME-WAIT).
    pub cgroup_id: u64,
    /// The kernel chose the local port.
    pub auto_bound: bool,
}

impl SocketKey {
    pub(super) const fn address(&self, side: Side) -> IpAddr {
        match side {
            Side::Source => self.source,
            Side::Destination => self.destination,
        }
    }

    pub(super) const fn port(&self, side: Side) -> u16 {
        match side {
            Side::Source => self.source_port,
            Side::Destination => self.destination_port,
        }
    }
}

impl Condition {
    /// Whether the condition holds for `socket`: what the kernel would say.
    #[must_use]
    pub fn matches(&self, socket: &SocketKey) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Not(inner) => !inner.matches(socket),
            Self::And(all) => all.iter().all(|each| each.matches(socket)),
            Self::Or(any) => any.iter().any(|each| each.matches(socket)),
            Self::Atom(atom) => atom.matches(socket),
        }
    }
}

impl Atom {
    /// Whether the property holds for `socket`.
    #[must_use]
    pub fn matches(&self, socket: &SocketKey) -> bool {
        match *self {
            Self::PortEq(side, port) => socket.port(side) == port,
            Self::PortGe(side, port) => socket.port(side) >= port,
            Self::PortLe(side, port) => socket.port(side) <= port,
            Self::Host(side, prefix, port) => {
                port.is_none_or(|port| socket.port(side) == port) && prefix.contains(socket.address(side))
            }
            Self::Interface(index) => socket.interface == index,
            Self::Mark { mark, mask } => socket.mark & mask == mark,
            Self::Cgroup(id) => socket.cgroup_id == id,
            Self::AutoBound => socket.auto_bound,
        }
    }
}

impl From<Atom> for Condition {
    fn from(atom: Atom) -> Self {
        Self::Atom(atom)
    }
}

impl std::ops::Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}
