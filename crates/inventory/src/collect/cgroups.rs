//! Paths of cgroups by the id that a socket carries: the inode of the cgroup's directory in the v2 hierarchy.

use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portreeve_model::Socket;
use portreeve_wire::proc::mounts;
use rustc_hash::FxHashMap;

/// Replaces the labels `id:N` in `sockets` by paths. A cgroup that is gone keeps its label.
pub(super) fn name(sockets: &mut [Socket]) {
    let mut wanted: FxHashMap<Arc<str>, Option<Arc<str>>> = FxHashMap::default();
    for label in sockets.iter().filter_map(|socket| socket.cgroup.as_ref()) {
        if !wanted.contains_key(label) {
            wanted.insert(Arc::clone(label), None);
        }
    }
    if wanted.is_empty() {
        return;
    }
    let Some(root) = unified_root() else { return };
    let mut missing = wanted.len();
    let mut pending = vec![PathBuf::new()];
    if let Ok(metadata) = root.metadata() {
        settle(&mut wanted, metadata.ino(), Path::new(""), &mut missing);
    }
    while let Some(relative) = pending.pop() {
        if missing == 0 {
            break;
        }
        let Ok(entries) = std::fs::read_dir(root.join(&relative)) else { continue };
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let path = relative.join(entry.file_name());
                settle(&mut wanted, entry.ino(), &path, &mut missing);
                pending.push(path);
            }
        }
    }
    for socket in sockets {
        if let Some(label) = &socket.cgroup
            && let Some(Some(path)) = wanted.get(label)
        {
            socket.cgroup = Some(Arc::clone(path));
        }
    }
}

fn settle(wanted: &mut FxHashMap<Arc<str>, Option<Arc<str>>>, id: u64, path: &Path, missing: &mut usize) {
    let label = format!("id:{id}");
    if let Some(slot @ None) = wanted.get_mut(label.as_str()) {
        *slot = Some(Arc::from(format!("/{}", path.to_string_lossy())));
        *missing -= 1;
    }
}

/// Where the v2 hierarchy is mounted.
pub(crate) fn unified_root() -> Option<PathBuf> {
    let text = std::fs::read("/proc/self/mountinfo").ok()?;
    let mount = mounts(&text).flatten().find(|mount| mount.file_system == b"cgroup2")?;
    Some(PathBuf::from(String::from_utf8_lossy(&mount.mount_point).into_owned()))
}
