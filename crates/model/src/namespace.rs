//! Network namespaces and what they are called.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Inode number of the namespace in nsfs: what `/proc/PID/ns/net` shows in brackets.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct NamespaceId(pub u64);

impl fmt::Display for NamespaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "net:[{}]", self.0)
    }
}

/// A network namespace of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Namespace {
    /// Identity.
    pub id: NamespaceId,
    /// The best name known.
    pub name: NamespaceName,
    /// Whether it is the observer's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
    /// Number of processes seen in it.
    pub processes: u32,
}

/// What a namespace is called, best name first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum NamespaceName {
    /// The namespace of PID 1: the host itself.
    Host,
    /// The observer's own, where it could not be read whether that is the host's.
    Own,
    /// A name made with `ip netns add`.
    Named(Arc<str>),
    /// The container that lives in it.
    Container(Arc<str>),
    /// A Kubernetes pod, as `namespace/name`.
    Pod(Arc<str>),
    /// Its oldest process.
    Process {
        /// Process id.
        pid: u32,
        /// `comm`.
        name: Arc<str>,
    },
    /// Held by a bind mount at this path.
    Mount(Arc<str>),
    /// Held only by an open descriptor of this process.
    Descriptor {
        /// Process id of the holder.
        pid: u32,
        /// Descriptor number.
        fd: u32,
    },
    /// Nothing but the inode is known.
    Unnamed,
}

impl fmt::Display for NamespaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.pad("host"),
            Self::Own => f.pad("own"),
            Self::Named(name) | Self::Container(name) | Self::Pod(name) | Self::Mount(name) => f.pad(name),
            Self::Process { pid, name } => f.pad(&format!("{name}({pid})")),
            Self::Descriptor { pid, fd } => f.pad(&format!("fd {fd} of pid {pid}")),
            Self::Unnamed => f.pad("unnamed"),
        }
    }
}
