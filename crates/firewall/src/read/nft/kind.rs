//! The data types of `nft` (`src/datatype.c` of nftables): their names, widths, and the numbers behind what is printed.

use super::constant::{calendar, class_id, ether, ipv4, ipv6, unescaped, whole, wildcard};
use super::node::Node;
use super::symbols::{self, Symbols};
use crate::ir::{Interval, name_number};
use crate::read::names::{Names, Table};

/// Why something could not be read, for the reader of the report.
pub(super) type Cause = String;

/// A data type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Ipv4,
    Ipv6,
    Ether,
    EtherType,
    ArpOperation,
    Protocol,
    Service,
    Mark,
    InterfaceIndex,
    InterfaceName,
    InterfaceType,
    DeviceGroup,
    User,
    Group,
    State,
    Status,
    Direction,
    Label,
    Event,
    NfProtocol,
    PacketType,
    IcmpType,
    Icmp6Type,
    IcmpCode,
    Icmp6Code,
    IcmpxCode,
    IgmpType,
    MobilityType,
    DccpType,
    TcpFlags,
    Dscp,
    Ecn,
    RouteType,
    Boolean,
    Realm,
    ClassId,
    Time,
    /// Text that is no interface's name: helpers, kinds of interfaces.
    Text,
    /// A path below the root of cgroup v2: an inode number inside the kernel.
    CgroupPath,
    /// Moments, hours and days: not compared here.
    Calendar,
    Verdict,
}

/// A data type with the width of the value that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Type {
    pub kind: Kind,
    /// Bits; 0 where not known.
    pub width: u16,
}

/// Names of data types as sets are declared with, and their widths.
const NAMED: &[(&str, Kind, u16)] = &[
    ("ipv4_addr", Kind::Ipv4, 32),
    ("ipv6_addr", Kind::Ipv6, 128),
    ("ether_addr", Kind::Ether, 48),
    ("ll_addr", Kind::Ether, 48),
    ("ether_type", Kind::EtherType, 16),
    ("arp_op", Kind::ArpOperation, 16),
    ("inet_proto", Kind::Protocol, 8),
    ("inet_service", Kind::Service, 16),
    ("mark", Kind::Mark, 32),
    ("iface_index", Kind::InterfaceIndex, 32),
    ("ifname", Kind::InterfaceName, 128),
    ("iface_type", Kind::InterfaceType, 16),
    ("devgroup", Kind::DeviceGroup, 32),
    ("uid", Kind::User, 32),
    ("gid", Kind::Group, 32),
    ("ct_state", Kind::State, 32),
    ("ct_status", Kind::Status, 32),
    ("ct_dir", Kind::Direction, 8),
    ("ct_label", Kind::Label, 128),
    ("ct_event", Kind::Event, 32),
    ("nf_proto", Kind::NfProtocol, 8),
    ("pkt_type", Kind::PacketType, 8),
    ("icmp_type", Kind::IcmpType, 8),
    ("icmpv6_type", Kind::Icmp6Type, 8),
    ("icmp_code", Kind::IcmpCode, 8),
    ("icmpv6_code", Kind::Icmp6Code, 8),
    ("icmpx_code", Kind::IcmpxCode, 8),
    ("igmp_type", Kind::IgmpType, 8),
    ("mh_type", Kind::MobilityType, 8),
    ("dccp_pkttype", Kind::DccpType, 4),
    ("tcp_flag", Kind::TcpFlags, 8),
    ("dscp", Kind::Dscp, 6),
    ("ecn", Kind::Ecn, 2),
    ("fib_addrtype", Kind::RouteType, 32),
    ("boolean", Kind::Boolean, 1),
    ("realm", Kind::Realm, 32),
    ("classid", Kind::ClassId, 32),
    ("time", Kind::Time, 32),
    ("string", Kind::Text, 128),
    ("cgroupsv2", Kind::CgroupPath, 64),
    ("date", Kind::Calendar, 64),
    ("hour", Kind::Calendar, 32),
    ("day", Kind::Calendar, 8),
    ("bitmask", Kind::Integer, 0),
    ("integer", Kind::Integer, 0),
    ("verdict", Kind::Verdict, 0),
];

impl Type {
    pub(super) fn new(kind: Kind, width: u16) -> Self {
        Self { kind, width }
    }

    /// A type with its own width.
    pub(super) fn of(kind: Kind) -> Self {
        let width = NAMED.iter().find(|(_, known, _)| *known == kind).map_or(0, |(_, _, width)| *width);
        Self { kind, width }
    }

