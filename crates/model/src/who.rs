//! The answer to "who holds this port?".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Listener, NamespaceId, Protocol, Socket};

/// The answer for one port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The port asked about.
    pub port: u16,
    /// The protocols asked about.
    pub protocols: Vec<Protocol>,
    /// The network namespace asked about.
    pub namespace: NamespaceId,
    /// What the answer comes to in that namespace.
    pub verdict: Verdict,
    /// Listeners on the port, with their holders: those of the asked namespace first, then those elsewhere.
    pub listeners: Vec<Listener>,
    /// Other sockets of the asked namespace with this local port: connections, leftovers, bound-only sockets.
    pub others: Vec<SocketCount>,
    /// Each explanation that applies, most telling first.
    pub reasons: Vec<Reason>,
    /// What to do, gentlest first.
    pub advice: Vec<String>,
}

/// What an answer comes to.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A process holds the port here.
    Held,
    /// The port is taken, and not by a process that can be named here; the reasons say by what.
    Taken,
    /// Nothing takes the port here; it may be open in another namespace.
    Free,
    /// Too little was visible to say.
    Inconclusive,
}

/// Sockets of one kind on the port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SocketCount {
    /// How many.
    pub count: u32,
    /// One of them.
    pub example: Box<Socket>,
}

/// One explanation of why a port is taken or seems to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Which explanation.
    pub kind: ReasonKind,
    /// One sentence for this case.
    pub statement: String,
    /// What was seen, one fact a line.
    pub evidence: Vec<String>,
}

/// The known explanations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// The port is open in another network namespace.
    OtherNamespace,
    /// The owner's descriptors could not be read.
    NoPermission,
    /// The kernel itself holds the socket: `WireGuard`, VXLAN, NFS...
    KernelSocket,
    /// Held by PID 1 or an activator for a service that is started on demand.
    SocketActivation,
    /// Several sockets share the port through `SO_REUSEPORT`.
    ReusePortGroup,
    /// Leftover `TIME_WAIT` pairs.
    TimeWait,
    /// Connections that their process closed and the kernel still finishes.
    Orphans,
    /// Live connections use it as their local port.
    Connections,
    /// Bound by a process that neither listens nor connects.
    BoundOnly,
    /// Kept out of automatic choice by `net.ipv4.ip_local_reserved_ports`.
    Reserved,
    /// A process is hidden from this view of `/proc` (hidepid, a mount over it, or worse).
    HiddenProcess,
    /// The views of the kernel disagree: one shows what another does not.
    ViewsDisagree,
    /// The socket is in flight between processes or kept alive by the kernel without a descriptor.
    DescriptorInFlight,
}
