//! What `nft` rules look at: each field with what it needs and the values it is compared with.

use super::pool;
use super::random::Random;

/// The version of IP that a rule is restricted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Net {
    Any,
    V4,
    V6,
}

/// The transport that a rule is restricted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upper {
    Any,
    Tcp,
    Udp,
    Icmp,
    Icmp6,
    Sctp,
    UdpLite,
    Dccp,
}

/// Where a field can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Anywhere,
    /// Where packets have come in: not at output and postrouting.
    In,
    /// Where the way out is known: forward, output, postrouting.
    Out,
    /// At the hooks of IP.
    Ip,
    /// Prerouting, input and forward of IP.
    IpIn,
    /// Prerouting and input.
    IpEarly,
    /// Output and postrouting.
    OwnOut,
    /// Where frames have an Ethernet header.
    Link,
}

/// What values look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    V4,
    V6,
    Port,
    Mark,
    /// One of these words or numbers; they cannot be ordered.
    Words(&'static [&'static str]),
    /// Bits by name, which can be combined.
    Flags(&'static [&'static str]),
    /// Numbers, in order.
    Numbers(&'static [u32]),
    Name,
    Ether,
}

/// Something to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) text: &'static str,
    pub(crate) construct: &'static str,
    pub(crate) net: Net,
    pub(crate) upper: Upper,
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

const fn field(
    text: &'static str,
    construct: &'static str,
    net: Net,
    upper: Upper,
    place: Place,
    kind: Kind,
) -> Field {
    Field { text, construct, net, upper, place, kind }
}

const INTERFACE_WORDS: Kind = Kind::Words(&["eth0", "eth1", "br0", "lo"]);
const PROTOCOLS: Kind = Kind::Numbers(&[1, 6, 17, 47, 58, 132, 136]);
const LENGTHS: Kind = Kind::Numbers(&[40, 47, 48, 60, 64, 100, 1500]);
const ECN: Kind = Kind::Words(&["not-ect", "ect0", "ect1", "ce"]);
const DSCP: Kind = Kind::Words(&["cs0", "cs1", "af11", "ef", "0x3f"]);
const TCP_FLAGS: Kind = Kind::Flags(&["syn", "ack", "fin", "rst", "psh", "urg"]);
const ICMP_TYPES: Kind = Kind::Words(&[
    "echo-request",
    "echo-reply",
    "destination-unreachable",
    "time-exceeded",
    "timestamp-request",
]);
const ICMP6_TYPES: Kind = Kind::Words(&[
    "echo-request",
    "echo-reply",
    "destination-unreachable",
    "packet-too-big",
    "nd-neighbor-solicit",
]);
const USERS: Kind = Kind::Numbers(&[0, 1, 33, 1000, 65534]);
/// Of protocols that are rare.
const FEW_PORTS: Kind = Kind::Numbers(&[53, 80, 443]);
const SMALL: Kind = Kind::Numbers(&[0, 1, 2, 5, 64, 255]);
const ADDRESS_TYPES: Kind = Kind::Words(&[
    "local",
    "unicast",
    "broadcast",
    "multicast",
    "blackhole",
    "unreachable",
    "prohibit",
    "anycast",
]);

use Net::{Any, V4, V6};
use Place::{Anywhere, In, Ip, IpEarly, IpIn, Link, Out, OwnOut};
use Upper as U;