    /// The type of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMED.iter().find(|(known, _, _)| *known == name).map(|(_, kind, width)| Self::new(*kind, *width))
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        NAMED.iter().find(|(_, known, _)| *known == self.kind).map_or("integer", |(name, _, _)| *name)
    }

    /// The symbols that `nft` prints for numbers of this type.
    fn symbols(self) -> Symbols {
        match self.kind {
            Kind::EtherType => symbols::ETHER_TYPES,
            Kind::ArpOperation => symbols::ARP_OPERATIONS,
            Kind::InterfaceType => symbols::INTERFACE_TYPES,
            Kind::State => symbols::STATES,
            Kind::Status => symbols::STATUSES,
            Kind::Direction => symbols::DIRECTIONS,
            Kind::Event => symbols::EVENTS,
            Kind::NfProtocol => symbols::NF_PROTOCOLS,
            Kind::PacketType => symbols::PACKET_TYPES,
            Kind::IcmpType => symbols::ICMP_TYPES,
            Kind::Icmp6Type => symbols::ICMP6_TYPES,
            Kind::IcmpCode => symbols::ICMP_CODES,
            Kind::Icmp6Code => symbols::ICMP6_CODES,
            Kind::IcmpxCode => symbols::ICMPX_CODES,
            Kind::IgmpType => symbols::IGMP_TYPES,
            Kind::MobilityType => symbols::MOBILITY_TYPES,
            Kind::DccpType => symbols::DCCP_TYPES,
            Kind::TcpFlags => symbols::TCP_FLAGS,
            Kind::Dscp => symbols::DSCP,
            Kind::Ecn => symbols::ECN,
            Kind::RouteType => symbols::ROUTE_TYPES,
            Kind::Boolean => symbols::BOOLEANS,
            _ => &[],
        }
    }

    /// The number behind a printed constant.
    pub(super) fn number(self, node: &Node<'_>, names: &mut Names) -> Result<u128, Cause> {
        match node {
            Node::Bool(value) => Ok((*value).into()),
            Node::Number(number) => {
                let number = u128::try_from(*number).or_else(|_| self.negative(*number))?;
                self.of_number(number)
            }
            Node::Text(text) => self.of_text(text, names),
            // Flags side by side: `["syn", "ack"]`, `{"|": ["syn", "ack"]}`.
            Node::List(items) => items.iter().try_fold(0, |bits, item| Ok(bits | self.number(item, names)?)),
            Node::Object(_) => match node.first() {
                Some(("|", items)) => self.number(&Node::List(items.items().to_vec()), names),
                _ => Err(format!("no constant: {node}")),
            },
            Node::Null | Node::Fraction(_) => Err(format!("no constant: {node}")),
        }
    }

    fn negative(self, number: i128) -> Result<u128, Cause> {
        let width = if self.width == 0 { 32 } else { u32::from(self.width) };
        let modulus = 1_i128.checked_shl(width.min(126)).unwrap_or(i128::MAX);
        u128::try_from(number.saturating_add(modulus)).map_err(|_| format!("{number} is out of range"))
    }

    fn of_number(self, number: u128) -> Result<u128, Cause> {
        match self.kind {
            // The number of a bit (`ct_label_type_json`).
            Kind::Label => u32::try_from(number)
                .ok()
                .and_then(|bit| 1_u128.checked_shl(bit))
                .ok_or("no label".to_owned()),
            // Seconds are printed, milliseconds compared (`time_type_json`).
            Kind::Time => Ok(number.saturating_mul(1000)),
            // `nft -n` prints these with their bytes swapped (`symbolic_constant_json` of 1.0: the number of the symbol, not of the
            // value); no other protocol has such a number.
            Kind::EtherType | Kind::ArpOperation => Ok(symbols::unswapped(self.symbols(), number)),
            _ => Ok(number),
        }
    }

    fn of_text(self, text: &str, names: &mut Names) -> Result<u128, Cause> {
        if let Some((_, number)) = self.symbols().iter().find(|(symbol, _)| *symbol == text) {
            return Ok(u128::from(*number));
        }
        let table = match self.kind {
            Kind::Ipv4 => return ipv4(text),
            Kind::Ipv6 => return ipv6(text),
            Kind::Ether => return ether(text),
            Kind::InterfaceIndex => return Ok(names.interface(text).into()),
            Kind::InterfaceName | Kind::Text => return Ok(name_number(&unescaped(text))),
            Kind::Calendar => return Ok(calendar(text)),
            Kind::ClassId => return class_id(text).ok_or_else(|| format!("no class: {text}")),
            Kind::Protocol => Some(Table::Protocols),
            Kind::Service => Some(Table::Services),
            Kind::Mark => Some(Table::Marks),
            Kind::Realm => Some(Table::Realms),
            Kind::DeviceGroup => Some(Table::DeviceGroups),
            Kind::Label => Some(Table::Labels),
            Kind::User => Some(Table::Users),
            Kind::Group => Some(Table::Groups),
            Kind::Integer if self.width > 32 => {
                return whole(text).ok_or_else(|| format!("no number: {text}"));
            }
            // The type of a `typeof` set is not told; its elements show it.
            Kind::Integer => return whole(text).map_or_else(|| ipv4(text), Ok),
            _ => None,
        };
        if let Some(number) = table.and_then(|table| names.number(table, text)) {
            return self.of_number(number.into());
        }
        let number = whole(text).ok_or_else(|| format!("\"{text}\" names no {}", self.name()))?;
        self.of_number(number)
    }

    /// The numbers that a constant, a range, a prefix or a name with a wildcard stands for.
    pub(super) fn interval(self, node: &Node<'_>, names: &mut Names) -> Result<Interval, Cause> {
        match node {
            Node::Text(text) if matches!(self.kind, Kind::InterfaceName | Kind::Text) => Ok(wildcard(text)),
            Node::Text(text) if text.contains('/') => {
                let (address, length) = text.split_once('/').unwrap_or((text, ""));
                let length = length.parse().map_err(|_| format!("no prefix: {text}"))?;
                let address = self.of_text(address, names)?;
                self.prefix(address, length)
            }
            Node::Object(_) => match node.first() {
                Some(("range", ends)) => match ends.items() {
                    [low, high] => {
                        Ok(Interval { low: self.number(low, names)?, high: self.number(high, names)? })
                    }
                    _ => Err(format!("no range: {node}")),
                },
                Some(("prefix", prefix)) => {
                    let address = prefix.member("addr").ok_or_else(|| format!("no prefix: {node}"))?;
                    let address = self.number(address, names)?;
                    self.prefix(
                        address,
                        prefix.member_number("len").ok_or_else(|| format!("no prefix: {node}"))?,
                    )
                }
                _ => Ok(Interval::single(self.number(node, names)?)),
            },
            _ => Ok(Interval::single(self.number(node, names)?)),
        }
    }

    fn prefix(self, address: u128, length: u16) -> Result<Interval, Cause> {
        let width = if self.width == 0 { 32 } else { self.width };
        if length > width {
            return Err(format!("a prefix of {length} bits in {width}"));
        }
        Ok(Interval::prefix(address, length, width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::name_prefix;

    fn number(kind: Kind, json: &str) -> Result<u128, Cause> {
        let mut names = Names::new([(2, "eth0".to_owned())]);
        Type::of(kind).number(&serde_json::from_str(json).unwrap(), &mut names)
    }

    fn interval(kind: Kind, json: &str) -> Interval {
        Type::of(kind).interval(&serde_json::from_str(json).unwrap(), &mut Names::default()).unwrap()
    }

    #[test]
    fn symbols_are_numbers() {
        assert_eq!(number(Kind::State, r#"["established", "new"]"#), Ok(10));
        assert_eq!(number(Kind::TcpFlags, r#"{"|": ["syn", "ack"]}"#), Ok(18));
        assert_eq!(number(Kind::TcpFlags, "18"), Ok(18));
        assert_eq!(number(Kind::IcmpType, "\"echo-request\""), Ok(8));
        assert_eq!(number(Kind::EtherType, "\"ip6\""), Ok(0x86dd));
        assert_eq!(number(Kind::EtherType, "56710"), Ok(0x86dd), "nft -n swaps the bytes");
        assert_eq!(number(Kind::EtherType, "35020"), Ok(0x88cc));
        assert_eq!(number(Kind::Protocol, "\"tcp\""), Ok(6));
        assert_eq!(number(Kind::InterfaceIndex, "\"eth0\""), Ok(2));
        assert_eq!(number(Kind::InterfaceIndex, "\"0\""), Ok(0));
        assert_eq!(number(Kind::ClassId, "\"1:a\""), Ok(0x1_000a));
        assert_eq!(number(Kind::Label, "5"), Ok(32));
        assert_eq!(number(Kind::Time, "10"), Ok(10_000));
        assert_eq!(number(Kind::Boolean, "true"), Ok(1));
        assert_eq!(number(Kind::Ether, "\"00:11:22:33:44:55\""), Ok(0x0011_2233_4455));
        assert_eq!(number(Kind::Realm, "\"5\""), Ok(5));
        assert!(number(Kind::Mark, "\"nowhere\"").is_err());
        assert!(number(Kind::Label, "128").is_err());
    }

    #[test]
    fn ranges_and_prefixes_are_intervals() {
        let ten = interval(Kind::Ipv4, r#"{"prefix": {"addr": "10.0.0.0", "len": 8}}"#);
        assert_eq!(ten, Interval { low: 0x0a00_0000, high: 0x0aff_ffff });
        assert_eq!(
            interval(Kind::Mark, r#"{"prefix": {"addr": 256, "len": 24}}"#),
            Interval { low: 256, high: 511 }
        );
        assert_eq!(interval(Kind::Service, r#"{"range": [1, 5]}"#), Interval { low: 1, high: 5 });
        assert_eq!(interval(Kind::InterfaceName, "\"eth*\""), name_prefix("eth"));
        assert_eq!(interval(Kind::InterfaceName, r#""eth\\*""#), Interval::single(name_number("eth*")));
        assert_eq!(interval(Kind::InterfaceName, "\"*\""), Interval { low: 0, high: u128::MAX });
    }
}
