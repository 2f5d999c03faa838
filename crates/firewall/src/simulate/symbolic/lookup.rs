//! Lookups of open keys in sets and maps: which packets find which element.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::super::run::Run;
use super::super::state::State;
use crate::ir::{Data, DataKind, Interval, SetId};
use crate::space::{Bit, Set, Space, TooComplex, Word};

/// Which packets find what.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// One element for each distinct data, with the packets that find one like it.
    pub(super) elements: Vec<(usize, Set)>,
    /// They find none.
    pub(super) nothing: Set,
    /// It cannot be told.
    pub(super) open: Set,
}

/// What an element does to the packets that find it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Outcome {
    /// It counts, as all with this data.
    Counts(usize),
    /// As if it was not there (`nomatch`).
    Excluded,
    /// A test of its own decides.
    Open,
}

impl Run<'_> {
    /// Looks keys up.
    pub(super) fn lookup(
        &mut self,
        id: SetId,
        words: Vec<Word>,
        state: &State,
    ) -> Result<Arc<Found>, TooComplex> {
        let Some(symbols) = self.symbols.as_ref() else { return Err(TooComplex { limit: 0, unit: "sets" }) };
        let space = symbols.space;
        let simulator = self.simulator;
        let open = || Arc::new(Found { elements: Vec::new(), nothing: space.none(), open: space.all() });
        let (Some(set), Some(index)) = (simulator.ruleset.set(id), simulator.index(id)) else {
            return Ok(open());
        };
        match state.found {
            Some((of, usize::MAX)) if of == id => {
                return Ok(Arc::new(Found {
                    elements: Vec::new(),
                    nothing: space.all(),
                    open: space.none(),
                }));
            }
            Some((of, element)) if of == id => {
                return Ok(Arc::new(Found {
                    elements: vec![(element, space.all())],
                    nothing: space.none(),
                    open: space.none(),
                }));
            }
            _ => {}
        }
        let changed = state.updated.contains(&id) || (state.sets_changed && simulator.is_changing(id));
        if set.incomplete.is_some() || changed || words.len() != set.key.len() {
            return Ok(open());
        }
        let key = (id, words, false);
        if let Some(found) = symbols.cache.lookups.get(&key) {
            return Ok(Arc::clone(found));
        }
        let outcomes = outcomes(set);
        let at = |element: usize| outcomes.get(element).cloned().unwrap_or(Outcome::Open);
        let mut groups: FxHashMap<Outcome, Vec<Set>> = FxHashMap::default();
        match (index.intervals(), key.1.as_slice()) {
            (Some(sorted), [word]) => {
                let mut intervals: FxHashMap<Outcome, Vec<Interval>> = FxHashMap::default();
                for (low, high, element) in sorted {
                    intervals.entry(at(*element)).or_default().push(Interval { low: *low, high: *high });
                }
                for (outcome, intervals) in intervals {
                    groups.entry(outcome).or_default().push(space.among(word, &intervals)?.yes);
                }
            }
            (_, words) => {
                let met = set.elements.iter().enumerate().filter(|(_, element)| {
                    !element.key.is_empty()
                        && element.key.iter().zip(words).all(|(part, word)| meets(*part, word))
                });
                let boxes = met.map(|(number, element)| (element.key.as_slice(), number)).collect::<Vec<_>>();
                let plain = outcomes.iter().all(|outcome| *outcome == Outcome::Counts(0));
                boxed(space, words, &boxes, plain || index.is_disjoint(), &at, &mut groups)?;
            }
        }
        let mut elements = Vec::new();
        let (mut excluded, mut unknown, mut taken) = (space.none(), space.none(), space.none());
        for (outcome, sets) in groups {
            let all = space.union(&sets)?;
            taken = space.or(&taken, &all)?;
            match outcome {
                Outcome::Counts(element) => elements.push((element, all)),
                Outcome::Excluded => excluded = all,
                Outcome::Open => unknown = all,
            }
        }
        let lost = lost(space, &key.1, set, index)?;
        let mut rest = space.not(&taken)?;
        if let Some(element) = index.rest() {
            match at(element) {
                Outcome::Counts(like) => {
                    match elements.iter_mut().find(|(other, _)| *other == like) {
                        Some((_, found)) => *found = space.or(found, &rest)?,
                        None => elements.push((like, rest)),
                    }
                    rest = space.none();
                }
                Outcome::Open => {
                    unknown = space.or(&unknown, &rest)?;
                    rest = space.none();
                }
                Outcome::Excluded => {}
            }
        }
        let nothing = space.minus(&space.or(&rest, &excluded)?, &lost)?;
        for (_, found) in &mut elements {
            *found = space.minus(found, &lost)?;
        }
        elements.retain(|(_, found)| !found.is_empty());
        elements.sort_unstable_by_key(|(element, _)| *element);
        let found = Arc::new(Found { elements, nothing, open: space.or(&unknown, &lost)? });
        if let Some(symbols) = self.symbols.as_mut() {
            symbols.cache.lookups.insert(key, Arc::clone(&found));
        }
        Ok(found)
    }
}

