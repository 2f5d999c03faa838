//! Connections that wait to be taken.

use std::time::Duration;

use super::door::{Door, takers};
use super::takers;
use super::words::{count, held, longer_backlog, names, raw, restart, seconds, show};
use crate::case::Case;
use crate::facts::service::{Holder, RunState};
use crate::facts::{ListenQueue, Outcome, QueueLook, Waiting};
use crate::layers::{FaultDraft, Judgement};

/// Who takes connections takes them sooner than this, however busy.
const TOO_LONG: Duration = Duration::from_millis(1_500);
/// A backlog up to this is short.
const SHORT: u32 = 16;

/// Judges the accept queues of one door.
pub(super) fn judge(case: &Case, now: &QueueLook, door: &Door<'_, ListenQueue>, judgement: &mut Judgement) {
    let queues = Queues::of(case, now, door);
    let something_waits = queues.oldest.is_some() || !queues.full.is_empty() || door.is_silent(case);
    let halted = takers::look(case, door, something_waits);
    let unserved = |queue: &&ListenQueue| halted.unserved.contains(&queue.inode);
    if let Some(fault) = halted.fault(case, door, &queues.words(door)) {
        judgement.add(with_queues(case, fault, &door.queues));
    } else if !takers::look(case, door, true).processes.is_empty() {
        judgement.note("debugger", format!("a debugger is attached to {}", names(&door.takers(case))));
    }
    // A queue that nobody serves fills up: it is said above.
    let full: Vec<&ListenQueue> = queues.full.iter().copied().filter(|queue| !unserved(queue)).collect();
    let served = door.queues.iter().any(|queue| !unserved(queue));
    if !full.is_empty() {
        judgement.add(overflow(case, door, &full, &queues));
    } else if served && queues.overflowed > 0 {
        judgement.add(overflowed(case, door, &queues));
    } else if served && let Some(oldest) = queues.oldest.filter(|_| halted.processes.is_empty()) {
        judgement.add(not_accepting(case, door, &queues, oldest));
    } else if served && queues.dropped > 0 && case.queues.moved("TcpExtTCPReqQFullDrop") == 0 {
        judgement.note(
            "dropped",
            format!(
                "{} dropped at {} while it was looked at, and not because its queue was full: no route to the client, no memory, or a rule of a socket filter",
                count(queues.dropped as usize, "SYN"),
                door.bound
            ),
        );
    }
    notes(door, &queues, judgement);
}

/// What there is to say of the queues of a door.
struct Queues<'a> {
    /// Full now.
    full: Vec<&'a ListenQueue>,
    /// Dropped at them between the looks.
    dropped: u32,
    /// Of these, because a queue was full.
    overflowed: u32,
    /// Dropped at them before anything was tried.
    before: u32,
    /// The connection that waits longest, where it waits too long.
    oldest: Option<&'a Waiting>,
    /// Connections that wait.
    waiting: usize,
}

impl<'a> Queues<'a> {
    fn of(case: &Case, now: &'a QueueLook, door: &Door<'a, ListenQueue>) -> Self {
        let drops = |queue: &ListenQueue| {
            let before = case.queues.listener_before(queue.cookie).and_then(|before| before.drops);
            (queue.drops.unwrap_or_default(), before.or(queue.drops).unwrap_or_default())
        };
        let (dropped, before) =
            door.queues.iter().map(|queue| drops(queue)).fold((0_u32, 0_u32), |sum, one| {
                (sum.0.saturating_add(one.0.saturating_sub(one.1)), sum.1.saturating_add(one.1))
            });
        let everywhere = u32::try_from(case.queues.moved("TcpExtListenOverflows")).unwrap_or(u32::MAX);
        let waiting: Vec<&Waiting> = now
            .waiting
            .iter()
            .filter(|one| door.queues.iter().any(|queue| queue.serves(one.local.ip())))
            .collect();
        Self {
            full: door.queues.iter().copied().filter(|queue| queue.is_full()).collect(),
            dropped,
            overflowed: dropped.min(everywhere),
            before,
            oldest: waiting
                .iter()
                .copied()
                .filter(|one| one.at_least >= TOO_LONG)
                .max_by_key(|one| one.at_least),
            waiting: waiting.len(),
        }
    }

