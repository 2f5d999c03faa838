//! From views to an answer: pure decisions.

use portreeve_linux::probe::Occupancy;
use portreeve_model::who::{Answer, Reason, SocketCount, Verdict};
use portreeve_model::{Protocol, Socket, State, UnseenReason, UnseenSubject};

use super::{Query, Views, advice, reasons};

/// Answers `query` from `views`.
pub fn explain(query: &Query, views: &Views) -> Answer {
    let reasons = reasons::all(query, views);
    let verdict = verdict(query, views, &reasons);
    let mut answer = Answer {
        port: query.port,
        protocols: query.protocols.clone(),
        verdict,
        listeners: views.listeners.clone(),
        others: others(&views.snapshot.sockets),
        reasons,
        advice: Vec::new(),
    };
    answer.advice = advice::advise(&answer, views);
    answer
}

fn verdict(query: &Query, views: &Views, reasons: &[Reason]) -> Verdict {
    let sockets = &views.snapshot.sockets;
    if sockets.iter().any(|socket| !socket.holders.is_empty()) {
        return Verdict::Held;
    }
    let probed = |wanted: fn(Occupancy) -> bool| {
        views.probes.iter().any(|probe| query.protocols.contains(&probe.protocol) && wanted(probe.occupancy))
    };
    let second = views.proc_net.iter().any(|view| !view.sockets.is_empty());
    if !sockets.is_empty()
        || second
        || !views.kernel_users.is_empty()
        || probed(|occupancy| occupancy == Occupancy::InUse)
    {
        return Verdict::Taken;
    }
    // Nothing was found. That is worth something only where everything was looked at: bind(2) settles the asked
    // namespace, other namespaces must have been entered.
    let blind = views.snapshot.unseen.iter().any(|unseen| {
        unseen.reason != UnseenReason::Vanished
            && matches!(unseen.subject, UnseenSubject::Sockets | UnseenSubject::Namespace)
    });
    let settled = probed(|occupancy| occupancy == Occupancy::Free);
    if reasons.is_empty() && blind && !settled { Verdict::Inconclusive } else { Verdict::Free }
}

/// Sockets that are not listeners, counted by protocol, state, namespace and holder.
fn others(sockets: &[Socket]) -> Vec<SocketCount> {
    let mut counts: Vec<SocketCount> = Vec::new();
    for socket in sockets.iter().filter(|socket| !is_waiting(socket)) {
        let same = counts.iter_mut().find(|count| {
            let example = &count.example;
            example.protocol == socket.protocol
                && example.state == socket.state
                && example.namespace == socket.namespace
                && example.no_holder == socket.no_holder
                && holder(example) == holder(socket)
        });
        match same {
            Some(count) => count.count += 1,
            None => counts.push(SocketCount { count: 1, example: Box::new(socket.clone()) }),
        }
    }
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}

fn holder(socket: &Socket) -> Option<u32> {
    socket.holders.first().map(|holder| holder.pid)
}

pub(super) fn is_waiting(socket: &Socket) -> bool {
    socket.state == State::Listen
        || (matches!(socket.protocol, Protocol::Udp | Protocol::Udplite)
            && socket.state == State::Unconnected)
}
