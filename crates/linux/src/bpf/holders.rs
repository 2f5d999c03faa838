//! Every descriptor of every process that is a socket or a namespace, in one walk inside the kernel.
//!
//! Not in it, because no process holds them by a descriptor: sockets in flight in `SCM_RIGHTS` messages, sockets
//! registered with `io_uring`, the kernel's own.

use std::collections::HashSet;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;
use rustix::thread::CapabilitySet;

use super::BpfError;
use super::error::Missing;
use super::layout::Layout;
use super::load::open_walk;
use super::record::{FileRecord, RECORD_SIZE};

/// `PROC_PID_INIT_INO`, `include/linux/proc_ns.h`: the inode number of the initial PID namespace, on every kernel.
const INITIAL_PID_NAMESPACE: u64 = 0xefff_fffc;
/// A read gives at most 8 pages (`bpf_seq_read` in `kernel/bpf/bpf_iter.c`), 32 KiB where a page has 4.
const READ_SIZE: usize = 128 * 1024;

/// All that a walk found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SocketFiles {
    /// In ascending order of thread, then descriptor. A socket held twice is there twice; a descriptor of a table
    /// that several processes share is there for each of them, one that threads of a process share is there once.
    pub records: Vec<FileRecord>,
}

/// Walks the descriptor tables of all processes. Takes about 0.4 microseconds a descriptor, and some milliseconds to
/// learn the kernel's types and load the program.
pub fn socket_holders() -> Result<SocketFiles, BpfError> {
    require_initial_pid_namespace()?;
    let walk = open_walk(&Layout::of_running_kernel()?)?;
    read_walk(walk.as_fd())
}

/// Whether [`socket_holders`] has a chance: the PID namespace, the kernel's types and the capabilities, looked at
/// without loading anything. Security modules may still refuse, as may a kernel before 5.8.
pub fn availability() -> Result<(), BpfError> {
    require_initial_pid_namespace()?;
    rustix::fs::stat("/sys/kernel/btf/vmlinux").map_err(|_| BpfError::Unsupported(Missing::Btf))?;
    let held = rustix::thread::capabilities(None).map_err(BpfError::at("capget"))?.effective;
    let sufficient =
        held.contains(CapabilitySet::SYS_ADMIN) || held.contains(CapabilitySet::BPF | CapabilitySet::PERFMON);
    if sufficient { Ok(()) } else { Err(BpfError::NotPermitted) }
}

fn require_initial_pid_namespace() -> Result<(), BpfError> {
    match rustix::fs::stat("/proc/self/ns/pid") {
        Ok(status) if status.st_ino == INITIAL_PID_NAMESPACE => Ok(()),
        _ => Err(BpfError::NotInitialPidNamespace),
    }
}

fn read_walk(walk: BorrowedFd<'_>) -> Result<SocketFiles, BpfError> {
    let mut found = Found::default();
    let mut buffer: Vec<u8> = Vec::with_capacity(READ_SIZE);
    loop {
        match rustix::io::read(walk, rustix::buffer::spare_capacity(&mut buffer)) {
            Ok(0) => return Ok(found.files),
            Ok(_) => {}
            // AGAIN: a million descriptors were passed without one to report, and the kernel paused.
            Err(Errno::INTR | Errno::AGAIN) => continue,
            Err(errno) => return Err(BpfError::at("reading the iterator")(errno)),
        }
        let (records, incomplete) = buffer.as_chunks::<RECORD_SIZE>();
        records.iter().filter_map(FileRecord::decode).for_each(|record| found.add(record));
        buffer.drain(..buffer.len() - incomplete.len());
    }
}

#[derive(Debug, Default)]
struct Found {
    files: SocketFiles,
    /// Process, descriptor, inode of the records that are not from a main thread.
    of_threads: HashSet<(u32, u32, u64)>,
}

impl Found {
    /// The kernel leaves out a thread that shares its leader's table, but not the several threads that share the
    /// table of a leader that has ended.
    fn add(&mut self, record: FileRecord) {
        let main_thread = record.tid == record.pid;
        if main_thread || self.of_threads.insert((record.pid, record.fd, record.inode)) {
            self.files.records.push(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::FileKind;
    use super::*;

    #[test]
    fn a_table_shared_by_threads_without_their_leader_counts_once() {
        let of_thread =
            |tid, fd| FileRecord { pid: 7, tid, fd, kind: FileKind::Socket, inode: 100, started: 1 };
        let mut found = Found::default();
        for record in [(8, 3), (8, 4), (9, 3), (9, 4)] {
            found.add(of_thread(record.0, record.1));
        }
        assert_eq!(found.files.records, [of_thread(8, 3), of_thread(8, 4)]);
    }
}
