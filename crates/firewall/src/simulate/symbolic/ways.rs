//! The ways that are still to be followed, in an order in which those that meet again are joined before they go on.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::super::chain::Ended;
use super::super::state::State;
use crate::space::{Set, Space, TooComplex};

/// How far a way has come. What is smaller goes first, so that a way waits for those that can still reach it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    hops: u32,
    entry: usize,
    nat_chain: usize,
    ended: bool,
    rules: SmallVec<[u32; 8]>,
    statement: usize,
}

/// A way: the state, and how its chain ended where it did.
type Way = (State, Option<Ended>);

/// Ways by position.
#[derive(Debug, Default)]
pub(super) struct Ways(BTreeMap<Position, FxHashMap<Way, Set>>);

impl Ways {
    /// Puts a way with its packets among the others.
    pub(super) fn put(&mut self, space: &Space, way: Way, set: Set) -> Result<(), TooComplex> {
        let position = Position::of(&way.0, way.1.is_some());
        match self.0.entry(position).or_default().entry(way) {
            Entry::Occupied(mut found) => {
                let joined = space.or(found.get(), &set)?;
                *found.get_mut() = joined;
            }
            Entry::Vacant(free) => {
                free.insert(set);
            }
        }
        Ok(())
    }

    /// All ways that have come least far.
    pub(super) fn take(&mut self) -> Option<Vec<(Way, Set)>> {
        self.0.pop_first().map(|(_, ways)| ways.into_iter().collect())
    }

    /// Whether another way waits that has not come as far as this one, or just as far.
    pub(super) fn any_behind(&self, state: &State) -> bool {
        self.0.first_key_value().is_some_and(|(first, _)| {
            first.hops <= state.trail.hops
                && (first.hops, first.entry, first.nat_chain)
                    <= (state.trail.hops, state.entry, state.nat_chain)
                && *first <= Position::of(state, false)
        })
    }
}

impl Position {
    fn of(state: &State, ended: bool) -> Self {
        let mut rules = SmallVec::new();
        let mut statement = 0;
        if let Some(cursor) = &state.cursor {
            // A way inside a chain that was jumped to stands before the rule it will come back to.
            let number = |rule: usize| u32::try_from(rule).unwrap_or(u32::MAX);
            rules.extend(cursor.stack.iter().map(|(_, rule)| number(rule.saturating_sub(1))));
            rules.push(number(cursor.rule));
            statement = cursor.statement;
        }
        Self {
            hops: state.trail.hops,
            entry: state.entry,
            nat_chain: state.nat_chain,
            ended,
            rules,
            statement,
        }
    }
}
