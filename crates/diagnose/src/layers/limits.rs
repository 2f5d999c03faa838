//! The layer `limits`: limits of the process and of the system.

mod cgroup;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub(super) use self::cgroup::{container_killed, kill_of};
use self::cgroup::{killed, of_group};
use super::{Code, FaultDraft, Judgement};
use crate::case::Case;
use crate::facts::{LimitComplaint, LimitKind, ProcessLimits, Used};

/// What can be wrong.
pub(super) const CODES: &[Code] = &[
    Code {
        slug: "descriptors",
        meaning: "A process that takes the connections has as many descriptors open as it may (`RLIMIT_NOFILE`): it can take no more.",
    },
    Code {
        slug: "system-files",
        meaning: "As many files are open on the whole system as `fs.file-max` allows.",
    },
    Code {
        slug: "threads",
        meaning: "No process or thread can be started: `pids.max` of the cgroup or `kernel.threads-max` is reached.",
    },
    Code {
        slug: "memory-cgroup",
        meaning: "The cgroup of the service has used up its memory, and the kernel ended a process of it while the port was tried.",
    },
    Code {
        slug: "oom-killed",
        meaning: "The kernel ended the process that is to serve the port for want of memory.",
    },
    Code {
        slug: "max-connections",
        meaning: "The program has as many connections or workers as its configuration allows.",
    },
    Code {
        slug: "cpu-throttled",
        meaning: "The cgroup of the service uses up its processor time in most periods.",
    },
    Code { slug: "tcp-memory", meaning: "The buffers of TCP connections have reached `net.ipv4.tcp_mem`." },
    Code {
        slug: "orphans",
        meaning: "More connections are left without a process than `net.ipv4.tcp_max_orphans` allows.",
    },
    Code { slug: "backlog-clamped", meaning: "`net.core.somaxconn` keeps the accept queue short." },
    Code { slug: "disk-full", meaning: "The file system of a log of the service is full." },
];

/// Lines of a log that are so old at most are told as notes.
const RECENT: Duration = Duration::from_secs(600);
/// Backlogs that programs ask for start here.
const USUAL_BACKLOG: u64 = 128;

/// Judges the facts.
pub(super) fn judge(case: &Case) -> Judgement {
    if !case.is_inside() {
        let mut judgement = Judgement::fine("");
        judgement
            .unseen("limits of another host are not seen from here", Some("run portreeve why on that host"));
        return judgement;
    }
    let mut judgement = Judgement::fine(summary(case));
    descriptors(case, &mut judgement);
    killed(case, &mut judgement);
    for group in &case.limits.groups {
        of_group(case, group, &mut judgement);
    }
    connections(case, &mut judgement);
    of_system(case, &mut judgement);
    notes(case, &mut judgement);
    for unseen in &case.limits.unseen {
        judgement.unseen(unseen, None);
    }
    judgement
}

/// `nginx (pid 812) has 12 of 1024 descriptors open`.
fn summary(case: &Case) -> String {
    let fullest = case.limits.processes.iter().filter_map(|one| Some((one, one.open?, one.soft?)));
    match fullest.max_by_key(|(_, open, soft)| (open * 1_000).checked_div(*soft)) {
        Some((process, open, soft)) => format!("{} has {open} of {soft} descriptors open", process.label),
        None if case.service.listeners.is_empty() => "no process holds the port".to_owned(),
        None => "no limit is reached".to_owned(),
    }
}

