//! Programs that serve on this machine's loopback, for tests that need a server and no host of its own.
//!
//! Every test process has an address of its own in 127.0.0.0/8: what one test leaves free, no other takes before its server does, and
//! a port that is closed stays closed. Hosts with networks, firewalls and users are what [`Lab`](crate::Lab) makes.

use crate::deadline::Deadline;
use crate::error::{Error, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a server may take to listen, on a machine that does much else.
const LISTENS: Duration = Duration::from_secs(30);
/// How long it may take to end on request.
const ENDS: Duration = Duration::from_secs(5);
/// As many ports are tried: a program that listens on every address may find one taken.
const TRIES: usize = 5;

/// An address of the loopback that no other test process uses: 127.64.0.0 and what the process's id makes of its last 22 bits.
pub fn own_address() -> Ipv4Addr {
    let id = std::process::id() & 0x3f_ffff;
    Ipv4Addr::from_bits(0x7f40_0000 | id)
}

/// A port of [`own_address`] where nobody listens.
pub fn free_port() -> Result<SocketAddr> {
    let listener = TcpListener::bind((own_address(), 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address.map_err(|error| Error::Invalid(format!("{} has no free port: {error}", own_address())))
}

/// A program that serves until the value is dropped, and the folder with its files.
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    process: Child,
    _folder: TempDir,
}

impl Served {
    /// Starts what `command` says for an empty folder and an address, and waits until somebody listens there.
    ///
    /// # Errors
    /// The program cannot be started, ends at once whatever port it is given, or does not listen.
    pub fn start(command: impl Fn(&Path, SocketAddr) -> Command) -> Result<Self> {
        let mut ended = None;
        for _ in 0..TRIES {
            let folder = tempfile::tempdir().map_err(|error| Error::Invalid(error.to_string()))?;
            let address = free_port()?;
            let mut command = command(folder.path(), address);
            match Self::spawn(&mut command, folder, address)? {
                Ok(served) => return Ok(served),
                Err(status) => ended = Some((format!("{command:?}"), status)),
            }
        }
        let (command, status) = ended.unwrap_or_default();
        let (stdout, stderr) = (String::new(), "not kept".to_owned());
        Err(Error::Ended { command, status, awaited: "it listened".to_owned(), stdout, stderr })
    }

    /// Its process's id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    fn spawn(
        command: &mut Command,
        folder: TempDir,
        address: SocketAddr,
    ) -> Result<std::result::Result<Self, ExitStatus>> {
        let program = command.get_program().to_string_lossy().into_owned();
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = quiet.spawn().map_err(|_| Error::NoProgram { program })?;
        let mut served = Self { address, process, _folder: folder };
        let mut deadline = Deadline::after(LISTENS);
        loop {
            if let Ok(Some(status)) = served.process.try_wait() {
                return Ok(Err(status));
            }
            if TcpStream::connect(address).is_ok() {
                return Ok(Ok(served));
            }
            if !deadline.pause() {
                return Err(Error::Invalid(format!("{command:?} does not listen within {LISTENS:?}")));
            }
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The first process of nginx and Apache ends the others, if it is asked to end and not ended.
        if let Some(pid) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).ok();
        }
        let mut deadline = Deadline::after(ENDS);
        while matches!(self.process.try_wait(), Ok(None)) {
            if !deadline.pause() {
                self.process.kill().ok();
                self.process.wait().ok();
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_ends_is_told_and_not_waited_for() {
        let error = Served::start(|_, _| Command::new("false")).expect_err("it never listens");
        assert!(error.to_string().contains("before it listened"), "{error}");
        let error = Served::start(|_, _| Command::new("/no/such/program")).expect_err("it does not exist");
        assert!(matches!(error, Error::NoProgram { .. }), "{error}");
    }

    #[test]
    fn a_free_port_refuses() {
        let address = free_port().expect("the loopback has ports");
        assert_eq!(
            TcpStream::connect(address).map_err(|error| error.kind()).err(),
            Some(std::io::ErrorKind::ConnectionRefused)
        );
    }
}
