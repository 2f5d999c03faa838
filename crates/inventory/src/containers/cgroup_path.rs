//! Container ids in cgroup paths.
//!
//! Owns the shapes that runtimes give to the paths in `/proc/PID/cgroup`; refuses I/O. A path says which container a
//! process is in, and often, but not always, which runtime made it.

use std::sync::Arc;

use portreeve_model::Runtime;

use crate::units::{as_service_instance, unescape};

#[cfg(test)]
mod tests;

/// A container as far as a cgroup path tells it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerRef {
    /// [`Runtime::Unknown`] where the path has an id but no trace of who made it (cgroupfs layouts below
    /// `kubepods` or below a `--cgroup-parent`).
    pub runtime: Runtime,
    /// 64 hex digits, or a name for LXC, nspawn and containerd's own clients.
    pub id: Arc<str>,
    /// UID of the Kubernetes pod, with dashes; 32 hex digits without dashes for a static pod.
    pub pod_uid: Option<Arc<str>>,
}

/// The innermost container in the paths of one process, one path for each cgroup hierarchy.
///
/// Hierarchies may disagree (a v1 layout where only some controllers were delegated): a path that names the runtime
/// wins over one that does not, then the deeper path wins.
pub fn identify<'a>(paths: impl IntoIterator<Item = &'a str>) -> Option<ContainerRef> {
    let mut best: Option<(bool, usize, ContainerRef)> = None;
    for path in paths {
        let Some((depth, found)) = innermost(path) else { continue };
        let rank = (found.runtime != Runtime::Unknown, depth);
        if best.as_ref().is_none_or(|(known, depth, _)| rank > (*known, *depth)) {
            best = Some((rank.0, rank.1, found));
        }
    }
    best.map(|(_, _, found)| found)
}

/// The container of the deepest segment that is one, with its depth. A `supervisor` right inside a machine's cgroup
/// belongs to the host (nspawn's own process), so it undoes the match.
fn innermost(path: &str) -> Option<(usize, ContainerRef)> {
    // The kernel marks the path of a cgroup that was removed under a living process.
    let path = path.strip_suffix(" (deleted)").unwrap_or(path);
    // Seen from a cgroup namespace, what is outside begins with `/..`.
    let segments: Vec<&str> = path.split('/').filter(|segment| !matches!(*segment, "" | "..")).collect();
    let mut found = None;
    let mut pod_uid = None;
    for (depth, segment) in segments.iter().enumerate() {
        if let Some(uid) = pod_uid_of(segment) {
            pod_uid = Some(uid);
        }
        let above = segments.get(..depth).unwrap_or_default();
        if let Some((runtime, id)) = container_of(segment, above) {
            // The pod belongs to this container only if it encloses it: containers inside a pod's container
            // are still in the pod, so it is not reset.
            found = Some((depth, ContainerRef { runtime, id: id.into(), pod_uid: pod_uid.clone() }));
        } else if *segment == "supervisor"
            && found.as_ref().is_some_and(|(at, c)| at + 1 == depth && c.runtime == Runtime::SystemdNspawn)
        {
            found = None;
        }
    }
    found
}

/// What one segment says, given the segments above it.
fn container_of(segment: &str, above: &[&str]) -> Option<(Runtime, String)> {
    let parent = above.last().copied().unwrap_or_default();
    if let Some(id) = is_long_id(segment).then_some(segment) {
        return Some((runtime_of_parent(parent, above), id.to_owned()));
    }
    // A systemd-style path given to a cgroupfs runtime arrives unexpanded as `parent.slice:prefix:id`.
    if let Some((head, id)) = segment.rsplit_once(':')
        && is_long_id(id)
    {
        let prefix = head.rsplit(':').next().unwrap_or_default();
        return Some((runtime_of_prefix(prefix)?, id.to_owned()));
    }
    let body = segment.strip_suffix(".scope").unwrap_or(segment);
    if let Some((prefix, id)) = body.rsplit_once('-')
        && is_long_id(id)
    {
        return Some((runtime_of_prefix(prefix)?, id.to_owned()));
    }
    machine_of(segment)
        .or_else(|| named_by_parent(segment, above))
        .map(|(runtime, id)| (runtime, id.into_owned()))
}

