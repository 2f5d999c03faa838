//! What the error queue of a socket tells (`struct sock_extended_err`, `include/uapi/linux/errqueue.h`): which ICMP message
//! ended a conversation, and which router sent it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::cursor::Cursor;
use crate::icmp_error::{v4_unreachable, v6_unreachable};
use crate::wire_enum;

wire_enum! {
    /// Where an error comes from (`SO_EE_ORIGIN_*`).
    pub enum Origin: u8 {
        /// Nowhere: no error.
        None = 0 => "none",
        /// This host itself, without a packet.
        Local = 1 => "local",
        /// An ICMP message (RFC 792).
        Icmp = 2 => "icmp",
        /// An `ICMPv6` message (RFC 4443).
        Icmp6 = 3 => "icmpv6",
    }
}

/// One entry of a socket's error queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExtendedError {
    /// The error number that the socket answers with.
    pub errno: u32,
    /// Where it comes from.
    pub origin: Origin,
    /// Type of the ICMP message.
    pub kind: u8,
    /// Code of the ICMP message.
    pub code: u8,
    /// For a packet that was too big: the MTU that would do.
    pub info: u32,
    /// Who sent the ICMP message.
    pub offender: Option<IpAddr>,
}

impl ExtendedError {
    /// Bytes of `struct sock_extended_err`; the offender's `struct sockaddr` follows.
    pub const LEN: usize = 16;

    /// Reads the data of an `IP_RECVERR` or `IPV6_RECVERR` control message. `None` where it is cut short.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let errno = cursor.u32()?;
        let [origin, kind, code, _padding] = cursor.array()?;
        let info = cursor.u32()?;
        cursor.skip(4)?;
        Some(Self { errno, origin: Origin::from(origin), kind, code, info, offender: offender(cursor) })
    }

    /// Finds it in the control messages of one `recvmsg(2)` (`struct cmsghdr`: length, level, type, and the data).
    pub fn from_control(messages: &[u8]) -> Option<Self> {
        const HEADER: usize = size_of::<usize>() + 8;
        // `IPPROTO_IP` with `IP_RECVERR`, `IPPROTO_IPV6` with `IPV6_RECVERR`.
        const WANTED: [(u32, u32); 2] = [(0, 11), (41, 25)];
        let mut rest = messages;
        while let Some((length, after)) = rest.split_first_chunk::<{ size_of::<usize>() }>() {
            let mut header = Cursor::new(after);
            let kind = (header.u32()?, header.u32()?);
            let length = usize::from_ne_bytes(*length);
            let data = rest.get(HEADER..length)?;
            if WANTED.contains(&kind) {
                return Self::decode(data);
            }
            rest = rest.get(length.next_multiple_of(size_of::<usize>())..)?;
        }
        None
    }

    /// The message in the words of `nft` and `iptables`, for those that they can send; of the standard for others.
    pub fn reason(&self) -> &'static str {
        match (self.origin, self.kind) {
            (Origin::Icmp, 3) => v4_unreachable(self.code),
            (Origin::Icmp, 11) => "icmp time-exceeded",
            (Origin::Icmp, 12) => "icmp parameter-problem",
            (Origin::Icmp, 4) => "icmp source-quench",
            (Origin::Icmp, _) => "icmp error",
            (Origin::Icmp6, 1) => v6_unreachable(self.code),
            (Origin::Icmp6, 2) => "icmpv6 packet-too-big",
            (Origin::Icmp6, 3) => "icmpv6 time-exceeded",
            (Origin::Icmp6, 4) => "icmpv6 parameter-problem",
            (Origin::Icmp6, _) => "icmpv6 error",
            _ => "error of this host",
        }
    }

    /// Whether a router's hop limit ran out: the packet was sent with a small one, or goes in a circle.
    pub fn is_time_exceeded(&self) -> bool {
        matches!((self.origin, self.kind), (Origin::Icmp, 11) | (Origin::Icmp6, 3))
    }

    /// Whether a port is said to be closed, as a host does for UDP and `REJECT` does by default.
    pub fn is_port_unreachable(&self) -> bool {
        matches!((self.origin, self.kind, self.code), (Origin::Icmp, 3, 3) | (Origin::Icmp6, 1, 4))
    }

    /// Whether somebody could not find the host on its last link.
    pub fn is_host_unreachable(&self) -> bool {
        matches!((self.origin, self.kind, self.code), (Origin::Icmp, 3, 1) | (Origin::Icmp6, 1, 3))
    }
}

/// `struct sockaddr_in` or `struct sockaddr_in6`; `AF_UNSPEC` where there is none.
fn offender(mut cursor: Cursor<'_>) -> Option<IpAddr> {
    const AF_INET: u16 = 2;
    const AF_INET6: u16 = 10;
    let family = cursor.u16()?;
    let _port = cursor.be16()?;
    match family {
        AF_INET => Some(IpAddr::V4(Ipv4Addr::from(cursor.array::<4>()?))),
        AF_INET6 => {
            let _flow = cursor.u32()?;
            Some(IpAddr::V6(Ipv6Addr::from(cursor.array::<16>()?)).to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_icmp_message_and_its_sender() {
        // EHOSTUNREACH, ICMP, type 3, code 13, from 192.0.2.1.
        let mut bytes = 113_u32.to_ne_bytes().to_vec();
        bytes.extend([2, 3, 13, 0]);
        bytes.extend([0; 8]);
        bytes.extend(2_u16.to_ne_bytes());
        bytes.extend([0, 0, 192, 0, 2, 1]);
        let read = ExtendedError::decode(&bytes).unwrap();
        assert_eq!((read.errno, read.reason()), (113, "icmp admin-prohibited"));
        assert_eq!(read.offender, Some("192.0.2.1".parse().unwrap()));
        assert_eq!(ExtendedError::decode(&bytes[..15]), None);
        assert_eq!(ExtendedError::decode(&bytes[..21]).unwrap().offender, None);
    }

    #[test]
    fn it_is_found_among_control_messages() {
        let message = |level: u32, kind: u32, data: &[u8]| {
            let mut bytes = (16 + data.len()).to_ne_bytes().to_vec();
            bytes.extend(level.to_ne_bytes());
            bytes.extend(kind.to_ne_bytes());
            bytes.extend(data);
            bytes.resize(bytes.len().next_multiple_of(8), 0);
            bytes
        };
        let mut error = 111_u32.to_ne_bytes().to_vec();
        error.extend([2, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let bytes = [message(0, 2, &[64, 0, 0, 0, 1]), message(0, 11, &error)].concat();
        let read = ExtendedError::from_control(&bytes).unwrap();
        assert!(read.is_port_unreachable());
        for length in 0..bytes.len() {
            assert_eq!(ExtendedError::from_control(&bytes[..length]), None, "{length}");
        }
        // A length that would not get ahead.
        assert_eq!(ExtendedError::from_control(&[0; 64]), None);
    }

    #[test]
    fn an_icmpv6_message_and_its_sender() {
        let mut bytes = 113_u32.to_ne_bytes().to_vec();
        bytes.extend([3, 3, 0, 0]);
        bytes.extend([0; 8]);
        bytes.extend(10_u16.to_ne_bytes());
        bytes.extend([0; 6]);
        bytes.extend("2001:db8::1".parse::<Ipv6Addr>().unwrap().octets());
        bytes.extend([0; 4]);
        let read = ExtendedError::decode(&bytes).unwrap();
        assert!(read.is_time_exceeded() && !read.is_port_unreachable());
        assert_eq!(read.offender, Some("2001:db8::1".parse().unwrap()));
    }
}
