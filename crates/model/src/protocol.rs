//! Transport protocols, address families and socket states, named as `ss` and the kernel name them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of socket this is. MPTCP is told apart from the TCP subflows that carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP (RFC 9293).
    Tcp,
    /// Multipath TCP (RFC 8684), the connection-level socket.
    Mptcp,
    /// UDP (RFC 768).
    Udp,
    /// UDP-Lite (RFC 3828).
    Udplite,
    /// SCTP (RFC 9260).
    Sctp,
    /// Raw IP socket; its "port" is the IP protocol number.
    Raw,
    /// ICMP datagram ("ping") socket.
    Icmp,
    /// `AF_PACKET`: sees frames below IP.
    Packet,
    /// `AF_UNIX` stream socket.
    UnixStream,
    /// `AF_UNIX` datagram socket.
    UnixDatagram,
    /// `AF_UNIX` sequenced-packet socket.
    UnixSeqpacket,
    /// `AF_VSOCK`: between a virtual machine and its host.
    Vsock,
}

impl Protocol {
    /// The name in `ss`'s Netid column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Mptcp => "mptcp",
            Self::Udp => "udp",
            Self::Udplite => "udplite",
            Self::Sctp => "sctp",
            Self::Raw => "raw",
            Self::Icmp => "icmp",
            Self::Packet => "packet",
            Self::UnixStream => "u_str",
            Self::UnixDatagram => "u_dgr",
            Self::UnixSeqpacket => "u_seq",
            Self::Vsock => "vsock",
        }
    }

    /// Whether the protocol has ports in the sense of 1..=65535.
    pub fn has_ports(self) -> bool {
        matches!(self, Self::Tcp | Self::Mptcp | Self::Udp | Self::Udplite | Self::Sctp)
    }

    /// Whether peers connect to it (so that a state machine and an accept queue exist).
    pub fn is_connection_oriented(self) -> bool {
        matches!(
            self,
            Self::Tcp | Self::Mptcp | Self::Sctp | Self::UnixStream | Self::UnixSeqpacket | Self::Vsock
        )
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The address family of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// `AF_INET`.
    Ipv4,
    /// `AF_INET6`.
    Ipv6,
    /// `AF_PACKET`.
    Packet,
    /// `AF_UNIX`.
    Unix,
    /// `AF_VSOCK`.
    Vsock,
}

/// Socket states (kernel: `include/net/tcp_states.h`). A UDP socket is `Established` when connected and
/// `Unconnected` otherwise. A state this build does not know keeps its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of RFC 9293")]
pub enum State {
    Established,
    SynSent,
    /// A handshake in progress: `TCP_SYN_RECV` or `TCP_NEW_SYN_RECV`.
    SynRecv,
    FinWait1,
    FinWait2,
    TimeWait,
    /// `TCP_CLOSE`: for datagram sockets, "not connected".
    Unconnected,
    CloseWait,
    LastAck,
    Listen,
    Closing,
    /// Bound to a port, neither listening nor connected (`TCP_BOUND_INACTIVE`).
    Bound,
    /// A state number this build does not know.
    Other(u8),
}

impl State {
    /// Every state that has a name, in the kernel's order.
    pub const NAMED: [Self; 12] = [
        Self::Established,
        Self::SynSent,
        Self::SynRecv,
        Self::FinWait1,
        Self::FinWait2,
        Self::TimeWait,
        Self::Unconnected,
        Self::CloseWait,
        Self::LastAck,
        Self::Listen,
        Self::Closing,
        Self::Bound,
    ];

    /// From the kernel's number (`include/net/tcp_states.h`).
    pub fn from_kernel(number: u8) -> Self {
        match number {
            1 => Self::Established,
            2 => Self::SynSent,
            3 | 12 => Self::SynRecv,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 => Self::Unconnected,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            13 => Self::Bound,
            other => Self::Other(other),
        }
    }

    /// The kernel's state mask (`1 << number`) that asks for this state.
    pub fn mask(self) -> u32 {
        match self {
            Self::Established => 1 << 1,
            Self::SynSent => 1 << 2,
            Self::SynRecv => (1 << 3) | (1 << 12),
            Self::FinWait1 => 1 << 4,
            Self::FinWait2 => 1 << 5,
            Self::TimeWait => 1 << 6,
            Self::Unconnected => 1 << 7,
            Self::CloseWait => 1 << 8,
            Self::LastAck => 1 << 9,
            Self::Listen => 1 << 10,
            Self::Closing => 1 << 11,
            Self::Bound => 1 << 13,
            Self::Other(number) => 1u32.checked_shl(u32::from(number)).unwrap_or(0),
        }
    }

    /// The name in the State column, as `ss` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Established => "ESTAB",
            Self::SynSent => "SYN-SENT",
            Self::SynRecv => "SYN-RECV",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::TimeWait => "TIME-WAIT",
            Self::Unconnected => "UNCONN",
            Self::CloseWait => "CLOSE-WAIT",
            Self::LastAck => "LAST-ACK",
            Self::Listen => "LISTEN",
            Self::Closing => "CLOSING",
            Self::Bound => "BOUND",
            Self::Other(_) => "UNKNOWN",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(number) => f.pad(&format!("UNKNOWN({number})")),
            named => f.pad(named.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn every_kernel_number_survives_and_asks_for_itself() {
        for number in 0..=31 {
            let state = State::from_kernel(number);
            assert_ne!(state.mask() & (1 << number), 0, "{state} does not ask for {number}");
        }
    }

    #[test]
    fn named_states_do_not_overlap() {
        let mut seen = 0;
        for state in State::NAMED {
            assert_eq!(seen & state.mask(), 0, "{state}");
            seen |= state.mask();
        }
    }
}