/// Packets whose key has bits that nothing tells, and for which those bits matter.
fn lost(
    space: &Space,
    words: &[Word],
    set: &crate::ir::Set,
    index: &super::super::sets::Index,
) -> Result<Set, TooComplex> {
    if !words.iter().any(|word| word.0.contains(&Bit::Lost)) {
        return Ok(space.none());
    }
    let (Some(sorted), [word]) = (index.intervals(), words) else { return Ok(space.all()) };
    // Of a plain set only being in it counts: what is certainly in, or certainly out, is not lost.
    if set.data != DataKind::None || set.elements.iter().any(|e| e.excluded || e.stateful.is_some()) {
        return Ok(space.all());
    }
    let intervals =
        sorted.iter().map(|(low, high, _)| Interval { low: *low, high: *high }).collect::<Vec<_>>();
    let split = space.among(word, &intervals)?;
    space.not(&space.or(&split.yes, &split.no)?)
}

/// What each element does; elements with the same data are one.
fn outcomes(set: &crate::ir::Set) -> Vec<Outcome> {
    let mut seen: FxHashMap<String, usize> = FxHashMap::default();
    let mut all = Vec::with_capacity(set.elements.len());
    let plain = set.data == DataKind::None;
    for (number, element) in set.elements.iter().enumerate() {
        all.push(if element.excluded {
            Outcome::Excluded
        } else if element.stateful.is_some() || matches!(element.data, Data::Unknown(_)) {
            Outcome::Open
        } else if plain {
            Outcome::Counts(0)
        } else {
            Outcome::Counts(*seen.entry(format!("{:?}", element.data)).or_insert(number))
        });
    }
    all
}

/// Whether a value may lie in an interval.
fn meets(interval: Interval, word: &Word) -> bool {
    match word.exact() {
        Some(value) => interval.contains(value),
        None => true,
    }
}

type Boxed<'a> = (&'a [Interval], usize);

/// Concatenations: grouped by their parts, highest variables first. Where they overlap the first one counts.
fn boxed(
    space: &Space,
    words: &[Word],
    boxes: &[Boxed<'_>],
    disjoint: bool,
    at: &dyn Fn(usize) -> Outcome,
    groups: &mut FxHashMap<Outcome, Vec<Set>>,
) -> Result<(), TooComplex> {
    let mut order = (0..words.len()).collect::<Vec<_>>();
    order.sort_by_key(|part| words.get(*part).and_then(|word| word.variables().min()).unwrap_or(0));
    if disjoint {
        let mut by_outcome: FxHashMap<Outcome, Vec<&[Interval]>> = FxHashMap::default();
        for (key, element) in boxes {
            by_outcome.entry(at(*element)).or_default().push(key);
        }
        for (outcome, keys) in by_outcome {
            let set = union(space, words, &order, keys)?;
            groups.entry(outcome).or_default().push(set);
        }
        return Ok(());
    }
    let mut taken = space.none();
    for (key, element) in boxes {
        let all = union(space, words, &order, vec![key])?;
        let new = space.minus(&all, &taken)?;
        taken = space.or(&taken, &all)?;
        groups.entry(at(*element)).or_default().push(new);
    }
    Ok(())
}

/// The packets whose key is in any of the boxes.
fn union(
    space: &Space,
    words: &[Word],
    order: &[usize],
    mut keys: Vec<&[Interval]>,
) -> Result<Set, TooComplex> {
    let Some((part, others)) = order.split_first() else { return Ok(space.all()) };
    let Some(word) = words.get(*part) else { return Ok(space.none()) };
    let interval = |key: &[Interval]| key.get(*part).copied().unwrap_or(Interval { low: 1, high: 0 });
    keys.sort_by_key(|key| interval(key));
    if others.is_empty() {
        let mut intervals: Vec<Interval> = Vec::new();
        for next in keys.iter().map(|key| interval(key)) {
            match intervals.last_mut() {
                Some(last) if next.low <= last.high => last.high = last.high.max(next.high),
                _ => intervals.push(next),
            }
        }
        return Ok(space.among(word, &intervals)?.yes);
    }
    let mut sets = Vec::new();
    for same in keys.chunk_by(|a, b| interval(a) == interval(b)) {
        let Some(first) = same.first() else { continue };
        let here = space.within(word, interval(first))?.yes;
        sets.push(space.and(&here, &union(space, words, others, same.to_vec())?)?);
    }
    space.union(&sets)
}
