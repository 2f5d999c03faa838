//! `NFNL_MSG_HOOK_GET`: what is registered at the hooks of netfilter, in the order in which it runs
//! (`include/uapi/linux/netfilter/nfnetlink_hook.h`, `net/netfilter/nfnetlink_hook.c`).

use std::borrow::Cow;

use super::NfHeader;
use crate::{
    WireError,
    netlink::{Attribute, Attributes, Message, NLM_F_DUMP, NLM_F_REQUEST, RequestBuilder},
    wire_enum,
};

/// `nlmsg_type` of requests and answers (`NFNL_SUBSYS_HOOK`, `NFNL_MSG_HOOK_GET`).
pub const NFNL_MSG_HOOK_GET: u16 = 0x0c00;

const NFNLA_HOOK_HOOKNUM: u16 = 1;
const NFNLA_HOOK_PRIORITY: u16 = 2;
const NFNLA_HOOK_DEV: u16 = 3;
const NFNLA_HOOK_FUNCTION_NAME: u16 = 4;
const NFNLA_HOOK_MODULE_NAME: u16 = 5;
const NFNLA_HOOK_CHAIN_INFO: u16 = 6;

const NFNLA_HOOK_INFO_DESC: u16 = 1;
const NFNLA_HOOK_INFO_TYPE: u16 = 2;

const NFNLA_CHAIN_TABLE: u16 = 1;
const NFNLA_CHAIN_FAMILY: u16 = 2;
const NFNLA_CHAIN_NAME: u16 = 3;

const NFNLA_HOOK_BPF_ID: u16 = 1;

wire_enum! {
    /// What a registered function belongs to (`enum nfnl_hook_chaintype`).
    pub enum HookType: u32 {
        /// A base chain of `nf_tables`.
        NfTables = 1 => "nf_tables",
        /// A BPF program.
        Bpf = 2 => "bpf",
        /// A flow table.
        FlowTable = 3 => "flowtable",
    }
}

/// The request for a dump of one hook of one family; `device` for the hooks of one interface.
pub fn dump_hooks(family: u8, hook: u32, device: Option<&str>, seq: u32) -> Result<Vec<u8>, WireError> {
    let mut request = RequestBuilder::new(NFNL_MSG_HOOK_GET, NLM_F_REQUEST | NLM_F_DUMP, seq);
    request.body(&NfHeader { family, version: 0, resource: 0 }.encode());
    request.attribute(NFNLA_HOOK_HOOKNUM, &hook.to_be_bytes());
    if let Some(device) = device {
        let mut name = device.as_bytes().to_vec();
        name.push(0);
        request.attribute(NFNLA_HOOK_DEV, &name);
    }
    request.finish()
}

/// One registered function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook<'a> {
    /// `NFPROTO_*`.
    pub family: u8,
    /// `NF_INET_*` or the family's own numbers.
    pub hook: u32,
    /// Functions of lower priority run first.
    pub priority: i32,
    /// Its name, with the module in brackets cut off.
    pub function: Option<Cow<'a, str>>,
    /// The module it is in.
    pub module: Option<Cow<'a, str>>,
    /// What it belongs to.
    pub kind: Option<HookType>,
    /// The base chain or flow table.
    pub chain: Option<HookChain<'a>>,
    /// Number of the BPF program.
    pub program: Option<u32>,
}

/// Which base chain a function runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookChain<'a> {
    /// Family of its table, `NFPROTO_*`.
    pub family: u8,
    /// Table.
    pub table: Cow<'a, str>,
    /// Chain.
    pub name: Cow<'a, str>,
}

impl<'a> Hook<'a> {
    /// Reads the payload of an `NFNL_MSG_HOOK_GET`.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        let (header, rest) = NfHeader::decode(payload)?;
        let mut hook = Self {
            family: header.family,
            hook: 0,
            priority: 0,
            function: None,
            module: None,
            kind: None,
            chain: None,
            program: None,
        };
        let mut number = None;
        for attribute in Attributes::new(rest) {
            let attribute = attribute?;
            match attribute.kind {
                NFNLA_HOOK_HOOKNUM => number = Some(u32::from_be(attribute.u32()?)),
                NFNLA_HOOK_PRIORITY => hook.priority = i32::from_be(attribute.i32()?),
                NFNLA_HOOK_FUNCTION_NAME => hook.function = Some(text(&attribute)),
                NFNLA_HOOK_MODULE_NAME => hook.module = Some(text(&attribute)),
                NFNLA_HOOK_CHAIN_INFO => hook.take_info(attribute.attributes())?,
                _ => {}
            }
        }
        hook.hook = number.ok_or(WireError::Missing { what: "NFNLA_HOOK_HOOKNUM" })?;
        Ok(hook)
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'a>) -> Result<Self, WireError> {
        match message.header.kind {
            NFNL_MSG_HOOK_GET => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "NFNL_MSG_HOOK_GET", kind }),
        }
    }

    /// The description means what the type says, so both are read before either is understood.
    fn take_info(&mut self, attributes: Attributes<'a>) -> Result<(), WireError> {
        let mut description = None;
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                NFNLA_HOOK_INFO_DESC => description = Some(attribute),
                NFNLA_HOOK_INFO_TYPE => self.kind = Some(HookType::from(u32::from_be(attribute.u32()?))),
                _ => {}
            }
        }
        let Some(description) = description else { return Ok(()) };
        match self.kind {
            Some(HookType::NfTables | HookType::FlowTable) => self.chain = Some(chain(&description)?),
            Some(HookType::Bpf) => {
                for attribute in description.attributes() {
                    let attribute = attribute?;
                    if attribute.kind == NFNLA_HOOK_BPF_ID {
                        self.program = Some(u32::from_be(attribute.u32()?));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn chain<'a>(description: &Attribute<'a>) -> Result<HookChain<'a>, WireError> {
    let mut chain = HookChain { family: 0, table: Cow::Borrowed(""), name: Cow::Borrowed("") };
    for attribute in description.attributes() {
        let attribute = attribute?;
        match attribute.kind {
            NFNLA_CHAIN_TABLE => chain.table = text(&attribute),
            NFNLA_CHAIN_FAMILY => chain.family = attribute.u8()?,
            NFNLA_CHAIN_NAME => chain.name = text(&attribute),
            _ => {}
        }
    }
    Ok(chain)
}

fn text<'a>(attribute: &Attribute<'a>) -> Cow<'a, str> {
    let text = attribute.payload.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text)
}
