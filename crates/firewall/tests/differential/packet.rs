//! Packets to be injected, and their bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// `n` of a packet's marker is below this.
pub(crate) const MARKERS: u16 = 0x1000;

/// Tells one packet from all others around: it is in the IPv4 identification, the IPv6 flow label, and in the transport
/// header or payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker(pub(crate) u16);

impl Marker {
    pub(crate) const fn identification(self) -> u16 {
        0x5000 | self.0
    }

    pub(crate) const fn flow_label(self) -> u32 {
        0x5_0000 | self.0 as u32
    }

    /// TCP sequence number; first four bytes of any other payload.
    pub(crate) const fn number(self) -> u32 {
        0x51c0_0000 | self.0 as u32
    }
}

/// A packet as bytes, and the circumstances of its arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Injection {
    pub(crate) origin: Origin,
    /// From the IP header on; it carries a marker.
    pub(crate) bytes: Vec<u8>,
    pub(crate) state: State,
}

impl Injection {
    pub(crate) fn is_v4(&self) -> bool {
        self.bytes[0] >> 4 == 4
    }

    /// The marker in the IP header.
    pub(crate) fn marker(&self) -> Marker {
        let at = if self.is_v4() { 4 } else { 2 };
        Marker(u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]]) & (MARKERS - 1))
    }

    pub(crate) fn headers(&self) -> IpHeaders {
        IpHeaders::read(&self.bytes).expect("what is injected has whole headers")
    }

    /// The packet in words.
    pub(crate) fn describe(&self) -> String {
        let headers = self.headers();
        let (tos, ttl) = if self.is_v4() {
            (self.bytes[1], self.bytes[8])
        } else {
            (self.bytes[0] << 4 | self.bytes[1] >> 4, self.bytes[7])
        };
        let body = self.bytes.get(headers.transport..).unwrap_or_default();
        let upper = match (headers.protocol, headers.ports, body) {
            (6, Some((source, destination)), _) => {
                format!("tcp {source} to {destination} flags {:#x}", body.get(13).copied().unwrap_or(0))
            }
            (protocol, Some((source, destination)), _) => {
                format!("protocol {protocol} {source} to {destination}")
            }
            (1 | 58, _, [kind, code, ..]) => format!("icmp type {kind} code {code}"),
            (protocol, ..) => format!("protocol {protocol}"),
        };
        let fragment = if headers.is_fragment { " fragment" } else { "" };
        let (source, destination) = (headers.source, headers.destination);
        format!(
            "{:?} {source} to {destination} {upper}{fragment} ttl {ttl} tos {tos:#x} {:?}",
            self.origin, self.state
        )
    }
}

/// What of an IP packet's headers matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IpHeaders {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) protocol: u8,
    /// Offset of what follows IP's headers.
    pub(crate) transport: usize,
    /// It is a part of a packet, the first or a later one.
    pub(crate) is_fragment: bool,
    /// Source and destination port, of protocols that have them.
    pub(crate) ports: Option<(u16, u16)>,
}

impl IpHeaders {
    /// `None` where the headers are cut short.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
        let (source, destination, protocol, transport, is_fragment);
        if bytes.first()? >> 4 == 4 {
            let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(at..at + 4)?).ok()?));
            (source, destination) = (address(12)?.into(), address(16)?.into());
            protocol = *bytes.get(9)?;
            transport = usize::from(bytes[0] & 15) * 4;
            is_fragment = word(6)? & 0x3fff != 0;
        } else {
            let address =
                |at: usize| Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.get(at..at + 16)?).ok()?));
            (source, destination) = (address(8)?.into(), address(24)?.into());
            let (mut next, mut at, mut part) = (*bytes.get(6)?, 40, false);
            while matches!(next, 0 | 43 | 44 | 60) {
                part |= next == 44;
                let length = if next == 44 { 8 } else { (usize::from(*bytes.get(at + 1)?) + 1) * 8 };
                next = *bytes.get(at)?;
                at += length;
            }
            (protocol, transport, is_fragment) = (next, at, part);
        }
        let has_ports = matches!(protocol, 6 | 17 | 33 | 132 | 136);
        let ports = if has_ports { word(transport).zip(word(transport + 2)) } else { None };
        Some(Self { source, destination, protocol, transport, is_fragment, ports })
    }
}

