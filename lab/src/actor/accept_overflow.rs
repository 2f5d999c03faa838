//! `accept-overflow`: a server that never accepts.

use super::connections::reachable;
use super::hold;
use super::sockets::{listener, local_addresses};
use clap::Args;
use serde_json::json;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;

/// Listens, never accepts, and connects to itself more often than the accept queue holds.
///
/// The queue takes one connection more than its backlog; further attempts are dropped and counted by the kernel.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen.
    address: SocketAddr,
    /// Length of the accept queue.
    #[arg(long)]
    backlog: i32,
    /// How many connections to attempt.
    #[arg(long)]
    connections: u32,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let listener = listener(self.address, self.backlog)?;
        let address = reachable(&listener)?;
        let mut attempts = Vec::new();
        for _ in 0..self.connections {
            let client = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
            client.set_nonblocking(true)?;
            match client.connect(&address.into()) {
                Err(error) if error.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {
                    return Err(error);
                }
                _ => attempts.push(client),
            }
        }
        let details = json!({
            "listeners": local_addresses([&listener])?, "backlog": self.backlog, "attempts": attempts.len(),
        });
        hold::ready("accept-overflow", details)?;
        hold::until_stdin_closes()
    }
}
