//! Limits of the cgroups that the holders are in, in either version.

use std::fs;
use std::path::Path;

use crate::facts::{GroupLimits, ServiceFacts, Used};
use crate::look::cgroup;

/// A limit of version 1 above this is none: the kernel prints the largest number of pages.
const UNLIMITED: u64 = 1 << 60;

/// The cgroups of the holders and those above them that have a limit.
pub(super) fn read(service: &ServiceFacts) -> Vec<GroupLimits> {
    let mut groups: Vec<GroupLimits> = Vec::new();
    for holder in &service.holders {
        let pid = holder.pid();
        let folders = [
            cgroup::unified(pid),
            cgroup::of_controller(pid, "memory"),
            cgroup::of_controller(pid, "pids"),
            cgroup::of_controller(pid, "cpu"),
        ];
        for folder in folders.iter().flatten().flat_map(cgroup::Folder::upwards) {
            let path = folder.to_string_lossy().into_owned();
            if groups.iter().all(|known| known.path != path) {
                groups.extend(Some(of_folder(folder, path)).filter(has_limits));
            }
        }
    }
    groups
}

/// Reads the same again: what was counted before stays beside what is counted now.
pub(super) fn read_again(groups: &mut [GroupLimits]) {
    for group in groups {
        let now = of_folder(Path::new(&group.path), group.path.clone());
        let both = |before: Option<(u64, u64)>, after: Option<(u64, u64)>| match (before, after) {
            (Some((before, _)), Some((_, after))) => Some((before, after)),
            (before, _) => before,
        };
        group.oom_kills = both(group.oom_kills, now.oom_kills);
        group.refused_forks = both(group.refused_forks, now.refused_forks);
        group.throttled = both(group.throttled, now.throttled);
        group.periods = both(group.periods, now.periods);
        group.memory = now.memory.or(group.memory);
        group.tasks = now.tasks.or(group.tasks);
    }
}

fn has_limits(group: &GroupLimits) -> bool {
    group.memory.is_some() || group.tasks.is_some() || group.periods.is_some_and(|(periods, _)| periods > 0)
}

fn of_folder(folder: &Path, path: String) -> GroupLimits {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let number = |name: &str| read(name).and_then(|text| text.trim().parse::<u64>().ok());
    let field = |name: &str, key: &str| read(name).as_deref().and_then(|text| value(text, key));
    let used = |used: Option<u64>, limit: Option<u64>| {
        let limit = limit.filter(|limit| *limit < UNLIMITED)?;
        Some(Used { used: used?, limit })
    };
    let twice = |count: Option<u64>| count.map(|count| (count, count));
    GroupLimits {
        path,
        memory: used(
            number("memory.current").or_else(|| number("memory.usage_in_bytes")),
            number("memory.max").or_else(|| number("memory.limit_in_bytes")),
        ),
        tasks: used(number("pids.current"), number("pids.max")),
        oom_kills: twice(
            field("memory.events", "oom_kill").or_else(|| field("memory.oom_control", "oom_kill")),
        ),
        refused_forks: twice(field("pids.events", "max")),
        throttled: twice(field("cpu.stat", "nr_throttled")),
        periods: twice(field("cpu.stat", "nr_periods")),
    }
}

/// The number behind a key, one pair a line.
fn value(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read_and_what_moved_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(root.path().join(name), text).unwrap();
        write("memory.current", "1000\n");
        write("memory.max", "1000\n");
        write("memory.events", "low 0\nhigh 0\nmax 7\noom 1\noom_kill 1\noom_group_kill 0\n");
        write("pids.current", "3\n");
        write("pids.max", "max\n");
        let mut groups = vec![of_folder(root.path(), root.path().to_string_lossy().into_owned())];
        assert_eq!(groups[0].memory, Some(Used { used: 1000, limit: 1000 }));
        assert_eq!((groups[0].tasks, groups[0].oom_kills), (None, Some((1, 1))));
        write("memory.events", "oom_kill 2\n");
        read_again(&mut groups);
        assert_eq!(groups[0].oom_kills, Some((1, 2)));

        let v1 = tempfile::tempdir().unwrap();
        fs::write(v1.path().join("memory.usage_in_bytes"), "5\n").unwrap();
        fs::write(v1.path().join("memory.limit_in_bytes"), "9223372036854771712\n").unwrap();
        fs::write(v1.path().join("memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n")
            .unwrap();
        let group = of_folder(v1.path(), String::new());
        assert_eq!((group.memory, group.oom_kills), (None, Some((4, 4))));
    }
}
