//! Looks for rules without a packet.

use rustc_hash::{FxHashMap, FxHashSet};

use super::judge::{Candidate, Judge, Taker};
use crate::ir::{Base, Chain, ChainId, ChainKind, Family, Hook, Policy, Rule, Ruleset};
use crate::network::Network;
use crate::reach::alike::Kind;
use crate::reach::questions::Idle;
use crate::reach::questions::calls::{Calls, chains};
use crate::reach::questions::evidence::{Copied, Instrumented, Met, Place, conditions, follow_all};
use crate::simulate::{Class, Effect, Fates, HitBy};
use crate::space::{Budget, Set, Space, TooComplex};

/// Every rule that can never match a packet, and why.
pub fn shadowed(ruleset: &Ruleset, network: &Network, budget: Budget) -> Idle {
    let calls = Calls::of(ruleset);
    let mut answer = Idle::default();
    let asked: Vec<(ChainId, &Chain)> = chains(ruleset).filter(|(_, chain)| is_asked(chain)).collect();
    answer.checked =
        asked.iter().map(|(_, chain)| u64::try_from(chain.rules.len()).unwrap_or(u64::MAX)).sum();
    leave_out(ruleset, &mut answer);
    let mut met: FxHashSet<Place> = FxHashSet::default();
    let mut spent = Vec::new();
    let complexity = follow_all((ruleset, network), ruleset, budget, &mut |_, _, _, fates| {
        note(&fates, &mut met, &mut spent);
        Ok(())
    });
    let idle: Vec<Place> = asked
        .iter()
        .flat_map(|(id, chain)| (0..chain.rules.len()).map(|index| (*id, index)))
        .filter(|place| !met.contains(place))
        .collect();
    let mut candidates: FxHashMap<Place, Candidate> =
        idle.iter().map(|place| (*place, Candidate::default())).collect();
    let complexity = complexity.and_then(|()| look_closer(ruleset, network, &calls, budget, &mut candidates));
    if let Err(error) = complexity {
        answer.too_complex = Some(super::super::complexity(ruleset, error));
    }
    let judge = Judge {
        ruleset,
        network,
        calls: &calls,
        spent: &spent,
        candidates: &candidates,
        complete: answer.too_complex.is_none(),
    };
    answer.rules = idle.iter().filter_map(|place| judge.judge(*place)).collect();
    answer.in_order()
}

/// Chains whose rules the classes of packets decide about.
fn is_asked(chain: &Chain) -> bool {
    matches!(chain.family, Family::Ip | Family::Ip6 | Family::Inet)
}

fn leave_out(ruleset: &Ruleset, answer: &mut Idle) {
    let others: usize =
        ruleset.chains.iter().filter(|chain| !is_asked(chain)).map(|chain| chain.rules.len()).sum();
    if others > 0 {
        answer.notes.push(format!(
            "{others} rules of arp, bridge and netdev tables were not asked about: they see frames that carry no IP, too."
        ));
    }
}

/// The rules that packets of a class met, and those that ended their way through a chain.
fn note(fates: &Fates, met: &mut FxHashSet<Place>, ended: &mut Vec<Place>) {
    for hit in fates.hits.iter().filter(|hit| !hit.reply) {
        if let HitBy::Rule(index, effect) = &hit.by
            && met.insert((hit.chain, *index))
            && !matches!(effect, Effect::Continue)
        {
            ended.push((hit.chain, *index));
        }
    }
}

