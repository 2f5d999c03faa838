//! `RTM_GETLINK` and `RTM_NEWLINK`: interfaces, and those of their kinds' data that concern ports and VRFs.

use std::borrow::Cow;

use crate::{
    WireError,
    cursor::{Cursor, truncated},
    netlink::{Attribute, Attributes, Message, NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
};

/// `nlmsg_type` of an interface.
pub const RTM_NEWLINK: u16 = 16;
/// The interface is administratively up.
pub const IFF_UP: u32 = 0x1;
/// The interface is a loopback.
pub const IFF_LOOPBACK: u32 = 0x8;
/// The interface receives everything on the wire.
pub const IFF_PROMISC: u32 = 0x100;

const RTM_GETLINK: u16 = 18;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_GROUP: u16 = 27;
const IFLA_EXT_MASK: u16 = 29;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_XDP: u16 = 43;

const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const IFLA_INFO_SLAVE_DATA: u16 = 5;

const IFLA_XDP_ATTACHED: u16 = 2;
const IFLA_XDP_PROG_ID: u16 = 4;
const IFLA_BR_VLAN_FILTERING: u16 = 7;
const IFLA_BR_NF_CALL_IPTABLES: u16 = 36;
const IFLA_BR_NF_CALL_IP6TABLES: u16 = 37;
const IFLA_BR_NF_CALL_ARPTABLES: u16 = 38;
const IFLA_VXLAN_PORT: u16 = 15;
const IFLA_GENEVE_PORT: u16 = 5;
const IFLA_BAREUDP_PORT: u16 = 1;
const IFLA_VRF_TABLE: u16 = 1;
const IFLA_VRF_PORT_TABLE: u16 = 1;

/// The request for a dump of all interfaces, without their statistics.
#[must_use]
pub fn dump_links(seq: u32) -> Vec<u8> {
    const RTEXT_FILTER_SKIP_STATS: u32 = 1 << 3;
    // struct ifinfomsg, all zero, and one attribute.
    let mut body = [0; 24];
    let attribute = 8_u16
        .to_ne_bytes()
        .into_iter()
        .chain(IFLA_EXT_MASK.to_ne_bytes())
        .chain(RTEXT_FILTER_SKIP_STATS.to_ne_bytes());
    for (slot, byte) in body.iter_mut().skip(16).zip(attribute) {
        *slot = byte;
    }
    fixed_request(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, seq, body)
}

/// One interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<'a> {
    /// Its index, unique within the namespace.
    pub index: u32,
    /// `ARPHRD_*`: 1 Ethernet, 772 loopback, 65534 none.
    pub hardware: u16,
    /// `IFF_*` bits.
    pub flags: u32,
    /// Its name; kernels allow bytes that are not UTF-8, which are shown as U+FFFD.
    pub name: Cow<'a, str>,
    /// Hardware address; empty where it has none.
    pub address: &'a [u8],
    /// Bytes of the largest packet.
    pub mtu: Option<u32>,
    /// Index of the interface it stands on, or of the other half of a pair: in the namespace `link_netns`, else in this.
    pub lower: Option<u32>,
    /// Group; 0 is the default.
    pub group: u32,
    /// An XDP program on it.
    pub xdp: Option<LinkXdp>,
    /// What a bridge says of itself; `None` for other kinds.
    pub bridge: Option<LinkBridge>,
    /// Index of the bridge, bond or VRF it belongs to.
    pub master: Option<u32>,
    /// Number of the namespace its other half is in, as this namespace counts; -1 is unknown.
    pub link_netns: Option<i32>,
    /// Kind: `veth`, `bridge`, `vxlan`, `wireguard`, `vrf`, ...; `None` for hardware and loopback.
    pub kind: Option<&'a str>,
    /// Kind of the master: `bridge`, `vrf`, ...
    pub master_kind: Option<&'a str>,
    /// UDP port the kernel receives on for this interface (VXLAN, GENEVE, bare UDP).
    pub udp_port: Option<u16>,
    /// Routing table, of a VRF or of a member of one.
    pub vrf_table: Option<u32>,
    /// Attributes that could not be read, and the first reason.
    pub damaged: Option<(u16, WireError)>,
}

/// An XDP program on an interface (`IFLA_XDP`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkXdp {
    /// `XDP_ATTACHED_*`: 1 driver, 2 generic, 3 hardware, 4 several.
    pub attached: u8,
    /// Number of the program, where there is only one.
    pub program: Option<u32>,
}

/// What a bridge says of itself (`IFLA_BR_*`), as far as it concerns filters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own in the kernel")]
pub struct LinkBridge {
    /// VLANs are kept apart.
    pub vlan_filtering: bool,
    /// Bridged IPv4 passes the rules of IP, whatever the sysctl says.
    pub call_iptables: bool,
    /// The same for IPv6.
    pub call_ip6tables: bool,
    /// The same for ARP.
    pub call_arptables: bool,
}

