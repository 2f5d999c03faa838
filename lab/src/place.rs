//! Where a process runs: a network namespace, and mounts and processes that are the host's own, where it has such.

use crate::tool;
use std::path::{Path, PathBuf};

/// The namespaces that a process of a host enters.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    network: PathBuf,
    /// A process whose mounts are entered.
    keeper: Option<u32>,
    /// The keeper's pid namespace is entered, too.
    own_processes: bool,
}

impl Place {
    /// A network namespace and nothing else.
    pub(crate) fn network(network: PathBuf) -> Self {
        Self { network, keeper: None, own_processes: false }
    }

    /// The same with the mounts of a process, and its pid namespace if `own_processes`.
    pub(crate) fn kept_by(self, keeper: u32, own_processes: bool) -> Self {
        Self { keeper: Some(keeper), own_processes, ..self }
    }

    pub(crate) fn has_own_mounts(&self) -> bool {
        self.keeper.is_some()
    }

    pub(crate) fn has_own_processes(&self) -> bool {
        self.own_processes
    }

    /// The options of `nsenter` that lead here, to a directory of the place's own.
    pub(crate) fn entry(&self, directory: Option<&Path>) -> Vec<String> {
        let mut options = vec![tool::entry(&self.network)];
        let Some(keeper) = self.keeper else { return options };
        options.push(format!("--mount=/proc/{keeper}/ns/mnt"));
        if self.own_processes {
            // Its own namespace may be another than the one its children get: the keeper was one of those.
            options.push(format!("--pid=/proc/{keeper}/ns/pid"));
        }
        // With the mounts come their root and, unless told otherwise, that as the working directory.
        options.push(format!("--wdns={}", directory.unwrap_or(Path::new("/")).display()));
        options
    }
}
