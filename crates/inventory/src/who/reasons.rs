//! Which of the known explanations apply, each with its evidence.

use portreeve_linux::probe::Occupancy;
use portreeve_model::who::{Reason, ReasonKind};
use portreeve_model::{NamespaceId, NoHolder, Protocol, Socket, State};

use super::explain::is_waiting;
use super::{Query, Views, unheld};

/// Every explanation that applies, most telling first.
pub(super) fn all(query: &Query, views: &Views) -> Vec<Reason> {
    let rules: [fn(&Query, &Views) -> Option<Reason>; 10] = [
        socket_activation,
        bound_only,
        reuse_port,
        other_namespace,
        unheld::explain,
        no_permission,
        orphans,
        time_wait,
        connections,
        views_disagree,
    ];
    let mut reasons: Vec<Reason> = rules.iter().filter_map(|rule| rule(query, views)).collect();
    reasons.extend(reserved(query, views));
    reasons
}

pub(super) fn reason(kind: ReasonKind, statement: String, evidence: Vec<String>) -> Reason {
    Reason { kind, statement, evidence }
}

/// The name a namespace goes by.
pub(super) fn namespace_name(views: &Views, id: NamespaceId) -> String {
    views.snapshot.namespace(id).map_or_else(|| id.to_string(), |namespace| namespace.name.to_string())
}

/// Number of things, with the word for one or several.
pub(super) fn count(number: usize, one: &str, several: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {several}") }
}

fn socket_activation(_: &Query, views: &Views) -> Option<Reason> {
    let listener = views.listeners.iter().find(|listener| listener.owner.activates.is_some())?;
    let activation = listener.owner.activates.as_ref()?;
    let holder = listener.owner.holders.first()?;
    let starts = activation.starts.as_deref().unwrap_or("its service");
    Some(reason(
        ReasonKind::SocketActivation,
        format!(
            "{}({}) keeps the port open for {starts}, which starts on the first connection",
            holder.name, holder.pid
        ),
        vec![
            format!("{}({}) holds the listener as descriptor {}", holder.name, holder.pid, holder.fd),
            format!("{} is what it is held for", activation.socket_unit),
        ],
    ))
}

fn bound_only(query: &Query, views: &Views) -> Option<Reason> {
    let bound: Vec<&Socket> = views
        .snapshot
        .sockets
        .iter()
        .filter(|socket| {
            socket.state == State::Bound
                || (socket.state == State::Unconnected
                    && matches!(socket.protocol, Protocol::Tcp | Protocol::Mptcp))
        })
        .collect();
    let holder = bound.iter().find_map(|socket| socket.holders.first())?;
    Some(reason(
        ReasonKind::BoundOnly,
        format!(
            "{}({}) has bound port {} and neither listens nor connects: nothing answers there, and nobody else can bind it",
            holder.name, holder.pid, query.port
        ),
        bound
            .iter()
            .map(|socket| {
                format!(
                    "{} {} bound at {}, inode {}",
                    socket.protocol, socket.state, socket.local, socket.inode
                )
            })
            .chain(["neither /proc/net/tcp nor ss before iproute2 6.7 shows such a socket".to_owned()])
            .collect(),
    ))
}

fn reuse_port(_: &Query, views: &Views) -> Option<Reason> {
    // Several sockets at one address: only SO_REUSEPORT allows that to listeners.
    let waiting: Vec<&Socket> = views
        .snapshot
        .sockets
        .iter()
        .filter(|socket| is_waiting(socket) && socket.protocol != Protocol::Mptcp)
        .collect();
    let (first, same) = waiting.iter().find_map(|socket| {
        let same: Vec<&&Socket> = waiting
            .iter()
            .filter(|other| {
                other.protocol == socket.protocol
                    && other.namespace == socket.namespace
                    && other.local == socket.local
                    && other.interface == socket.interface
                    && other.cookie != socket.cookie
            })
            .collect();
        (!same.is_empty()).then_some((socket, same))
    })?;
    let mut holders: Vec<String> = std::iter::once(first)
        .chain(same.iter().copied())
        .flat_map(|socket| &socket.holders)
        .map(|holder| format!("{}({}) holds one as descriptor {}", holder.name, holder.pid, holder.fd))
        .collect();
    holders.dedup();
    Some(reason(
        ReasonKind::ReusePortGroup,
        format!(
            "{} sockets share {} through SO_REUSEPORT; the kernel spreads connections over them",
            same.len() + 1,
            first.local
        ),
        holders,
    ))
}

