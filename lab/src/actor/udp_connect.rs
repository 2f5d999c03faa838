//! `udp-connect`: a UDP socket with a fixed peer.

use super::hold;
use super::sockets::local_addresses;
use clap::Args;
use serde_json::json;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;

/// Connects a UDP socket, which sends nothing, and holds it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The peer.
    address: SocketAddr,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let socket = Socket::new(Domain::for_address(self.address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.connect(&self.address.into())?;
        hold::ready("udp-connect", json!({ "peer": self.address, "local": local_addresses([&socket])? }))?;
        hold::until_stdin_closes()
    }
}
