//! A question together with what was seen, and the tests that several rules put to a socket.

use std::net::IpAddr;

use portreeve_linux::probe::Occupancy;
use portreeve_model::{
    Family, NamespaceId, NoHolder, Process, Protocol, Socket, State, Unseen, UnseenSubject,
};

use super::{Probe, Query, Views};

/// What the rules work on. A port belongs to a namespace: what is elsewhere explains nothing here, so that the two
/// are kept apart from the start.
pub(super) struct Case<'a> {
    pub(super) query: &'a Query,
    pub(super) views: &'a Views,
    /// Sockets on the port in the asked namespace.
    pub(super) here: Vec<&'a Socket>,
    /// Sockets on the port in other namespaces.
    pub(super) elsewhere: Vec<&'a Socket>,
}

impl<'a> Case<'a> {
    pub(super) fn new(query: &'a Query, views: &'a Views) -> Self {
        let (here, elsewhere) =
            views.snapshot.sockets.iter().partition(|socket| socket.namespace == query.namespace);
        Self { query, views, here, elsewhere }
    }

    /// The name a namespace goes by.
    pub(super) fn namespace_name(&self, id: NamespaceId) -> String {
        self.views
            .snapshot
            .namespace(id)
            .map_or_else(|| id.to_string(), |namespace| namespace.name.to_string())
    }

    pub(super) fn process(&self, pid: u32) -> Option<&'a Process> {
        self.views.snapshot.process(pid)
    }

    /// Sockets here that wait for peers.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &'a Socket> {
        self.here.iter().copied().filter(|socket| is_waiting(socket))
    }

    /// Whether a socket here waits for peers on the ports of `protocol`: then what else is on the port is its
    /// ordinary business.
    pub(super) fn is_open(&self, protocol: Protocol) -> bool {
        self.waiting().any(|socket| shares_ports(socket.protocol, protocol))
    }

    /// Sockets here that have a file, and no process that was seen to have it open.
    pub(super) fn unheld(&self) -> impl Iterator<Item = &'a Socket> {
        self.here.iter().copied().filter(|socket| is_unheld(socket))
    }

    /// Probes that found the port in use.
    pub(super) fn refusals(&self) -> impl Iterator<Item = &'a Probe> {
        self.views.probes.iter().filter(|probe| probe.occupancy == Occupancy::InUse)
    }

    /// Probes that found the port in use without any socket that is known to take it.
    pub(super) fn unexplained_refusals(&self) -> impl Iterator<Item = &'a Probe> {
        self.refusals().filter(|probe| {
            let by_kernel = |protocol| shares_ports(protocol, probe.protocol);
            !self.here.iter().any(|socket| may_block(socket, probe))
                && !self.views.kernel_users.iter().any(|user| by_kernel(user.protocol))
        })
    }

    /// Whether the list of sockets is known to have gaps.
    pub(super) fn list_has_gaps(&self) -> bool {
        let of_sockets = |unseen: &Unseen| unseen.subject == UnseenSubject::Sockets && unseen.is_incomplete();
        self.views.snapshot.unseen.iter().any(of_sockets)
    }

    /// `8080/tcp`.
    pub(super) fn port(&self, protocol: Protocol) -> String {
        format!("{}/{protocol}", self.query.port)
    }
}

/// A listener, or an unconnected datagram socket. A socket that is only left over is none.
pub(super) fn is_waiting(socket: &Socket) -> bool {
    socket.is_listener() && !is_leftover(socket)
}

/// Bound to the port, neither listening nor connected. Datagram sockets in that state wait for datagrams.
pub(super) fn is_bound_only(socket: &Socket) -> bool {
    match socket.protocol {
        Protocol::Udp | Protocol::Udplite => false,
        _ => matches!(socket.state, State::Bound | State::Unconnected),
    }
}

/// Left by a process, or not taken by one yet: there is no descriptor that could be looked for.
pub(super) fn is_leftover(socket: &Socket) -> bool {
    matches!(
        socket.no_holder,
        Some(NoHolder::TimeWait | NoHolder::Orphan | NoHolder::Handshake | NoHolder::NotYetAccepted)
    )
}

pub(super) fn is_unheld(socket: &Socket) -> bool {
    socket.holders.is_empty() && !is_leftover(socket)
}

/// MPTCP lives on TCP's ports.
pub(super) fn shares_ports(left: Protocol, right: Protocol) -> bool {
    let base = |protocol| if protocol == Protocol::Mptcp { Protocol::Tcp } else { protocol };
    base(left) == base(right)
}

/// Whether the socket may be why `bind(2)` was refused: the probe binds a wildcard without `SO_REUSEADDR`, so that every
/// socket of its IP version is in its way, also one on a single address. An IPv6 socket that is not `IPV6_V6ONLY` can
/// be in the way of IPv4 whatever its address is (`net/ipv4/inet_connection_sock.c`, `ipv4_rcv_saddr_equal`).
fn may_block(socket: &Socket, probe: &Probe) -> bool {
    let is_v6 = socket.family == Family::Ipv6;
    shares_ports(socket.protocol, probe.protocol)
        && match probe.address {
            IpAddr::V4(_) => !is_v6 || socket.v6only != Some(true),
            IpAddr::V6(_) => is_v6,
        }
}

/// Number of things, with the word for one or several.
pub(super) fn count(number: usize, one: &str, several: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {several}") }
}

/// `nginx(812)`, or `nginx(812) and 3 others`; empty for nobody. A process that has it open twice counts once.
pub(super) fn holders(socket: &Socket) -> String {
    let Some(first) = socket.holders.first() else { return String::new() };
    let mut others: Vec<u32> =
        socket.holders.iter().map(|holder| holder.pid).filter(|pid| *pid != first.pid).collect();
    others.sort_unstable();
    others.dedup();
    let one = format!("{}({})", first.name, first.pid);
    if others.is_empty() { one } else { format!("{one} and {}", count(others.len(), "other", "others")) }
}
