//! `share-listener`: one listener held by several processes, as a server with workers does.
//!
//! The workers are copies of this program that inherit the listener as their standard input, which is how the
//! standard library passes a descriptor on without unsafe code.

use super::hold;
use super::sockets::{FULL_BACKLOG, listener, local_addresses};
use clap::Args;
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::{env, io, process, thread};

/// Listens on all IPv4 addresses and starts workers that hold the same listener.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Port to listen on.
    port: u16,
    /// How many workers.
    #[arg(long, default_value_t = 2)]
    children: u32,
}

/// Holds what it inherits as standard input until its parent ends.
#[derive(Args)]
pub(crate) struct ChildArguments {
    /// Pid of the parent.
    parent: i32,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let listener = listener(SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.port)), FULL_BACKLOG)?;
        let addresses = local_addresses([&listener])?;
        let listener = OwnedFd::from(listener);
        let mut workers = Workers(Vec::new());
        for _ in 0..self.children {
            let mut command = Command::new(env::current_exe()?);
            command.args(["share-listener-child", &process::id().to_string()]);
            workers.0.push(command.stdin(Stdio::from(listener.try_clone()?)).stdout(Stdio::null()).spawn()?);
        }
        let pids: Vec<u32> = workers.0.iter().map(Child::id).collect();
        hold::ready("share-listener", json!({ "listeners": addresses, "children": pids }))?;
        hold::until_stdin_closes()
    }
}

impl ChildArguments {
    pub(crate) fn run(self) -> io::Result<()> {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have ended before the signal was asked for.
        while getppid().is_some_and(|parent| parent.as_raw_pid() == self.parent) {
            thread::park();
        }
        Ok(())
    }
}

struct Workers(Vec<Child>);

impl Drop for Workers {
    fn drop(&mut self) {
        for worker in &mut self.0 {
            drop(worker.kill());
            drop(worker.wait());
        }
    }
}
