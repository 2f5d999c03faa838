//! Queues of the port's sockets and counters of the kernel, before and after the trials.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Queues and counters of the network namespace, as far as they have to do with the port.
#[derive(Clone, Debug, Default)]
pub struct QueueFacts {
    /// Before anything was tried.
    pub before: Option<QueueLook>,
    /// After everything was tried.
    pub after: Option<QueueLook>,
    /// Containers that publish the port: what waits in them.
    pub behind: Vec<Behind>,
    /// Parameters of the kernel.
    pub parameters: QueueParameters,
}

/// A container that publishes the port, and what waits in its network namespace on the port that is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Name or id.
    pub container: String,
    /// The port in the container.
    pub port: u16,
    /// Its first process.
    pub pid: u32,
    /// That process's name.
    pub name: String,
    /// Its processes are stopped (state T): the first, or all that it started.
    pub stopped: bool,
    /// Its cgroup is frozen: `docker pause`.
    pub frozen: bool,
    /// Accept queues in it, where its network namespace could be entered.
    pub queues: Vec<ListenQueue>,
}

/// One look.
#[derive(Clone, Debug)]
pub struct QueueLook {
    /// When.
    pub at: Instant,
    /// Listening TCP sockets of the port.
    pub listeners: Vec<ListenQueue>,
    /// Handshakes that wait for the client's last packet.
    pub half_open: Vec<HalfOpen>,
    /// How many connections there are to the port.
    pub established: usize,
    /// Peers that have one (the first thousand).
    pub peers: Vec<IpAddr>,
    /// Connections that the kernel has made and no process has taken.
    pub waiting: Vec<Waiting>,
    /// Connections whose packets are not acknowledged: the worst.
    pub struggling: Vec<Struggling>,
    /// UDP sockets of the port without a peer.
    pub datagrams: Vec<DatagramQueue>,
    /// `ListenOverflows` and the like by their names in `nstat`: `TcpExtListenOverflows`, `UdpRcvbufErrors`, `Udp6RcvbufErrors`.
    pub counters: BTreeMap<String, i128>,
    /// What could not be read, and why.
    pub unseen: Vec<String>,
}

impl QueueLook {
    /// One at which nothing was seen yet.
    pub fn at(at: Instant) -> Self {
        Self {
            at,
            listeners: Vec::new(),
            half_open: Vec::new(),
            established: 0,
            peers: Vec::new(),
            waiting: Vec::new(),
            struggling: Vec::new(),
            datagrams: Vec::new(),
            counters: BTreeMap::new(),
            unseen: Vec::new(),
        }
    }
}

/// The accept queue of one listening socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenQueue {
    /// Address and port that it is bound to.
    pub bound: SocketAddr,
    /// An IPv6 wildcard that takes IPv4, too.
    pub dual_stack: bool,
    /// The device that it is bound to; 0 for none.
    pub interface: u32,
    /// Number of the socket's file, by which its holders are found.
    pub inode: u32,
    /// Number that no other socket ever has.
    pub cookie: u64,
    /// Connections that wait to be taken.
    pub length: u32,
    /// Limit: min(backlog, somaxconn). One more is held before SYNs are dropped.
    pub limit: u32,
    /// SYNs and connections dropped at it since it listens.
    pub drops: Option<u32>,
}

/// A handshake that waits for the client's last packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfOpen {
    /// The own end.
    pub local: SocketAddr,
    /// The client.
    pub peer: SocketAddr,
    /// SYN-ACKs that were sent again.
    pub retransmissions: u8,
}

/// A connection in an accept queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The own end.
    pub local: SocketAddr,
    /// The client.
    pub peer: SocketAddr,
    /// It waits at least as long: the client has not sent anything since.
    pub at_least: Duration,
    /// Bytes from the client that wait with it.
    pub unread: u32,
}

