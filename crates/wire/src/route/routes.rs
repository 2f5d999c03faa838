//! `RTM_GETROUTE` and `RTM_NEWROUTE`: routes of all tables, and the kernel's answer to "how would you route this".

use std::net::IpAddr;

use crate::{
    WireError,
    cursor::{Cursor, ip_address, truncated},
    netlink::{Attribute, Attributes, Message, NLM_F_DUMP, NLM_F_REQUEST, RequestBuilder, fixed_request},
    sock_diag::AddressFamily,
    wire_enum,
};

/// `nlmsg_type` of a route.
pub const RTM_NEWROUTE: u16 = 24;

const RTM_GETROUTE: u16 = 26;
const RTA_DST: u16 = 1;
const RTA_SRC: u16 = 2;
const RTA_IIF: u16 = 3;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const RTA_METRICS: u16 = 8;
const RTA_MULTIPATH: u16 = 9;
const RTA_FLOW: u16 = 11;
const RTA_CACHEINFO: u16 = 12;
const RTA_TABLE: u16 = 15;
const RTA_MARK: u16 = 16;
const RTA_VIA: u16 = 18;
const RTA_PREF: u16 = 20;
const RTA_ENCAP_TYPE: u16 = 21;
const RTA_UID: u16 = 25;
const RTA_IP_PROTO: u16 = 27;
const RTA_SPORT: u16 = 28;
const RTA_DPORT: u16 = 29;
const RTA_NH_ID: u16 = 30;

const RTAX_MTU: u16 = 2;

wire_enum! {
    /// What a route does with a packet (`RTN_*`).
    pub enum RouteType: u8 {
        /// Passed on.
        Unicast = 1 => "unicast",
        /// For this machine.
        Local = 2 => "local",
        /// For this machine, as one of all on the link.
        Broadcast = 3 => "broadcast",
        /// For this machine, as one of several.
        Anycast = 4 => "anycast",
        /// For a group.
        Multicast = 5 => "multicast",
        /// Dropped without a word.
        Blackhole = 6 => "blackhole",
        /// Refused: unreachable.
        Unreachable = 7 => "unreachable",
        /// Refused: prohibited.
        Prohibit = 8 => "prohibit",
        /// Not in this table.
        Throw = 9 => "throw",
    }
}

/// The request for a dump of all routes of one family, of every table.
#[must_use]
pub fn dump_routes(family: AddressFamily, seq: u32) -> Vec<u8> {
    // struct rtmsg: only the family counts.
    let mut body = [0; 12];
    if let Some(first) = body.first_mut() {
        *first = family.value();
    }
    fixed_request(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, seq, body)
}

/// A question to the kernel's routing, as `ip route get` asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteQuery {
    /// Where to.
    pub destination: IpAddr,
    /// From where.
    pub source: Option<IpAddr>,
    /// Received on this interface; else sent by this machine.
    pub iif: Option<u32>,
    /// Sent by this interface.
    pub oif: Option<u32>,
    /// Mark.
    pub mark: u32,
    /// TOS byte.
    pub tos: u8,
    /// IP protocol; the kernel takes TCP, UDP and ICMP.
    pub protocol: Option<u8>,
    /// Source port.
    pub source_port: Option<u16>,
    /// Destination port.
    pub destination_port: Option<u16>,
    /// User.
    pub uid: Option<u32>,
}

