use portreeve_wire::proc::{
    FdTarget, Identities, Problem, Stat, Status, arguments, cgroups, environment_value, mounts,
    passwd_entries,
};

#[test]
fn a_stat_line_is_read() {
    let text = b"2455 (python3) S 2440 2440 2391 34816 2440 4194560 3042 0 0 0 5 1 0 0 20 0 3 0 183517 25681920 5024 18446744073709551615 1 1 0 0 0 0 0 16781312 2 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
    let stat = Stat::parse(text).unwrap();
    assert_eq!((stat.pid, stat.comm, stat.state, stat.parent), (2455, &b"python3"[..], b'S', 2440));
    assert_eq!((stat.process_group, stat.session, stat.tty), (2440, 2391, 34_816));
    assert_eq!((stat.threads, stat.start_time), (3, 183_517));
    assert!(!stat.is_kernel_thread() && !stat.has_ended());
}

#[test]
fn a_name_may_imitate_the_line_around_it() {
    let text = b"7 (a) R 1 (b c) Z 1 -1 -1 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 99\n";
    let stat = Stat::parse(text).unwrap();
    assert_eq!((stat.comm, stat.state, stat.start_time), (&b"a) R 1 (b c"[..], b'Z', 99));
    assert_eq!((stat.process_group, stat.session), (-1, -1));
    assert!(stat.is_kernel_thread() && stat.has_ended());
}

#[test]
fn stat_lines_cut_off_are_errors() {
    for text in
        [&b""[..], b"7", b"7 (a", b"7 )a(", b"7 (a)", b"7 (a) SS 1", b"7 (a) S 1 1 1 0 -1 0 0 0", b"x (a) S"]
    {
        assert!(Stat::parse(text).is_err(), "{text:?}");
    }
    assert_eq!(Stat::parse(b"7 (a) S"), Err(Problem::Missing("ppid")));
}

#[test]
fn a_status_is_read() {
    let text = b"Name:\tweird\\nname\\\\\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t41\nPid:\t41\nPPid:\t1\nTracerPid:\t0\nUid:\t1000\t0\t0\t0\nGid:\t1000\t1000\t1000\t1000\nNStgid:\t41\t7\nNSpid:\t41\t7\nThreads:\t4\nCapEff:\t000001ffffffffff\n";
    let status = Status::parse(text).unwrap();
    assert_eq!(&*status.name, b"weird\nname\\");
    assert_eq!(
        (status.tgid, status.parent, status.tracer, status.threads),
        (Some(41), Some(1), Some(0), Some(4))
    );
    assert_eq!(status.uid, Some(Identities { real: 1000, effective: 0, saved: 0, file_system: 0 }));
    assert_eq!(status.effective_capabilities, Some(0x1ff_ffff_ffff));
    assert_eq!(status.namespace_pids.collect::<Vec<_>>(), [41, 7]);
    assert_eq!(Status::parse(b"Uid:\t1\n"), Err(Problem::Missing("Uid")));
    assert_eq!(Status::parse(b"").unwrap(), Status::default());
}

#[test]
fn cgroups_of_both_versions_are_read() {
    let text = b"12:cpu,cpuacct:/\n1:name=systemd:/system.slice/nginx.service\n0::/user.slice/a:b\nbroken\n";
    let lines: Vec<_> = cgroups(text).collect();
    assert_eq!((lines[0].unwrap().hierarchy, lines[0].unwrap().controllers), (12, &b"cpu,cpuacct"[..]));
    assert!(lines[1].unwrap().is_systemd() && !lines[1].unwrap().is_unified());
    assert!(lines[2].unwrap().is_unified());
    assert_eq!(lines[2].unwrap().path, b"/user.slice/a:b");
    assert_eq!(lines[3].unwrap_err().line, 4);
}

