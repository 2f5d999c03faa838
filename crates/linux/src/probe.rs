//! Asking the kernel by `bind(2)` whether a port is free, in the calling thread's network namespace.
//!
//! Nothing listens and no packet is sent; the port is occupied for the microseconds between `bind` and `close`.
//! The answer does not pass through `/proc` or netlink, so a rootkit that edits those does not edit this.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, ipproto, sockopt};

/// The transport whose port is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// UDP-Lite.
    UdpLite,
    /// SCTP, one-to-one style.
    Sctp,
    /// MPTCP shares TCP's ports.
    Mptcp,
}

/// What `bind` said of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occupancy {
    /// It could be bound.
    Free,
    /// `EADDRINUSE`.
    InUse,
    /// No answer: the errno says why (`EACCES` below `ip_unprivileged_port_start`, `EPROTONOSUPPORT`,
    /// `EAFNOSUPPORT`, ...).
    Unknown(Errno),
}

/// Tries the wildcard address of IPv4 and of IPv6 (v6only) in turn.
pub fn occupancy(transport: Transport, port: u16) -> [(IpAddr, Occupancy); 2] {
    [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)]
        .map(|address| (address, occupancy_at(transport, SocketAddr::new(address, port))))
}

fn occupancy_at(transport: Transport, address: SocketAddr) -> Occupancy {
    match try_bind(transport, address) {
        Ok(()) => Occupancy::Free,
        Err(Errno::ADDRINUSE) => Occupancy::InUse,
        Err(errno) => Occupancy::Unknown(errno),
    }
}

fn try_bind(transport: Transport, address: SocketAddr) -> Result<(), Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let (kind, protocol) = match transport {
        Transport::Tcp => (SocketType::STREAM, ipproto::TCP),
        Transport::Udp => (SocketType::DGRAM, ipproto::UDP),
        Transport::UdpLite => (SocketType::DGRAM, ipproto::UDPLITE),
        Transport::Sctp => (SocketType::STREAM, ipproto::SCTP),
        Transport::Mptcp => (SocketType::STREAM, ipproto::MPTCP),
    };
    let socket = net::socket_with(family, kind, SocketFlags::CLOEXEC, Some(protocol))?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    net::bind(&socket, &address)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    #[test]
    fn tells_a_taken_port_from_a_free_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(occupancy(Transport::Tcp, port)[0].1, Occupancy::InUse);
        assert_eq!(occupancy(Transport::Tcp, port)[1].1, Occupancy::Free);
        drop(listener);
        assert_eq!(occupancy(Transport::Tcp, port)[0].1, Occupancy::Free);
        let socket = UdpSocket::bind("[::1]:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        assert_eq!(occupancy(Transport::Udp, port)[1].1, Occupancy::InUse);
    }
}
