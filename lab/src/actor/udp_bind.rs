//! `udp-bind`: UDP sockets.

use super::hold;
use super::sockets::{Port, Stack, bind_device, bound, consecutive, local_addresses};
use clap::{Args, ValueEnum};
use serde_json::json;
use socket2::{Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Binds UDP sockets. Datagrams stay in the receive queue unless told otherwise.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to bind; port 0 lets the kernel choose.
    address: SocketAddr,
    /// Take IPv6 only, where the address is `[::]`.
    #[arg(long)]
    v6only: bool,
    /// Take what comes in on this device only (`SO_BINDTODEVICE`).
    #[arg(long)]
    device: Option<String>,
    /// Allow other sockets on the same port.
    #[arg(long)]
    reuseport: bool,
    /// How many sockets, on consecutive ports.
    #[arg(long, default_value_t = 1)]
    count: u16,
    /// Receive, and do this with what comes in; says `{"received": N}` when standard input closes.
    #[arg(long)]
    receive: Option<Receive>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Receive {
    /// Only count.
    Count,
    /// Send each datagram back.
    Echo,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let port = if self.reuseport { Port::Shared } else { Port::Own };
        let stack = if self.v6only { Stack::OnlyV6 } else { Stack::Dual };
        let bind = |address| bound(address, Type::DGRAM, Protocol::UDP, port, stack);
        let sockets: Vec<Socket> =
            consecutive(self.address, self.count)?.into_iter().map(bind).collect::<io::Result<_>>()?;
        sockets.iter().try_for_each(|socket| bind_device(socket, self.device.as_deref()))?;
        hold::ready("udp-bind", json!({ "sockets": local_addresses(&sockets)? }))?;
        let Some(receive) = self.receive else { return hold::until_stdin_closes() };
        let received = Arc::new(AtomicU64::new(0));
        for socket in &sockets {
            let (socket, received) = (UdpSocket::from(socket.try_clone()?), Arc::clone(&received));
            thread::spawn(move || serve(&socket, receive, &received));
        }
        hold::until_stdin_closes()?;
        hold::say(&json!({ "received": received.load(Ordering::Relaxed) }))
    }
}

fn serve(socket: &UdpSocket, receive: Receive, received: &AtomicU64) {
    let mut datagram = vec![0; 65_536];
    loop {
        // An error here is the report of an earlier answer that nobody took.
        let Ok((length, sender)) = socket.recv_from(&mut datagram) else { continue };
        received.fetch_add(1, Ordering::Relaxed);
        if let (Receive::Echo, Some(content)) = (receive, datagram.get(..length)) {
            drop(socket.send_to(content, sender));
        }
    }
}