/// Every field.
pub(crate) const FIELDS: &[Field] = &[
    field("ip saddr", "ip address", V4, U::Any, Anywhere, Kind::V4),
    field("ip daddr", "ip address", V4, U::Any, Anywhere, Kind::V4),
    field("ip saddr", "ip address", V4, U::Any, Anywhere, Kind::V4),
    field("ip daddr", "ip address", V4, U::Any, Anywhere, Kind::V4),
    field("ip protocol", "ip protocol", V4, U::Any, Anywhere, PROTOCOLS),
    field("ip ttl", "ip ttl", V4, U::Any, Anywhere, Kind::Numbers(&[1, 63, 64, 65, 128, 255])),
    field("ip length", "ip length", V4, U::Any, Anywhere, LENGTHS),
    field("ip dscp", "ip dscp", V4, U::Any, Anywhere, DSCP),
    field("ip ecn", "ip ecn", V4, U::Any, Anywhere, ECN),
    field("ip hdrlength", "ip hdrlength", V4, U::Any, Anywhere, Kind::Numbers(&[5, 6, 7])),
    field("ip version", "ip version", V4, U::Any, Anywhere, Kind::Numbers(&[4])),
    field("ip frag-off & 0x1fff", "ip fragment offset", V4, U::Any, Anywhere, SMALL),
    field("ip6 saddr", "ip6 address", V6, U::Any, Anywhere, Kind::V6),
    field("ip6 daddr", "ip6 address", V6, U::Any, Anywhere, Kind::V6),
    field("ip6 saddr", "ip6 address", V6, U::Any, Anywhere, Kind::V6),
    field("ip6 daddr", "ip6 address", V6, U::Any, Anywhere, Kind::V6),
    field("ip6 nexthdr", "ip6 nexthdr", V6, U::Any, Anywhere, PROTOCOLS),
    field("ip6 hoplimit", "ip6 hoplimit", V6, U::Any, Anywhere, Kind::Numbers(&[1, 63, 64, 65, 128, 255])),
    field("ip6 length", "ip6 length", V6, U::Any, Anywhere, Kind::Numbers(&[20, 24, 27, 28, 40, 60])),
    field("ip6 dscp", "ip6 dscp", V6, U::Any, Anywhere, DSCP),
    field("ip6 ecn", "ip6 ecn", V6, U::Any, Anywhere, ECN),
    field("ip6 version", "ip6 version", V6, U::Any, Anywhere, Kind::Numbers(&[6])),
    field("tcp sport", "tcp port", Any, U::Tcp, Anywhere, Kind::Port),
    field("tcp dport", "tcp port", Any, U::Tcp, Anywhere, Kind::Port),
    field("tcp dport", "tcp port", Any, U::Tcp, Anywhere, Kind::Port),
    field("tcp flags", "tcp flags", Any, U::Tcp, Anywhere, TCP_FLAGS),
    field("tcp window", "tcp window", Any, U::Tcp, Anywhere, Kind::Numbers(&[0, 1, 1000, 65535])),
    field("tcp doff", "tcp doff", Any, U::Tcp, Anywhere, Kind::Numbers(&[5, 6, 7, 8])),
    field("tcp ackseq", "tcp ackseq", Any, U::Tcp, Anywhere, Kind::Numbers(&[0, 0x1234_5678])),
    field("tcp option maxseg size", "tcp option", Any, U::Tcp, Anywhere, Kind::Numbers(&[536, 1200, 1460])),
    field("tcp option window count", "tcp option", Any, U::Tcp, Anywhere, Kind::Numbers(&[0, 7, 14])),
    field("udp sport", "udp port", Any, U::Udp, Anywhere, Kind::Port),
    field("udp dport", "udp port", Any, U::Udp, Anywhere, Kind::Port),
    field("udp length", "udp length", Any, U::Udp, Anywhere, Kind::Numbers(&[8, 12, 19, 20, 100])),
    field("udplite dport", "udplite port", Any, U::UdpLite, Anywhere, FEW_PORTS),
    field("sctp dport", "sctp port", Any, U::Sctp, Anywhere, FEW_PORTS),
    field("dccp dport", "dccp port", Any, U::Dccp, Anywhere, FEW_PORTS),
    field("meta l4proto { tcp, udp } th dport", "th port", Any, U::Any, Anywhere, Kind::Port),
    field("icmp type", "icmp type", V4, U::Icmp, Anywhere, ICMP_TYPES),
    field("icmp code", "icmp code", V4, U::Icmp, Anywhere, Kind::Numbers(&[0, 1, 3, 4, 13])),
    field("icmp id", "icmp id", V4, U::Icmp, Anywhere, Kind::Numbers(&[1, 7, 0xffff])),
    field("icmpv6 type", "icmpv6 type", V6, U::Icmp6, Anywhere, ICMP6_TYPES),
    field("icmpv6 code", "icmpv6 code", V6, U::Icmp6, Anywhere, Kind::Numbers(&[0, 1, 3, 4])),
    field("icmpv6 id", "icmpv6 id", V6, U::Icmp6, Anywhere, Kind::Numbers(&[1, 7, 0xffff])),
    field("meta iif", "meta iif", Any, U::Any, In, INTERFACE_WORDS),
    field("meta iifname", "meta iifname", Any, U::Any, In, Kind::Name),
    field("meta iifname", "meta iifname", Any, U::Any, In, Kind::Name),
    field("meta iifgroup", "meta iifgroup", Any, U::Any, In, Kind::Numbers(&[0, 7, 10, 11])),
    field("meta iiftype", "meta iiftype", Any, U::Any, In, Kind::Words(&["ether", "loopback", "ppp"])),
    field(
        "meta iifkind",
        "meta iifkind",
        Any,
        U::Any,
        In,
        Kind::Words(&["\"tun\"", "\"bridge\"", "\"veth\""]),
    ),
    field("meta oif", "meta oif", Any, U::Any, Out, INTERFACE_WORDS),
    field("meta oifname", "meta oifname", Any, U::Any, Out, Kind::Name),
    field("meta oifgroup", "meta oifgroup", Any, U::Any, Out, Kind::Numbers(&[0, 7, 10, 11])),
    field("meta oiftype", "meta oiftype", Any, U::Any, Out, Kind::Words(&["ether", "loopback", "ppp"])),
    field(
        "meta oifkind",
        "meta oifkind",
        Any,
        U::Any,
        Out,
        Kind::Words(&["\"tun\"", "\"bridge\"", "\"veth\""]),
    ),
    field("meta mark", "meta mark", Any, U::Any, Anywhere, Kind::Mark),
    field("meta mark", "meta mark", Any, U::Any, Anywhere, Kind::Mark),
    field("meta mark & 0xff", "meta mark masked", Any, U::Any, Anywhere, Kind::Numbers(&[1, 2, 0x10, 0xff])),
    field("meta mark | 0x1", "meta mark or", Any, U::Any, Anywhere, Kind::Numbers(&[1, 3, 0x11])),
    field("meta mark ^ 0x3", "meta mark xor", Any, U::Any, Anywhere, Kind::Numbers(&[1, 2, 3])),
    field("meta l4proto", "meta l4proto", Any, U::Any, Anywhere, PROTOCOLS),
    field("meta protocol", "meta protocol", Any, U::Any, Anywhere, Kind::Words(&["ip", "ip6", "arp"])),
    field(
        "meta pkttype",
        "meta pkttype",
        Any,
        U::Any,
        Anywhere,
        Kind::Words(&["host", "broadcast", "multicast", "other"]),
    ),
    field("meta length", "meta length", Any, U::Any, Anywhere, LENGTHS),
    field("meta priority", "meta priority", Any, U::Any, Anywhere, Kind::Words(&["none", "0:1", "1:10"])),
    field("meta skuid", "meta skuid", Any, U::Any, OwnOut, USERS),
    field("meta skgid", "meta skgid", Any, U::Any, OwnOut, USERS),
    field("meta cgroup", "meta cgroup", Any, U::Any, OwnOut, Kind::Numbers(&[0, 7])),
    field("meta rtclassid", "meta rtclassid", Any, U::Any, Out, Kind::Numbers(&[0, 7])),
    field(
        "ct state",
        "ct state",
        Any,
        U::Any,
        Ip,
        Kind::Flags(&["new", "established", "related", "invalid", "untracked"]),
    ),
    field(
        "ct state",
        "ct state",
        Any,
        U::Any,
        Ip,
        Kind::Flags(&["new", "established", "related", "invalid", "untracked"]),
    ),
    field(
        "ct status",
        "ct status",
        Any,
        U::Any,
        Ip,
        Kind::Flags(&["seen-reply", "assured", "confirmed", "snat", "dnat", "dying"]),
    ),
    field("ct mark", "ct mark", Any, U::Any, Ip, Kind::Mark),
    field("ct direction", "ct direction", Any, U::Any, Ip, Kind::Words(&["original", "reply"])),
    field("ct l3proto", "ct l3proto", Any, U::Any, Ip, Kind::Words(&["ipv4", "ipv6"])),
    field("ct protocol", "ct protocol", Any, U::Any, Ip, PROTOCOLS),
    field("ct original ip saddr", "ct address", V4, U::Any, Ip, Kind::V4),
    field("ct reply ip saddr", "ct address", V4, U::Any, Ip, Kind::V4),
    field("ct original ip6 daddr", "ct address", V6, U::Any, Ip, Kind::V6),
    field("ct zone", "ct zone", Any, U::Any, Ip, Kind::Numbers(&[0, 1])),
    field("ct helper", "ct helper", Any, U::Any, Ip, Kind::Words(&["\"ftp\""])),
    field("ct expiration", "ct expiration", Any, U::Any, Ip, Kind::Words(&["30s", "5m"])),
    field("ct original packets", "ct counters", Any, U::Any, Ip, SMALL),
    field("fib daddr type", "fib type", Any, U::Any, Ip, ADDRESS_TYPES),
    field("fib saddr type", "fib type", Any, U::Any, Ip, ADDRESS_TYPES),
    field("fib daddr . iif type", "fib type with interface", Any, U::Any, IpIn, ADDRESS_TYPES),
    field("fib daddr . oif type", "fib type with interface", Any, U::Any, OwnOut, ADDRESS_TYPES),
    field("fib daddr . mark type", "fib type with mark", Any, U::Any, Ip, ADDRESS_TYPES),
    field("fib saddr . iif oif", "fib oif", Any, U::Any, IpIn, INTERFACE_WORDS),
    field("fib saddr . mark . iif oif", "fib oif", Any, U::Any, IpIn, INTERFACE_WORDS),
    field(
        "fib daddr oifname",
        "fib oifname",
        Any,
        U::Any,
        IpEarly,
        Kind::Words(&["\"eth0\"", "\"eth1\"", "\"br0\""]),
    ),
    field("rt ip nexthop", "rt nexthop", V4, U::Any, OwnOut, Kind::V4),
    field("rt ip6 nexthop", "rt nexthop", V6, U::Any, OwnOut, Kind::V6),
    field("rt classid", "rt classid", Any, U::Any, OwnOut, Kind::Numbers(&[0, 7])),
    field("socket transparent", "socket", Any, U::Any, IpEarly, Kind::Numbers(&[0, 1])),
    field("socket mark", "socket", Any, U::Any, IpEarly, Kind::Mark),
    field("socket wildcard", "socket", Any, U::Any, IpEarly, Kind::Numbers(&[0, 1])),
    field("@nh,8,8", "raw network payload", Any, U::Any, Anywhere, Kind::Numbers(&[0, 1, 0x10, 0xb8])),
    field("@nh,0,4", "raw network payload", Any, U::Any, Anywhere, Kind::Numbers(&[4, 6])),
    field("@th,16,16", "raw transport payload", Any, U::Any, Anywhere, Kind::Numbers(&[22, 53, 80, 443])),
    field(
        "@th,0,32 & 0xffff",
        "raw transport payload",
        Any,
        U::Any,
        Anywhere,
        Kind::Numbers(&[22, 53, 80, 443]),
    ),
    field("@th,160,16", "raw transport payload", Any, U::Any, Anywhere, Kind::Numbers(&[0x7061, 0])),
    field("@ll,96,16", "raw link payload", Any, U::Any, Link, Kind::Numbers(&[0x0800, 0x86dd])),
    field("ether saddr", "ether address", Any, U::Any, Link, Kind::Ether),
    field("ether daddr", "ether address", Any, U::Any, Link, Kind::Ether),
    field("ether type", "ether type", Any, U::Any, Link, Kind::Words(&["ip", "ip6", "arp"])),
];

