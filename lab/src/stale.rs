//! Names that tell whose they are, and the removal of what dead runs left behind.
//!
//! Everything that outlives a process by name (namespaces under `/run/netns`, the scratch directory) is called
//! `prlab-<pid>-<start time>-...`. The start time tells a dead owner from an unrelated process that was
//! given the same pid. Nothing without the prefix is ever touched, nor anything whose owner lives.

use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::Command;
use std::{env, fs, process};

const PREFIX: &str = "prlab";
const NAMED_NAMESPACES: &str = "/run/netns";

/// The part of a name that identifies this process: prefix, pid, start time.
pub(crate) fn owner_tag() -> String {
    let pid = process::id();
    format!("{PREFIX}-{pid}-{}", start_time(pid).unwrap_or_default())
}

/// Removes named namespaces and scratch directories whose owner is gone.
///
/// Best effort: two labs may do it at the same time, and the dead owner's own clean-up may still be under way.
pub(crate) fn reap() {
    for name in orphans(Path::new(NAMED_NAMESPACES)) {
        for pid in pids_in(&name) {
            let _ = kill_process(pid, Signal::KILL);
        }
        drop(Command::new("ip").args(["netns", "del", &name]).output());
    }
    let scratch = env::temp_dir();
    for name in orphans(&scratch) {
        drop(fs::remove_dir_all(scratch.join(name)));
    }
}

fn orphans(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| is_orphan(name)).collect()
}

fn is_orphan(name: &str) -> bool {
    let mut parts = name.split('-');
    if parts.next() != Some(PREFIX) {
        return false;
    }
    let (Some(pid), Some(started)) = (parse(parts.next()), parse(parts.next())) else { return false };
    u32::try_from(pid).is_ok_and(|pid| start_time(pid) != Some(started))
}

fn parse(part: Option<&str>) -> Option<u64> {
    part.and_then(|part| part.parse().ok())
}

/// Start time in clock ticks since boot: field 22 of `/proc/<pid>/stat`, counted after the name, which may hold
/// spaces and parentheses (proc(5)). None when there is no such process.
fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    parse(after_name.split_whitespace().nth(19))
}

fn pids_in(namespace: &str) -> Vec<Pid> {
    let Ok(output) = Command::new("ip").args(["netns", "pids", namespace]).output() else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).filter_map(Pid::from_raw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_dead_owners_are_orphans() {
        assert!(!is_orphan(&format!("{}-0-server", owner_tag())), "this process lives");
        assert!(is_orphan(&format!("{PREFIX}-{}-1-0-server", process::id())), "same pid, other start time");
        assert!(is_orphan(&format!("{PREFIX}-4194305-17-0-server")), "above the kernel's largest pid");
    }

    #[test]
    fn foreign_names_are_left_alone() {
        for name in ["server", "prlab", "prlab-", "prlab-x-1-0", "prlab-4194305", "cni-4194305-17"] {
            assert!(!is_orphan(name), "{name}");
        }
    }
}
