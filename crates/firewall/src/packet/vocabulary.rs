//! Names of numbers in headers: protocols, ICMP types and codes, TCP flags, differentiated services code points.

use crate::ir::Version;

/// Protocols by the names that `/etc/protocols`, `nft` and `iptables` use; the first name of a number is the one shown.
const PROTOCOLS: &[(&str, u8)] = &[
    ("tcp", 6),
    ("udp", 17),
    ("icmp", 1),
    ("icmpv6", 58),
    ("icmp6", 58),
    ("ipv6-icmp", 58),
    ("sctp", 132),
    ("dccp", 33),
    ("udplite", 136),
    ("udp-lite", 136),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipcomp", 108),
    ("comp", 108),
    ("igmp", 2),
    ("ipip", 4),
    ("ipencap", 4),
    ("6in4", 41),
    ("ospf", 89),
    ("pim", 103),
    ("vrrp", 112),
    ("l2tp", 115),
];

/// `linux/icmp.h`, with the names of `nft` first and those of `iptables` behind them.
const ICMP: &[(&str, u8)] = &[
    ("echo-reply", 0),
    ("pong", 0),
    ("destination-unreachable", 3),
    ("source-quench", 4),
    ("redirect", 5),
    ("echo-request", 8),
    ("ping", 8),
    ("router-advertisement", 9),
    ("router-solicitation", 10),
    ("time-exceeded", 11),
    ("ttl-exceeded", 11),
    ("parameter-problem", 12),
    ("timestamp-request", 13),
    ("timestamp-reply", 14),
    ("info-request", 15),
    ("info-reply", 16),
    ("address-mask-request", 17),
    ("address-mask-reply", 18),
];

/// `linux/icmpv6.h`, likewise.
const ICMP6: &[(&str, u8)] = &[
    ("destination-unreachable", 1),
    ("packet-too-big", 2),
    ("time-exceeded", 3),
    ("ttl-exceeded", 3),
    ("parameter-problem", 4),
    ("echo-request", 128),
    ("ping", 128),
    ("echo-reply", 129),
    ("pong", 129),
    ("mld-listener-query", 130),
    ("mld-listener-report", 131),
    ("mld-listener-done", 132),
    ("mld-listener-reduction", 132),
    ("nd-router-solicit", 133),
    ("router-solicitation", 133),
    ("nd-router-advert", 134),
    ("router-advertisement", 134),
    ("nd-neighbor-solicit", 135),
    ("neighbor-solicitation", 135),
    ("neighbour-solicitation", 135),
    ("nd-neighbor-advert", 136),
    ("neighbor-advertisement", 136),
    ("neighbour-advertisement", 136),
    ("nd-redirect", 137),
    ("redirect", 137),
    ("router-renumbering", 138),
    ("ind-neighbor-solicit", 141),
    ("ind-neighbor-advert", 142),
    ("mld2-listener-report", 143),
];

/// Codes of "destination unreachable".
const UNREACHABLE: &[(&str, u8)] = &[
    ("net-unreachable", 0),
    ("host-unreachable", 1),
    ("prot-unreachable", 2),
    ("port-unreachable", 3),
    ("frag-needed", 4),
    ("net-prohibited", 9),
    ("host-prohibited", 10),
    ("admin-prohibited", 13),
];

/// Codes of `ICMPv6` "destination unreachable".
const UNREACHABLE6: &[(&str, u8)] = &[
    ("no-route", 0),
    ("admin-prohibited", 1),
    ("addr-unreachable", 3),
    ("port-unreachable", 4),
    ("policy-fail", 5),
    ("reject-route", 6),
];

/// TCP flags in the order of their bits.
pub(crate) const FLAGS: [(&str, u8); 8] = [
    ("fin", 0x01),
    ("syn", 0x02),
    ("rst", 0x04),
    ("psh", 0x08),
    ("ack", 0x10),
    ("urg", 0x20),
    ("ece", 0x40),
    ("cwr", 0x80),
];

/// RFC 2474, 2597, 3246, 5865, 8622.
const DSCP: &[(&str, u8)] = &[
    ("cs0", 0),
    ("be", 0),
    ("lephb", 1),
    ("cs1", 8),
    ("af11", 10),
    ("af12", 12),
    ("af13", 14),
    ("cs2", 16),
    ("af21", 18),
    ("af22", 20),
    ("af23", 22),
    ("cs3", 24),
    ("af31", 26),
    ("af32", 28),
    ("af33", 30),
    ("cs4", 32),
    ("af41", 34),
    ("af42", 36),
    ("af43", 38),
    ("cs5", 40),
    ("va", 44),
    ("ef", 46),
    ("cs6", 48),
    ("cs7", 56),
];

/// Number of a protocol's name.
pub(crate) fn protocol(name: &str) -> Option<u8> {
    number(PROTOCOLS, name)
}

/// Name of a protocol's number.
pub(crate) fn protocol_name(protocol: u8) -> Option<&'static str> {
    name(PROTOCOLS, protocol)
}

/// Whether the protocol is one whose ports stand at the start of its header.
pub(super) fn has_ports(protocol: u8) -> bool {
    matches!(protocol, 6 | 17 | 33 | 132 | 136)
}

/// Number of an ICMP type's name.
pub(super) fn icmp_type(version: Version, name: &str) -> Option<u8> {
    number(icmp_types(version), name)
}

/// Name of an ICMP type.
pub(crate) fn icmp_type_name(version: Version, kind: u8) -> Option<&'static str> {
    name(icmp_types(version), kind)
}

/// Number of an ICMP code's name.
pub(super) fn icmp_code(version: Version, name: &str) -> Option<u8> {
    match version {
        Version::V4 => number(UNREACHABLE, name),
        Version::V6 => number(UNREACHABLE6, name),
    }
}

/// Bit of a TCP flag's name.
pub(super) fn flag(name: &str) -> Option<u8> {
    number(&FLAGS, name)
}

/// Number of a code point's name.
pub(super) fn dscp(name: &str) -> Option<u8> {
    number(DSCP, name)
}

fn icmp_types(version: Version) -> &'static [(&'static str, u8)] {
    match version {
        Version::V4 => ICMP,
        Version::V6 => ICMP6,
    }
}

fn number(table: &[(&str, u8)], name: &str) -> Option<u8> {
    table.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, number)| *number)
}

fn name(table: &[(&'static str, u8)], number: u8) -> Option<&'static str> {
    table.iter().find(|(_, known)| *known == number).map(|(name, _)| *name)
}
