//! What is known of one port from every side: the input of [`super::explain`].

use std::net::IpAddr;
use std::sync::Arc;

use portreeve_linux::probe::Occupancy;
use portreeve_model::{Listener, NamespaceId, Protocol, Snapshot, Socket};

/// The question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The port; never 0.
    pub port: u16,
    /// The protocols; all that have ports, where the user named none.
    pub protocols: Vec<Protocol>,
    /// The namespace the user asks about: their own, or the one they named.
    pub namespace: NamespaceId,
}

/// Everything that was looked at to answer it.
#[derive(Clone, Debug)]
pub struct Views {
    /// `sock_diag` and `/proc`: sockets with this local port in every visible namespace, and their holders.
    pub snapshot: Snapshot,
    /// The listeners among them, grouped.
    pub listeners: Vec<Listener>,
    /// `/proc/net`, in the asked namespace.
    pub proc_net: Vec<SecondView>,
    /// `bind(2)`, in the asked namespace.
    pub probes: Vec<Probe>,
    /// Kernel users of the port.
    pub kernel_users: Vec<KernelUser>,
    /// Reserved ports of the asked namespace, if the port is one of them.
    pub reserved: Option<Reserved>,
    /// `net.ipv4.ip_local_reserved_ports` of the asked namespace, whether or not the port is one of them.
    pub reserved_ports: Option<String>,
    /// `net.ipv4.ip_local_port_range` of the asked namespace: lowest and highest.
    pub ephemeral: Option<(u16, u16)>,
    /// `net.ipv4.ip_unprivileged_port_start` of the asked namespace.
    pub unprivileged_start: Option<u16>,
    /// How complete the view of processes was.
    pub processes: Processes,
}

/// The sockets on the port that one table of `/proc/net` shows.
#[derive(Clone, Debug, PartialEq)]
pub struct SecondView {
    /// The file, as `tcp6`.
    pub table: String,
    /// Its sockets with this local port.
    pub sockets: Vec<Socket>,
}

/// What `bind(2)` said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Protocol tried.
    pub protocol: Protocol,
    /// Address tried.
    pub address: IpAddr,
    /// The answer.
    pub occupancy: Occupancy,
}

/// Something in the kernel that uses the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelUser {
    /// Where.
    pub namespace: NamespaceId,
    /// Protocol.
    pub protocol: Protocol,
    /// What it is, as `WireGuard device wg0`.
    pub what: String,
    /// How that was seen, and the command that shows it.
    pub evidence: String,
    /// What to do to end it.
    pub release: String,
}

/// `net.ipv4.ip_local_reserved_ports` of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The parameter's text.
    pub ports: String,
}

/// How complete the view of processes was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Processes {
    /// Processes that `/proc` listed.
    pub listed: u32,
    /// Of these, how many had unreadable descriptors.
    pub closed: u32,
    /// Processes that exist and are not shown as they are. Looked for only when a socket had no holder.
    pub hidden: Vec<HiddenProcess>,
    /// Whether they were looked for.
    pub searched: bool,
    /// Descriptors of the port's sockets that no process has open.
    pub parked: Vec<ParkedDescriptor>,
}

impl Processes {
    /// How many could be looked into.
    pub fn read(&self) -> u32 {
        self.listed.saturating_sub(self.closed)
    }
}

/// A process that `/proc` does not show as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HiddenProcess {
    /// Process id.
    pub pid: u32,
    /// How it is hidden.
    pub disguise: Disguise,
    /// Whether the kernel's own table of descriptors says that it holds a socket on the port.
    pub holds: bool,
    /// Its name as the kernel knows it, where that could be read.
    pub name: Option<Arc<str>>,
}

/// How a process is hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disguise {
    /// Something is mounted over its directory.
    Mount {
        /// Where.
        point: String,
        /// What: file system type.
        file_system: String,
    },
    /// `/proc` does not list it, although `pidfd_open` finds it.
    Unlisted,
    /// `/proc` lists it, but not the descriptor that the kernel says it has.
    Descriptors,
}

/// A socket that is alive without being in any table of descriptors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedDescriptor {
    /// Process that could take it out.
    pub pid: u32,
    /// Its name.
    pub name: Arc<str>,
    /// The descriptor in which it is parked.
    pub fd: u32,
    /// How.
    pub parking: Parking,
}

/// Where a socket can be without a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parking {
    /// Registered with this `io_uring`, which is certain: the ring lists the socket's inode.
    IoUring,
    /// Perhaps in flight: so many descriptors wait in this `AF_UNIX` socket to be received (`SCM_RIGHTS`).
    InFlight(u32),
}
