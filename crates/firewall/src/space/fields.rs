//! The fields that the bits of the headers belong to, by name.

use std::borrow::Cow;

use super::layout::Part;
use super::set::Space;
use super::word::Word;
use crate::ir::{PayloadBase, Version};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const DCCP: u8 = 33;
const ICMP6: u8 = 58;
const SCTP: u8 = 132;
const UDPLITE: u8 = 136;

/// A field of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name in sentences: `source port`, `ttl`, `bits 32..64 of the transport header`.
    pub(super) name: Cow<'static, str>,
    /// What it holds.
    pub(super) kind: FieldKind,
    base: PayloadBase,
    offset: u16,
    width: u16,
}

/// What a field holds, as far as it is shown or asked for in a way of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    Source,
    Destination,
    SourcePort,
    DestinationPort,
    TcpFlags,
    IcmpType,
    IcmpCode,
    Dscp,
    /// TTL or hop limit.
    Ttl,
    /// IPv4: of the whole packet. IPv6: of what follows the header.
    Length,
    EtherSource,
    EtherDestination,
    /// Something that a person does not say of a packet.
    Other,
}

impl Field {
    fn new(
        name: impl Into<Cow<'static, str>>,
        kind: FieldKind,
        base: PayloadBase,
        offset: u16,
        width: u16,
    ) -> Self {
        Self { name: name.into(), kind, base, offset, width }
    }

    /// Its bits.
    pub(super) fn word(&self, space: &Space) -> Word {
        space.bits_at(self.base, self.offset, self.width)
    }

    /// The part that it is, or is in.
    pub(super) fn part(&self) -> Option<Part> {
        match self.kind {
            FieldKind::Source => Some(Part::Source),
            FieldKind::Destination => Some(Part::Destination),
            FieldKind::SourcePort | FieldKind::IcmpType | FieldKind::IcmpCode => Some(Part::SourcePort),
            FieldKind::DestinationPort => Some(Part::DestinationPort),
            FieldKind::TcpFlags => Some(Part::TcpFlags),
            _ => None,
        }
    }
}

/// Whether the protocol has ports where TCP has them.
pub(super) fn has_ports(protocol: u8) -> bool {
    matches!(protocol, TCP | UDP | UDPLITE | SCTP | DCCP)
}

/// Every bit of the headers of a protocol's packets, each in one field; those that matter most first.
pub(super) fn fields(version: Version, protocol: u8) -> Vec<Field> {
    let mut fields = network(version);
    fields.splice(0..0, transport(version, protocol));
    fields.extend([
        Field::new("ether source", FieldKind::EtherSource, PayloadBase::Link, 48, 48),
        Field::new("ether destination", FieldKind::EtherDestination, PayloadBase::Link, 0, 48),
        Field::new("ether type", FieldKind::Other, PayloadBase::Link, 96, 16),
    ]);
    // Addresses before ports: what a packet is chosen by first.
    fields.sort_by_key(|field| !matches!(field.kind, FieldKind::Source | FieldKind::Destination));
    fields
}

fn network(version: Version) -> Vec<Field> {
    use FieldKind::{Destination, Dscp, Length, Other, Source, Ttl};
    let field =
        |name: &'static str, kind, offset, width| Field::new(name, kind, PayloadBase::Network, offset, width);
    match version {
        Version::V4 => vec![
            field("source", Source, 96, 32),
            field("destination", Destination, 128, 32),
            field("dscp", Dscp, 8, 6),
            field("ttl", Ttl, 64, 8),
            field("length", Length, 16, 16),
            field("ecn", Other, 14, 2),
            field("ip id", Other, 32, 16),
            field("fragment flags", Other, 48, 3),
            field("fragment offset", Other, 51, 13),
            field("ip protocol", Other, 72, 8),
            field("ip checksum", Other, 80, 16),
            field("ip version", Other, 0, 4),
            field("ip header length", Other, 4, 4),
        ],
        Version::V6 => vec![
            field("source", Source, 64, 128),
            field("destination", Destination, 192, 128),
            field("dscp", Dscp, 4, 6),
            field("hop limit", Ttl, 56, 8),
            field("payload length", Length, 32, 16),
            field("ecn", Other, 10, 2),
            field("flow label", Other, 12, 20),
            field("next header", Other, 48, 8),
            field("ip version", Other, 0, 4),
        ],
    }
}

fn transport(version: Version, protocol: u8) -> Vec<Field> {
    use FieldKind::{DestinationPort, IcmpCode, IcmpType, Other, SourcePort, TcpFlags};
    let field = |name: &'static str, kind, offset, width| {
        Field::new(name, kind, PayloadBase::Transport, offset, width)
    };
    let mut fields = match (protocol, version) {
        (ICMP, Version::V4) | (ICMP6, Version::V6) => vec![
            field("icmp type", IcmpType, 0, 8),
            field("icmp code", IcmpCode, 8, 8),
            field("icmp checksum", Other, 16, 16),
            field("icmp id", Other, 32, 16),
            field("icmp sequence", Other, 48, 16),
        ],
        _ if has_ports(protocol) => {
            vec![field("destination port", DestinationPort, 16, 16), field("source port", SourcePort, 0, 16)]
        }
        _ => Vec::new(),
    };
    match protocol {
        TCP => fields.extend([
            field("tcp flags", TcpFlags, 104, 8),
            field("tcp sequence", Other, 32, 32),
            field("tcp acknowledgement", Other, 64, 32),
            field("tcp header length", Other, 96, 4),
            field("tcp reserved bits", Other, 100, 4),
            field("tcp window", Other, 112, 16),
            field("tcp checksum", Other, 128, 16),
            field("tcp urgent pointer", Other, 144, 16),
        ]),
        UDP => fields.extend([field("udp length", Other, 32, 16), field("udp checksum", Other, 48, 16)]),
        _ => {}
    }
    let named = fields.iter().map(|field| field.offset + field.width).max().unwrap_or(0);
    // Layouts keep the bits of some parts together, so that a word may not cross their edges.
    let edges = [0, 16, 32, 64, 96, 104, 112, 128, 144, 160];
    fields.extend(edges.iter().zip(edges.iter().skip(1)).filter(|(from, _)| **from >= named).map(
        |(from, to)| {
            let name = format!("bits {from}..{to} of the transport header");
            Field::new(name, Other, PayloadBase::Transport, *from, to - from)
        },
    ));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Budget;

    #[test]
    fn every_variable_is_in_one_field_whose_bits_stand_together() {
        for version in [Version::V4, Version::V6] {
            let space = Space::new(version, Budget { nodes: 1 << 12, steps: 0 }).unwrap();
            for protocol in [ICMP, TCP, UDP, DCCP, ICMP6, SCTP, UDPLITE, 47, 2] {
                let fields = fields(version, protocol);
                let mut seen: Vec<u32> = fields
                    .iter()
                    .flat_map(|field| field.word(&space).variables().collect::<Vec<_>>())
                    .collect();
                seen.sort_unstable();
                assert_eq!(seen, (0..space.layout.count()).collect::<Vec<_>>(), "{version:?} {protocol}");
                for field in fields {
                    assert!(field.word(&space).span().is_some(), "{} of {protocol}", field.name);
                }
            }
        }
    }
}
