//! Rules about processes.

use portreeve_model::process::Ancestor;
use portreeve_model::{Protocol, Severity};

use crate::findings::testing::{Machine, unit};
use crate::findings::{FileState, executable, masquerade, preload};

fn deleted_at(path: &str, file: FileState) -> Machine {
    let mut machine = Machine::new();
    machine.file = file;
    let process = machine.process(7, path);
    process.executable.as_mut().unwrap().deleted = true;
    process.unit = Some(unit("app.service"));
    machine
}

#[test]
fn a_deleted_executable_is_graver_where_no_upgrade_explains_it() {
    for (path, file, severity) in [
        ("/usr/sbin/app", FileState::Present, Severity::Low),
        ("/usr/sbin/app", FileState::Absent, Severity::Medium),
        ("/usr/sbin/app", FileState::Unseen, Severity::Medium),
        ("/tmp/app", FileState::Present, Severity::High),
        ("/dev/shm/app", FileState::Absent, Severity::High),
    ] {
        let finding = deleted_at(path, file).only(executable::deleted);
        assert_eq!(finding.severity, severity, "{path} {file:?}: {}", finding.title);
        assert!(finding.fix.iter().any(|fix| fix.contains("systemctl restart app.service")), "{finding:#?}");
    }
    let mut machine = Machine::new();
    machine.process(7, "/usr/sbin/app");
    assert!(machine.find(executable::deleted).is_empty());
}

#[test]
fn processes_of_one_program_share_a_finding() {
    let mut machine = Machine::new();
    for pid in 10..20 {
        machine.process(pid, "/usr/sbin/nginx").executable.as_mut().unwrap().deleted = true;
    }
    machine.listen(Protocol::Tcp, "0.0.0.0:80", &[10, 11]);
    let finding = machine.only(executable::deleted);
    assert_eq!(finding.subjects.len(), 10);
    assert!(finding.evidence.iter().any(|line| line == "listens on tcp 0.0.0.0:80"), "{finding:#?}");
}

#[test]
fn a_memfd_executable_is_told_unless_it_is_a_container_runtimes_clone() {
    let mut machine = Machine::new();
    let process = machine.process(7, "/memfd:payload");
    process.executable.as_mut().unwrap().memfd = true;
    process.executable.as_mut().unwrap().deleted = true;
    assert_eq!(machine.only(executable::memfd).severity, Severity::High);
    assert!(machine.find(executable::deleted).is_empty(), "told twice");

    let clone = |parent: &str| {
        let mut machine = Machine::new();
        let process = machine.process(7, "/memfd:runc_cloned:/proc/self/exe");
        process.executable.as_mut().unwrap().memfd = true;
        process.name = "exe".into();
        process.parents = vec![Ancestor { pid: 5, name: parent.into() }];
        machine.find(executable::memfd).len()
    };
    assert_eq!(clone("containerd-shim"), 0);
    assert_eq!(clone("bash"), 1, "the name of a memfd is anyone's choice");
}

#[test]
fn an_executable_where_everyone_may_write() {
    let mut machine = Machine::new();
    let process = machine.process(7, "/tmp/x");
    process.executable.as_mut().unwrap().world_writable_directory = Some("/tmp".to_owned());
    assert_eq!(machine.only(executable::world_writable).severity, Severity::High);
    machine.snapshot.processes[0].executable.as_mut().unwrap().deleted = true;
    assert!(machine.find(executable::world_writable).is_empty(), "told as deleted");
    assert_eq!(machine.only(executable::deleted).severity, Severity::High);
}

#[test]
fn libraries_preloaded_into_everything_are_told_once() {
    let mut machine = Machine::new();
    assert!(machine.find(preload::ld_so_preload).is_empty());
    machine.snapshot.host.preloaded = vec!["/usr/local/lib/libprocesshider.so".to_owned()];
    let finding = machine.only(preload::ld_so_preload);
    assert_eq!((finding.severity, &*finding.id), (Severity::High, "process/ld-so-preload"));
    machine.snapshot.host.preloaded = vec!["/usr/lib/x86_64-linux-gnu/libjemalloc.so.2".to_owned()];
    assert_eq!(machine.only(preload::ld_so_preload).severity, Severity::Info);
}

#[test]
fn preloaded_libraries_by_place_and_name() {
    for (value, severity) in [
        ("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", Severity::Info),
        ("libeatmydata.so", Severity::Info),
        ("/usr/local/lib/libunknown.so", Severity::Medium),
        ("/home/u/libjemalloc.so", Severity::Medium),
        ("/usr/lib/libjemalloc.so:/tmp/x.so", Severity::High),
        ("/usr/lib/.hidden/libselinux.so", Severity::High),
        ("/usr/lib/../../home/u/libjemalloc.so", Severity::Medium),
    ] {
        let mut machine = Machine::new();
        machine.process(7, "/usr/sbin/app").ld_preload = Some(value.to_owned());
        assert_eq!(machine.only(preload::ld_preload).severity, severity, "{value}");
    }
    for nothing in [None, Some(""), Some(" : ")] {
        let mut machine = Machine::new();
        machine.process(7, "/usr/sbin/app").ld_preload = nothing.map(str::to_owned);
        assert!(machine.find(preload::ld_preload).is_empty(), "{nothing:?}");
    }
}

