//! Packet traces of `nf_tables`: which rules a packet met, and what they said (`net/netfilter/nf_tables_trace.c`).
//!
//! A packet is traced once a rule has executed `meta nftrace set 1` on it. Each event is one message to the multicast
//! group [`GROUP`]; the first event of each base chain's traversal also carries the packet's first bytes.

use crate::{
    WireError,
    netfilter::NfHeader,
    netlink::{Attribute, Attributes, Message},
    wire_enum,
};

/// `NFNLGRP_NFTRACE`: the multicast group of trace events.
pub const GROUP: u32 = 9;
/// `nlmsg_type` of a trace event: `NFNL_SUBSYS_NFTABLES`, `NFT_MSG_TRACE`.
pub const NFT_MSG_TRACE: u16 = 0x0a11;

const NFTA_TRACE_TABLE: u16 = 1;
const NFTA_TRACE_CHAIN: u16 = 2;
const NFTA_TRACE_RULE_HANDLE: u16 = 3;
const NFTA_TRACE_TYPE: u16 = 4;
const NFTA_TRACE_VERDICT: u16 = 5;
const NFTA_TRACE_ID: u16 = 6;
const NFTA_TRACE_LL_HEADER: u16 = 7;
const NFTA_TRACE_NETWORK_HEADER: u16 = 8;
const NFTA_TRACE_TRANSPORT_HEADER: u16 = 9;
const NFTA_TRACE_IIF: u16 = 10;
const NFTA_TRACE_IIFTYPE: u16 = 11;
const NFTA_TRACE_OIF: u16 = 12;
const NFTA_TRACE_OIFTYPE: u16 = 13;
const NFTA_TRACE_MARK: u16 = 14;
const NFTA_TRACE_NFPROTO: u16 = 15;
const NFTA_TRACE_POLICY: u16 = 16;
const NFTA_TRACE_CT_ID: u16 = 18;
const NFTA_TRACE_CT_DIRECTION: u16 = 19;
const NFTA_TRACE_CT_STATUS: u16 = 20;
const NFTA_TRACE_CT_STATE: u16 = 21;

const NFTA_VERDICT_CODE: u16 = 1;
const NFTA_VERDICT_CHAIN: u16 = 2;

wire_enum! {
    /// What happened (`enum nft_trace_types`).
    pub enum EventKind: u32 {
        /// A base chain was left at its end: its policy applies.
        Policy = 1 => "policy",
        /// A `return`.
        Return = 2 => "return",
        /// All expressions of a rule matched.
        Rule = 3 => "rule",
    }
}

wire_enum! {
    /// The low byte of a final verdict, or one of `enum nft_verdicts`.
    pub enum VerdictCode: u32 {
        /// The packet is dropped.
        Drop = 0 => "drop",
        /// This base chain is done with the packet.
        Accept = 1 => "accept",
        /// Somebody else owns the packet now.
        Stolen = 2 => "stolen",
        /// A program decides.
        Queue = 3 => "queue",
        /// The next rule.
        Continue = 0xffff_ffff => "continue",
        /// The rule did not match.
        Break = 0xffff_fffe => "break",
        /// Into a chain, and back at its end.
        Jump = 0xffff_fffd => "jump",
        /// Into a chain, not back.
        Goto = 0xffff_fffc => "goto",
        /// Back to where the jump came from.
        Return = 0xffff_fffb => "return",
    }
}

/// A verdict with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Verdict<'a> {
    /// Which.
    pub code: VerdictCode,
    /// Bits 8 to 31 of a final verdict: queue number and flags, or a drop's error number. 0 otherwise.
    pub parameter: u32,
    /// The chain that a jump or goto names.
    pub chain: Option<&'a str>,
}

impl<'a> Verdict<'a> {
    fn decode(attributes: Attributes<'a>) -> Result<Self, WireError> {
        let (mut code, mut chain) = (None, None);
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                NFTA_VERDICT_CODE => code = Some(be32(&attribute)?),
                NFTA_VERDICT_CHAIN => chain = Some(attribute.str()?),
                _ => {}
            }
        }
        let (code, parameter) = split_code(code.ok_or(WireError::Missing { what: "NFTA_VERDICT_CODE" })?);
        Ok(Self { code, parameter, chain })
    }
}

/// Final verdicts have their parameter above `NF_VERDICT_MASK`; the negative ones of `nf_tables` have none.
fn split_code(code: u32) -> (VerdictCode, u32) {
    const NF_VERDICT_MASK: u32 = 0xff;
    match VerdictCode::from(code) {
        VerdictCode::Unknown(_) if code < 0x8000_0000 => {
            (VerdictCode::from(code & NF_VERDICT_MASK), code >> 8)
        }
        known => (known, 0),
    }
}

/// What connection tracking knew of the packet (Linux 6.16 and later).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Conntrack {
    /// `NF_CT_STATE_BIT` values: 1 invalid, 2 established, 4 related, 8 new, 64 untracked.
    pub state: u32,
    /// The connection's number, as in a dump of the table; `None` where there is no connection.
    pub id: Option<u32>,
    /// 0 original, 1 reply.
    pub direction: Option<u8>,
    /// `IPS_*` bits.
    pub status: Option<u32>,
}

