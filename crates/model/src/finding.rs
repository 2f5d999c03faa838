//! Findings: what looks wrong, how bad it is, the evidence and the way to mend it.

use std::cmp::Reverse;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::make_clean;
use crate::{NamespaceId, Protocol};

/// How bad a finding is, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing to mend.
    Info,
    /// Mend it when convenient.
    Low,
    /// Mend it soon.
    Medium,
    /// Mend it today.
    High,
    /// Assume that it is being used already.
    Critical,
}

impl Severity {
    /// The word shown in front of a finding.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Something that looks wrong. One finding, one wording, on every output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable slug, `group/what`, never reused for something else.
    pub id: String,
    /// How bad.
    pub severity: Severity,
    /// One sentence that names the subject.
    pub title: String,
    /// Why it matters.
    pub reason: String,
    /// What was seen, one fact a line.
    pub evidence: Vec<String>,
    /// What to do about it, best first.
    pub fix: Vec<String>,
    /// A command that shows the same with standard tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
    /// What it is about.
    pub subjects: Vec<Subject>,
}

/// The thing that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Subject {
    /// A listener.
    Listener {
        /// Protocol.
        protocol: Protocol,
        /// Address and port as shown.
        address: String,
        /// Namespace.
        namespace: NamespaceId,
    },
    /// A process.
    Process {
        /// Process id.
        pid: u32,
        /// `comm`.
        name: String,
    },
    /// A rule of a packet filter, or a chain of rules.
    Rule {
        /// Namespace.
        namespace: NamespaceId,
        /// Family of its table.
        family: String,
        /// Its table.
        table: String,
        /// Its chain.
        chain: String,
        /// The rule's handle, where one rule is meant and the kernel has one for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        handle: Option<u64>,
    },
    /// A unit that loads rules.
    Unit {
        /// Name, as `systemctl` knows it.
        name: String,
    },
}

/// Puts findings in the order in which they are told: worst first, then by id and subject. Text from elsewhere is escaped, subjects
/// are sorted and told once.
pub fn put_in_order(findings: &mut [Finding]) {
    for finding in &mut *findings {
        let sentences = finding.evidence.iter_mut().chain(&mut finding.fix).chain(&mut finding.reproduce);
        sentences.chain([&mut finding.title, &mut finding.reason]).for_each(make_clean);
        finding.subjects.sort();
        finding.subjects.dedup();
    }
    findings.sort_by(|a, b| {
        (Reverse(a.severity), &a.id, &a.subjects, &a.title).cmp(&(
            Reverse(b.severity),
            &b.id,
            &b.subjects,
            &b.title,
        ))
    });
}
