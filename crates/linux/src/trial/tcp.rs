//! A TCP connection from its SYN on.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use portreeve_wire::extended_error::ExtendedError;
use portreeve_wire::inet_diag::TcpInfo;
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, ipproto, sockopt};

use super::options;

/// What a connection's packets are like, where it is not as usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Shape {
    /// So many routers may pass them on.
    pub hops: Option<u8>,
    /// The largest segment in bytes, which is announced to the peer, too.
    pub max_segment: Option<u16>,
}

/// A connection that is being made, or was.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
    local: Option<IpAddr>,
}

impl Connection {
    /// Sends the SYN, from the calling thread's network namespace.
    ///
    /// # Errors
    /// What `socket(2)` and `connect(2)` say at once: `EADDRNOTAVAIL` without a free port, `ENETUNREACH` without a route, ...
    pub fn start(destination: SocketAddr, shape: Shape) -> Result<Self, Errno> {
        let v4 = destination.is_ipv4();
        let family = if v4 { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = net::socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP))?;
        // Without it the kind of an ICMP error is not told, which is no reason to try nothing.
        let _ = options::keep_errors(socket.as_fd(), v4);
        if let Some(hops) = shape.hops {
            if v4 {
                sockopt::set_ip_ttl(&socket, u32::from(hops))?;
            } else {
                sockopt::set_ipv6_unicast_hops(&socket, Some(hops))?;
            }
            options::set_syn_retries(socket.as_fd(), 1)?;
        }
        if let Some(bytes) = shape.max_segment {
            options::set_max_segment(socket.as_fd(), bytes)?;
        }
        match net::connect(&socket, &destination) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(errno) => return Err(errno),
        }
        // Gone when the connection has failed.
        let local = net::getsockname(&socket).ok().and_then(|own| SocketAddr::try_from(own).ok());
        Ok(Self { socket, local: local.map(|own| own.ip()) })
    }

    /// What came of it, once the socket is ready for writing. Tells an error once.
    ///
    /// # Errors
    /// What `SO_ERROR` says: `ECONNREFUSED` for a reset, `EHOSTUNREACH` and others for ICMP errors, which [`Self::error`] tells.
    pub fn finish(&self) -> Result<(), Errno> {
        sockopt::socket_error(&self.socket)?
    }

    /// The address that it comes from.
    pub fn local(&self) -> Option<IpAddr> {
        self.local
    }

    /// The next ICMP error about it.
    pub fn error(&self) -> Option<ExtendedError> {
        options::next_error(self.socket.as_fd())
    }

    /// What the kernel knows of it.
    ///
    /// # Errors
    /// As [`options::tcp_info`].
    pub fn info(&self) -> Result<TcpInfo, Errno> {
        options::tcp_info(&self.socket)
    }

    /// The connection, blocking from here on.
    ///
    /// # Errors
    /// What `fcntl(2)` says.
    pub fn into_stream(self) -> Result<TcpStream, Errno> {
        let stream = TcpStream::from(self.socket);
        stream.set_nonblocking(false).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        Ok(stream)
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
