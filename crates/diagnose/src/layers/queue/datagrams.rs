//! Datagrams that wait to be read.

use std::time::Duration;

use portreeve_model::why::Application;

use super::door::{Door, takers as holders_of};
use super::takers;
use super::words::{count, names, raw_datagrams, restart, seconds, show};
use crate::case::Case;
use crate::facts::service::Holder;
use crate::facts::{DatagramQueue, Outcome, Sent, Trial};
use crate::layers::{FaultDraft, Judgement};

/// With less room than this a datagram is dropped (the kernel counts its own overhead, too).
const ROOM: u32 = 768;
/// Who reads datagrams reads them sooner than this.
const TOO_LONG: Duration = Duration::from_millis(600);

/// Judges the receive queues of one door.
pub(super) fn judge(case: &Case, door: &Door<'_, DatagramQueue>, judgement: &mut Judgement) {
    let stuck: Vec<&DatagramQueue> =
        door.queues.iter().copied().filter(|queue| is_stuck(case, queue)).collect();
    let dropped = dropped(case, door);
    let halted = takers::look(case, door, !stuck.is_empty());
    let full = stuck.iter().any(|queue| is_full(queue)) || door.queues.iter().all(|queue| is_full(queue));
    let held: u32 = door.queues.iter().map(|queue| queue.length).fold(0, u32::saturating_add);
    let words = if held > 0 {
        format!("{held} bytes of datagrams wait, which nobody reads")
    } else {
        "nobody reads what comes".to_owned()
    };
    if let Some(fault) = halted.fault(case, door, &words) {
        judgement.add(with_queues(case, fault, &door.queues));
    } else if full || dropped > 0 {
        judgement.add(overflow(case, door, dropped, full, !stuck.is_empty()));
    } else if !stuck.is_empty() {
        judgement.add(not_reading(case, door, &stuck));
    } else {
        unanswered(case, door, judgement);
    }
    let before: u32 =
        door.queues.iter().map(|queue| queue.drops).fold(0, u32::saturating_add).saturating_sub(dropped);
    if before > 0 && dropped == 0 && !full {
        judgement.note(
            "overflowed-before",
            format!(
                "{} dropped at {} before it was looked at",
                count(before as usize, "datagram"),
                door.bound
            ),
        );
    }
}

fn is_full(queue: &DatagramQueue) -> bool {
    queue.limit > 0 && queue.length.saturating_add(ROOM) > queue.limit
}

/// Something waits, and nobody reads: neither did any reader of this network namespace get a datagram, nor was one answered that
/// has to be.
fn is_stuck(case: &Case, queue: &DatagramQueue) -> bool {
    let read = case.queues.moved("UdpInDatagrams") + case.queues.moved("Udp6InDatagrams");
    let owed = case
        .trials
        .trials
        .iter()
        .any(|trial| trial.sent != Sent::EmptyDatagram && matches!(trial.outcome, Outcome::Silent(_)));
    let answered = case.trials.trials.iter().any(Trial::is_answered);
    let before = case.queues.datagrams_before(queue.cookie).map_or(0, |before| before.length);
    let waits = queue.length > 0 && queue.length >= before;
    waits && !answered && case.queues.apart() >= TOO_LONG && (read == 0 || (owed && before > 0))
}

fn dropped(case: &Case, door: &Door<'_, DatagramQueue>) -> u32 {
    let moved = |queue: &DatagramQueue| {
        case.queues
            .datagrams_before(queue.cookie)
            .map_or(0, |before| queue.drops.saturating_sub(before.drops))
    };
    door.queues.iter().map(|queue| moved(queue)).fold(0, u32::saturating_add)
}