impl RouteQuery {
    /// The request. It changes nothing: the kernel looks the route up and tells it.
    pub fn encode(&self, seq: u32) -> Result<Vec<u8>, WireError> {
        let (family, length) = match self.destination {
            IpAddr::V4(_) => (AddressFamily::Inet, 32),
            IpAddr::V6(_) => (AddressFamily::Inet6, 128),
        };
        let mut request = RequestBuilder::new(RTM_GETROUTE, NLM_F_REQUEST, seq);
        let source_length = if self.source.is_some() { length } else { 0 };
        request.body(&[family.value(), length, source_length, self.tos, 0, 0, 0, 0, 0, 0, 0, 0]);
        address(&mut request, RTA_DST, self.destination);
        if let Some(source) = self.source {
            address(&mut request, RTA_SRC, source);
        }
        for (kind, value) in [(RTA_IIF, self.iif), (RTA_OIF, self.oif), (RTA_UID, self.uid)] {
            if let Some(value) = value {
                request.attribute(kind, &value.to_ne_bytes());
            }
        }
        if self.mark != 0 {
            request.attribute(RTA_MARK, &self.mark.to_ne_bytes());
        }
        if let Some(protocol) = self.protocol {
            request.attribute(RTA_IP_PROTO, &[protocol]);
        }
        for (kind, port) in [(RTA_SPORT, self.source_port), (RTA_DPORT, self.destination_port)] {
            if let Some(port) = port {
                request.attribute(kind, &port.to_be_bytes());
            }
        }
        request.finish()
    }
}

fn address(request: &mut RequestBuilder, kind: u16, address: IpAddr) {
    match address {
        IpAddr::V4(v4) => request.attribute(kind, &v4.octets()),
        IpAddr::V6(v6) => request.attribute(kind, &v6.octets()),
    };
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Family.
    pub family: AddressFamily,
    /// Destination; `None` is the unspecified address.
    pub destination: Option<IpAddr>,
    /// Bits of the destination's prefix.
    pub destination_len: u8,
    /// Source (IPv6).
    pub source: Option<IpAddr>,
    /// Bits of the source's prefix.
    pub source_len: u8,
    /// TOS byte.
    pub tos: u8,
    /// Table.
    pub table: u32,
    /// Who made it (`RTPROT_*`).
    pub protocol: u8,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// What it does.
    pub kind: RouteType,
    /// `RTM_F_*` bits, and the `RTNH_F_*` bits of a single way.
    pub flags: u32,
    /// `RTA_PRIORITY`.
    pub metric: u32,
    /// The single way.
    pub single: RouteNexthop,
    /// Several ways (`RTA_MULTIPATH`); `single` is then empty.
    pub multipath: Vec<RouteNexthop>,
    /// Number of a nexthop object.
    pub nexthop_id: Option<u32>,
    /// Preferred source address.
    pub preferred_source: Option<IpAddr>,
    /// `RTAX_MTU`.
    pub mtu: Option<u32>,
    /// IPv6 router preference.
    pub preference: u8,
    /// Realms (`RTA_FLOW`).
    pub realms: Option<u32>,
    /// `rta_expires`: ticks (1/100 s) until the kernel forgets it, 0 for never; and in answers, `rta_error`.
    pub expires: Option<i32>,
}

/// One way of a route.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RouteNexthop {
    /// Index of the interface.
    pub interface: Option<u32>,
    /// The router (`RTA_GATEWAY`, `RTA_VIA`).
    pub gateway: Option<IpAddr>,
    /// Weight less one.
    pub hops: u8,
    /// `RTNH_F_*`.
    pub flags: u8,
    /// `RTA_ENCAP_TYPE`; 0 is none.
    pub encapsulation: u16,
}

