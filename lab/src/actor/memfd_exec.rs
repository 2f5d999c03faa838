//! `memfd-exec`: a listener whose executable exists in memory only.

use clap::Args;
use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::File;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{env, io};

/// Becomes a copy of itself that runs from a memfd and does `tcp-listen`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen.
    address: SocketAddr,
    /// Name of the memory file.
    #[arg(long, default_value = "portreeve-actor")]
    name: String,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let mut memory = File::from(memfd_create(&self.name, MemfdFlags::CLOEXEC)?);
        io::copy(&mut File::open(env::current_exe()?)?, &mut memory)?;
        // An ELF file is mapped before descriptors marked close-on-exec are closed.
        let path = format!("/proc/self/fd/{}", memory.as_raw_fd());
        Err(Command::new(path).args(["tcp-listen", &self.address.to_string()]).exec())
    }
}
