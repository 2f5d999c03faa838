//! Each code on facts made by hand.

use std::time::Duration;

use jiff::Timestamp;
use portreeve_model::Protocol;
use portreeve_model::process::Ancestor;
use portreeve_model::why::{Impact, Layer, LayerName, LayerState};

use crate::case::Case;
use crate::facts::service::{Holder, LogLine};
use crate::facts::{GroupLimits, LimitComplaint, LimitKind, ProcessLimits, SystemLimits, Used};
use crate::samples;

fn holder(pid: u32, parent: u32) -> Holder {
    let mut holder = samples::holder("nginx", pid);
    holder.process.parents = vec![Ancestor { pid: parent, name: "x".into() }];
    holder
}

fn process(pid: u32, open: u64, soft: u64) -> ProcessLimits {
    ProcessLimits {
        pid,
        label: format!("nginx (pid {pid})"),
        open: Some(open),
        soft: Some(soft),
        hard: None,
        unit: None,
    }
}

/// A master and two workers.
fn case() -> Case {
    let mut case = Case::sample("192.0.2.10:443".parse().unwrap(), Protocol::Tcp);
    case.service.holders = vec![holder(10, 1), holder(11, 10), holder(12, 10)];
    case.limits.processes = vec![process(10, 8, 1024), process(11, 12, 1024), process(12, 12, 1024)];
    case
}

fn judged(case: &Case) -> Layer {
    crate::layers::judge(case).into_iter().find(|layer| layer.layer == LayerName::Limits).unwrap()
}

fn complaint(kind: LimitKind, text: &str, now: bool) -> LimitComplaint {
    LimitComplaint {
        kind,
        line: LogLine { at: Some(Timestamp::UNIX_EPOCH), text: text.into() },
        log: "/var/log/nginx/error.log".into(),
        now,
    }
}

#[test]
fn far_from_every_limit_is_fine() {
    let layer = judged(&case());
    assert_eq!(layer.state, LayerState::Ok);
    assert_eq!(layer.statement, "nginx (pid 12) has 12 of 1024 descriptors open");
}

#[test]
fn descriptors_of_all_workers_or_of_some() {
    let mut case = case();
    case.limits.processes[1] = process(11, 64, 64);
    let layer = judged(&case);
    assert_eq!((layer.faults[0].code.as_str(), layer.faults[0].impact), ("descriptors", Impact::Some));
    case.limits.processes[2] = process(12, 64, 64);
    let layer = judged(&case);
    assert_eq!(layer.faults[0].impact, Impact::All);
    assert!(layer.statement.contains("(64 of 64)"), "{}", layer.statement);
    assert!(layer.faults[0].fix[0].contains("prlimit --pid 11 --nofile=65536"));
}

#[test]
fn a_log_that_speaks_of_descriptors_now() {
    let mut case = case();
    case.limits.complaints =
        vec![complaint(LimitKind::Descriptors, "accept4() failed (24: Too many open files)", false)];
    assert!(judged(&case).faults.is_empty());
    case.limits.complaints[0].now = true;
    assert_eq!(judged(&case).faults[0].code, "descriptors");
}

#[test]
fn limits_of_the_system() {
    let full = Some(Used { used: 1_000, limit: 1_000 });
    let with = |system| {
        let mut case = case();
        case.limits.system = system;
        judged(&case)
    };
    assert_eq!(with(SystemLimits { files: full, ..SystemLimits::default() }).faults[0].code, "system-files");
    assert_eq!(with(SystemLimits { threads: full, ..SystemLimits::default() }).faults[0].code, "threads");
    assert_eq!(
        with(SystemLimits { tcp_memory: full, ..SystemLimits::default() }).faults[0].code,
        "tcp-memory"
    );
    assert_eq!(with(SystemLimits { orphans: full, ..SystemLimits::default() }).notes[0].code, "orphans");
}

#[test]
fn a_cgroup_counts_where_something_moved() {
    let mut case = case();
    let full = Used { used: 5, limit: 5 };
    let group = GroupLimits {
        path: "/sys/fs/cgroup/web".into(),
        memory: Some(full),
        oom_kills: Some((1, 1)),
        ..GroupLimits::default()
    };
    case.limits.groups = vec![group.clone()];
    let layer = judged(&case);
    assert_eq!((layer.faults.len(), layer.notes[0].code.as_str()), (0, "memory-cgroup"));
    case.limits.groups = vec![GroupLimits { oom_kills: Some((1, 2)), ..group.clone() }];
    assert_eq!(judged(&case).faults[0].code, "memory-cgroup");

    let tasks = GroupLimits { memory: None, tasks: Some(full), refused_forks: Some((3, 3)), ..group };
    case.limits.groups = vec![tasks.clone()];
    assert_eq!(judged(&case).notes[0].code, "threads");
    case.limits.groups = vec![GroupLimits { refused_forks: Some((3, 4)), ..tasks }];
    assert_eq!(judged(&case).faults[0].code, "threads");
    case.limits.groups =
        vec![GroupLimits { throttled: Some((0, 9)), periods: Some((0, 10)), ..GroupLimits::default() }];
    assert_eq!(judged(&case).notes[0].code, "cpu-throttled");
}

#[test]
fn connections_that_a_program_refuses() {
    let mut case = case();
    let text = "2026/11/22 06:02:58 [alert] 7#7: 12 worker_connections are not enough";
    case.limits.complaints = vec![complaint(LimitKind::Connections, text, true)];
    let layer = judged(&case);
    assert_eq!((layer.faults[0].code.as_str(), layer.faults[0].impact), ("max-connections", Impact::All));
    case.limits.complaints =
        vec![complaint(LimitKind::Connections, "limiting requests, excess: 5.1 by zone \"one\"", true)];
    assert_eq!(judged(&case).faults[0].impact, Impact::Some);
    // The sample's clock stands at the same time as the line.
    case.limits.complaints = vec![complaint(LimitKind::Connections, text, false)];
    let layer = judged(&case);
    assert_eq!((layer.faults.len(), layer.notes[0].code.as_str()), (0, "max-connections"));
    case.host.taken_at += Duration::from_secs(86_400);
    assert!(judged(&case).notes.is_empty());
}

#[test]
fn full_disks_are_notes() {
    let mut case = case();
    case.limits.full_disks = vec!["/var/log/nginx/error.log".into()];
    assert_eq!(judged(&case).notes[0].code, "disk-full");
}
