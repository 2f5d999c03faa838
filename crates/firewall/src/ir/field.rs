//! What a match looks at: fields of headers, and what the kernel knows about a packet.
//!
//! Every value is an unsigned number of at most 128 bits. Header fields are read in network byte order. Interface names are
//! the 16 bytes of `IFNAMSIZ`, first character highest, filled with zeros: a wildcard such as `eth*` is then a prefix.

use std::borrow::Cow;

use super::{Interval, Version};

/// A datum of the packet or of what the kernel keeps about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// Bits of a header.
    Payload(Payload),
    /// What the kernel keeps beside the packet (`net/netfilter/nft_meta.c`).
    Meta(Meta),
    /// About the connection (`net/netfilter/nft_ct.c`). The direction matters to keys that have one for each.
    Conntrack(ConntrackKey, Option<Direction>),
    /// The routing table's answer (`net/netfilter/nft_fib.c`).
    Fib(FibField),
    /// xtables `addrtype` (`net/netfilter/xt_addrtype.c`): 1 where the address is of one of the types. For IPv6 an address can be
    /// of several at once, which is why this is no value to compare.
    AddressType {
        /// Of the source; otherwise of the destination.
        source: bool,
        /// Only as seen from the interface the packet came in by (`--limit-iface-in`) or leaves by.
        limit: Option<LimitInterface>,
        /// Types, bits numbered as `RTN_*`.
        types: u16,
    },
    /// xtables `rpfilter` (`net/ipv4/netfilter/ipt_rpfilter.c`): 1 where the reply would take the interface back.
    ReversePath {
        /// Any interface will do (`--loose`).
        loose: bool,
        /// The mark counts (`--validmark`).
        mark: bool,
        /// Local source addresses pass (`--accept-local`).
        accept_local: bool,
    },
    /// A socket that would take the packet (`net/netfilter/nft_socket.c`): never known beforehand.
    Socket(SocketKey),
    /// Bits of a TCP option (`net/netfilter/nft_exthdr.c`). Where the option is missing the rule does not match.
    TcpOption {
        /// Kind.
        kind: u8,
        /// Offset in the option, in bits.
        offset: u16,
        /// Width in bits.
        width: u16,
    },
    /// 1 where the TCP option is there.
    TcpOptionPresent(u8),
    /// Bits of an IPv6 extension header. Where it is missing the rule does not match.
    Ip6Header {
        /// Its protocol number.
        header: u8,
        /// Offset in bits.
        offset: u16,
        /// Width in bits.
        width: u16,
    },
    /// 1 where the IPv6 extension header is there.
    Ip6HeaderPresent(u8),
    /// Bits of an IPv4 option. Where it is missing the rule does not match.
    IpOption {
        /// Kind.
        kind: u8,
        /// Offset in bits.
        offset: u16,
        /// Width in bits.
        width: u16,
    },
    /// 1 where the IPv4 option is there.
    IpOptionPresent(u8),
    /// About the route that was chosen (`net/netfilter/nft_rt.c`).
    Route(RouteKey),
    /// Bridge ports as xtables `physdev` sees them; names as [`Meta::InputName`].
    Physdev(PhysdevKey),
    /// A datum that cannot be known beforehand or is not modelled; its text and width.
    Opaque {
        /// As written.
        text: String,
        /// Bits.
        width: u16,
    },
}

/// The interface that limits an xtables `addrtype`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitInterface {
    /// The one the packet came in by.
    In,
    /// The one it leaves by.
    Out,
}

/// Bits of a header, and what must hold so that they are that field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Payload {
    /// Where counting begins.
    pub base: PayloadBase,
    /// Offset in bits.
    pub offset: u16,
    /// Width in bits, at most 128.
    pub width: u16,
    /// Only in packets of this network protocol (`EtherType`); `nft` leaves this check out of its listing.
    pub network: Option<u16>,
    /// Only in packets of this transport protocol (`IPPROTO_*`); `nft` leaves this check out of its listing.
    pub transport: Option<u8>,
    /// As written: `tcp dport`, `ip saddr`, `@th,16,16`.
    pub name: Cow<'static, str>,
}

/// Where the offset of a payload counts from (`enum nft_payload_bases`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PayloadBase {
    /// The Ethernet header.
    Link,
    /// The IP or ARP header.
    Network,
    /// The transport header. A later fragment has none.
    Transport,
    /// Behind the transport header.
    Inner,
}

