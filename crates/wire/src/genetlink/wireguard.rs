//! WireGuard devices (`include/uapi/linux/wireguard.h`): the UDP port each holds inside the kernel.
//!
//! The answer also carries private and preshared keys; this module never reads them.

use super::header::{self, GenericMessage};
use crate::{
    WireError,
    netlink::{Attributes, NLM_F_DUMP, NLM_F_REQUEST, fixed_request},
};

/// Name to ask the controller for.
pub const WIREGUARD_FAMILY: &str = "wireguard";

const WG_CMD_GET_DEVICE: u8 = 0;
const WGDEVICE_A_IFINDEX: u16 = 1;
const WGDEVICE_A_IFNAME: u16 = 2;
const WGDEVICE_A_LISTEN_PORT: u16 = 6;
const WGDEVICE_A_FWMARK: u16 = 7;
const WGDEVICE_A_PEERS: u16 = 8;

/// The request for the device of this interface index. `family` is the number the controller gave.
#[must_use]
pub fn wireguard_device_request(family: u16, interface: u32, seq: u32) -> Vec<u8> {
    let mut body = [0; 12];
    let fields = header::encode(WG_CMD_GET_DEVICE, 1)
        .into_iter()
        .chain(8_u16.to_ne_bytes())
        .chain(WGDEVICE_A_IFINDEX.to_ne_bytes())
        .chain(interface.to_ne_bytes());
    for (slot, byte) in body.iter_mut().zip(fields) {
        *slot = byte;
    }
    fixed_request(family, NLM_F_REQUEST | NLM_F_DUMP, seq, body)
}

/// One WireGuard device. A device with many peers comes in several messages, of which only the first has more than
/// peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireguardDevice<'a> {
    /// Index of the interface.
    pub interface: Option<u32>,
    /// Name of the interface.
    pub name: Option<&'a str>,
    /// UDP port; 0 while the device is down and none was set.
    pub listen_port: Option<u16>,
    /// Mark of the packets it sends, 0 for none.
    pub mark: Option<u32>,
    /// Peers described in this message.
    pub peers: usize,
}

impl<'a> WireguardDevice<'a> {
    /// Reads a message's payload.
    pub fn decode(payload: &'a [u8]) -> Result<Self, WireError> {
        let attributes = GenericMessage::decode(payload)?.expect("WG_CMD_GET_DEVICE", WG_CMD_GET_DEVICE)?;
        let mut device = Self { interface: None, name: None, listen_port: None, mark: None, peers: 0 };
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                WGDEVICE_A_IFINDEX => device.interface = Some(attribute.u32()?),
                WGDEVICE_A_IFNAME => device.name = Some(attribute.str()?),
                WGDEVICE_A_LISTEN_PORT => device.listen_port = Some(attribute.u16()?),
                WGDEVICE_A_FWMARK => device.mark = Some(attribute.u32()?),
                WGDEVICE_A_PEERS => device.peers = count(attribute.attributes())?,
                _ => {}
            }
        }
        Ok(device)
    }
}

fn count(attributes: Attributes<'_>) -> Result<usize, WireError> {
    attributes.into_iter().try_fold(0_usize, |count, attribute| attribute.map(|_| count.saturating_add(1)))
}
