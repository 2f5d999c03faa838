//! What rules meet and what they would match, for every packet there is.
//!
//! A ruleset is followed with copies of rules put at the head of every base chain that may run them. The copies only match and do
//! nothing, so that the engine tells for each rule the packets that satisfy its conditions when they come to the chain, beside those
//! that the rule itself meets behind the rules before it.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::calls::{Calls, bases};
use crate::ir::{
    Chain, ChainId, Condition, Data, Expression, Origin, Policy, Rule, Ruleset, Set, SetId, Statement,
    Verdict, Version,
};
use crate::network::Network;
use crate::reach::alike::{Kind, every_class};
use crate::simulate::{Class, Effect, Fates, HitBy, Simulator, Wanted};
use crate::space::{Budget, Set as Packets, Space, TooComplex};

/// A place of a rule: its chain, and its index there.
pub(super) type Place = (ChainId, usize);

/// A ruleset with copies of rules at the heads of its base chains.
pub(super) struct Instrumented {
    pub(super) ruleset: Ruleset,
    /// For each base chain, what its head holds.
    heads: FxHashMap<ChainId, Vec<Copied>>,
}

/// A copy at the head of a base chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Copied {
    /// It matches everything: what comes to the chain.
    Entry,
    /// The conditions of a rule.
    Conditions(Place),
    /// The conditions of a rule, and of its verdict map the verdict in this place among those it has.
    Verdict(Place, usize),
}

/// What one class of packets met.
#[derive(Default)]
pub(super) struct Met {
    /// What each rule did to which packets.
    pub(super) rules: FxHashMap<Place, Vec<(Effect, Packets)>>,
    /// For each base chain that ran and each copy at its head, the packets that satisfy it, sure or not.
    pub(super) copies: FxHashMap<(ChainId, Copied), Packets>,
    /// Packets for which that is not sure.
    pub(super) unsure: FxHashMap<(ChainId, Copied), Packets>,
    /// What was assumed elsewhere: by which rule, for which packets.
    pub(super) doubts: Vec<(Option<Place>, Packets)>,
}

impl Met {
    /// All packets that a rule met, whatever it did to them.
    pub(super) fn all(&self, space: &Space, place: Place) -> Result<Packets, TooComplex> {
        let sets = self.rules.get(&place).map_or(&[][..], Vec::as_slice);
        space.union(&sets.iter().map(|(_, set)| set.clone()).collect::<Vec<_>>())
    }

    /// The packets that satisfy a copy, sure or not.
    pub(super) fn maybe(&self, space: &Space, base: ChainId, copy: Copied) -> Packets {
        self.copies.get(&(base, copy)).cloned().unwrap_or_else(|| space.none())
    }

    /// The packets that satisfy a copy for sure.
    pub(super) fn surely(&self, space: &Space, base: ChainId, copy: Copied) -> Result<Packets, TooComplex> {
        let maybe = self.maybe(space, base, copy);
        match self.unsure.get(&(base, copy)) {
            Some(unsure) => space.minus(&maybe, unsure),
            None => Ok(maybe),
        }
    }
}

impl Instrumented {
    /// The ruleset with copies of the rules that are wanted. `parts` adds one copy for each verdict of a verdict map.
    pub(super) fn new(ruleset: &Ruleset, calls: &Calls, wanted: &dyn Fn(Place) -> bool, parts: bool) -> Self {
        let mut changed = ruleset.clone();
        let mut heads = FxHashMap::default();
        for base in bases(ruleset) {
            let mut copies = vec![Copied::Entry];
            let mut rules = vec![bare(Vec::new())];
            for chain in calls.within(base) {
                let Some(own) = ruleset.chain(*chain) else { continue };
                for (index, rule) in
                    own.rules.iter().enumerate().filter(|(index, _)| wanted((*chain, *index)))
                {
                    let place = (*chain, index);
                    copies.push(Copied::Conditions(place));
                    rules.push(bare(conditions(rule)));
                    if parts {
                        add_verdicts(&mut changed, rule, place, &mut copies, &mut rules);
                    }
                }
            }
            if let Some(chain) = chain_mut(&mut changed, base) {
                rules.append(&mut chain.rules);
                chain.rules = rules;
            }
            heads.insert(base, copies);
        }
        Self { ruleset: changed, heads }
    }

    /// A base chain ends behind its head, and lets by what comes there.
    pub(super) fn end_after_head(&mut self, base: ChainId) {
        let length = self.heads.get(&base).map_or(0, Vec::len);
        if let Some(chain) = chain_mut(&mut self.ruleset, base) {
            chain.rules.truncate(length);
            if let Some(base) = &mut chain.base {
                base.policy = Policy::Accept;
            }
        }
    }

