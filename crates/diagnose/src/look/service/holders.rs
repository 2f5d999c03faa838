//! What the holders of the port do.

use std::time::{Duration, SystemTime};

use portreeve_inventory::containers::forward_of;
use portreeve_linux::proc::{Proc, ProcessDirectory};
use portreeve_model::{Listener, Process, Snapshot};
use portreeve_wire::proc::Stat;

use crate::facts::service::{Holder, RunState, Software, ThreadState};
use crate::look::cgroup;

/// At most this many threads of one process are looked at.
const MOST_THREADS: usize = 1_024;

/// The processes that hold one of the listeners.
pub(super) fn describe(listeners: &[Listener], snapshot: &Snapshot) -> Vec<Holder> {
    let mut pids: Vec<u32> =
        listeners.iter().flat_map(|one| &one.owner.holders).map(|holder| holder.pid).collect();
    pids.sort_unstable();
    pids.dedup();
    let proc = Proc::open().ok();
    pids.iter()
        .filter_map(|pid| snapshot.process(*pid))
        .map(|process| holder(process, snapshot, proc.as_ref()))
        .collect()
}

fn holder(process: &Process, snapshot: &Snapshot, proc: Option<&Proc>) -> Holder {
    let directory = proc.and_then(|proc| proc.process(process.id.pid).ok());
    let mut state = None;
    let mut threads = Vec::new();
    if let Some(directory) = &directory {
        state = state_of(directory, "stat");
        threads = states_of_threads(directory);
    }
    let forwards_to = forward_of(&process.command_line).map(|forward| {
        let mut target = forward.target;
        let behind = snapshot.containers.iter().find(|one| one.addresses.contains(&target.address));
        target.container = behind.map(|container| container.id.clone());
        target
    });
    Holder {
        process: process.clone(),
        state,
        threads,
        age: age(process),
        frozen: cgroup::is_frozen(process.id.pid),
        software: Software::of_process(process),
        container: process.container.as_ref().and_then(|id| snapshot.container(id)).cloned(),
        forwards_to,
    }
}

fn age(process: &Process) -> Option<Duration> {
    let started = SystemTime::from(process.started_at?);
    // A clock that was set back in between makes it younger than nothing.
    Some(SystemTime::now().duration_since(started).unwrap_or_default())
}

fn state_of(directory: &ProcessDirectory, file: &str) -> Option<RunState> {
    let path = std::ffi::CString::new(file).ok()?;
    let mut text = Vec::new();
    directory.read(&path, &mut text).ok()?;
    Stat::parse(&text).ok().map(|stat| RunState::of_letter(char::from(stat.state)))
}

fn states_of_threads(directory: &ProcessDirectory) -> Vec<ThreadState> {
    let mut tids = directory.threads().unwrap_or_default();
    tids.sort_by_key(|tid| (*tid != directory.pid, *tid));
    tids.truncate(MOST_THREADS);
    tids.into_iter()
        .filter_map(|tid| {
            let state = state_of(directory, &format!("task/{tid}/stat"))?;
            Some(ThreadState { tid, state })
        })
        .collect()
}
