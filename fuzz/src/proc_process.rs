//! What `/proc` says of one process, and `/etc/passwd`.

use portreeve_wire::proc::{
    FdTarget, Stat, Status, arguments, cgroups, environment_value, mounts, passwd_entries,
};

/// Reads `data` as each of the files.
pub fn run(data: &[u8]) {
    if let Ok(stat) = Stat::parse(data) {
        let name = [b"(".as_slice(), stat.comm, b")"].concat();
        assert!(data.windows(name.len()).any(|window| window == name), "the name stands between parentheses");
    }
    if let Ok(status) = Status::parse(data) {
        assert!(status.namespace_pids.count() <= data.len());
    }
    for group in cgroups(data).flatten() {
        assert!(!group.controllers.contains(&b':'), "a path may hold colons, controllers not");
    }
    for mount in mounts(data).flatten() {
        assert!(mount.mount_point.len() <= data.len());
    }
    let _users = passwd_entries(data).count();

    let written: usize = arguments(data).map(|argument| argument.len() + 1).sum();
    assert!(written <= data.len() + 1 && arguments(data).all(|argument| !argument.contains(&0)));
    if let Some(value) = environment_value(data, "LD_PRELOAD") {
        assert!(!value.contains(&0));
    }
    let target = FdTarget::parse(data);
    assert_eq!(
        FdTarget::socket_inode(data),
        if let FdTarget::Socket(inode) = target { Some(inode) } else { None },
        "both readings of a link agree"
    );
}
