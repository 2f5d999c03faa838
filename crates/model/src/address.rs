//! Socket addresses, and how far a bind address reaches.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One end of a socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Endpoint {
    /// IPv4 or IPv6 address and port. For raw sockets the port is the IP protocol number. Port 0: none.
    Inet {
        /// The address; the unspecified address is the wildcard.
        address: IpAddr,
        /// Host byte order.
        port: u16,
    },
    /// `AF_VSOCK` address (`man 7 vsock`); `4294967295` is the wildcard of both.
    Vsock {
        /// Context identifier.
        cid: u32,
        /// Port.
        vsock_port: u32,
    },
    /// `AF_PACKET`: which frames it takes.
    Link {
        /// `EtherType` in host byte order; 3 (`ETH_P_ALL`) takes every frame.
        ethertype: u16,
    },
    /// `AF_UNIX` name. Last, because its absent path would match the fields of the others.
    Unix {
        /// File-system path; an abstract name starts with `@`; `None` for an unnamed socket.
        path: Option<Box<str>>,
    },
}

impl Endpoint {
    /// The IP address, if it has one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Inet { address, .. } => Some(*address),
            _ => None,
        }
    }

    /// The port, if it is an IP endpoint.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Inet { port, .. } => Some(*port),
            _ => None,
        }
    }

    /// Whether the address is the wildcard (`0.0.0.0` or `::`).
    pub fn is_wildcard(&self) -> bool {
        self.ip().is_some_and(|ip| ip.is_unspecified())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet { address: IpAddr::V4(v4), port } => write!(f, "{v4}:{port}"),
            Self::Inet { address: IpAddr::V6(v6), port } => write!(f, "[{v6}]:{port}"),
            Self::Unix { path } => f.write_str(path.as_deref().unwrap_or("*")),
            Self::Vsock { cid, vsock_port } => {
                let part = |f: &mut fmt::Formatter<'_>, number: u32| {
                    if number == u32::MAX { f.write_str("*") } else { write!(f, "{number}") }
                };
                part(f, *cid)?;
                f.write_str(":")?;
                part(f, *vsock_port)
            }
            Self::Link { ethertype: 3 } => f.write_str("*"),
            Self::Link { ethertype } => write!(f, "ethertype 0x{ethertype:04x}"),
        }
    }
}

/// How far a bind address reaches, judged by the address alone: no firewall and no route is considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// `127.0.0.0/8`, `::1`: this machine only (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3).
    Loopback,
    /// In a container's or another isolated network namespace: through that namespace's own network.
    ContainerInternal,
    /// `169.254.0.0/16`, `fe80::/10`, link-local multicast: neighbours on the same link (RFC 3927, RFC 4291).
    LinkLocal,
    /// RFC 1918, RFC 6598 (`100.64.0.0/10`), RFC 4193 (`fc00::/7`): private networks.
    Private,
    /// A globally routable address.
    Public,
    /// The wildcard: every address of the machine, now and later.
    All,
}

impl Reach {
    /// The reach of a bind address in the machine's own network namespace.
    pub fn of_address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::of_v4(v4),
            IpAddr::V6(v6) => Self::of_v6(v6),
        }
    }

    fn of_v4(v4: Ipv4Addr) -> Self {
        let [a, b, c, _] = v4.octets();
        match v4 {
            _ if v4.is_unspecified() => Self::All,
            _ if v4.is_loopback() => Self::Loopback,
            // The limited broadcast address is never forwarded (RFC 1122 section 3.2.1.3).
            _ if v4.is_link_local() || v4.is_broadcast() || (a, b, c) == (224, 0, 0) => Self::LinkLocal,
            _ if v4.is_private() || (a == 100 && b & 0xc0 == 64) => Self::Private,
            // 239.0.0.0/8 is administratively scoped (RFC 2365).
            _ if a == 239 => Self::Private,
            _ => Self::Public,
        }
    }

    fn of_v6(v6: Ipv6Addr) -> Self {
        if let Some(v4) = v6.to_ipv4_mapped() {
            return Self::of_v4(v4);
        }
        let [first, ..] = v6.segments();
        match v6 {
            _ if v6.is_unspecified() => Self::All,
            _ if v6.is_loopback() => Self::Loopback,
            _ if first & 0xffc0 == 0xfe80 => Self::LinkLocal,
            _ if first & 0xfe00 == 0xfc00 => Self::Private,
            // Multicast scopes, RFC 4291 section 2.7: 1 interface, 2 link, 3..8 within an organisation.
            _ if first & 0xff00 == 0xff00 => match first & 0xf {
                0 | 1 => Self::Loopback,
                2 => Self::LinkLocal,
                3..=8 => Self::Private,
                _ => Self::Public,
            },
            _ => Self::Public,
        }
    }

    /// Whether someone on another machine could be addressing this (firewall aside).
    pub fn is_beyond_this_machine(self) -> bool {
        !matches!(self, Self::Loopback | Self::ContainerInternal)
    }

    /// The heading under which listeners of this reach are shown.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Loopback => "this machine only (loopback)",
            Self::ContainerInternal => "inside containers and other network namespaces",
            Self::LinkLocal => "the local link",
            Self::Private => "private networks",
            Self::Public => "a public address",
            Self::All => "every address of this machine",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Reach};

    #[test]
    fn reach_of_boundary_addresses() {
        for (address, reach) in [
            ("127.255.255.254", Reach::Loopback),
            ("128.0.0.1", Reach::Public),
            ("0.0.0.0", Reach::All),
            ("10.255.255.255", Reach::Private),
            ("172.15.255.255", Reach::Public),
            ("172.16.0.0", Reach::Private),
            ("172.32.0.0", Reach::Public),
            ("100.63.255.255", Reach::Public),
            ("100.64.0.0", Reach::Private),
            ("100.127.255.255", Reach::Private),
            ("100.128.0.0", Reach::Public),
            ("169.254.1.1", Reach::LinkLocal),
            ("224.0.0.251", Reach::LinkLocal),
            ("255.255.255.255", Reach::LinkLocal),
            ("239.255.255.250", Reach::Private),
            ("::", Reach::All),
            ("::1", Reach::Loopback),
            ("fe80::1", Reach::LinkLocal),
            ("febf::1", Reach::LinkLocal),
            ("fec0::1", Reach::Public),
            ("fd00::1", Reach::Private),
            ("ff02::fb", Reach::LinkLocal),
            ("2001:db8::1", Reach::Public),
            ("::ffff:127.0.0.1", Reach::Loopback),
            ("::ffff:10.0.0.1", Reach::Private),
        ] {
            assert_eq!(Reach::of_address(address.parse().unwrap()), reach, "{address}");
        }
    }

    #[test]
    fn endpoints_read_back_from_json() {
        for endpoint in [
            Endpoint::Inet { address: "::1".parse().unwrap(), port: 443 },
            Endpoint::Unix { path: Some("@abstract".into()) },
            Endpoint::Unix { path: None },
            Endpoint::Vsock { cid: 3, vsock_port: u32::MAX },
            Endpoint::Link { ethertype: 3 },
        ] {
            let json = serde_json::to_string(&endpoint).unwrap();
            assert_eq!(serde_json::from_str::<Endpoint>(&json).unwrap(), endpoint, "{json}");
        }
    }
}
