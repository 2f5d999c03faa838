//! Long runs of rules that only match and then all accept, or all drop: taken together, they are one set.
//!
//! Which of them matches first does not matter to the packet. What rules that ask for nothing but the source (and what is the same
//! for every listener: interfaces, the protocol, the connection's state) let through is found once and shared by all listeners; the
//! others of the run, mostly refused by their port at a glance, are added.

use std::sync::Arc;

use super::super::chain::Ended;
use super::super::evaluate::{Point, Truth};
use super::super::fates::HitBy;
use super::super::guards::Slot;
use super::super::outcome::{Decider, Effect};
use super::super::run::Run;
use super::super::state::{Conntrack, State};
use crate::ir::{
    Chain, ChainId, Condition, ConntrackKey, Expression, Field, Meta, PayloadBase, Rule, Ruleset, SetId,
    Statement, Verdict, Version,
};
use crate::packet::Bits;
use crate::space::{Set, TooComplex};

/// Fewer rules are not worth it.
const LEAST: usize = 8;
/// Rules of a run that are named for one set of packets; the others are counted.
const NAMED: usize = 16;

/// A run of rules of one chain with the same verdict.
#[derive(Debug, Clone)]
pub(in super::super) struct Segment {
    start: usize,
    end: usize,
    drops: bool,
    /// Rules that ask for the source only, and the others.
    shared: Vec<usize>,
    own: Vec<usize>,
}

/// What the shared rules of a run depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SegmentKey {
    chain: ChainId,
    start: usize,
    source: Bits,
    point: Point,
    version: Version,
    protocol: Option<u8>,
    mark: Bits,
    conntrack: Option<u8>,
}

/// What the shared rules of a run match.
#[derive(Debug)]
pub(super) struct Shared {
    all: Set,
    /// Each that can match, with its packets.
    rules: Vec<(usize, Set)>,
}

impl Segment {
    /// Whether a rule is one of the run.
    pub(in super::super) fn holds(&self, rule: usize) -> bool {
        self.start <= rule && rule < self.end
    }
}

/// The runs of a chain, in order.
pub(in super::super) fn segments(
    ruleset: &Ruleset,
    chain: &Chain,
    changing: &dyn Fn(SetId) -> bool,
) -> Vec<Segment> {
    let mut all: Vec<Segment> = Vec::new();
    let mut open: Option<Segment> = None;
    for (at, rule) in chain.rules.iter().enumerate() {
        let drops = ending(rule);
        if open.as_ref().is_some_and(|segment| drops != Some(segment.drops)) {
            all.extend(open.take());
        }
        let Some(drops) = drops else { continue };
        let segment =
            open.get_or_insert(Segment { start: at, end: at, drops, shared: Vec::new(), own: Vec::new() });
        segment.end = at + 1;
        if asks_source_only(ruleset, rule, changing) { segment.shared.push(at) } else { segment.own.push(at) }
    }
    all.extend(open);
    all.retain(|segment| segment.end - segment.start >= LEAST);
    all
}

/// Whether a rule that does nothing but match drops or accepts.
fn ending(rule: &Rule) -> Option<bool> {
    let mut verdict = None;
    for statement in &rule.statements {
        match statement {
            Statement::Match(_) | Statement::Passive(_) if verdict.is_none() => {}
            Statement::Verdict(Verdict::Accept) if verdict.is_none() => verdict = Some(false),
            Statement::Verdict(Verdict::Drop) if verdict.is_none() => verdict = Some(true),
            _ => return None,
        }
    }
    verdict
}

fn asks_source_only(ruleset: &Ruleset, rule: &Rule, changing: &dyn Fn(SetId) -> bool) -> bool {
    rule.statements.iter().all(|statement| match statement {
        Statement::Match(condition) => is_of_source(ruleset, condition, changing),
        _ => true,
    })
}

