//! Which chains call which.

use rustc_hash::FxHashMap;

use super::evidence::Place;
use crate::ir::{Chain, ChainId, Data, Family, Ruleset, Statement, Verdict};

/// The calls between the chains of a ruleset.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// For each chain, the rules that jump or go to it.
    callers: FxHashMap<ChainId, Vec<Place>>,
    /// For each base chain, the chains that may run in it, itself first.
    within: FxHashMap<ChainId, Vec<ChainId>>,
}

impl Calls {
    pub(super) fn of(ruleset: &Ruleset) -> Self {
        let mut this = Self::default();
        let mut targets: FxHashMap<ChainId, Vec<ChainId>> = FxHashMap::default();
        for (id, chain) in chains(ruleset) {
            for (index, rule) in chain.rules.iter().enumerate() {
                for statement in &rule.statements {
                    for target in called(ruleset, statement) {
                        this.callers.entry(target).or_default().push((id, index));
                        let known = targets.entry(id).or_default();
                        if !known.contains(&target) {
                            known.push(target);
                        }
                    }
                }
            }
        }
        for (base, _) in chains(ruleset).filter(|(_, chain)| chain.base.is_some()) {
            let mut found = vec![base];
            let mut next = 0;
            while let Some(chain) = found.get(next).copied() {
                for target in targets.get(&chain).into_iter().flatten() {
                    if !found.contains(target) {
                        found.push(*target);
                    }
                }
                next += 1;
            }
            this.within.insert(base, found);
        }
        this
    }

    /// The rules that call a chain.
    pub(super) fn callers(&self, chain: ChainId) -> &[Place] {
        self.callers.get(&chain).map_or(&[], Vec::as_slice)
    }

    /// The chains that may run in a base chain, itself first.
    pub(super) fn within(&self, base: ChainId) -> &[ChainId] {
        self.within.get(&base).map_or(&[], Vec::as_slice)
    }

    /// The base chains in which a chain may run.
    pub(super) fn bases_of(&self, chain: ChainId) -> Vec<ChainId> {
        let mut bases: Vec<ChainId> =
            self.within.iter().filter(|(_, within)| within.contains(&chain)).map(|(base, _)| *base).collect();
        bases.sort_unstable();
        bases
    }

    /// The rules that call a chain, those that call their chains, and so on.
    pub(super) fn all_callers(&self, chain: ChainId) -> Vec<Place> {
        let mut found: Vec<Place> = self.callers(chain).to_vec();
        let mut next = 0;
        while let Some((caller, _)) = found.get(next).copied() {
            for place in self.callers(caller) {
                if !found.contains(place) {
                    found.push(*place);
                }
            }
            next += 1;
        }
        found
    }
}

/// Base chains that IP packets meet and that run.
pub(super) fn bases(ruleset: &Ruleset) -> Vec<ChainId> {
    let runs = |chain: &Chain| chain.base.is_some() && !chain.dormant && chain.family != Family::Arp;
    chains(ruleset).filter(|(_, chain)| runs(chain)).map(|(id, _)| id).collect()
}

/// All chains with their ids.
pub(super) fn chains(ruleset: &Ruleset) -> impl Iterator<Item = (ChainId, &Chain)> {
    (0..).map(ChainId).zip(&ruleset.chains)
}

/// The chains that a statement may jump or go to.
fn called(ruleset: &Ruleset, statement: &Statement) -> Vec<ChainId> {
    let target = |verdict: &Verdict| match verdict {
        Verdict::Jump(target) | Verdict::Goto(target) => Some(*target),
        _ => None,
    };
    match statement {
        Statement::Verdict(verdict) => target(verdict).into_iter().collect(),
        Statement::VerdictMap { map, .. } => {
            let elements = ruleset.set(*map).map_or(&[][..], |set| set.elements.as_slice());
            let mut found: Vec<ChainId> = elements
                .iter()
                .filter_map(|element| match &element.data {
                    Data::Verdict(verdict) => target(verdict),
                    _ => None,
                })
                .collect();
            found.sort_unstable();
            found.dedup();
            found
        }
        _ => Vec::new(),
    }
}