#[test]
fn a_program_that_calls_itself_a_kernel_thread() {
    for (name, zeroth, severity) in [
        ("kworker/0:1", "/home/u/miner", Severity::Critical),
        ("miner", "[kworker/0:0]", Severity::Critical),
        ("kthreadd", "[kthreadd]", Severity::Critical),
        ("miner", "[diskcheck]", Severity::High),
    ] {
        let mut machine = Machine::new();
        let process = machine.process(7, "/home/u/miner");
        process.name = name.into();
        process.command_line = vec![zeroth.to_owned()];
        assert_eq!(machine.only(masquerade::kernel_thread).severity, severity, "{name} {zeroth}");
    }
}

#[test]
fn kernel_threads_zombies_and_odd_titles_are_innocent() {
    let mut machine = Machine::new();
    let thread = machine.process(2, "kthreadd");
    thread.executable = None;
    thread.command_line = Vec::new();
    thread.kernel_thread = true;
    let zombie = machine.process(3, "kworker");
    zombie.name = "kworker/1:0".into();
    zombie.executable = None;
    zombie.command_line = Vec::new();
    let monitor = machine.process(4, "/usr/bin/lxc-start");
    monitor.command_line = vec!["[lxc monitor] /var/lib/lxc one".to_owned()];
    machine.process(5, "/usr/sbin/watchdog");
    assert!(machine.find(masquerade::kernel_thread).is_empty());
}

fn called(name: &str, command_line: &[&str], path: &str) -> Machine {
    let mut machine = Machine::new();
    let process = machine.process(7, path);
    process.name = name.into();
    process.command_line = command_line.iter().map(|&argument| argument.to_owned()).collect();
    machine
}

#[test]
fn a_program_that_calls_itself_a_daemon() {
    for (name, command_line, path, severity) in [
        ("sshd", &["/usr/sbin/sshd"][..], "/home/u/xmrig", Severity::High),
        ("xmrig", &["sshd: root@pts/0"], "/dev/shm/x", Severity::High),
        ("systemd-journal", &["x"], "/var/lib/x/agent", Severity::High),
        ("nginx", &["nginx"], "/opt/vendor/gateway", Severity::Low),
        // The classic Perl bot overwrites $0.
        ("httpd", &["/usr/sbin/httpd"], "/usr/bin/perl", Severity::Medium),
        ("thttpd", &["crond"], "/srv/app/thttpd", Severity::High),
    ] {
        let finding = called(name, command_line, path).only(masquerade::daemon);
        assert_eq!(finding.severity, severity, "{name} {path}");
    }
}

#[test]
fn honest_differences_between_name_and_executable() {
    for (name, command_line, path) in [
        ("sshd", &["sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"][..], "/usr/sbin/sshd"),
        ("sshd-session", &["sshd-session: root [priv]"], "/usr/lib/openssh/sshd-session"),
        ("sshd", &["sshd: root@pts/0"], "/usr/lib/openssh/sshd-session"),
        ("nginx", &["nginx: worker process"], "/usr/sbin/nginx"),
        ("nginx", &["nginx: master process /usr/sbin/nginx"], "/usr/sbin/nginx.old"),
        ("systemd", &["/sbin/init"], "/usr/lib/systemd/systemd"),
        ("(sd-pam)", &["(sd-pam)"], "/usr/lib/systemd/systemd"),
        ("systemd-udevd", &["/lib/systemd/systemd-udevd"], "/usr/bin/udevadm"),
        ("systemd-network", &["/lib/systemd/systemd-networkd"], "/usr/lib/systemd/systemd-networkd"),
        ("systemd-resolve", &["/lib/systemd/systemd-resolved"], "/usr/lib/systemd/systemd-resolved"),
        ("httpd", &["httpd", "-f"], "/bin/busybox"),
        ("httpd-prefork", &["/usr/sbin/httpd-prefork"], "/usr/sbin/httpd-prefork"),
        ("cron", &["/usr/bin/python3", "/usr/sbin/cron"], "/usr/bin/python3.11"),
        ("syslogd", &["/sbin/syslogd"], "/usr/sbin/inetutils-syslogd"),
        ("containerd", &["containerd"], "/var/lib/rancher/k3s/data/abc/bin/k3s"),
        ("nginx", &["nginx"], "/usr/bin/qemu-aarch64-static"),
        ("postgres", &["postgres: walwriter"], "/usr/lib/postgresql/15/bin/postgres"),
        ("crond", &["crond"], "/usr/sbin/cron"),
        ("thttpd", &["/usr/sbin/thttpd"], "/usr/sbin/thttpd"),
        ("app", &[], "/home/u/app"),
    ] {
        let found = called(name, command_line, path).find(masquerade::daemon);
        assert!(found.is_empty(), "{found:#?}");
    }
    let mut machine = called("sshd", &["sshd"], "/x");
    machine.snapshot.processes[0].executable = None;
    assert!(machine.find(masquerade::daemon).is_empty(), "an executable that was not seen proves nothing");
}