/// What the packets are that the rules would match, and who takes them.
fn look_closer(
    ruleset: &Ruleset,
    network: &Network,
    calls: &Calls,
    budget: Budget,
    candidates: &mut FxHashMap<Place, Candidate>,
) -> Result<(), TooComplex> {
    if candidates.is_empty() {
        return Ok(());
    }
    let wanted = |place: Place| candidates.contains_key(&place);
    let instrumented = Instrumented::new(ruleset, calls, &wanted, false);
    follow_all((ruleset, network), &instrumented.ruleset, budget, &mut |space, kind, class, fates| {
        let met = instrumented.met(space, fates)?;
        for (place, candidate) in candidates.iter_mut() {
            take_up(calls, space, (kind, class), network, &met, *place, candidate)?;
        }
        Ok(())
    })?;
    for candidate in candidates.values_mut() {
        candidate.takers.sort_by_key(|taker| taker.place);
    }
    let (alone, order) = alone(ruleset, candidates.keys().copied().collect());
    follow_all((ruleset, network), &alone, budget, &mut |_, _, _, fates| {
        for hit in fates.hits {
            if let HitBy::Rule(index, _) = hit.by
                && let Some(candidate) = order.get(index).and_then(|place| candidates.get_mut(place))
            {
                candidate.possible = true;
            }
        }
        Ok(())
    })
}

/// Takes up what one class of packets shows about a rule.
fn take_up(
    calls: &Calls,
    space: &Space,
    (kind, class): (&Kind, &Class),
    network: &Network,
    met: &Met,
    place: Place,
    candidate: &mut Candidate,
) -> Result<(), TooComplex> {
    let entered = entered(calls, space, met, place.0)?;
    if entered.is_empty() {
        return Ok(());
    }
    candidate.entered = true;
    for base in calls.bases_of(place.0) {
        let satisfying = met.maybe(space, base, Copied::Conditions(place));
        let mut left = space.and(&satisfying, &entered)?;
        if left.is_empty() {
            continue;
        }
        candidate.satisfied = true;
        // In its own chain first: a packet ends its way there once. What is left went into a chain and did not come back.
        for calling in [false, true] {
            for index in 0..place.1 {
                let earlier = (place.0, index);
                for (effect, set) in met.rules.get(&earlier).into_iter().flatten() {
                    if matches!(effect, Effect::Continue) || matches!(effect, Effect::Jump(_)) != calling {
                        continue;
                    }
                    let taken = space.and(&left, set)?;
                    if taken.is_empty() {
                        continue;
                    }
                    left = space.minus(&left, &taken)?;
                    if !candidate.takers.iter().any(|taker| taker.place == earlier) {
                        let witness = space.witness(&taken, class, network, &[])?;
                        candidate.takers.push(Taker {
                            place: earlier,
                            effect: effect.clone(),
                            witness: witness.map(|witness| witness.question.to_string()),
                            version: kind.version,
                        });
                    }
                }
            }
        }
    }
    Ok(())
}

/// The packets that come to a chain.
fn entered(calls: &Calls, space: &Space, met: &Met, chain: ChainId) -> Result<Set, TooComplex> {
    let mut sets = vec![met.maybe(space, chain, Copied::Entry)];
    for caller in calls.callers(chain) {
        for (effect, set) in met.rules.get(caller).into_iter().flatten() {
            if matches!(effect, Effect::Jump(target) | Effect::Goto(target) if *target == chain) {
                sets.push(set.clone());
            }
        }
    }
    space.union(&sets)
}

/// A ruleset in which every hook asks for the conditions of these rules and does nothing: what no packet satisfies there is
/// contradictory in itself.
fn alone(ruleset: &Ruleset, places: Vec<Place>) -> (Ruleset, Vec<Place>) {
    let mut alone =
        Ruleset { sets: ruleset.sets.clone(), trackers: vec![Family::Inet], ..Ruleset::default() };
    let copies: Vec<Rule> = places
        .iter()
        .map(|(chain, index)| {
            let rule = ruleset.chain(*chain).and_then(|chain| chain.rules.get(*index));
            Rule {
                origin: crate::ir::Origin::default(),
                statements: rule.map(conditions).unwrap_or_default(),
                text: String::new(),
            }
        })
        .collect();
    for hook in [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting] {
        alone.chains.push(Chain {
            family: Family::Inet,
            table: String::new(),
            name: hook.name().to_owned(),
            backend: crate::ir::Backend::Nft,
            handle: None,
            base: Some(Base {
                kind: ChainKind::Filter,
                hook,
                priority: 0,
                policy: Policy::Accept,
                devices: Vec::new(),
            }),
            rules: copies.clone(),
            dormant: false,
        });
    }
    (alone, places)
}
