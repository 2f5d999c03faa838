//! Everything seen of a machine at one moment.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Container, Namespace, NamespaceId, Process, Socket, Unseen};

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Host name.
    pub name: String,
    /// Kernel release.
    pub kernel: String,
    /// When the look began.
    pub taken_at: Timestamp,
    /// Whether everything was allowed: effective user 0 with the capabilities that matter.
    pub privileged: bool,
    /// Libraries that `/etc/ld.so.preload` forces into every program (man 8 ld.so).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preloaded: Vec<String>,
}

/// Sockets, owners and namespaces of a machine at one moment, and what was not seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The machine.
    pub host: Host,
    /// Network namespaces, the observer's own first.
    pub namespaces: Vec<Namespace>,
    /// Processes that hold at least one of the sockets, by pid.
    pub processes: Vec<Process>,
    /// Containers of those processes and namespaces.
    pub containers: Vec<Container>,
    /// The sockets.
    pub sockets: Vec<Socket>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
}

impl Snapshot {
    /// The process with this pid.
    pub fn process(&self, pid: u32) -> Option<&Process> {
        let at = self.processes.binary_search_by_key(&pid, |process| process.id.pid).ok()?;
        self.processes.get(at)
    }

    /// The namespace with this id.
    pub fn namespace(&self, id: NamespaceId) -> Option<&Namespace> {
        self.namespaces.iter().find(|namespace| namespace.id == id)
    }

    /// The container with this id.
    pub fn container(&self, id: &Arc<str>) -> Option<&Container> {
        self.containers.iter().find(|container| container.id == *id)
    }
}
