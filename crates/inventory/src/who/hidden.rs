//! The search for whoever holds a socket that no process seems to hold.

use std::sync::Arc;

use portreeve_linux::Errno;
use portreeve_linux::bpf::{self, FileKind};
use portreeve_linux::proc::{DescriptorScratch, Proc, ProcessDirectory, unlisted_processes};
use portreeve_wire::proc::{FdTarget, mounts};
use rustc_hash::FxHashMap;

use super::{Disguise, HiddenProcess, ParkedDescriptor, Parking};
use crate::collect::BpfUse;

/// Looks for processes that are hidden: by a mount over their directory, from the listing, or with some of their
/// descriptors. `inodes` are the sockets without a holder.
pub(super) fn hidden_processes(proc: &Proc, inodes: &[u64], bpf: BpfUse) -> Vec<HiddenProcess> {
    let mut found = covered();
    let listed = proc.pids().unwrap_or_default();
    let pid_max = portreeve_linux::sysctl::read("kernel.pid_max").ok().and_then(|text| text.parse().ok());
    let relist = || proc.pids().unwrap_or_default();
    for pid in unlisted_processes(&listed, pid_max.unwrap_or(32_768), relist).unwrap_or_default() {
        if found.iter().all(|other| other.pid != pid) {
            found.push(HiddenProcess { pid, disguise: Disguise::Unlisted, holds: false, name: None });
        }
    }
    let holders = if bpf == BpfUse::Allowed { kernel_says(inodes) } else { Vec::new() };
    // A process that may not be looked into hides nothing: that it is closed is told as such.
    for pid in holders.into_iter().filter(|pid| !is_closed(proc, *pid)) {
        match found.iter_mut().find(|other| other.pid == pid) {
            Some(process) => process.holds = true,
            None => {
                found.push(HiddenProcess { pid, disguise: Disguise::Descriptors, holds: true, name: None });
            }
        }
    }
    found.sort_by_key(|process| (!process.holds, process.pid));
    found
}

fn is_closed(proc: &Proc, pid: u32) -> bool {
    let look =
        |process: ProcessDirectory| process.each_descriptor(&mut DescriptorScratch::default(), |_, _| {});
    matches!(proc.process(pid).and_then(look), Err(Errno::ACCESS | Errno::PERM))
}

/// Processes whose `/proc/PID` has something mounted over it.
fn covered() -> Vec<HiddenProcess> {
    let text = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mut found: Vec<HiddenProcess> = Vec::new();
    for mount in mounts(&text).flatten() {
        let point = String::from_utf8_lossy(&mount.mount_point).into_owned();
        let Some(pid) = process_of(&point) else { continue };
        if found.iter().all(|other| other.pid != pid) {
            let file_system = String::from_utf8_lossy(mount.file_system).into_owned();
            let disguise = Disguise::Mount { point, file_system };
            found.push(HiddenProcess { pid, disguise, holds: false, name: None });
        }
    }
    found
}

/// `/proc/1234` and anything below it.
fn process_of(path: &str) -> Option<u32> {
    path.strip_prefix("/proc/")?.split('/').next()?.parse().ok()
}

/// Who holds the sockets by the kernel's own tables of descriptors, which nothing in `/proc` can change. Empty where
/// the kernel cannot be asked.
fn kernel_says(inodes: &[u64]) -> Vec<u32> {
    let files = match bpf::socket_holders() {
        Ok(files) => files,
        Err(error) => {
            tracing::debug!(%error, "the kernel's table of descriptors cannot be read");
            return Vec::new();
        }
    };
    let mut pids: Vec<u32> = files
        .records
        .iter()
        .filter(|record| record.kind == FileKind::Socket && inodes.contains(&record.inode))
        .map(|record| record.pid)
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// Looks for sockets that are alive without a descriptor: registered with an `io_uring`, or sent over an `AF_UNIX`
/// socket and not received yet. Both show in `/proc/PID/fdinfo` of the ring or of the socket.
pub(super) fn parked_descriptors(proc: &Proc, inodes: &[u64]) -> Vec<ParkedDescriptor> {
    let mut parked = Vec::new();
    let mut scratch = DescriptorScratch::default();
    let mut text = Vec::new();
    let mut in_flight: FxHashMap<u32, ParkedDescriptor> = FxHashMap::default();
    for pid in proc.pids().unwrap_or_default() {
        let Ok(process) = proc.process(pid) else { continue };
        let mut candidates: Vec<(u32, bool)> = Vec::new();
        let _ = process.each_descriptor(&mut scratch, |fd, link| {
            let ring = link.starts_with(b"anon_inode:[io_uring]");
            if ring || FdTarget::socket_inode(link).is_some() {
                candidates.push((fd, ring));
            }
        });
        for (fd, ring) in candidates {
            let Ok(path) = std::ffi::CString::new(format!("fdinfo/{fd}")) else { continue };
            if process.read(&path, &mut text).is_err() {
                continue;
            }
            let name = || {
                let mut comm = Vec::new();
                let _ = process.read(c"comm", &mut comm);
                Arc::from(String::from_utf8_lossy(comm.trim_ascii_end()))
            };
            if ring && ring_has(&text, inodes) {
                parked.push(ParkedDescriptor { pid, name: name(), fd, parking: Parking::IoUring });
            } else if let Some(number) = descriptors_in_flight(&text).filter(|_| !ring) {
                in_flight.entry(pid).or_insert_with(|| ParkedDescriptor {
                    pid,
                    name: name(),
                    fd,
                    parking: Parking::InFlight(number),
                });
            }
        }
    }
    // What is certain makes guesses superfluous.
    if parked.is_empty() {
        parked.extend(in_flight.into_values());
        parked.sort_by_key(|parked| parked.pid);
    }
    parked
}

/// Whether an `io_uring`'s fdinfo lists one of the sockets (`io_uring/fdinfo.c`, "`UserFiles`").
fn ring_has(fdinfo: &[u8], inodes: &[u64]) -> bool {
    let text = String::from_utf8_lossy(fdinfo);
    inodes.iter().any(|inode| text.contains(&format!("socket:[{inode}]")))
}

/// `scm_fds: N` of an `AF_UNIX` socket (`net/unix/af_unix.c`, `unix_show_fdinfo`), if it is more than none.
fn descriptors_in_flight(fdinfo: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(fdinfo);
    let number = text.lines().find_map(|line| line.strip_prefix("scm_fds:"))?.trim().parse().ok()?;
    (number > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fdinfo_of_rings_and_unix_sockets_is_read() {
        let unix = b"pos:\t0\nflags:\t02\nmnt_id:\t9\nino:\t77\nscm_fds: 2\n";
        assert_eq!(descriptors_in_flight(unix), Some(2));
        assert_eq!(descriptors_in_flight(b"scm_fds: 0\n"), None);
        assert_eq!(descriptors_in_flight(b"pos:\t0\n"), None);
        let ring = b"SqMask:\t0x7\nUserFiles:\t1\n    0: socket:[4711]\nUserBufs:\t0\n";
        assert!(ring_has(ring, &[4711]));
        assert!(!ring_has(ring, &[471, 711]));
    }

    #[test]
    fn only_paths_of_processes_name_one() {
        assert_eq!(process_of("/proc/12"), Some(12));
        assert_eq!(process_of("/proc/12/fd"), Some(12));
        assert_eq!(process_of("/proc/sys/fs/binfmt_misc"), None);
        assert_eq!(process_of("/proc"), None);
    }
}
