//! ICMP errors: which packet of ours could not be delivered, and why (RFC 792, RFC 4443).
//!
//! Only "destination unreachable"; echo, redirects and the rest are no errors of this kind.

use std::net::{IpAddr, SocketAddr};

use crate::cursor::Cursor;

/// A packet that could not be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreachable {
    /// The code, by which the version of IP tells the reason.
    pub code: u8,
    /// `IPPROTO_*` of the packet.
    pub protocol: u8,
    /// Port that it came from.
    pub source_port: u16,
    /// Where it was sent to.
    pub destination: SocketAddr,
}

impl Unreachable {
    /// Reads an `ICMPv4` packet that begins with its IPv4 header. `None` for anything else, and for what is cut short.
    pub fn from_v4(packet: &[u8]) -> Option<Self> {
        const DESTINATION_UNREACHABLE: u8 = 3;
        let mut icmp = Cursor::new(packet.get(header_length(packet)?..)?);
        let [kind, code] = icmp.array()?;
        if kind != DESTINATION_UNREACHABLE {
            return None;
        }
        icmp.skip(6)?;
        // RFC 792: the header of the packet and at least the first 8 bytes behind it.
        let inner = icmp.rest();
        let protocol = *inner.get(9)?;
        let address: [u8; 4] = inner.get(16..20)?.try_into().ok()?;
        Self::with_ports(code, protocol, IpAddr::from(address), inner.get(header_length(inner)?..)?)
    }

    /// Reads an `ICMPv6` packet that begins behind the IPv6 headers.
    pub fn from_v6(packet: &[u8]) -> Option<Self> {
        const DESTINATION_UNREACHABLE: u8 = 1;
        let mut icmp = Cursor::new(packet);
        let [kind, code] = icmp.array()?;
        if kind != DESTINATION_UNREACHABLE {
            return None;
        }
        icmp.skip(6)?;
        let inner = icmp.rest();
        let protocol = *inner.get(6)?;
        let address: [u8; 16] = inner.get(24..40)?.try_into().ok()?;
        Self::with_ports(code, protocol, IpAddr::from(address), inner.get(40..)?)
    }

    fn with_ports(code: u8, protocol: u8, address: IpAddr, transport: &[u8]) -> Option<Self> {
        let mut ports = Cursor::new(transport);
        let (source_port, port) = (ports.be16()?, ports.be16()?);
        Some(Self { code, protocol, source_port, destination: SocketAddr::new(address, port) })
    }

    /// The reason, as `nft` and `iptables` name it in `reject with`.
    pub fn reason(&self) -> &'static str {
        if self.destination.is_ipv4() { v4_unreachable(self.code) } else { v6_unreachable(self.code) }
    }
}

/// "Destination unreachable" of `ICMPv4` by its code.
pub(crate) fn v4_unreachable(code: u8) -> &'static str {
    match code {
        0 => "icmp net-unreachable",
        1 => "icmp host-unreachable",
        2 => "icmp prot-unreachable",
        3 => "icmp port-unreachable",
        4 => "icmp fragmentation-needed",
        9 => "icmp net-prohibited",
        10 => "icmp host-prohibited",
        13 => "icmp admin-prohibited",
        _ => "icmp destination unreachable",
    }
}

/// "Destination unreachable" of `ICMPv6` by its code.
pub(crate) fn v6_unreachable(code: u8) -> &'static str {
    match code {
        0 => "icmpv6 no-route",
        1 => "icmpv6 admin-prohibited",
        3 => "icmpv6 addr-unreachable",
        4 => "icmpv6 port-unreachable",
        5 => "icmpv6 policy-fail",
        6 => "icmpv6 reject-route",
        _ => "icmpv6 destination unreachable",
    }
}

/// Of an IPv4 header, in bytes.
fn header_length(packet: &[u8]) -> Option<usize> {
    let length = usize::from(packet.first()? & 0x0f) * 4;
    (length >= 20).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An IPv4 header without options, of this protocol.
    fn v4(protocol: u8) -> Vec<u8> {
        let mut header = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0];
        header.extend([192, 0, 2, 10, 203, 0, 113, 7]);
        header
    }

    #[test]
    fn an_icmpv4_error_names_the_packet() {
        let mut packet = v4(1);
        packet.extend([3, 13, 0, 0, 0, 0, 0, 0]);
        packet.extend(v4(6));
        packet.extend([0x9c, 0x40, 0x01, 0xbb, 0, 0, 0, 0]);
        let read = Unreachable::from_v4(&packet).unwrap();
        assert_eq!((read.protocol, read.source_port, read.reason()), (6, 40_000, "icmp admin-prohibited"));
        assert_eq!(read.destination.to_string(), "203.0.113.7:443");
        // An echo request, and every way to be cut short.
        packet[20] = 8;
        assert_eq!(Unreachable::from_v4(&packet), None);
        packet[20] = 3;
        for length in 0..packet.len() - 4 {
            assert_eq!(Unreachable::from_v4(&packet[..length]), None, "{length}");
        }
    }

    #[test]
    fn an_icmpv6_error_names_the_packet() {
        let mut packet = vec![1, 4, 0, 0, 0, 0, 0, 0, 0x60, 0, 0, 0, 0, 8, 17, 64];
        packet.extend([0; 16]);
        packet.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        packet.extend([0x9c, 0x40, 0, 53]);
        let read = Unreachable::from_v6(&packet).unwrap();
        assert_eq!((read.protocol, read.source_port, read.reason()), (17, 40_000, "icmpv6 port-unreachable"));
        assert_eq!(read.destination.to_string(), "[2001:db8::1]:53");
        for length in 0..packet.len() {
            assert_eq!(Unreachable::from_v6(&packet[..length]), None, "{length}");
        }
    }
}
