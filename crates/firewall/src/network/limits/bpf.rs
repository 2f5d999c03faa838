//! BPF programs of control groups and at netfilter's hooks.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use portreeve_linux::bpf::{self, BpfError};
use portreeve_wire::proc::mounts;

use super::Limit;

/// Control groups looked at before giving up; a machine with thousands of containers has some ten thousand.
const MOST_GROUPS: usize = 100_000;

/// The programs attached to any control group of version 2.
pub(crate) fn cgroups(limits: &mut Vec<Limit>) {
    let Some(root) = root() else { return };
    let mut pending = vec![root.clone()];
    let mut seen = 0;
    while let Some(group) = pending.pop() {
        seen += 1;
        if seen > MOST_GROUPS {
            let error = format!("more than {MOST_GROUPS} control groups");
            limits.push(Limit::not_read("BPF programs of the remaining control groups", &error, false));
            return;
        }
        match bpf::cgroup_programs(&group) {
            Ok(programs) => {
                limits.extend(programs.into_iter().map(|program| Limit::CgroupBpf {
                    cgroup: name(&group, &root),
                    attached: program.point.name.to_owned(),
                    program: program.id,
                    name: program.name,
                }));
            }
            // Control groups come and go.
            Err(BpfError::System { errno: portreeve_linux::Errno::NOENT, .. }) => continue,
            Err(error) => {
                let permission = matches!(error, BpfError::NotPermitted);
                limits.push(Limit::not_read("BPF programs of control groups", &error, permission));
                return;
            }
        }
        let children = fs::read_dir(&group).into_iter().flatten().flatten();
        pending.extend(
            children
                .filter(|child| child.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|child| child.path()),
        );
    }
}

/// The programs at netfilter's hooks.
pub(crate) fn netfilter_programs(limits: &mut Vec<Limit>) {
    match bpf::netfilter_programs() {
        Ok(programs) => limits.extend(programs.into_iter().map(|program| Limit::NetfilterBpf {
            family: program.family,
            hook: program.hook,
            priority: program.priority,
            program: program.program,
            name: program.name,
        })),
        Err(error) => {
            let permission = matches!(error, BpfError::NotPermitted);
            limits.push(Limit::not_read("BPF programs at netfilter's hooks", &error, permission));
        }
    }
}

/// Where the hierarchy of version 2 is mounted, if it is.
fn root() -> Option<PathBuf> {
    let text = fs::read("/proc/self/mountinfo").ok()?;
    mounts(&text)
        .flatten()
        .find(|mount| mount.file_system == b"cgroup2")
        .map(|mount| Path::new(std::ffi::OsStr::from_bytes(&mount.mount_point)).to_path_buf())
}

fn name(group: &Path, root: &Path) -> String {
    let below = group.strip_prefix(root).unwrap_or(group);
    format!("/{}", below.display())
}
