//! The directories in which a daemon of Docker makes its cgroups.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Numbers the daemons of this process.
static DAEMONS: AtomicU32 = AtomicU32::new(0);
const PREFIX: &str = "portreeve-real";

/// The directory of a daemon's cgroups, in every hierarchy of the machine; removed when dropped.
pub(super) struct Cgroup {
    pub(super) name: String,
}

impl Cgroup {
    /// A name of its own; what a killed run of the tests has left is removed.
    pub(super) fn reserve() -> Self {
        // All are thawed before any is awaited.
        hierarchies().for_each(|hierarchy| orphans(&hierarchy).for_each(|orphan| thaw(&orphan)));
        hierarchies().for_each(|hierarchy| orphans(&hierarchy).for_each(|orphan| remove(&orphan)));
        let number = DAEMONS.fetch_add(1, Ordering::Relaxed);
        Self { name: format!("{PREFIX}-{}-{number}", std::process::id()) }
    }

    /// Lets paused containers go on: no signal ends what is frozen, and a pid namespace does not end before all in it have.
    pub(super) fn thaw(&self) {
        hierarchies().for_each(|hierarchy| thaw(&hierarchy.join(&self.name)));
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        hierarchies().for_each(|hierarchy| remove(&hierarchy.join(&self.name)));
    }
}

/// Directories of daemons whose test has ended.
fn orphans(hierarchy: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(hierarchy).into_iter().flatten().flatten();
    entries.filter(|entry| is_orphan(&entry.file_name().to_string_lossy())).map(|entry| entry.path())
}

fn is_orphan(name: &str) -> bool {
    let pid = name.strip_prefix(PREFIX).and_then(|rest| rest.trim_start_matches('-').split('-').next());
    pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists())
}

fn hierarchies() -> impl Iterator<Item = PathBuf> {
    let root = PathBuf::from("/sys/fs/cgroup");
    let nested = fs::read_dir(&root).into_iter().flatten().flatten().map(|entry| entry.path());
    [root].into_iter().chain(nested.filter(|path| path.is_dir()))
}

/// Thaws a cgroup and those below it. Version 1 has the first file, in one of its hierarchies; version 2 the second.
fn thaw(cgroup: &Path) {
    for (file, word) in [("freezer.state", "THAWED"), ("cgroup.freeze", "0")] {
        let path = cgroup.join(file);
        if path.is_file() {
            // One that is gone meanwhile needs it no more.
            drop(fs::write(path, word));
        }
    }
    let children = fs::read_dir(cgroup).into_iter().flatten().flatten().map(|entry| entry.path());
    children.filter(|path| path.is_dir()).for_each(|path| thaw(&path));
}

/// Removes empty cgroups from the leaves up; the last process in one may take a moment to be gone.
fn remove(cgroup: &Path) {
    let children = fs::read_dir(cgroup).into_iter().flatten().flatten().map(|entry| entry.path());
    children.filter(|path| path.is_dir()).for_each(|path| remove(&path));
    let deadline = Instant::now() + Duration::from_secs(5);
    while cgroup.is_dir() && fs::remove_dir(cgroup).is_err() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
}