/// Conditions that are neither a field nor a value.
pub(crate) const WHOLE: &[Field] = &[
    field(
        "tcp flags & (fin | syn | rst | ack) == syn",
        "tcp flags masked",
        Any,
        U::Tcp,
        Anywhere,
        Kind::Name,
    ),
    field("tcp flags & (syn | ack) != 0", "tcp flags masked", Any, U::Tcp, Anywhere, Kind::Name),
    field("tcp flags syn / syn,ack", "tcp flags masked", Any, U::Tcp, Anywhere, Kind::Name),
    field("tcp flags ! syn", "tcp flags masked", Any, U::Tcp, Anywhere, Kind::Name),
    field("tcp option maxseg exists", "tcp option exists", Any, U::Tcp, Anywhere, Kind::Name),
    field("tcp option sack-perm exists", "tcp option exists", Any, U::Tcp, Anywhere, Kind::Name),
    field("tcp option timestamp missing", "tcp option exists", Any, U::Tcp, Anywhere, Kind::Name),
    field("ip option rr exists", "ip option", V4, U::Any, Anywhere, Kind::Name),
    field("ip option ra exists", "ip option", V4, U::Any, Anywhere, Kind::Name),
    field("ip option ra value 0", "ip option", V4, U::Any, Anywhere, Kind::Name),
    field("ip option rr ptr 4", "ip option", V4, U::Any, Anywhere, Kind::Name),
    field("exthdr hbh exists", "ip6 extension header", V6, U::Any, Anywhere, Kind::Name),
    field("exthdr frag missing", "ip6 extension header", V6, U::Any, Anywhere, Kind::Name),
    field("exthdr dst exists", "ip6 extension header", V6, U::Any, Anywhere, Kind::Name),
    field("exthdr rt exists", "ip6 extension header", V6, U::Any, Anywhere, Kind::Name),
    field("hbh nexthdr { 6, 17, 58 }", "ip6 extension header", V6, U::Any, Anywhere, Kind::Name),
    field("dst hdrlength 0", "ip6 extension header", V6, U::Any, Anywhere, Kind::Name),
    field("frag frag-off 0", "ip6 extension header", V6, U::Any, Anywhere, Kind::Name),
    field("frag more-fragments 1", "ip6 extension header", V6, U::Any, Anywhere, Kind::Name),
    field("fib saddr . iif oif missing", "fib check", Any, U::Any, IpIn, Kind::Name),
    field("fib saddr . iif oif exists", "fib check", Any, U::Any, IpIn, Kind::Name),
    field("fib saddr . mark . iif oif missing", "fib check", Any, U::Any, IpIn, Kind::Name),
    field("fib daddr oif exists", "fib check", Any, U::Any, IpEarly, Kind::Name),
    field("numgen random mod 4 < 2", "numgen", Any, U::Any, Anywhere, Kind::Name),
    field("numgen inc mod 2 0", "numgen", Any, U::Any, Anywhere, Kind::Name),
    field("jhash ip saddr mod 2 == 0", "jhash", V4, U::Any, Anywhere, Kind::Name),
    field("symhash mod 2 == 0", "symhash", Any, U::Any, Anywhere, Kind::Name),
    field("meta random <= 2147483647", "meta random", Any, U::Any, Anywhere, Kind::Name),
    field("meta hour \"00:00\"-\"23:00\"", "meta time", Any, U::Any, Anywhere, Kind::Name),
    field("meta day { \"Monday\", \"Tuesday\" }", "meta time", Any, U::Any, Anywhere, Kind::Name),
    field("osf name \"unknown\"", "osf", Any, U::Any, IpEarly, Kind::Name),
    field("osf name \"unknown\"", "osf", Any, U::Any, IpEarly, Kind::Name),
    field("osf name \"unknown\"", "osf", Any, U::Any, IpEarly, Kind::Name),
    field("meta l4proto tcp ct original proto-dst 80", "ct port", Any, U::Tcp, Ip, Kind::Name),
    field("meta l4proto udp ct reply proto-src 1-443", "ct port", Any, U::Udp, Ip, Kind::Name),
    field("ct label 1", "ct label", Any, U::Any, Ip, Kind::Name),
];