    /// `its queue holds 6 connections of 5`.
    fn words(&self, door: &Door<'_, ListenQueue>) -> String {
        match door.queues.as_slice() {
            [one] if one.is_full() => format!("its queue holds {} and drops further SYNs", held(one)),
            [one] if one.length > 0 => format!("its queue holds {}, which nobody takes", held(one)),
            _ if self.waiting > 0 => {
                format!("{} wait, which nobody takes", count(self.waiting, "connection"))
            }
            _ => "the kernel makes connections that nobody takes".to_owned(),
        }
    }
}

/// A queue is full now.
fn overflow(
    case: &Case,
    door: &Door<'_, ListenQueue>,
    full: &[&ListenQueue],
    queues: &Queues<'_>,
) -> FaultDraft {
    let mut holders: Vec<&Holder> = full.iter().flat_map(|queue| takers(case, queue.inode)).collect();
    holders.dedup_by_key(|holder| holder.pid());
    let who = names(&holders);
    let aborts = aborts(case);
    let consequence = if aborts { "resets or drops further connections" } else { "drops further SYNs" };
    let waits = queues.oldest.map(|oldest| format!("; the oldest waits for {}", seconds(oldest.at_least)));
    let waits = waits.unwrap_or_default();
    let fault = match full {
        [one] if door.queues.len() == 1 => FaultDraft::at(
            "accept-overflow",
            format!(
                "the accept queue of {who} on {} is full: it holds {}{waits}, and the kernel {consequence}",
                door.bound,
                held(one)
            ),
            door.endpoints.clone(),
            case.others(&door.endpoints),
        ),
        all if all.len() == door.queues.len() => FaultDraft::at(
            "accept-overflow",
            format!(
                "all {} accept queues of {who} on {} are full{waits}, and the kernel {consequence}",
                all.len(),
                door.bound
            ),
            door.endpoints.clone(),
            case.others(&door.endpoints),
        ),
        some => FaultDraft::some(
            "reuseport-uneven",
            format!(
                "{} of the {} sockets that share {} (SO_REUSEPORT) are full, held by {who}: connections that the kernel gives to them get no answer{waits}",
                some.len(),
                door.queues.len(),
                door.bound
            ),
        ),
    };
    // Who does not take anything has a reason, which may be found elsewhere; who is only too slow has a queue that is too short.
    let fault = if queues.oldest.is_some() { fault.symptom() } else { fault };
    let fault = with_queues(case, fault, full).seen(
        "counter",
        format!(
            "ListenOverflows moved by {} while it was looked at",
            case.queues.moved("TcpExtListenOverflows")
        ),
        "nstat -az TcpExtListenOverflows TcpExtListenDrops",
    );
    with_fix(case, fault, &holders, full, queues.oldest.is_some())
}

/// A queue was full between the looks.
fn overflowed(case: &Case, door: &Door<'_, ListenQueue>, queues: &Queues<'_>) -> FaultDraft {
    let holders = door.takers(case);
    let who = names(&holders);
    let how = format!(
        "{} of {} on {} in {}",
        count(queues.overflowed as usize, "connection"),
        who,
        door.bound,
        seconds(case.queues.apart())
    );
    let refused = door.any_trial(case, |outcome| *outcome == Outcome::Refused);
    let fault = if aborts(case) && (refused || !door.is_silent(case)) {
        let statement = format!(
            "the accept queue overflows, and net.ipv4.tcp_abort_on_overflow is 1, so that clients are reset: {how}"
        );
        let draft = FaultDraft::some("abort-on-overflow", statement);
        draft.seen("sysctl", "net.ipv4.tcp_abort_on_overflow = 1", "sysctl net.ipv4.tcp_abort_on_overflow")
    } else if door.is_silent(case) {
        let statement = format!("the accept queue overflows, and the kernel drops what is too much: {how}");
        FaultDraft::at("accept-overflow", statement, door.endpoints.clone(), case.others(&door.endpoints))
    } else {
        let statement =
            format!("the accept queue overflows now and then, and the kernel drops what is too much: {how}");
        FaultDraft::some("accept-overflow", statement)
    };
    let fault = with_queues(case, fault, &door.queues).seen(
        "counter",
        format!(
            "ListenOverflows moved by {} while it was looked at",
            case.queues.moved("TcpExtListenOverflows")
        ),
        "nstat -az TcpExtListenOverflows TcpExtListenDrops",
    );
    with_fix(case, fault, &holders, &door.queues, false)
}

