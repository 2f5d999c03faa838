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
    /// What it reads of the packet's metadata and connection, in order.
    pub loads: Vec<Load>,
    /// Tests of header fields for "not": of one value, of a range, of a set.
    pub negations: u32,
    /// Plain comparisons of header fields.
    pub bytes: Vec<Bytes>,
    /// `NFT_REJECT_*` and the ICMP code, where it rejects.
    pub reject: Option<(u32, u8)>,
    /// It has matches or targets of the xtables.
    pub xtables: bool,
    writes: u32,
    last: Option<Source>,
}

/// A read of what the kernel keeps beside the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Of the metadata, or of the connection.
    pub of: Subject,
    /// `NFT_META_*` or `NFT_CT_*`.
    pub key: u32,
    /// The bytes it must be equal to, where that is what is tested.
    pub equal: Option<Vec<u8>>,
    /// The bytes it must not be equal to, where that is what is tested.
    pub unequal: Option<Vec<u8>>,
    /// How many writes (marks, headers, sets) stand before it.
    pub writes: u32,
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `meta`
    Meta,
    /// `ct`
    Conntrack,
}

/// Bits of a header that must be a value, or must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytes {
    /// `NFT_PAYLOAD_*_HEADER`: 0 link, 1 network, 2 transport, 3 inner.
    pub base: u32,
    /// Offset in bytes.
    pub offset: u32,
    /// Bits that count; as long as the value.
    pub mask: Option<Vec<u8>>,
    /// The value.
    pub value: Vec<u8>,
    /// They must not be it.
    pub negated: bool,
    /// How many writes (marks, headers, sets) stand before it.
    pub writes: u32,
}

/// What the value at hand was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// The last of the loads.
    Load,
    /// The last of the loads, changed.
    Changed,
    /// Bytes of a header: base, offset, mask.
    Payload(u32, u32, Option<Vec<u8>>),
    /// Bytes of a header, changed.
    Bytes,
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
            loads: Vec::new(),
            negations: 0,
            bytes: Vec::new(),
            reject: None,
            xtables: false,
            writes: 0,
            last: None,
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
            "meta" => self.load(Subject::Meta, data)?,
            "ct" => self.load(Subject::Conntrack, data)?,
            "payload" => self.payload(data)?,
            "bitwise" => self.bitwise(data)?,
            "cmp" => self.comparison(data)?,
            // NFTA_RANGE_OP; NFT_RANGE_NEQ is 1.
            "range" => self.negation(number(data, 2)? == Some(1)),
            // NFTA_LOOKUP_FLAGS; NFT_LOOKUP_F_INV is 1.
            "lookup" => self.negation(number(data, 5)?.is_some_and(|flags| flags & 1 == 1)),
            // NFTA_REJECT_TYPE 1, NFTA_REJECT_ICMP_CODE 2; a TCP reset has no code.
            "reject" => {
                let code = find(data, 2)?.and_then(|bytes| bytes.first().copied()).unwrap_or(0);
                self.reject = number(data, 1)?.map(|kind| (kind, code));
            }
            "match" | "target" => self.xtables = true,
            // NFTA_EXTHDR_SREG
            "exthdr" if find(data, 7)?.is_some() => self.writes += 1,
            "dynset" | "notrack" => self.writes += 1,
            "byteorder" if self.last == Some(Source::Load) => self.last = Some(Source::Changed),
            _ => self.last = None,
        }
        Ok(())
    }

    fn compare_bytes(&mut self, source: Option<Source>, value: &[u8], negated: bool) {
        if let Some(Source::Payload(base, offset, mask)) = source {
            let (value, writes) = (value.to_vec(), self.writes);
            self.bytes.push(Bytes { base, offset, mask, value, negated, writes });
        }
    }

    fn negation(&mut self, negated: bool) {
        if negated && matches!(self.last.take(), Some(Source::Payload(..) | Source::Bytes)) {
            self.negations += 1;
        }
    }

    /// `NFTA_META_DREG` 1, `NFTA_META_KEY` 2, and the same for `ct`: a read has a destination, a write has none.
    fn load(&mut self, of: Subject, data: &[u8]) -> Result<(), WireError> {
        self.last = None;
        if let (Some(_), Some(key)) = (number(data, 1)?, number(data, 2)?) {
            self.loads.push(Load { of, key, equal: None, unequal: None, writes: self.writes });
            self.last = Some(Source::Load);
        } else {
            self.writes += 1;
        }
        Ok(())
    }

    /// `NFTA_PAYLOAD_DREG` 1, `_BASE` 2, `_OFFSET` 3.
    fn payload(&mut self, data: &[u8]) -> Result<(), WireError> {
        self.last = None;
        if let (Some(_), Some(base), Some(offset)) = (number(data, 1)?, number(data, 2)?, number(data, 3)?) {
            self.last = Some(Source::Payload(base, offset, None));
        } else {
            self.writes += 1;
        }
        Ok(())
    }

    /// `NFTA_BITWISE_MASK` 4, `NFTA_BITWISE_XOR` 5: only plain masks are followed.
    fn bitwise(&mut self, data: &[u8]) -> Result<(), WireError> {
        let value = |kind| find(data, kind)?.map_or(Ok(None), |nested| find(nested, 1));
        let plain = value(5)?.is_none_or(|xor| xor.iter().all(|byte| *byte == 0));
        self.last = match (self.last.take(), value(4)?) {
            (Some(Source::Load | Source::Changed), _) => Some(Source::Changed),
            (Some(Source::Payload(base, offset, None)), Some(mask)) if plain => {
                Some(Source::Payload(base, offset, Some(mask.to_vec())))
            }
            (Some(Source::Payload(..) | Source::Bytes), _) => Some(Source::Bytes),
            _ => None,
        };
        Ok(())
    }

    /// `NFTA_CMP_OP` 2, `NFTA_CMP_DATA` 3 with `NFTA_DATA_VALUE` 1; `NFT_CMP_EQ` is 0, `NFT_CMP_NEQ` 1.
    fn comparison(&mut self, data: &[u8]) -> Result<(), WireError> {
        let operator = number(data, 2)?;
        let Some(value) = find(data, 3)?.map_or(Ok(None), |nested| find(nested, 1))? else { return Ok(()) };
        match (operator, self.last.take()) {
            (Some(0), Some(Source::Load)) => {
                if let Some(last) = self.loads.last_mut() {
                    last.equal = Some(value.to_vec());
                }
            }
            (Some(0), source) => self.compare_bytes(source, value, false),
            (Some(1), Some(Source::Load)) => {
                if let Some(last) = self.loads.last_mut() {
                    last.unequal = Some(value.to_vec());
                }
            }
            (Some(1), source @ Some(Source::Payload(..) | Source::Bytes)) => {
                self.negations += 1;
                self.compare_bytes(source, value, true);
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