fn is_of_source(ruleset: &Ruleset, condition: &Condition, changing: &dyn Fn(SetId) -> bool) -> bool {
    match condition {
        Condition::Compare { left, right, .. } => is_source(left) && is_source(right),
        Condition::Range { value, .. } => is_source(value),
        Condition::Lookup { key, set, .. } => {
            let whole = ruleset.set(*set).is_some_and(|set| set.incomplete.is_none());
            whole && !changing(*set) && is_source(key)
        }
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().all(|part| is_of_source(ruleset, part, changing))
        }
        Condition::Not(inner) => is_of_source(ruleset, inner, changing),
        Condition::Unknown(_) => false,
    }
}

/// Whether a value is made of the source address and of what is in the key.
fn is_source(expression: &Expression) -> bool {
    match expression {
        Expression::Constant(_) | Expression::Field(Field::Conntrack(ConntrackKey::State, _)) => true,
        Expression::Field(Field::Payload(payload)) => {
            let source = match payload.network {
                Some(0x0800) => 96..128,
                Some(0x86dd) => 64..192,
                _ => return false,
            };
            payload.base == PayloadBase::Network
                && payload.transport.is_none()
                && source.contains(&payload.offset)
                && payload.offset + payload.width <= source.end
        }
        Expression::Field(Field::Meta(meta)) => matches!(
            meta,
            Meta::InputName
                | Meta::InputIndex
                | Meta::OutputName
                | Meta::OutputIndex
                | Meta::NfProtocol
                | Meta::Protocol
                | Meta::L4Protocol
                | Meta::Mark
        ),
        Expression::Operation(_, left, right) => is_source(left) && is_source(right),
        Expression::Concatenation(parts) => parts.iter().all(is_source),
        _ => false,
    }
}

