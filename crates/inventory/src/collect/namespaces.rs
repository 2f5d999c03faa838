//! Finding every network namespace of the host, and what each is called.
//!
//! A namespace lives as long as a process is in it, a file is mounted on it, or a descriptor is open on it; it is
//! looked for in all three places.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portreeve_linux::Errno;
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_model::{Namespace, NamespaceId, NamespaceName, Unseen, UnseenReason, UnseenSubject};
use portreeve_wire::proc::mounts;

use super::owners::comm;
use super::walk::Walk;

/// Where `ip netns add` keeps its names (`man 8 ip-netns`).
const NAMED: &str = "/run/netns";

/// A namespace that was found, with a way into it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) namespace: Namespace,
    pub(super) entry: Entry,
}

/// How to get in.
#[derive(Debug)]
pub(super) enum Entry {
    /// The observer is there.
    Here,
    /// Through this open handle.
    Handle(NetworkNamespace),
    /// Not at all: this is what opening it said.
    Closed(Errno),
}

/// Everything that holds one namespace alive.
#[derive(Debug, Default)]
struct Traces {
    pids: Vec<u32>,
    paths: Vec<PathBuf>,
    descriptors: Vec<(u32, u32)>,
}

/// Finds all namespaces, the observer's own first.
pub(super) fn find(own: NamespaceId, walk: &Walk, unseen: &mut Vec<Unseen>) -> Vec<Found> {
    let mut all: BTreeMap<u64, Traces> = BTreeMap::new();
    all.entry(own.0).or_default();
    for (pid, id) in &walk.namespaces {
        all.entry(*id).or_default().pids.push(*pid);
    }
    for (pid, fd, id) in &walk.namespace_descriptors {
        all.entry(*id).or_default().descriptors.push((*pid, *fd));
    }
    for path in named_paths(unseen).into_iter().chain(mounted_paths()) {
        // A stale file under /run/netns is no namespace any more: nothing is missing.
        if let Ok(handle) = NetworkNamespace::at(&path) {
            let traces = all.entry(handle.id).or_default();
            if !traces.paths.contains(&path) {
                traces.paths.push(path);
            }
        }
    }
    let host = host_namespace();
    let mut found: Vec<Found> = all
        .into_iter()
        .map(|(id, traces)| {
            let is_own = id == own.0;
            Found {
                namespace: Namespace {
                    id: NamespaceId(id),
                    name: if is_own && host.is_none() { NamespaceName::Own } else { name(id, host, &traces) },
                    own: is_own,
                    processes: u32::try_from(traces.pids.len()).unwrap_or(u32::MAX),
                },
                entry: if is_own { Entry::Here } else { open(id, &traces) },
            }
        })
        .collect();
    found.sort_by_key(|found| !found.namespace.own);
    found
}

/// The namespace of PID 1. Where even root may not read that (a security module), the kernel's own thread tells: it
/// never leaves the initial namespace, which is PID 1's wherever kernel threads are visible.
fn host_namespace() -> Option<u64> {
    let of =
        |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net")).ok().and_then(|link| id_of_link(&link));
    of(1).or_else(|| of(2).filter(|_| &*comm(2) == "kthreadd"))
}

/// The names under `/run/netns`.
fn named_paths(unseen: &mut Vec<Unseen>) -> Vec<PathBuf> {
    match std::fs::read_dir(NAMED) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            unseen.push(Unseen {
                subject: UnseenSubject::Namespace,
                reason: UnseenReason::Permission,
                count: 1,
                detail: format!("names of network namespaces: {NAMED}: {error}"),
                remedy: Some("run it as root".into()),
            });
            Vec::new()
        }
    }
}

/// Where namespaces are bind-mounted: in this mount namespace, and in that of PID 1.
fn mounted_paths() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for (table, root) in [("/proc/self/mountinfo", ""), ("/proc/1/mountinfo", "/proc/1/root")] {
        let Ok(text) = std::fs::read(table) else { continue };
        for mount in mounts(&text).flatten() {
            if mount.file_system == b"nsfs" && mount.root.starts_with(b"net:[") {
                let point = String::from_utf8_lossy(&mount.mount_point).into_owned();
                paths.push(PathBuf::from(format!("{root}{point}")));
            }
        }
    }
    paths
}

/// `net:[4026531840]`.
pub(super) fn id_of_link(link: &Path) -> Option<u64> {
    link.to_str()?.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()
}

fn open(id: u64, traces: &Traces) -> Entry {
    let by_pid = traces.pids.iter().map(|pid| PathBuf::from(format!("/proc/{pid}/ns/net")));
    let by_fd = traces.descriptors.iter().map(|(pid, fd)| PathBuf::from(format!("/proc/{pid}/fd/{fd}")));
    let mut last = Errno::NOENT;
    for path in by_pid.chain(traces.paths.iter().cloned()).chain(by_fd) {
        match NetworkNamespace::at(&path) {
            Ok(handle) if handle.id == id => return Entry::Handle(handle),
            Ok(_) => {}
            Err(errno) => last = errno,
        }
    }
    Entry::Closed(last)
}

fn name(id: u64, host: Option<u64>, traces: &Traces) -> NamespaceName {
    if host == Some(id) {
        return NamespaceName::Host;
    }
    let named = traces.paths.iter().find_map(|path| path.strip_prefix(NAMED).ok());
    if let Some(name) = named.and_then(Path::to_str) {
        return NamespaceName::Named(Arc::from(name));
    }
    if let Some(pid) = traces.pids.iter().min() {
        return NamespaceName::Process { pid: *pid, name: comm(*pid) };
    }
    if let Some(path) = traces.paths.first() {
        let shown = path.strip_prefix("/proc/1/root").map_or(path.clone(), |path| Path::new("/").join(path));
        return NamespaceName::Mount(Arc::from(shown.to_string_lossy()));
    }
    match traces.descriptors.first() {
        Some((pid, fd)) => NamespaceName::Descriptor { pid: *pid, fd: *fd },
        None => NamespaceName::Unnamed,
    }
}
