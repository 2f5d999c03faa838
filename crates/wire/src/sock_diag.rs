//! What all families of socket monitoring share (`include/uapi/linux/sock_diag.h`): the message type, address
//! families, protocols, states, memory counters, shutdown bits.

use crate::{
    WireError,
    cursor::{Cursor, truncated},
    wire_enum,
};

/// `nlmsg_type` of every socket-monitoring request and answer, on a `NETLINK_SOCK_DIAG` (4) socket.
pub const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// Cookie of a request that means any socket.
pub const NO_COOKIE: u64 = u64::MAX;

wire_enum! {
    /// `AF_*` (`include/linux/socket.h`).
    pub enum AddressFamily: u8 {
        /// `AF_UNSPEC`: no family, or any.
        Unspecified = 0 => "unspecified",
        /// `AF_UNIX`.
        Unix = 1 => "unix",
        /// `AF_INET`.
        Inet = 2 => "inet",
        /// `AF_INET6`.
        Inet6 = 10 => "inet6",
        /// `AF_NETLINK`.
        Netlink = 16 => "netlink",
        /// `AF_PACKET`.
        Packet = 17 => "packet",
        /// `AF_VSOCK`.
        Vsock = 40 => "vsock",
    }
}

wire_enum! {
    /// `IPPROTO_*` (`include/uapi/linux/in.h`); 16 bits because MPTCP's number does not fit 8.
    pub enum Protocol: u16 {
        /// Internet Control Message Protocol.
        Icmp = 1 => "icmp",
        /// Transmission Control Protocol.
        Tcp = 6 => "tcp",
        /// User Datagram Protocol.
        Udp = 17 => "udp",
        /// Datagram Congestion Control Protocol.
        Dccp = 33 => "dccp",
        /// ICMP for IPv6.
        Icmp6 = 58 => "icmp6",
        /// Stream Control Transmission Protocol.
        Sctp = 132 => "sctp",
        /// Lightweight UDP.
        UdpLite = 136 => "udplite",
        /// Raw IP packets.
        Raw = 255 => "raw",
        /// Multipath TCP.
        Mptcp = 262 => "mptcp",
    }
}

wire_enum! {
    /// `SOCK_*` (`include/linux/net.h`).
    pub enum SocketType: u8 {
        /// `SOCK_STREAM`.
        Stream = 1 => "stream",
        /// `SOCK_DGRAM`.
        Datagram = 2 => "dgram",
        /// `SOCK_RAW`.
        Raw = 3 => "raw",
        /// `SOCK_RDM`.
        ReliablyDelivered = 4 => "rdm",
        /// `SOCK_SEQPACKET`.
        SequencedPacket = 5 => "seqpacket",
        /// `SOCK_DCCP`.
        Dccp = 6 => "dccp",
        /// `SOCK_PACKET`, obsolete.
        Packet = 10 => "packet",
    }
}

wire_enum! {
    /// `TCP_*` states (`include/net/tcp_states.h`). All socket kinds borrow them; UDP, for one, uses `Established`
    /// for a connected and `Close` for an unconnected socket.
    pub enum State: u8 {
        /// Both directions open.
        Established = 1 => "ESTABLISHED",
        /// Connection asked for.
        SynSent = 2 => "SYN_SENT",
        /// Connection request received; sockets still in the request queue are shown so too.
        SynReceived = 3 => "SYN_RECV",
        /// Closed here, waiting for the acknowledgement.
        FinWait1 = 4 => "FIN_WAIT1",
        /// Closed here, waiting for the peer to close.
        FinWait2 = 5 => "FIN_WAIT2",
        /// Closed on both sides, waiting for stray segments.
        TimeWait = 6 => "TIME_WAIT",
        /// Not connected.
        Close = 7 => "CLOSE",
        /// The peer closed; the program here has not.
        CloseWait = 8 => "CLOSE_WAIT",
        /// The peer closed first, then we; waiting for the acknowledgement.
        LastAck = 9 => "LAST_ACK",
        /// Accepting connections.
        Listen = 10 => "LISTEN",
        /// Both closed at once.
        Closing = 11 => "CLOSING",
        /// A request not yet a full socket (the dump shows it as `SynReceived`).
        NewSynReceived = 12 => "NEW_SYN_RECV",
        /// Bound to a port but neither listening nor connected: a pseudo state for the mask of a request (Linux
        /// 6.8). The answer shows such sockets as `Close`, with a port.
        BoundInactive = 13 => "BOUND_INACTIVE",
    }
}