    /// What a class of packets met.
    pub(super) fn met(&self, space: &Space, fates: Fates) -> Result<Met, TooComplex> {
        let mut met = Met::default();
        for hit in fates.hits.into_iter().filter(|hit| !hit.reply) {
            let HitBy::Rule(index, effect) = hit.by else { continue };
            match self.origin(hit.chain, index) {
                Ok(copy) => join(space, &mut met.copies, (hit.chain, copy), &hit.set)?,
                Err(index) => met.rules.entry((hit.chain, index)).or_default().push((effect, hit.set)),
            }
        }
        for (cause, set) in fates.doubts {
            match cause.rule.map(|(chain, index)| (chain, self.origin(chain, index))) {
                None => met.doubts.push((None, set)),
                Some((chain, Ok(copy))) => join(space, &mut met.unsure, (chain, copy), &set)?,
                Some((chain, Err(index))) => met.doubts.push((Some((chain, index)), set)),
            }
        }
        Ok(met)
    }

    /// Which copy a rule is, or else its index in the chain as it was.
    fn origin(&self, chain: ChainId, index: usize) -> Result<Copied, usize> {
        let head = self.heads.get(&chain).map_or(&[][..], Vec::as_slice);
        head.get(index).copied().ok_or_else(|| index.saturating_sub(head.len()))
    }
}

/// What is done with the fates of each class.
pub(super) type Taking<'t> = dyn FnMut(&Space, &Kind, &Class, Fates) -> Result<(), TooComplex> + 't;

/// Follows every class of packets of both versions. Stops at the first that is too complex.
pub(super) fn follow_all(
    grouped_by: (&Ruleset, &Network),
    followed: &Ruleset,
    budget: Budget,
    take: &mut Taking<'_>,
) -> Result<(), TooComplex> {
    let network = grouped_by.1;
    let simulator = Simulator::new(followed, network);
    let wanted = Wanted { sets_changed: true, any_source: true, every_rule: true, ..Wanted::default() };
    for version in [Version::V4, Version::V6] {
        let space = Space::new(version, budget)?;
        for kind in every_class(&[grouped_by], version).kinds() {
            let Some(class) = kind.class(network, None) else { continue };
            let fates = simulator.fates(&space, &class, wanted)?;
            take(&space, &kind, &class, fates)?;
        }
    }
    Ok(())
}

/// The conditions of a rule as statements. Tests with a memory are left out: the packets are those for which they may hold.
pub(super) fn conditions(rule: &Rule) -> Vec<Statement> {
    let mut found = Vec::new();
    for statement in &rule.statements {
        match statement {
            Statement::Match(condition) => found.push(Statement::Match(condition.clone())),
            Statement::VerdictMap { key, map } => {
                let condition = Condition::Lookup { key: key.clone(), set: *map, negated: false };
                found.push(Statement::Match(condition));
            }
            // What stands behind it may see a packet that it changed.
            Statement::Assign { .. } => break,
            _ => {}
        }
    }
    found
}

/// One copy for each verdict that a rule's map leads to, matching what leads there.
fn add_verdicts(
    ruleset: &mut Ruleset,
    rule: &Rule,
    place: Place,
    copies: &mut Vec<Copied>,
    rules: &mut Vec<Rule>,
) {
    let Some((key, map)) = rule.statements.iter().find_map(verdict_map) else { return };
    let Some(set) = ruleset.set(map).cloned() else { return };
    let default =
        set.elements.iter().find(|element| element.key.is_empty()).map(|element| element.data.clone());
    for (number, verdict) in verdicts(&set).into_iter().enumerate() {
        let data = Data::Verdict(verdict);
        // The catch-all element leads wherever no other element leads elsewhere.
        let negated = default.as_ref() == Some(&data);
        let mut some = set.clone();
        some.elements.retain(|element| !element.key.is_empty() && (element.data == data) != negated);
        let id = SetId(u32::try_from(ruleset.sets.len()).unwrap_or(u32::MAX));
        ruleset.sets.push(some);
        let mut statements = conditions(rule);
        statements.push(Statement::Match(Condition::Lookup { key: key.clone(), set: id, negated }));
        copies.push(Copied::Verdict(place, number));
        rules.push(bare(statements));
    }
}

/// The key and the map of a statement that is a verdict map.
pub(super) fn verdict_map(statement: &Statement) -> Option<(&Expression, SetId)> {
    match statement {
        Statement::VerdictMap { key, map } => Some((key, *map)),
        _ => None,
    }
}

/// The verdicts that a map leads to, in the order of its elements.
pub(super) fn verdicts(set: &Set) -> Vec<Verdict> {
    let mut found: Vec<Verdict> = Vec::new();
    for element in &set.elements {
        if let Data::Verdict(verdict) = &element.data
            && !found.contains(verdict)
        {
            found.push(verdict.clone());
        }
    }
    found
}

fn bare(statements: Vec<Statement>) -> Rule {
    Rule { origin: Origin::default(), statements, text: String::new() }
}

fn chain_mut(ruleset: &mut Ruleset, id: ChainId) -> Option<&mut Chain> {
    ruleset.chains.get_mut(usize::try_from(id.0).ok()?)
}

fn join<K: Hash + Eq>(
    space: &Space,
    sets: &mut FxHashMap<K, Packets>,
    key: K,
    set: &Packets,
) -> Result<(), TooComplex> {
    let joined = match sets.get(&key) {
        Some(known) => space.or(known, set)?,
        None => set.clone(),
    };
    sets.insert(key, joined);
    Ok(())
}
