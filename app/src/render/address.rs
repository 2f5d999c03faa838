//! Addresses and ports as `ss` writes them, and bind addresses with what they take made explicit.

use std::fmt::{self, Display};
use std::net::IpAddr;

use portreeve_model::{BoundAddress, Endpoint, Family, Interface, IpCoverage, Protocol, Socket};

/// IANA's name of a port, where there is one.
pub type PortNames<'a> = &'a dyn Fn(Protocol, u16) -> Option<&'static str>;

/// The address of one end, with the separator that stands before the port: `127.0.0.53%lo:`.
#[derive(Clone, Copy, Debug)]
pub struct AddressCell<'a> {
    socket: &'a Socket,
    end: End,
}

/// Which end of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its own.
    Local,
    /// The other.
    Peer,
}

impl<'a> AddressCell<'a> {
    /// The address of one end.
    pub fn new(socket: &'a Socket, end: End) -> Self {
        Self { socket, end }
    }
}

impl Display for AddressCell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let socket = self.socket;
        let device = |f: &mut fmt::Formatter<'_>| match (&socket.interface, self.end) {
            (Some(interface), End::Local) => write!(f, "%{}", Device(interface)),
            _ => Ok(()),
        };
        let wildcard = |f: &mut fmt::Formatter<'_>| match (socket.family, socket.v6only) {
            (Family::Ipv4, _) => f.write_str("0.0.0.0"),
            (Family::Ipv6, Some(true)) => f.write_str("[::]"),
            _ => f.write_str("*"),
        };
        let endpoint = match self.end {
            End::Local => Some(&socket.local),
            End::Peer => socket.peer.as_ref(),
        };
        match endpoint {
            Some(Endpoint::Inet { address, .. }) if address.is_unspecified() => {
                wildcard(f)?;
                device(f)?;
            }
            Some(Endpoint::Inet { address, .. }) => {
                write!(f, "{}", Bracketed(*address))?;
                device(f)?;
            }
            Some(Endpoint::Link { ethertype }) => write!(f, "{}", EtherType(*ethertype))?,
            // The inode takes the place of the port, and a path may hold colons: ss parts them by a blank.
            Some(Endpoint::Unix { path }) => return write!(f, "{} ", path.as_deref().unwrap_or("*")),
            Some(Endpoint::Vsock { cid: u32::MAX, .. }) => f.write_str("*")?,
            Some(Endpoint::Vsock { cid, .. }) => write!(f, "{cid}")?,
            None if socket.family == Family::Unix => return f.write_str("* "),
            None => wildcard(f)?,
        }
        f.write_str(":")
    }
}

/// The port of one end: `*` for none, a name where names are wanted and known.
#[derive(Clone, Copy)]
pub struct PortCell<'a> {
    /// The socket.
    pub socket: &'a Socket,
    /// Which end.
    pub end: End,
    /// Names, or none for numbers.
    pub names: Option<PortNames<'a>>,
}

impl Display for PortCell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = match self.end {
            End::Local => Some(&self.socket.local),
            End::Peer => self.socket.peer.as_ref(),
        };
        match endpoint {
            Some(Endpoint::Inet { port: 0, .. } | Endpoint::Vsock { vsock_port: u32::MAX, .. }) => {
                f.write_str("*")
            }
            Some(Endpoint::Inet { port, .. }) => {
                let name = self.names.and_then(|names| match self.socket.protocol {
                    Protocol::Raw | Protocol::Icmp => ip_protocol(*port),
                    // IANA registers ports for TCP; MPTCP is TCP on the wire.
                    Protocol::Mptcp => names(Protocol::Tcp, *port),
                    protocol => names(protocol, *port),
                });
                match name {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{port}"),
                }
            }
            Some(Endpoint::Vsock { vsock_port, .. }) => write!(f, "{vsock_port}"),
            Some(Endpoint::Link { .. }) => match &self.socket.interface {
                Some(interface) => write!(f, "{}", Device(interface)),
                None => f.write_str("*"),
            },
            Some(Endpoint::Unix { .. }) if self.end == End::Local => write!(f, "{}", self.socket.inode),
            None | Some(Endpoint::Unix { .. }) => match self.socket.peer_inode {
                Some(inode) if self.end == End::Peer => write!(f, "{inode}"),
                _ => f.write_str("*"),
            },
        }
    }
}

/// A bind address with what it takes: `* v4+v6`, `[::] v6 only`.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a>(pub &'a BoundAddress);

