//! Looks for rules that can go.

use portreeve_model::reach::Decider;
use portreeve_model::rules::{IdleRule, Idleness};
use portreeve_model::text::clean;
use rustc_hash::{FxHashMap, FxHashSet};

use super::follow::{Follow, Wholeness};
use super::part::{is_missed, leaves_alone, parts};
use crate::answer::Names;
use crate::ir::{Chain, ChainId, Family, Rule, Ruleset};
use crate::network::Network;
use crate::reach::questions::Idle;
use crate::reach::questions::beyond::{beyond, changing_set, is_defragmented, named_sets};
use crate::reach::questions::calls::{Calls, bases, chains};
use crate::reach::questions::evidence::{Copied, Instrumented, Met, Place, follow_all};
use crate::space::{Budget, Set, Space, TooComplex};

/// Most rules behind a rule that are looked through for those that do the same.
const FAR: usize = 512;
/// Most of these that are named.
const MOST: usize = 4;
const ALONE: &str =
    "Each of these rules can be deleted by itself; two of them may do the same, and then one has to stay.";

/// Every rule that could be deleted without a change of any packet's fate, each by itself.
pub fn redundant(ruleset: &Ruleset, network: &Network, budget: Budget) -> Idle {
    let calls = Calls::of(ruleset);
    let mut answer = Idle::default();
    let mut search = Search {
        ruleset,
        calls: &calls,
        bases: followed(ruleset, &calls, &mut answer),
        needed: FxHashSet::default(),
        same: FxHashMap::default(),
        met: FxHashSet::default(),
    };
    let asked: Vec<(ChainId, &Chain)> = chains(ruleset).filter(|(id, _)| search.asks(*id)).collect();
    answer.checked =
        asked.iter().map(|(_, chain)| u64::try_from(chain.rules.len()).unwrap_or(u64::MAX)).sum();
    let instrumented = Instrumented::new(ruleset, &calls, &|place| search.asks(place.0), true);
    let complexity =
        follow_all((ruleset, network), &instrumented.ruleset, budget, &mut |space, _, _, fates| {
            let met = instrumented.met(space, fates)?;
            search.class(space, &met)
        });
    if let Err(error) = complexity {
        // A rule is redundant only where every packet was followed.
        answer.too_complex = Some(super::super::complexity(ruleset, error));
        return answer;
    }
    let places = asked.iter().flat_map(|(id, chain)| (0..chain.rules.len()).map(|index| (*id, index)));
    answer.rules = places.filter_map(|place| search.told(place, network)).collect();
    if answer.rules.len() > 1 {
        answer.notes.push(ALONE.to_owned());
    }
    answer.in_order()
}

/// The base chains whose rules are asked about, and notes about the others.
fn followed(ruleset: &Ruleset, calls: &Calls, answer: &mut Idle) -> Vec<ChainId> {
    let mut found = Vec::new();
    let mut other = 0_usize;
    for base in bases(ruleset) {
        let Some(chain) = ruleset.chain(base) else { continue };
        if !matches!(chain.family, Family::Ip | Family::Ip6 | Family::Inet) {
            other += chain.rules.len();
            continue;
        }
        let within = calls.within(base).iter().filter_map(|id| ruleset.chain(*id));
        let mut statements = within.flat_map(|chain| &chain.rules).flat_map(|rule| &rule.statements);
        if statements.all(leaves_alone) {
            found.push(base);
        } else {
            let text = format!(
                "Chain {} {} {} writes marks, sets or headers, or does what is not understood: its rules were not asked about.",
                chain.family, chain.table, chain.name
            );
            answer.notes.push(clean(&text).into_owned());
        }
    }
    if other > 0 {
        answer.notes.push(format!("{other} rules of bridge and netdev tables were not asked about."));
    }
    found
}

struct Search<'a> {
    ruleset: &'a Ruleset,
    calls: &'a Calls,
    bases: Vec<ChainId>,
    /// Rules without which a packet would fare otherwise, or perhaps.
    needed: FxHashSet<Place>,
    /// What would do the same.
    same: FxHashMap<Place, Vec<Same>>,
    /// Rules that met a packet.
    met: FxHashSet<Place>,
}

/// What does the same as a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Same {
    Rule(Place),
    Policy(ChainId),
}