fn descriptors(case: &Case, judgement: &mut Judgement) {
    let at_limit = |pid: u32| {
        case.limits
            .processes
            .iter()
            .find(|one| one.pid == pid)
            .is_some_and(|one| one.soft.is_some() && one.open >= one.soft)
    };
    let full: Vec<&ProcessLimits> = case.limits.processes.iter().filter(|one| at_limit(one.pid)).collect();
    let complaint = last(case, LimitKind::Descriptors).filter(|one| one.now);
    let Some(first) = full.first() else {
        if let (Some(complaint), Some(root)) = (complaint, case.service.roots().first()) {
            let statement =
                format!("{} runs out of descriptors: {}", root.label(), complaint.line.text.trim());
            judgement
                .add(with_complaint(FaultDraft::some("descriptors", statement), complaint).fix(raise(None)));
        }
        return;
    };
    let (open, soft) = (first.open.unwrap_or_default(), first.soft.unwrap_or_default());
    let more = match full.len() - 1 {
        0 => String::new(),
        1 => " and another process of it".to_owned(),
        more => format!(" and {more} other processes of it"),
    };
    let statement = format!(
        "{}{more} has as many descriptors open as it may ({open} of {soft}): it can take no further connection",
        first.label
    );
    let all = |pids: Vec<u32>| !pids.is_empty() && pids.into_iter().all(at_limit);
    let workers = case.service.workers().iter().map(|holder| holder.pid()).collect();
    let roots = case.service.roots().iter().map(|holder| holder.pid()).collect();
    let mut fault = if all(workers) || all(roots) {
        FaultDraft::all("descriptors", statement)
    } else {
        FaultDraft::some("descriptors", statement)
    };
    for process in full.iter().take(4) {
        let (open, soft) = (process.open.unwrap_or_default(), process.soft.unwrap_or_default());
        let hard = process.hard.map_or_else(|| "unlimited".to_owned(), |hard| hard.to_string());
        fault = fault.seen(
            "limit",
            format!("{}: {open} descriptors open, RLIMIT_NOFILE {soft} (hard {hard})", process.label),
            format!("ls /proc/{0}/fd | wc -l; grep 'open files' /proc/{0}/limits", process.pid),
        );
    }
    if let Some(complaint) = last(case, LimitKind::Descriptors) {
        fault = with_complaint(fault, complaint);
    }
    judgement.add(fault.fix(raise(Some(first))).fix(format!(
        "see what it keeps open: ls -l /proc/{}/fd; a number that only grows is a leak",
        first.pid
    )));
}

fn raise(process: Option<&ProcessLimits>) -> String {
    let Some(process) = process else {
        return "raise its limit of open files (LimitNOFILE= of its unit, ulimit -n where it is started)"
            .to_owned();
    };
    let more = process.soft.unwrap_or(1_024).saturating_mul(16).max(65_536);
    let own = if process.label.starts_with("nginx") { "; in nginx.conf: worker_rlimit_nofile" } else { "" };
    match &process.unit {
        Some(unit) => format!(
            "raise it now: prlimit --pid {} --nofile={more}; for good: LimitNOFILE={more} in systemctl edit {unit}{own}",
            process.pid
        ),
        None => format!(
            "raise it now: prlimit --pid {} --nofile={more}; for good: ulimit -n where it is started{own}",
            process.pid
        ),
    }
}

fn with_complaint(fault: FaultDraft, complaint: &LimitComplaint) -> FaultDraft {
    fault.seen("log", complaint.line.text.trim(), format!("tail -n 20 {}", complaint.log))
}

/// The last line about a limit.
fn last(case: &Case, kind: LimitKind) -> Option<&LimitComplaint> {
    case.limits.complaints.iter().rev().find(|one| one.kind == kind)
}

fn connections(case: &Case, judgement: &mut Judgement) {
    if let Some(complaint) = last(case, LimitKind::Connections) {
        let who = case.service.roots().first().map_or_else(|| "the service".to_owned(), |root| root.label());
        let said = super::listener::without_time(complaint.line.text.trim());
        if complaint.now {
            let statement = format!("{who} has as many connections as it is configured for: {said}");
            let only_some = said.contains("limiting ");
            let fault = if only_some {
                FaultDraft::some("max-connections", statement)
            } else {
                FaultDraft::all("max-connections", statement)
            };
            judgement.add(with_complaint(fault, complaint).fix(more_connections(said)));
        } else if is_recent(case, complaint.line.at, RECENT) {
            judgement.note(
                "max-connections",
                format!("{who} lately had as many connections as it is configured for: {said}"),
            );
        }
    }
    let Some((most, line)) = &case.limits.most_connections else { return };
    let Some(now) = case.queues.now() else { return };
    let established = u64::try_from(now.established).unwrap_or(u64::MAX);
    // Those that wait in the accept queue are established, too, and not the program's yet.
    let waiting = u64::try_from(now.waiting.len()).unwrap_or_default();
    if established.saturating_sub(waiting) >= *most {
        let who = case.service.roots().first().map_or_else(|| "the service".to_owned(), |root| root.label());
        let statement = format!(
            "{who} has as many connections as it is configured for ({} of {most}): it takes no other until one ends",
            established.saturating_sub(waiting)
        );
        let port = case.question.target.port;
        judgement.add(
            FaultDraft::all("max-connections", statement)
                .seen("configuration", line.clone(), "grep -n maxconn /etc/haproxy/haproxy.cfg")
                .seen(
                    "queue",
                    format!("{established} connections established, {waiting} of them not taken yet"),
                    format!("ss -tn state established 'sport = :{port}' | wc -l"),
                )
                .fix("raise maxconn in the section global and in that of the port, then reload")
                .fix("see who keeps connections open, and lower timeout client and timeout http-keep-alive"),
        );
    }
}

