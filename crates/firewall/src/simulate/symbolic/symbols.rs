//! Everything that a run keeps about its sets.

use std::collections::hash_map::Entry;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::super::chain::Ended;
use super::super::fates::HitBy;
use super::super::outcome::End;
use super::super::state::State;
use super::cache::Cache;
use super::ways::Ways;
use crate::ir::ChainId;
use crate::packet::Bits;
use crate::space::{Set, Space, TooComplex};

/// Everything that a run keeps about its sets.
#[derive(Debug)]
pub(in super::super) struct Symbols<'s> {
    pub(super) space: &'s Space,
    pub(super) cache: Cache,
    pub(super) ways: Ways,
    /// What rules and policies did.
    pub(super) hits: FxHashMap<(ChainId, HitBy), Set>,
    /// How many further rules stand behind a hit.
    pub(super) others: FxHashMap<(ChainId, HitBy), usize>,
    /// By number of the cause.
    pub(super) causes: FxHashMap<usize, Set>,
    /// Ways that arrived.
    pub(super) arrived: FxHashMap<(State, End), Set>,
    /// Ways that did not.
    pub(super) ended: FxHashMap<End, Set>,
    /// The first failure; what comes after it is worth nothing.
    pub(super) failed: Option<TooComplex>,
    pub(super) steps: usize,
    /// Each rule's own packets are wanted: runs of rules are not taken as one.
    pub(super) every_rule: bool,
    /// Addresses that stand for their class at the moment, and the bits that they stand for.
    pub(super) standing: Option<(Option<Bits>, Option<Bits>)>,
}

impl<'s> Symbols<'s> {
    pub(super) fn new(space: &'s Space, cache: Cache) -> Self {
        Self {
            space,
            cache,
            ways: Ways::default(),
            hits: FxHashMap::default(),
            others: FxHashMap::default(),
            causes: FxHashMap::default(),
            arrived: FxHashMap::default(),
            ended: FxHashMap::default(),
            failed: None,
            steps: 0,
            every_rule: false,
            standing: None,
        }
    }

    /// One more rule met. `false` where the budget is used up.
    pub(super) fn step(&mut self) -> bool {
        self.steps += 1;
        let limit = self.space.budget().steps;
        if self.steps > limit {
            self.failed.get_or_insert(TooComplex { limit, unit: "steps" });
        }
        self.failed.is_none()
    }

    /// The value, or a stand-in where the budget is used up.
    pub(super) fn kept(&mut self, result: Result<Set, TooComplex>) -> Set {
        result.unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            self.space.none()
        })
    }

    pub(super) fn and(&mut self, a: &Set, b: &Set) -> Set {
        self.kept(self.space.and(a, b))
    }

    /// The packets on a way.
    pub(super) fn region(&self, state: &State) -> Set {
        state.trail.region.clone().unwrap_or_else(|| self.space.none())
    }

    /// A way that is followed later.
    pub(in super::super) fn defer(&mut self, mut state: State, ended: Option<Ended>) {
        self.restore(&mut state);
        let region = self.region(&state);
        state.trail.region = None;
        if region.is_empty() {
            return;
        }
        if let Err(error) = self.ways.put(self.space, (state, ended), region) {
            self.failed.get_or_insert(error);
        }
    }

    /// A way that came to its end.
    pub(in super::super) fn finish(&mut self, mut state: State, end: End) {
        self.restore(&mut state);
        let region = self.region(&state);
        if region.is_empty() {
            return;
        }
        let result = if end.arrives() == Some(true) {
            join(self.space, &mut self.arrived, (state, end), &region)
        } else {
            join(self.space, &mut self.ended, end, &region)
        };
        if let Err(error) = result {
            self.failed.get_or_insert(error);
        }
    }

    /// A rule or policy did something to the packets of a way.
    pub(in super::super) fn hit(&mut self, state: &State, chain: ChainId, by: HitBy) {
        let region = self.region(state);
        if let Err(error) = join(self.space, &mut self.hits, (chain, by), &region) {
            self.failed.get_or_insert(error);
        }
    }

    /// The packets of a way go on by assumption.
    pub(in super::super) fn blame(&mut self, cause: usize, state: &State) {
        let region = self.region(state);
        self.blame_set(cause, &region);
    }

    pub(super) fn blame_set(&mut self, cause: usize, region: &Set) {
        if let Err(error) = join(self.space, &mut self.causes, cause, region) {
            self.failed.get_or_insert(error);
        }
    }

    /// Puts the bits back that an address of their class stands for.
    pub(super) fn restore(&self, state: &mut State) {
        if let Some((source, destination)) = self.standing {
            if let Some(bits) = source {
                state.headers.write_source(bits);
            }
            if let Some(bits) = destination {
                state.headers.write_destination(bits);
            }
        }
    }
}

/// Adds packets to those of a key.
pub(super) fn join<K: Hash + Eq>(
    space: &Space,
    sets: &mut FxHashMap<K, Set>,
    key: K,
    set: &Set,
) -> Result<(), TooComplex> {
    match sets.entry(key) {
        Entry::Occupied(mut found) => {
            let joined = space.or(found.get(), set)?;
            *found.get_mut() = joined;
        }
        Entry::Vacant(free) => {
            free.insert(set.clone());
        }
    }
    Ok(())
}
