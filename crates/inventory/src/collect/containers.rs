//! Containers of the processes and namespaces of a snapshot: found by cgroup, or by where the runtime's state files
//! say that they live.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use portreeve_linux::namespace::NetworkNamespace;
use portreeve_linux::proc::Proc;
use portreeve_model::{Container, Namespace, NamespaceId, NamespaceName, Snapshot};
use portreeve_wire::proc::{arguments, cgroups};
use rustc_hash::{FxHashMap, FxHashSet};

use super::users::Users;
use crate::containers::{ContainerRef, Home, Lookup, Roots, identify};

/// Which namespaces shall get the names of their containers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Every one.
    All,
    /// Those that a socket of the snapshot is in.
    OfSockets,
}

/// Describes the containers of `snapshot`, gives each of its processes its container, and names the namespaces that
/// containers live in. `by_process` is what cgroup paths told.
pub(super) fn attach(
    snapshot: &mut Snapshot,
    proc: &Proc,
    pids: &[u32],
    mut by_process: FxHashMap<u32, ContainerRef>,
    users: &Users,
    names: Names,
) {
    let with_sockets: FxHashSet<NamespaceId> =
        snapshot.sockets.iter().map(|socket| socket.namespace).collect();
    let wanted = |id: NamespaceId| names == Names::All || with_sockets.contains(&id);
    // A container that holds no socket of the snapshot still names its namespace.
    for namespace in snapshot.namespaces.iter().filter(|namespace| wanted(namespace.id)) {
        if let NamespaceName::Process { pid, .. } = namespace.name
            && !by_process.contains_key(&pid)
            && let Some(container) = container_of(proc, pid)
        {
            by_process.insert(pid, container);
        }
    }
    let others = snapshot.namespaces.iter().any(|namespace| is_foreign(namespace) && wanted(namespace.id));
    let forwarded = snapshot.processes.iter().any(|process| &*process.name == "docker-proxy");
    if by_process.is_empty() && !others && !forwarded {
        return;
    }
    let lookup = Lookup::new(roots(proc, pids, users));
    let found: Vec<ContainerRef> = by_process.values().cloned().collect();
    let (mut containers, unseen) = lookup.describe(&found);
    snapshot.unseen.extend(unseen);
    if others || forwarded {
        add_running(&lookup, snapshot, &mut containers);
    }
    let homes = homes(&containers);
    for process in &mut snapshot.processes {
        if process.container.is_none()
            && let Some(namespace) = process.namespace
            && let Some(id) = homes.get(&namespace)
            && snapshot.namespaces.iter().any(|other| other.id == namespace && is_foreign(other))
        {
            process.container = Some(Arc::clone(id));
        }
    }
    for namespace in &mut snapshot.namespaces {
        let by_pid = match &namespace.name {
            NamespaceName::Process { pid, .. } => by_process.get(pid).map(|container| &container.id),
            _ => None,
        };
        let container = by_pid.or_else(|| homes.get(&namespace.id)).and_then(|id| find(&containers, id));
        if let Some(container) = container
            && is_foreign(namespace)
        {
            namespace.name = name_of(container);
        }
    }
    containers.sort_by(|left, right| left.id.cmp(&right.id));
    snapshot.containers = containers;
}

/// Not the host's or the observer's, and not given a name by a person.
fn is_foreign(namespace: &Namespace) -> bool {
    !namespace.own && !matches!(namespace.name, NamespaceName::Host | NamespaceName::Named(_))
}

fn find<'a>(containers: &'a [Container], id: &str) -> Option<&'a Container> {
    containers.iter().find(|container| &*container.id == id)
}

fn name_of(container: &Container) -> NamespaceName {
    match &container.pod {
        Some(pod) if pod.name.is_some() => {
            let namespace = pod.namespace.as_deref().unwrap_or("default");
            NamespaceName::Pod(Arc::from(format!("{namespace}/{}", pod.name.as_deref().unwrap_or_default())))
        }
        _ => NamespaceName::Container(Arc::from(container.label())),
    }
}

fn add_running(lookup: &Lookup, snapshot: &mut Snapshot, containers: &mut Vec<Container>) {
    let (running, unseen) = lookup.running();
    for gap in unseen {
        if !snapshot.unseen.contains(&gap) {
            snapshot.unseen.push(gap);
        }
    }
    for container in running {
        if find(containers, &container.id).is_none() {
            containers.push(container);
        }
    }
}

/// Which container lives in which network namespace, by the state files' word.
fn homes(containers: &[Container]) -> FxHashMap<NamespaceId, Arc<str>> {
    let mut homes = FxHashMap::default();
    for container in containers {
        let by_path = container.namespace_path.as_ref().map(|path| Path::new(path).to_owned());
        let by_pid = container.pid.map(|pid| Path::new("/proc").join(pid.to_string()).join("ns/net"));
        for path in by_path.into_iter().chain(by_pid) {
            if let Ok(handle) = NetworkNamespace::at(&path) {
                homes.entry(NamespaceId(handle.id)).or_insert_with(|| Arc::clone(&container.id));
            }
        }
    }
    homes
}

fn container_of(proc: &Proc, pid: u32) -> Option<ContainerRef> {
    let mut text = Vec::new();
    proc.process(pid).and_then(|process| process.read(c"cgroup", &mut text)).ok()?;
    let paths: Vec<_> = cgroups(&text).flatten().map(|line| String::from_utf8_lossy(line.path)).collect();
    identify(paths.iter().map(|path| &**path))
}

/// Whether the user's own files may lie there. Accounts of services have `/` or some place of the system's for a home,
/// which makes nothing below it theirs.
fn may_be_home(uid: u32, directory: &Path) -> bool {
    std::fs::metadata(directory).map_or(true, |metadata| metadata.uid() == uid)
}

/// Where the runtimes keep their state: running `dockerd` processes may have been told another place.
fn roots(proc: &Proc, pids: &[u32], users: &Users) -> Roots {
    let mut text = Vec::new();
    let mut dockerd = Vec::new();
    for pid in pids {
        let Ok(process) = proc.process(*pid) else { continue };
        if process.read(c"comm", &mut text).is_ok()
            && text == b"dockerd\n"
            && process.read(c"cmdline", &mut text).is_ok()
        {
            dockerd.push(arguments(&text).map(|word| String::from_utf8_lossy(word).into_owned()).collect());
        }
    }
    let homes = users
        .homes()
        .filter(|(uid, directory)| may_be_home(*uid, Path::new(directory)))
        .map(|(uid, directory)| Home { uid, directory: directory.into() })
        .collect();
    Roots { dockerd, homes, ..Roots::default() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::may_be_home;

    #[test]
    fn the_root_is_nobodys_home_but_roots() {
        assert!(!may_be_home(998, Path::new("/")));
        assert!(may_be_home(0, Path::new("/")));
        assert!(may_be_home(1000, Path::new("/no/such/directory")), "not known to be another's");
    }
}
