//! Against the running kernel, with `/proc` as the oracle. They need root (and fail without).

#![expect(unsafe_code, reason = "a test thread takes a mount namespace or descriptor table of its own")]

use std::collections::BTreeSet;
use std::fs;
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio, id};

use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, UnshareFlags, gettid, set_capabilities, unshare_unsafe};

use super::error::Missing;
use super::layout::Layout;
use super::load::{open_walk, refusal};
use super::*;

/// Process, descriptor, inode.
type Holding = (u32, u32, u64);

/// A process that holds what it was given as its standard streams, until the test is over.
struct Holder(Child);

impl Holder {
    fn of(sockets: [OwnedFd; 3]) -> Self {
        let [input, output, error] = sockets.map(Stdio::from);
        let mut command = Command::new("sleep");
        Self(command.arg("60").stdin(input).stdout(output).stderr(error).spawn().unwrap())
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn records() -> Vec<FileRecord> {
    socket_holders().expect("the descriptor iterator needs root and Linux 5.8 with BTF").records
}

fn inode(socket: &impl AsRawFd) -> u64 {
    fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap().ino()
}

/// In a thread, so that what it changes for itself ends with it.
fn in_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join()).unwrap()
}

/// The sockets of a process, as `/proc` tells.
fn from_proc(pid: u32) -> BTreeSet<Holding> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    entries
        .filter_map(|entry| {
            let entry = entry.unwrap();
            // The descriptor that reads the directory, and those of other tests, may be gone by now.
            let target = fs::read_link(entry.path()).ok()?.to_str()?.to_owned();
            let inode = target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().unwrap();
            Some((pid, entry.file_name().to_str()?.parse().unwrap(), inode))
        })
        .collect()
}

#[test]
fn finds_a_socket_of_this_process() {
    assert_eq!(availability(), Ok(()));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let fd = socket.as_raw_fd().unsigned_abs();
    let records = records();
    let record = records.iter().find(|record| (record.pid, record.inode) == (id(), inode(&socket)));
    let record = record.unwrap();
    assert_eq!((record.tid, record.fd), (id(), fd));
    assert_eq!(record.kind, FileKind::Socket);

    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let ticks: u64 = after_name.split(' ').nth(22 - 3).unwrap().parse().unwrap();
    let per_tick = 1_000_000_000 / rustix::param::clock_ticks_per_second();
    assert_eq!(record.started / per_tick, ticks);
}

#[test]
fn finds_all_holders_of_a_shared_socket() {
    let socket = UnixDatagram::unbound().unwrap();
    let inode = inode(&socket);
    let other = UnixDatagram::unbound().unwrap();
    let holder = Holder::of([
        socket.try_clone().unwrap().into(),
        other.try_clone().unwrap().into(),
        socket.try_clone().unwrap().into(),
    ]);
    // A process that another test is just starting has a copy of this table until it executes.
    let found: BTreeSet<(u32, u32)> = records()
        .iter()
        .filter(|record| record.inode == inode && [id(), holder.pid()].contains(&record.pid))
        .map(|record| (record.pid, record.fd))
        .collect();
    let own = socket.as_raw_fd().unsigned_abs();
    assert_eq!(found, BTreeSet::from([(id(), own), (holder.pid(), 0), (holder.pid(), 2)]));
}

/// 5,000 sockets are more than one read of the iterator gives.
#[test]
fn agrees_with_proc() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let sockets: Vec<UnixDatagram> = (0..5_000).map(|_| UnixDatagram::unbound().unwrap()).collect();
    let holders: Vec<Holder> =
        (0..8).map(|_| Holder::of([(); 3].map(|()| UnixDatagram::unbound().unwrap().into()))).collect();

    let ours: BTreeSet<u64> = sockets.iter().map(inode).collect();
    let pids: BTreeSet<u32> = holders.iter().map(Holder::pid).collect();
    let expected: BTreeSet<Holding> = pids
        .iter()
        .flat_map(|&pid| from_proc(pid))
        .chain(from_proc(id()).into_iter().filter(|holding| ours.contains(&holding.2)))
        .collect();
    assert_eq!(expected.len(), 5_000 + 8 * 3);
    let found: Vec<Holding> = records()
        .iter()
        // Other tests' threads have copies of this process's table.
        .filter(|record| record.tid == record.pid && record.kind == FileKind::Socket)
        .filter(|record| pids.contains(&record.pid) || record.pid == id() && ours.contains(&record.inode))
        .map(|record| (record.pid, record.fd, record.inode))
        .collect();
    assert_eq!(found.len(), expected.len());
    assert_eq!(BTreeSet::from_iter(found), expected);
}