impl Search<'_> {
    /// Whether every base chain that a chain may run in is followed.
    fn asks(&self, chain: ChainId) -> bool {
        let bases = self.calls.bases_of(chain);
        !bases.is_empty() && bases.iter().all(|base| self.bases.contains(base))
    }

    fn class(&mut self, space: &Space, met: &Met) -> Result<(), TooComplex> {
        let doubtful = self.doubtful(space, met)?;
        let mut wholes = vec![Wholeness::Whole];
        wholes.extend((!is_defragmented(self.ruleset, space.version())).then_some(Wholeness::Fragments));
        for base in self.bases.clone() {
            let Some(policy) =
                self.ruleset.chain(base).and_then(|chain| chain.base.as_ref()).map(|base| base.policy)
            else {
                continue;
            };
            let arriving = met.maybe(space, base, Copied::Entry);
            if arriving.is_empty() {
                continue;
            }
            let mut steps = space.budget().steps;
            for wholeness in &wholes {
                let mut follow = Follow {
                    ruleset: self.ruleset,
                    space,
                    met,
                    base,
                    policy,
                    wholeness: *wholeness,
                    doubtful: &doubtful,
                    needed: &mut self.needed,
                    steps: &mut steps,
                };
                follow.base(&arriving)?;
            }
        }
        self.explain(space, met)
    }

    /// Packets that may have been changed in a way that is not known.
    fn doubtful(&self, space: &Space, met: &Met) -> Result<Set, TooComplex> {
        let harmless = |place: &Option<Place>| {
            place
                .and_then(|place| self.rule(place))
                .is_some_and(|rule| rule.statements.iter().all(leaves_alone))
        };
        let doubts = met.doubts.iter().filter(|(place, _)| !harmless(place)).map(|(_, set)| set.clone());
        space.union(&doubts.collect::<Vec<_>>())
    }

    /// Which rules behind a rule take its packets, where they are few; else the policy.
    fn explain(&mut self, space: &Space, met: &Met) -> Result<(), TooComplex> {
        for place in met.rules.keys() {
            self.met.insert(*place);
            if self.needed.contains(place) || !self.asks(place.0) || self.same.contains_key(place) {
                continue;
            }
            let mut left = met.all(space, *place)?;
            if left.is_empty() {
                continue;
            }
            let Some(chain) = self.ruleset.chain(place.0) else { continue };
            let mut found = Vec::new();
            let base = self.calls.bases_of(place.0).first().copied();
            for (index, rule) in chain.rules.iter().enumerate().skip(place.1 + 1).take(FAR) {
                let Some(base) = base.filter(|_| !left.is_empty() && found.len() < MOST) else { break };
                for part in parts(self.ruleset, rule, (place.0, index), space.version()) {
                    let taken = space.and(&left, &met.maybe(space, base, part.copy))?;
                    if !taken.is_empty() {
                        left = space.minus(&left, &taken)?;
                        if !found.contains(&Same::Rule((place.0, index))) {
                            found.push(Same::Rule((place.0, index)));
                        }
                    }
                }
            }
            if let (false, Some(base)) = (left.is_empty(), base) {
                found.push(Same::Policy(base));
            }
            self.same.insert(*place, found);
        }
        Ok(())
    }

    fn rule(&self, place: Place) -> Option<&Rule> {
        self.ruleset.chain(place.0)?.rules.get(place.1)
    }

    fn told(&self, place: Place, network: &Network) -> Option<IdleRule> {
        let rule = self.rule(place)?;
        if self.needed.contains(&place) || !self.met.contains(&place) || is_missed(rule) {
            return None;
        }
        if parts_of_any_version(self.ruleset, rule, place) == 0 || beyond(rule).is_some() {
            return None;
        }
        let names = Names { ruleset: self.ruleset, network };
        let same = self.same.get(&place).map_or(&[][..], Vec::as_slice);
        let behind: Vec<&Rule> = same
            .iter()
            .filter_map(|same| match same {
                Same::Rule(place) => self.rule(*place),
                Same::Policy(_) => None,
            })
            .collect();
        if behind.iter().chain([&rule]).any(|rule| changing_set(self.ruleset, rule).is_some()) {
            return None;
        }
        let only_policy = behind.is_empty();
        let does = if only_policy {
            "the policy does to its packets"
        } else {
            "the rules behind it do to its packets"
        };
        let mut sets: Vec<&str> =
            behind.iter().chain([&rule]).flat_map(|rule| named_sets(self.ruleset, rule)).collect();
        sets.sort_unstable();
        sets.dedup();
        let as_long = if sets.is_empty() {
            String::new()
        } else {
            format!(
                ", as long as {} hold what they hold now",
                sets.iter().map(|name| format!("@{name}")).collect::<Vec<_>>().join(", ")
            )
        };
        Some(IdleRule {
            rule: *names.rule(place.0, place.1),
            idle: Idleness::Idle,
            statement: clean(&format!("{does} what it does; it can be deleted by itself{as_long}"))
                .into_owned(),
            by: same
                .iter()
                .map(|same| match same {
                    Same::Rule(place) => Decider::Rule(names.rule(place.0, place.1)),
                    Same::Policy(chain) => Decider::Policy(names.chain(*chain)),
                })
                .collect(),
            more_by: 0,
            causes: Vec::new(),
            witness: None,
            remedy: None,
        })
    }
}

/// How many things a rule does, to packets of whichever version.
fn parts_of_any_version(ruleset: &Ruleset, rule: &Rule, place: Place) -> usize {
    [crate::ir::Version::V4, crate::ir::Version::V6]
        .into_iter()
        .map(|version| parts(ruleset, rule, place, version).len())
        .sum()
}