/// A packet and the circumstances of its arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) origin: Origin,
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    /// TTL or hop limit.
    pub(crate) ttl: u8,
    /// TOS or traffic class.
    pub(crate) tos: u8,
    /// IPv4: bits of the flags and the fragment offset. IPv6: the same in a fragment header, where not 0.
    pub(crate) fragment: u16,
    /// IPv4 options (a multiple of 4 bytes), or IPv6 extension headers with their own numbers.
    pub(crate) extensions: Extensions,
    pub(crate) transport: Transport,
    pub(crate) payload: Vec<u8>,
    pub(crate) state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Extensions {
    pub(crate) ip_options: Vec<u8>,
    /// Number and whole bytes with a place for the next header in front.
    pub(crate) headers: Vec<(u8, Vec<u8>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// As a frame at this wire.
    Wire { wire: usize, link: Link },
    /// From a socket of the host's own, of this user and group.
    Socket { user: u32, group: u32 },
}

/// To whom the frame is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Link {
    Host,
    Broadcast,
    Multicast,
    Other,
    /// The station behind the other port of the bridge: it is bridged.
    Across,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp { source: u16, destination: u16, flags: u8, window: u16, options: Vec<u8> },
    Udp { source: u16, destination: u16 },
    Icmp { kind: u8, code: u8, id: u16 },
    Sctp { source: u16, destination: u16 },
    UdpLite { source: u16, destination: u16 },
    Dccp { source: u16, destination: u16 },
    Other(u8),
}

/// What the host already knows of the packet's flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing.
    New,
    /// A connection in this direction, which has seen packets both ways.
    Established { mark: u32 },
    /// A connection in the other direction.
    Reply { mark: u32 },
}

impl Packet {
    pub(crate) fn is_v4(&self) -> bool {
        self.source.is_ipv4()
    }

    /// Number of the transport protocol.
    pub(crate) fn protocol(&self) -> u8 {
        match (&self.transport, self.is_v4()) {
            (Transport::Tcp { .. }, _) => 6,
            (Transport::Udp { .. }, _) => 17,
            (Transport::Icmp { .. }, true) => 1,
            (Transport::Icmp { .. }, false) => 58,
            (Transport::Sctp { .. }, _) => 132,
            (Transport::UdpLite { .. }, _) => 136,
            (Transport::Dccp { .. }, _) => 33,
            (Transport::Other(number), _) => *number,
        }
    }

    /// With this marker.
    pub(crate) fn injection(&self, marker: Marker) -> Injection {
        Injection { origin: self.origin, bytes: self.bytes(marker), state: self.state }
    }