#[test]
fn finds_a_namespace_held_by_a_descriptor() {
    let namespace = fs::File::open("/proc/self/ns/net").unwrap();
    let fd = namespace.as_raw_fd().unsigned_abs();
    let number = namespace.metadata().unwrap().ino();
    let is_it = |record: &&FileRecord| (record.pid, record.fd, record.inode) == (id(), fd, number);
    assert_eq!(records().iter().find(is_it).unwrap().kind, FileKind::Namespace);
}

/// The way to hide a process that needs no kernel module.
#[test]
fn finds_a_holder_that_a_mount_hides_from_proc() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let inode = inode(&socket);
    let holder = Holder::of([(); 3].map(|()| socket.try_clone().unwrap().into()));
    let directory = format!("/proc/{}", holder.pid());
    let empty = tempfile::tempdir().unwrap();
    in_thread(|| {
        // SAFETY: only the mount namespace, root and working directory of this thread become its own.
        unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.expect("needs root");
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).unwrap();
        mount_bind(empty.path(), &directory).unwrap();
        assert!(fs::read_dir(format!("{directory}/fd")).is_err(), "the process is hidden");
        let held =
            records().iter().filter(|record| (record.pid, record.inode) == (holder.pid(), inode)).count();
        assert_eq!(held, 3);
    });
}

#[test]
fn finds_what_only_a_thread_holds() {
    in_thread(|| {
        // SAFETY: this thread closes none of the descriptors that it copies and owns none that others use.
        unsafe { unshare_unsafe(UnshareFlags::FILES) }.unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let inode = fs::metadata(format!("/proc/thread-self/fd/{}", socket.as_raw_fd())).unwrap().ino();
        let records = records();
        let record = records.iter().find(|record| record.inode == inode).unwrap();
        let tid = gettid().as_raw_nonzero().get().unsigned_abs();
        assert_eq!((record.pid, record.tid), (id(), tid));
    });
}

#[test]
fn leaves_no_descriptor_behind() {
    in_thread(|| {
        // SAFETY: as above; a table of its own, so that other tests do not change the count.
        unsafe { unshare_unsafe(UnshareFlags::FILES) }.unwrap();
        let open = || fs::read_dir("/proc/thread-self/fd").unwrap().count();
        let before = open();
        records();
        assert_eq!(open(), before);
    });
}

#[test]
fn without_capabilities_it_is_not_permitted() {
    in_thread(|| {
        let none = CapabilitySet::empty();
        set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
            .unwrap();
        assert_eq!(availability(), Err(BpfError::NotPermitted));
        assert_eq!(socket_holders(), Err(BpfError::NotPermitted));
    });
}

/// Runs itself again in a PID namespace with its own `/proc`.
#[test]
fn refuses_in_another_pid_namespace() {
    const MARK: &str = "PORTREEVE_TEST_NESTED";
    if std::env::var_os(MARK).is_some() {
        assert_eq!(availability(), Err(BpfError::NotInitialPidNamespace));
        assert_eq!(socket_holders(), Err(BpfError::NotInitialPidNamespace));
        return;
    }
    let nested = Command::new("unshare")
        .args(["--pid", "--fork", "--mount-proc"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "bpf::tests::refuses_in_another_pid_namespace"])
        .env(MARK, "1")
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&nested.stdout);
    assert!(nested.status.success() && report.contains("1 passed"), "{report}");
}

/// A field where the kernel has another: not a wrong answer, and not a crash.
#[test]
fn a_wrong_layout_is_rejected_with_the_verifiers_words() {
    let layout = Layout::of_running_kernel().unwrap();
    let wrong = Layout { inode_superblock: layout.inode_number.offset, ..layout };
    match open_walk(&wrong) {
        Err(BpfError::Rejected { errno: Errno::ACCESS | Errno::INVAL, log }) => {
            assert!(log.contains("invalid mem access"), "{log}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn refusals_are_told_apart() {
    let quiet = |errno| refusal(errno, String::new());
    assert_eq!(quiet(Errno::PERM), BpfError::NotPermitted);
    assert_eq!(quiet(Errno::ACCESS), BpfError::NotPermitted);
    assert_eq!(quiet(Errno::NOSYS), BpfError::Unsupported(Missing::SystemCall));
    assert_eq!(quiet(Errno::INVAL), BpfError::Unsupported(Missing::IteratorPrograms));
    assert!(matches!(refusal(Errno::ACCESS, "R1 ...".into()), BpfError::Rejected { .. }));
}
