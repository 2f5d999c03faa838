//! Header fields by the names that `nft` gives them (`src/proto.c`, `src/payload.c` of nftables): where they are, how wide, of
//! which type.

use std::borrow::Cow;

use super::kind::{Kind, Type};
use crate::ir::{Payload, PayloadBase};

/// A header.
#[derive(Debug)]
pub(super) struct Header {
    name: &'static str,
    pub base: PayloadBase,
    /// `EtherType` of packets that have it, where only one has.
    pub network: Option<u16>,
    /// `IPPROTO_*` of packets that have it, where only one has.
    pub transport: Option<u8>,
    fields: &'static [Field],
}

/// Full name, offset and width in bits, type.
type Field = (&'static str, u16, u16, Kind);

/// `EtherType` of IPv4.
pub(super) const IP: u16 = 0x0800;
/// `EtherType` of IPv6.
pub(super) const IP6: u16 = 0x86dd;
/// `EtherType` of ARP.
pub(super) const ARP: u16 = 0x0806;
/// `EtherType` of an 802.1Q tag.
pub(super) const VLAN: u16 = 0x8100;

/// Where the first 802.1Q tag begins, in bits: behind the Ethernet header.
pub(super) const TAG_OFFSET: u16 = 112;
/// Length of a tag, in bits.
pub(super) const TAG_WIDTH: u16 = 32;

const HEADERS: &[Header] = &[
    link(
        "ether",
        &[
            ("ether daddr", 0, 48, Kind::Ether),
            ("ether saddr", 48, 48, Kind::Ether),
            ("ether type", 96, 16, Kind::EtherType),
        ],
    ),
    link(
        "vlan",
        &[
            ("vlan pcp", TAG_OFFSET, 3, Kind::Integer),
            ("vlan dei", TAG_OFFSET + 3, 1, Kind::Integer),
            ("vlan cfi", TAG_OFFSET + 3, 1, Kind::Integer),
            ("vlan id", TAG_OFFSET + 4, 12, Kind::Integer),
            ("vlan type", TAG_OFFSET + 16, 16, Kind::EtherType),
        ],
    ),
    network(
        "arp",
        ARP,
        &[
            ("arp htype", 0, 16, Kind::Integer),
            ("arp ptype", 16, 16, Kind::EtherType),
            ("arp hlen", 32, 8, Kind::Integer),
            ("arp plen", 40, 8, Kind::Integer),
            ("arp operation", 48, 16, Kind::ArpOperation),
            ("arp saddr ether", 64, 48, Kind::Ether),
            ("arp saddr ip", 112, 32, Kind::Ipv4),
            ("arp daddr ether", 144, 48, Kind::Ether),
            ("arp daddr ip", 192, 32, Kind::Ipv4),
        ],
    ),
    network(
        "ip",
        IP,
        &[
            ("ip version", 0, 4, Kind::Integer),
            ("ip hdrlength", 4, 4, Kind::Integer),
            ("ip dscp", 8, 6, Kind::Dscp),
            ("ip ecn", 14, 2, Kind::Ecn),
            ("ip length", 16, 16, Kind::Integer),
            ("ip id", 32, 16, Kind::Integer),
            ("ip frag-off", 48, 16, Kind::Integer),
            ("ip ttl", 64, 8, Kind::Integer),
            ("ip protocol", 72, 8, Kind::Protocol),
            ("ip checksum", 80, 16, Kind::Integer),
            ("ip saddr", 96, 32, Kind::Ipv4),
            ("ip daddr", 128, 32, Kind::Ipv4),
        ],
    ),
    network(
        "ip6",
        IP6,
        &[
            ("ip6 version", 0, 4, Kind::Integer),
            ("ip6 dscp", 4, 6, Kind::Dscp),
            ("ip6 ecn", 10, 2, Kind::Ecn),
            ("ip6 flowlabel", 12, 20, Kind::Integer),
            ("ip6 length", 32, 16, Kind::Integer),
            ("ip6 nexthdr", 48, 8, Kind::Protocol),
            ("ip6 hoplimit", 56, 8, Kind::Integer),
            ("ip6 saddr", 64, 128, Kind::Ipv6),
            ("ip6 daddr", 192, 128, Kind::Ipv6),
        ],
    ),
    transport(
        "icmp",
        Some(IP),
        1,
        &[
            ("icmp type", 0, 8, Kind::IcmpType),
            ("icmp code", 8, 8, Kind::IcmpCode),
            ("icmp checksum", 16, 16, Kind::Integer),
            ("icmp id", 32, 16, Kind::Integer),
            ("icmp sequence", 48, 16, Kind::Integer),
            ("icmp gateway", 32, 32, Kind::Integer),
            ("icmp mtu", 48, 16, Kind::Integer),
        ],
    ),
    transport(
        "icmpv6",
        Some(IP6),
        58,
        &[
            ("icmpv6 type", 0, 8, Kind::Icmp6Type),
            ("icmpv6 code", 8, 8, Kind::Icmp6Code),
            ("icmpv6 checksum", 16, 16, Kind::Integer),
            ("icmpv6 parameter-problem", 32, 32, Kind::Integer),
            ("icmpv6 mtu", 32, 32, Kind::Integer),
            ("icmpv6 id", 32, 16, Kind::Integer),
            ("icmpv6 sequence", 48, 16, Kind::Integer),
            ("icmpv6 max-delay", 32, 16, Kind::Integer),
            ("icmpv6 taddr", 64, 128, Kind::Ipv6),
            ("icmpv6 daddr", 192, 128, Kind::Ipv6),
        ],
    ),
    transport(
        "igmp",
        Some(IP),
        2,
        &[
            ("igmp type", 0, 8, Kind::IgmpType),
            ("igmp mrt", 8, 8, Kind::Integer),
            ("igmp checksum", 16, 16, Kind::Integer),
            ("igmp group", 32, 32, Kind::Integer),
        ],
    ),
    transport(
        "tcp",
        None,
        6,
        &[
            ("tcp sport", 0, 16, Kind::Service),
            ("tcp dport", 16, 16, Kind::Service),
            ("tcp sequence", 32, 32, Kind::Integer),
            ("tcp ackseq", 64, 32, Kind::Integer),
            ("tcp doff", 96, 4, Kind::Integer),
            ("tcp reserved", 100, 4, Kind::Integer),
            ("tcp flags", 104, 8, Kind::TcpFlags),
            ("tcp window", 112, 16, Kind::Integer),
            ("tcp checksum", 128, 16, Kind::Integer),
            ("tcp urgptr", 144, 16, Kind::Integer),
        ],
    ),
    transport(
        "udp",
        None,
        17,
        &[
            ("udp sport", 0, 16, Kind::Service),
            ("udp dport", 16, 16, Kind::Service),
            ("udp length", 32, 16, Kind::Integer),
            ("udp checksum", 48, 16, Kind::Integer),
        ],
    ),
    transport(
        "udplite",
        None,
        136,
        &[
            ("udplite sport", 0, 16, Kind::Service),
            ("udplite dport", 16, 16, Kind::Service),
            ("udplite csumcov", 32, 16, Kind::Integer),
            ("udplite checksum", 48, 16, Kind::Integer),
        ],
    ),
    transport(
        "sctp",
        None,
        132,
        &[
            ("sctp sport", 0, 16, Kind::Service),
            ("sctp dport", 16, 16, Kind::Service),
            ("sctp vtag", 32, 32, Kind::Integer),
            ("sctp checksum", 64, 32, Kind::Integer),
        ],
    ),
    transport(
        "dccp",
        None,
        33,
        &[
            ("dccp sport", 0, 16, Kind::Service),
            ("dccp dport", 16, 16, Kind::Service),
            // RFC 4340, section 5.1: three reserved bits, then the type.
            ("dccp type", 67, 4, Kind::DccpType),
        ],
    ),
    transport(
        "ah",
        None,
        51,
        &[
            ("ah nexthdr", 0, 8, Kind::Protocol),
            ("ah hdrlength", 8, 8, Kind::Integer),
            ("ah reserved", 16, 16, Kind::Integer),
            ("ah spi", 32, 32, Kind::Integer),
            ("ah sequence", 64, 32, Kind::Integer),
        ],
    ),
    transport("esp", None, 50, &[("esp spi", 0, 32, Kind::Integer), ("esp sequence", 32, 32, Kind::Integer)]),
    transport(
        "comp",
        None,
        108,
        &[
            ("comp nexthdr", 0, 8, Kind::Protocol),
            ("comp flags", 8, 8, Kind::Integer),
            ("comp cpi", 16, 16, Kind::Integer),
        ],
    ),
    transport(
        "gre",
        None,
        47,
        &[
            ("gre flags", 0, 5, Kind::Integer),
            ("gre version", 13, 3, Kind::Integer),
            ("gre protocol", 16, 16, Kind::EtherType),
        ],
    ),
    // Ports of whichever protocol there is.
    Header {
        name: "th",
        base: PayloadBase::Transport,
        network: None,
        transport: None,
        fields: &[("th sport", 0, 16, Kind::Service), ("th dport", 16, 16, Kind::Service)],
    },
];

const fn link(name: &'static str, fields: &'static [Field]) -> Header {
    Header { name, base: PayloadBase::Link, network: None, transport: None, fields }
}

const fn network(name: &'static str, network: u16, fields: &'static [Field]) -> Header {
    Header { name, base: PayloadBase::Network, network: Some(network), transport: None, fields }
}

const fn transport(
    name: &'static str,
    network: Option<u16>,
    protocol: u8,
    fields: &'static [Field],
) -> Header {
    Header { name, base: PayloadBase::Transport, network, transport: Some(protocol), fields }
}

/// The field of a header, with what must hold for it in any family.
pub(super) fn field(protocol: &str, field: &str) -> Option<(Payload, Type)> {
    let header = HEADERS.iter().find(|header| header.name == protocol)?;
    let own = |full: &str| full.strip_prefix(protocol).and_then(|rest| rest.strip_prefix(' ')) == Some(field);
    let (name, offset, width, kind) = *header.fields.iter().find(|(full, ..)| own(full))?;
    let payload = Payload {
        base: header.base,
        offset,
        width,
        network: header.network,
        transport: header.transport,
        name: Cow::Borrowed(name),
    };
    Some((payload, Type::new(kind, width)))
}

/// The type of ICMP message that a field belongs to. `nft` checks it and leaves it out of its listing
/// (`proto_icmp`, `proto_icmp6` and `payload_gen_icmp_dependency`, `src/payload.c`). Fields of more than one type are not here:
/// their check is listed.
pub(super) fn message_type(name: &str) -> Option<u8> {
    match name {
        "icmp gateway" => Some(5),
        "icmp mtu" => Some(3),
        "icmpv6 parameter-problem" => Some(4),
        "icmpv6 mtu" => Some(2),
        "icmpv6 max-delay" => Some(130),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_lie_inside_of_16_bit_offsets() {
        let (payload, kind) = field("tcp", "dport").unwrap();
        assert_eq!((payload.offset, payload.width, payload.transport), (16, 16, Some(6)));
        assert_eq!(kind, Type::of(Kind::Service));
        assert_eq!(field("arp", "saddr ip").unwrap().0.offset, 112);
        assert!(field("tcp", "nothing").is_none());
        assert!(field("nothing", "dport").is_none());
        for header in HEADERS {
            for (name, _, width, _) in header.fields {
                assert!(name.starts_with(header.name) && (1..=128).contains(width), "{name}");
            }
        }
    }
}
