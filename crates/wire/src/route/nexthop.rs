//! `RTM_GETNEXTHOP` and `RTM_NEWNEXTHOP`: nexthop objects that routes refer to (`include/uapi/linux/nexthop.h`).

use std::net::IpAddr;

use crate::{
    WireError,
    cursor::{Cursor, ip_address, truncated},
    netlink::{Attributes, Message, NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
};

/// `nlmsg_type` of a nexthop object.
pub const RTM_NEWNEXTHOP: u16 = 104;

const RTM_GETNEXTHOP: u16 = 106;
const NHA_ID: u16 = 1;
const NHA_GROUP: u16 = 2;
const NHA_BLACKHOLE: u16 = 4;
const NHA_OIF: u16 = 5;
const NHA_GATEWAY: u16 = 6;
const NHA_ENCAP_TYPE: u16 = 7;

/// The request for a dump of all nexthop objects.
#[must_use]
pub fn dump_nexthops(seq: u32) -> Vec<u8> {
    // struct nhmsg, all zero.
    fixed_request(RTM_GETNEXTHOP, NLM_F_REQUEST | NLM_F_DUMP, seq, [0; 8])
}

/// One nexthop object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NexthopObject {
    /// Its number.
    pub id: u32,
    /// `RTNH_F_*` bits.
    pub flags: u32,
    /// Packets that come here are dropped.
    pub blackhole: bool,
    /// Index of the interface.
    pub interface: Option<u32>,
    /// The router.
    pub gateway: Option<IpAddr>,
    /// `NHA_ENCAP_TYPE`; 0 is none.
    pub encapsulation: u16,
    /// A group: numbers of its members, and their weights.
    pub group: Vec<(u32, u16)>,
}

impl NexthopObject {
    /// Reads the payload of an `RTM_NEWNEXTHOP`.
    pub fn decode(payload: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(payload);
        let short = || truncated("nhmsg", 8, payload);
        let [_family, _scope, _protocol, _reserved] = cursor.array().ok_or_else(short)?;
        let flags = cursor.u32().ok_or_else(short)?;
        let mut object = Self {
            id: 0,
            flags,
            blackhole: false,
            interface: None,
            gateway: None,
            encapsulation: 0,
            group: Vec::new(),
        };
        let mut id = None;
        for attribute in Attributes::new(cursor.rest()) {
            let attribute = attribute?;
            match attribute.kind {
                NHA_ID => id = Some(attribute.u32()?),
                NHA_GROUP => object.group = group(attribute.payload)?,
                NHA_BLACKHOLE => object.blackhole = true,
                NHA_OIF => object.interface = Some(attribute.u32()?),
                NHA_GATEWAY => object.gateway = Some(ip_address("NHA_GATEWAY", attribute.payload)?),
                NHA_ENCAP_TYPE => object.encapsulation = attribute.u16()?,
                _ => {}
            }
        }
        object.id = id.ok_or(WireError::Missing { what: "NHA_ID" })?;
        Ok(object)
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'_>) -> Result<Self, WireError> {
        match message.header.kind {
            RTM_NEWNEXTHOP => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "RTM_NEWNEXTHOP", kind }),
        }
    }
}

/// `struct nexthop_grp`: number, weight less one, its high byte, reserved.
fn group(bytes: &[u8]) -> Result<Vec<(u32, u16)>, WireError> {
    let mut cursor = Cursor::new(bytes);
    let mut members = Vec::new();
    while !cursor.rest().is_empty() {
        let member = cursor.u32().zip(cursor.array::<4>());
        let (id, [low, high, _, _]) = member.ok_or_else(|| truncated("nexthop_grp", 8, bytes))?;
        members.push((id, u16::from_le_bytes([low, high]).saturating_add(1)));
    }
    Ok(members)
}
