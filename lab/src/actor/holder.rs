//! `holder`: a process that keeps a network namespace open by a descriptor only.

use super::hold;
use clap::Args;
use serde_json::json;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Opens a network namespace and keeps the descriptor, without being in it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The namespace to open; the own one if no path follows.
    #[arg(long, num_args = 0..=1, default_missing_value = "/proc/self/ns/net", required = true)]
    netns_fd: PathBuf,
}

impl Arguments {
    pub(crate) fn run(self) -> io::Result<()> {
        let namespace = File::open(&self.netns_fd)?;
        hold::ready("holder", json!({ "inode": namespace.metadata()?.ino() }))?;
        hold::until_stdin_closes()
    }
}
