//! `RTM_GETNEIGH` and `RTM_NEWNEIGH`: neighbours, and whether they answer.

use std::net::IpAddr;

use crate::{
    WireError,
    cursor::{Cursor, ip_address, truncated},
    netlink::{Attributes, Message, NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
    sock_diag::AddressFamily,
};

/// `nlmsg_type` of a neighbour.
pub const RTM_NEWNEIGH: u16 = 28;
/// The neighbour is being asked for and has not answered yet.
pub const NUD_INCOMPLETE: u16 = 0x01;
/// The neighbour answered lately.
pub const NUD_REACHABLE: u16 = 0x02;
/// The neighbour answered once; it is asked again when something is sent.
pub const NUD_STALE: u16 = 0x04;
/// Something was sent to a stale neighbour; a sign of life is waited for.
pub const NUD_DELAY: u16 = 0x08;
/// A stale neighbour is being asked again.
pub const NUD_PROBE: u16 = 0x10;
/// The neighbour was asked for and did not answer.
pub const NUD_FAILED: u16 = 0x20;
/// The interface asks for no neighbours.
pub const NUD_NOARP: u16 = 0x40;
/// The neighbour was entered by hand.
pub const NUD_PERMANENT: u16 = 0x80;

const RTM_GETNEIGH: u16 = 30;
const NDA_DST: u16 = 1;

/// The request for a dump of the neighbours of one family.
#[must_use]
pub fn dump_neighbours(family: AddressFamily, seq: u32) -> Vec<u8> {
    // struct ndmsg: only the family counts.
    let mut body = [0; 12];
    if let Some(first) = body.first_mut() {
        *first = family.value();
    }
    fixed_request(RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, seq, body)
}

/// One neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Index of the interface.
    pub interface: u32,
    /// `NUD_*` bits.
    pub state: u16,
    /// Its address.
    pub address: Option<IpAddr>,
}

impl Neighbour {
    /// Reads the payload of an `RTM_NEWNEIGH`.
    pub fn decode(payload: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(payload);
        let short = || truncated("ndmsg", 12, payload);
        let _family_and_padding: [u8; 4] = cursor.array().ok_or_else(short)?;
        let interface = cursor.u32().ok_or_else(short)?;
        let state = cursor.u16().ok_or_else(short)?;
        let [_flags, _kind] = cursor.array().ok_or_else(short)?;
        let mut address = None;
        for attribute in Attributes::new(cursor.rest()) {
            let attribute = attribute?;
            if attribute.kind == NDA_DST {
                address = Some(ip_address("NDA_DST", attribute.payload)?);
            }
        }
        Ok(Self { interface, state, address })
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'_>) -> Result<Self, WireError> {
        match message.header.kind {
            RTM_NEWNEIGH => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "RTM_NEWNEIGH", kind }),
        }
    }
}