/// The setting by which a program that wrote this takes more.
fn more_connections(said: &str) -> &'static str {
    let lower = said.to_ascii_lowercase();
    if lower.contains("worker_connections") {
        "raise worker_connections in the section events of nginx.conf (and worker_rlimit_nofile above it), then: nginx -t && nginx -s reload"
    } else if lower.contains("maxrequestworkers") || lower.contains("scoreboard") {
        "raise MaxRequestWorkers and ServerLimit of the MPM, or KeepAlive Off, then: apachectl graceful"
    } else if lower.contains("clients") || lower.contains("slots") {
        "raise max_connections (a restart is needed), or put a pooler such as pgbouncer before it"
    } else if lower.contains("max_children") {
        "raise pm.max_children of the pool, then reload php-fpm"
    } else if lower.contains("limiting") {
        "raise the rate or burst of limit_req, limit_conn of that zone, if such clients are to be served"
    } else {
        "raise its limit of connections"
    }
}

fn of_system(case: &Case, judgement: &mut Judgement) {
    let system = case.limits.system;
    if let Some(files) = system.files.filter(|used| used.is_full()) {
        judgement.add(
            FaultDraft::all("system-files", format!("{} files are open on this system, of {} that may be (fs.file-max)", files.used, files.limit))
                .seen("sysctl", format!("fs.file-nr: {} of {}", files.used, files.limit), "sysctl fs.file-nr fs.file-max")
                .fix(format!("sysctl -w fs.file-max={}", files.limit.saturating_mul(2)))
                .fix("find who has so many open: for p in /proc/[0-9]*; do echo $(ls $p/fd | wc -l) $p; done | sort -n | tail"),
        );
    }
    if let Some(threads) = system.threads.filter(|used| used.is_full()) {
        judgement.add(
            FaultDraft::all(
                "threads",
                format!(
                    "{} threads run on this system, of {} that may (kernel.threads-max)",
                    threads.used, threads.limit
                ),
            )
            .seen(
                "sysctl",
                format!("threads: {} of {}", threads.used, threads.limit),
                "cat /proc/loadavg; sysctl kernel.threads-max",
            )
            .fix("find who has so many: ps -eo nlwp,pid,args --sort=-nlwp | head"),
        );
    }
    if let Some(memory) = system.tcp_memory {
        let sentence =
            format!("TCP uses {} pages of memory, of {} (net.ipv4.tcp_mem)", memory.used, memory.limit);
        if memory.limit > 0 && memory.used >= memory.limit {
            judgement.add(
                FaultDraft::all("tcp-memory", sentence)
                    .seen(
                        "sysctl",
                        format!("mem {} of {}", memory.used, memory.limit),
                        "cat /proc/net/sockstat; sysctl net.ipv4.tcp_mem",
                    )
                    .fix(
                        "find connections with full buffers: ss -tnm | sort -k2n; and raise net.ipv4.tcp_mem",
                    ),
            );
        } else if system.tcp_pressure.is_some_and(|pressure| pressure > 0 && memory.used >= pressure) {
            judgement.note("tcp-memory", sentence);
        }
    }
    if let Some(Used { used, limit }) =
        system.orphans.filter(|used| used.limit > 0 && used.used >= used.limit)
    {
        judgement.note(
            "orphans",
            format!(
                "{used} connections have no process any more, of {limit} that may (net.ipv4.tcp_max_orphans)"
            ),
        );
    }
}

fn notes(case: &Case, judgement: &mut Judgement) {
    let clamped = case.service.listeners.iter().filter_map(|listener| listener.accept_queue).find(|queue| {
        Some(u64::from(queue.limit)) == case.limits.system.somaxconn && u64::from(queue.limit) < USUAL_BACKLOG
    });
    if let Some(queue) = clamped {
        judgement.note(
            "backlog-clamped",
            format!("net.core.somaxconn keeps the accept queue at {} connections", queue.limit),
        );
    }
    for path in &case.limits.full_disks {
        judgement.note(
            "disk-full",
            format!("the file system of {path} is full: what cannot be logged may not be served"),
        );
    }
    if let Some(complaint) =
        last(case, LimitKind::Disk).filter(|one| one.now && case.limits.full_disks.is_empty())
    {
        judgement.note("disk-full", complaint.line.text.trim().to_owned());
    }
}

fn is_recent(case: &Case, at: Option<jiff::Timestamp>, span: Duration) -> bool {
    let now = case.host.taken_at;
    at.is_some_and(|at| now.as_second() - at.as_second() <= i64::try_from(span.as_secs()).unwrap_or(i64::MAX))
}
