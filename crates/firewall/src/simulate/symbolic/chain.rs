//! Runs a base chain for a set of packets.

use super::super::chain::{Ended, Flow};
use super::super::evaluate::{Lookup, Point, Truth, Value};
use super::super::guards::Slot;
use super::super::outcome::{Cause, CauseKind, Effect};
use super::super::run::Run;
use super::super::state::State;
use super::fields::is_cut;
use crate::ir::{Backend, ChainId, Data, Expression, Rule, SetId, Statement, Verdict};
use crate::space::{Set, TooComplex};

/// What becomes of a rule of which one statement was run for some of the packets.
enum Cut {
    /// The whole set goes through the statement as one.
    Whole,
    /// Every part was sent on its way.
    Parts,
}

impl Run<'_> {
    /// Runs the chain of the state's cursor to its end, or until other ways have to be followed first.
    pub(in super::super) fn chain_of_sets(&mut self, state: &mut State, point: Point) -> Ended {
        let mut values: Option<(ChainId, Vec<Slot>)> = None;
        let mut begun = false;
        loop {
            let Some(cursor) = state.cursor.as_ref() else { return Ended::Accepted };
            let (id, base) = (cursor.chain, cursor.base);
            let Some(chain) = self.simulator.ruleset.chain(id) else { return self.policy(state, base) };
            let point =
                Point { legacy: chain.backend == Backend::IptablesLegacy, ..point }.of(chain.family, state);
            let from = cursor.rule;
            if cursor.statement == 0 {
                if values.as_ref().is_none_or(|(of, _)| *of != id) {
                    values = Some((id, self.simulator.slots(id, state, point)));
                }
                if let (Some((_, slots)), Some(guards)) = (&values, self.simulator.guards(id)) {
                    let next = guards.next(cursor.rule, slots);
                    if let Some(cursor) = state.cursor.as_mut() {
                        cursor.rule = next;
                    }
                }
            }
            let Some(symbols) = self.symbols.as_mut() else { return Ended::Merged };
            if !symbols.step() {
                return Ended::Merged;
            }
            if begun && symbols.ways.any_behind(state) {
                symbols.defer(state.clone(), None);
                return Ended::Merged;
            }
            begun = true;
            let at = state.cursor.as_ref().map_or(usize::MAX, |cursor| cursor.rule);
            let Some(rule) = chain.rules.get(at) else {
                match self.chain_end(state, id, base) {
                    Some(ended) => return ended,
                    None => continue,
                }
            };
            let resumed = state.cursor.as_ref().map_or(0, |cursor| cursor.statement);
            let slots = values.as_ref().map_or(&[][..], |(_, slots)| slots);
            if resumed == 0 && self.symbols.as_ref().is_some_and(|symbols| !symbols.every_rule) {
                match self.segment(state, point, id, chain, (from, at), slots) {
                    Ok(false) => {}
                    Ok(true) if state.trail.region.as_ref().is_none_or(Set::is_empty) => {
                        return Ended::Merged;
                    }
                    Ok(true) => continue,
                    Err(error) => return self.fail(error),
                }
            }
            if resumed == 0
                && let Some(verdict) = plain(rule)
            {
                match self.plain_rule(state, point, rule, &verdict, (id, at), chain.backend) {
                    Ok(None) => continue,
                    Ok(Some(ended)) => return ended,
                    Err(error) => return self.fail(error),
                }
            }
            let (flow, wrote) = self.rule(state, point, rule, id, at, resumed);
            if wrote {
                values = None;
            }
            if let Some(ended) = self.apply(state, flow, chain.backend, id, at) {
                return ended;
            }
        }
    }

    fn fail(&mut self, error: TooComplex) -> Ended {
        if let Some(symbols) = &mut self.symbols {
            symbols.failed.get_or_insert(error);
        }
        Ended::Merged
    }

    /// A rule that only matches, and ends with one verdict: packets that match go one way, the others on to the next rule.
    fn plain_rule(
        &mut self,
        state: &mut State,
        point: Point,
        rule: &Rule,
        verdict: &Ending<'_>,
        here: (ChainId, usize),
        backend: Backend,
    ) -> Result<Option<Ended>, TooComplex> {
        let Some(space) = self.symbols.as_ref().map(|symbols| symbols.space) else { return Ok(None) };
        let region = state.trail.region.clone().unwrap_or_else(|| space.none());
        let (mut maybe, mut sure) = (region.clone(), region.clone());
        for statement in &rule.statements {
            let Statement::Match(condition) = statement else { continue };
            let cause = match self.simulator.condition(condition, state, point) {
                Truth::True => continue,
                Truth::False | Truth::Break => {
                    maybe = space.none();
                    break;
                }
                Truth::Open(cause) => cause,
            };
            let truths = self.truths(condition, state, point)?;
            maybe = space.minus(&maybe, &truths.no)?;
            maybe = space.minus(&maybe, &truths.none)?;
            if maybe.is_empty() {
                break;
            }
            sure = space.and(&sure, &truths.yes)?;
            let open = space.minus(&maybe, &truths.yes)?;
            if !open.is_empty() {
                let number = self.cause(cause, here);
                if let Some(symbols) = &mut self.symbols {
                    symbols.blame_set(number, &open);
                }
            }
        }
        if maybe.is_empty() {
            Self::advance(state);
            return Ok(None);
        }
        let rest = space.minus(&region, &sure)?;
        let flow = match verdict {
            Ending::Verdict(verdict) => Flow::Verdict((*verdict).clone()),
            Ending::Statement(statement) => self.statement(state, point, statement, here),
        };
        if matches!(flow, Flow::Verdict(Verdict::Continue)) {
            // Nothing happens but that it is counted: matching or not, packets meet again at the next rule.
            let mut matching = state.clone();
            matching.trail.region = Some(maybe);
            self.record(&mut matching, here, Effect::Continue, None);
            Self::advance(state);
            return Ok(None);
        }
        if rest.is_empty() {
            return Ok(self.apply(state, flow, backend, here.0, here.1));
        }
        let mut taken = state.clone();
        taken.trail.region = Some(maybe);
        match self.apply(&mut taken, flow, backend, here.0, here.1) {
            Some(ended) => self.end_elsewhere(taken, ended),
            None => self.defer(taken, None),
        }
        state.trail.region = Some(rest);
        Self::advance(state);
        Ok(None)
    }

    /// Runs a statement of a longer rule for a set of packets where it treats them differently. `true` where that was done and
    /// every part is on its way.
    pub(in super::super) fn statement_of_sets(
        &mut self,
        state: &mut State,
        point: Point,
        statement: &Statement,
        here: (ChainId, usize),
    ) -> bool {
        let cut = match statement {
            Statement::Match(condition) => self.cut_by_condition(state, point, condition, here),
            Statement::VerdictMap { key, map } => self.cut_by_verdict(state, point, (key, *map), here),
            Statement::Assign { value, .. } => self.cut_by_map(state, point, &[value], statement, here),
            Statement::Nat(nat) => {
                let parts = nat.address.iter().chain(&nat.port).flat_map(|(low, high)| [low, high]);
                self.cut_by_map(state, point, &parts.collect::<Vec<_>>(), statement, here)
            }
            Statement::Forward { interface, .. } => {
                self.cut_by_map(state, point, &[interface], statement, here)
            }
            _ => Ok(Cut::Whole),
        };
        match cut {
            Ok(Cut::Whole) => false,
            Ok(Cut::Parts) => true,
            Err(error) => {
                self.fail(error);
                true
            }
        }
    }

    fn cut_by_condition(
        &mut self,
        state: &mut State,
        point: Point,
        condition: &crate::ir::Condition,
        here: (ChainId, usize),
    ) -> Result<Cut, TooComplex> {
        let Truth::Open(cause) = self.simulator.condition(condition, state, point) else {
            return Ok(Cut::Whole);
        };
        let Some(space) = self.symbols.as_ref().map(|symbols| symbols.space) else { return Ok(Cut::Whole) };
        let region = state.trail.region.clone().unwrap_or_else(|| space.none());
        let truths = self.truths(condition, state, point)?;
        let not = space.or(&truths.no, &truths.none)?;
        let maybe = space.minus(&region, &not)?;
        let rest = space.minus(&region, &truths.yes)?;
        let open = space.and(&maybe, &rest)?;
        if !open.is_empty() {
            let number = self.cause(cause, here);
            if let Some(symbols) = &mut self.symbols {
                symbols.blame_set(number, &open);
            }
        }
        let mut others = state.clone();
        others.trail.region = Some(rest);
        Self::advance(&mut others);
        self.defer(others, None);
        let mut matching = state.clone();
        matching.trail.region = Some(maybe);
        self.next_statement(matching);
        Ok(Cut::Parts)
    }

    /// The state goes on behind the statement it stands at.
    fn next_statement(&mut self, mut state: State) {
        if let Some(cursor) = state.cursor.as_mut() {
            cursor.statement += 1;
        }
        self.defer(state, None);
    }

    fn cut_by_verdict(
        &mut self,
        state: &mut State,
        point: Point,
        (key, map): (&Expression, SetId),
        here: (ChainId, usize),
    ) -> Result<Cut, TooComplex> {
        if !matches!(self.simulator.find(key, map, state, point), Lookup::Open { .. }) && !is_cut(key, state)
        {
            return Ok(Cut::Whole);
        }
        let Some(space) = self.symbols.as_ref().map(|symbols| symbols.space) else { return Ok(Cut::Whole) };
        let region = state.trail.region.clone().unwrap_or_else(|| space.none());
        let (mut missed, mut open) = (space.none(), space.none());
        for (value, here_set) in self.values(key, state, point)? {
            let here_set = space.and(&region, &here_set)?;
            if here_set.is_empty() {
                continue;
            }
            let Some(words) = self.words(&value, map) else {
                missed = space.or(&missed, &here_set)?;
                continue;
            };
            let found = self.lookup(map, words, state)?;
            missed = space.or(&missed, &space.and(&here_set, &found.nothing)?)?;
            open = space.or(&open, &space.and(&here_set, &found.open)?)?;
            for (element, set) in &found.elements {
                let set = space.and(&here_set, set)?;
                if !set.is_empty() {
                    self.part_with(state, point, set, (map, *element), here);
                }
            }
        }
        if !missed.is_empty() {
            self.part_with(state, point, missed, (map, usize::MAX), here);
        }
        if !open.is_empty() {
            // Any element may be found, or none: as for one packet.
            let cause = match self.simulator.find(key, map, state, point) {
                Lookup::Open { cause, .. } => cause,
                _ => Cause::new(CauseKind::Unspecified, "the key of a map".to_owned()),
            };
            let all = self.simulator.ruleset.set(map).map_or(0, |set| set.elements.len());
            let number = self.cause(cause, here);
            if let Some(symbols) = &mut self.symbols {
                symbols.blame_set(number, &open);
            }
            let mut seen: Vec<Verdict> = Vec::new();
            for element in (0..all).chain([usize::MAX]) {
                let verdict = self.simulator.ruleset.set(map).and_then(|set| set.elements.get(element));
                match verdict.map(|element| &element.data) {
                    Some(Data::Verdict(verdict)) if seen.contains(verdict) => continue,
                    Some(Data::Verdict(verdict)) => seen.push(verdict.clone()),
                    _ => {}
                }
                self.part_with(state, point, open.clone(), (map, element), here);
            }
        }
        Ok(Cut::Parts)
    }

    /// Cuts by what a map in one of the expressions gives.
    fn cut_by_map(
        &mut self,
        state: &mut State,
        point: Point,
        expressions: &[&Expression],
        statement: &Statement,
        here: (ChainId, usize),
    ) -> Result<Cut, TooComplex> {
        let Some((key, map)) = expressions.iter().find_map(|expression| map_in(expression)) else {
            return Ok(Cut::Whole);
        };
        if state.found.is_some_and(|(of, _)| of == map) {
            return Ok(Cut::Whole);
        }
        if !matches!(self.simulator.find(key, map, state, point), Lookup::Open { .. }) && !is_cut(key, state)
        {
            return Ok(Cut::Whole);
        }
        let Some(space) = self.symbols.as_ref().map(|symbols| symbols.space) else { return Ok(Cut::Whole) };
        let region = state.trail.region.clone().unwrap_or_else(|| space.none());
        let mut rest = space.none();
        for (value, here_set) in self.values(key, state, point)? {
            let here_set = space.and(&region, &here_set)?;
            let found = match self.words(&value, map) {
                Some(words) => self.lookup(map, words, state)?,
                None if value == Value::Break => {
                    self.part_with(state, point, here_set, (map, usize::MAX), here);
                    continue;
                }
                None => continue,
            };
            for (element, set) in &found.elements {
                let set = space.and(&here_set, set)?;
                self.part_with(state, point, set, (map, *element), here);
            }
            let nothing = space.and(&here_set, &found.nothing)?;
            self.part_with(state, point, nothing, (map, usize::MAX), here);
            rest = space.or(&rest, &space.and(&here_set, &found.open)?)?;
        }
        if rest.is_empty() {
            return Ok(Cut::Parts);
        }
        // What cannot be told is left to the statement as it is.
        let mut open = state.clone();
        open.trail.region = Some(rest);
        let flow = self.statement(&mut open, point, statement, here);
        self.part(open, flow, here);
        Ok(Cut::Parts)
    }

    /// Runs the statement that the state stands at for some of its packets: those that find this element.
    fn part_with(
        &mut self,
        state: &State,
        point: Point,
        set: Set,
        found: (SetId, usize),
        here: (ChainId, usize),
    ) {
        if set.is_empty() {
            return;
        }
        let ruleset = self.simulator.ruleset;
        let at = state.cursor.as_ref().map_or(0, |cursor| cursor.statement);
        let Some(statement) = ruleset
            .chain(here.0)
            .and_then(|chain| chain.rules.get(here.1))
            .and_then(|rule| rule.statements.get(at))
        else {
            return;
        };
        let mut part = state.clone();
        part.trail.region = Some(set);
        part.found = Some(found);
        let flow = self.statement(&mut part, point, statement, here);
        part.found = None;
        self.part(part, flow, here);
    }

    /// Some of the packets are through a statement.
    fn part(&mut self, mut state: State, flow: Flow, here: (ChainId, usize)) {
        if matches!(flow, Flow::Next) {
            return self.next_statement(state);
        }
        let backend = self.simulator.ruleset.chain(here.0).map_or(Backend::Nft, |chain| chain.backend);
        match self.apply(&mut state, flow, backend, here.0, here.1) {
            Some(Ended::Merged) => {}
            Some(ended) => self.end_elsewhere(state, ended),
            None => self.defer(state, None),
        }
    }
}

/// How a rule ends that does nothing but match.
enum Ending<'r> {
    Verdict(&'r Verdict),
    Statement(&'r Statement),
}

/// The end of a rule that does nothing but match.
fn plain(rule: &Rule) -> Option<Ending<'_>> {
    let mut statements = rule.statements.iter();
    for statement in statements.by_ref() {
        match statement {
            Statement::Match(_)
            | Statement::Passive(_)
            | Statement::Duplicate { .. }
            | Statement::Offload { .. } => {}
            Statement::Verdict(Verdict::Queue { .. }) | Statement::Reject(_) => {
                return Some(Ending::Statement(statement));
            }
            Statement::Verdict(verdict) => return Some(Ending::Verdict(verdict)),
            _ => return None,
        }
    }
    Some(Ending::Verdict(&Verdict::Continue))
}

fn map_in(expression: &Expression) -> Option<(&Expression, SetId)> {
    match expression {
        Expression::Map { key, map, .. } => Some((key, *map)),
        Expression::Operation(_, left, right) => map_in(left).or_else(|| map_in(right)),
        Expression::Concatenation(parts) => parts.iter().find_map(map_in),
        _ => None,
    }
}
