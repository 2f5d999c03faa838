//! The headers of a packet as bytes, each bit known or open, and where the kernel finds the transport header in them.
//!
//! Refuses to interpret: what a field means is the business of `crate::simulate`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::moved::Moved;
use super::{Place, Question, State, Transport};
use crate::ir::{PayloadBase, Version};

const LINK: usize = 14;
const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP6: u8 = 58;
const UDPLITE: u8 = 136;
const SCTP: u8 = 132;
const DCCP: u8 = 33;

/// Bits of a header: those that are set in `known` have the value in `value`; the others are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bits {
    /// The value, 0 where open.
    pub value: u128,
    /// Which bits are known.
    pub known: u128,
    /// Whose bits the open ones are: the lowest bit is the one at this place of the headers as they came, counted in bits from
    /// the Ethernet header on, and the others stand before it. [`Bits::NOWHERE`] where they are nobody's: the kernel chose them.
    pub at: u16,
}

/// What a look at some bits gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loaded {
    /// The bits.
    Bits(Bits),
    /// The packet is not that long, or has no such header.
    Missing,
}

/// The headers of one packet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Headers {
    bytes: Vec<u8>,
    known: Vec<u8>,
    /// IPv4 or IPv6.
    pub version: Version,
    /// There is an Ethernet header: packets that the host sends have none yet at the IP hooks.
    pub link: bool,
    /// Offset of the transport header, if the kernel finds one.
    transport: Option<usize>,
    /// Transport protocol, behind all extension headers.
    pub protocol: Option<u8>,
    /// Offset of a later fragment, in units of 8 bytes; 0 for a whole packet or the first.
    pub fragment: u16,
    /// Nothing stands behind `bytes`; otherwise what follows is open.
    complete: bool,
    /// Whose bits the open ones are, where they are not those that came at their place.
    moved: Moved,
}

impl Bits {
    /// All known.
    pub const fn all(value: u128) -> Self {
        Self { value, known: u128::MAX, at: Self::NOWHERE }
    }

    /// All open.
    pub const OPEN: Self = Self { value: 0, known: 0, at: Self::NOWHERE };

    /// No place in the headers.
    pub const NOWHERE: u16 = u16::MAX;

    /// Some known, the others nobody's.
    pub const fn partly(value: u128, known: u128) -> Self {
        Self { value, known, at: Self::NOWHERE }
    }

    /// The same place, with other bits known.
    #[must_use]
    pub const fn with(self, value: u128, known: u128) -> Self {
        Self { value, known, at: if known == u128::MAX { Self::NOWHERE } else { self.at } }
    }

    /// Whether the lowest `width` bits are all known.
    pub const fn is_known(self, width: u16) -> bool {
        let mask = mask(width);
        self.known & mask == mask
    }

    /// The value, where the lowest `width` bits are all known.
    pub fn exact(self, width: u16) -> Option<u128> {
        self.is_known(width).then_some(self.value & mask(width))
    }
}

/// The lowest `width` bits.
pub const fn mask(width: u16) -> u128 {
    if width >= 128 { u128::MAX } else { (1 << width) - 1 }
}

impl Headers {
    /// Headers of a packet that is there byte for byte, from the IP header on.
    ///
    /// `None` where it is no IP packet or is cut within its IP header.
    pub fn from_bytes(link: Option<[u8; LINK]>, packet: &[u8]) -> Option<Self> {
        let version = match packet.first()? >> 4 {
            4 if packet.len() >= 20 => Version::V4,
            6 if packet.len() >= 40 => Version::V6,
            _ => return None,
        };
        let mut bytes = link.unwrap_or_default().to_vec();
        bytes.extend_from_slice(packet);
        let known = vec![0xff; bytes.len()];
        let mut headers = Self {
            bytes,
            known,
            version,
            link: link.is_some(),
            transport: None,
            protocol: None,
            fragment: 0,
            complete: true,
            moved: Moved::default(),
        };
        headers.find_transport();
        Some(headers)
    }

