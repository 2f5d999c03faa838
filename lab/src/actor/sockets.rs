//! Making and naming sockets, for all verbs.

use rustix::net::netdevice::name_to_index;
use serde_json::Value;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr as UnixAddress;

/// Largest backlog that the kernel grants by default (`net.core.somaxconn`).
pub(crate) const FULL_BACKLOG: i32 = 4096;

/// Whether a socket may share its port with others (`SO_REUSEPORT`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    Own,
    Shared,
}

/// Whether an IPv6 socket takes IPv4 traffic too (`IPV6_V6ONLY`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stack {
    Dual,
    OnlyV6,
}

/// A socket bound to `address`, with `SO_REUSEADDR` for TCP so that a `TIME_WAIT` of a former run does not matter.
pub(crate) fn bound(
    address: SocketAddr,
    kind: Type,
    protocol: Protocol,
    port: Port,
    stack: Stack,
) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(stack == Stack::OnlyV6)?;
    }
    if kind == Type::STREAM {
        socket.set_reuse_address(true)?;
    }
    socket.set_reuse_port(port == Port::Shared)?;
    bind(&socket, &address.into(), address)?;
    Ok(socket)
}

/// A plain TCP listener.
pub(crate) fn listener(address: SocketAddr, backlog: i32) -> io::Result<Socket> {
    let socket = bound(address, Type::STREAM, Protocol::TCP, Port::Own, Stack::Dual)?;
    socket.listen(backlog)?;
    Ok(socket)
}

/// `bind` with an error that names the address.
pub(crate) fn bind(socket: &Socket, address: &SockAddr, shown: SocketAddr) -> io::Result<()> {
    socket.bind(address).map_err(|error| io::Error::new(error.kind(), format!("bind {shown}: {error}")))
}

/// Ties `socket` to a device, if one is named.
pub(crate) fn bind_device(socket: &Socket, device: Option<&str>) -> io::Result<()> {
    device.map_or(Ok(()), |device| socket.bind_device(Some(device.as_bytes())))
}

/// The local addresses of `sockets`, as JSON.
pub(crate) fn local_addresses<'socket>(
    sockets: impl IntoIterator<Item = &'socket Socket>,
) -> io::Result<Value> {
    let shown =
        |socket: &Socket| Ok(socket.local_addr()?.as_socket().map(|address| address.to_string()).into());
    sockets.into_iter().map(shown).collect::<io::Result<Vec<Value>>>().map(Value::Array)
}

/// `count` addresses on consecutive ports from `first` on.
pub(crate) fn consecutive(first: SocketAddr, count: u16) -> io::Result<Vec<SocketAddr>> {
    let last = first.port().checked_add(count.saturating_sub(1));
    let last =
        last.ok_or_else(|| io::Error::other(format!("{count} ports from {first} on end above 65535")))?;
    Ok((first.port()..=last).take(count.into()).map(|port| SocketAddr::new(first.ip(), port)).collect())
}

/// An address with the device that it means something on, where it is a link-local one of version 6.
pub(crate) fn client_address(address: SocketAddr, device: Option<&str>) -> io::Result<SocketAddr> {
    match (address, device) {
        (SocketAddr::V6(mut v6), Some(device)) if v6.ip().is_unicast_link_local() => {
            let socket = Socket::new(Domain::IPV6, Type::DGRAM, None)?;
            v6.set_scope_id(name_to_index(&socket, device)?);
            Ok(v6.into())
        }
        _ => Ok(address),
    }
}

/// The address of a path, or of an abstract name when it begins with `@`.
pub(crate) fn unix_address(path: &str) -> io::Result<UnixAddress> {
    match path.strip_prefix('@') {
        Some(name) => UnixAddress::from_abstract_name(name),
        None => UnixAddress::from_pathname(path),
    }
}
