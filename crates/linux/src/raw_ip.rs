//! Raw IP sockets: packets sent with a header of one's own, and packets of one protocol received as they are.
#![expect(unsafe_code, reason = "rustix has no wrapper for setfsuid(2) and setfsgid(2)")]

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    self, AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto, sockopt,
};

/// The version of IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Version {
    fn address_family(self) -> AddressFamily {
        match self {
            Self::V4 => AddressFamily::INET,
            Self::V6 => AddressFamily::INET6,
        }
    }
}

/// Sends packets whose IP header is given. The kernel fills in the IPv4 total length and checksum, and the IPv4
/// identification where it is 0; IPv6 goes out untouched.
#[derive(Debug)]
pub struct RawSender {
    descriptor: OwnedFd,
}

impl RawSender {
    /// Opens a socket in the calling thread's network namespace.
    ///
    /// # Errors
    /// What `socket(2)` says; `EPERM` without `CAP_NET_RAW`.
    pub fn open(version: Version) -> Result<Self, Errno> {
        // IPPROTO_RAW sends with the header included and receives nothing, in both versions.
        let descriptor = open(version, ipproto::RAW)?;
        Ok(Self { descriptor })
    }

    /// Like [`RawSender::open`]; the socket belongs to this user and group, which owner rules of a firewall look at.
    ///
    /// # Errors
    /// As before. Without `CAP_SETUID` and `CAP_SETGID` the socket remains the caller's.
    pub fn open_as(version: Version, user: u32, group: u32) -> Result<Self, Errno> {
        // A socket's owner is the file system identity at its making. The system calls change that of this thread only,
        // and not the capabilities that opening it takes.
        // SAFETY: both calls take a number and change nothing but the thread's credentials.
        let before = unsafe { (libc::setfsuid(user), libc::setfsgid(group)) };
        let sender = Self::open(version);
        // SAFETY: as above. What the kernel answered were valid ids, shown as signed numbers.
        unsafe { (libc::setfsuid(before.0.cast_unsigned()), libc::setfsgid(before.1.cast_unsigned())) };
        sender
    }

    /// Sets the source address that routes are looked up with; an unspecified one leaves it open.
    ///
    /// # Errors
    /// What `bind(2)` says; `EADDRNOTAVAIL` for an address that is not the host's.
    pub fn bind(&self, source: IpAddr) -> Result<(), Errno> {
        net::bind(&self.descriptor, &SocketAddr::new(source, 0))
    }

    /// Sends `packet`, which begins with its IP header, by the route to `destination`.
    ///
    /// # Errors
    /// What `sendto(2)` says: `EPERM` where a filter dropped it, `ENETUNREACH` without a route, ...
    pub fn send(&self, packet: &[u8], destination: IpAddr) -> Result<(), Errno> {
        loop {
            match net::sendto(&self.descriptor, packet, SendFlags::DONTWAIT, &SocketAddr::new(destination, 0))
            {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

/// Receives every packet of one protocol that reaches the host itself, after the firewall's input.
#[derive(Debug)]
pub struct RawReceiver {
    descriptor: OwnedFd,
}

impl RawReceiver {
    /// Opens a socket for `protocol` (1 to 254) in the calling thread's network namespace.
    ///
    /// # Errors
    /// What `socket(2)` says; `EPERM` without `CAP_NET_RAW`; `EINVAL` for protocol 0.
    pub fn open(version: Version, protocol: u8) -> Result<Self, Errno> {
        let protocol = std::num::NonZeroU32::new(u32::from(protocol)).ok_or(Errno::INVAL)?;
        Ok(Self { descriptor: open(version, Protocol::from_raw(protocol))? })
    }

    /// Sets how many bytes of packets may wait.
    ///
    /// # Errors
    /// What `setsockopt(2)` says.
    pub fn set_queue(&self, bytes: usize) -> Result<(), Errno> {
        sockopt::set_socket_recv_buffer_size(&self.descriptor, bytes)
    }

    /// The next packet that is already there, or `None`. IPv4 begins with its header, IPv6 behind its headers. What does
    /// not fit into `buffer` is cut off.
    ///
    /// # Errors
    /// What `recv(2)` says.
    pub fn receive<'a>(&self, buffer: &'a mut [u8]) -> Result<Option<&'a [u8]>, Errno> {
        loop {
            match net::recv(&self.descriptor, &mut *buffer, RecvFlags::DONTWAIT) {
                Ok((length, _)) => return buffer.get(..length).ok_or(Errno::MSGSIZE).map(Some),
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

fn open(version: Version, protocol: Protocol) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    net::socket_with(version.address_family(), SocketType::RAW, flags, Some(protocol))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    #[test]
    fn a_packet_with_its_own_header_reaches_the_receiver_of_its_protocol() {
        assert!(rustix::process::geteuid().is_root(), "this test needs root: raw sockets need CAP_NET_RAW");
        let receiver = RawReceiver::open(Version::V6, 253).unwrap();
        let sender = RawSender::open_as(Version::V6, 12, 34).unwrap();
        // Version 6, payload of 4 bytes, protocol 253 (for experiments), hop limit 1, from ::1 to ::1.
        let mut packet = vec![0x60, 0, 0, 0, 0, 4, 253, 1];
        packet.extend(Ipv6Addr::LOCALHOST.octets());
        packet.extend(Ipv6Addr::LOCALHOST.octets());
        packet.extend(b"mark");
        sender.send(&packet, IpAddr::V6(Ipv6Addr::LOCALHOST)).unwrap();
        assert_eq!(receiver.receive(&mut [0; 64]), Ok(Some(b"mark".as_slice())));
        assert_eq!(receiver.receive(&mut [0; 64]), Ok(None));
    }
}
