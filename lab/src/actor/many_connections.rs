//! `many-connections`: both ends of many loopback connections, for measurements.

use super::connections::{self, connect};
use super::hold;
use super::sockets::{FULL_BACKLOG, consecutive, listener, local_addresses};
use clap::Args;
use serde_json::json;
use socket2::Socket;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

/// Holds both ends of many loopback connections: `listeners + 2 * connections` sockets.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How many listeners share the connections evenly.
    #[arg(long, default_value_t = 1)]
    listeners: u16,
    /// How many connections in all.
    #[arg(long)]
    connections: u32,
    /// First of the consecutive ports to listen on; 0 lets the kernel choose each.
    #[arg(long, default_value_t = 0)]
    port_base: u16,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let base = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port_base));
        let addresses = match self.port_base {
            0 => vec![base; self.listeners.into()],
            _ => consecutive(base, self.listeners)?,
        };
        let listen = |address| listener(address, FULL_BACKLOG);
        let listeners: Vec<Socket> = addresses.into_iter().map(listen).collect::<io::Result<_>>()?;
        let wanted = usize::try_from(self.connections).map_err(io::Error::other)?;
        let connections: Vec<connections::Connection> =
            listeners.iter().cycle().take(wanted).map(connect).collect::<io::Result<_>>()?;
        let sockets = listeners.len() + 2 * connections.len();
        hold::ready(
            "many-connections",
            json!({ "listeners": local_addresses(&listeners)?, "sockets": sockets }),
        )?;
        hold::until_stdin_closes()
    }
}
