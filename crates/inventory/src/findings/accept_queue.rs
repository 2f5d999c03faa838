//! `socket/accept-queue-overflow`: connections that a program does not accept in time.

use portreeve_model::{Endpoint, Finding, Listener, NamespaceId, Protocol, Severity, Socket, Source};
use rustc_hash::FxHashMap;

use super::{Scene, tool, wording};

type Place = (NamespaceId, Protocol, u16);

/// Looks at each socket, not at the sums of a row: one full member of an `SO_REUSEPORT` group loses connections
/// while the others are idle.
pub(super) fn overflow(scene: &Scene<'_>) -> Vec<Finding> {
    let mut suffering: FxHashMap<Place, Vec<&Socket>> = FxHashMap::default();
    for socket in &scene.snapshot.sockets {
        if let (true, Some(port)) = (is_full(socket) || drops(socket) > 0, socket.local.port()) {
            suffering.entry((socket.namespace, socket.protocol, port)).or_default().push(socket);
        }
    }
    if suffering.is_empty() {
        return Vec::new();
    }
    let of_row = |listener: &Listener| {
        let place = (listener.namespace, listener.protocol, listener.port);
        let mut sockets: Vec<&Socket> = suffering.get(&place)?.clone();
        sockets.retain(|socket| belongs(socket, listener));
        finding(scene, listener, &sockets)
    };
    scene.listeners.iter().filter_map(of_row).collect()
}

fn is_queue(socket: &Socket) -> bool {
    socket.protocol.is_connection_oriented() && socket.protocol.has_ports() && socket.is_listener()
}

/// The kernel turns connections away once more than the limit wait (`sk_acceptq_is_full`, include/net/sock.h),
/// so a queue at its limit is not full yet. /proc/net shows no limit.
fn is_full(socket: &Socket) -> bool {
    is_queue(socket) && socket.source == Source::SockDiag && socket.receive_queue > socket.send_queue
}

fn drops(socket: &Socket) -> u32 {
    if is_queue(socket) { socket.drops.unwrap_or(0) } else { 0 }
}

fn belongs(socket: &Socket, listener: &Listener) -> bool {
    let Endpoint::Inet { address, .. } = socket.local else { return false };
    let bound = listener
        .addresses
        .iter()
        .any(|bound| bound.address == address && bound.interface == socket.interface);
    let holders = &listener.owner.holders;
    bound
        && match socket.holders.first() {
            Some(first) => holders.iter().any(|holder| holder.pid == first.pid),
            None => holders.is_empty(),
        }
}

fn finding(scene: &Scene<'_>, listener: &Listener, sockets: &[&Socket]) -> Option<Finding> {
    if sockets.is_empty() {
        return None;
    }
    let full = sockets.iter().filter(|socket| is_full(socket)).count();
    let dropped: u64 = sockets.iter().map(|socket| u64::from(drops(socket))).sum();
    let where_ = wording::addresses(listener);
    let (severity, title) = if full > 0 {
        (Severity::High, format!("The accept queue of {where_} is full: new connections are being lost"))
    } else {
        (Severity::Medium, format!("{where_} has lost {dropped} connection attempts since it was opened"))
    };
    let mut evidence = vec![wording::held_by(scene, listener)];
    for socket in sockets.iter().take(8) {
        let (length, limit) = (socket.receive_queue, socket.send_queue);
        evidence.push(match socket.source {
            Source::SockDiag => format!(
                "{}: {length} waiting to be accepted, limit {limit}, {} dropped",
                socket.local,
                drops(socket)
            ),
            Source::ProcNet => format!("{}: {} dropped", socket.local, drops(socket)),
        });
    }
    if listener.sockets > 1 {
        evidence.push(format!("{} of {} sockets of this port concerned", sockets.len(), listener.sockets));
    }
    if full == 0 {
        evidence.push("the queue is not full at this moment".to_owned());
    }
    let mut fix = Vec::new();
    if full > 0 {
        fix.push(
            "See why the program does not accept: hung, out of descriptors (ulimit -n), out of workers, or stopped."
                .to_owned(),
        );
    } else {
        fix.push(
            "See what the program was doing when load came: too few workers, long pauses, restarts."
                .to_owned(),
        );
    }
    fix.push("If it is only bursts: raise the backlog that the program passes to listen().".to_owned());
    fix.push("The kernel caps that at net.core.somaxconn: sysctl net.core.somaxconn shows it, sysctl -w raises it.".to_owned());
    Some(Finding {
        id: "socket/accept-queue-overflow".to_owned(),
        severity,
        title,
        reason: "Connections that the kernel has completed wait in the accept queue. When it is full, further \
                 ones are dropped without an answer, and clients see delays of a second and more, then timeouts."
            .to_owned(),
        evidence,
        fix,
        reproduce: tool::ss(scene, listener, "m"),
        subjects: wording::listener_subjects(listener),
    })
}
