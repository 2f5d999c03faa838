//! `close-wait`: a server that never closes what its clients have closed.

use super::connections;
use super::hold;
use super::sockets::local_addresses;
use clap::Args;
use serde_json::json;
use std::io::{self, Read};
use std::net::SocketAddr;

/// Holds connections in `CLOSE_WAIT`: the leak of a program that forgets to close.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen.
    address: SocketAddr,
    /// How many connections.
    #[arg(long, default_value_t = 1)]
    count: u32,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let (listener, connections) = connections::make(self.address, self.count)?;
        let mut leaked = Vec::new();
        for connection in connections {
            drop(connection.client);
            let mut server = connection.server;
            server.read_to_end(&mut Vec::new())?;
            leaked.push(server);
        }
        hold::ready(
            "close-wait",
            json!({ "address": local_addresses([&listener])?, "count": leaked.len() }),
        )?;
        hold::until_stdin_closes()
    }
}
