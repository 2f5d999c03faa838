//! TCP options, IPv4 options and IPv6 extension headers by the names that `nft` gives them (`src/tcpopt.c`, `src/ipopt.c`,
//! `src/exthdr.c` of nftables).

use super::kind::{Cause, Kind, Type};
use super::node::Node;
use crate::ir::Field;

/// Name of a field, offset and width in bits.
type Part = (&'static str, u16, u16, Kind);
/// Name of an option, its kind, its fields beside the common ones.
type Named = (&'static str, u8, &'static [Part]);

/// IANA, TCP Option Kind Numbers
const TCP_OPTIONS: &[Named] = &[
    ("eol", 0, &[]),
    ("nop", 1, &[]),
    ("noop", 1, &[]),
    ("maxseg", 2, &[("size", 16, 16, Kind::Integer)]),
    ("window", 3, &[("count", 16, 8, Kind::Integer)]),
    ("sack-perm", 4, &[]),
    ("sack-permitted", 4, &[]),
    ("sack", 5, SACK),
    ("sack0", 5, SACK),
    ("sack1", 5, &[("left", 80, 32, Kind::Integer), ("right", 112, 32, Kind::Integer)]),
    ("sack2", 5, &[("left", 144, 32, Kind::Integer), ("right", 176, 32, Kind::Integer)]),
    ("sack3", 5, &[("left", 208, 32, Kind::Integer), ("right", 240, 32, Kind::Integer)]),
    ("timestamp", 8, &[("tsval", 16, 32, Kind::Integer), ("tsecr", 48, 32, Kind::Integer)]),
    ("md5sig", 19, &[]),
    ("mptcp", 30, &[("subtype", 16, 4, Kind::Integer)]),
    ("fastopen", 34, &[]),
];

const SACK: &[Part] = &[("left", 16, 32, Kind::Integer), ("right", 48, 32, Kind::Integer)];
const COMMON: &[Part] =
    &[("kind", 0, 8, Kind::Integer), ("type", 0, 8, Kind::Integer), ("length", 8, 8, Kind::Integer)];

/// `include/uapi/linux/ip.h`
const IP_OPTIONS: &[Named] = &[
    ("lsrr", 131, ROUTE),
    ("ssrr", 137, ROUTE),
    ("rr", 7, ROUTE),
    ("ra", 148, &[("value", 16, 16, Kind::Integer)]),
];

const ROUTE: &[Part] = &[("ptr", 16, 8, Kind::Integer), ("addr", 24, 32, Kind::Ipv4)];

const EXTENSIONS: &[Named] = &[
    ("hbh", 0, HEAD),
    ("dst", 60, HEAD),
    (
        "rt",
        43,
        &[
            ("nexthdr", 0, 8, Kind::Protocol),
            ("hdrlength", 8, 8, Kind::Integer),
            ("type", 16, 8, Kind::Integer),
            ("seg-left", 24, 8, Kind::Integer),
        ],
    ),
    (
        "rt0",
        43,
        &[
            ("reserved", 32, 32, Kind::Integer),
            ("addr[1]", 64, 128, Kind::Ipv6),
            ("addr[2]", 192, 128, Kind::Ipv6),
        ],
    ),
    // The type 2 header of Mobile IPv6 has one address (RFC 6275, section 6.4.1).
    ("rt2", 43, &[("reserved", 32, 32, Kind::Integer), ("addr", 64, 128, Kind::Ipv6)]),
    (
        "srh",
        43,
        &[
            ("last-entry", 32, 8, Kind::Integer),
            ("flags", 40, 8, Kind::Integer),
            ("tag", 48, 16, Kind::Integer),
            ("sid[1]", 64, 128, Kind::Ipv6),
            ("sid[2]", 192, 128, Kind::Ipv6),
        ],
    ),
    (
        "frag",
        44,
        &[
            ("nexthdr", 0, 8, Kind::Protocol),
            ("reserved", 8, 8, Kind::Integer),
            ("frag-off", 16, 13, Kind::Integer),
            ("reserved2", 29, 2, Kind::Integer),
            ("more-fragments", 31, 1, Kind::Integer),
            ("id", 32, 32, Kind::Integer),
        ],
    ),
    (
        "mh",
        135,
        &[
            ("nexthdr", 0, 8, Kind::Protocol),
            ("hdrlength", 8, 8, Kind::Integer),
            ("type", 16, 8, Kind::MobilityType),
            ("reserved", 24, 8, Kind::Integer),
            ("checksum", 32, 16, Kind::Integer),
        ],
    ),
];

const HEAD: &[Part] = &[("nexthdr", 0, 8, Kind::Protocol), ("hdrlength", 8, 8, Kind::Integer)];

/// The field of `{"tcp option": {...}}`: `name` with `field`, `name` alone for its presence, or `base`, `offset`, `len` in bits.
pub(super) fn tcp(node: &Node<'_>) -> Result<(Field, Type), Cause> {
    if let Some(kind) = node.member_number::<u8>("base") {
        let (Some(offset), Some(width)) = (node.member_number("offset"), node.member_number("len")) else {
            return Err(format!("no TCP option: {node}"));
        };
        return Ok((
            Field::TcpOption { kind, offset, width: checked(width)? },
            Type::new(Kind::Integer, width),
        ));
    }
    let (kind, part) = named(TCP_OPTIONS, node)?;
    Ok(match part {
        None => (Field::TcpOptionPresent(kind), Type::of(Kind::Boolean)),
        Some((_, offset, width, value)) => {
            (Field::TcpOption { kind, offset, width }, Type::new(value, width))
        }
    })
}

/// The field of `{"ip option": {...}}`.
pub(super) fn ip(node: &Node<'_>) -> Result<(Field, Type), Cause> {
    let (kind, part) = named(IP_OPTIONS, node)?;
    Ok(match part {
        None => (Field::IpOptionPresent(kind), Type::of(Kind::Boolean)),
        Some((_, offset, width, value)) => (Field::IpOption { kind, offset, width }, Type::new(value, width)),
    })
}

/// The field of `{"exthdr": {...}}`. `offset` counts from 0 for headers with more than one address.
pub(super) fn ip6(node: &Node<'_>) -> Result<(Field, Type), Cause> {
    let (header, part) = named(EXTENSIONS, node)?;
    Ok(match part {
        None => (Field::Ip6HeaderPresent(header), Type::of(Kind::Boolean)),
        Some((_, offset, width, value)) => {
            (Field::Ip6Header { header, offset, width }, Type::new(value, width))
        }
    })
}

fn named(options: &'static [Named], node: &Node<'_>) -> Result<(u8, Option<Part>), Cause> {
    let unknown = || format!("unknown option: {node}");
    let name = node.member_text("name").ok_or_else(unknown)?;
    let (_, kind, parts) = options.iter().find(|(known, _, _)| *known == name).ok_or_else(unknown)?;
    match node.member_text("field") {
        None => Ok((*kind, None)),
        Some(field) => {
            let part = parts.iter().chain(COMMON).find(|(known, ..)| *known == field).ok_or_else(unknown)?;
            Ok((*kind, Some(*part)))
        }
    }
}

fn checked(width: u16) -> Result<u16, Cause> {
    if (1..=128).contains(&width) { Ok(width) } else { Err(format!("a field of {width} bits")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(json: &str) -> Node<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn options_and_extension_headers_are_found() {
        let (field, _) = tcp(&node(r#"{"name": "maxseg", "field": "size"}"#)).unwrap();
        assert_eq!(field, Field::TcpOption { kind: 2, offset: 16, width: 16 });
        assert_eq!(tcp(&node(r#"{"name": "sack-perm"}"#)).unwrap().0, Field::TcpOptionPresent(4));
        let (field, _) = tcp(&node(r#"{"base": 255, "offset": 8, "len": 8}"#)).unwrap();
        assert_eq!(field, Field::TcpOption { kind: 255, offset: 8, width: 8 });
        assert_eq!(ip(&node(r#"{"name": "rr"}"#)).unwrap().0, Field::IpOptionPresent(7));
        let (field, kind) = ip6(&node(r#"{"name": "frag", "field": "frag-off"}"#)).unwrap();
        assert_eq!(field, Field::Ip6Header { header: 44, offset: 16, width: 13 });
        assert_eq!(kind.width, 13);
        assert!(tcp(&node(r#"{"name": "nothing"}"#)).is_err());
        assert!(tcp(&node(r#"{"base": 1, "offset": 0, "len": 0}"#)).is_err());
    }
}
