//! The documents that `--json` prints. Each begins with its schema's name and version.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judgement::FirewallJudgement;
use crate::{
    Container, Finding, Host, Listener, Namespace, Process, Protocol, Socket, Unseen, exposure, reach, rules,
    tls, who, why,
};

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
/// Schema name of [`ReachPorts`].
pub const REACH_PORTS: &str = "portreeve.reach.ports/1";
/// Schema name of [`ReachIdle`] for rules that can never match.
pub const REACH_SHADOWED: &str = "portreeve.reach.shadowed/1";
/// Schema name of [`ReachIdle`] for rules without which nothing would change.
pub const REACH_REDUNDANT: &str = "portreeve.reach.redundant/1";
/// Schema name of [`ReachIdle`] for rules that counted no packet.
pub const REACH_UNUSED: &str = "portreeve.reach.unused/1";
/// Schema name of [`ReachDiff`].
pub const REACH_DIFF: &str = "portreeve.reach.diff/1";
/// Schema name of [`ReachAssert`].
pub const REACH_ASSERT: &str = "portreeve.reach.assert/1";

/// Schema name of [`Why`].
pub const WHY: &str = "portreeve.why/1";

/// Schema name of [`Tls`].
pub const TLS: &str = "portreeve.tls/1";
/// Schema name of [`TlsAudit`].
pub const TLS_AUDIT: &str = "portreeve.tls.audit/1";
/// Schema name of [`TlsFiles`].
pub const TLS_FILES: &str = "portreeve.tls.files/1";

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
    /// Who can reach them and the ports that rules translate, in the namespaces whose rules were judged.
    pub exposures: Vec<exposure::Exposure>,
    /// Whether rules were taken into account: one for each namespace with listeners.
    pub firewall: Vec<FirewallJudgement>,
    /// What sees packets beside the rules and is not simulated, or was assumed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<reach::Limit>,
    /// Network namespaces.
    pub namespaces: Vec<Namespace>,
    /// Processes named in `listeners` and `findings`.
    pub processes: Vec<Process>,
    /// Containers named above.
    pub containers: Vec<Container>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
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
    /// Who can reach the listeners among them, where that was asked for (`--exposure`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposures: Vec<exposure::Exposure>,
    /// Whether rules were taken into account, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub firewall: Vec<FirewallJudgement>,
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

/// `portreeve reach [PORT] --json`: who can reach which ports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReachPorts {
    /// `portreeve.reach.ports/1`.
    pub schema: String,
    /// The machine whose rules were asked; of a file without a machine, this one.
    pub host: Host,
    /// Where the rules come from.
    pub source: reach::RulesSource,
    /// The question.
    pub asked: PortsAsked,
    /// Whether the listeners of the host are known.
    pub listeners: ListenersKnown,
    /// The networks that the configuration names; they are zones, too.
    pub networks: Vec<NamedNetwork>,
    /// One for each port. With `from`, of these sources only.
    pub exposures: Vec<exposure::Exposure>,
    /// Set where there may be more ports than these: which rules were too complex to follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub too_complex: Option<String>,
    /// The base chains of the rules.
    pub chains: Vec<reach::Chain>,
    /// With `--probe`: connections that were really tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<crate::probe::Probe>,
    /// What is not simulated, or was assumed.
    pub limits: Vec<reach::Limit>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
}

/// What was asked about ports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortsAsked {
    /// This port alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// In these protocols alone; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<Protocol>,
    /// From these sources alone: a zone, a prefix, an interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// At this address alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<IpAddr>,
}

/// Where the listeners of a document come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListenersKnown {
    /// They were looked for on the machine, together with the rules; or are kept in the snapshot.
    Seen,
    /// Nobody knows who listens: the ports are those that rules translate, and the one asked about as if something listened.
    Unknown,
}

/// A network with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NamedNetwork {
    /// Its name.
    pub name: String,
    /// Its prefixes.
    pub prefixes: Vec<String>,
}

