//! UDP to one peer.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use portreeve_wire::extended_error::ExtendedError;
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto};

use super::options;

/// A UDP socket with one peer.
#[derive(Debug)]
pub struct Datagrams {
    socket: OwnedFd,
    local: Option<IpAddr>,
}

impl Datagrams {
    /// Opens it, in the calling thread's network namespace. Nothing is sent.
    ///
    /// # Errors
    /// What `socket(2)` and `connect(2)` say: `ENETUNREACH` without a route, `EAGAIN` without a free port, ...
    pub fn open(destination: SocketAddr) -> Result<Self, Errno> {
        let v4 = destination.is_ipv4();
        let family = if v4 { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = net::socket_with(family, SocketType::DGRAM, flags, Some(ipproto::UDP))?;
        let _ = options::keep_errors(socket.as_fd(), v4);
        net::connect(&socket, &destination)?;
        let local = net::getsockname(&socket).ok().and_then(|own| SocketAddr::try_from(own).ok());
        Ok(Self { socket, local: local.map(|own| own.ip()) })
    }

    /// The address that they come from.
    pub fn local(&self) -> Option<IpAddr> {
        self.local
    }

    /// Sends one.
    ///
    /// # Errors
    /// What `send(2)` says: `EPERM` where a rule of this host drops it, and what an earlier ICMP error became.
    pub fn send(&self, payload: &[u8]) -> Result<(), Errno> {
        net::send(&self.socket, payload, SendFlags::DONTWAIT).map(|_| ())
    }

    /// The next datagram that is there, and how long it is.
    ///
    /// # Errors
    /// What `recv(2)` says: what an ICMP error became, which [`Self::error`] tells.
    pub fn receive(&self, buffer: &mut [u8]) -> Result<Option<usize>, Errno> {
        match net::recv(&self.socket, &mut *buffer, RecvFlags::DONTWAIT) {
            Ok((length, _)) => Ok(Some(length)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// The next ICMP error about them.
    pub fn error(&self) -> Option<ExtendedError> {
        options::next_error(self.socket.as_fd())
    }
}

impl AsFd for Datagrams {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
