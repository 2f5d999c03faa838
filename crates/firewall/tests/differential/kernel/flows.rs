//! The connection table: entries made before a packet, and taken away after it.

use std::net::IpAddr;

use portreeve_linux::Errno;
use portreeve_linux::netlink::{Channel as _, Family, NetlinkSocket};
use portreeve_linux::sysctl;
use portreeve_wire::netfilter::conntrack::{
    self, Entry, IPS_ASSURED, IPS_CONFIRMED, IPS_SEEN_REPLY, Transport as Upper, Tuple,
};
use portreeve_wire::netlink::{Class, Messages};

use crate::packet::{Injection, State};

pub(super) struct Flows {
    netlink: NetlinkSocket,
}

impl Flows {
    pub(super) fn open() -> Self {
        Self {
            netlink: NetlinkSocket::open(Family::Netfilter).expect("netfilter can be reached over netlink"),
        }
    }

    /// Makes the entry that the packet's state speaks of.
    pub(super) fn establish(&mut self, packet: &Injection) {
        let Some(own) = tuple(packet) else { return };
        let (original, mark) = match packet.state {
            State::New => return,
            State::Established { mark } => (own, mark),
            State::Reply { mark } => (reversed(&own), mark),
        };
        let entry = Entry {
            original,
            reply: reversed(&original),
            status: IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED,
            timeout: Some(300),
            mark,
            tcp_state: (original.protocol == 6).then_some(3),
            id: None,
            zone: 0,
        };
        let sequence = self.netlink.next_sequence();
        let request = entry.create_request(sequence).expect("an entry fits into a request");
        let outcome = self.ask(&request);
        assert_eq!(outcome, Ok(()), "the entry for {packet:?} cannot be made");
    }

    /// Takes away what the packet left.
    pub(super) fn forget(&mut self, packet: &Injection) {
        if let Some(own) = tuple(packet) {
            for original in [own, reversed(&own)] {
                let sequence = self.netlink.next_sequence();
                let request =
                    conntrack::delete_request(&original, sequence).expect("a tuple fits into a request");
                // ENOENT: nothing was tracked, or what was dropped on the way was never entered.
                let _unknown = self.ask(&request);
            }
        }
        // Answers, and packets changed before they were tracked, have other tuples.
        if count() != 0 {
            self.flush();
        }
    }

    pub(super) fn flush(&mut self) {
        let sequence = self.netlink.next_sequence();
        let outcome = self.ask(&conntrack::flush_request(sequence));
        assert_eq!(outcome, Ok(()), "the connection table cannot be flushed");
    }

    fn ask(&mut self, request: &[u8]) -> Result<(), Errno> {
        self.netlink.send(request)?;
        let answer = self.netlink.receive()?;
        for message in Messages::new(answer).flatten() {
            if let Ok(Class::Error(error)) = message.classify() {
                return if error.errno == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(error.errno)) };
            }
        }
        Err(Errno::BADMSG)
    }
}

fn count() -> u64 {
    let text = sysctl::read("net.netfilter.nf_conntrack_count").expect("the kernel tracks connections");
    text.parse().expect("a number")
}

/// The packet's tuple; `None` for ICMP errors, which have no flow of their own.
fn tuple(packet: &Injection) -> Option<Tuple> {
    let headers = packet.headers();
    let body = &packet.bytes[headers.transport.min(packet.bytes.len())..];
    let transport = match (headers.protocol, headers.ports, body) {
        (_, Some((source, destination)), _) => Upper::Ports { source, destination },
        (1 | 58, _, [kind, code, _, _, high, low, ..]) => {
            inverse(headers.source, *kind)?;
            Upper::Icmp { id: u16::from_be_bytes([*high, *low]), kind: *kind, code: *code }
        }
        _ => Upper::None,
    };
    let (source, destination) = (headers.source, headers.destination);
    Some(Tuple { source, destination, protocol: headers.protocol, transport })
}

fn reversed(tuple: &Tuple) -> Tuple {
    let transport = match tuple.transport {
        Upper::Ports { source, destination } => Upper::Ports { source: destination, destination: source },
        Upper::Icmp { id, kind, code } => {
            Upper::Icmp { id, kind: inverse(tuple.source, kind).unwrap_or(kind), code }
        }
        Upper::None => Upper::None,
    };
    Tuple { source: tuple.destination, destination: tuple.source, protocol: tuple.protocol, transport }
}

/// The type that answers an ICMP query or that it answers (`invmap` of `net/netfilter/nf_conntrack_proto_icmp.c` and
/// `nf_conntrack_proto_icmpv6.c`).
fn inverse(address: IpAddr, kind: u8) -> Option<u8> {
    match (address, kind) {
        (IpAddr::V4(_), 8) => Some(0),
        (IpAddr::V4(_), 0) => Some(8),
        (IpAddr::V4(_), 13 | 15 | 17) | (IpAddr::V6(_), 128 | 139) => Some(kind + 1),
        (IpAddr::V4(_), 14 | 16 | 18) | (IpAddr::V6(_), 129 | 140) => Some(kind - 1),
        _ => None,
    }
}
