//! `time-wait`: connections in `TIME_WAIT`, which no process holds.

use super::connections::{self, Connection};
use super::{hold, sockets};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr};

/// Leaves connections in `TIME_WAIT`, with nothing listening any more.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen meanwhile.
    address: SocketAddr,
    /// How many connections.
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// The end that closes first and so stays in `TIME_WAIT`: with the server, its port stays occupied.
    #[arg(long, default_value = "client")]
    side: Side,
    /// Go on listening.
    #[arg(long)]
    keep_listener: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Side {
    Client,
    Server,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let (listener, connections) = connections::make(self.address, self.count)?;
        let address = sockets::local_addresses([&listener])?;
        for Connection { client, server } in connections {
            let (first, mut second) = match self.side {
                Side::Client => (client, server),
                Side::Server => (server, client),
            };
            first.shutdown(Shutdown::Write)?;
            // The end of the stream says that the FIN has come, so that this side is the second to close.
            second.read_to_end(&mut Vec::new())?;
        }
        let listener = self.keep_listener.then_some(listener);
        let details = json!({ "address": address, "count": self.count, "listening": listener.is_some() });
        hold::ready("time-wait", details)?;
        hold::until_stdin_closes()
    }
}
