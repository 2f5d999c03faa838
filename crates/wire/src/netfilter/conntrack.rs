//! Connection tracking entries: asking for them, making and deleting them (`net/netfilter/nf_conntrack_netlink.c`).

use std::net::IpAddr;

use crate::{
    WireError,
    cursor::ip_address,
    netfilter::NfHeader,
    netlink::{
        Attribute, Attributes, Message, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, RequestBuilder, fixed_request,
    },
};

/// `nlmsg_type` of an entry, in a dump's answers as well as in requests: `NFNL_SUBSYS_CTNETLINK`, `IPCTNL_MSG_CT_NEW`.
pub const IPCTNL_MSG_CT_NEW: u16 = 0x0100;

const IPCTNL_MSG_CT_GET: u16 = 0x0101;
const IPCTNL_MSG_CT_DELETE: u16 = 0x0102;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;

/// `IPS_EXPECTED`: the entry was awaited by a helper.
pub const IPS_EXPECTED: u32 = 1;
/// `IPS_SEEN_REPLY`: packets went both ways.
pub const IPS_SEEN_REPLY: u32 = 1 << 1;
/// `IPS_ASSURED`: not the first to go when the table is full.
pub const IPS_ASSURED: u32 = 1 << 2;
/// `IPS_CONFIRMED`: the first packet left the machine or reached its socket.
pub const IPS_CONFIRMED: u32 = 1 << 3;
/// `IPS_SRC_NAT`: sources are rewritten.
pub const IPS_SRC_NAT: u32 = 1 << 4;
/// `IPS_DST_NAT`: destinations are rewritten.
pub const IPS_DST_NAT: u32 = 1 << 5;
/// `IPS_SRC_NAT_DONE`: it is decided whether sources are rewritten.
pub const IPS_SRC_NAT_DONE: u32 = 1 << 7;
/// `IPS_DST_NAT_DONE`: it is decided whether destinations are rewritten.
pub const IPS_DST_NAT_DONE: u32 = 1 << 8;

const CTA_TUPLE_ORIG: u16 = 1;
const CTA_TUPLE_REPLY: u16 = 2;
const CTA_STATUS: u16 = 3;
const CTA_PROTOINFO: u16 = 4;
const CTA_TIMEOUT: u16 = 7;
const CTA_MARK: u16 = 8;
const CTA_ID: u16 = 12;
const CTA_ZONE: u16 = 18;

const CTA_TUPLE_IP: u16 = 1;
const CTA_TUPLE_PROTO: u16 = 2;
const CTA_IP_V4_SRC: u16 = 1;
const CTA_IP_V4_DST: u16 = 2;
const CTA_IP_V6_SRC: u16 = 3;
const CTA_IP_V6_DST: u16 = 4;
const CTA_PROTO_NUM: u16 = 1;
const CTA_PROTO_SRC_PORT: u16 = 2;
const CTA_PROTO_DST_PORT: u16 = 3;
const CTA_PROTO_ICMP_ID: u16 = 4;
const CTA_PROTO_ICMP_TYPE: u16 = 5;
const CTA_PROTO_ICMP_CODE: u16 = 6;
const CTA_PROTO_ICMPV6_ID: u16 = 7;
const CTA_PROTO_ICMPV6_TYPE: u16 = 8;
const CTA_PROTO_ICMPV6_CODE: u16 = 9;
const CTA_PROTOINFO_TCP: u16 = 1;
const CTA_PROTOINFO_TCP_STATE: u16 = 1;
const CTA_PROTOINFO_TCP_FLAGS_ORIGINAL: u16 = 4;
const CTA_PROTOINFO_TCP_FLAGS_REPLY: u16 = 5;

/// The part of a tuple above IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TCP, UDP, UDP-Lite, SCTP, DCCP and GRE (whose keys stand for ports).
    Ports {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// ICMP and `ICMPv6`.
    Icmp {
        /// The query's identifier.
        id: u16,
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
    },
    /// Only the protocol's number tells the flow.
    None,
}

/// One direction of a connection: what its packets have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tuple {
    /// Source address.
    pub source: IpAddr,
    /// Destination address, of the same family.
    pub destination: IpAddr,
    /// IP protocol number.
    pub protocol: u8,
    /// Ports or the like.
    pub transport: Transport,
}

impl Tuple {
    /// `AF_INET` or `AF_INET6`.
    #[must_use]
    pub const fn family(&self) -> u8 {
        match self.source {
            IpAddr::V4(_) => 2,
            IpAddr::V6(_) => 10,
        }
    }

    fn encode(&self, kind: u16, into: &mut RequestBuilder) {
        into.nested(kind, |tuple| {
            tuple.nested(CTA_TUPLE_IP, |ip| {
                encode_address(self.source, CTA_IP_V4_SRC, CTA_IP_V6_SRC, ip);
                encode_address(self.destination, CTA_IP_V4_DST, CTA_IP_V6_DST, ip);
            });
            tuple.nested(CTA_TUPLE_PROTO, |proto| {
                proto.attribute(CTA_PROTO_NUM, &[self.protocol]);
                self.encode_transport(proto);
            });
        });
    }