/// A set of [`State`]s, as the mask of a request carries it: bit n for state n.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StateSet(pub u32);

impl StateSet {
    /// No state.
    pub const EMPTY: Self = Self(0);
    /// Every state, those that kernels will add included.
    pub const ALL: Self = Self(u32::MAX);
    /// Listening sockets.
    pub const LISTENING: Self = Self::of(&[State::Listen]);
    /// Bound-only sockets.
    pub const BOUND_INACTIVE: Self = Self::of(&[State::BoundInactive]);

    /// The set of `states`.
    #[must_use]
    pub const fn of(states: &[State]) -> Self {
        let mut mask = 0;
        let mut rest = states;
        while let [first, tail @ ..] = rest {
            mask |= Self::bit(*first);
            rest = tail;
        }
        Self(mask)
    }

    /// Whether `state` is in the set.
    #[must_use]
    pub const fn contains(self, state: State) -> bool {
        self.0 & Self::bit(state) != 0
    }

    /// With `state` added.
    #[must_use]
    pub const fn with(self, state: State) -> Self {
        Self(self.0 | Self::bit(state))
    }

    /// With `state` taken out.
    #[must_use]
    pub const fn without(self, state: State) -> Self {
        Self(self.0 & !Self::bit(state))
    }

    const fn bit(state: State) -> u32 {
        match 1_u32.checked_shl(state.value() as u32) {
            Some(bit) => bit,
            None => 0,
        }
    }
}

impl FromIterator<State> for StateSet {
    fn from_iter<I: IntoIterator<Item = State>>(states: I) -> Self {
        states.into_iter().fold(Self::EMPTY, Self::with)
    }
}

/// Which directions of a socket are shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shutdown(pub u8);

impl Shutdown {
    /// `RCV_SHUTDOWN`: nothing more is received.
    #[must_use]
    pub const fn receive(self) -> bool {
        self.0 & 1 != 0
    }

    /// `SEND_SHUTDOWN`: nothing more is sent.
    #[must_use]
    pub const fn send(self) -> bool {
        self.0 & 2 != 0
    }
}

/// `SK_MEMINFO_*`: a socket's memory, in bytes unless said otherwise.
///
/// Fields a kernel did not send are `None`; fields beyond those known here are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SocketMemory {
    /// Received data not yet read, with overhead.
    pub receive_allocated: u32,
    /// Limit of the above (`SO_RCVBUF`).
    pub receive_limit: u32,
    /// Data handed to the lower layers.
    pub send_allocated: u32,
    /// Limit of the send queue (`SO_SNDBUF`).
    pub send_limit: u32,
    /// Reserved for future use by the socket.
    pub forward_allocated: u32,
    /// Data queued to be sent, with overhead.
    pub send_queued: u32,
    /// Socket options and filters.
    pub options: u32,
    /// Packets waiting while the socket is locked by its program; not the accept queue.
    pub backlog: Option<u32>,
    /// Packets dropped, a count. On a listening socket: connection requests dropped.
    pub drops: Option<u32>,
}

impl SocketMemory {
    /// Reads an array of `u32`, as `INET_DIAG_SKMEMINFO` and its kin in other families carry it.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        Self::read(&mut Cursor::new(bytes)).ok_or_else(|| truncated("SK_MEMINFO", 28, bytes))
    }

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        Some(Self {
            receive_allocated: cursor.u32()?,
            receive_limit: cursor.u32()?,
            send_allocated: cursor.u32()?,
            send_limit: cursor.u32()?,
            forward_allocated: cursor.u32()?,
            send_queued: cursor.u32()?,
            options: cursor.u32()?,
            backlog: cursor.u32(),
            drops: cursor.u32(),
        })
    }
}

/// A socket's cookie: two halves, low first (`sock_diag_save_cookie`).
pub(crate) fn read_cookie(cursor: &mut Cursor<'_>) -> Option<u64> {
    let (low, high) = (cursor.u32()?, cursor.u32()?);
    Some(u64::from(high) << 32 | u64::from(low))
}

/// The inverse of [`read_cookie`].
pub(crate) fn write_cookie(bytes: &mut Vec<u8>, cookie: u64) {
    let (low, high) = (cookie & u64::from(u32::MAX), cookie >> 32);
    for half in [low, high] {
        bytes.extend_from_slice(&u32::try_from(half).unwrap_or(u32::MAX).to_ne_bytes());
    }
}