#[test]
fn mounts_are_read_with_escapes() {
    let text = b"36 35 98:0 /a\\040b /run/netns/x\\011\\134y rw,noatime shared:1 master:2 - ext4 /dev/root rw,errors=continue\n40 36 0:4 net:[4026532208] /run/netns/blue rw shared:5 - nsfs nsfs rw\n41 36 0:5 / /x rw - tmpfs  rw\nbad\n";
    let mounts: Vec<_> = mounts(text).collect();
    let mount = mounts[0].as_ref().unwrap();
    assert_eq!((mount.id, mount.parent, mount.device), (36, 35, (98, 0)));
    assert_eq!((&*mount.root, &*mount.mount_point), (&b"/a b"[..], &b"/run/netns/x\t\\y"[..]));
    assert_eq!((mount.file_system, &*mount.source), (&b"ext4"[..], &b"/dev/root"[..]));
    assert_eq!(mount.super_options, b"rw,errors=continue");
    let mount = mounts[1].as_ref().unwrap();
    assert_eq!((&*mount.root, mount.file_system), (&b"net:[4026532208]"[..], &b"nsfs"[..]));
    let mount = mounts[2].as_ref().unwrap();
    assert_eq!((&*mount.source, mount.super_options), (&b""[..], &b"rw"[..]));
    assert_eq!(mounts[3].as_ref().unwrap_err().line, 4);
}

#[test]
fn arguments_are_separated() {
    let list = |text: &'static [u8]| arguments(text).collect::<Vec<_>>();
    assert_eq!(list(b"nginx\0-g\0daemon off;\0"), [&b"nginx"[..], b"-g", b"daemon off;"]);
    assert_eq!(list(b"nginx: worker process\0\0\0\0\0"), [&b"nginx: worker process"[..]]);
    assert_eq!(list(b"a\0\0b\0"), [&b"a"[..], b"", b"b"]);
    assert_eq!(list(b"a\0\0"), [&b"a"[..], b""]);
    assert_eq!(list(b"no nul \xff"), [&b"no nul \xff"[..]]);
    assert_eq!(list(b""), [&b""[..]; 0]);
    assert_eq!(list(b"\0\0\0"), [&b""[..]; 0]);
}

#[test]
fn the_environment_is_searched_by_whole_names() {
    let environ = b"XLD_PRELOAD=no\0LD_PRELOAD_X=no\0LD_PRELOAD=/tmp/a.so=b\0LD_PRELOAD=second\0EMPTY=\0";
    assert_eq!(environment_value(environ, "LD_PRELOAD"), Some(&b"/tmp/a.so=b"[..]));
    assert_eq!(environment_value(environ, "EMPTY"), Some(&b""[..]));
    assert_eq!(environment_value(environ, "LD"), None);
}

#[test]
fn link_targets_are_told_apart() {
    assert_eq!(FdTarget::parse(b"socket:[4711]"), FdTarget::Socket(4711));
    assert_eq!(FdTarget::socket_inode(b"socket:[4711]"), Some(4711));
    assert_eq!(FdTarget::socket_inode(b"pipe:[4711]"), None);
    assert_eq!(FdTarget::parse(b"socket:[x]"), FdTarget::Other(b"socket:[x]"));
    assert_eq!(FdTarget::parse(b"pipe:[5]"), FdTarget::Pipe(5));
    assert_eq!(FdTarget::parse(b"anon_inode:[eventpoll]"), FdTarget::Anonymous(b"eventpoll"));
    assert_eq!(FdTarget::parse(b"anon_inode:inotify"), FdTarget::Anonymous(b"inotify"));
    assert_eq!(
        FdTarget::parse(b"net:[4026531840]"),
        FdTarget::Namespace { kind: b"net", inode: 4_026_531_840 }
    );
    assert_eq!(FdTarget::parse(b"/memfd:x y (deleted)"), FdTarget::Memfd(b"x y"));
    assert_eq!(FdTarget::parse(b"/tmp/a (deleted)"), FdTarget::Path { path: b"/tmp/a", deleted: true });
    assert_eq!(FdTarget::parse(b"/tmp/a"), FdTarget::Path { path: b"/tmp/a", deleted: false });
    assert_eq!(FdTarget::parse(b""), FdTarget::Other(b""));
}

#[test]
fn users_are_read() {
    let text = b"root:x:0:0:root:/root:/bin/bash\n+::::::\nnobody:x:65534:65534:nobody:/nonexistent:\n";
    let users: Vec<_> = passwd_entries(text).collect();
    let root = users[0].unwrap();
    assert_eq!((root.name, root.uid, root.gid, root.home), (&b"root"[..], 0, 0, &b"/root"[..]));
    assert_eq!(users[1].unwrap_err().problem, Problem::Malformed("uid"));
    assert_eq!((users[2].unwrap().uid, users[2].unwrap().shell), (65_534, &b""[..]));
}
