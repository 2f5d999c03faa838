//! One socket: what the kernel says of it, and who holds it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Endpoint, Family, NamespaceId, Protocol, State, TcpInfo};

/// A socket of any family, with everything that was asked for and seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Socket {
    /// Kind of socket.
    pub protocol: Protocol,
    /// Address family.
    pub family: Family,
    /// State; datagram sockets are `unconnected` or `established`.
    pub state: State,
    /// The network namespace it lives in.
    pub namespace: NamespaceId,
    /// Its own end.
    pub local: Endpoint,
    /// The other end; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Endpoint>,
    /// The device it is bound to (`SO_BINDTODEVICE`, or the VRF it lives in).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<Interface>,
    /// Bytes; for a listener the connections waiting to be accepted.
    pub receive_queue: u32,
    /// Bytes; for a listener the limit of the accept queue.
    pub send_queue: u32,
    /// User that created it; absent where the kernel no longer knows (`TIME_WAIT`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// sockfs inode; 0 for a socket without a file (`TIME_WAIT`, orphans, handshakes).
    pub inode: u64,
    /// For `AF_UNIX`: inode of the socket at the other end, which shows who speaks with whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_inode: Option<u64>,
    /// Kernel's unique socket cookie; 0 where the source has none.
    pub cookie: u64,
    /// For IPv6: whether it refuses IPv4 (`IPV6_V6ONLY`); absent where not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v6only: Option<bool>,
    /// `SO_MARK`; absent where not told (needs `CAP_NET_ADMIN`) or zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<u32>,
    /// The cgroup (v2) the socket was created in, as a path; `id:N` where the id has no path any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<Arc<str>>,
    /// Running timer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<Timer>,
    /// Packets or connections dropped at this socket since it was made; absent where not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drops: Option<u32>,
    /// Directions shut down: bit 0 receive, bit 1 send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shutdown: Option<u8>,
    /// Buffer accounting, when asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Box<SocketMemory>>,
    /// `tcp_info`, when asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_info: Option<Box<TcpInfo>>,
    /// Every process that holds a descriptor of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<Holder>,
    /// Why there is no holder, when owners were asked for and none was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_holder: Option<NoHolder>,
    /// The process that most likely left this socket behind, where nobody holds it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likely_owner: Option<LikelyOwner>,
    /// Which view of the kernel it was read from.
    pub source: Source,
}

impl Socket {
    /// A socket of which nothing but this is known yet.
    pub fn new(
        protocol: Protocol,
        family: Family,
        namespace: NamespaceId,
        state: State,
        local: Endpoint,
        source: Source,
    ) -> Self {
        Self {
            protocol,
            family,
            state,
            namespace,
            local,
            peer: None,
            interface: None,
            receive_queue: 0,
            send_queue: 0,
            uid: None,
            inode: 0,
            peer_inode: None,
            cookie: 0,
            v6only: None,
            mark: None,
            cgroup: None,
            timer: None,
            drops: None,
            shutdown: None,
            memory: None,
            tcp_info: None,
            holders: Vec::new(),
            no_holder: None,
            likely_owner: None,
            source,
        }
    }

    /// Whether it waits for peers: a listener, or an unconnected datagram socket with a port.
    pub fn is_listener(&self) -> bool {
        match self.protocol {
            Protocol::Udp | Protocol::Udplite => {
                self.state == State::Unconnected && self.local.port().is_some_and(|port| port != 0)
            }
            Protocol::UnixDatagram => self.state == State::Unconnected,
            _ => self.state == State::Listen,
        }
    }
}

/// A network device, by the index that the socket carries and the name it has now.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Interface {
    /// `ifindex` within the socket's namespace.
    pub index: u32,
    /// Name, when the device still exists and could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
}

/// A process that holds a descriptor of a socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Holder {
    /// Process id in the namespace of the observer; details are in the document's `processes`.
    pub pid: u32,
    /// Descriptor number in that process.
    pub fd: u32,
    /// The process's name (`comm`).
    pub name: Arc<str>,
}

/// Why no process holds a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoHolder {
    /// `TIME_WAIT`: the kernel keeps the pair of addresses after the socket is gone.
    TimeWait,
    /// A handshake that no process has accepted yet.
    Handshake,
    /// Closed by its process; the kernel finishes the conversation.
    Orphan,
    /// Established, but still in the accept queue of its listener.
    NotYetAccepted,
    /// Descriptors of some processes could not be read.
    Permission,
    /// Every process was read and none has it: a kernel socket, a descriptor in flight, or a hidden process.
    NoProcess,
}

impl NoHolder {
    /// A short phrase for a table cell.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::TimeWait => "kernel: TIME_WAIT",
            Self::Handshake => "kernel: handshake",
            Self::Orphan => "kernel: orphaned",
            Self::NotYetAccepted => "waiting for accept()",
            Self::Permission => "owner unseen: no permission",
            Self::NoProcess => "no process holds it",
        }
    }
}

/// A guess at the process behind a socket that nobody holds, with the ground for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct LikelyOwner {
    /// Process name.
    pub name: Arc<str>,
    /// Process id.
    pub pid: u32,
    /// Why it is thought to be the owner.
    pub ground: Ground,
}

/// What a guess rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// It holds a listener on the same local address and port.
    ListenerOnLocalPort,
    /// It alone holds live connections to the same peer address and port.
    LiveConnectionsToSamePeer,
}

impl Ground {
    /// The ground as the end of a sentence that begins with the process.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::ListenerOnLocalPort => "listens on that port",
            Self::LiveConnectionsToSamePeer => "alone has live connections to the same peer",
        }
    }
}

/// A socket's timer (kernel: `idiag_timer`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Timer {
    /// Which timer runs.
    pub kind: TimerKind,
    /// Milliseconds until it expires.
    pub expires_ms: u32,
    /// Retransmissions or probes so far.
    pub retransmits: u8,
}

/// Kinds of timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// Retransmission (also tail-loss probe and reordering).
    On,
    /// Keep-alive.
    Keepalive,
    /// `TIME_WAIT`.
    Timewait,
    /// Zero-window probe.
    Persist,
    /// A number this build does not know.
    Other(u8),
}

impl TimerKind {
    /// The name `ss -o` prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Keepalive => "keepalive",
            Self::Timewait => "timewait",
            Self::Persist => "persist",
            Self::Other(_) => "unknown",
        }
    }
}

/// Buffer accounting in bytes, except where said (kernel: `SK_MEMINFO_*`, `include/uapi/linux/sock_diag.h`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct SocketMemory {
    /// Receive memory in use.
    pub receive_allocated: u32,
    /// Receive buffer limit.
    pub receive_buffer: u32,
    /// Send memory in use.
    pub send_allocated: u32,
    /// Send buffer limit.
    pub send_buffer: u32,
    /// Memory reserved ahead.
    pub forward_allocated: u32,
    /// Memory queued for sending.
    pub send_queued: u32,
    /// Memory for options.
    pub options: u32,
    /// Memory in the backlog, not yet processed.
    pub backlog: u32,
    /// Packets (for a listener: connections) dropped.
    pub drops: u32,
}

/// The view a socket was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// netlink `sock_diag`.
    SockDiag,
    /// Text of `/proc/net`: less detail; used where the kernel has no `sock_diag` for the protocol.
    ProcNet,
}
