//! `struct inet_diag_sockid`: both ends of a socket, its interface and its cookie.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    cursor::Cursor,
    sock_diag::{AddressFamily, read_cookie, write_cookie},
};

/// Both ends of a socket. Unbound or unconnected ends have the unspecified address and port 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketId {
    /// The local address.
    pub source: IpAddr,
    /// The local port. For raw sockets: the IP protocol number.
    pub source_port: u16,
    /// The remote address.
    pub destination: IpAddr,
    /// The remote port.
    pub destination_port: u16,
    /// Index of the interface the socket is bound to (`SO_BINDTODEVICE`, or the VRF), 0 for none.
    pub interface: u32,
    /// The kernel's number for this socket, unique until reboot; [`crate::sock_diag::NO_COOKIE`] in a request
    /// means any.
    pub cookie: u64,
}

impl SocketId {
    /// Bytes of `struct inet_diag_sockid`.
    pub const LEN: usize = 48;

    /// Any socket: unspecified addresses, no ports, no cookie.
    pub const ANY: Self = Self {
        source: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        source_port: 0,
        destination: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        destination_port: 0,
        interface: 0,
        cookie: crate::sock_diag::NO_COOKIE,
    };

    pub(super) fn read(cursor: &mut Cursor<'_>, family: AddressFamily) -> Option<Self> {
        let (source_port, destination_port) = (cursor.be16()?, cursor.be16()?);
        let (source, destination) = (cursor.array()?, cursor.array()?);
        Some(Self {
            source: address(source, family),
            source_port,
            destination: address(destination, family),
            destination_port,
            interface: cursor.u32()?,
            cookie: read_cookie(cursor)?,
        })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.source_port.to_be_bytes());
        bytes.extend_from_slice(&self.destination_port.to_be_bytes());
        for address in [self.source, self.destination] {
            match address {
                IpAddr::V4(v4) => {
                    bytes.extend_from_slice(&v4.octets());
                    bytes.extend_from_slice(&[0; 12]);
                }
                IpAddr::V6(v6) => bytes.extend_from_slice(&v6.octets()),
            }
        }
        bytes.extend_from_slice(&self.interface.to_ne_bytes());
        write_cookie(bytes, self.cookie);
    }
}

/// The 16 bytes hold an IPv4 address in their first four. An unknown family keeps all 16.
fn address(bytes: [u8; 16], family: AddressFamily) -> IpAddr {
    match (family, bytes) {
        (AddressFamily::Inet, [a, b, c, d, ..]) => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        _ => IpAddr::V6(Ipv6Addr::from(bytes)),
    }
}
