//! From views to an answer: pure decisions.

use portreeve_linux::probe::Occupancy;
use portreeve_model::text::make_clean;
use portreeve_model::who::{Answer, Reason, SocketCount, Verdict};
use portreeve_model::{Socket, UnseenReason, UnseenSubject};

use super::case::{Case, is_waiting};
use super::{Query, Views, advice, reasons};

/// Answers `query` from `views`.
///
/// The verdict is about the asked namespace alone. Listeners elsewhere are part of the answer, behind those here.
pub fn explain(query: &Query, views: &Views) -> Answer {
    let case = Case::new(query, views);
    let reasons = reasons::all(&case);
    let mut listeners = views.listeners.clone();
    listeners.sort_by_key(|listener| listener.namespace != query.namespace);
    let mut answer = Answer {
        port: query.port,
        protocols: query.protocols.clone(),
        namespace: query.namespace,
        verdict: verdict(&case, &reasons),
        listeners,
        others: others(&case.here),
        reasons,
        advice: Vec::new(),
    };
    answer.advice = advice::advise(&answer, &case);
    answer.advice.iter_mut().for_each(make_clean);
    for reason in &mut answer.reasons {
        reason.evidence.iter_mut().chain([&mut reason.statement]).for_each(make_clean);
    }
    answer
}

fn verdict(case: &Case<'_>, reasons: &[Reason]) -> Verdict {
    if case.here.iter().any(|socket| !socket.holders.is_empty()) {
        return Verdict::Held;
    }
    let second = case.views.proc_net.iter().any(|view| !view.sockets.is_empty());
    if !case.here.is_empty() || second || case.refusals().next().is_some() {
        return Verdict::Taken;
    }
    // Nothing was found. That is worth something only where it was looked for: bind(2) settles it.
    let settled = case.views.probes.iter().any(|probe| probe.occupancy == Occupancy::Free);
    let explained = reasons.iter().any(|reason| reasons::is_about_here(reason.kind));
    if settled || explained || !is_blind(case) { Verdict::Free } else { Verdict::Inconclusive }
}

/// Whether a socket here could have been missed. Without any probe the namespace was not entered.
fn is_blind(case: &Case<'_>) -> bool {
    case.list_has_gaps()
        || (case.views.probes.is_empty()
            && case.views.snapshot.unseen.iter().any(|unseen| {
                unseen.subject == UnseenSubject::Namespace && unseen.reason != UnseenReason::Vanished
            }))
}

/// Sockets that are not listeners, counted by protocol, state and holder.
fn others(sockets: &[&Socket]) -> Vec<SocketCount> {
    let mut counts: Vec<SocketCount> = Vec::new();
    for socket in sockets.iter().filter(|socket| !is_waiting(socket)) {
        let same = counts.iter_mut().find(|count| {
            let example = &count.example;
            example.protocol == socket.protocol
                && example.state == socket.state
                && example.no_holder == socket.no_holder
                && holder(example) == holder(socket)
        });
        match same {
            Some(count) => count.count += 1,
            None => counts.push(SocketCount { count: 1, example: Box::new((*socket).clone()) }),
        }
    }
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}

fn holder(socket: &Socket) -> Option<u32> {
    socket.holders.first().map(|holder| holder.pid)
}