    fn encode_transport(&self, into: &mut RequestBuilder) {
        match (self.transport, self.source) {
            (Transport::Ports { source, destination }, _) => {
                into.attribute(CTA_PROTO_SRC_PORT, &source.to_be_bytes());
                into.attribute(CTA_PROTO_DST_PORT, &destination.to_be_bytes());
            }
            (Transport::Icmp { id, kind, code }, IpAddr::V4(_)) => {
                into.attribute(CTA_PROTO_ICMP_ID, &id.to_be_bytes());
                into.attribute(CTA_PROTO_ICMP_TYPE, &[kind]);
                into.attribute(CTA_PROTO_ICMP_CODE, &[code]);
            }
            (Transport::Icmp { id, kind, code }, IpAddr::V6(_)) => {
                into.attribute(CTA_PROTO_ICMPV6_ID, &id.to_be_bytes());
                into.attribute(CTA_PROTO_ICMPV6_TYPE, &[kind]);
                into.attribute(CTA_PROTO_ICMPV6_CODE, &[code]);
            }
            (Transport::None, _) => {}
        }
    }

    fn decode(attributes: Attributes<'_>) -> Result<Self, WireError> {
        let mut parts = TupleParts::default();
        for attribute in attributes {
            let attribute = attribute?;
            for inner in attribute.attributes() {
                match attribute.kind {
                    CTA_TUPLE_IP => parts.take_address(&inner?)?,
                    CTA_TUPLE_PROTO => parts.take_transport(&inner?)?,
                    _ => break,
                }
            }
        }
        parts.finish()
    }
}

fn encode_address(address: IpAddr, v4: u16, v6: u16, into: &mut RequestBuilder) {
    match address {
        IpAddr::V4(address) => into.attribute(v4, &address.octets()),
        IpAddr::V6(address) => into.attribute(v6, &address.octets()),
    };
}

#[derive(Default)]
struct TupleParts {
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    protocol: Option<u8>,
    ports: (Option<u16>, Option<u16>),
    icmp: (Option<u16>, Option<u8>, Option<u8>),
}

impl TupleParts {
    fn take_address(&mut self, attribute: &Attribute<'_>) -> Result<(), WireError> {
        match attribute.kind {
            CTA_IP_V4_SRC | CTA_IP_V6_SRC => {
                self.source = Some(ip_address("CTA_IP source", attribute.payload)?);
            }
            CTA_IP_V4_DST | CTA_IP_V6_DST => {
                self.destination = Some(ip_address("CTA_IP destination", attribute.payload)?);
            }
            _ => {}
        }
        Ok(())
    }

