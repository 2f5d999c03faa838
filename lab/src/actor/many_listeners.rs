//! `many-listeners`: many TCP listeners in one process, for measurements.

use super::hold;
use super::sockets::{FULL_BACKLOG, consecutive, listener};
use clap::Args;
use serde_json::json;
use socket2::Socket;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

/// Listens on many consecutive loopback ports.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How many listeners.
    #[arg(long)]
    count: u16,
    /// First of the ports.
    #[arg(long)]
    port_base: u16,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let addresses = consecutive(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port_base)), self.count)?;
        let listen = |address| listener(address, FULL_BACKLOG);
        let listeners: Vec<Socket> = addresses.into_iter().map(listen).collect::<io::Result<_>>()?;
        hold::ready("many-listeners", json!({ "first": self.port_base, "sockets": listeners.len() }))?;
        hold::until_stdin_closes()
    }
}
