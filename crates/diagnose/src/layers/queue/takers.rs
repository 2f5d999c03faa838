//! Processes that cannot go on.

use super::door::{Door, Queue, takers};
use super::words::{names, of_container, pids, restart};
use crate::case::Case;
use crate::facts::service::{Holder, RunState};
use crate::layers::FaultDraft;

/// Why a process does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Halt {
    /// Stopped by a signal.
    Stopped,
    /// Stopped by a debugger.
    Traced,
    /// Its cgroup is frozen.
    Frozen,
}

impl Halt {
    /// What holds the process; `None` where it runs.
    pub(super) fn of(holder: &Holder) -> Option<Self> {
        if holder.frozen {
            return Some(Self::Frozen);
        }
        if !holder.is_halted() {
            return None;
        }
        let mut states = holder.threads.iter().map(|thread| thread.state).chain(holder.state);
        Some(if states.any(|state| state == RunState::Stopped) { Self::Stopped } else { Self::Traced })
    }

    fn code(self) -> &'static str {
        match self {
            Self::Stopped | Self::Traced => "process-stopped",
            Self::Frozen => "process-frozen",
        }
    }

    /// The end of "nginx (pid 812) is ...".
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Stopped => "stopped (state T)",
            Self::Traced => "stopped by a debugger (state t)",
            Self::Frozen => "frozen with its cgroup",
        }
    }
}

/// What was found of those who serve a door.
pub(super) struct Halted<'c> {
    /// Processes that do not go on.
    pub(super) processes: Vec<(&'c Holder, Halt)>,
    /// Those that do.
    pub(super) running: Vec<&'c Holder>,
    /// Sockets that nobody serves who goes on, by inode.
    pub(super) unserved: Vec<u32>,
}

/// Looks who serves a door. What a debugger holds for a moment (`strace`) does not count without something that waits.
pub(super) fn look<'c, Q: Queue>(case: &'c Case, door: &Door<'_, Q>, something_waits: bool) -> Halted<'c> {
    let counts = |holder: &Holder| Halt::of(holder).filter(|halt| *halt != Halt::Traced || something_waits);
    let all = door.takers(case);
    let unserved = door.queues.iter().map(|queue| queue.inode()).filter(|inode| {
        let takers = takers(case, *inode);
        !takers.is_empty() && takers.iter().all(|taker| counts(taker).is_some())
    });
    Halted {
        unserved: unserved.collect(),
        processes: all.iter().filter_map(|holder| Some((*holder, counts(holder)?))).collect(),
        running: all.iter().copied().filter(|holder| counts(holder).is_none()).collect(),
    }
}

impl Halted<'_> {
    /// The fault, with the end of its sentence: `its queue holds 6 connections of 5`. `None` where everybody goes on.
    pub(super) fn fault<Q: Queue>(&self, case: &Case, door: &Door<'_, Q>, queue: &str) -> Option<FaultDraft> {
        let (first, halt) = *self.processes.first()?;
        let alike: Vec<&Holder> =
            self.processes.iter().filter(|(_, other)| *other == halt).map(|(holder, _)| *holder).collect();
        let who = names(&alike);
        let is = if alike.len() == 1 { "is" } else { "are" };
        let everywhere = self.unserved.len() == door.queues.len();
        let mut fault = if everywhere {
            let statement = format!("{who} {is} {}: {queue}", halt.words());
            FaultDraft::at(halt.code(), statement, door.endpoints.clone(), case.others(&door.endpoints))
        } else if self.unserved.is_empty() {
            let statement = format!(
                "{who} {is} {}, one of {} that take connections: what it has or gets hangs",
                halt.words(),
                self.processes.len() + self.running.len()
            );
            FaultDraft::some(halt.code(), statement)
        } else {
            let statement = format!(
                "{who} {is} {} and {} {} of the {} sockets that share {} (SO_REUSEPORT): connections that the kernel gives to it hang",
                halt.words(),
                if alike.len() == 1 { "serves" } else { "serve" },
                self.unserved.len(),
                door.queues.len(),
                door.bound,
            );
            FaultDraft::some("reuseport-uneven", statement)
        };
        for holder in alike.iter().take(4) {
            fault = fault.seen(
                "process",
                format!("{} is {}", holder.label(), halt.words()),
                format!("grep -E '^(State|TracerPid)' /proc/{}/status", holder.pid()),
            );
        }
        Some(with_fix(fault, first, &alike, halt))
    }
}

fn with_fix(fault: FaultDraft, first: &Holder, alike: &[&Holder], halt: Halt) -> FaultDraft {
    let pids = pids(alike);
    let fault = match halt {
        Halt::Stopped => fault
            .fix(format!("kill -CONT {pids}"))
            .fix("find out who stopped it: a job of a shell (Ctrl-Z), `kill -STOP`, a backup or a monitoring program"),
        Halt::Traced => fault.fix(format!(
            "let the debugger go on or detach it: its pid is the TracerPid of /proc/{}/status",
            first.pid()
        )),
        Halt::Frozen => match (&first.container, &first.process.unit) {
            (Some(container), _) => fault.fix(format!("docker unpause {}", of_container(container))),
            (None, Some(unit)) => fault.fix(format!("systemctl thaw {}", unit.name)),
            (None, None) => fault.fix("thaw the cgroup: echo 0 > /sys/fs/cgroup/<its path>/cgroup.freeze"),
        },
    };
    match restart(alike) {
        Some(command) if halt != Halt::Frozen => fault.fix(format!("if it does not go on: {command}")),
        _ => fault,
    }
}