/// What the kernel keeps beside the packet. Widths in bits are those of the kernel's registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meta {
    /// Index of the interface it came in by (32).
    InputIndex,
    /// Index of the interface it leaves by (32).
    OutputIndex,
    /// Name of the interface it came in by (128).
    InputName,
    /// Name of the interface it leaves by (128).
    OutputName,
    /// `ARPHRD_*` of the interface it came in by (16).
    InputType,
    /// `ARPHRD_*` of the interface it leaves by (16).
    OutputType,
    /// Group of the interface it came in by (32).
    InputGroup,
    /// Group of the interface it leaves by (32).
    OutputGroup,
    /// Kind of the interface it came in by, such as `veth` (128).
    InputKind,
    /// Kind of the interface it leaves by (128).
    OutputKind,
    /// Name of the bridge whose port it came in by (128).
    InputBridge,
    /// Name of the bridge whose port it leaves by (128).
    OutputBridge,
    /// Firewall mark (32).
    Mark,
    /// Transport protocol behind all IPv6 extension headers (8).
    L4Protocol,
    /// Family: `NFPROTO_IPV4` 2, `NFPROTO_IPV6` 10 (8).
    NfProtocol,
    /// `EtherType` (16).
    Protocol,
    /// `PACKET_HOST` 0, `_BROADCAST` 1, `_MULTICAST` 2, `_OTHERHOST` 3 (8).
    PacketType,
    /// Length from the network header on (32).
    Length,
    /// Class for queueing (32).
    Priority,
    /// User of the socket it was sent from (32).
    SocketUser,
    /// Group of the socket it was sent from (32).
    SocketGroup,
    /// cgroup v1 `net_cls` class (32).
    Cgroup,
    /// Realm of the route (32).
    RouteClass,
    /// `nftrace` is on (1).
    Trace,
}

impl Meta {
    /// Width in bits.
    pub fn width(self) -> u16 {
        match self {
            Self::InputName
            | Self::OutputName
            | Self::InputKind
            | Self::OutputKind
            | Self::InputBridge
            | Self::OutputBridge => 128,
            Self::InputType | Self::OutputType | Self::Protocol => 16,
            Self::L4Protocol | Self::NfProtocol | Self::PacketType => 8,
            Self::Trace => 1,
            _ => 32,
        }
    }
}

/// What is known about a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConntrackKey {
    /// Bits: invalid 1, established 2, related 4, new 8, untracked 64 (32).
    State,
    /// 0 original, 1 reply (8).
    Direction,
    /// `IPS_*` bits (32).
    Status,
    /// Mark (32).
    Mark,
    /// Milliseconds left (32).
    Expiration,
    /// Name of the helper (128).
    Helper,
    /// `NFPROTO_*` (8).
    L3Protocol,
    /// `IPPROTO_*` (8).
    Protocol,
    /// Source address of the tuple (32 for IPv4, 128 for IPv6; the version is in the field itself).
    Source(Version),
    /// Destination address of the tuple.
    Destination(Version),
    /// Source port of the tuple (16).
    SourcePort,
    /// Destination port of the tuple (16).
    DestinationPort,
    /// Packets so far (64).
    Packets,
    /// Bytes so far (64).
    Bytes,
    /// Bytes for each packet (64).
    BytesPerPacket,
    /// Zone (16).
    Zone,
    /// Id (32).
    Id,
    /// Labels (128).
    Labels,
}

/// A direction of a connection (`enum ip_conntrack_dir`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Of its first packet.
    Original,
    /// The other.
    Reply,
}

/// A question to the routing table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FibField {
    /// Whose route is looked up.
    pub address: FibAddress,
    /// The mark takes part.
    pub mark: bool,
    /// Only by the interface it came in by.
    pub input: bool,
    /// Only by the interface it leaves by.
    pub output: bool,
    /// What of the answer is wanted.
    pub result: FibResult,
}

/// Whose route a `fib` expression looks up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FibAddress {
    /// `saddr`.
    Source,
    /// `daddr`.
    Destination,
}

/// What of a route a `fib` expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FibResult {
    /// Index of the interface, 0 where there is no route (32).
    Index,
    /// Name of the interface, empty where there is no route (128).
    Name,
    /// `RTN_*` (32).
    Type,
    /// 1 where there is a route (1).
    Exists,
}

/// What is asked of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketKey {
    /// Its transparent flag (8).
    Transparent,
    /// Its mark (32).
    Mark,
    /// It is bound to all addresses (8).
    Wildcard,
    /// Its cgroup's ancestor at a level (64).
    CgroupV2(u8),
}

