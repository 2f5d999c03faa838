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
        for hierarchy in hierarchies() {
            let entries = fs::read_dir(hierarchy).into_iter().flatten().flatten();
            for entry in entries.filter(|entry| is_orphan(&entry.file_name().to_string_lossy())) {
                remove(&entry.path());
            }
        }
        let number = DAEMONS.fetch_add(1, Ordering::Relaxed);
        Self { name: format!("{PREFIX}-{}-{number}", std::process::id()) }
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        hierarchies().for_each(|hierarchy| remove(&hierarchy.join(&self.name)));
    }
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

/// Removes empty cgroups from the leaves up; the last process in one may take a moment to be gone.
fn remove(cgroup: &Path) {
    let children = fs::read_dir(cgroup).into_iter().flatten().flatten().map(|entry| entry.path());
    children.filter(|path| path.is_dir()).for_each(|path| remove(&path));
    let deadline = Instant::now() + Duration::from_secs(5);
    while cgroup.is_dir() && fs::remove_dir(cgroup).is_err() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
}
