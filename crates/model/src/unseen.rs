//! What could not be seen: a value in every result, never an omission.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that was looked for and could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Unseen {
    /// What kind of thing.
    pub subject: UnseenSubject,
    /// Why.
    pub reason: UnseenReason,
    /// How many of them (1 where one thing is meant).
    pub count: u32,
    /// One sentence: which, and what the kernel said.
    pub detail: String,
    /// What would make it visible, where something would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Kinds of things that can stay unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnseenSubject {
    /// Sockets of a protocol in a namespace.
    Sockets,
    /// A network namespace as a whole.
    Namespace,
    /// Descriptors of processes, hence owners of sockets.
    ProcessDescriptors,
    /// Details of processes (executable, command line, environment).
    ProcessDetails,
    /// Processes themselves (hidepid).
    Processes,
    /// Container names and images.
    Containers,
    /// Names of network devices.
    Interfaces,
    /// Unit behind sockets that PID 1 holds.
    Units,
    /// Rules of a packet filter.
    FirewallRules,
    /// Routes, policy rules and kernel parameters.
    NetworkState,
    /// The configuration file.
    Configuration,
    /// Files and folders with certificates.
    Files,
    /// Targets that were to be asked.
    Targets,
}

/// Why something stayed unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnseenReason {
    /// The kernel refused: more privilege is needed.
    Permission,
    /// The kernel or the machine lacks the facility.
    Unsupported,
    /// It kept changing while being read.
    Inconsistent,
    /// It was there and went away before it could be read.
    Vanished,
    /// The reply could not be understood.
    Malformed,
    /// Any other error, told in the detail.
    Failed,
}

impl Unseen {
    /// Whether this makes a result incomplete (exit code 3). A process that ended holds nothing any more, and a name
    /// that no file tells hides nothing; sockets that the kernel has and cannot list are missing.
    pub fn is_incomplete(&self) -> bool {
        match self.reason {
            UnseenReason::Vanished => false,
            UnseenReason::Unsupported => self.subject == UnseenSubject::Sockets,
            _ => true,
        }
    }
}
