//! Which packets a change of rules can concern at all: those that satisfy a changed rule when they come to its base chain.
//!
//! Two large rulesets that differ in a few rules need not be compared for every packet. Refuses where it is not sure: then every
//! packet is compared.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Side;
use crate::ir::{
    Backend, Base, Chain, ChainId, Condition, Expression, Family, Rule, Ruleset, SetId, Statement, Verdict,
    Version,
};
use crate::network::Network;
use crate::reach::alike::Kind;
use crate::reach::questions::beyond::named_sets;
use crate::reach::questions::calls::{Calls, bases, chains};
use crate::reach::questions::evidence::{Copied, Instrumented, Place};
use crate::simulate::{Simulator, Wanted, collects_fragments, tracks};
use crate::space::{Set, Space, TooComplex};

/// Most changed rules for which narrowing is worth it.
const MOST: usize = 256;

/// Two rulesets of one host that differ in a few rules.
pub(super) struct Narrow<'a> {
    network: &'a Network,
    /// For each side that has any, its changed rules at the heads of its base chains.
    sides: Vec<Instrumented>,
}

/// Ready for classes of packets.
pub(super) struct Simulators<'n> {
    sides: Vec<(&'n Instrumented, Simulator<'n>)>,
    network: &'n Network,
}

impl<'a> Narrow<'a> {
    /// `None` where every packet has to be compared.
    pub(super) fn between(old: Side<'a>, new: Side<'a>) -> Option<Self> {
        if old.network != new.network || !is_framed_alike(old.ruleset, new.ruleset) {
            return None;
        }
        let sets = changed_sets(old.ruleset, new.ruleset);
        let (before, after) = changed_rules(old.ruleset, new.ruleset, &sets);
        if before.len() + after.len() > MOST {
            return None;
        }
        let mut sides = Vec::new();
        for (side, changed) in [(old, before), (new, after)] {
            if !changed.is_empty() {
                sides.push(instrumented(side.ruleset, &changed)?);
            }
        }
        Some(Self { network: old.network, sides })
    }

    /// Whether nothing changed.
    pub(super) fn is_nothing(&self) -> bool {
        self.sides.is_empty()
    }

    pub(super) fn simulators(&self) -> Simulators<'_> {
        let sides = self.sides.iter().map(|side| (side, Simulator::new(&side.ruleset, self.network)));
        Simulators { sides: sides.collect(), network: self.network }
    }
}

impl Simulators<'_> {
    /// The packets of a class that a changed rule can concern, on either side.
    pub(super) fn packets(&self, space: &Space, kind: &Kind) -> Result<Set, TooComplex> {
        let wanted = Wanted { sets_changed: true, any_source: true, every_rule: true, ..Wanted::default() };
        let mut found = space.none();
        for (instrumented, simulator) in &self.sides {
            let Some(class) = kind.class(self.network, None) else { continue };
            let met = instrumented.met(space, simulator.fates(space, &class, wanted)?)?;
            for ((_, copy), set) in &met.copies {
                if *copy != Copied::Entry {
                    found = space.or(&found, set)?;
                }
            }
        }
        Ok(found)
    }
}

/// The changed rules at the heads of their base chains. Chains that only filter end there: packets that went on further would meet
/// later chains with nothing about them changed, so that at most more packets come there than would. `None` where a chain with a
/// changed rule changes packets itself.
fn instrumented(ruleset: &Ruleset, changed: &FxHashSet<Place>) -> Option<Instrumented> {
    let calls = Calls::of(ruleset);
    let mut instrumented = Instrumented::new(ruleset, &calls, &|place| changed.contains(&place), false);
    for base in bases(ruleset) {
        let within = || calls.within(base).iter().filter_map(|id| ruleset.chain(*id));
        let statements = || within().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.statements);
        if statements().all(only_filters) {
            instrumented.end_after_head(base);
            continue;
        }
        let concerned = calls.within(base).iter().any(|chain| changed.iter().any(|place| place.0 == *chain));
        // A translation ends its chain, so that no rule behind it sees what it changed.
        if concerned
            && !statements()
                .all(|statement| only_filters(statement) || matches!(statement, Statement::Nat(_)))
        {
            return None;
        }
    }
    Some(instrumented)
}

fn only_filters(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Match(_)
            | Statement::State(_)
            | Statement::Verdict(_)
            | Statement::VerdictMap { .. }
            | Statement::Reject(_)
            | Statement::Passive(_)
    )
}

/// Whether everything but rules and sets is the same: the same base chains in the same order, and what else the kernel does.
fn is_framed_alike(old: &Ruleset, new: &Ruleset) -> bool {
    let frame = |ruleset: &Ruleset| -> Vec<(Name, Option<Base>, bool)> {
        let bases = ruleset.chains.iter().filter(|chain| chain.base.is_some());
        bases.map(|chain| (name(chain), chain.base.clone(), chain.dormant)).collect()
    };
    frame(old) == frame(new)
        && old.trackers == new.trackers
        && old.flowtables == new.flowtables
        && [Version::V4, Version::V6].into_iter().all(|version| {
            tracks(old, version) == tracks(new, version)
                && collects_fragments(old, version) == collects_fragments(new, version)
        })
}

