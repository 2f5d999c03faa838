//! Answers to questions about a whole ruleset: rules that do nothing, what a change opens and closes, assertions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exposure::{Decision, IpVersion};
use crate::reach::{Cause, Decider, Rule, Verdict};

/// A rule that does nothing, or perhaps nothing, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IdleRule {
    /// The rule.
    pub rule: Rule,
    /// How sure that is.
    pub idle: Idleness,
    /// Why, in one sentence: `every packet that it would match is dropped by rule 3 before`.
    pub statement: String,
    /// Shadowed: the rules that take its packets away. Redundant: what would do the same without it. Most telling first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Decider>,
    /// How many there are beyond those in `by`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_by: u64,
    /// What it hangs on, where it is not certain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// A packet that shows it, in the words of `--packet`: one that the rule would match and another takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Whether a rule does nothing.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Idleness {
    /// It certainly does nothing (`unused`: it counted no packet).
    Idle,
    /// It cannot be told: it has no counter, its match is not understood, the rules are too complex.
    Undecided,
}

/// Packets that fare otherwise under the new rules than under the old ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowChange {
    /// What became of them before.
    pub before: Verdict,
    /// What becomes of them now.
    pub after: Verdict,
    /// Version of IP.
    pub version: IpVersion,
    /// Protocol: `tcp`, `icmp`, `protocol 47`; `any` where it does not matter.
    pub protocol: String,
    /// Where they meet the host: `in by eth0`, `sent by this host`.
    pub place: String,
    /// Sources in the words of zones: `internet`, `198.51.100.0/24 and 3 more`.
    pub from: String,
    /// Sources as prefixes, lowest first; empty for every address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// How many prefixes there are beyond those in `sources`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_sources: u64,
    /// Destinations as prefixes; empty for every address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<String>,
    /// How many prefixes there are beyond those in `destinations`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_destinations: u64,
    /// Destination ports and ranges of them; empty for every port, and where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
    /// What else must hold, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// What decided before.
    pub decided_before: Vec<Decision>,
    /// What decides now.
    pub decided_after: Vec<Decision>,
    /// Where they arrived before: `172.17.0.2:80`, `leaves by eth1`. Absent where they did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival_before: Option<String>,
    /// Where they arrive now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival_after: Option<String>,
    /// What the uncertain side of it hangs on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// A packet of these, in the words of `--packet`.
    pub witness: String,
}

/// What became of one assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assertion {
    /// The assertion as it was written.
    pub text: String,
    /// Where it was written, if in a file: `FILE:LINE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What became of it.
    pub proof: Proof,
    /// Why, in one sentence.
    pub statement: String,
    /// What decides about the witness; of a proven one, what decides in general.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deciders: Vec<Decision>,
    /// What it hangs on, where it is undecided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// A packet that refutes it, or that it hangs on; one that shows it where it is proven. In the words of `--packet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
}

/// What became of an assertion.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It holds for every packet.
    Proven,
    /// At least one packet certainly contradicts it.
    Refuted,
    /// It hangs on what the causes name, or the rules are too complex.
    Undecided,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
