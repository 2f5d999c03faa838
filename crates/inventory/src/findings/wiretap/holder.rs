//! Sockets by holder, and how a holder is told.

use std::collections::BTreeMap;

use portreeve_model::{NamespaceId, NoHolder, Process, Protocol, Snapshot, Socket, Subject};

use crate::findings::{Scene, wording};

/// Sockets of one protocol by namespace and holders; without holders, by the reason.
pub(super) type Groups<'a> = BTreeMap<(NamespaceId, Vec<u32>, Option<NoHolder>), Vec<&'a Socket>>;

pub(super) fn groups(snapshot: &Snapshot, protocol: Protocol) -> Groups<'_> {
    let mut groups = Groups::new();
    for socket in snapshot.sockets.iter().filter(|socket| socket.protocol == protocol) {
        let mut pids: Vec<u32> = socket.holders.iter().map(|holder| holder.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        groups.entry((socket.namespace, pids, socket.no_holder)).or_default().push(socket);
    }
    groups
}

pub(super) fn main_holder<'a>(scene: &Scene<'a>, sockets: &[&Socket]) -> Option<&'a Process> {
    let snapshot = scene.snapshot;
    sockets.iter().flat_map(|socket| &socket.holders).find_map(|holder| snapshot.process(holder.pid))
}

pub(super) fn holder_label(socket: &Socket, process: Option<&Process>) -> String {
    match (process, socket.holders.first()) {
        (Some(process), _) => wording::process(process),
        (None, Some(holder)) => format!("{} (pid {})", holder.name, holder.pid),
        (None, None) => match socket.no_holder {
            Some(NoHolder::Permission) | None => "A program that could not be seen".to_owned(),
            Some(_) => "A socket that no process holds".to_owned(),
        },
    }
}

pub(super) fn unknown_fix(process: Option<&Process>) -> Vec<String> {
    match process {
        Some(process) => vec![
            format!("Find out what {} is and who started it.", wording::process(process)),
            "If it needs no such socket: run it as another user than root and without CAP_NET_RAW."
                .to_owned(),
        ],
        None => vec!["Run again as root to see which process holds it.".to_owned()],
    }
}

pub(super) fn close_evidence(
    scene: &Scene<'_>,
    socket: &Socket,
    process: Option<&Process>,
    evidence: &mut Vec<String>,
) {
    match (process, socket.no_holder) {
        (Some(process), _) => evidence.extend(wording::process_evidence(scene, process)),
        (None, Some(reason)) => evidence.push(reason.phrase().to_owned()),
        (None, None) => {}
    }
    if let Some(name) = scene.foreign_namespace(socket.namespace) {
        evidence.push(format!("in the network namespace {name}"));
    }
}

pub(super) fn enter(scene: &Scene<'_>, socket: &Socket) -> Option<String> {
    scene.enter(socket.namespace, socket.holders.first().map(|holder| holder.pid))
}

pub(super) fn subjects(sockets: &[&Socket], address: impl Fn(&Socket) -> String) -> Vec<Subject> {
    let mut subjects: Vec<Subject> =
        sockets.iter().flat_map(|socket| wording::holder_subjects(socket)).collect();
    if subjects.is_empty() {
        subjects.extend(sockets.iter().map(|socket| Subject::Listener {
            protocol: socket.protocol,
            address: address(socket),
            namespace: socket.namespace,
        }));
    }
    subjects
}