impl Kind {
    /// A value, as `nft` writes it.
    pub(crate) fn value(self, random: &mut Random) -> String {
        match self {
            Self::V4 => pool::v4(random).to_string(),
            Self::V6 => pool::v6(random).to_string(),
            Self::Port => random.pick(pool::PORTS).to_string(),
            Self::Mark => format!("{:#x}", if random.percent(20) { 0 } else { *random.pick(pool::MARKS) }),
            Self::Words(words) => (*random.pick(words)).to_owned(),
            Self::Flags(flags) => (*random.pick(flags)).to_owned(),
            Self::Numbers(numbers) => random.pick(numbers).to_string(),
            Self::Name if random.percent(25) => (*random.pick(&["\"eth*\"", "\"p*\"", "\"br*\""])).to_owned(),
            Self::Name => format!("\"{}\"", random.pick(pool::INTERFACES)),
            Self::Ether => (*random.pick(&[
                "02:00:00:00:00:10",
                "02:00:00:00:00:12",
                "02:00:00:00:01:10",
                "02:00:00:00:01:21",
                "02:00:00:00:01:22",
                "ff:ff:ff:ff:ff:ff",
            ]))
            .to_owned(),
        }
    }

    /// A range, where values have an order.
    pub(crate) fn range(self, random: &mut Random) -> Option<(String, String)> {
        let pair = |low: String, high: String| Some((low, high));
        match self {
            Self::V4 => {
                let (a, b) = (pool::v4(random), pool::v4(random));
                pair(a.min(b).to_string(), a.max(b).to_string())
            }
            Self::V6 => {
                let (a, b) = (pool::v6(random), pool::v6(random));
                pair(a.min(b).to_string(), a.max(b).to_string())
            }
            Self::Port => {
                let (a, b) = (*random.pick(pool::PORTS), *random.pick(pool::PORTS));
                pair(a.min(b).to_string(), a.max(b).to_string())
            }
            Self::Mark => {
                let (a, b) = (*random.pick(pool::MARKS), *random.pick(pool::MARKS));
                pair(format!("{:#x}", a.min(b)), format!("{:#x}", a.max(b)))
            }
            Self::Numbers(numbers) => {
                let (a, b) = (*random.pick(numbers), *random.pick(numbers));
                pair(a.min(b).to_string(), a.max(b).to_string())
            }
            Self::Words(_) | Self::Flags(_) | Self::Name | Self::Ether => None,
        }
        .filter(|(low, high)| low != high)
    }