type Name = (Backend, Family, String, String);

fn name(chain: &Chain) -> Name {
    (chain.backend, chain.family, chain.table.clone(), chain.name.clone())
}

/// Names of the named sets that do not hold the same on both sides, as rules name them.
fn changed_sets(old: &Ruleset, new: &Ruleset) -> FxHashSet<String> {
    // Chains that a map leads to are compared by number: where these moved, the map counts as changed.
    let (before, after) = (named(old), named(new));
    let keys: FxHashSet<_> = before.keys().chain(after.keys()).collect();
    keys.into_iter().filter(|key| before.get(*key) != after.get(*key)).map(|key| key.2.to_owned()).collect()
}

fn named(ruleset: &Ruleset) -> FxHashMap<(Family, &str, &str), &crate::ir::Set> {
    let sets = ruleset.sets.iter().filter(|set| !set.anonymous);
    sets.map(|set| ((set.family, set.table.as_str(), set.name.as_str()), set)).collect()
}

/// The rules that stand on one side only, or look into a set that changed.
fn changed_rules(
    old: &Ruleset,
    new: &Ruleset,
    sets: &FxHashSet<String>,
) -> (FxHashSet<Place>, FxHashSet<Place>) {
    let mut found = (FxHashSet::default(), FxHashSet::default());
    let others: FxHashMap<Name, (ChainId, &Chain)> =
        chains(new).map(|(id, chain)| (name(chain), (id, chain))).collect();
    for (id, chain) in chains(old) {
        let Some((other_id, other)) = others.get(&name(chain)) else { continue };
        let pairs = || chain.rules.iter().zip(&other.rules);
        let first = pairs().take_while(|(a, b)| is_same(a, b)).count();
        let tail = chain.rules.iter().rev().zip(other.rules.iter().rev());
        let most = chain.rules.len().min(other.rules.len()) - first;
        let last = tail.take(most).take_while(|(a, b)| is_same(a, b)).count();
        let looks = |ruleset: &Ruleset, rule: &Rule| {
            !sets.is_empty() && named_sets(ruleset, rule).iter().any(|name| sets.contains(*name))
        };
        for (index, rule) in chain.rules.iter().enumerate() {
            if (first..chain.rules.len() - last).contains(&index) || looks(old, rule) {
                found.0.insert((id, index));
            }
        }
        for (index, rule) in other.rules.iter().enumerate() {
            if (first..other.rules.len() - last).contains(&index) || looks(new, rule) {
                found.1.insert((*other_id, index));
            }
        }
    }
    found
}

/// Whether two rules say the same: in their own language, which names sets and chains, and as understood.
fn is_same(a: &Rule, b: &Rule) -> bool {
    a.text == b.text
        && a.statements.len() == b.statements.len()
        && a.statements.iter().zip(&b.statements).all(|(a, b)| a == b || unnumbered(a) == unnumbered(b))
}

/// A statement without the numbers of chains and sets, which differ from ruleset to ruleset.
fn unnumbered(statement: &Statement) -> Statement {
    let mut statement = statement.clone();
    match &mut statement {
        Statement::Match(condition) => in_condition(condition),
        Statement::Verdict(Verdict::Jump(id) | Verdict::Goto(id)) => *id = ChainId(0),
        Statement::VerdictMap { key, map } => {
            *map = SetId(0);
            in_expression(key);
        }
        Statement::Assign { value, .. } => in_expression(value),
        Statement::Update { set, key, data, .. } => {
            *set = SetId(0);
            in_expression(key);
            data.iter_mut().for_each(in_expression);
        }
        Statement::Nat(nat) => {
            for (low, high) in nat.address.iter_mut().chain(nat.port.iter_mut()) {
                in_expression(low);
                in_expression(high);
            }
        }
        Statement::Tproxy { address, port, .. } => address.iter_mut().chain(port).for_each(in_expression),
        Statement::Forward { interface, .. } => in_expression(interface),
        _ => {}
    }
    statement
}

fn in_condition(condition: &mut Condition) {
    match condition {
        Condition::Compare { left, right, .. } => {
            in_expression(left);
            in_expression(right);
        }
        Condition::Range { value, .. } => in_expression(value),
        Condition::Lookup { key, set, .. } => {
            *set = SetId(0);
            in_expression(key);
        }
        Condition::All(parts) | Condition::Any(parts) => parts.iter_mut().for_each(in_condition),
        Condition::Not(inner) => in_condition(inner),
        Condition::Unknown(_) => {}
    }
}

fn in_expression(expression: &mut Expression) {
    match expression {
        Expression::Operation(_, left, right) => {
            in_expression(left);
            in_expression(right);
        }
        Expression::Concatenation(parts) => parts.iter_mut().for_each(in_expression),
        Expression::Map { key, map, .. } => {
            *map = SetId(0);
            in_expression(key);
        }
        Expression::Constant(_)
        | Expression::Field(_)
        | Expression::Generated { .. }
        | Expression::Unknown(_) => {}
    }
}
