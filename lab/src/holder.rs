//! The process that holds a host's network namespace open and empties it at the end.
//!
//! An anonymous namespace lives as long as a process is in it; a named one lives until its mount under
//! `/run/netns` goes. Either way the holder, a shell that waits on a pipe from this process, does the removal:
//! the pipe closes on an orderly end, on a panic, and on SIGKILL alike.

use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::session::Session;
use crate::{programs, spawner, tool};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const SCRIPT: &str = include_str!("holder.sh");
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether a namespace has a name that `ip netns` lists.
#[derive(Debug, Clone)]
pub(crate) enum Naming {
    Anonymous,
    Named(String),
}

pub(crate) struct Holder {
    child: Mutex<Child>,
    pid: u32,
    inode: u64,
    naming: Naming,
}

impl Holder {
    /// Makes the namespace, its loopback up, and waits until it is usable.
    pub(crate) fn start(session: &Session, naming: Naming) -> Result<Self> {
        let mut command = match &naming {
            Naming::Anonymous => {
                let mut command = Command::new("unshare");
                command.args(["--net", "--"]);
                command
            }
            Naming::Named(name) => {
                add_named(name)?;
                let mut command = Command::new("nsenter");
                command.arg(tool::entry(&named_path(name))).arg("--");
                command
            }
        };
        command.args(["sh", "-c", SCRIPT, "portreeve-lab-holder"]);
        command.arg(process::id().to_string()).arg(naming.name().unwrap_or_default()).arg(session.scratch());
        command.env("PATH", programs::search_path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut child = spawner::spawn(command).map_err(Error::io("start the holder of a namespace"))?;
        await_ready(&mut child)?;
        let pid = child.id();
        let path = format!("/proc/{pid}/ns/net");
        let inode = fs::metadata(&path).map_err(Error::io(format!("look at {path}")))?.ino();
        Ok(Self { child: Mutex::new(child), pid, inode, naming })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn inode(&self) -> u64 {
        self.inode
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.naming.name()
    }

    /// A path that opens the namespace; valid until the holder is awaited.
    pub(crate) fn path(&self) -> PathBuf {
        match &self.naming {
            Naming::Anonymous => PathBuf::from(format!("/proc/{}/ns/net", self.pid)),
            Naming::Named(name) => named_path(name),
        }
    }

    /// Tells the holder to empty and remove the namespace. Returns at once; [`Holder::wait`] awaits it.
    pub(crate) fn release(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut stdin) = child.stdin.take() {
            drop(stdin.write_all(b"orderly\n"));
        }
    }

    pub(crate) fn is_released(&self) -> bool {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).stdin.is_none()
    }

    /// Waits until the namespace has been given up, and says so on standard error if that takes too long.
    pub(crate) fn wait(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let mut deadline = Deadline::after(PATIENCE);
        while let Ok(None) = child.try_wait() {
            if !deadline.pause() {
                eprintln!(
                    "lab: the holder {} of a namespace did not end in {PATIENCE:?}; killing it",
                    self.pid
                );
                drop(child.kill());
                drop(child.wait());
                return;
            }
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.release();
        self.wait();
    }
}

impl Naming {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::Named(name) => Some(name),
        }
    }
}

fn named_path(name: &str) -> PathBuf {
    Path::new("/run/netns").join(name)
}

fn add_named(name: &str) -> Result<()> {
    let mut command = Command::new("ip");
    command.args(["netns", "add", name]).env("PATH", programs::search_path());
    let output = command.output().map_err(Error::io("start `ip netns add`"))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Tool { command: format!("ip netns add {name}"), status: output.status, stderr })
}

/// The script says `ready` first, or what went wrong.
fn await_ready(child: &mut Child) -> Result<()> {
    let Some(stdout) = child.stdout.take() else {
        return Err(Error::Invalid("the holder of a namespace has no standard output".into()));
    };
    let mut reader = BufReader::new(stdout);
    let mut said = String::new();
    reader.read_line(&mut said).map_err(Error::io("read from the holder of a namespace"))?;
    if said.trim() == "ready" {
        return Ok(());
    }
    drop(reader.read_to_string(&mut said));
    let status = child.wait().map_err(Error::io("wait for the holder of a namespace"))?;
    Err(Error::Tool { command: "holder of a namespace".into(), status, stderr: said.trim().to_owned() })
}
