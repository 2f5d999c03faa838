//! `RTM_GETRULE` and `RTM_NEWRULE`: policy rules (`include/uapi/linux/fib_rules.h`).

use std::{borrow::Cow, net::IpAddr};

use crate::{
    WireError,
    cursor::{Cursor, ip_address, truncated},
    netlink::{Attribute, Attributes, Message, NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
    sock_diag::AddressFamily,
};

/// `nlmsg_type` of a policy rule.
pub const RTM_NEWRULE: u16 = 32;
/// The rule matches where its conditions do not (`FIB_RULE_INVERT`).
pub const FIB_RULE_INVERT: u32 = 0x2;
/// IPv6: the source is chosen first, and then compared (`FIB_RULE_FIND_SADDR`).
pub const FIB_RULE_FIND_SADDR: u32 = 0x1_0000;

const RTM_GETRULE: u16 = 34;
const FRA_DST: u16 = 1;
const FRA_SRC: u16 = 2;
const FRA_IIFNAME: u16 = 3;
const FRA_GOTO: u16 = 4;
const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const FRA_FLOW: u16 = 11;
const FRA_TUN_ID: u16 = 12;
const FRA_SUPPRESS_IFGROUP: u16 = 13;
const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
const FRA_TABLE: u16 = 15;
const FRA_FWMASK: u16 = 16;
const FRA_OIFNAME: u16 = 17;
const FRA_PAD: u16 = 18;
const FRA_L3MDEV: u16 = 19;
const FRA_UID_RANGE: u16 = 20;
const FRA_PROTOCOL: u16 = 21;
const FRA_IP_PROTO: u16 = 22;
const FRA_SPORT_RANGE: u16 = 23;
const FRA_DPORT_RANGE: u16 = 24;
const FRA_DSCP: u16 = 25;
const FRA_FLOWLABEL: u16 = 26;
const FRA_FLOWLABEL_MASK: u16 = 27;
const FRA_SPORT_MASK: u16 = 28;
const FRA_DPORT_MASK: u16 = 29;
const FRA_DSCP_MASK: u16 = 30;

/// The request for a dump of all policy rules of one family.
#[must_use]
pub fn dump_rules(family: AddressFamily, seq: u32) -> Vec<u8> {
    // struct fib_rule_hdr: only the family counts.
    let mut body = [0; 12];
    if let Some(first) = body.first_mut() {
        *first = family.value();
    }
    fixed_request(RTM_GETRULE, NLM_F_REQUEST | NLM_F_DUMP, seq, body)
}

/// One policy rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule<'a> {
    /// Family.
    pub family: AddressFamily,
    /// Destination.
    pub destination: Option<IpAddr>,
    /// Bits of the destination's prefix.
    pub destination_len: u8,
    /// Source.
    pub source: Option<IpAddr>,
    /// Bits of the source's prefix.
    pub source_len: u8,
    /// TOS byte; 0 is any.
    pub tos: u8,
    /// Table.
    pub table: u32,
    /// `FR_ACT_*`: 1 table, 2 goto, 3 nop, 6 blackhole, 7 unreachable, 8 prohibit.
    pub action: u8,
    /// `FIB_RULE_*` bits.
    pub flags: u32,
    /// Rules are asked in ascending order.
    pub priority: u32,
    /// Name of the input interface.
    pub iif: Option<Cow<'a, str>>,
    /// Name of the output interface.
    pub oif: Option<Cow<'a, str>>,
    /// Priority of the rule that a goto leads to.
    pub target: Option<u32>,
    /// Mark.
    pub mark: Option<u32>,
    /// Mask of the mark.
    pub mark_mask: Option<u32>,
    /// Realms.
    pub realms: Option<u32>,
    /// Tunnel id.
    pub tunnel: Option<u64>,
    /// Group of interfaces whose routes are refused; -1 is none.
    pub suppress_group: Option<u32>,
    /// Length of prefixes up to which routes are refused; -1 is none.
    pub suppress_prefix_len: Option<u32>,
    /// The table is that of the VRF.
    pub l3mdev: bool,
    /// First and last user.
    pub users: Option<(u32, u32)>,
    /// IP protocol.
    pub protocol: Option<u8>,
    /// First and last source port, and mask.
    pub source_ports: Option<(u16, u16)>,
    /// Mask of the source port.
    pub source_port_mask: Option<u16>,
    /// First and last destination port.
    pub destination_ports: Option<(u16, u16)>,
    /// Mask of the destination port.
    pub destination_port_mask: Option<u16>,
    /// DSCP, 0 to 63.
    pub dscp: Option<u8>,
    /// Mask of the DSCP.
    pub dscp_mask: Option<u8>,
    /// IPv6 flow label.
    pub flow_label: Option<u32>,
    /// Mask of the flow label.
    pub flow_label_mask: Option<u32>,
    /// Numbers of attributes that have no name here: conditions of a newer kernel.
    pub unknown: Vec<u16>,
}

