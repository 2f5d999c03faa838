//! `tcp-connect`: TCP clients.

use super::hold;
use super::sockets::local_addresses;
use clap::Args;
use serde_json::json;
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

/// Connects over TCP and holds the connections. Fails when one cannot be made.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to connect to.
    address: SocketAddr,
    /// How many connections.
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// How long each attempt may take, in milliseconds.
    #[arg(long, default_value_t = 20_000)]
    timeout: u64,
    /// Send this over the first connection, end the sending side, and report as `received` what comes back.
    #[arg(long)]
    say: Option<String>,
    /// Ask now and then whether the peer still lives (`SO_KEEPALIVE`).
    #[arg(long)]
    keepalive: bool,
    /// Mark of the packets (`SO_MARK`).
    #[arg(long)]
    mark: Option<u32>,
    /// End once connected instead of holding.
    #[arg(long)]
    once: bool,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let connections = (0..self.count).map(|_| self.connect()).collect::<io::Result<Vec<_>>>()?;
        let received = match (&self.say, connections.first()) {
            (Some(said), Some(connection)) => Some(converse(connection, said)?),
            _ => None,
        };
        let local = local_addresses(&connections)?;
        hold::ready("tcp-connect", json!({ "peer": self.address, "local": local, "received": received }))?;
        if self.once { Ok(()) } else { hold::until_stdin_closes() }
    }

    fn connect(&self) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_keepalive(self.keepalive)?;
        if let Some(mark) = self.mark {
            socket.set_mark(mark)?;
        }
        socket.connect_timeout(&self.address.into(), Duration::from_millis(self.timeout))?;
        Ok(socket)
    }
}

fn converse(mut connection: &Socket, said: &str) -> io::Result<String> {
    connection.write_all(said.as_bytes())?;
    connection.shutdown(Shutdown::Write)?;
    let mut received = String::new();
    connection.read_to_string(&mut received)?;
    Ok(received)
}
