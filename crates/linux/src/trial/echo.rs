//! One ICMP echo request, by the kernel's ping sockets (`net/ipv4/ping.c`), which need no privileges where
//! `net.ipv4.ping_group_range` has the group; else by a raw socket.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use portreeve_wire::extended_error::ExtendedError;
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto};

use super::options;

/// Of an echo request and of its answer, by the version of IP.
const V4_TYPES: (u8, u8) = (8, 0);
const V6_TYPES: (u8, u8) = (128, 129);
/// By which an answer is known where a raw socket receives those of others, too.
const MARK: &[u8; 12] = b"portreeve-ok";

/// An echo request that was sent.
#[derive(Debug)]
pub struct EchoRequest {
    socket: OwnedFd,
    v4: bool,
    raw: bool,
}

impl EchoRequest {
    /// Sends one.
    ///
    /// # Errors
    /// What `socket(2)` says, `EACCES` or `EPERM` without the right to; what `connect(2)` and `send(2)` say.
    pub fn send(destination: IpAddr) -> Result<Self, Errno> {
        let v4 = destination.is_ipv4();
        let (socket, raw) = match open(v4, SocketType::DGRAM) {
            Ok(socket) => (socket, false),
            Err(Errno::ACCESS | Errno::PERM) => (open(v4, SocketType::RAW)?, true),
            Err(errno) => return Err(errno),
        };
        let _ = options::keep_errors(socket.as_fd(), v4);
        net::connect(&socket, &SocketAddr::new(destination, 0))?;
        let (kind, _) = if v4 { V4_TYPES } else { V6_TYPES };
        let mut packet = vec![kind, 0, 0, 0, 0x70, 0x72, 0, 1];
        packet.extend(MARK);
        if v4 {
            // The kernel fills it in for ping sockets and for ICMPv6.
            let sum = checksum(&packet).to_be_bytes();
            packet.splice(2..4, sum);
        }
        net::send(&socket, &packet, SendFlags::DONTWAIT)?;
        Ok(Self { socket, v4, raw })
    }

    /// Whether the answer is there.
    ///
    /// # Errors
    /// What `recv(2)` says: what an ICMP error became, which [`Self::error`] tells.
    pub fn is_answered(&self) -> Result<bool, Errno> {
        let (_, answer) = if self.v4 { V4_TYPES } else { V6_TYPES };
        let mut buffer = [0_u8; 256];
        loop {
            match net::recv(&self.socket, &mut buffer, RecvFlags::DONTWAIT) {
                Ok((length, _)) => {
                    let packet = buffer.get(..length).unwrap_or_default();
                    // A raw socket of IPv4 shows the IP header, too.
                    let header = match packet.first() {
                        Some(first) if self.raw && self.v4 => usize::from(first & 0x0f) * 4,
                        _ => 0,
                    };
                    let icmp = packet.get(header..).unwrap_or_default();
                    if icmp.first() == Some(&answer) && icmp.ends_with(MARK) {
                        return Ok(true);
                    }
                }
                Err(Errno::AGAIN | Errno::INTR) => return Ok(false),
                Err(errno) => return Err(errno),
            }
        }
    }

    /// The next ICMP error about it.
    pub fn error(&self) -> Option<ExtendedError> {
        options::next_error(self.socket.as_fd())
    }
}

impl AsFd for EchoRequest {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn open(v4: bool, kind: SocketType) -> Result<OwnedFd, Errno> {
    let (family, protocol) =
        if v4 { (AddressFamily::INET, ipproto::ICMP) } else { (AddressFamily::INET6, ipproto::ICMPV6) };
    net::socket_with(family, kind, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, Some(protocol))
}

/// RFC 1071, of an even number of bytes.
fn checksum(bytes: &[u8]) -> u16 {
    let (words, _) = bytes.as_chunks::<2>();
    let sum: u32 = words.iter().map(|word| u32::from(u16::from_be_bytes(*word))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap_or(u16::MAX)
}
