//! The documents that `--json` prints. Each begins with its schema's name and version.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Container, Finding, Host, Listener, Namespace, Process, Socket, Unseen, reach, who};

/// Schema name of [`Overview`].
pub const OVERVIEW: &str = "portreeve.overview/1";
/// Schema name of [`Sockets`].
pub const SOCKETS: &str = "portreeve.sockets/1";
/// Schema name of [`Groups`].
pub const GROUPS: &str = "portreeve.sockets.groups/1";
/// Schema name of [`Who`].
pub const WHO: &str = "portreeve.who/1";
/// Schema name of [`Reach`].
pub const REACH: &str = "portreeve.reach/1";

/// `portreeve --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Overview {
    /// `portreeve.overview/1`.
    pub schema: String,
    /// The machine.
    pub host: Host,
    /// Open ports, widest reach first.
    pub listeners: Vec<Listener>,
    /// What looks wrong, worst first.
    pub findings: Vec<Finding>,
    /// Whether a firewall was taken into account.
    pub firewall: FirewallJudgement,
    /// Network namespaces.
    pub namespaces: Vec<Namespace>,
    /// Processes named in `listeners` and `findings`.
    pub processes: Vec<Process>,
    /// Containers named above.
    pub containers: Vec<Container>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
}

/// What an overview says of the firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirewallJudgement {
    /// Reach is judged by bind address alone.
    NotJudged,
}

/// `portreeve sockets --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sockets {
    /// `portreeve.sockets/1`.
    pub schema: String,
    /// The machine.
    pub host: Host,
    /// The sockets that match.
    pub sockets: Vec<Socket>,
    /// Network namespaces looked at.
    pub namespaces: Vec<Namespace>,
    /// Processes that hold the sockets.
    pub processes: Vec<Process>,
    /// Their containers.
    pub containers: Vec<Container>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
}

/// `portreeve sockets --group-by ... --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Groups {
    /// `portreeve.sockets.groups/1`.
    pub schema: String,
    /// The machine.
    pub host: Host,
    /// The keys, in the order asked for.
    pub group_by: Vec<String>,
    /// Largest first.
    pub groups: Vec<Group>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
}

/// Sockets that share the values of the keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// One value for each key.
    pub key: Vec<String>,
    /// Number of sockets.
    pub count: u64,
    /// Of these, how many were given to a process by inference, since nobody holds them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub inferred: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// `portreeve who PORT --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Who {
    /// `portreeve.who/1`.
    pub schema: String,
    /// The machine.
    pub host: Host,
    /// The answer.
    #[serde(flatten)]
    pub answer: who::Answer,
    /// Network namespaces looked at.
    pub namespaces: Vec<Namespace>,
    /// Processes named.
    pub processes: Vec<Process>,
    /// Their containers.
    pub containers: Vec<Container>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
}

/// `portreeve reach --packet ... --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reach {
    /// `portreeve.reach/1`.
    pub schema: String,
    /// The machine whose rules were asked; of a file without a machine, this one.
    pub host: Host,
    /// Where the rules come from.
    pub source: reach::RulesSource,
    /// One answer for each packet, in the order asked.
    pub answers: Vec<reach::Answer>,
    /// What is not simulated, or was assumed.
    pub limits: Vec<reach::Limit>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
}