impl<'a> Link<'a> {
    /// Reads the payload of an `RTM_NEWLINK`.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(payload);
        let mut link = Self::read(&mut cursor).ok_or_else(|| truncated("ifinfomsg", 16, payload))?;
        for attribute in Attributes::new(cursor.rest()) {
            if let Err(error) = attribute.and_then(|attribute| link.take(&attribute)) {
                let (count, first) = link.damaged.unwrap_or((0, error));
                link.damaged = Some((count.saturating_add(1), first));
            }
        }
        Ok(link)
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'a>) -> Result<Self, WireError> {
        match message.header.kind {
            RTM_NEWLINK => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "RTM_NEWLINK", kind }),
        }
    }

    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let [_family, _pad] = cursor.array()?;
        let hardware = cursor.u16()?;
        let (index, flags, _change) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
        Some(Self {
            index,
            hardware,
            flags,
            name: Cow::Borrowed(""),
            address: &[],
            mtu: None,
            lower: None,
            group: 0,
            xdp: None,
            bridge: None,
            master: None,
            link_netns: None,
            kind: None,
            master_kind: None,
            udp_port: None,
            vrf_table: None,
            damaged: None,
        })
    }

    fn take(&mut self, attribute: &Attribute<'a>) -> Result<(), WireError> {
        match attribute.kind {
            IFLA_IFNAME => {
                let name = attribute.payload.split(|byte| *byte == 0).next().unwrap_or_default();
                self.name = String::from_utf8_lossy(name);
            }
            IFLA_ADDRESS => self.address = attribute.payload,
            IFLA_MTU => self.mtu = Some(attribute.u32()?),
            IFLA_LINK => self.lower = Some(attribute.u32()?),
            IFLA_GROUP => self.group = attribute.u32()?,
            IFLA_XDP => self.take_xdp(attribute.attributes())?,
            IFLA_MASTER => self.master = Some(attribute.u32()?),
            IFLA_LINK_NETNSID => self.link_netns = Some(attribute.i32()?),
            IFLA_LINKINFO => self.take_link_info(attribute.attributes())?,
            _ => {}
        }
        Ok(())
    }

    fn take_link_info(&mut self, attributes: Attributes<'a>) -> Result<(), WireError> {
        // The kernel writes each kind before its data; in any other order the data could not be understood.
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                IFLA_INFO_KIND => self.kind = Some(attribute.str()?),
                IFLA_INFO_SLAVE_KIND => self.master_kind = Some(attribute.str()?),
                IFLA_INFO_DATA => self.take_data(attribute.attributes())?,
                IFLA_INFO_SLAVE_DATA => self.take_member_data(attribute.attributes())?,
                _ => {}
            }
        }
        Ok(())
    }

    fn take_data(&mut self, attributes: Attributes<'a>) -> Result<(), WireError> {
        for attribute in attributes {
            let attribute = attribute?;
            match (self.kind, attribute.kind) {
                (Some("vxlan"), IFLA_VXLAN_PORT)
                | (Some("geneve"), IFLA_GENEVE_PORT)
                | (Some("bareudp"), IFLA_BAREUDP_PORT) => self.udp_port = Some(attribute.be16()?),
                (Some("vrf"), IFLA_VRF_TABLE) => self.vrf_table = Some(attribute.u32()?),
                (Some("bridge"), kind) => self.take_bridge(kind, &attribute)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn take_bridge(&mut self, kind: u16, attribute: &Attribute<'a>) -> Result<(), WireError> {
        let bridge = self.bridge.get_or_insert_default();
        let flag = match kind {
            IFLA_BR_VLAN_FILTERING => &mut bridge.vlan_filtering,
            IFLA_BR_NF_CALL_IPTABLES => &mut bridge.call_iptables,
            IFLA_BR_NF_CALL_IP6TABLES => &mut bridge.call_ip6tables,
            IFLA_BR_NF_CALL_ARPTABLES => &mut bridge.call_arptables,
            _ => return Ok(()),
        };
        *flag = attribute.u8()? != 0;
        Ok(())
    }

    fn take_xdp(&mut self, attributes: Attributes<'a>) -> Result<(), WireError> {
        let mut xdp = LinkXdp { attached: 0, program: None };
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                IFLA_XDP_ATTACHED => xdp.attached = attribute.u8()?,
                IFLA_XDP_PROG_ID => xdp.program = Some(attribute.u32()?),
                _ => {}
            }
        }
        // Every interface has the attribute; 0 is XDP_ATTACHED_NONE.
        self.xdp = (xdp.attached != 0).then_some(xdp);
        Ok(())
    }

    fn take_member_data(&mut self, attributes: Attributes<'a>) -> Result<(), WireError> {
        for attribute in attributes {
            let attribute = attribute?;
            if self.master_kind == Some("vrf") && attribute.kind == IFLA_VRF_PORT_TABLE {
                self.vrf_table = Some(attribute.u32()?);
            }
        }
        Ok(())
    }
}
