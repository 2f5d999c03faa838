//! Processes that exist and that `/proc` does not list.

use std::collections::HashSet;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Pids below `pid_max` that the kernel can open (`pidfd_open(2)`) although `listed` does not have them.
///
/// `pidfd_open` is asked about the number itself and does not pass through `/proc`: hidepid, a mount over
/// `/proc/PID` and a rootkit that edits directory listings do not change its answer. Threads are not opened by it
/// (`ENOENT` or `EINVAL`), so every hit is a process. A process started after `listed` was read would be a false
/// hit, so hits count only if they are still unlisted in `relist`, which is called after the sweep.
///
/// Costs one system call a number. `None` where the kernel has no pidfds (before Linux 5.3).
pub fn unlisted_processes(
    listed: &[u32],
    pid_max: u32,
    relist: impl FnOnce() -> Vec<u32>,
) -> Option<Vec<u32>> {
    let own = rustix::process::getpid();
    pidfd_open(own, PidfdFlags::empty()).ok()?;
    let known: HashSet<u32> = listed.iter().copied().collect();
    let candidates: Vec<u32> = (1..pid_max).filter(|pid| !known.contains(pid) && exists(*pid)).collect();
    if candidates.is_empty() {
        return Some(candidates);
    }
    let later: HashSet<u32> = relist().into_iter().collect();
    Some(candidates.into_iter().filter(|pid| !later.contains(pid) && exists(*pid)).collect())
}

fn exists(pid: u32) -> bool {
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
    number.is_some_and(|pid| pidfd_open(pid, PidfdFlags::empty()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proc::Proc;

    #[test]
    fn a_process_missing_from_the_list_is_found_and_threads_are_not() {
        let proc = Proc::open().unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id();
        let without = |pids: Vec<u32>| pids.into_iter().filter(|other| *other != pid).collect::<Vec<_>>();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || stopped.recv());
        let pid_max = crate::sysctl::read("kernel.pid_max").unwrap().parse().unwrap();
        let found =
            unlisted_processes(&without(proc.pids().unwrap()), pid_max, || without(proc.pids().unwrap()));
        child.kill().unwrap();
        child.wait().unwrap();
        drop(stop);
        thread.join().unwrap().unwrap_err();
        assert_eq!(found, Some(vec![pid]));
    }
}
