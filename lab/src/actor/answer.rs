//! `answer`: servers on many ports that say where they were reached.

use super::hold;
use super::sockets::{FULL_BACKLOG, Port, Stack, bind_device, bound};
use clap::Args;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt, sockopt,
};
use serde_json::json;
use socket2::{Protocol, Socket, Type};
use std::io::{self, IoSlice, IoSliceMut, Write};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::str::FromStr;
use std::thread;

/// Listens on TCP and UDP ports, and answers each connection and each datagram with `NAME:PORT`, from the address asked.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The name in the answers.
    #[arg(long)]
    name: String,
    /// Where to listen: `tcp:0.0.0.0:80`, `udp:[::]:53`, `tcp:[::]:80%eth0` for one device only.
    #[arg(required = true)]
    at: Vec<Listen>,
}

#[derive(Clone)]
struct Listen {
    kind: Type,
    address: SocketAddr,
    device: Option<String>,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (protocol, rest) = text.split_once(':').ok_or("no protocol")?;
        let kind = match protocol {
            "tcp" => Type::STREAM,
            "udp" => Type::DGRAM,
            other => return Err(format!("`{other}` is neither tcp nor udp")),
        };
        let (address, device) = match rest.split_once('%') {
            Some((address, device)) => (address, Some(device.to_owned())),
            None => (rest, None),
        };
        let address = address.parse().map_err(|error| format!("{address}: {error}"))?;
        Ok(Self { kind, address, device })
    }
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let mut sockets = Vec::new();
        for listen in &self.at {
            let socket = listen.open()?;
            sockets.push((socket, listen.kind, format!("{}:{}", self.name, listen.address.port())));
        }
        hold::ready("answer", json!({ "sockets": sockets.len() }))?;
        for (socket, kind, line) in sockets {
            thread::Builder::new().stack_size(64 << 10).spawn(move || {
                if kind == Type::STREAM { connections(&socket, &line) } else { datagrams(&socket, &line) }
            })?;
        }
        hold::until_stdin_closes()
    }
}

impl Listen {
    fn open(&self) -> io::Result<Socket> {
        let protocol = if self.kind == Type::STREAM { Protocol::TCP } else { Protocol::UDP };
        let socket = bound(self.address, self.kind, protocol, Port::Own, Stack::Dual)?;
        bind_device(&socket, self.device.as_deref())?;
        if self.kind == Type::STREAM {
            socket.listen(FULL_BACKLOG)?;
        } else if self.address.is_ipv6() {
            setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        } else {
            setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        }
        Ok(socket)
    }
}

/// A peer that goes away mid-conversation is not this actor's concern.
fn connections(listener: &Socket, line: &str) {
    loop {
        if let Ok((mut connection, _)) = listener.accept() {
            drop(connection.write_all(line.as_bytes()));
        }
    }
}

fn datagrams(socket: &Socket, line: &str) {
    loop {
        // A client that cannot be answered will say so.
        answer(socket, line).ok();
    }
}

/// Answers one datagram. The kernel would choose the address of the route back, which need not be the one that was asked.
fn answer(socket: &Socket, line: &str) -> nix::Result<()> {
    let mut datagram = [0; 64];
    let mut parts = [IoSliceMut::new(&mut datagram)];
    let mut control = nix::cmsg_space!([u8; 64]);
    let received =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::empty())?;
    let client = received.address;
    let message = [IoSlice::new(line.as_bytes())];
    let mut answered = Ok(0);
    for asked in received.cmsgs()? {
        let flags = MsgFlags::empty();
        answered = match asked {
            ControlMessageOwned::Ipv4PacketInfo(mut info) => {
                // Routing finds the device.
                info.ipi_ifindex = 0;
                let from = [ControlMessage::Ipv4PacketInfo(&info)];
                sendmsg(socket.as_raw_fd(), &message, &from, flags, client.as_ref())
            }
            ControlMessageOwned::Ipv6PacketInfo(mut info) => {
                // Link-local addresses mean something on their device only.
                if !matches!(info.ipi6_addr.s6_addr, [0xfe, 0x80..=0xbf, ..]) {
                    info.ipi6_ifindex = 0;
                }
                let from = [ControlMessage::Ipv6PacketInfo(&info)];
                sendmsg(socket.as_raw_fd(), &message, &from, flags, client.as_ref())
            }
            _ => continue,
        };
    }
    answered.map(drop)
}
