//! What stays on a port after its process has let go of it. Of no interest while something listens there.

use portreeve_model::who::{Reason, ReasonKind};
use portreeve_model::{NoHolder, Socket, State};

use super::reason;
use crate::who::case::{Case, count};

/// Connections that the kernel finishes by itself, and handshakes that nobody will take any more.
pub(super) fn orphans(case: &Case<'_>) -> Vec<Reason> {
    let orphans = left(case, &[NoHolder::Orphan, NoHolder::Handshake, NoHolder::NotYetAccepted]);
    let Some(first) = orphans.first() else { return Vec::new() };
    let mut evidence =
        vec![format!("{}; no process can have them open, for they have no inode", states(&orphans))];
    let longest = orphans.iter().filter_map(|socket| socket.timer).max_by_key(|timer| timer.expires_ms);
    evidence.extend(longest.map(|timer| {
        format!(
            "the kernel acts on the last of them in {:.1} s ({})",
            f64::from(timer.expires_ms) / 1000.0,
            count(usize::from(timer.retransmits), "try so far", "tries so far")
        )
    }));
    evidence.extend(likely(first));
    let verb = if orphans.len() == 1 { "was" } else { "were" };
    reason(
        ReasonKind::Orphans,
        format!(
            "{} on port {} {verb} closed by the process; the kernel still finishes the conversation",
            count(orphans.len(), "connection", "connections"),
            case.query.port
        ),
        evidence,
    )
}

/// `TIME_WAIT` pairs.
pub(super) fn time_wait(case: &Case<'_>) -> Vec<Reason> {
    let waiting = left(case, &[NoHolder::TimeWait]);
    let Some(first) = waiting.first() else { return Vec::new() };
    let longest = waiting.iter().filter_map(|socket| socket.timer).map(|timer| timer.expires_ms).max();
    let mut evidence = vec![match &first.peer {
        Some(peer) => format!("for example {} to {peer}", first.local),
        None => format!("for example {}", first.local),
    }];
    evidence.extend(longest.map(|ms| format!("the last of them ends in {:.1} s", f64::from(ms) / 1000.0)));
    evidence.extend(likely(first));
    reason(
        ReasonKind::TimeWait,
        format!(
            "{} on port {} in TIME_WAIT: closed at this end first, and kept for a minute so that late packets do no harm",
            count(waiting.len(), "closed connection is", "closed connections are"),
            case.query.port
        ),
        evidence,
    )
}

fn left<'a>(case: &Case<'a>, kinds: &[NoHolder]) -> Vec<&'a Socket> {
    case.here
        .iter()
        .copied()
        .filter(|socket| socket.no_holder.is_some_and(|kind| kinds.contains(&kind)))
        .filter(|socket| !case.is_open(socket.protocol))
        .collect()
}

/// `3 in FIN-WAIT-2, 1 in LAST-ACK`.
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