/// What is asked of the chosen route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RouteKey {
    /// Realm (32).
    ClassId,
    /// IPv4 address of the next hop (32).
    NextHop4,
    /// IPv6 address of the next hop (128).
    NextHop6,
    /// Largest TCP segment (16).
    SegmentSize,
    /// `IPsec` is used (8).
    Ipsec,
}

/// What xtables `physdev` asks; names are 128 bits, flags 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhysdevKey {
    /// Bridge port the packet came in by.
    Input,
    /// Bridge port it leaves by.
    Output,
    /// It came in by a bridge port.
    IsIn,
    /// It leaves by a bridge port.
    IsOut,
    /// It is bridged, not routed.
    IsBridged,
}

impl Field {
    /// Width in bits.
    pub fn width(&self) -> u16 {
        match self {
            Self::Payload(payload) => payload.width,
            Self::Meta(meta) => meta.width(),
            Self::Conntrack(key, _) => key.width(),
            Self::Fib(fib) => match fib.result {
                FibResult::Index | FibResult::Type => 32,
                FibResult::Name => 128,
                FibResult::Exists => 1,
            },
            Self::AddressType { .. }
            | Self::Physdev(PhysdevKey::IsIn | PhysdevKey::IsOut | PhysdevKey::IsBridged)
            | Self::ReversePath { .. }
            | Self::TcpOptionPresent(_)
            | Self::Ip6HeaderPresent(_)
            | Self::IpOptionPresent(_) => 1,
            Self::Socket(key) => match key {
                SocketKey::Transparent | SocketKey::Wildcard => 8,
                SocketKey::Mark => 32,
                SocketKey::CgroupV2(_) => 64,
            },
            Self::TcpOption { width, .. }
            | Self::Ip6Header { width, .. }
            | Self::IpOption { width, .. }
            | Self::Opaque { width, .. } => *width,
            Self::Route(key) => match key {
                RouteKey::ClassId | RouteKey::NextHop4 => 32,
                RouteKey::NextHop6 => 128,
                RouteKey::SegmentSize => 16,
                RouteKey::Ipsec => 8,
            },
            Self::Physdev(PhysdevKey::Input | PhysdevKey::Output) => 128,
        }
    }
}

impl ConntrackKey {
    /// Width in bits.
    pub fn width(self) -> u16 {
        match self {
            Self::Direction | Self::L3Protocol | Self::Protocol => 8,
            Self::Zone | Self::SourcePort | Self::DestinationPort => 16,
            Self::Source(Version::V6) | Self::Destination(Version::V6) | Self::Helper | Self::Labels => 128,
            Self::Packets | Self::Bytes | Self::BytesPerPacket => 64,
            Self::Source(Version::V4)
            | Self::Destination(Version::V4)
            | Self::State
            | Self::Status
            | Self::Mark
            | Self::Expiration
            | Self::Id => 32,
        }
    }
}

impl Payload {
    /// A field of the IPv4 header.
    pub const fn ip(offset: u16, width: u16, name: &'static str) -> Self {
        Self {
            base: PayloadBase::Network,
            offset,
            width,
            network: Some(0x0800),
            transport: None,
            name: Cow::Borrowed(name),
        }
    }

    /// A field of the IPv6 header.
    pub const fn ip6(offset: u16, width: u16, name: &'static str) -> Self {
        Self {
            base: PayloadBase::Network,
            offset,
            width,
            network: Some(0x86dd),
            transport: None,
            name: Cow::Borrowed(name),
        }
    }

    /// A field of a transport header, of one protocol or (`None`) of whichever there is.
    pub const fn transport(protocol: Option<u8>, offset: u16, width: u16, name: &'static str) -> Self {
        Self {
            base: PayloadBase::Transport,
            offset,
            width,
            network: None,
            transport: protocol,
            name: Cow::Borrowed(name),
        }
    }
}

/// Number of an interface name: 16 bytes, first character highest. Longer names do not exist (`IFNAMSIZ`).
pub fn name_number(name: &str) -> u128 {
    let mut bytes = [0; 16];
    for (slot, byte) in bytes.iter_mut().zip(name.bytes().take(15)) {
        *slot = byte;
    }
    u128::from_be_bytes(bytes)
}

/// The interval of all interface names that begin with `prefix`.
pub fn name_prefix(prefix: &str) -> Interval {
    let bits = u32::try_from(prefix.len().min(15) * 8).unwrap_or(120);
    let low = name_number(prefix);
    Interval { low, high: low | u128::MAX.checked_shr(bits).unwrap_or(0) }
}
