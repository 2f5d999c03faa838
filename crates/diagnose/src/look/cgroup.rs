//! Where the cgroup of a process is in the file system, in either version.

use std::fs;
use std::path::{Path, PathBuf};

use portreeve_wire::proc::{cgroups, mounts};

/// The folder of a process's cgroup in one hierarchy, and the folder of that hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    /// The process's own.
    pub(crate) path: PathBuf,
    /// Where the hierarchy begins.
    pub(crate) top: PathBuf,
}

impl Folder {
    /// The folder and those above it, innermost first, without the top, which has no limits.
    pub(crate) fn upwards(&self) -> impl Iterator<Item = &Path> {
        self.path.ancestors().take_while(|folder| *folder != self.top && folder.starts_with(&self.top))
    }
}

/// The cgroup of a process in the hierarchy of version 2.
pub(crate) fn unified(pid: u32) -> Option<Folder> {
    find(pid, None)
}

/// The cgroup of a process in the hierarchy of version 1 that has this controller.
pub(crate) fn of_controller(pid: u32, controller: &str) -> Option<Folder> {
    find(pid, Some(controller))
}

fn find(pid: u32, controller: Option<&str>) -> Option<Folder> {
    let membership = fs::read(format!("/proc/{pid}/cgroup")).ok()?;
    let line = cgroups(&membership).flatten().find(|line| match controller {
        None => line.is_unified(),
        Some(wanted) => line.controllers.split(|byte| *byte == b',').any(|one| one == wanted.as_bytes()),
    })?;
    let path = String::from_utf8_lossy(line.path).into_owned();
    // A path that begins with /.. lies outside of what this process's cgroup namespace shows.
    if path.starts_with("/..") || path.ends_with(" (deleted)") {
        return None;
    }
    let mountinfo = fs::read("/proc/self/mountinfo").ok()?;
    let mount = mounts(&mountinfo).flatten().find(|mount| match controller {
        None => mount.file_system == b"cgroup2",
        Some(wanted) => {
            mount.file_system == b"cgroup"
                && mount.super_options.split(|byte| *byte == b',').any(|one| one == wanted.as_bytes())
        }
    })?;
    let root = String::from_utf8_lossy(&mount.root).into_owned();
    let top = PathBuf::from(String::from_utf8_lossy(&mount.mount_point).into_owned());
    // Only a part of the hierarchy may be mounted.
    let below = if root == "/" { path.as_str() } else { path.strip_prefix(&root)? };
    Some(Folder { path: top.join(below.trim_start_matches('/')), top })
}

/// Whether the processes of the cgroup are frozen: `cgroup.events` of version 2, `freezer.state` of version 1.
pub(crate) fn is_frozen(pid: u32) -> bool {
    let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
    let unified = unified(pid)
        .is_some_and(|folder| read(folder.path.join("cgroup.events")).lines().any(|line| line == "frozen 1"));
    unified
        || of_controller(pid, "freezer").is_some_and(|folder| {
            folder
                .upwards()
                .any(|folder| matches!(read(folder.join("freezer.state")).trim(), "FROZEN" | "FREEZING"))
        })
}