/// A connection whose packets are not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Struggling {
    /// The own end.
    pub local: SocketAddr,
    /// The client.
    pub peer: SocketAddr,
    /// Times that the timer ran out in a row.
    pub timeouts: u8,
    /// Segments that are not acknowledged.
    pub unacknowledged: u32,
    /// Segments that were sent again over the connection's life.
    pub retransmissions: u32,
    /// Bytes in a segment.
    pub mss: u32,
    /// Path MTU that the kernel knows of.
    pub pmtu: u32,
    /// Bytes that the client acknowledged.
    pub acknowledged: u64,
    /// Since the client was last heard of.
    pub last_heard: Duration,
}

/// The receive queue of one UDP socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatagramQueue {
    /// Address and port that it is bound to.
    pub bound: SocketAddr,
    /// An IPv6 wildcard that takes IPv4, too.
    pub dual_stack: bool,
    /// Number of the socket's file, by which its holders are found.
    pub inode: u32,
    /// Number that no other socket ever has.
    pub cookie: u64,
    /// Memory that waiting datagrams take, in bytes.
    pub length: u32,
    /// Memory that they may take.
    pub limit: u32,
    /// Datagrams dropped at it since it was made.
    pub drops: u32,
}

/// Parameters of the kernel that bound the queues; absent where they could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueParameters {
    /// `net.core.somaxconn`.
    pub somaxconn: Option<u32>,
    /// `net.ipv4.tcp_max_syn_backlog`.
    pub max_syn_backlog: Option<u32>,
    /// `net.ipv4.tcp_syncookies`: 0 never, 1 when the queue is full, 2 always.
    pub syncookies: Option<u32>,
    /// `net.ipv4.tcp_abort_on_overflow`.
    pub abort_on_overflow: Option<u32>,
}

impl ListenQueue {
    /// Whether it takes connections to this address.
    pub fn serves(&self, address: IpAddr) -> bool {
        serves(self.bound.ip(), self.dual_stack, address)
    }

    /// Whether further SYNs are dropped (`sk_acceptq_is_full` in `include/net/sock.h`).
    pub fn is_full(&self) -> bool {
        self.length > self.limit
    }
}

impl DatagramQueue {
    /// Whether it takes datagrams to this address.
    pub fn serves(&self, address: IpAddr) -> bool {
        serves(self.bound.ip(), self.dual_stack, address)
    }
}

fn serves(bound: IpAddr, dual_stack: bool, address: IpAddr) -> bool {
    let bound = bound.to_canonical();
    bound == address
        || (bound.is_unspecified()
            && (bound.is_ipv6() == address.is_ipv6() || (bound.is_ipv6() && dual_stack)))
}

impl QueueFacts {
    /// The last look.
    pub fn now(&self) -> Option<&QueueLook> {
        self.after.as_ref().or(self.before.as_ref())
    }

    /// By how much a counter moved between the looks.
    pub fn moved(&self, counter: &str) -> i128 {
        let value =
            |look: &Option<QueueLook>| look.as_ref().and_then(|look| look.counters.get(counter).copied());
        match (value(&self.before), value(&self.after)) {
            (Some(before), Some(after)) => after.saturating_sub(before).max(0),
            _ => 0,
        }
    }

    /// A counter since the namespace was made, before anything was tried.
    pub fn since_boot(&self, counter: &str) -> i128 {
        self.before.as_ref().and_then(|look| look.counters.get(counter).copied()).unwrap_or_default()
    }

    /// The socket with this cookie in the look before.
    pub fn listener_before(&self, cookie: u64) -> Option<&ListenQueue> {
        self.before.as_ref()?.listeners.iter().find(|one| one.cookie == cookie)
    }

    /// As above, of UDP.
    pub fn datagrams_before(&self, cookie: u64) -> Option<&DatagramQueue> {
        self.before.as_ref()?.datagrams.iter().find(|one| one.cookie == cookie)
    }

    /// The time between the looks.
    pub fn apart(&self) -> Duration {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => after.at.saturating_duration_since(before.at),
            _ => Duration::ZERO,
        }
    }
}
