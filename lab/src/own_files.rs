//! Files that a host has for itself: `/etc` and `/var` over the machine's, and a `/run` that is empty at first.

use crate::command::Command;
use crate::error::{Error, Result};
use crate::process::Process;
use std::fs;
use std::path::{Path, PathBuf};

/// What the name `iptables` stands for on a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Iptables {
    /// iptables-nft.
    #[default]
    Nft,
    /// iptables-legacy.
    Legacy,
}

/// Whether the host's processes are in a pid namespace of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processes {
    /// They are among the machine's.
    Shared,
    /// They see only each other, and end with the first of them.
    Own,
}

/// Overlays instead of copies: the programs see the machine's own configuration, and what they write stays in memory.
const SURROUNDINGS: &str = "
    mount -t tmpfs tmpfs \"$ROOT\"
    for place in etc var; do
        mkdir \"$ROOT/$place\" \"$ROOT/$place.work\"
        mount -t overlay overlay -o \"lowerdir=/$place,upperdir=$ROOT/$place,workdir=$ROOT/$place.work\" \"/$place\"
    done
    mount -t tmpfs tmpfs /run
    mkdir /run/lock
    for family in iptables ip6tables; do
        for verb in '' -save -restore; do
            ln -sf \"/usr/sbin/$family-$IPTABLES$verb\" \"/etc/alternatives/$family$verb\"
        done
    done";

/// The command of the process that keeps such mounts. `root` is an empty directory that becomes their memory.
pub(crate) fn keeper(root: &Path, iptables: Iptables, processes: Processes) -> Command {
    let command = Command::new("sleep")
        .arg("infinity")
        .env("ROOT", root)
        .env("IPTABLES", if iptables == Iptables::Nft { "nft" } else { "legacy" })
        .setup(SURROUNDINGS);
    if processes == Processes::Own { command.pid_namespace() } else { command }
}

/// The keeper of a host's files.
pub(crate) struct OwnFiles {
    pub(crate) keeper: Process,
    pub(crate) processes: Processes,
    pub(crate) root: PathBuf,
}

impl OwnFiles {
    /// Writes a file of the host. What led to it as a symbolic link would be followed outside, and is replaced.
    pub(crate) fn write(&self, path: &str, text: &str) -> Result<()> {
        let outside = PathBuf::from(format!("/proc/{}/root{path}", self.keeper.pid()));
        let doing = || Error::io(format!("write {path} of a host"));
        if outside.is_symlink() {
            fs::remove_file(&outside).map_err(doing())?;
        }
        if let Some(directory) = outside.parent() {
            fs::create_dir_all(directory).map_err(doing())?;
        }
        fs::write(&outside, text).map_err(doing())
    }
}
