//! What an audit comes to as a whole: whether something is to be mended, whether something that matters is not known.

use super::{Audit, Effort, Negotiation, Outcome, Support, Target, Unreached, Verdict};
use crate::Severity;

impl Audit {
    /// Of a server that was not reached: nothing is known of it.
    pub fn unreached(target: Target, reason: Unreached, detail: impl Into<String>) -> Self {
        Self::empty(target, Outcome::Unreachable { reason, detail: detail.into() })
    }

    /// With this outcome, and nothing known yet.
    pub fn empty(target: Target, outcome: Outcome) -> Self {
        Self {
            target,
            outcome,
            negotiation: Negotiation::default(),
            features: Vec::new(),
            weaknesses: Vec::new(),
            certificates: Vec::new(),
            records: None,
            http: None,
            fingerprints: Vec::new(),
            findings: Vec::new(),
            inconclusive: Vec::new(),
            handshakes: Vec::new(),
            effort: Effort::default(),
        }
    }

    /// Whether there was a server that speaks TLS.
    pub fn is_reached(&self) -> bool {
        match self.outcome {
            Outcome::Audited | Outcome::Partial { .. } => true,
            Outcome::NotTls { .. } | Outcome::Unreachable { .. } => false,
        }
    }

    /// Whether something is to be mended: `info` is only worth knowing.
    pub fn has_findings(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity > Severity::Info)
    }

    /// Whether the answer lacks something that matters: a version or suites that could not be asked for, an attack that may succeed for
    /// all that is known, the certificate, a part that was not come to. What is merely not known of features, DNS and HTTP does not count.
    pub fn is_incomplete(&self) -> bool {
        let protocols = || {
            let open = |support| support == Support::Inconclusive;
            self.negotiation.protocols.iter().any(|one| open(one.support) || one.incomplete.is_some())
        };
        let attacks = || {
            self.weaknesses
                .iter()
                .any(|one| one.verdict == Verdict::Inconclusive && one.severity > Severity::Low)
        };
        match self.outcome {
            Outcome::Partial { .. } => true,
            // Without a certificate nothing was said of the one thing that everybody asks about.
            Outcome::Audited => self.certificates.is_empty() || protocols() || attacks(),
            Outcome::NotTls { .. } | Outcome::Unreachable { .. } => false,
        }
    }
}