    /// Headers of a packet as a person describes it. What the description leaves out is open, except: a TCP packet without
    /// flags is a SYN, or an ACK where it belongs to a connection; an ICMP packet without type is an echo request; there are
    /// no IP options, and it is no fragment.
    pub fn from_question(question: &Question) -> Self {
        let mut writer = Writer::default();
        let link = !question.place.is_output();
        writer.maybe(question.ether_destination.as_ref().map(<[u8; 6]>::as_slice), 6);
        writer.maybe(question.ether_source.as_ref().map(<[u8; 6]>::as_slice), 6);
        let version = if question.destination.is_ipv4() { Version::V4 } else { Version::V6 };
        writer.put(if version == Version::V4 { &[0x08, 0x00] } else { &[0x86, 0xdd] });
        let protocol = question.transport.protocol(version);
        match version {
            Version::V4 => writer.ip4(question, protocol),
            Version::V6 => writer.ip6(question, protocol),
        }
        if question.fragment.is_none_or(|offset| offset == 0) {
            writer.transport(question, version);
        }
        let mut headers = Self {
            bytes: writer.bytes,
            known: writer.known,
            version,
            link,
            transport: None,
            protocol: None,
            fragment: 0,
            complete: false,
            moved: Moved::default(),
        };
        headers.find_transport();
        headers
    }

    /// Finds the transport header as `nft_set_pktinfo_ipv4` and `ipv6_find_hdr` do (`include/net/netfilter/nf_tables_ipv4.h`,
    /// `net/ipv6/exthdrs_core.c`).
    fn find_transport(&mut self) {
        match self.version {
            Version::V4 => {
                let length = usize::from(self.byte(LINK) & 0x0f) * 4;
                self.protocol = Some(self.byte(LINK + 9));
                self.fragment = u16::from_be_bytes([self.byte(LINK + 6), self.byte(LINK + 7)]) & 0x1fff;
                self.transport = (length >= 20).then_some(LINK + length);
            }
            Version::V6 => self.find_transport6(),
        }
    }

    /// An authentication header counts as the transport protocol itself (`IP6_FH_F_AUTH` in `nft_set_pktinfo_ipv6`).
    fn find_transport6(&mut self) {
        let mut next = self.byte(LINK + 6);
        let mut at = LINK + 40;
        loop {
            let length = match next {
                // Hop-by-hop, routing, destination options.
                0 | 43 | 60 => (usize::from(self.byte(at + 1)) + 1) * 8,
                44 => {
                    let offset = u16::from_be_bytes([self.byte(at + 2), self.byte(at + 3)]) >> 3;
                    if offset != 0 {
                        self.fragment = offset;
                        // `ipv6_find_hdr` leaves the offset at 0 here: the kernel takes the IP header for the transport header.
                        self.protocol = self.bytes.get(at).copied();
                        self.transport = Some(LINK);
                        return;
                    }
                    8
                }
                _ => break,
            };
            if at + 2 > self.bytes.len() {
                return;
            }
            next = self.byte(at);
            at += length;
        }
        self.protocol = Some(next);
        self.transport = Some(at);
    }

    /// Whether it is a part of a packet: a later fragment, or the first of several.
    pub fn is_fragment(&self) -> bool {
        let more = match self.version {
            Version::V4 => self.byte(LINK + 6) & 0x20 != 0,
            Version::V6 => {
                matches!(self.ip6_header(44, 31, 1), Loaded::Bits(bits) if bits.exact(1) == Some(1))
            }
        };
        more || self.fragment != 0
    }

    /// The open bits are not those of the packet asked about, except where an address or a port is written from now on.
    pub fn forget(&mut self) {
        self.moved.enter(0, u16::MAX, Bits::NOWHERE);
    }

    /// Whether the packet is there byte for byte.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Gives the packet an Ethernet header with this source; the destination may be open.
    pub fn put_link(&mut self, source: &[u8], destination: Option<&[u8]>) {
        self.link = true;
        let number =
            |mac: &[u8]| Bits::all(mac.iter().take(6).fold(0, |sum, byte| sum << 8 | u128::from(*byte)));
        self.store(PayloadBase::Link, 0, 48, destination.map_or(Bits::OPEN, number));
        self.store(PayloadBase::Link, 48, 48, number(source));
        let kind = if self.version == Version::V4 { 0x0800 } else { 0x86dd };
        self.store(PayloadBase::Link, 96, 16, Bits::all(kind));
    }

    /// A look at bits of a transport header that nobody asked whether it is there: a later fragment has none, and its content is
    /// taken for it.
    pub fn load_unchecked(&self, offset: u16, width: u16, from_link: bool) -> Loaded {
        let start = if from_link { Some(0) } else { self.transport };
        start.map_or(Loaded::Missing, |at| self.load_at(at, offset, width))
    }

