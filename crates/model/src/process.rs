//! Processes that hold sockets, and the systemd unit behind them.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::NamespaceId;

/// A process, told apart from a later one with the same pid by its start time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ProcessId {
    /// Process id as the observer sees it.
    pub pid: u32,
    /// Clock ticks after boot (`/proc/PID/stat` field 22).
    pub start_ticks: u64,
}

/// What is known of a process. Fields that could not be read are absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Process {
    /// Identity.
    #[serde(flatten)]
    pub id: ProcessId,
    /// Start time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// `comm`, at most 15 bytes, which the process itself may change.
    pub name: Arc<str>,
    /// The file it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<Executable>,
    /// Command line, lossily decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command_line: Vec<String>,
    /// Effective user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// That user's name in this machine's `/etc/passwd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Arc<str>>,
    /// Ancestors, parent first, up to PID 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Ancestor>,
    /// Path in the most telling cgroup hierarchy (v2, else systemd's named one, else the longest).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<Arc<str>>,
    /// The systemd unit, from the cgroup path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Id of the container, whose details are in the document's `containers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Arc<str>>,
    /// Its network namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceId>,
    /// Libraries forced into it by `LD_PRELOAD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ld_preload: Option<String>,
    /// Listeners it was handed by a socket activator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<SocketActivation>,
    /// Whether it is a kernel thread (no address space of its own).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kernel_thread: bool,
}

impl Process {
    /// A process of which nothing else is known yet.
    pub fn new(id: ProcessId, name: impl Into<Arc<str>>) -> Self {
        Self {
            id,
            started_at: None,
            name: name.into(),
            executable: None,
            command_line: Vec::new(),
            uid: None,
            user: None,
            parents: Vec::new(),
            cgroup: None,
            unit: None,
            container: None,
            namespace: None,
            ld_preload: None,
            activation: None,
            kernel_thread: false,
        }
    }
}

/// One ancestor of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ancestor {
    /// Process id.
    pub pid: u32,
    /// `comm`.
    pub name: Arc<str>,
}

/// The file that a process runs (`/proc/PID/exe`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Executable {
    /// Path in the process's own mount namespace, without the kernel's ` (deleted)`.
    pub path: String,
    /// The file has been unlinked since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// It never had a file: `memfd_create`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub memfd: bool,
    /// A directory on its path that everyone may write to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world_writable_directory: Option<String>,
}

/// A systemd unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Unit {
    /// `nginx.service`, `session-3.scope`...
    pub name: Arc<str>,
    /// User id of the `systemd --user` instance it belongs to, if not the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_instance: Option<u32>,
}

/// `LISTEN_FDS` handed to a process (man 3 `sd_listen_fds`), or a unit whose sockets PID 1 holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SocketActivation {
    /// Number of descriptors, which start at 3.
    pub count: u32,
    /// `LISTEN_FDNAMES`, usually the socket unit's name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}
