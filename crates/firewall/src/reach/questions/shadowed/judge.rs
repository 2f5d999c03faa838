//! Says why a rule has no packet, or why that cannot be said.

use portreeve_model::reach::{self, Decider};
use portreeve_model::rules::{IdleRule, Idleness};
use portreeve_model::text::clean;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::answer::{Names, statement};
use crate::ir::{Chain, ChainId, Rule, Ruleset, Version};
use crate::network::Network;
use crate::reach::questions::beyond::{
    asks_transport, beyond, changing_set, is_defragmented, named_sets, sets,
};
use crate::reach::questions::calls::Calls;
use crate::reach::questions::evidence::Place;
use crate::simulate::Effect;

/// Most rules that are named as those that take the packets.
const MOST: usize = 8;

/// What is known of a rule that met no packet.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    /// Packets come to its chain.
    pub(super) entered: bool,
    /// Some of them satisfy its conditions.
    pub(super) satisfied: bool,
    /// Some packet at some hook satisfies its conditions.
    pub(super) possible: bool,
    /// Who takes them before.
    pub(super) takers: Vec<Taker>,
}

/// A rule that takes packets of another.
#[derive(Debug)]
pub(super) struct Taker {
    pub(super) place: Place,
    pub(super) effect: Effect,
    /// A packet that both would match.
    pub(super) witness: Option<String>,
    pub(super) version: Version,
}

/// Everything that a judgement needs.
pub(super) struct Judge<'a> {
    pub(super) ruleset: &'a Ruleset,
    pub(super) network: &'a Network,
    pub(super) calls: &'a Calls,
    /// Rules that ended the way of packets through their chain.
    pub(super) spent: &'a [Place],
    pub(super) candidates: &'a FxHashMap<Place, Candidate>,
    /// Every packet was followed.
    pub(super) complete: bool,
}

/// Why a rule has no packet.
struct Why {
    idle: Idleness,
    statement: String,
    by: Vec<Place>,
    cause: Option<reach::Cause>,
    witness: Option<String>,
}