fn other_namespace(query: &Query, views: &Views) -> Option<Reason> {
    let here =
        views.snapshot.sockets.iter().any(|socket| is_waiting(socket) && socket.namespace == query.namespace);
    let there: Vec<&Socket> = views
        .snapshot
        .sockets
        .iter()
        .filter(|socket| is_waiting(socket) && socket.namespace != query.namespace)
        .collect();
    let first = there.first().filter(|_| !here)?;
    let name = namespace_name(views, first.namespace);
    Some(reason(
        ReasonKind::OtherNamespace,
        format!("nothing waits on port {} here; it is open in network namespace {name}", query.port),
        there
            .iter()
            .map(|socket| {
                let holders: Vec<String> =
                    socket.holders.iter().map(|holder| format!("{}({})", holder.name, holder.pid)).collect();
                let holders =
                    if holders.is_empty() { "no holder seen".to_owned() } else { holders.join(", ") };
                format!(
                    "{} {} in {} ({}): {holders}",
                    socket.protocol,
                    socket.local,
                    namespace_name(views, socket.namespace),
                    socket.namespace
                )
            })
            .collect(),
    ))
}

/// Not where the kernel is known to be the holder.
fn no_permission(_: &Query, views: &Views) -> Option<Reason> {
    if !views.kernel_users.is_empty() || views.processes.hidden.iter().any(|process| process.holds) {
        return None;
    }
    let socket =
        views.snapshot.sockets.iter().find(|socket| socket.no_holder == Some(NoHolder::Permission))?;
    let uid = socket.uid.map_or_else(|| "an unknown user".to_owned(), |uid| format!("uid {uid}"));
    Some(reason(
        ReasonKind::NoPermission,
        format!("the socket at {} is there, but its owner's descriptors may not be read", socket.local),
        vec![
            format!("the socket was made by {uid}; inode {}", socket.inode),
            format!(
                "descriptors of {} of {} processes could not be read",
                views.processes.closed, views.processes.listed
            ),
        ],
    ))
}

fn orphans(query: &Query, views: &Views) -> Option<Reason> {
    let orphans: Vec<&Socket> = with_reason(views, NoHolder::Orphan);
    let first = orphans.first()?;
    let states = states(&orphans);
    let mut evidence = vec![format!("{states}; they have no inode, so no process can have them open")];
    evidence.extend(first.timer.map(|timer| {
        format!(
            "the kernel gives up in {} ms at the latest for the first of them ({} retries so far)",
            timer.expires_ms, timer.retransmits
        )
    }));
    evidence.extend(likely(first));
    Some(reason(
        ReasonKind::Orphans,
        format!(
            "{} on port {} were closed by their process; the kernel still finishes the conversation",
            count(orphans.len(), "connection", "connections"),
            query.port
        ),
        evidence,
    ))
}

fn time_wait(query: &Query, views: &Views) -> Option<Reason> {
    let waiting = with_reason(views, NoHolder::TimeWait);
    let first = waiting.first()?;
    let longest = waiting.iter().filter_map(|socket| socket.timer).map(|timer| timer.expires_ms).max();
    let mut evidence = vec![match &first.peer {
        Some(peer) => format!("for example {} to {peer}", first.local),
        None => format!("for example {}", first.local),
    }];
    evidence.extend(longest.map(|ms| format!("the last of them ends in {:.1} s", f64::from(ms) / 1000.0)));
    evidence.extend(likely(first));
    Some(reason(
        ReasonKind::TimeWait,
        format!(
            "{} in TIME_WAIT on port {}: closed here first, kept for a minute so that late packets do no harm",
            count(waiting.len(), "pair of addresses is", "pairs of addresses are"),
            query.port
        ),
        evidence,
    ))
}

fn connections(query: &Query, views: &Views) -> Option<Reason> {
    let live: Vec<&Socket> = views
        .snapshot
        .sockets
        .iter()
        .filter(|socket| {
            socket.peer.is_some() && socket.namespace == query.namespace && !socket.holders.is_empty()
        })
        .collect();
    let listening =
        views.snapshot.sockets.iter().any(|socket| is_waiting(socket) && socket.namespace == query.namespace);
    let first = live.first().filter(|_| !listening)?;
    let holder = first.holders.first()?;
    let peer = first.peer.as_ref().map(ToString::to_string).unwrap_or_default();
    Some(reason(
        ReasonKind::Connections,
        format!(
            "{} use {} as their own port; nothing waits for connections there",
            count(live.len(), "connection", "connections"),
            query.port
        ),
        vec![
            format!("{} to {peer}, {}, held by {}({})", first.local, first.state, holder.name, holder.pid),
            "a port from the ephemeral range can be taken by any outgoing connection".to_owned(),
        ],
    ))
}

