//! Foo-over-UDP (`include/uapi/linux/fou.h`): UDP ports on which the kernel unwraps packets.

use std::net::IpAddr;

use super::header::{self, GenericMessage};
use crate::{
    WireError,
    cursor::ip_address,
    netlink::{NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
    sock_diag::AddressFamily,
};

/// Name to ask the controller for.
pub const FOU_FAMILY: &str = "fou";

const FOU_CMD_GET: u8 = 3;
const FOU_ATTR_PORT: u16 = 1;
const FOU_ATTR_AF: u16 = 2;
const FOU_ATTR_IPPROTO: u16 = 3;
const FOU_ATTR_TYPE: u16 = 4;
const FOU_ATTR_LOCAL_V4: u16 = 6;
const FOU_ATTR_LOCAL_V6: u16 = 7;
const FOU_ATTR_IFINDEX: u16 = 11;

/// The request for a dump of all ports. `family` is the number the controller gave.
#[must_use]
pub fn dump_fou_ports(family: u16, seq: u32) -> Vec<u8> {
    fixed_request(family, NLM_F_REQUEST | NLM_F_DUMP, seq, header::encode(FOU_CMD_GET, 1))
}

/// One port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FouPort {
    /// The UDP port.
    pub port: u16,
    /// IPv4 or IPv6.
    pub family: AddressFamily,
    /// IP protocol of what is inside; 0 with GUE, which says so itself.
    pub protocol: u8,
    /// 1 direct, 2 GUE.
    pub encapsulation: u8,
    /// Address it is bound to; `None` for all.
    pub local: Option<IpAddr>,
    /// Interface it is bound to; `None` for all.
    pub interface: Option<i32>,
}

impl FouPort {
    /// Reads a message's payload.
    pub fn decode(payload: &[u8]) -> Result<Self, WireError> {
        let attributes = GenericMessage::decode(payload)?.expect("FOU_CMD_GET", FOU_CMD_GET)?;
        let mut fou = Self {
            port: 0,
            family: AddressFamily::Unspecified,
            protocol: 0,
            encapsulation: 0,
            local: None,
            interface: None,
        };
        let mut port = None;
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                FOU_ATTR_PORT => port = Some(attribute.be16()?),
                FOU_ATTR_AF => fou.family = AddressFamily::from(attribute.u8()?),
                FOU_ATTR_IPPROTO => fou.protocol = attribute.u8()?,
                FOU_ATTR_TYPE => fou.encapsulation = attribute.u8()?,
                FOU_ATTR_LOCAL_V4 | FOU_ATTR_LOCAL_V6 => {
                    let address = ip_address("FOU_ATTR_LOCAL", attribute.payload)?;
                    fou.local = Some(address).filter(|address| !address.is_unspecified());
                }
                FOU_ATTR_IFINDEX => fou.interface = Some(attribute.i32()?).filter(|index| *index != 0),
                _ => {}
            }
        }
        fou.port = port.ok_or(WireError::Missing { what: "FOU_ATTR_PORT" })?;
        Ok(fou)
    }
}
