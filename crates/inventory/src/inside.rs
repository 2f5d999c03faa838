//! Looking at the machine from inside a namespace of a snapshot.

use portreeve_linux::namespace::NetworkNamespace;
use portreeve_linux::proc::Proc;
use portreeve_linux::sysctl;
use portreeve_model::{NamespaceId, Snapshot};
use portreeve_wire::proc::port_range;

/// Runs `work` inside the namespace, entered through any process of it or its name. `None` where it cannot be entered.
pub(crate) fn within<T: Send>(
    snapshot: &Snapshot,
    id: NamespaceId,
    work: impl FnOnce() -> T + Send,
) -> Option<T> {
    if snapshot.namespace(id).is_some_and(|namespace| namespace.own) {
        return Some(work());
    }
    open(snapshot, id)?.within(work).ok()
}

/// `net.ipv4.ip_local_port_range` of the calling thread's namespace: lowest and highest port that the kernel chooses.
/// IPv6 uses the same.
pub(crate) fn ephemeral_ports() -> Option<(u16, u16)> {
    let text = sysctl::read("net.ipv4.ip_local_port_range").ok()?;
    let range = port_range(text.as_bytes()).ok()?;
    Some((*range.start(), *range.end()))
}

/// A handle on a namespace of the snapshot, through any process of it or its name; `None` where it cannot be opened. The snapshot's
/// own processes are tried first: they are few, and most likely the ones.
pub fn open(snapshot: &Snapshot, id: NamespaceId) -> Option<NetworkNamespace> {
    let known = snapshot.processes.iter().filter(|process| process.namespace == Some(id));
    let known = known.map(|process| process.id.pid);
    let listed =
        std::iter::once_with(|| Proc::open().and_then(|proc| proc.pids()).unwrap_or_default()).flatten();
    let by_pid = known.chain(listed).map(|pid| format!("/proc/{pid}/ns/net").into());
    let named = std::fs::read_dir("/run/netns").into_iter().flatten().flatten().map(|entry| entry.path());
    by_pid.chain(named).find_map(|path| NetworkNamespace::at(&path).ok().filter(|handle| handle.id == id.0))
}
