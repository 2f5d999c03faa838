//! Known attacks, and whether a server is open to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Evidence;
use crate::Severity;

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum Verdict {
    /// The server did what only a vulnerable one does.
    Confirmed,
    /// What an attack needs is there, whether it succeeds was not and can not be shown from outside.
    Potential,
    /// The server did what a vulnerable one does not, or lacks what the attack needs.
    NotVulnerable,
    /// Neither was seen.
    Inconclusive,
}

/// One check, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Weakness {
    /// Stable slug: `heartbleed`.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// CVE numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cves: Vec<String>,
    /// What it came to.
    pub verdict: Verdict,
    /// How bad it is where it is confirmed.
    pub severity: Severity,
    /// One or two sentences: what was seen, and what that means.
    pub statement: String,
    /// The bytes that prove it.
    pub evidence: Vec<Evidence>,
    /// What to do about it; for what is confirmed or potential.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fix: Vec<String>,
    /// A command of standard tools that shows the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
}