impl Judge<'_> {
    pub(super) fn judge(&self, place: Place) -> Option<IdleRule> {
        let chain = self.ruleset.chain(place.0)?;
        let rule = chain.rules.get(place.1)?;
        let why = self.why(place, chain, rule)?;
        let names = Names { ruleset: self.ruleset, network: self.network };
        let more_by = u64::try_from(why.by.len().saturating_sub(MOST)).unwrap_or(u64::MAX);
        let by = why.by.iter().take(MOST).map(|(chain, index)| Decider::Rule(names.rule(*chain, *index)));
        Some(IdleRule {
            rule: *names.rule(place.0, place.1),
            idle: why.idle,
            statement: clean(&why.statement).into_owned(),
            by: by.collect(),
            more_by,
            causes: why.cause.into_iter().collect(),
            witness: why.witness,
            remedy: None,
        })
    }

    /// `None` where nothing can be said because not every packet was followed: that is said of the whole answer.
    fn why(&self, place: Place, chain: &Chain, rule: &Rule) -> Option<Why> {
        if chain.dormant {
            return Some(certain(
                "its table is dormant: the kernel keeps its rules and does not run them".to_owned(),
            ));
        }
        if !self.is_called(place.0) {
            return Some(certain(format!(
                "chain {} is never called: no rule that can run jumps to it",
                chain.name
            )));
        }
        if !self.complete {
            return None;
        }
        let candidate = self.candidates.get(&place)?;
        if let Some(what) = beyond(rule) {
            return Some(undecided(&format!("it asks for {what}"), "unspecified", what));
        }
        if let Some(name) = changing_set(self.ruleset, rule) {
            return Some(hangs_on_set(name));
        }
        if let Some(what) = self.unusual_caller(place.0) {
            return Some(undecided(
                &format!("its chain is called by a rule that asks for {what}"),
                "unspecified",
                what,
            ));
        }
        if !candidate.entered {
            return Some(self.unentered(place.0, chain));
        }
        if candidate.satisfied {
            return Some(self.taken(candidate, rule, place.0));
        }
        Some(self.unsatisfied(candidate, rule))
    }

    /// Whether a chain is a base chain that runs, or called by a chain that may run.
    fn is_called(&self, chain: ChainId) -> bool {
        self.calls
            .bases_of(chain)
            .iter()
            .any(|base| self.ruleset.chain(*base).is_some_and(|chain| chain.base.is_some() && !chain.dormant))
    }

    /// A rule on the way to a chain that asks for something the classes do not tell, or for a set that changes by itself.
    fn unusual_caller(&self, chain: ChainId) -> Option<&'static str> {
        self.calls.all_callers(chain).into_iter().find_map(|place| {
            let rule = self.rule(place)?;
            beyond(rule).or_else(|| changing_set(self.ruleset, rule).map(|_| "a set that changes by itself"))
        })
    }

    fn unentered(&self, id: ChainId, chain: &Chain) -> Why {
        let callers = self.calls.callers(id).to_vec();
        let text = if callers.is_empty() {
            format!("no packet comes to chain {}", chain.name)
        } else {
            format!("no packet comes to chain {}: the rules that call it match none", chain.name)
        };
        match self.earlier_doubt(id) {
            Some(what) => undecided(&format!("{text}, but for packets with {what}"), "unspecified", what),
            None => Why { by: callers, ..certain(text) },
        }
    }

    fn unsatisfied(&self, candidate: &Candidate, rule: &Rule) -> Why {
        let empty =
            sets(rule).into_iter().filter_map(|id| self.ruleset.set(id)).find(|set| set.elements.is_empty());
        if let Some(set) = empty.filter(|set| !set.anonymous) {
            return certain(format!("it asks for @{}, which is empty as it was read", set.name));
        }
        if !candidate.possible {
            let text = "it contradicts itself: no packet of this host satisfies its conditions";
            return certain(format!("{text}{}", self.as_long_as(&[rule])));
        }
        let text = "no packet that comes to this chain satisfies it";
        match self.spent.iter().find_map(|place| self.rule(*place).and_then(beyond)) {
            Some(what) => undecided(&format!("{text}, but for packets with {what}"), "unspecified", what),
            None => certain(format!("{text}{}", self.as_long_as(&[rule]))),
        }
    }

    /// Packets would match it, and other rules take them before.
    fn taken(&self, candidate: &Candidate, rule: &Rule, chain: ChainId) -> Why {
        let takers: Vec<&Rule> = candidate.takers.iter().filter_map(|taker| self.rule(taker.place)).collect();
        let by: Vec<Place> = candidate.takers.iter().map(|taker| taker.place).collect();
        let called = candidate.takers.iter().flat_map(|taker| match taker.effect {
            Effect::Jump(target) | Effect::Goto(target) => self.rules_within(target),
            _ => Vec::new(),
        });
        let called: Vec<&Rule> = called.collect();
        let all = || takers.iter().chain(&called).copied();
        if let Some(what) = all().find_map(beyond) {
            let text = format!("the rules that take its packets ask for {what}");
            return Why { by, ..undecided(&text, "unspecified", what) };
        }
        if let Some(name) = all().find_map(|rule| changing_set(self.ruleset, rule)) {
            return Why { by, ..hangs_on_set(name) };
        }
        let fragments = !asks_transport(rule)
            && all().any(asks_transport)
            && candidate.takers.iter().any(|taker| !is_defragmented(self.ruleset, taker.version));
        if fragments {
            let text = "the rules that take its packets look into headers that fragments do not have";
            return Why { by, ..undecided(text, "unspecified", "fragments") };
        }
        let names = Names { ruleset: self.ruleset, network: self.network };
        let looked: Vec<&Rule> = all().chain([rule]).collect();
        let text = match candidate.takers.as_slice() {
            [] => "every packet that it would match is taken before".to_owned(),
            [only] => {
                let by = statement::rule(&names.rule(only.place.0, only.place.1));
                format!("every packet that it would match {} by {by}", what_happens(&only.effect, names))
            }
            several => {
                let place =
                    if several.iter().all(|taker| taker.place.0 == chain) { " before it" } else { "" };
                format!("every packet that it would match is taken by one of {} rules{place}", several.len())
            }
        };
        let witness = candidate.takers.iter().find_map(|taker| taker.witness.clone());
        Why { by, witness, ..certain(format!("{text}{}", self.as_long_as(&looked))) }
    }

    fn rules_within(&self, chain: ChainId) -> Vec<&Rule> {
        let mut found = Vec::new();
        let mut waiting = vec![chain];
        let mut seen = FxHashSet::default();
        while let Some(next) = waiting.pop() {
            if !seen.insert(next) {
                continue;
            }
            let Some(chain) = self.ruleset.chain(next) else { continue };
            found.extend(&chain.rules);
            let called = |id: &ChainId| self.calls.callers(*id).iter().any(|(caller, _)| *caller == next);
            let ids = (0..).map(ChainId).take(self.ruleset.chains.len());
            waiting.extend(ids.filter(|id| called(id)));
        }
        found
    }

    /// What a rule that may keep packets from a chain asks for beyond the classes.
    fn earlier_doubt(&self, chain: ChainId) -> Option<&'static str> {
        let callers = self.calls.all_callers(chain);
        let before = callers.iter().flat_map(|(chain, index)| (0..*index).map(|index| (*chain, index)));
        before.chain(self.spent.iter().copied()).find_map(|place| self.rule(place).and_then(beyond))
    }

    fn rule(&self, place: Place) -> Option<&Rule> {
        self.ruleset.chain(place.0)?.rules.get(place.1)
    }

    /// The named sets on which a proof rests: others may change what they hold.
    fn as_long_as(&self, rules: &[&Rule]) -> String {
        let mut names: Vec<&str> = rules.iter().flat_map(|rule| named_sets(self.ruleset, rule)).collect();
        names.sort_unstable();
        names.dedup();
        match names.as_slice() {
            [] => String::new(),
            [only] => format!(", as long as @{only} holds what it holds now"),
            [first, ..] => {
                format!(", as long as @{first} and {} other sets hold what they hold now", names.len() - 1)
            }
        }
    }
}

fn hangs_on_set(name: &str) -> Why {
    let statement = format!("it hangs on what @{name} holds, which changes by itself");
    undecided(&statement, "changing-set", &format!("@{name}"))
}

fn certain(statement: String) -> Why {
    Why { idle: Idleness::Idle, statement, by: Vec::new(), cause: None, witness: None }
}

fn undecided(statement: &str, kind: &str, what: &str) -> Why {
    let cause = reach::Cause { kind: kind.to_owned(), text: what.to_owned(), rule: None };
    let statement = format!("no packet of the usual kinds matches it, but {statement}");
    Why { idle: Idleness::Undecided, cause: Some(cause), ..certain(statement) }
}

fn what_happens(effect: &Effect, names: Names<'_>) -> String {
    match effect {
        Effect::Accept => "is accepted before".to_owned(),
        Effect::Drop => "is dropped before".to_owned(),
        Effect::Reject(_) => "is refused before".to_owned(),
        Effect::Nat => "is translated before".to_owned(),
        Effect::Return => "is sent back to the calling chain before".to_owned(),
        Effect::Goto(target) | Effect::Jump(target) => {
            format!("goes to chain {} before and does not come back, sent there", names.chain_name(*target))
        }
        Effect::Take(_) | Effect::Continue => "is taken away before".to_owned(),
    }
}
