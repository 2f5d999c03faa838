//! Processes that `/proc` does not show at all, so that "no process holds it" may not be said.

use std::os::unix::fs::MetadataExt;

use portreeve_linux::capabilities::Privileges;
use portreeve_model::{Unseen, UnseenReason, UnseenSubject};
use portreeve_wire::proc::mounts;

/// `PROC_PID_INIT_INO`, `include/linux/proc_ns.h`: the inode number of the initial PID namespace, on every kernel.
const INITIAL_PID_NAMESPACE: u64 = 0xefff_fffc;

/// Whether `/proc` is mounted so that other users' processes do not show (`man 5 proc`, hidepid).
pub(super) fn hidden_by_mount_option(privileges: Privileges) -> Option<Unseen> {
    if privileges.read_processes {
        return None;
    }
    let text = std::fs::read("/proc/self/mountinfo").ok()?;
    let hidden = mounts(&text).flatten().filter(|mount| *mount.mount_point == *b"/proc").any(|mount| {
        mount.super_options.split(|byte| *byte == b',').any(|option| {
            option.strip_prefix(b"hidepid=").is_some_and(|value| !matches!(value, b"0" | b"off"))
        })
    });
    hidden.then(|| Unseen {
        subject: UnseenSubject::Processes,
        reason: UnseenReason::Permission,
        count: 1,
        detail: "/proc is mounted with hidepid: processes of other users do not show at all".into(),
        remedy: Some("run it as root, or as a member of the group that the mount's gid= option names".into()),
    })
}

/// Whether this runs in a PID namespace below the machine's own: sockets that are shared with processes outside, as
/// in a container with the host's network, then have holders that do not show.
pub(super) fn outside_of_pid_namespace() -> Option<Unseen> {
    let namespace = std::fs::metadata("/proc/self/ns/pid").ok()?.ino();
    (namespace != INITIAL_PID_NAMESPACE).then(|| Unseen {
        subject: UnseenSubject::Processes,
        reason: UnseenReason::Permission,
        count: 1,
        detail:
            "this runs in a PID namespace of its own, as in a container: processes outside do not show at all"
                .into(),
        remedy: Some("run it on the host, outside of the container".into()),
    })
}
