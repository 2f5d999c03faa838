//! One thing found of one endpoint, before endpoints with the same are put together.

use std::net::SocketAddr;

use portreeve_model::Severity;
use portreeve_model::why::{Evidence, Nature};

use crate::case::Case;
use crate::facts::http::{Exchange, UpstreamFacts, Visit};
use crate::layers::evidence;

/// Something found.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) weight: Weight,
    pub(super) statement: String,
    pub(super) evidence: Vec<Evidence>,
    pub(super) fix: Vec<String>,
}

/// What it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// It keeps nobody out.
    Note,
    /// It keeps out those who ask.
    Fault(Nature, Severity),
    /// It keeps out some of those who ask, or harms them otherwise.
    Partly(Severity),
}

impl Finding {
    /// Something worth knowing.
    pub(super) fn note(code: &'static str, statement: impl Into<String>) -> Self {
        Self {
            code,
            weight: Weight::Note,
            statement: statement.into(),
            evidence: Vec::new(),
            fix: Vec::new(),
        }
    }

    /// The thing itself.
    pub(super) fn cause(code: &'static str, statement: impl Into<String>) -> Self {
        Self { weight: Weight::Fault(Nature::Cause, Severity::High), ..Self::note(code, statement) }
    }

    /// What some cause looks like.
    pub(super) fn symptom(code: &'static str, statement: impl Into<String>) -> Self {
        Self { weight: Weight::Fault(Nature::Symptom, Severity::High), ..Self::note(code, statement) }
    }

    /// What harms some.
    pub(super) fn partly(code: &'static str, severity: Severity, statement: impl Into<String>) -> Self {
        Self { weight: Weight::Partly(severity), ..Self::note(code, statement) }
    }

    pub(super) fn severity(mut self, severity: Severity) -> Self {
        if let Weight::Fault(nature, _) = self.weight {
            self.weight = Weight::Fault(nature, severity);
        }
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
}

/// What a judgement of one endpoint looks at.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) case: &'a Case,
    pub(super) visit: &'a Visit,
}

impl<'a> View<'a> {
    pub(super) fn endpoint(self) -> SocketAddr {
        self.visit.endpoint
    }

    /// The endpoint is this host's, so that what holds it is seen.
    pub(super) fn is_here(self) -> bool {
        self.case.here().any(|endpoint| endpoint.address == self.endpoint())
    }

    /// What was found of upstreams: those of the processes here.
    pub(super) fn upstreams(self) -> Option<&'a UpstreamFacts> {
        self.case.http.upstream.as_ref().filter(|_| self.is_here())
    }

    /// Who answers: `nginx (pid 812)`; from outside `nginx/1.22.1 at 192.0.2.1:443`.
    pub(super) fn server(self) -> String {
        let held = self.case.service.roots().first().map(|holder| holder.label());
        if let Some(label) = held.filter(|_| self.is_here()) {
            return label;
        }
        let last = self.visit.last().and_then(Exchange::answer);
        match last.and_then(|answer| answer.header("server")) {
            Some(name) => format!("{name} at {}", self.endpoint()),
            None => format!("{}", self.endpoint()),
        }
    }

    /// The request as a phrase, with the way that led to it.
    pub(super) fn request(self, exchange: &Exchange) -> String {
        let count = self.visit.exchanges.len() - 1;
        match count {
            0 => format!("GET {}", exchange.url),
            1 => format!("GET {} (after a redirect)", exchange.url),
            _ => format!("GET {} (after {count} redirects)", exchange.url),
        }
    }

    /// Where its log can be read, for somebody who has to go on from here.
    pub(super) fn read_the_log(self) -> String {
        let unit = self.case.service.roots().first().and_then(|holder| holder.process.unit.clone());
        if !self.is_here() {
            return format!(
                "run portreeve why {} on that host, which sees the processes and their logs",
                self.case.question.target.port
            );
        }
        match (self.upstreams().and_then(|facts| facts.lines.first()), unit) {
            (Some(line), _) => format!("read its log: tail -n 50 {}", line.file),
            (None, Some(unit)) => format!("read its log: journalctl -u {} -n 50", unit.name),
            (None, None) => "read its error log".to_owned(),
        }
    }
}
