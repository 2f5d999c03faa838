//! A process as a test sees it: its pid, its output, and its end.

use crate::command::Launch;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::running::{Running, Standard, read};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

/// What a finished process left.
#[derive(Debug, Clone)]
pub struct Output {
    pub(crate) command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output, invalid UTF-8 replaced.
    pub stdout: String,
    /// Standard error, invalid UTF-8 replaced.
    pub stderr: String,
}

impl Output {
    /// The exit code; none when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Itself, or [`Error::Failed`] when the exit code is not 0.
    pub fn success(self) -> Result<Self> {
        if self.status.success() {
            return Ok(self);
        }
        let Self { command, status, stdout, stderr } = self;
        Err(Error::Failed { command, status, stdout, stderr })
    }

    /// Standard output as one JSON document.
    pub fn json(&self) -> Result<Value> {
        json(&self.stdout)
    }
}

/// A process in a host. Dropping the guard kills it and its process group, and reaps it.
///
/// It is also killed when the test process dies, whatever kills that.
#[must_use = "the process is killed when this guard is dropped"]
pub struct Process {
    running: Arc<Running>,
}

impl Process {
    pub(crate) fn start(launch: Launch, files: &Path, standard: Standard) -> Result<Self> {
        Running::start(launch, files, standard).map(|running| Self { running: Arc::new(running) })
    }

    pub(crate) fn register(&self) -> Weak<Running> {
        Arc::downgrade(&self.running)
    }

    /// Waits until the wanted program has replaced the chain that starts it, or has already ended.
    pub(crate) fn arrive(&self) -> Result<()> {
        let mut deadline = Deadline::after(PATIENCE);
        loop {
            if let Some(pid) = self.running.arrived() {
                self.running.settle(pid);
                return Ok(());
            }
            if self.status()?.is_some() {
                return Ok(());
            }
            if !deadline.pause() {
                return Err(self.timeout("to start", PATIENCE));
            }
        }
    }

    /// The pid of the program itself, as the machine's own pid namespace counts.
    pub fn pid(&self) -> u32 {
        self.running.pid.load(Ordering::Acquire)
    }

    /// How it ended, if it has.
    pub fn status(&self) -> Result<Option<ExitStatus>> {
        let doing = || format!("look after `{}`", self.running.line);
        self.running.child().try_wait().map_err(Error::io(doing()))
    }

    /// Standard output so far, invalid UTF-8 replaced.
    pub fn stdout(&self) -> String {
        read(&self.running.stdout)
    }

    /// Standard error so far, invalid UTF-8 replaced.
    pub fn stderr(&self) -> String {
        read(&self.running.stderr)
    }

    /// Waits for a whole line that contains `text`, on standard output or standard error, and returns it.
    ///
    /// Fails at once when the process ends without having said it.
    pub fn wait_line(&self, text: &str, timeout: Duration) -> Result<String> {
        let awaited = format!("a line with `{text}`");
        let mut deadline = Deadline::after(timeout);
        loop {
            // In this order: what it said before it ended is then seen.
            let status = self.status()?;
            let said = [self.stdout(), self.stderr()];
            if let Some(line) = said.iter().find_map(|said| whole_line(said, text)) {
                return Ok(line);
            }
            if let Some(status) = status {
                let [stdout, stderr] = said;
                return Err(Error::Ended {
                    command: self.running.line.clone(),
                    status,
                    awaited,
                    stdout,
                    stderr,
                });
            }
            if !deadline.pause() {
                return Err(self.timeout(&awaited, timeout));
            }
        }
    }

    /// Waits for the JSON line by which `portreeve-actor` says that it is set up.
    pub fn ready(&self, timeout: Duration) -> Result<Value> {
        json(&self.wait_line("\"ready\"", timeout)?)
    }

    /// Waits for the end of the process; it goes on running when the time is up.
    pub fn wait(&self, timeout: Duration) -> Result<ExitStatus> {
        let deadline = Deadline::after(timeout);
        loop {
            if let Some(status) = self.running.wait_slice(&deadline)? {
                return Ok(status);
            }
            if deadline.remaining().is_zero() {
                return Err(self.timeout("its end", deadline.allowed()));
            }
        }
    }

    /// Waits for the end of the process with this exit code; an error with what it printed if it was another.
    pub(crate) fn wait_exit(&self, code: i32, timeout: Duration) -> Result<()> {
        let status = self.wait(timeout)?;
        if status.code() == Some(code) {
            return Ok(());
        }
        let command = self.running.line.clone();
        Err(Error::Failed { command, status, stdout: self.stdout(), stderr: self.stderr() })
    }

    /// Sends a signal to the program itself.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let doing = format!("signal `{}`", self.running.line);
        match self.running.program_if_alive()? {
            Some(pid) => kill_process(pid, signal).map_err(|errno| Error::io(doing)(errno.into())),
            None => Ok(()),
        }
    }

    /// Writes to standard input.
    pub fn write(&self, text: &str) -> Result<()> {
        let mut stdin = self.running.stdin.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(stdin) = stdin.as_mut() else {
            return Err(Error::Invalid(format!("standard input of `{}` is closed", self.running.line)));
        };
        let written = stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush());
        written.map_err(Error::io(format!("write to `{}`", self.running.line)))
    }

    /// Closes standard input, upon which an actor ends in order.
    pub fn close_stdin(&self) {
        self.running.stdin.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Kills it now instead of when the guard is dropped.
    pub fn kill(self) {
        drop(self);
    }

    fn timeout(&self, awaited: &str, after: Duration) -> Error {
        let state = format!("--- stdout\n{}\n--- stderr\n{}", self.stdout(), self.stderr());
        Error::Timeout { awaited: format!("`{}`: {awaited}", self.running.line), after, state }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.running.kill();
        self.running.reap();
    }
}

fn json(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|source| Error::NotJson { text: text.into(), source })
}

/// A line that ends, and so is whole, and that contains `text`.
fn whole_line(said: &str, text: &str) -> Option<String> {
    let mut lines = said.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    lines.find(|line| line.contains(text)).map(|line| line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_line_is_not_a_line() {
        assert_eq!(whole_line("one\nready", "ready"), None);
        assert_eq!(whole_line("one\nready 1\n", "ready"), Some("ready 1".into()));
    }
}