/// One view shows the port in use and the others do not. What `sock_diag` shows and `/proc/net` does not is normal
/// for bound-only sockets; the other way round, or a refusal by bind(2) without any socket, is not.
fn views_disagree(query: &Query, views: &Views) -> Option<Reason> {
    let mut evidence = Vec::new();
    let here: Vec<&Socket> =
        views.snapshot.sockets.iter().filter(|socket| socket.namespace == query.namespace).collect();
    for view in &views.proc_net {
        for socket in &view.sockets {
            let matching =
                here.iter().any(|other| other.protocol == socket.protocol && other.local == socket.local);
            if !matching {
                evidence.push(format!(
                    "/proc/net/{} shows {} {} (inode {}), sock_diag does not",
                    view.table, socket.local, socket.state, socket.inode
                ));
            }
        }
    }
    for socket in here.iter().filter(|socket| is_waiting(socket) && socket.protocol != Protocol::Mptcp) {
        let tables: Vec<_> = views.proc_net.iter().filter(|view| covers(&view.table, socket)).collect();
        if !tables.is_empty()
            && tables.iter().all(|view| view.sockets.iter().all(|other| other.local != socket.local))
        {
            evidence
                .push(format!("sock_diag shows {} {}, /proc/net does not", socket.protocol, socket.local));
        }
    }
    for probe in views.probes.iter().filter(|probe| probe.occupancy == Occupancy::InUse) {
        let explained = here.iter().any(|socket| shares_ports(socket.protocol, probe.protocol))
            || views.kernel_users.iter().any(|user| shares_ports(user.protocol, probe.protocol));
        if !explained {
            evidence.push(format!(
                "bind(2) says that {} port {} is in use at {}, and no socket there is shown by sock_diag",
                probe.protocol, query.port, probe.address
            ));
        }
    }
    if evidence.is_empty() {
        return None;
    }
    Some(reason(
        ReasonKind::ViewsDisagree,
        format!("the kernel's views of port {} disagree: something may be hiding it", query.port),
        evidence,
    ))
}

/// Whether a table of `/proc/net` should show the socket.
fn covers(table: &str, socket: &Socket) -> bool {
    let base = socket.protocol.name();
    match socket.family {
        portreeve_model::Family::Ipv6 => table.strip_suffix('6') == Some(base),
        _ => table == base,
    }
}

/// MPTCP lives on TCP's ports.
fn shares_ports(left: Protocol, right: Protocol) -> bool {
    let base = |protocol| if protocol == Protocol::Mptcp { Protocol::Tcp } else { protocol };
    base(left) == base(right)
}

fn reserved(query: &Query, views: &Views) -> Option<Reason> {
    let reserved = views.reserved.as_ref()?;
    Some(reason(
        ReasonKind::Reserved,
        format!(
            "port {} is reserved: the kernel never picks it for an outgoing connection, though a program that asks for it gets it",
            query.port
        ),
        vec![format!("net.ipv4.ip_local_reserved_ports = {}", reserved.ports)],
    ))
}

fn with_reason(views: &Views, wanted: NoHolder) -> Vec<&Socket> {
    views.snapshot.sockets.iter().filter(|socket| socket.no_holder == Some(wanted)).collect()
}

fn states(sockets: &[&Socket]) -> String {
    let mut names: Vec<(State, usize)> = Vec::new();
    for socket in sockets {
        match names.iter_mut().find(|(state, _)| *state == socket.state) {
            Some((_, number)) => *number += 1,
            None => names.push((socket.state, 1)),
        }
    }
    names.iter().map(|(state, number)| format!("{number} in {state}")).collect::<Vec<_>>().join(", ")
}

fn likely(socket: &Socket) -> Option<String> {
    let owner = socket.likely_owner.as_ref()?;
    Some(format!("most likely left by {}({}), which {}", owner.name, owner.pid, owner.ground.phrase()))
}