    fn take_transport(&mut self, attribute: &Attribute<'_>) -> Result<(), WireError> {
        match attribute.kind {
            CTA_PROTO_NUM => self.protocol = Some(attribute.u8()?),
            CTA_PROTO_SRC_PORT => self.ports.0 = Some(attribute.be16()?),
            CTA_PROTO_DST_PORT => self.ports.1 = Some(attribute.be16()?),
            CTA_PROTO_ICMP_ID | CTA_PROTO_ICMPV6_ID => self.icmp.0 = Some(attribute.be16()?),
            CTA_PROTO_ICMP_TYPE | CTA_PROTO_ICMPV6_TYPE => self.icmp.1 = Some(attribute.u8()?),
            CTA_PROTO_ICMP_CODE | CTA_PROTO_ICMPV6_CODE => self.icmp.2 = Some(attribute.u8()?),
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Tuple, WireError> {
        let transport = match (self.ports, self.icmp) {
            ((Some(source), Some(destination)), _) => Transport::Ports { source, destination },
            (_, (Some(id), Some(kind), Some(code))) => Transport::Icmp { id, kind, code },
            _ => Transport::None,
        };
        Ok(Tuple {
            source: self.source.ok_or(WireError::Missing { what: "CTA_IP source" })?,
            destination: self.destination.ok_or(WireError::Missing { what: "CTA_IP destination" })?,
            protocol: self.protocol.ok_or(WireError::Missing { what: "CTA_PROTO_NUM" })?,
            transport,
        })
    }
}

/// One entry of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Packets as they arrive, in the direction of the first one.
    pub original: Tuple,
    /// Packets as they arrive, in the other direction. Where it is not `original` turned round, addresses are
    /// translated.
    pub reply: Tuple,
    /// `IPS_*` bits.
    pub status: u32,
    /// Seconds left.
    pub timeout: Option<u32>,
    /// The connection's mark.
    pub mark: u32,
    /// `enum tcp_conntrack`: 1 `SYN_SENT`, 2 `SYN_RECV`, 3 `ESTABLISHED`, ... 8 `CLOSE`.
    pub tcp_state: Option<u8>,
    /// The kernel's number for it.
    pub id: Option<u32>,
    /// Zone of both directions.
    pub zone: u16,
}

impl Entry {
    /// Reads the payload of an `IPCTNL_MSG_CT_NEW`.
    pub fn decode(payload: &[u8]) -> Result<Self, WireError> {
        let (_, attributes) = NfHeader::decode(payload)?;
        let (mut original, mut reply, mut status) = (None, None, None);
        let (mut timeout, mut mark, mut tcp_state, mut id, mut zone) = (None, 0, None, None, 0);
        for attribute in Attributes::new(attributes) {
            let attribute = attribute?;
            match attribute.kind {
                CTA_TUPLE_ORIG => original = Some(Tuple::decode(attribute.attributes())?),
                CTA_TUPLE_REPLY => reply = Some(Tuple::decode(attribute.attributes())?),
                CTA_STATUS => status = Some(be32(&attribute)?),
                CTA_PROTOINFO => tcp_state = decode_tcp_state(attribute.attributes())?,
                CTA_TIMEOUT => timeout = Some(be32(&attribute)?),
                CTA_MARK => mark = be32(&attribute)?,
                CTA_ID => id = Some(be32(&attribute)?),
                CTA_ZONE => zone = attribute.be16()?,
                _ => {}
            }
        }
        Ok(Self {
            original: original.ok_or(WireError::Missing { what: "CTA_TUPLE_ORIG" })?,
            reply: reply.ok_or(WireError::Missing { what: "CTA_TUPLE_REPLY" })?,
            status: status.ok_or(WireError::Missing { what: "CTA_STATUS" })?,
            timeout,
            mark,
            tcp_state,
            id,
            zone,
        })
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'_>) -> Result<Self, WireError> {
        match message.header.kind {
            IPCTNL_MSG_CT_NEW => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "IPCTNL_MSG_CT_NEW", kind }),
        }
    }

    /// The request that makes this entry, acknowledged; refused with `EEXIST` where there is one already.
    ///
    /// Its number is the kernel's to choose and is not sent; a missing time-out is sent as two minutes. Windows are
    /// not checked on a connection made so (`IP_CT_TCP_FLAG_BE_LIBERAL`), because nobody has seen them.
    pub fn create_request(&self, seq: u32) -> Result<Vec<u8>, WireError> {
        const BE_LIBERAL: [u8; 2] = [0x08, 0x08];
        let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
        let mut request = RequestBuilder::new(IPCTNL_MSG_CT_NEW, flags, seq);
        request.body(&NfHeader { family: self.original.family(), version: 0, resource: 0 }.encode());
        self.original.encode(CTA_TUPLE_ORIG, &mut request);
        self.reply.encode(CTA_TUPLE_REPLY, &mut request);
        request.attribute(CTA_STATUS, &self.status.to_be_bytes());
        request.attribute(CTA_TIMEOUT, &self.timeout.unwrap_or(120).to_be_bytes());
        if self.mark != 0 {
            request.attribute(CTA_MARK, &self.mark.to_be_bytes());
        }
        if self.zone != 0 {
            request.attribute(CTA_ZONE, &self.zone.to_be_bytes());
        }
        if let Some(state) = self.tcp_state {
            request.nested(CTA_PROTOINFO, |info| {
                info.nested(CTA_PROTOINFO_TCP, |tcp| {
                    tcp.attribute(CTA_PROTOINFO_TCP_STATE, &[state]);
                    tcp.attribute(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, &BE_LIBERAL);
                    tcp.attribute(CTA_PROTOINFO_TCP_FLAGS_REPLY, &BE_LIBERAL);
                });
            });
        }
        request.finish()
    }
}

fn decode_tcp_state(attributes: Attributes<'_>) -> Result<Option<u8>, WireError> {
    for attribute in attributes {
        let attribute = attribute?;
        if attribute.kind != CTA_PROTOINFO_TCP {
            continue;
        }
        for inner in attribute.attributes() {
            let inner = inner?;
            if inner.kind == CTA_PROTOINFO_TCP_STATE {
                return inner.u8().map(Some);
            }
        }
    }
    Ok(None)
}

/// The request for a dump of all entries of the namespace, of both families.
#[must_use]
pub fn dump_request(seq: u32) -> Vec<u8> {
    fixed_request(IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_DUMP, seq, UNSPECIFIED.encode())
}

/// The request that deletes all entries of the namespace, acknowledged.
#[must_use]
pub fn flush_request(seq: u32) -> Vec<u8> {
    fixed_request(IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST | NLM_F_ACK, seq, UNSPECIFIED.encode())
}

/// The request that deletes the entry with `original` as its original tuple, acknowledged; refused with `ENOENT`
/// where there is none.
pub fn delete_request(original: &Tuple, seq: u32) -> Result<Vec<u8>, WireError> {
    let mut request = RequestBuilder::new(IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST | NLM_F_ACK, seq);
    request.body(&NfHeader { family: original.family(), version: 0, resource: 0 }.encode());
    original.encode(CTA_TUPLE_ORIG, &mut request);
    request.finish()
}

const UNSPECIFIED: NfHeader = NfHeader { family: 0, version: 0, resource: 0 };

fn be32(attribute: &Attribute<'_>) -> Result<u32, WireError> {
    attribute.u32().map(u32::from_be)
}
