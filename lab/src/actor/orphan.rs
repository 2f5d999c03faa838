//! `orphan`: closed connections that the kernel still keeps, in `FIN_WAIT`.

use super::connections::{self, Connection};
use super::hold;
use super::sockets::local_addresses;
use clap::{Args, ValueEnum};
use serde_json::json;
use socket2::Socket;
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;

/// Closes connections whose other end neither reads nor closes. The other ends and the listener stay.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen.
    address: SocketAddr,
    /// How many connections.
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// `FIN_WAIT1` (the end of the stream waits behind unread data) or `FIN_WAIT2` (it was acknowledged).
    #[arg(long, default_value = "fin-wait-2")]
    state: State,
}

#[derive(Clone, Copy, ValueEnum)]
enum State {
    #[value(name = "fin-wait-1")]
    FinWait1,
    #[value(name = "fin-wait-2")]
    FinWait2,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let (listener, connections) = connections::make(self.address, self.count)?;
        let mut peers = Vec::new();
        for Connection { client, server } in connections {
            if matches!(self.state, State::FinWait1) {
                fill(&client)?;
            }
            peers.push(server);
        }
        let details = json!({ "address": local_addresses([&listener])?, "count": self.count });
        hold::ready("orphan", details)?;
        hold::until_stdin_closes()
    }
}

/// Writes until the peer's receive queue and the own send queue are full.
fn fill(mut socket: &Socket) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    let block = vec![0; 65_536];
    loop {
        match socket.write(&block) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
