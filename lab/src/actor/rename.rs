//! `rename`: a listener under a false name.

use super::hold;
use super::sockets::{FULL_BACKLOG, listener, local_addresses};
use clap::Args;
use serde_json::json;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{env, fs, io};

/// Sets its own process name, and on request its argument 0, then listens.
#[derive(Args)]
pub(crate) struct Arguments {
    /// New process name, such as `kworker/0:1`; the kernel keeps 15 bytes.
    name: String,
    /// Where to listen.
    address: SocketAddr,
    /// Show this as argument 0 too, such as `[kworker/0:1]`.
    #[arg(long)]
    argv0: Option<String>,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        if let Some(argv0) = self.argv0 {
            let mut command = Command::new(env::current_exe()?);
            command.arg0(argv0).args(["rename", &self.name, &self.address.to_string()]);
            return Err(command.exec());
        }
        fs::write("/proc/self/comm", &self.name)?;
        let listener = listener(self.address, FULL_BACKLOG)?;
        hold::ready("rename", json!({ "listeners": local_addresses([&listener])?, "name": self.name }))?;
        hold::until_stdin_closes()
    }
}
