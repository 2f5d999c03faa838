//! `deleted-exec`: a listener whose executable was removed after the start.

use clap::Args;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, Command};
use std::{env, fs, io};

/// Becomes a copy of itself in a directory, which removes its own file and does `tcp-listen`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to put the copy.
    directory: PathBuf,
    /// Where to listen.
    address: SocketAddr,
    /// Leave the file, to show an executable in that directory.
    #[arg(long)]
    keep: bool,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let copy = self.directory.join(format!("portreeve-actor-{}", process::id()));
        fs::copy(env::current_exe()?, &copy)?;
        let mut command = Command::new(&copy);
        if !self.keep {
            command.arg("--unlink-executable");
        }
        let error = command.args(["tcp-listen", &self.address.to_string()]).exec();
        fs::remove_file(&copy)?;
        Err(error)
    }
}