    /// The host enters an address into a record-route option on arrival (`ip_options_compile`, `net/ipv4/ip_options.c`).
    pub fn record_route(&mut self) {
        let Loaded::Bits(bits) = self.ip_option(7, 0, 24) else { return };
        let Some(option) = bits.exact(24) else { return };
        let (length, pointer) = (option >> 8 & 0xff, option & 0xff);
        let start = (LINK + 20..self.bytes.len()).find(|at| self.byte(*at) == 7);
        if let (Some(at), true) = (start, pointer >= 4 && pointer + 3 <= length)
            && let Ok(slot) = usize::try_from(pointer - 1)
        {
            for byte in at + slot..at + slot + 4 {
                if let Some(known) = self.known.get_mut(byte) {
                    *known = 0;
                }
            }
            if let Some(byte) = self.bytes.get_mut(at + 2) {
                *byte = byte.saturating_add(4);
            }
        }
    }

    /// A look at `width` bits (at most 128) at `offset` bits behind the base.
    pub fn load(&self, base: PayloadBase, offset: u16, width: u16) -> Loaded {
        let start = match base {
            PayloadBase::Link if self.link => 0,
            PayloadBase::Link => return Loaded::Missing,
            PayloadBase::Network => LINK,
            PayloadBase::Transport | PayloadBase::Inner if self.fragment != 0 => return Loaded::Missing,
            PayloadBase::Transport => match self.transport {
                Some(at) => at,
                None => return Loaded::Missing,
            },
            PayloadBase::Inner => match self.inner() {
                Some(at) => at,
                None => return Loaded::Missing,
            },
        };
        self.load_at(start, offset, width)
    }

    /// A look at `width` bits at `offset` bits behind a byte.
    fn load_at(&self, start: usize, offset: u16, width: u16) -> Loaded {
        let first = start + usize::from(offset / 8);
        let end_bit = u32::from(offset % 8) + u32::from(width);
        let last = first + usize::try_from(end_bit.div_ceil(8)).unwrap_or(0);
        let (Some(bytes), Some(known)) = (self.bytes.get(first..last), self.known.get(first..last)) else {
            return if self.complete { Loaded::Missing } else { Loaded::Bits(Bits::OPEN) };
        };
        let surplus = (8 - end_bit % 8) % 8;
        let known = gather(known, surplus, width) | !mask(width);
        let at =
            if known == u128::MAX { Bits::NOWHERE } else { self.moved.place(position(start, offset), width) };
        Loaded::Bits(Bits { value: gather(bytes, surplus, width), known, at })
    }

    /// Where the content behind the transport header begins (`nft_payload_inner_offset`, `net/netfilter/nft_payload.c`).
    fn inner(&self) -> Option<usize> {
        let at = self.transport?;
        match self.protocol? {
            UDP | UDPLITE | ICMP | ICMP6 => Some(at + 8),
            TCP => Some(at + usize::from(self.byte(at + 12) >> 4) * 4),
            _ => None,
        }
    }

