//! The judgement of the layer.

use super::{accept, behind, datagrams, handshakes};
use crate::case::Case;
use crate::facts::QueueLook;
use crate::layers::Judgement;
use crate::layers::queue::door::doors;
use crate::layers::queue::words::count;

/// Judges the facts.
pub(in crate::layers) fn judge(case: &Case) -> Judgement {
    if !case.is_inside() {
        let mut judgement = Judgement::fine("");
        judgement.unseen("the queues of another host are not seen from here", Some("run it on that host"));
        return judgement;
    }
    let Some(now) = case.queues.now() else {
        let mut judgement = Judgement::fine("");
        judgement.unknown("the queues were not read", None);
        return judgement;
    };
    let mut judgement = if case.is_tcp() { tcp(case, now) } else { udp(case, now) };
    behind::judge(case, &mut judgement);
    if let Some(problem) = now.unseen.first() {
        judgement.unknown(format!("not everything could be read: {problem}"), Some("run it as root"));
    }
    judgement
}

fn tcp(case: &Case, now: &QueueLook) -> Judgement {
    let doors = doors(case, &now.listeners);
    if doors.is_empty() {
        return Judgement::not_applicable("nothing listens here, so nothing queues");
    }
    let length: u32 = doors.iter().flat_map(|door| &door.queues).map(|queue| queue.length).sum();
    let limit: u32 =
        doors.iter().flat_map(|door| &door.queues).map(|queue| queue.limit).fold(0, u32::saturating_add);
    let mut judgement =
        Judgement::fine(format!("{} of {limit} wait to be taken", count(length as usize, "connection")));
    for door in &doors {
        accept::judge(case, now, door, &mut judgement);
        handshakes::judge(case, now, door, &mut judgement);
    }
    if case.trials.trials.is_empty() { judgement } else { judgement.tried() }
}

fn udp(case: &Case, now: &QueueLook) -> Judgement {
    let doors = doors(case, &now.datagrams);
    if doors.is_empty() {
        return Judgement::not_applicable("nothing has the port, so nothing queues");
    }
    let length: u32 =
        doors.iter().flat_map(|door| &door.queues).map(|queue| queue.length).fold(0, u32::saturating_add);
    let mut judgement = Judgement::fine(format!("{length} bytes wait to be read"));
    for door in &doors {
        datagrams::judge(case, door, &mut judgement);
    }
    if case.trials.trials.is_empty() { judgement } else { judgement.tried() }
}
