//! `raw`: a raw IP socket.

use super::hold;
use clap::Args;
use serde_json::json;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;

/// Opens a raw socket, which gets every packet of one IP protocol.
#[derive(Args)]
pub(crate) struct Arguments {
    /// IP protocol number, such as 1 for ICMP.
    protocol: u8,
    /// IPv6 instead of IPv4.
    #[arg(long)]
    v6: bool,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let domain = if self.v6 { Domain::IPV6 } else { Domain::IPV4 };
        let _socket = Socket::new(domain, Type::RAW, Some(Protocol::from(i32::from(self.protocol))))?;
        hold::ready("raw", json!({ "protocol": self.protocol }))?;
        hold::until_stdin_closes()
    }
}