    /// A network, of addresses.
    pub(crate) fn prefix(self, random: &mut Random) -> Option<String> {
        match self {
            Self::V4 => {
                let length = *random.pick(&[8, 15, 16, 23, 24, 25, 28, 31]);
                let bits = u32::from(pool::v4(random)) & (u32::MAX << (32 - length));
                Some(format!("{}/{length}", std::net::Ipv4Addr::from(bits)))
            }
            Self::V6 => {
                let length = *random.pick(&[16, 32, 47, 48, 64, 65, 112, 127]);
                let bits = u128::from(pool::v6(random)) & (u128::MAX << (128 - length));
                Some(format!("{}/{length}", std::net::Ipv6Addr::from(bits)))
            }
            _ => None,
        }
    }

    /// The name of the set type that holds such values, with the suffix of this generator's sets.
    pub(crate) fn set_type(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::V4 => Some(("ipv4_addr", "v4")),
            Self::V6 => Some(("ipv6_addr", "v6")),
            Self::Port => Some(("inet_service", "port")),
            Self::Mark => Some(("mark", "mark")),
            Self::Name => Some(("ifname", "name")),
            Self::Ether => Some(("ether_addr", "ether")),
            Self::Words(_) | Self::Flags(_) | Self::Numbers(_) => None,
        }
    }
}