    /// Writes bits. Nothing happens where the packet has no such header or is too short; the answer tells.
    pub fn store(&mut self, base: PayloadBase, offset: u16, width: u16, bits: Bits) -> bool {
        let start = match base {
            PayloadBase::Link if self.link => 0,
            PayloadBase::Network => LINK,
            PayloadBase::Transport if self.fragment == 0 => match self.transport {
                Some(at) => at,
                None => return false,
            },
            _ => return false,
        };
        let whole = offset.is_multiple_of(8) && width.is_multiple_of(8) && width <= 128;
        if whole {
            let first = start + usize::from(offset / 8);
            let count = usize::from(width / 8);
            let (Some(values), Some(knowns)) =
                (self.bytes.get_mut(first..first + count), self.known.get_mut(first..first + count))
            else {
                return false;
            };
            let (value, known) = (bits.value.to_be_bytes(), bits.known.to_be_bytes());
            values.copy_from_slice(value.get(16 - count..).unwrap_or_default());
            knowns.copy_from_slice(known.get(16 - count..).unwrap_or_default());
        }
        for bit in 0..if whole { 0 } else { width } {
            let position = usize::from(offset) + usize::from(bit);
            let (byte, shift) = (start + position / 8, 7 - position % 8);
            let source = width - 1 - bit;
            let (Some(value), Some(known)) = (self.bytes.get_mut(byte), self.known.get_mut(byte)) else {
                return false;
            };
            *value = *value & !(1 << shift) | u8::from(bits.value >> source & 1 == 1) << shift;
            *known = *known & !(1 << shift) | u8::from(bits.known >> source & 1 == 1) << shift;
        }
        if !bits.is_known(width) {
            self.moved.enter(position(start, offset), width, bits.at);
        }
        self.find_transport();
        true
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Source address.
    pub fn source(&self) -> Bits {
        self.address(12, 8)
    }

    /// Destination address.
    pub fn destination(&self) -> Bits {
        self.address(16, 24)
    }

    fn address(&self, v4: u16, v6: u16) -> Bits {
        let loaded = match self.version {
            Version::V4 => self.load(PayloadBase::Network, v4 * 8, 32),
            Version::V6 => self.load(PayloadBase::Network, v6 * 8, 128),
        };
        match loaded {
            Loaded::Bits(bits) => bits,
            Loaded::Missing => Bits::OPEN,
        }
    }

    /// Leaves the destination address open.
    pub fn open_destination(&mut self) {
        match self.version {
            Version::V4 => self.open_bytes(LINK + 16, 4),
            Version::V6 => self.open_bytes(LINK + 24, 16),
        }
    }

    /// Leaves whole bytes of the transport header open; offset and width in bits.
    pub fn open_transport(&mut self, offset: u16, width: u16) {
        if let Some(at) = self.transport {
            self.open_bytes(at + usize::from(offset / 8), usize::from(width / 8));
        }
    }

    fn open_bytes(&mut self, from: usize, count: usize) {
        for at in from..from + count {
            if let (Some(value), Some(known)) = (self.bytes.get_mut(at), self.known.get_mut(at)) {
                *value = 0;
                *known = 0;
            }
        }
    }

    /// Writes the source address.
    pub fn write_source(&mut self, bits: Bits) {
        match self.version {
            Version::V4 => self.store(PayloadBase::Network, 96, 32, bits),
            Version::V6 => self.store(PayloadBase::Network, 64, 128, bits),
        };
    }

    /// Writes the destination address.
    pub fn write_destination(&mut self, bits: Bits) {
        match self.version {
            Version::V4 => self.store(PayloadBase::Network, 128, 32, bits),
            Version::V6 => self.store(PayloadBase::Network, 192, 128, bits),
        };
    }

    /// Whether the transport protocol has ports where TCP has them.
    pub fn has_ports(&self) -> bool {
        self.fragment == 0 && matches!(self.protocol, Some(TCP | UDP | UDPLITE | SCTP | DCCP))
    }

    /// Source port, of protocols that have one.
    pub fn source_port(&self) -> Option<Bits> {
        self.port(0)
    }

    /// Destination port, of protocols that have one.
    pub fn destination_port(&self) -> Option<Bits> {
        self.port(16)
    }

    fn port(&self, offset: u16) -> Option<Bits> {
        match self.has_ports().then(|| self.load(PayloadBase::Transport, offset, 16))? {
            Loaded::Bits(bits) => Some(bits),
            Loaded::Missing => None,
        }
    }

    /// Writes the source port.
    pub fn write_source_port(&mut self, bits: Bits) {
        if self.has_ports() {
            self.store(PayloadBase::Transport, 0, 16, bits);
        }
    }

    /// Writes the destination port.
    pub fn write_destination_port(&mut self, bits: Bits) {
        if self.has_ports() {
            self.store(PayloadBase::Transport, 16, 16, bits);
        }
    }

    /// TCP flags: `FIN` 1, `SYN` 2, `RST` 4, `PSH` 8, `ACK` 16, `URG` 32, `ECE` 64, `CWR` 128.
    pub fn tcp_flags(&self) -> Option<Bits> {
        match (self.protocol == Some(TCP)).then(|| self.load(PayloadBase::Transport, 104, 8))? {
            Loaded::Bits(bits) => Some(bits),
            Loaded::Missing => None,
        }
    }

    /// ICMP or `ICMPv6` type.
    pub fn icmp_type(&self) -> Option<Bits> {
        match matches!(self.protocol, Some(ICMP | ICMP6)).then(|| self.load(PayloadBase::Transport, 0, 8))? {
            Loaded::Bits(bits) => Some(bits),
            Loaded::Missing => None,
        }
    }

    /// Length from the network header on, where it is known (a packet given byte for byte).
    pub fn length(&self) -> Bits {
        if self.complete {
            return Bits::all(u128::try_from(self.bytes.len().saturating_sub(LINK)).unwrap_or(0));
        }
        match self.version {
            Version::V4 => match self.load(PayloadBase::Network, 16, 16) {
                Loaded::Bits(bits) => bits,
                Loaded::Missing => Bits::OPEN,
            },
            Version::V6 => match self.load(PayloadBase::Network, 32, 16) {
                Loaded::Bits(bits) if bits.is_known(16) => Bits::all(bits.value + 40),
                _ => Bits::OPEN,
            },
        }
    }

    /// Bits of a TCP option (`nft_exthdr_tcp_eval`, `net/netfilter/nft_exthdr.c`). Open where the packet's options are not known.
    pub fn tcp_option(&self, kind: u8, offset: u16, width: u16) -> Loaded {
        let Some(at) = self.transport.filter(|_| self.protocol == Some(TCP) && self.fragment == 0) else {
            return Loaded::Missing;
        };
        if !self.complete {
            return Loaded::Bits(Bits::OPEN);
        }
        let end = at + usize::from(self.byte(at + 12) >> 4) * 4;
        if end > self.bytes.len() {
            return Loaded::Missing;
        }
        self.find_option(at + 20, end, kind, offset, width)
    }

    /// Bits of an IPv4 option (`ipv4_find_option`).
    pub fn ip_option(&self, kind: u8, offset: u16, width: u16) -> Loaded {
        if self.version != Version::V4 {
            return Loaded::Missing;
        }
        let end = LINK + usize::from(self.byte(LINK) & 0x0f) * 4;
        self.find_option(LINK + 20, end, kind, offset, width)
    }

    fn find_option(&self, mut at: usize, end: usize, kind: u8, offset: u16, width: u16) -> Loaded {
        while at < end {
            let found = self.byte(at);
            let length = match found {
                // End of options and no-operation are one byte long (`optlen`).
                0 | 1 => 1,
                _ => usize::from(self.byte(at + 1)).max(1),
            };
            if found == kind {
                if usize::from(offset) + usize::from(width) > length * 8 || at + length > end {
                    return Loaded::Missing;
                }
                return self.load_at(at, offset, width);
            }
            at += length;
        }
        Loaded::Missing
    }

    /// Bits of an IPv6 extension header (`ipv6_find_hdr` with a target).
    pub fn ip6_header(&self, header: u8, offset: u16, width: u16) -> Loaded {
        if self.version != Version::V6 {
            return Loaded::Missing;
        }
        let mut next = self.byte(LINK + 6);
        let mut at = LINK + 40;
        loop {
            if next == header {
                return self.load_at(at, offset, width);
            }
            let length = match next {
                0 | 43 | 60 => (usize::from(self.byte(at + 1)) + 1) * 8,
                44 if u16::from_be_bytes([self.byte(at + 2), self.byte(at + 3)]) >> 3 != 0 => {
                    return Loaded::Missing;
                }
                44 => 8,
                51 => (usize::from(self.byte(at + 1)) + 2) * 4,
                _ => return Loaded::Missing,
            };
            if at + 2 > self.bytes.len() {
                return Loaded::Missing;
            }
            next = self.byte(at);
            at += length;
        }
    }

    /// Turns an echo request into its reply.
    pub fn answer_echo(&mut self) {
        let reply = match (self.protocol, self.icmp_type().and_then(|kind| kind.exact(8))) {
            (Some(ICMP), Some(8)) => 0,
            (Some(ICMP6), Some(128)) => 129,
            _ => return,
        };
        self.store(PayloadBase::Transport, 0, 8, Bits::all(reply));
    }

    /// An address as such, where all its bits are known.
    pub fn address_of(&self, bits: Bits) -> Option<IpAddr> {
        match self.version {
            Version::V4 => Some(IpAddr::V4(Ipv4Addr::from(u32::try_from(bits.exact(32)?).ok()?))),
            Version::V6 => Some(IpAddr::V6(Ipv6Addr::from(bits.exact(128)?))),
        }
    }
}

/// Place of a bit, counted from the Ethernet header on.
fn position(start: usize, offset: u16) -> u16 {
    u16::try_from(start * 8).map_or(Bits::NOWHERE, |start| start.saturating_add(offset))
}

/// Collects the bits of some bytes: the last `surplus` bits are cut, then the lowest `width` are kept.
fn gather(bytes: &[u8], surplus: u32, width: u16) -> u128 {
    let Some((last, head)) = bytes.split_last() else { return 0 };
    let high = head.iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    let value = high.checked_shl(8 - surplus).unwrap_or(0) | u128::from(*last) >> surplus;
    value & mask(width)
}

/// Writes known and open bytes.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    known: Vec<u8>,
}

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.known.resize(self.bytes.len(), 0xff);
    }

    fn open(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, 0);
        self.known.resize(self.bytes.len(), 0);
    }

    fn maybe(&mut self, bytes: Option<&[u8]>, count: usize) {
        match bytes {
            Some(bytes) => self.put(bytes),
            None => self.open(count),
        }
    }

    fn partly(&mut self, byte: u8, known: u8) {
        self.bytes.push(byte & known);
        self.known.push(known);
    }

    fn ip4(&mut self, question: &Question, protocol: u8) {
        self.put(&[0x45]);
        let known = if question.dscp.is_some() { 0xfc } else { 0 };
        self.partly(question.dscp.unwrap_or(0) << 2, known);
        self.maybe(question.length.map(u16::to_be_bytes).as_ref().map(<[u8; 2]>::as_slice), 2);
        self.open(2);
        self.put(&(question.fragment.unwrap_or(0) & 0x1fff).to_be_bytes());
        self.maybe(question.ttl.as_ref().map(std::slice::from_ref), 1);
        self.put(&[protocol]);
        self.open(2);
        match question.source {
            Some(IpAddr::V4(address)) => self.put(&address.octets()),
            _ => self.open(4),
        }
        match question.destination {
            IpAddr::V4(address) => self.put(&address.octets()),
            IpAddr::V6(_) => self.open(4),
        }
    }

    fn ip6(&mut self, question: &Question, protocol: u8) {
        let dscp = question.dscp.unwrap_or(0);
        let known = question.dscp.is_some();
        self.partly(0x60 | dscp >> 2, if known { 0xff } else { 0xf0 });
        self.partly(dscp << 6, if known { 0xc0 } else { 0 });
        self.open(2);
        let payload = question.length.map(|length| length.saturating_sub(40).to_be_bytes());
        self.maybe(payload.as_ref().map(<[u8; 2]>::as_slice), 2);
        let fragment = question.fragment.filter(|offset| *offset != 0);
        self.put(&[if fragment.is_some() { 44 } else { protocol }]);
        self.maybe(question.ttl.as_ref().map(std::slice::from_ref), 1);
        match question.source {
            Some(IpAddr::V6(address)) => self.put(&address.octets()),
            _ => self.open(16),
        }
        match question.destination {
            IpAddr::V6(address) => self.put(&address.octets()),
            IpAddr::V4(_) => self.open(16),
        }
        if let Some(offset) = fragment {
            self.put(&[protocol, 0]);
            self.put(&(offset << 3).to_be_bytes());
            self.open(4);
        }
    }

    fn transport(&mut self, question: &Question, version: Version) {
        match &question.transport {
            Transport::Tcp { source, destination, flags } => {
                self.ports(*source, *destination);
                self.open(8);
                self.partly(0, 0);
                let usual = match question.state {
                    State::Established | State::Related => 0x10,
                    _ if question.reply => 0x10,
                    _ => 0x02,
                };
                self.put(&[flags.unwrap_or(usual)]);
                self.open(6);
            }
            Transport::Ports { source, destination, .. } => {
                self.ports(*source, *destination);
                self.open(4);
            }
            Transport::Icmp { kind, code } => {
                let echo = if version == Version::V4 { 8 } else { 128 };
                self.put(&[kind.unwrap_or(echo)]);
                match (kind, code) {
                    (_, Some(code)) => self.put(&[*code]),
                    (None, None) => self.put(&[0]),
                    (Some(_), None) => self.open(1),
                }
                self.open(6);
            }
            Transport::Other(_) => {}
        }
    }

    fn ports(&mut self, source: Option<u16>, destination: Option<u16>) {
        self.maybe(source.map(u16::to_be_bytes).as_ref().map(<[u8; 2]>::as_slice), 2);
        self.maybe(destination.map(u16::to_be_bytes).as_ref().map(<[u8; 2]>::as_slice), 2);
    }
}

impl Transport {
    /// The protocol number in the IP header.
    pub fn protocol(&self, version: Version) -> u8 {
        match self {
            Self::Tcp { .. } => TCP,
            Self::Ports { protocol, .. } | Self::Other(protocol) => *protocol,
            Self::Icmp { .. } if version == Version::V4 => ICMP,
            Self::Icmp { .. } => ICMP6,
        }
    }
}

impl Place {
    /// Whether the host itself sends the packet.
    pub fn is_output(&self) -> bool {
        matches!(self, Self::Out { .. })
    }
}