impl Display for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BoundAddress { address, covers, interface } = self.0;
        let wildcard = address.is_unspecified();
        match covers {
            IpCoverage::DualStack if wildcard => f.write_str("*")?,
            _ => write!(f, "{}", Bracketed(*address))?,
        }
        if let Some(interface) = interface {
            write!(f, "%{}", Device(interface))?;
        }
        match covers {
            IpCoverage::DualStack => f.write_str(" v4+v6"),
            IpCoverage::Ipv6PerhapsDualStack => f.write_str(" v6, perhaps v4"),
            IpCoverage::Ipv4 if wildcard => f.write_str(" v4 only"),
            IpCoverage::Ipv6 if wildcard => f.write_str(" v6 only"),
            IpCoverage::Ipv4 | IpCoverage::Ipv6 => Ok(()),
        }
    }
}

/// All bind addresses of a listener. Both wildcards side by side leave nothing to explain.
#[derive(Clone, Copy, Debug)]
pub struct BoundList<'a>(pub &'a [BoundAddress]);

impl Display for BoundList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |wanted: IpCoverage| {
            self.0.iter().any(|bound| {
                bound.address.is_unspecified() && bound.interface.is_none() && bound.covers == wanted
            })
        };
        let rest = if plain(IpCoverage::Ipv4) && plain(IpCoverage::Ipv6) {
            f.write_str("0.0.0.0 + [::]")?;
            self.0
                .iter()
                .filter(|bound| !bound.address.is_unspecified() || bound.interface.is_some())
                .collect::<Vec<_>>()
        } else {
            let mut bounds = self.0.iter();
            if let Some(first) = bounds.next() {
                write!(f, "{}", Bound(first))?;
            }
            bounds.collect()
        };
        rest.into_iter().try_for_each(|bound| write!(f, ", {}", Bound(bound)))
    }
}

struct Bracketed(IpAddr);

impl Display for Bracketed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => write!(f, "{v4}"),
            IpAddr::V6(v6) => write!(f, "[{v6}]"),
        }
    }
}

/// A device by name, or by index where it has gone.
struct Device<'a>(&'a Interface);

impl Display for Device<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.name {
            Some(name) => f.write_str(name),
            None => write!(f, "if{}", self.0.index),
        }
    }
}

/// An `EtherType` by the name that `ss` and `tcpdump` know it by.
struct EtherType(u16);

impl Display for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // include/uapi/linux/if_ether.h
        match self.0 {
            0x0003 => f.write_str("*"),
            0x0800 => f.write_str("ip"),
            0x0806 => f.write_str("arp"),
            0x8100 => f.write_str("vlan"),
            0x86dd => f.write_str("ipv6"),
            0x888e => f.write_str("eapol"),
            0x88cc => f.write_str("lldp"),
            other => write!(f, "0x{other:04x}"),
        }
    }
}

/// IP protocol numbers that have raw sockets in practice (IANA, "Assigned Internet Protocol Numbers").
fn ip_protocol(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "icmp",
        2 => "igmp",
        4 => "ipip",
        6 => "tcp",
        17 => "udp",
        41 => "ipv6",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "ipv6-icmp",
        89 => "ospf",
        103 => "pim",
        112 => "vrrp",
        132 => "sctp",
        255 => "raw",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use portreeve_model::{BoundAddress, Interface, IpCoverage};

    use super::BoundList;

    fn bound(address: &str, covers: IpCoverage) -> BoundAddress {
        BoundAddress { address: address.parse::<IpAddr>().unwrap(), covers, interface: None }
    }

    #[test]
    fn what_an_address_takes_is_explicit() {
        use IpCoverage::{DualStack, Ipv4, Ipv6, Ipv6PerhapsDualStack};
        for (addresses, text) in [
            (vec![bound("::", DualStack)], "* v4+v6"),
            (vec![bound("0.0.0.0", Ipv4)], "0.0.0.0 v4 only"),
            (vec![bound("::", Ipv6)], "[::] v6 only"),
            (vec![bound("::", Ipv6PerhapsDualStack)], "[::] v6, perhaps v4"),
            (vec![bound("0.0.0.0", Ipv4), bound("::", Ipv6)], "0.0.0.0 + [::]"),
            (vec![bound("127.0.0.1", Ipv4), bound("::1", Ipv6)], "127.0.0.1, [::1]"),
        ] {
            assert_eq!(BoundList(&addresses).to_string(), text);
        }
        let mut on_device = bound("fe80::1", Ipv6);
        on_device.interface = Some(Interface { index: 2, name: Some("eth0".into()) });
        assert_eq!(BoundList(&[on_device]).to_string(), "[fe80::1]%eth0");
    }
}
