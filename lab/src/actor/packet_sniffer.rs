//! `packet-sniffer`: an AF_PACKET socket that gets every frame.

use super::hold;
use clap::Args;
use pnet_datalink::{Channel, Config, channel, interfaces};
use serde_json::json;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;

/// `ETH_P_ALL` (`include/uapi/linux/if_ether.h`): every protocol.
const EVERY_PROTOCOL: u16 = 3;

/// Opens a packet socket for all protocols, on one device or on all.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Device; every device if none.
    device: Option<String>,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let Some(device) = self.device else {
            let protocol = Protocol::from(i32::from(EVERY_PROTOCOL.to_be()));
            let _socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
            hold::ready("packet-sniffer", json!({ "device": null }))?;
            return hold::until_stdin_closes();
        };
        let found = interfaces().into_iter().find(|interface| interface.name == device);
        let found = found.ok_or_else(|| io::Error::other(format!("no device {device}")))?;
        // The address of a packet socket has no safe constructor in socket2; this crate binds it.
        let Channel::Ethernet(_sender, _receiver) = channel(&found, Config::default())? else {
            return Err(io::Error::other("not an Ethernet channel"));
        };
        hold::ready("packet-sniffer", json!({ "device": device }))?;
        hold::until_stdin_closes()
    }
}
