//! What all parts of one lab share: its names, its scratch directory, and the processes it has started.

use crate::command::Command;
use crate::error::{Error, Result};
use crate::place::Place;
use crate::process::{Output, Process};
use crate::reachable_program::Copies;
use crate::running::{Running, Standard};
use crate::stale;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::{env, fs};

/// Numbers the labs of this process.
static LABS: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Session {
    tag: String,
    scratch: PathBuf,
    copies: Copies,
    started: AtomicU32,
    running: Mutex<Vec<Weak<Running>>>,
}

impl Session {
    pub(crate) fn new(lab: &str) -> Result<Self> {
        let tag = format!("{}-{}-{lab}", stale::owner_tag(), LABS.fetch_add(1, Ordering::Relaxed));
        let scratch = env::temp_dir().join(&tag);
        fs::create_dir(&scratch).map_err(Error::io(format!("create {}", scratch.display())))?;
        let copies = Copies::new(scratch.clone());
        Ok(Self { tag, scratch, copies, started: AtomicU32::new(0), running: Mutex::default() })
    }

    /// Prefix of every name that outlives a process; unique on this machine.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    pub(crate) fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Starts `command` in a place (the machine's own if none), and waits until the real program runs.
    pub(crate) fn spawn(&self, place: Option<&Place>, command: &Command) -> Result<Process> {
        let process = self.start(place, command, Standard::Held)?;
        process.arrive()?;
        Ok(process)
    }

    /// Starts all before it waits for any.
    pub(crate) fn spawn_many(&self, place: Option<&Place>, commands: &[Command]) -> Result<Vec<Process>> {
        let start = |command| self.start(place, command, Standard::Held);
        let processes: Vec<Process> = commands.iter().map(start).collect::<Result<_>>()?;
        processes.iter().try_for_each(Process::arrive)?;
        Ok(processes)
    }

    /// Runs `command` to its end, or to its time limit.
    pub(crate) fn run(&self, place: Option<&Place>, command: &Command) -> Result<Output> {
        let process = self.start(place, command, Standard::Empty)?;
        let status = process.wait(command.time_limit())?;
        Ok(Output { command: command.line(), status, stdout: process.stdout(), stderr: process.stderr() })
    }

    fn start(&self, place: Option<&Place>, command: &Command, standard: Standard) -> Result<Process> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let launch = command.launch(place, &self.copies)?;
        let files = self.scratch.join(number.to_string());
        let process = Process::start(launch, &files, standard)?;
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|process| process.strong_count() > 0);
        running.push(process.register());
        Ok(process)
    }

    /// Ends every process that still runs, all of them being told before any is awaited.
    pub(crate) fn end_all(&self) {
        let registered = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        let running: Vec<Arc<Running>> = registered.iter().filter_map(Weak::upgrade).collect();
        for process in &running {
            process.kill();
        }
        for process in &running {
            process.reap();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.scratch));
    }
}
