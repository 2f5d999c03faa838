//! `bind-only`: a TCP port taken without listening.

use super::hold;
use super::sockets::{bind, local_addresses};
use clap::Args;
use serde_json::json;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;

/// Binds a TCP socket and neither listens nor connects. Without `SO_REUSEADDR`, so that nobody else can bind.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to bind.
    address: SocketAddr,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, Some(Protocol::TCP))?;
        bind(&socket, &self.address.into(), self.address)?;
        hold::ready("bind-only", json!({ "sockets": local_addresses([&socket])? }))?;
        hold::until_stdin_closes()
    }
}