/// Connections wait, and nobody takes them.
fn not_accepting(
    case: &Case,
    door: &Door<'_, ListenQueue>,
    queues: &Queues<'_>,
    oldest: &Waiting,
) -> FaultDraft {
    // Of several sockets those are not served that have something now and had before.
    let stuck: Vec<&ListenQueue> = door.queues.iter().copied().filter(|queue| queue.length > 0).collect();
    let stuck = if stuck.is_empty() { door.queues.clone() } else { stuck };
    let mut holders: Vec<&Holder> = stuck.iter().flat_map(|queue| takers(case, queue.inode)).collect();
    holders.dedup_by_key(|holder| holder.pid());
    let who = names(&holders);
    let doing = doing(&holders);
    let wait = format!(
        "{} wait in its queue, the oldest for {}",
        count(queues.waiting, "connection"),
        seconds(oldest.at_least)
    );
    let fault = if stuck.len() == door.queues.len() {
        let statement = format!("{who} does not take its connections on {}{doing}: {wait}", door.bound);
        FaultDraft::at("not-accepting", statement, door.endpoints.clone(), case.others(&door.endpoints))
    } else {
        let statement = format!(
            "{who} serves {} of the {} sockets that share {} (SO_REUSEPORT) and does not take its connections{doing}: {wait}",
            stuck.len(),
            door.queues.len(),
            door.bound
        );
        FaultDraft::some("reuseport-uneven", statement)
    };
    let fault = with_queues(case, fault.symptom(), &stuck);
    with_fix(case, fault, &holders, &stuck, true)
}

/// What the threads do, where that says something.
fn doing(holders: &[&Holder]) -> &'static str {
    let any = |state| {
        holders.iter().any(|holder| {
            holder.state == Some(state) || holder.threads.iter().any(|thread| thread.state == state)
        })
    };
    if any(RunState::Uninterruptible) {
        " (state D: it waits for a disk or a file server)"
    } else if any(RunState::Running) {
        " (state R: it is busy)"
    } else if holders.is_empty() {
        ""
    } else {
        " (state S: it waits for something else)"
    }
}

fn aborts(case: &Case) -> bool {
    case.queues.parameters.abort_on_overflow == Some(1)
}

fn with_queues(case: &Case, mut fault: FaultDraft, queues: &[&ListenQueue]) -> FaultDraft {
    for queue in queues.iter().take(4) {
        fault = fault.seen("queue", raw(queue), show(case));
    }
    fault
}

fn with_fix(
    case: &Case,
    fault: FaultDraft,
    holders: &[&Holder],
    queues: &[&ListenQueue],
    stuck: bool,
) -> FaultDraft {
    let mut fault = fault;
    if stuck {
        if let Some(holder) = holders.first() {
            let pid = holder.pid();
            fault = fault
                .seen("process", what_it_does(holder), format!("ps -Lo pid,tid,stat,wchan:32,comm -p {pid}"))
                .fix(format!("see what it waits for: strace -f -p {pid}, or cat /proc/{pid}/task/*/stack"));
        }
        if let Some(command) = restart(holders) {
            fault = fault.fix(command);
        }
        return fault;
    }
    let limit = queues.iter().map(|queue| queue.limit).max().unwrap_or_default();
    if case.queues.parameters.somaxconn.is_some_and(|most| most <= limit) {
        fault = fault
            .seen(
                "sysctl",
                format!("net.core.somaxconn = {limit}: no backlog is longer"),
                "sysctl net.core.somaxconn",
            )
            .fix("sysctl -w net.core.somaxconn=4096");
    }
    fault
        .fix(longer_backlog(holders, case.question.target.port))
        .fix("give the service more workers or threads: connections come faster than it takes them")
}

fn what_it_does(holder: &Holder) -> String {
    let state = holder.state.map_or("unknown".to_owned(), |state| state.to_string());
    format!("{}: state {state}, {}", holder.label(), count(holder.threads.len().max(1), "thread"))
}

/// What keeps nobody out.
fn notes(door: &Door<'_, ListenQueue>, queues: &Queues<'_>, judgement: &mut Judgement) {
    let limit = door.queues.iter().map(|queue| queue.limit).max().unwrap_or_default();
    if limit <= SHORT {
        judgement.note(
            "backlog-small",
            format!("the accept queue on {} is short: it holds {limit} connections", door.bound),
        );
    }
    if queues.before > 0 && queues.overflowed == 0 && queues.full.is_empty() {
        judgement.note(
            "overflowed-before",
            format!(
                "{} dropped at {} before it was looked at",
                count(queues.before as usize, "connection"),
                door.bound
            ),
        );
    }
}
