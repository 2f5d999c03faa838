//! L2TP tunnels (`include/uapi/linux/l2tp.h`): UDP ports or IP sockets on which the kernel unwraps packets.

use std::net::IpAddr;

use super::header::{self, GenericMessage};
use crate::{
    WireError,
    cursor::ip_address,
    netlink::{NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
    wire_enum,
};

/// Name to ask the controller for.
pub const L2TP_FAMILY: &str = "l2tp";

const L2TP_CMD_TUNNEL_GET: u8 = 4;
const L2TP_ATTR_ENCAP_TYPE: u16 = 2;
const L2TP_ATTR_PROTO_VERSION: u16 = 7;
const L2TP_ATTR_CONN_ID: u16 = 9;
const L2TP_ATTR_IP_SADDR: u16 = 24;
const L2TP_ATTR_UDP_SPORT: u16 = 26;
const L2TP_ATTR_UDP_DPORT: u16 = 27;
const L2TP_ATTR_IP6_SADDR: u16 = 31;

wire_enum! {
    /// What carries a tunnel.
    pub enum L2tpEncapsulation: u16 {
        /// UDP.
        Udp = 0 => "udp",
        /// IP protocol 115.
        Ip = 1 => "ip",
    }
}

/// The request for a dump of all tunnels. `family` is the number the controller gave.
#[must_use]
pub fn dump_l2tp_tunnels(family: u16, seq: u32) -> Vec<u8> {
    fixed_request(family, NLM_F_REQUEST | NLM_F_DUMP, seq, header::encode(L2TP_CMD_TUNNEL_GET, 1))
}

/// One tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct L2tpTunnel {
    /// Its number here.
    pub id: u32,
    /// Protocol version, 2 or 3.
    pub version: u8,
    /// What carries it.
    pub encapsulation: L2tpEncapsulation,
    /// Address here.
    pub local: Option<IpAddr>,
    /// UDP port here.
    pub source_port: Option<u16>,
    /// UDP port of the peer.
    pub destination_port: Option<u16>,
}

impl L2tpTunnel {
    /// Reads a message's payload.
    pub fn decode(payload: &[u8]) -> Result<Self, WireError> {
        let attributes =
            GenericMessage::decode(payload)?.expect("L2TP_CMD_TUNNEL_GET", L2TP_CMD_TUNNEL_GET)?;
        let mut tunnel = Self {
            id: 0,
            version: 0,
            encapsulation: L2tpEncapsulation::Udp,
            local: None,
            source_port: None,
            destination_port: None,
        };
        let mut id = None;
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                L2TP_ATTR_ENCAP_TYPE => tunnel.encapsulation = L2tpEncapsulation::from(attribute.u16()?),
                L2TP_ATTR_PROTO_VERSION => tunnel.version = attribute.u8()?,
                L2TP_ATTR_CONN_ID => id = Some(attribute.u32()?),
                L2TP_ATTR_IP_SADDR | L2TP_ATTR_IP6_SADDR => {
                    tunnel.local = Some(ip_address("L2TP_ATTR_IP_SADDR", attribute.payload)?);
                }
                // Ports are in this machine's byte order, unlike those of FOU.
                L2TP_ATTR_UDP_SPORT => tunnel.source_port = Some(attribute.u16()?),
                L2TP_ATTR_UDP_DPORT => tunnel.destination_port = Some(attribute.u16()?),
                _ => {}
            }
        }
        tunnel.id = id.ok_or(WireError::Missing { what: "L2TP_ATTR_CONN_ID" })?;
        Ok(tunnel)
    }
}
