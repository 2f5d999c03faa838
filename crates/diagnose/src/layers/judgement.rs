//! What a layer's judge says, put together step by step; how it becomes the layer of the document.

use std::net::SocketAddr;

use portreeve_model::Severity;
use portreeve_model::text::make_clean;
use portreeve_model::why::{Evidence, Fault, Impact, Layer, LayerState, Nature, Note, Unjudged};

use super::LayerRule;

/// The judgement of one layer.
#[derive(Debug, Default)]
#[must_use]
pub struct Judgement {
    statement: String,
    tried: bool,
    applies: bool,
    faults: Vec<FaultDraft>,
    notes: Vec<Note>,
    unknown: Vec<Unjudged>,
}

/// A fault before it belongs to a layer.
#[derive(Debug)]
#[must_use]
pub struct FaultDraft {
    code: &'static str,
    severity: Severity,
    impact: Impact,
    nature: Nature,
    statement: String,
    endpoints: Vec<SocketAddr>,
    evidence: Vec<Evidence>,
    fix: Vec<String>,
}

/// A raw fact. An empty command is none.
pub fn evidence(kind: &str, text: impl Into<String>, reproduce: impl Into<String>) -> Evidence {
    let reproduce = reproduce.into();
    Evidence {
        kind: kind.to_owned(),
        text: text.into(),
        reproduce: (!reproduce.is_empty()).then_some(reproduce),
    }
}

impl Judgement {
    /// The layer is as it should be, in a few words: `answers from 192.0.2.1 reach this host`.
    pub fn fine(statement: impl Into<String>) -> Self {
        Self { statement: statement.into(), applies: true, ..Self::default() }
    }

    /// The target has no such layer, and why: `no name to look up`.
    pub fn not_applicable(statement: impl Into<String>) -> Self {
        Self { statement: statement.into(), ..Self::default() }
    }

    /// It was tried with packets of its own.
    pub fn tried(mut self) -> Self {
        self.tried = true;
        self
    }

    /// Something is wrong; the first fault's statement is the layer's.
    pub fn add(&mut self, fault: FaultDraft) {
        self.applies = true;
        self.faults.push(fault);
    }

    /// Something worth knowing that keeps nobody out.
    pub fn note(&mut self, code: &'static str, statement: impl Into<String>) {
        self.notes.push(Note { code: code.to_owned(), statement: statement.into() });
    }

    /// Something could not be judged, and a fault may hide there.
    pub fn unknown(&mut self, cause: impl Into<String>, remedy: Option<&str>) {
        self.unjudged(cause, remedy, true);
    }

    /// Something could not be judged that is no likely cause (another host's processes, seen from outside).
    pub fn unseen(&mut self, cause: impl Into<String>, remedy: Option<&str>) {
        self.unjudged(cause, remedy, false);
    }

    fn unjudged(&mut self, cause: impl Into<String>, remedy: Option<&str>, matters: bool) {
        self.applies = true;
        self.unknown.push(Unjudged { cause: cause.into(), remedy: remedy.map(str::to_owned), matters });
    }

    /// The layer of the document.
    pub(super) fn into_layer(self, rule: &LayerRule) -> Layer {
        let known = |code: &str| rule.codes.iter().any(|one| one.slug == code);
        debug_assert!(self.faults.iter().all(|fault| known(fault.code)), "{}: {:?}", rule.name, self.faults);
        debug_assert!(self.notes.iter().all(|note| known(&note.code)), "{}: {:?}", rule.name, self.notes);
        let state = if !self.faults.is_empty() {
            LayerState::Fault
        } else if !self.applies {
            LayerState::NotApplicable
        } else if self.unknown.is_empty() {
            LayerState::Ok
        } else {
            LayerState::Unknown
        };
        let mut layer = Layer {
            layer: rule.name,
            state,
            statement: self.statement,
            tried: self.tried,
            faults: self.faults.into_iter().map(|draft| draft.into_fault(rule)).collect(),
            notes: self.notes,
            unknown: self.unknown,
        };
        if let (LayerState::Unknown, Some(first)) = (state, layer.unknown.first()) {
            layer.statement.clone_from(&first.cause);
        }
        if let Some(first) = layer.faults.first() {
            layer.statement.clone_from(&first.statement);
        }
        make_clean(&mut layer.statement);
        layer.notes.iter_mut().for_each(|note| make_clean(&mut note.statement));
        layer.unknown.iter_mut().for_each(|one| make_clean(&mut one.cause));
        layer
    }
}

impl FaultDraft {
    /// A cause that keeps everybody out.
    pub fn all(code: &'static str, statement: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::High,
            impact: Impact::All,
            nature: Nature::Cause,
            statement: statement.into(),
            endpoints: Vec::new(),
            evidence: Vec::new(),
            fix: Vec::new(),
        }
    }

    /// A cause that keeps some out.
    pub fn some(code: &'static str, statement: impl Into<String>) -> Self {
        Self { severity: Severity::Medium, impact: Impact::Some, ..Self::all(code, statement) }
    }

    /// A cause that keeps out those who use these endpoints: everybody, where no other endpoint is left.
    pub fn at(
        code: &'static str,
        statement: impl Into<String>,
        endpoints: Vec<SocketAddr>,
        others: usize,
    ) -> Self {
        let draft = if others == 0 { Self::all(code, statement) } else { Self::some(code, statement) };
        Self { endpoints, ..draft }
    }

    /// The endpoints that it concerns; what it says of whom it keeps out stays.
    pub fn of(mut self, endpoints: Vec<SocketAddr>) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// It is what some cause looks like from here.
    pub fn symptom(mut self) -> Self {
        self.nature = Nature::Symptom;
        self
    }

    /// How bad, where it is not the usual.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// A raw fact and, where there is one, the command that shows it.
    pub fn seen(mut self, kind: &str, text: impl Into<String>, reproduce: impl Into<String>) -> Self {
        self.evidence.push(evidence(kind, text, reproduce));
        self
    }

    /// What to do about it; the best first.
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix.push(fix.into());
        self
    }

    fn into_fault(self, rule: &LayerRule) -> Fault {
        let mut fault = Fault {
            layer: rule.name,
            code: self.code.to_owned(),
            severity: self.severity,
            impact: self.impact,
            nature: self.nature,
            statement: self.statement,
            endpoints: self.endpoints,
            evidence: self.evidence,
            fix: self.fix,
        };
        make_clean(&mut fault.statement);
        fault.fix.iter_mut().for_each(make_clean);
        for one in &mut fault.evidence {
            make_clean(&mut one.text);
            one.reproduce.iter_mut().for_each(make_clean);
        }
        fault
    }
}