impl Run<'_> {
    /// Runs the rules of a run that begins here as one. `None` where it has to be done rule by rule; then nothing has happened.
    pub(super) fn segment(
        &mut self,
        state: &mut State,
        point: Point,
        id: ChainId,
        chain: &Chain,
        (from, at): (usize, usize),
        slots: &[Slot],
    ) -> Result<bool, TooComplex> {
        let simulator = self.simulator;
        let Some(segment) = simulator.segment(id, at).filter(|segment| from <= segment.start) else {
            return Ok(false);
        };
        let Some(shared) = self.shared(state, point, id, chain, segment)? else { return Ok(false) };
        let Some(space) = self.symbols.as_ref().map(|symbols| symbols.space) else { return Ok(false) };
        let mut own = Vec::new();
        for rule in &segment.own {
            if simulator.guards(id).is_some_and(|guards| guards.refuses(*rule, slots)) {
                continue;
            }
            match self.matched(state, point, chain, *rule)? {
                Some(set) if set.is_empty() => {}
                Some(set) => own.push((*rule, set)),
                // Something about it is not certain.
                None => return Ok(false),
            }
        }
        let sets = own.iter().map(|(_, set)| set.clone()).collect::<Vec<_>>();
        let all = space.or(&shared.all, &space.union(&sets)?)?;
        let region = state.trail.region.clone().unwrap_or_else(|| space.none());
        let taken = space.and(&region, &all)?;
        if !taken.is_empty() {
            let mut rules: Vec<(usize, &Set)> =
                shared.rules.iter().chain(&own).map(|(rule, set)| (*rule, set)).collect();
            rules.sort_unstable_by_key(|(rule, _)| *rule);
            let effect = if segment.drops { Effect::Drop } else { Effect::Accept };
            let first = self.name(state, id, &rules, &taken, &effect)?;
            let mut part = state.clone();
            part.trail.region = Some(taken.clone());
            part.cursor = None;
            let ended =
                if segment.drops { Ended::Dropped(Decider::Rule(id, first)) } else { Ended::Accepted };
            self.end_elsewhere(part, ended);
        }
        state.trail.region = Some(space.minus(&region, &taken)?);
        if let Some(cursor) = state.cursor.as_mut() {
            cursor.rule = segment.end;
        }
        Ok(true)
    }

    /// Which rules matched: the first ones exactly, the rest with the last one. Gives the first.
    fn name(
        &mut self,
        state: &State,
        chain: ChainId,
        rules: &[(usize, &Set)],
        taken: &Set,
        effect: &Effect,
    ) -> Result<usize, TooComplex> {
        let Some(space) = self.symbols.as_ref().map(|symbols| symbols.space) else { return Ok(0) };
        let mut rest = taken.clone();
        let mut first = None;
        let mut named = 0;
        let mut part = state.clone();
        for (at, (rule, set)) in rules.iter().enumerate() {
            if rest.is_empty() {
                break;
            }
            let hit = space.and(&rest, set)?;
            if hit.is_empty() {
                continue;
            }
            first = first.or(Some(*rule));
            named += 1;
            let by = HitBy::Rule(*rule, effect.clone());
            let last = named == NAMED;
            part.trail.region = Some(if last { rest.clone() } else { hit });
            if let Some(symbols) = &mut self.symbols {
                symbols.hit(&part, chain, by.clone());
                if last {
                    symbols.others.insert((chain, by), rules.len() - at - 1);
                }
            }
            if last {
                break;
            }
            rest = space.minus(&rest, set)?;
        }
        Ok(first.unwrap_or(0))
    }

    /// What the shared rules match. `None` where one of them is not certain.
    fn shared(
        &mut self,
        state: &State,
        point: Point,
        id: ChainId,
        chain: &Chain,
        segment: &Segment,
    ) -> Result<Option<Arc<Shared>>, TooComplex> {
        let key = SegmentKey {
            chain: id,
            start: segment.start,
            source: state.headers.source(),
            point,
            version: state.headers.version,
            protocol: state.headers.protocol,
            mark: state.mark,
            conntrack: match &state.conntrack {
                Conntrack::None => Some(u8::from(state.template)),
                Conntrack::Untracked => Some(2),
                Conntrack::Flow(flow) => Some(3 + flow.info as u8),
            },
        };
        let Some(symbols) = self.symbols.as_ref() else { return Ok(None) };
        let space = symbols.space;
        if let Some(found) = symbols.cache.segments.get(&key) {
            return Ok(found.clone());
        }
        let mut rules = Vec::new();
        let mut certain = true;
        for rule in &segment.shared {
            match self.matched(state, point, chain, *rule)? {
                Some(set) if set.is_empty() => {}
                Some(set) => rules.push((*rule, set)),
                None => {
                    certain = false;
                    break;
                }
            }
        }
        let found = if certain {
            let sets = rules.iter().map(|(_, set)| set.clone()).collect::<Vec<_>>();
            Some(Arc::new(Shared { all: space.union(&sets)?, rules }))
        } else {
            None
        };
        if let Some(symbols) = self.symbols.as_mut() {
            symbols.cache.segments.insert(key, found.clone());
        }
        Ok(found)
    }

    /// The packets that a rule matches. `None` where that is not certain for some.
    fn matched(
        &mut self,
        state: &State,
        point: Point,
        chain: &Chain,
        rule: usize,
    ) -> Result<Option<Set>, TooComplex> {
        let Some(symbols) = self.symbols.as_mut() else { return Ok(None) };
        if !symbols.step() {
            return Ok(None);
        }
        let space = symbols.space;
        let mut set = space.all();
        for statement in chain.rules.get(rule).map_or(&[][..], |rule| &rule.statements) {
            let Statement::Match(condition) = statement else { continue };
            match self.simulator.condition(condition, state, point) {
                Truth::True => continue,
                Truth::False | Truth::Break => return Ok(Some(space.none())),
                Truth::Open(_) => {}
            }
            let truths = self.truths(condition, state, point)?;
            let known = space.or(&space.or(&truths.yes, &truths.no)?, &truths.none)?;
            if !known.is_all() {
                return Ok(None);
            }
            set = space.and(&set, &truths.yes)?;
        }
        Ok(Some(set))
    }
}