/// The prefixes of `<prefix>-<id>.scope`. `conmon` in a prefix is the monitor beside a container, not inside it.
fn runtime_of_prefix(prefix: &str) -> Option<Runtime> {
    match prefix {
        "docker" => Some(Runtime::Docker),
        "libpod" | "libpod-payload" => Some(Runtime::Podman),
        "cri-containerd" | "nerdctl" | "containerd" => Some(Runtime::Containerd),
        "crio" => Some(Runtime::CriO),
        "runc" | "crun" | "youki" => Some(Runtime::Unknown),
        _ => None,
    }
}

/// The runtime of a bare 64-digit segment. `docker` counts only right above it: below a Docker container that runs
/// Kubernetes the ids are another runtime's.
fn runtime_of_parent(parent: &str, above: &[&str]) -> Runtime {
    match parent {
        "docker" => Runtime::Docker,
        "default" | "k8s.io" if above.len() == 1 => Runtime::Containerd,
        _ if above.contains(&"libpod_parent") => Runtime::Podman,
        _ => Runtime::Unknown,
    }
}

/// Containers and machines that carry a name in place of an id, told by the segment itself.
fn machine_of(segment: &str) -> Option<(Runtime, std::borrow::Cow<'_, str>)> {
    if let Some(name) = segment.strip_prefix("lxc.payload.").filter(|name| !name.is_empty()) {
        return Some((Runtime::Lxc, name.into()));
    }
    if let Some(name) = as_service_instance(segment, "systemd-nspawn") {
        return Some((Runtime::SystemdNspawn, unescape(name)));
    }
    let escaped = segment.strip_prefix("machine-")?.strip_suffix(".scope").filter(|name| !name.is_empty())?;
    let name = unescape(escaped);
    // libvirt registers `qemu-1-name` for virtual machines and `lxc-PID-name` for its containers.
    if name.starts_with("qemu-") {
        return None;
    }
    if let Some((pid, machine)) = name.strip_prefix("lxc-").and_then(|rest| rest.split_once('-'))
        && pid.bytes().all(|byte| byte.is_ascii_digit())
        && !pid.is_empty()
    {
        return Some((Runtime::Lxc, machine.to_owned().into()));
    }
    Some((Runtime::SystemdNspawn, name))
}

/// Containers whose segment is a free name and which only the segment above gives away.
fn named_by_parent<'a>(segment: &'a str, above: &[&str]) -> Option<(Runtime, std::borrow::Cow<'a, str>)> {
    match (above.last().copied()?, above.len()) {
        ("lxc" | "lxc.payload", _) => Some((Runtime::Lxc, segment.into())),
        // `ctr` and nerdctl without systemd use `/<containerd namespace>/<name>`. Other namespaces look like any
        // other cgroup, so only the ones that are always the same are believed.
        ("default" | "k8s.io", 1) => Some((Runtime::Containerd, segment.into())),
        // BuildKit inside Docker runs build steps in `/docker/buildkit/<25 letters and digits>`.
        ("buildkit", 2) if above.first() == Some(&"docker") => Some((Runtime::Docker, segment.into())),
        _ => None,
    }
}

/// UID of the pod a segment stands for: `pod<uid>` (cgroupfs) or `...-pod<uid>.slice` (systemd, dashes as
/// underscores, because a dash in a slice's name means nesting), also before a `:` that was not expanded.
fn pod_uid_of(segment: &str) -> Option<Arc<str>> {
    let slice = segment.split(':').next().unwrap_or(segment);
    let uid = match slice.strip_suffix(".slice") {
        Some(body) => {
            body.rsplit_once("-pod").filter(|(head, _)| head.contains("kubepods"))?.1.replace('_', "-")
        }
        None => segment.strip_prefix("pod")?.to_owned(),
    };
    is_pod_uid(&uid).then(|| uid.into())
}

fn is_pod_uid(uid: &str) -> bool {
    let groups: Vec<usize> = uid.split('-').map(str::len).collect();
    let shaped = groups == [8, 4, 4, 4, 12] || groups == [32];
    shaped && uid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn is_long_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