    /// From the IP header on.
    fn bytes(&self, marker: Marker) -> Vec<u8> {
        let body = self.body(marker);
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => self.v4(source, destination, marker, &body),
            (IpAddr::V6(source), IpAddr::V6(destination)) => self.v6(source, destination, marker, &body),
            _ => unreachable!("both addresses are of one family"),
        }
    }

    fn v4(&self, source: Ipv4Addr, destination: Ipv4Addr, marker: Marker, body: &[u8]) -> Vec<u8> {
        let options = &self.extensions.ip_options;
        let header = 20 + options.len();
        let mut bytes = vec![0x40 | (header / 4) as u8, self.tos];
        bytes.extend(((header + body.len()) as u16).to_be_bytes());
        bytes.extend(marker.identification().to_be_bytes());
        bytes.extend(self.fragment.to_be_bytes());
        bytes.extend([self.ttl, self.protocol(), 0, 0]);
        bytes.extend(source.octets());
        bytes.extend(destination.octets());
        bytes.extend(options);
        let sum = checksum(&bytes, 0);
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        bytes.extend(body);
        bytes
    }

    fn v6(&self, source: Ipv6Addr, destination: Ipv6Addr, marker: Marker, body: &[u8]) -> Vec<u8> {
        let mut chain: Vec<(u8, Vec<u8>)> = self.extensions.headers.clone();
        if self.fragment != 0 {
            // The offset is in the upper 13 bits, "more fragments" is the lowest: IPv4's the other way round.
            let more = u16::from(self.fragment & 0x2000 != 0);
            let [high, low] = ((self.fragment & 0x1fff) << 3 | more).to_be_bytes();
            let [a, b, c, d] = marker.number().to_be_bytes();
            chain.push((44, vec![0, 0, high, low, a, b, c, d]));
        }
        let mut headers = Vec::new();
        for (index, (_, bytes)) in chain.iter().enumerate() {
            let next = chain.get(index + 1).map_or(self.protocol(), |(number, _)| *number);
            headers.push(next);
            headers.extend(&bytes[1..]);
        }
        let first = chain.first().map_or(self.protocol(), |(number, _)| *number);
        let word = 6 << 28 | u32::from(self.tos) << 20 | marker.flow_label();
        let mut bytes = word.to_be_bytes().to_vec();
        bytes.extend(((headers.len() + body.len()) as u16).to_be_bytes());
        bytes.extend([first, self.ttl]);
        bytes.extend(source.octets());
        bytes.extend(destination.octets());
        bytes.extend(headers);
        bytes.extend(body);
        bytes
    }

    /// From the transport header on.
    fn body(&self, marker: Marker) -> Vec<u8> {
        let number = marker.number().to_be_bytes();
        let mut body = Vec::new();
        let checksum_at = match &self.transport {
            Transport::Tcp { source, destination, flags, window, options } => {
                body.extend(source.to_be_bytes());
                body.extend(destination.to_be_bytes());
                body.extend(number);
                let acknowledged = if flags & 0x10 != 0 { 0x1234_5678_u32 } else { 0 };
                body.extend(acknowledged.to_be_bytes());
                body.extend([(((20 + options.len()) / 4) << 4) as u8, *flags]);
                body.extend(window.to_be_bytes());
                body.extend([0; 4]);
                body.extend(options);
                body.extend(&self.payload);
                Some(16)
            }
            Transport::Udp { source, destination } => {
                body.extend(source.to_be_bytes());
                body.extend(destination.to_be_bytes());
                body.extend((12 + self.payload.len() as u16).to_be_bytes());
                body.extend([0; 2]);
                body.extend(number);
                body.extend(&self.payload);
                Some(6)
            }
            Transport::Icmp { kind, code, id } => {
                body.extend([*kind, *code, 0, 0]);
                body.extend(id.to_be_bytes());
                body.extend([0, 1]);
                body.extend(number);
                body.extend(&self.payload);
                Some(2)
            }
            Transport::Sctp { source, destination } => {
                body.extend(source.to_be_bytes());
                body.extend(destination.to_be_bytes());
                // The tag of an INIT is 0 (RFC 9260 section 8.5.1); the checksum follows.
                body.extend([0; 8]);
                // INIT: type, flags, length, initiate tag, window, streams out and in, first number.
                body.extend([1, 0, 0, 20]);
                body.extend(number);
                body.extend([0, 1, 0, 0, 0, 10, 0, 10]);
                body.extend(number);
                let sum = crc32c(&body);
                body[8..12].copy_from_slice(&sum.to_le_bytes());
                None
            }
            Transport::UdpLite { source, destination } => {
                body.extend(source.to_be_bytes());
                body.extend(destination.to_be_bytes());
                // All of it is covered by the checksum, which `udplite_error` takes for that of UDP
                // (net/netfilter/nf_conntrack_proto_udp.c): with the right one, connection tracking calls every
                // packet invalid whose checksum no network card has checked.
                body.extend([0; 4]);
                body.extend(number);
                body.extend(&self.payload);
                Some(6)
            }
            Transport::Dccp { source, destination } => {
                body.extend(source.to_be_bytes());
                body.extend(destination.to_be_bytes());
                // A request (RFC 4340 section 5.1): 20 bytes of header, long sequence numbers, and the service.
                body.extend([5, 0, 0, 0, 1, 0, 0, 0]);
                body.extend(number);
                body.extend(number);
                body.extend(&self.payload);
                Some(6)
            }
            // No flags, IPv4 inside.
            Transport::Other(47) => {
                body.extend([0, 0, 8, 0]);
                body.extend(number);
                body.extend(&self.payload);
                None
            }
            Transport::Other(_) => {
                body.extend(number);
                body.extend(&self.payload);
                None
            }
        };
        if let Some(at) = checksum_at {
            let mut sum = checksum(&body, self.pseudo_header(body.len()));
            if sum == 0 && matches!(self.transport, Transport::Udp { .. }) {
                sum = 0xffff;
            }
            body[at..at + 2].copy_from_slice(&sum.to_be_bytes());
        }
        body
    }

    /// Sum of the pseudo header; ICMP over IPv4 has none.
    fn pseudo_header(&self, length: usize) -> u32 {
        if self.is_v4() && matches!(self.transport, Transport::Icmp { .. }) {
            return 0;
        }
        let octets = |address: IpAddr| match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let addresses = [octets(self.source), octets(self.destination)].concat();
        let protocol = if self.protocol() == 136 { 17 } else { self.protocol() };
        words(&addresses) + u32::from(protocol) + length as u32
    }
}

/// The Internet checksum of `bytes`, begun with `start`.
pub(crate) fn checksum(bytes: &[u8], start: u32) -> u16 {
    let mut sum = words(bytes) + start;
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The checksum of SCTP (RFC 9260 appendix A), bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0x82f6_3b78 } else { 0 })
    })
}

fn words(bytes: &[u8]) -> u32 {
    bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low))).sum()
}