impl<'a> Rule<'a> {
    /// Reads the payload of an `RTM_NEWRULE`.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(payload);
        let mut rule = Self::read(&mut cursor).ok_or_else(|| truncated("fib_rule_hdr", 12, payload))?;
        for attribute in Attributes::new(cursor.rest()) {
            rule.take(&attribute?)?;
        }
        Ok(rule)
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'a>) -> Result<Self, WireError> {
        match message.header.kind {
            RTM_NEWRULE => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "RTM_NEWRULE", kind }),
        }
    }

    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let [family, destination_len, source_len, tos, table, _, _, action] = cursor.array()?;
        Some(Self {
            family: AddressFamily::from(family),
            destination: None,
            destination_len,
            source: None,
            source_len,
            tos,
            table: u32::from(table),
            action,
            flags: cursor.u32()?,
            priority: 0,
            iif: None,
            oif: None,
            target: None,
            mark: None,
            mark_mask: None,
            realms: None,
            tunnel: None,
            suppress_group: None,
            suppress_prefix_len: None,
            l3mdev: false,
            users: None,
            protocol: None,
            source_ports: None,
            source_port_mask: None,
            destination_ports: None,
            destination_port_mask: None,
            dscp: None,
            dscp_mask: None,
            flow_label: None,
            flow_label_mask: None,
            unknown: Vec::new(),
        })
    }

    fn take(&mut self, attribute: &Attribute<'a>) -> Result<(), WireError> {
        match attribute.kind {
            FRA_DST => self.destination = Some(ip_address("FRA_DST", attribute.payload)?),
            FRA_SRC => self.source = Some(ip_address("FRA_SRC", attribute.payload)?),
            FRA_IIFNAME => self.iif = Some(name(attribute)),
            FRA_OIFNAME => self.oif = Some(name(attribute)),
            FRA_GOTO => self.target = Some(attribute.u32()?),
            FRA_PRIORITY => self.priority = attribute.u32()?,
            FRA_FWMARK => self.mark = Some(attribute.u32()?),
            FRA_FWMASK => self.mark_mask = Some(attribute.u32()?),
            FRA_FLOW => self.realms = Some(attribute.u32()?),
            FRA_TUN_ID => self.tunnel = Some(u64::from_be(attribute.u64()?)),
            FRA_SUPPRESS_IFGROUP => self.suppress_group = Some(attribute.u32()?),
            FRA_SUPPRESS_PREFIXLEN => self.suppress_prefix_len = Some(attribute.u32()?),
            FRA_TABLE => self.table = attribute.u32()?,
            FRA_L3MDEV => self.l3mdev = attribute.u8()? != 0,
            FRA_UID_RANGE => self.users = Some(pair(attribute)?),
            FRA_IP_PROTO => self.protocol = Some(attribute.u8()?),
            FRA_SPORT_RANGE => self.source_ports = Some(ports(attribute)?),
            FRA_DPORT_RANGE => self.destination_ports = Some(ports(attribute)?),
            FRA_SPORT_MASK => self.source_port_mask = Some(attribute.u16()?),
            FRA_DPORT_MASK => self.destination_port_mask = Some(attribute.u16()?),
            FRA_DSCP => self.dscp = Some(attribute.u8()?),
            FRA_DSCP_MASK => self.dscp_mask = Some(attribute.u8()?),
            FRA_FLOWLABEL => self.flow_label = Some(u32::from_be(attribute.u32()?)),
            FRA_FLOWLABEL_MASK => self.flow_label_mask = Some(u32::from_be(attribute.u32()?)),
            FRA_PAD | FRA_PROTOCOL => {}
            other => self.unknown.push(other),
        }
        Ok(())
    }
}

fn name<'a>(attribute: &Attribute<'a>) -> Cow<'a, str> {
    let name = attribute.payload.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name)
}

fn pair(attribute: &Attribute<'_>) -> Result<(u32, u32), WireError> {
    let mut cursor = Cursor::new(attribute.payload);
    cursor.u32().zip(cursor.u32()).ok_or_else(|| truncated("fib_rule_uid_range", 8, attribute.payload))
}

fn ports(attribute: &Attribute<'_>) -> Result<(u16, u16), WireError> {
    let mut cursor = Cursor::new(attribute.payload);
    cursor.u16().zip(cursor.u16()).ok_or_else(|| truncated("fib_rule_port_range", 4, attribute.payload))
}
