//! `NFT_MSG_GETGEN` and `NFT_MSG_NEWGEN`: the number of the ruleset of `nf_tables`, which every transaction changes.

use std::borrow::Cow;

use super::NfHeader;
use crate::{
    WireError,
    netlink::{Attributes, Message, NLM_F_REQUEST, fixed_request},
};

/// `nlmsg_type` of a generation.
pub const NFT_MSG_NEWGEN: u16 = 0x0a0f;

const NFT_MSG_GETGEN: u16 = 0x0a10;
const NFTA_GEN_ID: u16 = 1;
const NFTA_GEN_PROC_PID: u16 = 2;
const NFTA_GEN_PROC_NAME: u16 = 3;

/// The request for the current generation. Unlike most of `nf_tables`, it needs `CAP_NET_ADMIN` as well.
#[must_use]
pub fn generation_request(seq: u32) -> Vec<u8> {
    fixed_request(NFT_MSG_GETGEN, NLM_F_REQUEST, seq, [0; 4])
}

/// A generation of the ruleset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation<'a> {
    /// Its number. Equal numbers before and after a read mean that nothing changed in between.
    pub id: u32,
    /// In notifications: who changed it. In answers: who asks.
    pub process: Option<u32>,
    /// Name of that process.
    pub name: Cow<'a, str>,
}

impl<'a> Generation<'a> {
    /// Reads the payload of an `NFT_MSG_NEWGEN`.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        let (_, rest) = NfHeader::decode(payload)?;
        let (mut id, mut process, mut name) = (None, None, Cow::Borrowed(""));
        for attribute in Attributes::new(rest) {
            let attribute = attribute?;
            match attribute.kind {
                NFTA_GEN_ID => id = Some(u32::from_be(attribute.u32()?)),
                NFTA_GEN_PROC_PID => process = Some(u32::from_be(attribute.u32()?)),
                NFTA_GEN_PROC_NAME => {
                    let text = attribute.payload.split(|byte| *byte == 0).next().unwrap_or_default();
                    name = String::from_utf8_lossy(text);
                }
                _ => {}
            }
        }
        Ok(Self { id: id.ok_or(WireError::Missing { what: "NFTA_GEN_ID" })?, process, name })
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'a>) -> Result<Self, WireError> {
        match message.header.kind {
            NFT_MSG_NEWGEN => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "NFT_MSG_NEWGEN", kind }),
        }
    }
}