/// One trace event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// Family of the base chain's table: 1 inet, 2 ip, 5 netdev, 7 bridge, 10 ip6.
    pub family: u8,
    /// `NFPROTO_*` under which the packet is handled: 2 for IPv4 in an inet table.
    pub protocol: u32,
    /// What happened.
    pub kind: EventKind,
    /// The same for all events of one packet buffer; used again for later packets.
    pub id: u32,
    /// The table.
    pub table: Option<&'a str>,
    /// The chain the rule is in; for a policy the base chain.
    pub chain: Option<&'a str>,
    /// Handle of the rule; `None` for a policy and at the end of a chain.
    pub handle: Option<u64>,
    /// What the rule said.
    pub verdict: Option<Verdict<'a>>,
    /// The policy that applied: 0 drop, 1 accept.
    pub policy: Option<u32>,
    /// The packet's mark; the kernel omits 0.
    pub mark: u32,
    /// Index of the interface it came in by; with [`Event::network`] on the first event of a base chain only.
    pub input: Option<u32>,
    /// `ARPHRD_*` of that interface.
    pub input_type: Option<u16>,
    /// Index of the interface it will leave by.
    pub output: Option<u32>,
    /// `ARPHRD_*` of that interface.
    pub output_type: Option<u16>,
    /// Link layer header, at most 20 bytes.
    pub link: Option<&'a [u8]>,
    /// Network header, at most 40 bytes.
    pub network: Option<&'a [u8]>,
    /// First bytes after the network header, at most 20.
    pub transport: Option<&'a [u8]>,
    /// Connection tracking, where the kernel tells it.
    pub conntrack: Option<Conntrack>,
}

impl<'a> Event<'a> {
    /// Reads the payload of an `NFT_MSG_TRACE`.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        let (header, attributes) = NfHeader::decode(payload)?;
        let mut event = Self::of_family(header.family);
        let mut kind = None;
        for attribute in Attributes::new(attributes) {
            let attribute = attribute?;
            match attribute.kind {
                NFTA_TRACE_TYPE => kind = Some(EventKind::from(be32(&attribute)?)),
                _ => event.take(&attribute)?,
            }
        }
        event.kind = kind.ok_or(WireError::Missing { what: "NFTA_TRACE_TYPE" })?;
        Ok(event)
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'a>) -> Result<Self, WireError> {
        match message.header.kind {
            NFT_MSG_TRACE => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "NFT_MSG_TRACE", kind }),
        }
    }

    const fn of_family(family: u8) -> Self {
        Self {
            family,
            protocol: 0,
            kind: EventKind::Unknown(0),
            id: 0,
            table: None,
            chain: None,
            handle: None,
            verdict: None,
            policy: None,
            mark: 0,
            input: None,
            input_type: None,
            output: None,
            output_type: None,
            link: None,
            network: None,
            transport: None,
            conntrack: None,
        }
    }

    fn take(&mut self, attribute: &Attribute<'a>) -> Result<(), WireError> {
        match attribute.kind {
            NFTA_TRACE_TABLE => self.table = Some(attribute.str()?),
            NFTA_TRACE_CHAIN => self.chain = Some(attribute.str()?),
            NFTA_TRACE_RULE_HANDLE => self.handle = Some(be64(attribute)?),
            NFTA_TRACE_VERDICT => self.verdict = Some(Verdict::decode(attribute.attributes())?),
            NFTA_TRACE_ID => self.id = be32(attribute)?,
            NFTA_TRACE_LL_HEADER => self.link = Some(attribute.payload),
            NFTA_TRACE_NETWORK_HEADER => self.network = Some(attribute.payload),
            NFTA_TRACE_TRANSPORT_HEADER => self.transport = Some(attribute.payload),
            NFTA_TRACE_IIF => self.input = Some(be32(attribute)?),
            NFTA_TRACE_IIFTYPE => self.input_type = Some(attribute.be16()?),
            NFTA_TRACE_OIF => self.output = Some(be32(attribute)?),
            NFTA_TRACE_OIFTYPE => self.output_type = Some(attribute.be16()?),
            NFTA_TRACE_MARK => self.mark = be32(attribute)?,
            NFTA_TRACE_NFPROTO => self.protocol = be32(attribute)?,
            NFTA_TRACE_POLICY => self.policy = Some(be32(attribute)?),
            NFTA_TRACE_CT_ID => self.tracked().id = Some(be32(attribute)?),
            NFTA_TRACE_CT_DIRECTION => self.tracked().direction = Some(attribute.u8()?),
            NFTA_TRACE_CT_STATUS => self.tracked().status = Some(be32(attribute)?),
            NFTA_TRACE_CT_STATE => self.tracked().state = be32(attribute)?,
            _ => {}
        }
        Ok(())
    }

    fn tracked(&mut self) -> &mut Conntrack {
        self.conntrack.get_or_insert_default()
    }
}

fn be32(attribute: &Attribute<'_>) -> Result<u32, WireError> {
    attribute.u32().map(u32::from_be)
}

fn be64(attribute: &Attribute<'_>) -> Result<u64, WireError> {
    attribute.u64().map(u64::from_be)
}
