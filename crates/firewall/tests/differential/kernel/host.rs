//! The host: made once for a thread, then given many rulesets and packets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use portreeve_linux::Errno;
use portreeve_linux::raw_ip::{RawSender, Version};
use socket2::{Domain, Protocol, Socket, Type};

use super::flows::Flows;
use super::observe::{Observed, Observer};
use super::topology::{self, FAR, NEAR, Wires};
use crate::packet::{Injection, Link, MARKERS, Marker, Origin, State};

/// A host in the calling thread's network namespace.
pub(crate) struct Host {
    pub(super) wires: Wires,
    observer: Observer,
    flows: Flows,
    senders: Vec<((u32, u32), [RawSender; 2])>,
    /// Held open, for rules that look for sockets.
    _sockets: Vec<Socket>,
    next: u16,
    /// Legacy tables of IPv4 and IPv6 have rules that a flush of `nf_tables` does not reach.
    pub(super) legacy: [bool; 2],
    pub(super) ipsets: bool,
    /// Commands of `ip` that take back what was added, for each version.
    pub(super) undo: Vec<(&'static str, String)>,
    pub(super) parameters: Vec<(String, String)>,
}

impl Host {
    /// Builds the host; the namespace must be new.
    pub(crate) fn build() -> Self {
        let wires = topology::build();
        Self {
            observer: Observer::open(),
            flows: Flows::open(),
            wires,
            senders: Vec::new(),
            _sockets: sockets(),
            next: 0,
            legacy: [false; 2],
            ipsets: false,
            undo: Vec::new(),
            parameters: Vec::new(),
        }
    }

    /// A marker that none of the last packets had.
    pub(crate) fn next_marker(&mut self) -> Marker {
        self.next = (self.next + 1) % MARKERS;
        Marker(self.next)
    }

    /// Sends one packet on its way and reports all that is seen of it. Nothing of it is left behind in the connection
    /// table.
    pub(crate) fn inject(&mut self, packet: &Injection) -> Observed {
        if packet.state != State::New {
            self.flows.establish(packet);
        }
        self.observer.clear(&self.wires);
        let sent = match packet.origin {
            Origin::Wire { wire, link } => {
                let frame = [&packet.link_header(wire, link)[..], &packet.bytes].concat();
                self.wires.0[wire].send(&frame).expect("a frame can be sent: the wire is up");
                None
            }
            Origin::Socket { user, group } => self.send_from_socket((user, group), packet).err(),
        };
        let mut observed = self.observer.collect(&self.wires, packet);
        observed.sent = sent;
        self.flows.forget(packet);
        observed
    }

    fn send_from_socket(&mut self, owner: (u32, u32), packet: &Injection) -> Result<(), Errno> {
        if !self.senders.iter().any(|(known, _)| *known == owner) {
            let sockets = [Version::V4, Version::V6].map(|version| {
                RawSender::open_as(version, owner.0, owner.1)
                    .expect("a raw socket can be opened: root is needed")
            });
            self.senders.push((owner, sockets));
        }
        let found = self.senders.iter().find(|(known, _)| *known == owner);
        let (_, sockets) = found.expect("it was just put there");
        let sender = &sockets[usize::from(!packet.is_v4())];
        // The route is looked up for the socket's source, not for the header's; a source that is not the host's cannot
        // be bound, and is then left open.
        let headers = packet.headers();
        if sender.bind(headers.source).is_err() {
            let open = if packet.is_v4() { [0; 4].into() } else { IpAddr::from([0_u8; 16]) };
            sender.bind(open).expect("the unspecified address can be bound");
        }
        sender.send(&packet.bytes, headers.destination)
    }

    /// Nothing of earlier rules is left that could make a difference to later ones.
    pub(crate) fn is_fresh(&self) -> bool {
        self.legacy == [false; 2]
    }

    /// Forgets every connection.
    pub(crate) fn forget_flows(&mut self) {
        self.flows.flush();
    }
}

/// UDP sockets for `socket` and `tproxy` rules: transparent ones at port 8080, a marked plain one at port 53.
fn sockets() -> Vec<Socket> {
    let open = |v6: bool, port: u16| -> std::io::Result<Socket> {
        let domain = if v6 { Domain::IPV6 } else { Domain::IPV4 };
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        match (v6, port) {
            (false, 8080) => socket.set_ip_transparent_v4(true)?,
            (true, 8080) => socket.set_ip_transparent_v6(true)?,
            _ => socket.set_mark(0x10)?,
        }
        let any = if v6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
        if v6 {
            socket.set_only_v6(true)?;
        }
        socket.bind(&SocketAddr::new(any, port).into())?;
        Ok(socket)
    };
    let ports = [(false, 8080), (true, 8080), (false, 53), (true, 53)];
    ports.map(|(v6, port)| open(v6, port).expect("a socket can be opened: root is needed")).into()
}

impl Injection {
    /// The Ethernet header of the frame, at this wire and so addressed.
    pub(crate) fn link_header(&self, wire: usize, link: Link) -> [u8; 14] {
        let to = match link {
            Link::Host => NEAR[wire],
            Link::Broadcast => [0xff; 6],
            Link::Multicast => multicast(self.headers().destination),
            Link::Other => [2, 0, 0, 0, 9, 9],
            Link::Across => FAR[if wire == 2 { 3 } else { 2 }],
        };
        let kind: u16 = if self.is_v4() { 0x0800 } else { 0x86dd };
        let mut header = [0; 14];
        header[..6].copy_from_slice(&to);
        header[6..12].copy_from_slice(&FAR[wire]);
        header[12..].copy_from_slice(&kind.to_be_bytes());
        header
    }
}

/// RFC 1112 section 6.4, RFC 2464 section 7.
fn multicast(address: IpAddr) -> [u8; 6] {
    match address {
        IpAddr::V4(address) => {
            let [_, b, c, d] = address.octets();
            [1, 0, 0x5e, b & 0x7f, c, d]
        }
        IpAddr::V6(address) => {
            let [.., a, b, c, d] = address.octets();
            [0x33, 0x33, a, b, c, d]
        }
    }
}
