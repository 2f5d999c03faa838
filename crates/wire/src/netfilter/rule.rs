//! `NFT_MSG_GETRULE` and `NFT_MSG_NEWRULE`: what a rule of `nf_tables` tests, in outline.
//!
//! Listings of `nft` leave out what it takes to follow from the rest, and sometimes what does not. The outline is what the kernel
//! itself runs, enough to notice. Refuses to be a full decoder of expressions.

use super::NfHeader;
use crate::{
    WireError,
    netlink::{Attribute, Attributes, Message, NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
};

/// `nlmsg_type` of a rule.
pub const NFT_MSG_NEWRULE: u16 = 0x0a06;

const NFT_MSG_GETRULE: u16 = 0x0a07;
const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_HANDLE: u16 = 3;
const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;

/// The request for all rules of all tables.
#[must_use]
pub fn dump_rules(seq: u32) -> Vec<u8> {
    fixed_request(NFT_MSG_GETRULE, NLM_F_REQUEST | NLM_F_DUMP, seq, [0; 4])
}

/// What a rule tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOutline {
    /// `NFPROTO_*` of its table.
    pub family: u8,
    /// Name of its table.
    pub table: String,
    /// Name of its chain.
    pub chain: String,
    /// Its handle.
    pub handle: u64,
    /// What it reads of the packet's metadata, in order.
    pub meta: Vec<MetaLoad>,
    /// Tests for "not": of one value, of a range, of a set.
    pub negations: u32,
    /// It has matches or targets of the xtables.
    pub xtables: bool,
}

/// A read of metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaLoad {
    /// `NFT_META_*`.
    pub key: u32,
    /// The bytes it is compared with at once, where it is.
    pub compared: Option<Vec<u8>>,
}

impl RuleOutline {
    /// Reads the payload of an `NFT_MSG_NEWRULE`.
    ///
    /// # Errors
    /// [`WireError`] where attributes are cut or the rule has no table, chain or handle.
    pub fn decode(payload: &[u8]) -> Result<Self, WireError> {
        let (header, rest) = NfHeader::decode(payload)?;
        let mut outline = Self {
            family: header.family,
            table: String::new(),
            chain: String::new(),
            handle: 0,
            meta: Vec::new(),
            negations: 0,
            xtables: false,
        };
        let mut handle = None;
        for attribute in Attributes::new(rest) {
            let attribute = attribute?;
            match attribute.kind {
                NFTA_RULE_TABLE => attribute.str()?.clone_into(&mut outline.table),
                NFTA_RULE_CHAIN => attribute.str()?.clone_into(&mut outline.chain),
                NFTA_RULE_HANDLE => handle = Some(u64::from_be(attribute.u64()?)),
                NFTA_RULE_EXPRESSIONS => {
                    for element in Attributes::new(attribute.payload) {
                        outline.expression(&element?)?;
                    }
                }
                _ => {}
            }
        }
        outline.handle = handle.ok_or(WireError::Missing { what: "NFTA_RULE_HANDLE" })?;
        Ok(outline)
    }

    /// Reads `message`, after a look at its type.
    ///
    /// # Errors
    /// As [`RuleOutline::decode`]; [`WireError::WrongKind`] for another message.
    pub fn from_message(message: &Message<'_>) -> Result<Self, WireError> {
        match message.header.kind {
            NFT_MSG_NEWRULE => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "NFT_MSG_NEWRULE", kind }),
        }
    }

    fn expression(&mut self, element: &Attribute<'_>) -> Result<(), WireError> {
        let (mut name, mut data) = ("", &[][..]);
        for attribute in Attributes::new(element.payload) {
            let attribute = attribute?;
            match attribute.kind {
                NFTA_EXPR_NAME => name = attribute.str()?,
                NFTA_EXPR_DATA => data = attribute.payload,
                _ => {}
            }
        }
        match name {
            "meta" => self.load(data)?,
            "cmp" => self.comparison(data)?,
            // NFTA_RANGE_OP; NFT_RANGE_NEQ is 1.
            "range" if number(data, 2)? == Some(1) => self.negations += 1,
            // NFTA_LOOKUP_FLAGS; NFT_LOOKUP_F_INV is 1.
            "lookup" if number(data, 5)?.is_some_and(|flags| flags & 1 == 1) => self.negations += 1,
            "match" | "target" => self.xtables = true,
            _ => {}
        }
        Ok(())
    }

    /// `NFTA_META_DREG` 1, `NFTA_META_KEY` 2: a read has a destination, a write has none.
    fn load(&mut self, data: &[u8]) -> Result<(), WireError> {
        if let (Some(_), Some(key)) = (number(data, 1)?, number(data, 2)?) {
            self.meta.push(MetaLoad { key, compared: None });
        }
        Ok(())
    }

    /// `NFTA_CMP_OP` 2, `NFTA_CMP_DATA` 3 with `NFTA_DATA_VALUE` 1; `NFT_CMP_EQ` is 0, `NFT_CMP_NEQ` 1.
    fn comparison(&mut self, data: &[u8]) -> Result<(), WireError> {
        match number(data, 2)? {
            Some(1) => self.negations += 1,
            Some(0) => {
                let Some(value) = find(data, 3)? else { return Ok(()) };
                let value = find(value, 1)?.map(<[u8]>::to_vec);
                if let Some(last) = self.meta.last_mut().filter(|last| last.compared.is_none()) {
                    last.compared = value;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The payload of an attribute.
fn find(data: &[u8], kind: u16) -> Result<Option<&[u8]>, WireError> {
    for attribute in Attributes::new(data) {
        let attribute = attribute?;
        if attribute.kind == kind {
            return Ok(Some(attribute.payload));
        }
    }
    Ok(None)
}

/// A number of 32 bits in network byte order.
fn number(data: &[u8], kind: u16) -> Result<Option<u32>, WireError> {
    Ok(find(data, kind)?.and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes))
}
