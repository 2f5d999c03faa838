//! `udplite-bind`: a UDP-Lite socket (RFC 3828).

use super::hold;
use super::sockets::{Port, Stack, bound, local_addresses};
use clap::Args;
use serde_json::json;
use socket2::{Protocol, Type};
use std::io;
use std::net::SocketAddr;

/// Binds a UDP-Lite socket.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to bind; port 0 lets the kernel choose.
    address: SocketAddr,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let socket = bound(self.address, Type::DGRAM, Protocol::UDPLITE, Port::Own, Stack::Dual)?;
        hold::ready("udplite-bind", json!({ "sockets": local_addresses([&socket])? }))?;
        hold::until_stdin_closes()
    }
}
