//! A lab: the owner of hosts, links and processes.

use crate::command::Command;
use crate::error::{Error, Result};
use crate::host::{Host, HostBuilder};
use crate::link::{End, Link, Switch};
use crate::process::{Output, Process};
use crate::session::Session;
use crate::{programs, stale};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest name of a lab or a host: both are parts of file names.
const LONGEST_NAME: usize = 40;

/// Hosts, links and processes of one test, removed when dropped.
///
/// Several labs may exist at once, in one process or in many: their names never meet.
pub struct Lab {
    session: Arc<Session>,
    hosts: Mutex<Vec<Host>>,
}

impl Lab {
    /// An empty lab. `name` (lower-case letters, digits, hyphens) appears in the names of what it makes.
    ///
    /// Fails without root and when a needed program is missing. Removes what dead runs left behind.
    pub fn new(name: &str) -> Result<Self> {
        programs::check()?;
        check_name("lab", name)?;
        stale::reap();
        Ok(Self { session: Arc::new(Session::new(name)?), hosts: Mutex::default() })
    }

    /// Describes a host; [`HostBuilder::start`] makes it.
    pub fn host(&self, name: &str) -> HostBuilder<'_> {
        HostBuilder::new(self, name)
    }

    /// The host called `name`.
    pub fn find(&self, name: &str) -> Result<Host> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.iter().find(|host| host.name() == name).cloned().ok_or_else(|| Error::NoHost(name.into()))
    }

    /// Joins two hosts by a virtual Ethernet cable: `(host, device, [address/prefix, ...])` for each end.
    ///
    /// Both devices are up and their addresses usable when this returns.
    pub fn link(&self, a: impl Into<End>, b: impl Into<End>) -> Result<Link> {
        Link::make(self, a.into(), b.into())
    }

    /// Joins several hosts by a bridge, which lives in an anonymous host of its own called `name`.
    pub fn switch<E: Into<End>>(&self, name: &str, ends: impl IntoIterator<Item = E>) -> Result<Switch> {
        let ends: Vec<End> = ends.into_iter().map(Into::into).collect();
        Switch::make(self, name, &ends)
    }

    /// Starts a process in the machine's own network namespace. It must only look, never send or change.
    pub fn spawn(&self, command: impl Into<Command>) -> Result<Process> {
        self.session.spawn(None, &command.into())
    }

    /// Runs a process in the machine's own network namespace to its end. It must only look.
    pub fn run(&self, command: impl Into<Command>) -> Result<Output> {
        self.session.run(None, &command.into())
    }

    /// A directory that every user may enter, removed with the lab.
    pub fn scratch(&self) -> &Path {
        self.session.scratch()
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub(crate) fn adopt(&self, host: Host) {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).push(host);
    }
}

/// Processes first, so that they see no half-removed network; links go with their namespaces.
impl Drop for Lab {
    fn drop(&mut self) {
        self.session.end_all();
        let hosts = std::mem::take(&mut *self.hosts.lock().unwrap_or_else(PoisonError::into_inner));
        hosts.iter().for_each(Host::release);
        hosts.iter().for_each(Host::wait_released);
    }
}

/// Refuses what could not be part of a file name or would be ambiguous there.
pub(crate) fn check_name(what: &str, name: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "`{name}` cannot name a {what}: 1 to {LONGEST_NAME} lower-case letters, digits or hyphens"
    )))
}
