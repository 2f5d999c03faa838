//! A netlink socket.

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};

/// Which subsystem of the kernel is spoken to (`man 7 netlink`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `NETLINK_SOCK_DIAG`: sockets.
    SockDiag,
    /// `NETLINK_ROUTE`: links, addresses, routes, policy rules, queueing disciplines.
    Route,
    /// `NETLINK_GENERIC`: `WireGuard` and others.
    Generic,
    /// `NETLINK_NETFILTER`: `nf_tables`, conntrack, hooks, packet traces.
    Netfilter,
}

/// Something that takes requests and gives answers: the kernel, or a script in a test.
pub trait Channel {
    /// Sends one request.
    fn send(&mut self, request: &[u8]) -> Result<(), Errno>;
    /// Receives the next buffer of messages. `EMSGSIZE` if it did not fit.
    fn receive(&mut self) -> Result<&[u8], Errno>;
    /// A sequence number not used before on this channel.
    fn next_sequence(&mut self) -> u32;
}

/// A netlink socket. It belongs to the network namespace in which it was opened, whichever thread uses it later.
#[derive(Debug)]
pub struct NetlinkSocket {
    descriptor: OwnedFd,
    buffer: Vec<u8>,
    sequence: u32,
}

/// The kernel builds dump messages of at most 32 KiB (`net/netlink/af_netlink.c`, `netlink_dump`).
const BUFFER_BYTES: usize = 64 * 1024;

impl NetlinkSocket {
    /// Opens a socket in the calling thread's network namespace.
    ///
    /// # Errors
    /// What `socket(2)` says: `EPROTONOSUPPORT` where the kernel lacks the family, `EACCES` under seccomp or `SELinux`.
    pub fn open(family: Family) -> Result<Self, Errno> {
        let protocol = match family {
            Family::SockDiag => Some(netlink::SOCK_DIAG),
            Family::Route => None,
            Family::Generic => Some(netlink::GENERIC),
            Family::Netfilter => Some(netlink::NETFILTER),
        };
        let descriptor =
            net::socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
        Ok(Self { descriptor, buffer: vec![0; BUFFER_BYTES], sequence: 0 })
    }
}

impl Channel for NetlinkSocket {
    fn send(&mut self, request: &[u8]) -> Result<(), Errno> {
        // The kernel's address is all zeros: an unconnected netlink socket sends there.
        net::send(&self.descriptor, request, SendFlags::empty()).map(drop)
    }

    fn receive(&mut self) -> Result<&[u8], Errno> {
        loop {
            // TRUNC makes the kernel tell the full length, so that a message too long is an error and not a loss.
            match net::recv(&self.descriptor, self.buffer.as_mut_slice(), RecvFlags::TRUNC) {
                Ok((_, length)) => return self.buffer.get(..length).ok_or(Errno::MSGSIZE),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }
}
