//! Pairs of connected TCP sockets whose both ends are in this process.

use super::sockets::{FULL_BACKLOG, listener};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub(crate) struct Connection {
    pub(crate) client: Socket,
    pub(crate) server: Socket,
}

/// A listener on `address` and `count` connections to it, accepted.
pub(crate) fn make(address: SocketAddr, count: u32) -> io::Result<(Socket, Vec<Connection>)> {
    let listener = listener(address, FULL_BACKLOG)?;
    let connections = (0..count).map(|_| connect(&listener)).collect::<io::Result<_>>()?;
    Ok((listener, connections))
}

/// One connection to `listener`, accepted.
pub(crate) fn connect(listener: &Socket) -> io::Result<Connection> {
    let address = reachable(listener)?;
    let client = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    client.connect(&address.into())?;
    let (server, _) = listener.accept()?;
    Ok(Connection { client, server })
}

/// The address that a client on this host connects to: loopback where the listener is bound to all.
pub(crate) fn reachable(listener: &Socket) -> io::Result<SocketAddr> {
    let bound =
        listener.local_addr()?.as_socket().ok_or_else(|| io::Error::other("not an internet socket"))?;
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(SocketAddr::new(ip, bound.port()))
}
