//! `udp-send`: UDP datagrams.

use super::hold;
use clap::Args;
use serde_json::json;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

/// Sends numbered datagrams, then ends.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to send to.
    address: SocketAddr,
    /// How many.
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// Microseconds between two, so that the receiver's queue does not overflow.
    #[arg(long, default_value_t = 0)]
    gap: u64,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let any: SocketAddr = match self.address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        for number in 0..self.count {
            socket.send_to(number.to_string().as_bytes(), self.address)?;
            thread::sleep(Duration::from_micros(self.gap));
        }
        hold::ready("udp-send", json!({ "sent": self.count }))
    }
}
