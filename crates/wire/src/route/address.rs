//! `RTM_GETADDR` and `RTM_NEWADDR`: addresses of interfaces.

use std::net::IpAddr;

use crate::{
    WireError,
    cursor::{Cursor, ip_address, truncated},
    netlink::{Attribute, Attributes, Message, NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
    sock_diag::AddressFamily,
    wire_enum,
};

/// `nlmsg_type` of an address.
pub const RTM_NEWADDR: u16 = 20;

const RTM_GETADDR: u16 = 22;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_FLAGS: u16 = 8;

wire_enum! {
    /// How far an address is valid (`RT_SCOPE_*`).
    pub enum Scope: u8 {
        /// Everywhere.
        Universe = 0 => "global",
        /// This site (IPv6, obsolete).
        Site = 200 => "site",
        /// This link.
        Link = 253 => "link",
        /// This machine.
        Host = 254 => "host",
        /// Nowhere.
        Nowhere = 255 => "nowhere",
    }
}

/// The request for a dump of all addresses, of both families.
#[must_use]
pub fn dump_addresses(seq: u32) -> Vec<u8> {
    // struct ifaddrmsg, all zero.
    fixed_request(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, seq, [0; 8])
}

/// One address of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    /// Index of the interface.
    pub interface: u32,
    /// The address of this machine.
    pub address: IpAddr,
    /// The other end of a point-to-point interface.
    pub peer: Option<IpAddr>,
    /// Bits of the network's prefix.
    pub prefix_len: u8,
    /// How far the address is valid.
    pub scope: Scope,
    /// `IFA_F_*` bits: 0x01 secondary or temporary, 0x08 duplicate found, 0x20 deprecated, 0x40 tentative, 0x80
    /// permanent.
    pub flags: u32,
}

impl Address {
    /// Reads the payload of an `RTM_NEWADDR`.
    pub fn decode(payload: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(payload);
        let short = || truncated("ifaddrmsg", 8, payload);
        let [family, prefix_len, flags, scope] = cursor.array().ok_or_else(short)?;
        let interface = cursor.u32().ok_or_else(short)?;
        let (mut address, mut local, mut wide_flags) = (None, None, None);
        for attribute in Attributes::new(cursor.rest()) {
            let attribute = attribute?;
            match attribute.kind {
                IFA_ADDRESS => address = Some(of_family(family, &attribute)?),
                IFA_LOCAL => local = Some(of_family(family, &attribute)?),
                IFA_FLAGS => wide_flags = Some(attribute.u32()?),
                _ => {}
            }
        }
        // IFA_ADDRESS is the other end where the two differ; IPv6 sends IFA_LOCAL only then.
        let own = local.or(address).ok_or(WireError::Missing { what: "IFA_ADDRESS" })?;
        Ok(Self {
            interface,
            address: own,
            peer: address.filter(|address| *address != own),
            prefix_len,
            scope: Scope::from(scope),
            flags: wide_flags.unwrap_or(u32::from(flags)),
        })
    }

    /// Reads `message`, after a look at its type.
    pub fn from_message(message: &Message<'_>) -> Result<Self, WireError> {
        match message.header.kind {
            RTM_NEWADDR => Self::decode(message.payload),
            kind => Err(WireError::WrongKind { what: "RTM_NEWADDR", kind }),
        }
    }
}

/// An address, whose size must be that of `family`.
fn of_family(family: u8, attribute: &Attribute<'_>) -> Result<IpAddr, WireError> {
    let address = ip_address("IFA_ADDRESS", attribute.payload)?;
    match (AddressFamily::from(family), address) {
        (AddressFamily::Inet, IpAddr::V6(_)) => {
            Err(WireError::WrongSize { what: "IFA_ADDRESS", expected: 4, actual: 16 })
        }
        (AddressFamily::Inet6, IpAddr::V4(_)) => {
            Err(WireError::WrongSize { what: "IFA_ADDRESS", expected: 16, actual: 4 })
        }
        _ => Ok(address),
    }
}
