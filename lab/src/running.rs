//! A started process as the lab keeps it: the child, the program that it became, and how both are ended.

use crate::command::{Launch, SETUP_SHELL};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::{programs, spawner};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Programs of the chain that leads to the wanted one; see `command`.
const STAGES: &[&str] = &["setpriv", "nsenter", "unshare"];
const PATIENCE: Duration = Duration::from_secs(30);

/// What a process has as standard input when its command says nothing of it.
#[derive(Clone, Copy)]
pub(crate) enum Standard {
    /// A pipe that the guard holds open.
    Held,
    /// Nothing.
    Empty,
}

pub(crate) struct Running {
    pub(crate) line: String,
    words: usize,
    nested: bool,
    leader: u32,
    pub(crate) pid: AtomicU32,
    child: Mutex<Child>,
    /// The wanted program, where it is not the child itself.
    grandchild: Mutex<Option<OwnedFd>>,
    pub(crate) stdin: Mutex<Option<ChildStdin>>,
    pub(crate) stdout: PathBuf,
    pub(crate) stderr: PathBuf,
}

impl Running {
    pub(crate) fn start(launch: Launch, files: &Path, standard: Standard) -> Result<Self> {
        let (stdout, stderr) = (files.with_extension("stdout"), files.with_extension("stderr"));
        let mut argv = launch.argv.iter();
        let mut command = Command::new(argv.next().map_or(OsStr::new(""), OsString::as_os_str));
        command.args(argv).env("PATH", programs::search_path()).envs(launch.environment);
        command.stdin(standard_input(launch.input, files, standard)?);
        command.stdout(create(&stdout)?).stderr(create(&stderr)?).process_group(0);
        if let Some(directory) = launch.directory {
            command.current_dir(directory);
        }
        let doing = Error::io(format!("start `{}`", launch.line));
        let mut child = spawner::spawn(command).map_err(doing)?;
        let leader = child.id();
        let stdin = Mutex::new(child.stdin.take());
        Ok(Self {
            line: launch.line,
            words: launch.words,
            nested: launch.nested,
            leader,
            pid: AtomicU32::new(leader),
            child: Mutex::new(child),
            grandchild: Mutex::default(),
            stdin,
            stdout,
            stderr,
        })
    }

    pub(crate) fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pid of the wanted program once it runs.
    pub(crate) fn arrived(&self) -> Option<u32> {
        let pid = if self.nested { only_child(self.leader)? } else { self.leader };
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let arguments: Vec<&[u8]> = arguments.strip_suffix(b"\0")?.split(|&byte| byte == 0).collect();
        (!is_stage(&arguments, self.words)).then_some(pid)
    }

    pub(crate) fn settle(&self, pid: u32) {
        self.pid.store(pid, Ordering::Release);
        if self.nested {
            // Between the look and this the pid could only be reused had the parent ended already.
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            let watched = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
            *self.grandchild.lock().unwrap_or_else(PoisonError::into_inner) = watched;
        }
    }

    pub(crate) fn program_if_alive(&self) -> Result<Option<Pid>> {
        let status = self.child().try_wait().map_err(Error::io(format!("look after `{}`", self.line)))?;
        let pid = i32::try_from(self.pid.load(Ordering::Acquire)).ok().and_then(Pid::from_raw);
        Ok(pid.filter(|_| status.is_none()))
    }

    /// Sleeps until the process ends or the deadline passes. The lock is not held meanwhile.
    pub(crate) fn wait_slice(&self, deadline: &Deadline) -> Result<Option<ExitStatus>> {
        let doing = || Error::io(format!("wait for `{}`", self.line));
        let watched = {
            let mut child = self.child();
            if let Some(status) = child.try_wait().map_err(doing())? {
                return Ok(Some(status));
            }
            // Not reaped yet, so that the pid is still this process's.
            pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).map_err(|errno| doing()(errno.into()))?
        };
        let remaining = Timespec::try_from(deadline.remaining()).ok();
        match poll(&mut [PollFd::new(&watched, PollFlags::IN)], remaining.as_ref()) {
            Ok(_) | Err(Errno::INTR) => self.child().try_wait().map_err(doing()),
            Err(errno) => Err(doing()(errno.into())),
        }
    }

    /// Kills the process group, unless its leader was reaped: the number could be another's by then. What is
    /// left of such a group ends with its host.
    pub(crate) fn kill(&self) {
        let mut child = self.child();
        if let Ok(None) = child.try_wait() {
            // It can only fail because the group ended meanwhile.
            let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        }
    }

    pub(crate) fn reap(&self) {
        drop(self.child().wait());
        let grandchild = self.grandchild.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(grandchild) = grandchild {
            // Killed with its parent; emptying a pid namespace takes a moment.
            let patience = Timespec::try_from(PATIENCE).ok();
            let _ = poll(&mut [PollFd::new(&grandchild, PollFlags::IN)], patience.as_ref());
        }
    }
}

fn standard_input(input: Option<Vec<u8>>, files: &Path, standard: Standard) -> Result<Stdio> {
    match (input, standard) {
        (Some(input), _) => {
            let path = files.with_extension("stdin");
            fs::write(&path, input).map_err(Error::io(format!("write {}", path.display())))?;
            File::open(&path).map(Stdio::from).map_err(Error::io(format!("open {}", path.display())))
        }
        (None, Standard::Held) => Ok(Stdio::piped()),
        (None, Standard::Empty) => Ok(Stdio::null()),
    }
}

fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(Error::io(format!("create {}", path.display())))
}

pub(crate) fn read(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn only_child(pid: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// True for a program of the chain: it has more words than the wanted one, whose `words` are the last of them.
/// (A script shows its interpreter as further words; no interpreter is a stage.)
fn is_stage(arguments: &[&[u8]], words: usize) -> bool {
    if arguments.len() <= words {
        return false;
    }
    let program = arguments.first().and_then(|program| program.rsplit(|&byte| byte == b'/').next());
    STAGES.iter().any(|stage| program == Some(stage.as_bytes()))
        || arguments.get(3).is_some_and(|marker| *marker == SETUP_SHELL.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_told_from_the_program() {
        assert!(is_stage(&[b"nsenter", b"--net=/n", b"--", b"setpriv", b"--", b"sleep", b"1"], 2));
        assert!(is_stage(
            &[b"sh", b"-c", b"true", b"portreeve-lab-setup", b"setpriv", b"--", b"sleep", b"1"],
            2
        ));
        assert!(!is_stage(&[b"sleep", b"1"], 2));
        assert!(!is_stage(&[b"unshare", b"--net", b"true"], 3), "the wanted program itself");
        assert!(!is_stage(&[b"/bin/sh", b"/tmp/script", b"1"], 2), "a script's interpreter");
    }
}