impl Route {
    /// Reads the payload of an `RTM_NEWROUTE`.
    pub fn decode(payload: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(payload);
        let mut route = Self::read(&mut cursor).ok_or_else(|| truncated("rtmsg", 12, payload))?;
        for attribute in Attributes::new(cursor.rest()) {
            route.take(&attribute?)?;
        }
        Ok(route)
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'_>) -> Result<Self, WireError> {
        match message.header.kind {
            RTM_NEWROUTE => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "RTM_NEWROUTE", kind }),
        }
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let [family, destination_len, source_len, tos, table, protocol, scope, kind] = cursor.array()?;
        Some(Self {
            family: AddressFamily::from(family),
            destination: None,
            destination_len,
            source: None,
            source_len,
            tos,
            table: u32::from(table),
            protocol,
            scope,
            kind: RouteType::from(kind),
            flags: cursor.u32()?,
            metric: 0,
            single: RouteNexthop::default(),
            multipath: Vec::new(),
            nexthop_id: None,
            preferred_source: None,
            mtu: None,
            preference: 0,
            realms: None,
            expires: None,
        })
    }

    fn take(&mut self, attribute: &Attribute<'_>) -> Result<(), WireError> {
        match attribute.kind {
            RTA_DST => self.destination = Some(ip_address("RTA_DST", attribute.payload)?),
            RTA_SRC => self.source = Some(ip_address("RTA_SRC", attribute.payload)?),
            RTA_PRIORITY => self.metric = attribute.u32()?,
            RTA_PREFSRC => self.preferred_source = Some(ip_address("RTA_PREFSRC", attribute.payload)?),
            RTA_METRICS => self.take_metrics(attribute.attributes())?,
            RTA_MULTIPATH => self.multipath = multipath(attribute.payload)?,
            RTA_FLOW => self.realms = Some(attribute.u32()?),
            RTA_CACHEINFO => self.expires = expires(attribute.payload),
            RTA_TABLE => self.table = attribute.u32()?,
            RTA_PREF => self.preference = attribute.u8()?,
            RTA_NH_ID => self.nexthop_id = Some(attribute.u32()?),
            _ => self.single.take(attribute)?,
        }
        Ok(())
    }

    fn take_metrics(&mut self, attributes: Attributes<'_>) -> Result<(), WireError> {
        for attribute in attributes {
            let attribute = attribute?;
            if attribute.kind == RTAX_MTU {
                self.mtu = Some(attribute.u32()?);
            }
        }
        Ok(())
    }
}

impl RouteNexthop {
    fn take(&mut self, attribute: &Attribute<'_>) -> Result<(), WireError> {
        match attribute.kind {
            RTA_OIF => self.interface = Some(attribute.u32()?),
            RTA_GATEWAY => self.gateway = Some(ip_address("RTA_GATEWAY", attribute.payload)?),
            // struct rtvia: family, then the address.
            RTA_VIA => {
                let address = attribute.payload.get(2..).unwrap_or_default();
                self.gateway = Some(ip_address("RTA_VIA", address)?);
            }
            RTA_ENCAP_TYPE => self.encapsulation = attribute.u16()?,
            _ => {}
        }
        Ok(())
    }
}

/// `struct rtnexthop`, each with attributes of its own.
fn multipath(mut bytes: &[u8]) -> Result<Vec<RouteNexthop>, WireError> {
    const HEADER: usize = 8;
    let mut nexthops = Vec::new();
    while !bytes.is_empty() {
        let short = || truncated("rtnexthop", HEADER, bytes);
        let mut cursor = Cursor::new(bytes);
        let length = usize::from(cursor.u16().ok_or_else(short)?);
        let [flags, hops] = cursor.array().ok_or_else(short)?;
        let interface = cursor.u32().ok_or_else(short)?;
        let attributes = bytes.get(HEADER..length).ok_or_else(|| truncated("rtnexthop", length, bytes))?;
        let mut nexthop = RouteNexthop { interface: Some(interface), hops, flags, ..RouteNexthop::default() };
        for attribute in Attributes::new(attributes) {
            nexthop.take(&attribute?)?;
        }
        nexthops.push(nexthop);
        // RTNH_ALIGN; `length` is at least the header's, or the slice above would have failed.
        bytes = bytes.get((length + 3) & !3..).unwrap_or_default();
    }
    Ok(nexthops)
}

/// The third field of `struct rta_cacheinfo`.
fn expires(payload: &[u8]) -> Option<i32> {
    let mut cursor = Cursor::new(payload);
    cursor.skip(8)?;
    cursor.array().map(i32::from_ne_bytes)
}
