//! Every process, in a few words: to find those that are meant for the port and do not hold it.

use std::time::{Duration, SystemTime};

use portreeve_linux::proc::{Proc, ProcessDirectory};
use portreeve_linux::system::System;
use portreeve_wire::proc::{FdTarget, Stat, arguments};

use crate::facts::service::{Bystander, Software};

/// A longer command line is cut.
const LONGEST_COMMAND: usize = 400;

/// A process, as it was seen.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) start_ticks: u64,
    pub(super) name: String,
    pub(super) executable: Option<String>,
    pub(super) words: Vec<String>,
    pub(super) age: Duration,
    pub(super) namespace: Option<u64>,
}

impl Running {
    /// The software that it is.
    pub(super) fn software(&self) -> Option<&'static Software> {
        let by_file = self.executable.as_deref().and_then(Software::of_program);
        by_file.or_else(|| Software::of_program(&self.name))
    }

    /// Its command line, words apart by blanks; its name where it has none.
    pub(super) fn command_line(&self) -> String {
        if self.words.is_empty() {
            return self.name.clone();
        }
        self.words.join(" ").chars().take(LONGEST_COMMAND).collect()
    }

    /// The process as a fact.
    pub(super) fn bystander(&self) -> Bystander {
        Bystander {
            pid: self.pid,
            start_ticks: self.start_ticks,
            name: self.name.clone(),
            executable: self.executable.clone(),
            command_line: self.command_line(),
            age: self.age,
            namespace: self.namespace,
            listens_on: Vec::new(),
        }
    }
}

/// All processes that have a program; kernel threads and those that have ended are left out.
pub(super) fn all(proc: &Proc) -> Vec<Running> {
    let system = System::read();
    let pids = proc.pids().unwrap_or_default();
    pids.into_iter().filter_map(|pid| one(proc, pid, &system)).collect()
}

/// One process.
pub(super) fn one(proc: &Proc, pid: u32, system: &System) -> Option<Running> {
    let directory = proc.process(pid).ok()?;
    let mut text = Vec::new();
    directory.read(c"stat", &mut text).ok()?;
    let stat = Stat::parse(&text).ok()?;
    if stat.is_kernel_thread() || stat.has_ended() {
        return None;
    }
    let started = system.time_of_ticks(stat.start_time)?;
    let (parent, start_ticks) = (stat.parent, stat.start_time);
    let name = String::from_utf8_lossy(stat.comm).into_owned();
    let mut line = Vec::new();
    let _ = directory.read(c"cmdline", &mut line);
    let words = arguments(&line).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    Some(Running {
        pid,
        parent,
        start_ticks,
        name,
        executable: directory.link(c"exe").ok().map(|path| String::from_utf8_lossy(&path).into_owned()),
        words,
        age: SystemTime::now().duration_since(started).unwrap_or_default(),
        namespace: namespace_of(&directory),
    })
}

fn namespace_of(directory: &ProcessDirectory) -> Option<u64> {
    match FdTarget::parse(&directory.link(c"ns/net").ok()?) {
        FdTarget::Namespace { inode, .. } => Some(inode),
        _ => None,
    }
}
