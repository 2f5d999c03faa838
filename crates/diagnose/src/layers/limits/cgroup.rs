//! Limits of cgroups, and what the kernel ended for want of memory.

use std::time::Duration;

use super::{RECENT, is_recent, last, with_complaint};
use crate::case::Case;
use crate::facts::{GroupLimits, Kill, LimitKind};
use crate::layers::{FaultDraft, Judgement, listener};

/// Whether the kernel ended the container that publishes the port.
pub(in crate::layers) fn container_killed(case: &Case) -> bool {
    case.service.listeners.is_empty()
        && case
            .service
            .publishers
            .iter()
            .any(|one| one.container.oom_killed && one.container.container.pid.is_none())
}

/// The end of the process that is to serve the port, where the kernel made it: nobody listens, and nothing of
/// it runs.
pub(in crate::layers) fn kill_of(case: &Case) -> Option<&Kill> {
    if !case.service.listeners.is_empty() {
        return None;
    }
    case.limits.kills.iter().rev().find(|kill| {
        case.service.candidates.iter().any(|candidate| {
            let by_pid = candidate.stale_pid_file.as_ref().is_some_and(|(_, pid)| *pid == kill.pid);
            let by_name = candidate.name == kill.name
                || candidate.software.is_some_and(|software| software.programs.contains(&kill.name.as_str()));
            candidate.processes.is_empty() && (by_pid || by_name)
        })
    })
}

pub(super) fn killed(case: &Case, judgement: &mut Judgement) {
    if let Some(kill) = kill_of(case) {
        let why =
            if kill.in_group { "its cgroup had used up its memory" } else { "the machine had none left" };
        let statement =
            format!("the kernel ended {} (pid {}) for want of memory: {why}", kill.name, kill.pid);
        let mut fault =
            FaultDraft::all("oom-killed", statement).seen("log", kill.line.text.trim(), kill.command.clone());
        if let Some(candidate) = case.service.candidates.iter().find(|one| one.processes.is_empty()) {
            for step in listener::start(candidate) {
                fault = fault.fix(step);
            }
        }
        judgement.add(fault.fix(if kill.in_group {
            "give its cgroup more memory (MemoryMax= of its unit, docker run --memory), or let it use less"
        } else {
            "let it, or what else needs so much, use less memory; give the machine more, or swap"
        }));
        return;
    }
    let dead = case
        .service
        .publishers
        .iter()
        .find(|one| one.container.oom_killed && one.container.container.pid.is_none());
    if let Some(publisher) = dead.filter(|_| case.service.listeners.is_empty()) {
        let name = publisher.container.container.label();
        let statement = format!("the kernel ended the container {name} for want of memory");
        judgement.add(
            FaultDraft::all("oom-killed", statement)
                .seen(
                    "container",
                    format!("{name}: OOMKilled true"),
                    format!("docker inspect -f '{{{{.State.OOMKilled}}}}' {name}"),
                )
                .fix(format!(
                    "give it more: docker update --memory 1g --memory-swap 1g {name} && docker start {name}"
                )),
        );
        return;
    }
    let again = case.limits.kills.iter().rev().find(|kill| {
        is_recent(case, kill.line.at, Duration::from_secs(3_600))
            && case.service.holders.iter().any(|holder| *holder.process.name == *kill.name)
    });
    if let Some(kill) = again {
        judgement.note(
            "oom-killed",
            format!("the kernel ended a process of this name for want of memory: {}", kill.line.text.trim()),
        );
    }
}

pub(super) fn of_group(case: &Case, group: &GroupLimits, judgement: &mut Judgement) {
    let moved = |pair: Option<(u64, u64)>| pair.map_or(0, |(before, after)| after.saturating_sub(before));
    let kills = moved(group.oom_kills);
    if kills > 0 {
        let memory =
            group.memory.map_or_else(String::new, |used| format!(" ({} of {} bytes)", used.used, used.limit));
        let statement = format!(
            "the memory of the cgroup {} is used up{memory}: the kernel ended {kills} of its processes while the port was tried",
            group.path
        );
        judgement.add(
            FaultDraft::all("memory-cgroup", statement)
                .seen(
                    "cgroup",
                    format!("{}: oom_kill rose by {kills}", group.path),
                    format!("cat {}/memory.events", group.path),
                )
                .fix("give it more memory (MemoryMax= of the unit, docker run --memory), or let it use less"),
        );
    } else if group.memory.is_some_and(|used| used.used >= used.limit) {
        judgement.note(
            "memory-cgroup",
            format!(
                "the cgroup {} uses all the memory it may: the kernel takes pages back from it",
                group.path
            ),
        );
    }
    if let Some(tasks) = group.tasks.filter(|tasks| tasks.used >= tasks.limit) {
        let refused = moved(group.refused_forks);
        let complaint =
            last(case, LimitKind::Threads).filter(|one| one.now || is_recent(case, one.line.at, RECENT));
        let statement = format!(
            "the cgroup {} has as many processes and threads as it may ({} of {})",
            group.path, tasks.used, tasks.limit
        );
        if refused > 0 || complaint.is_some() {
            let mut fault = FaultDraft::all("threads", format!("{statement}: no other can be started")).seen(
                "cgroup",
                format!("{}: pids.current {}, pids.max {}", group.path, tasks.used, tasks.limit),
                format!("cat {}/pids.current {}/pids.max", group.path, group.path),
            );
            if let Some(complaint) = complaint {
                fault = with_complaint(fault, complaint);
            }
            judgement.add(fault.fix("raise it: TasksMax= of the unit, docker update --pids-limit"));
        } else {
            judgement.note("threads", statement);
        }
    }
    let (throttled, periods) = (moved(group.throttled), moved(group.periods));
    if periods >= 5 && throttled * 2 > periods {
        judgement.note(
            "cpu-throttled",
            format!("the cgroup {} had used up its processor time in {throttled} of {periods} periods while the port was tried", group.path),
        );
    }
}
