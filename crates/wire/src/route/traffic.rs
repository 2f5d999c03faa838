//! `RTM_GETQDISC` and `RTM_GETTFILTER`: traffic control, as far as it can filter (`include/uapi/linux/pkt_sched.h`).

use crate::{
    WireError,
    cursor::{Cursor, truncated},
    netlink::{Attributes, Message, NLM_F_DUMP, NLM_F_REQUEST, RequestBuilder, fixed_request},
};

/// `nlmsg_type` of a queueing discipline.
pub const RTM_NEWQDISC: u16 = 36;
/// `nlmsg_type` of a filter.
pub const RTM_NEWTFILTER: u16 = 44;
/// Parent of the filters on what comes in (`TC_H_CLSACT`, `TC_H_MIN_INGRESS`).
pub const TC_INGRESS: u32 = 0xffff_fff2;
/// Parent of the filters on what goes out (`TC_H_MIN_EGRESS`).
pub const TC_EGRESS: u32 = 0xffff_fff3;
/// Handle of the `ingress` discipline, and parent of its filters.
pub const TC_INGRESS_QDISC: u32 = 0xffff_0000;

const RTM_GETQDISC: u16 = 38;
const RTM_GETTFILTER: u16 = 46;
const TCA_KIND: u16 = 1;
const TCA_DUMP_INVISIBLE: u16 = 10;

/// The request for a dump of the queueing disciplines of all interfaces.
pub fn dump_qdiscs(seq: u32) -> Result<Vec<u8>, WireError> {
    let mut request = RequestBuilder::new(RTM_GETQDISC, NLM_F_REQUEST | NLM_F_DUMP, seq);
    request.body(&[0; 20]);
    request.attribute(TCA_DUMP_INVISIBLE, &[]);
    request.finish()
}

/// The request for a dump of the filters under `parent` of one interface.
#[must_use]
pub fn dump_filters(interface: u32, parent: u32, seq: u32) -> Vec<u8> {
    // struct tcmsg: family and padding, interface, handle, parent, info.
    let mut body = [0; 20];
    let fields = interface.to_ne_bytes().into_iter().chain([0; 4]).chain(parent.to_ne_bytes());
    for (slot, byte) in body.iter_mut().skip(4).zip(fields) {
        *slot = byte;
    }
    fixed_request(RTM_GETTFILTER, NLM_F_REQUEST | NLM_F_DUMP, seq, body)
}

/// A queueing discipline or a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrafficObject<'a> {
    /// Index of the interface.
    pub interface: u32,
    /// Its handle. Filters of handle 0 stand for their whole chain.
    pub handle: u32,
    /// What it hangs from.
    pub parent: u32,
    /// For filters: priority in the upper half, Ethernet type (big endian) in the lower.
    pub info: u32,
    /// `clsact`, `ingress`, `fq`, `bpf`, `flower`, `u32`, ...
    pub kind: Option<&'a str>,
}

impl<'a> TrafficObject<'a> {
    /// Reads the payload of an `RTM_NEWQDISC` or `RTM_NEWTFILTER`.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(payload);
        let mut object = Self::read(&mut cursor).ok_or_else(|| truncated("tcmsg", 20, payload))?;
        for attribute in Attributes::new(cursor.rest()) {
            let attribute = attribute?;
            if attribute.kind == TCA_KIND {
                object.kind = Some(attribute.str()?);
            }
        }
        Ok(object)
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'a>) -> Result<Self, WireError> {
        match message.header.kind {
            RTM_NEWQDISC | RTM_NEWTFILTER => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "RTM_NEWQDISC", kind }),
        }
    }

    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let _family_and_padding: [u8; 4] = cursor.array()?;
        Some(Self {
            interface: cursor.u32()?,
            handle: cursor.u32()?,
            parent: cursor.u32()?,
            info: cursor.u32()?,
            kind: None,
        })
    }
}
