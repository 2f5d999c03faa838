//! One thing that is wrong at some endpoints. What is the same at several is told once.

use std::net::SocketAddr;

use portreeve_model::Severity;
use portreeve_model::why::Evidence;

use crate::case::Case;
use crate::layers::{FaultDraft, Judgement, evidence};

/// A fault before it is known at how many endpoints it is.
#[derive(Debug)]
#[must_use]
pub(super) struct Finding {
    code: &'static str,
    statement: String,
    endpoints: Vec<SocketAddr>,
    evidence: Vec<Evidence>,
    fix: Vec<String>,
    is_symptom: bool,
    is_partial: bool,
}

impl Finding {
    pub(super) fn new(code: &'static str, statement: impl Into<String>, endpoint: SocketAddr) -> Self {
        Self {
            code,
            statement: statement.into(),
            endpoints: vec![endpoint],
            evidence: Vec::new(),
            fix: Vec::new(),
            is_symptom: false,
            is_partial: false,
        }
    }

    /// It is what some cause looks like from here.
    pub(super) fn symptom(mut self) -> Self {
        self.is_symptom = true;
        self
    }

    /// Some clients do without.
    pub(super) fn partial(mut self) -> Self {
        self.is_partial = true;
        self
    }

    pub(super) fn seen(mut self, kind: &str, text: impl Into<String>, reproduce: impl Into<String>) -> Self {
        self.evidence.push(evidence(kind, text, reproduce));
        self
    }

    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix.push(fix.into());
        self
    }

    pub(super) fn fixes(mut self, fixes: impl IntoIterator<Item = String>) -> Self {
        self.fix.extend(fixes);
        self
    }

    fn into_draft(self, case: &Case) -> FaultDraft {
        let others = if self.is_partial { usize::MAX } else { case.others(&self.endpoints) };
        let mut draft = FaultDraft::at(self.code, self.statement, self.endpoints, others);
        if self.is_symptom {
            draft = draft.symptom().severity(Severity::Medium);
        }
        for one in self.evidence {
            draft = draft.seen(&one.kind, one.text, one.reproduce.unwrap_or_default());
        }
        self.fix.into_iter().fold(draft, FaultDraft::fix)
    }
}

/// Tells every finding once, with all endpoints that have it.
pub(super) fn tell(findings: Vec<Finding>, case: &Case, judgement: &mut Judgement) {
    let mut told: Vec<Finding> = Vec::new();
    for finding in findings {
        match told.iter_mut().find(|one| one.code == finding.code && one.statement == finding.statement) {
            Some(same) => same.endpoints.extend(finding.endpoints),
            None => told.push(finding),
        }
    }
    for finding in told {
        judgement.add(finding.into_draft(case));
    }
}
