//! Real clients: a TCP connection, a UDP datagram, an echo request, and what came back.

use std::io::{self, ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::case::{Flow, Transport};

/// Longer than the first retransmission of a SYN, so that one lost to a slow neighbour discovery is made good.
const PATIENCE: Duration = Duration::from_millis(1600);

/// What a client saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// This place and port answered, and saw this client address.
    Answer { place: String, client: Option<IpAddr> },
    /// An error came back: a TCP reset, or an ICMP message.
    Error(ErrorKind),
    /// Nothing came back.
    Silence,
}

/// Tries a flow from the namespace of the calling thread, and from this port. An echo request is answered by `echoed_by`, if at all.
pub(crate) fn attempt(flow: &Flow, client: u16, echoed_by: &str) -> Seen {
    let outcome = match flow.transport {
        Transport::Tcp(port) => tcp(flow, client, port),
        Transport::Udp(port) => udp(flow, client, port),
        Transport::Echo => echo(flow).map(|()| format!("{echoed_by}:0")),
    };
    match outcome {
        Ok(line) => {
            let (place, client) = line.split_once(' ').unwrap_or((&line, ""));
            Seen::Answer { place: place.into(), client: client.parse().ok() }
        }
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => Seen::Silence,
        Err(error) => Seen::Error(error.kind()),
    }
}

fn tcp(flow: &Flow, client: u16, port: u16) -> io::Result<String> {
    let mut socket = bound(flow, client, Type::STREAM, Protocol::TCP)?;
    socket.connect_timeout(&SockAddr::from(SocketAddr::new(flow.destination, port)), PATIENCE)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    socket.read_to_string(&mut line)?;
    Ok(line)
}

fn udp(flow: &Flow, client: u16, port: u16) -> io::Result<String> {
    let socket = bound(flow, client, Type::DGRAM, Protocol::UDP)?;
    socket.connect(&SockAddr::from(SocketAddr::new(flow.destination, port)))?;
    socket.send(b"who?")?;
    receive(&socket)
}

/// Ping sockets (`net/ipv4/ping.c`): the kernel fills in identifier and checksum.
fn echo(flow: &Flow) -> io::Result<()> {
    let (protocol, kind) =
        if flow.destination.is_ipv4() { (Protocol::ICMPV4, 8) } else { (Protocol::ICMPV6, 128) };
    let socket = bound(flow, 0, Type::DGRAM, protocol)?;
    socket.connect(&SockAddr::from(SocketAddr::new(flow.destination, 0)))?;
    socket.send(&[kind, 0, 0, 0, 0, 0, 0, 1])?;
    receive(&socket).map(drop)
}

fn receive(mut socket: &Socket) -> io::Result<String> {
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut datagram = [0; 256];
    let length = socket.read(&mut datagram)?;
    Ok(String::from_utf8_lossy(&datagram[..length]).into_owned())
}

fn bound(flow: &Flow, client: u16, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket =
        Socket::new(Domain::for_address(SocketAddr::new(flow.destination, 0)), kind, Some(protocol))?;
    let any = if flow.destination.is_ipv4() {
        IpAddr::from(Ipv4Addr::UNSPECIFIED)
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    socket.set_reuse_address(true)?;
    socket.bind(&SockAddr::from(SocketAddr::new(flow.source.unwrap_or(any), client)))?;
    Ok(socket)
}