/// `portreeve reach shadowed|redundant|unused --json`: rules that do nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReachIdle {
    /// `portreeve.reach.shadowed/1`, `portreeve.reach.redundant/1` or `portreeve.reach.unused/1`.
    pub schema: String,
    /// The machine whose rules were asked; of a file without a machine, this one.
    pub host: Host,
    /// Where the rules come from.
    pub source: reach::RulesSource,
    /// How many rules were examined.
    pub examined: u64,
    /// Those that do nothing, and those of which it cannot be told.
    pub rules: Vec<rules::IdleRule>,
    /// What to know of the answer, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Set where not every rule could be examined: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub too_complex: Option<String>,
    /// What is not simulated, or was assumed.
    pub limits: Vec<reach::Limit>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
}

/// `portreeve reach diff OLD NEW --json`: what a change opens and closes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReachDiff {
    /// `portreeve.reach.diff/1`.
    pub schema: String,
    /// The rules before.
    pub old: DiffSide,
    /// The rules after.
    pub new: DiffSide,
    /// What fares otherwise, opened first.
    pub changes: Vec<rules::FlowChange>,
    /// What to know of the answer, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Set where the comparison is not complete: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub too_complex: Option<String>,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiffSide {
    /// The machine.
    pub host: Host,
    /// Where the rules come from.
    pub source: reach::RulesSource,
    /// What is not simulated, or was assumed.
    pub limits: Vec<reach::Limit>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
}

/// `portreeve reach assert ... --json`: what became of each assertion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReachAssert {
    /// `portreeve.reach.assert/1`.
    pub schema: String,
    /// The machine whose rules were asked; of a file without a machine, this one.
    pub host: Host,
    /// Where the rules come from.
    pub source: reach::RulesSource,
    /// One for each assertion, in the order asked.
    pub assertions: Vec<rules::Assertion>,
    /// What is not simulated, or was assumed.
    pub limits: Vec<reach::Limit>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
}
/// `portreeve why --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// `portreeve.why/1`.
    pub schema: String,
    /// The machine that looked.
    pub host: Host,
    /// What was asked about.
    pub target: why::Target,
    /// From where it was looked at.
    pub sight: why::Sight,
    /// Who connects, as far as rules and routes are concerned.
    pub clients: Vec<why::Client>,
    /// The addresses of the target.
    pub endpoints: Vec<why::Endpoint>,
    /// What it comes to.
    pub verdict: why::Verdict,
    /// The same in one sentence.
    pub statement: String,
    /// The one cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<why::Fault>,
    /// Further faults, the weightiest first.
    pub contributing: Vec<why::Fault>,
    /// Every layer, in the order in which a connection meets them.
    pub layers: Vec<why::Layer>,
    /// Connections that were tried.
    pub attempts: Vec<why::Attempt>,
    /// Milliseconds that it took.
    pub took_ms: u64,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
}

/// `portreeve tls TARGET... --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tls {
    /// `portreeve.tls/1`.
    pub schema: String,
    /// The machine that asked.
    pub host: Host,
    /// One for each endpoint, in the order in which the targets were given.
    pub audits: Vec<tls::Audit>,
    /// Milliseconds that it took.
    pub took_ms: u64,
    /// What was not seen: targets that an interrupted run did not come to.
    pub unseen: Vec<Unseen>,
}

/// One line of `portreeve tls TARGET... --jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TlsAudit {
    /// `portreeve.tls.audit/1`.
    pub schema: String,
    /// The audit.
    #[serde(flatten)]
    pub audit: tls::Audit,
}

/// `portreeve tls --cert FILE... --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TlsFiles {
    /// `portreeve.tls.files/1`.
    pub schema: String,
    /// The machine that read them.
    pub host: Host,
    /// The certificates.
    #[serde(flatten)]
    pub files: tls::Files,
}
