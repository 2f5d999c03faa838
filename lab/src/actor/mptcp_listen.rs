//! `mptcp-listen`: a Multipath TCP listener (RFC 8684).

use super::hold;
use super::sockets::{FULL_BACKLOG, Port, Stack, bound, local_addresses};
use clap::Args;
use serde_json::json;
use socket2::{Protocol, Type};
use std::io;
use std::net::SocketAddr;

/// Listens on MPTCP, which shows as a TCP listener too.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen; port 0 lets the kernel choose.
    address: SocketAddr,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let listener = bound(self.address, Type::STREAM, Protocol::MPTCP, Port::Own, Stack::Dual)?;
        listener.listen(FULL_BACKLOG)?;
        hold::ready("mptcp-listen", json!({ "listeners": local_addresses([&listener])? }))?;
        hold::until_stdin_closes()
    }
}