fn overflow(
    case: &Case,
    door: &Door<'_, DatagramQueue>,
    dropped: u32,
    full: bool,
    stuck: bool,
) -> FaultDraft {
    let holders = door.takers(case);
    let state = if full { "is full" } else { "overflows" };
    let statement = format!(
        "the receive buffer of {} on {} {state}: {} dropped in {}",
        names(&holders),
        door.bound,
        count(dropped as usize, "datagram"),
        seconds(case.queues.apart()),
    );
    let fault = if door.is_answered(case) || !full {
        FaultDraft::some("udp-buffer-full", statement)
    } else {
        FaultDraft::at("udp-buffer-full", statement, door.endpoints.clone(), case.others(&door.endpoints))
    };
    let fault = with_queues(case, if stuck { fault.symptom() } else { fault }, &door.queues).seen(
        "counter",
        format!(
            "RcvbufErrors moved by {} while it was looked at",
            case.queues.moved("UdpRcvbufErrors") + case.queues.moved("Udp6RcvbufErrors")
        ),
        "nstat -az UdpRcvbufErrors Udp6RcvbufErrors",
    );
    if stuck {
        return see_what_it_does(fault, &holders);
    }
    fault
        .fix("sysctl -w net.core.rmem_max=8388608 and have the service ask for a larger buffer (SO_RCVBUF), or net.core.rmem_default where it does not ask")
        .fix("give the service more threads or sockets (SO_REUSEPORT): datagrams come faster than it reads them")
}

fn not_reading(case: &Case, door: &Door<'_, DatagramQueue>, stuck: &[&DatagramQueue]) -> FaultDraft {
    let mut holders: Vec<&Holder> = stuck.iter().flat_map(|queue| holders_of(case, queue.inode)).collect();
    holders.dedup_by_key(|holder| holder.pid());
    let held: u32 = stuck.iter().map(|queue| queue.length).fold(0, u32::saturating_add);
    let who = names(&holders);
    let fault = if stuck.len() == door.queues.len() {
        let statement = format!("{who} does not read its datagrams on {}: {held} bytes wait", door.bound);
        FaultDraft::at("not-accepting", statement, door.endpoints.clone(), case.others(&door.endpoints))
    } else {
        let statement = format!(
            "{who} does not read {} of the {} sockets that share {} (SO_REUSEPORT): {held} bytes wait",
            stuck.len(),
            door.queues.len(),
            door.bound
        );
        FaultDraft::some("reuseport-uneven", statement)
    };
    see_what_it_does(with_queues(case, fault.symptom(), stuck), &holders)
}

/// Read, and not answered, where an answer is owed.
fn unanswered(case: &Case, door: &Door<'_, DatagramQueue>, judgement: &mut Judgement) {
    let silent = |sent| {
        door.endpoints
            .iter()
            .filter_map(|endpoint| case.trials.of(*endpoint))
            .any(|trial| trial.sent == sent && matches!(trial.outcome, Outcome::Silent(_)))
    };
    if silent(Sent::DnsQuestion) && !door.is_answered(case) {
        let holders = door.takers(case);
        let statement =
            format!("{} took DNS questions on {} and did not answer", names(&holders), door.bound);
        let fault =
            FaultDraft::at("unanswered", statement, door.endpoints.clone(), case.others(&door.endpoints));
        let address = door.endpoints.first().map(|endpoint| endpoint.ip().to_string()).unwrap_or_default();
        let port = case.question.target.port;
        judgement.add(
            with_queues(case, fault.symptom(), &door.queues)
                .seen("packet", "no answer to DNS questions", format!("dig @{address} -p {port} . NS"))
                .fix("see its log: whether it allows questions of this host, and whether what it asks itself answers"),
        );
    } else if silent(Sent::QuicProbe) && case.question.target.application == Application::Quic {
        judgement.unknown(
            format!(
                "{} took a QUIC packet on {} and did not answer: it may speak something else there",
                names(&door.takers(case)),
                door.bound
            ),
            None,
        );
    }
}

fn with_queues(case: &Case, mut fault: FaultDraft, queues: &[&DatagramQueue]) -> FaultDraft {
    for queue in queues.iter().take(4) {
        fault = fault.seen("queue", raw_datagrams(queue), show(case));
    }
    fault
}

fn see_what_it_does(fault: FaultDraft, holders: &[&Holder]) -> FaultDraft {
    let mut fault = fault;
    if let Some(holder) = holders.first() {
        fault = fault.fix(format!(
            "see what it waits for: strace -f -p {0}, or cat /proc/{0}/task/*/stack",
            holder.pid()
        ));
    }
    match restart(holders) {
        Some(command) => fault.fix(command),
        None => fault,
    }
}
