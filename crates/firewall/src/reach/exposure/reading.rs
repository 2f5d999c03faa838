//! Fates read as an answer about one door: which packets reach it, which do not, and what decides about them.
//!
//! Packets are kept apart by what decides as long as that are [`MOST_APART`] rules at most: an allow list of thousands is one reading
//! that names all of them.

use rustc_hash::FxHashMap;

use portreeve_model::reach::Verdict;

use super::door::{Arrival, Target};
use super::guarded::{Guarded, translates_destination};
use super::why::{Place, Why};
use crate::ir::{ChainId, Hook, Policy, Ruleset};
use crate::simulate::{Cause, Effect, End, Fate, Fates, Hit, HitBy};
use crate::space::{Set, Space, TooComplex};

/// Most deciding rules that packets are kept apart by; where there are more, they are kept apart by kind only (host, policy, rule).
const MOST_APART: usize = 24;

/// Packets of which the same is to be said.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) verdict: Verdict,
    /// What decides, most telling first; never empty.
    pub(super) whys: Vec<Why>,
    /// What it depends on.
    pub(super) causes: Vec<Cause>,
    pub(super) arrival: Option<Arrival>,
    pub(super) set: Set,
}

/// What is needed to read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) space: &'a Space,
    pub(super) ruleset: &'a Ruleset,
    pub(super) guarded: &'a Guarded,
}

/// Something that decides, and about which packets.
struct Item {
    why: Why,
    set: Set,
}

impl Reader<'_> {
    /// The readings of what was asked inside `region`; disjoint, together all of it.
    pub(super) fn read(
        self,
        target: &Target,
        fates: &Fates,
        region: &Set,
    ) -> Result<Vec<Reading>, TooComplex> {
        let space = self.space;
        let translated = self.translated(fates)?;
        let (here, elsewhere) = self.arrivals(target, fates, &translated)?;
        let reached = space.union(&here.iter().map(|(_, set)| set.clone()).collect::<Vec<_>>())?;
        let allow = space.and(&fates.allow, region)?;
        let open = space.and(&fates.open, region)?;
        let mut readings = Vec::new();
        self.allowed(fates, &space.and(&allow, &reached)?, &here, &mut readings)?;
        self.uncertain(fates, &space.and(&open, &reached)?, &mut readings)?;
        self.denied(fates, &space.and(&fates.deny, region)?, &mut readings)?;
        let missed = space.minus(&space.or(&allow, &open)?, &reached)?;
        self.missed(&missed, &elsewhere, &mut readings)?;
        Ok(readings)
    }

    /// Packets of which the destination is translated.
    fn translated(self, fates: &Fates) -> Result<Set, TooComplex> {
        let sets: Vec<Set> =
            fates.hits.iter().filter(|hit| self.is_translation(hit)).map(|hit| hit.set.clone()).collect();
        self.space.union(&sets)
    }

    /// Where what arrives goes: at the door, and past it with the reason.
    #[expect(clippy::type_complexity, reason = "two lists of the same shape, taken apart at once")]
    fn arrivals(
        self,
        target: &Target,
        fates: &Fates,
        translated: &Set,
    ) -> Result<(Vec<(Arrival, Set)>, Vec<(String, Set)>), TooComplex> {
        let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
        for fate in fates.ends.iter().filter(|fate| !fate.reply && fate.end.arrives() == Some(true)) {
            for (is_translated, set) in [
                (true, self.space.and(&fate.set, translated)?),
                (false, self.space.minus(&fate.set, translated)?),
            ] {
                if set.is_empty() {
                    continue;
                }
                match target.takes(fate, is_translated) {
                    Ok(arrival) => self.join(&mut here, arrival, &set)?,
                    Err(text) => self.join(&mut elsewhere, text, &set)?,
                }
            }
        }
        Ok((here, elsewhere))
    }

    fn join<K: PartialEq>(self, into: &mut Vec<(K, Set)>, key: K, set: &Set) -> Result<(), TooComplex> {
        match into.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = self.space.or(known, set)?,
            None => into.push((key, set.clone())),
        }
        Ok(())
    }

    fn allowed(
        self,
        fates: &Fates,
        set: &Set,
        arrivals: &[(Arrival, Set)],
        readings: &mut Vec<Reading>,
    ) -> Result<(), TooComplex> {
        if set.is_empty() {
            return Ok(());
        }
        let items = self.accepting(fates, set)?;
        let mut rest = set.clone();
        for (arrival, at) in arrivals {
            let piece = self.space.and(&rest, at)?;
            rest = self.space.minus(&rest, at)?;
            for (set, whys) in self.apart(&piece, &items)? {
                let whys = if whys.is_empty() { self.nothing_denies(fates, &set)? } else { whys };
                readings.push(Reading {
                    verdict: Verdict::Allow,
                    whys,
                    causes: Vec::new(),
                    arrival: Some(*arrival),
                    set,
                });
            }
        }
        Ok(())
    }

    /// What lets packets pass: accept rules behind which something could have denied, and the rules that translate.
    fn accepting(self, fates: &Fates, among: &Set) -> Result<Vec<Item>, TooComplex> {
        let mut items = Vec::new();
        for hit in fates.hits.iter().filter(|hit| !hit.reply) {
            let HitBy::Rule(rule, effect) = &hit.by else { continue };
            let accepts = *effect == Effect::Accept
                && matches!(hit.hook, Hook::Input | Hook::Forward | Hook::Output)
                && self.guarded.holds(hit.chain, *rule);
            if accepts || self.is_translation(hit) {
                let set = self.space.and(&hit.set, among)?;
                if !set.is_empty() {
                    let place = Place { hook: Some(hit.hook), chain: hit.chain, reply: false };
                    items.push((rank(hit, accepts), Item { why: Why::Rule(place, *rule), set }));
                }
            }
        }
        items.sort_by_key(|(rank, _)| *rank);
        Ok(items.into_iter().map(|(_, item)| item).collect())
    }

    /// Policies that accept, where there are rules above them; else nothing at all.
    fn nothing_denies(self, fates: &Fates, among: &Set) -> Result<Vec<Why>, TooComplex> {
        let mut whys = Vec::new();
        for hit in fates.hits.iter().filter(|hit| !hit.reply && hit.by == HitBy::Policy(Policy::Accept)) {
            let asked = matches!(hit.hook, Hook::Input | Hook::Forward | Hook::Output)
                && self.ruleset.chain(hit.chain).is_some_and(|chain| !chain.rules.is_empty());
            if asked && !self.space.and(&hit.set, among)?.is_empty() {
                whys.push((
                    rank(hit, true),
                    Why::Policy(Place { hook: Some(hit.hook), chain: hit.chain, reply: false }),
                ));
            }
        }
        whys.sort_by_key(|(rank, _)| *rank);
        let whys: Vec<Why> = whys.into_iter().map(|(_, why)| why).collect();
        Ok(if whys.is_empty() { vec![Why::NoRule] } else { whys })
    }

    fn denied(self, fates: &Fates, set: &Set, readings: &mut Vec<Reading>) -> Result<(), TooComplex> {
        let items = self.denying(fates, set)?;
        for (set, whys) in self.apart(set, &items)? {
            let whys =
                if whys.is_empty() { vec![Why::NoDoor("it does not arrive".to_owned())] } else { whys };
            readings.push(Reading { verdict: Verdict::Deny, whys, causes: Vec::new(), arrival: None, set });
        }
        Ok(())
    }

    /// What stops packets, each rule once.
    fn denying(self, fates: &Fates, among: &Set) -> Result<Vec<Item>, TooComplex> {
        if among.is_empty() {
            return Ok(Vec::new());
        }
        let hooks = hooks(fates);
        let mut items: Vec<Item> = Vec::new();
        let mut known: FxHashMap<Why, usize> = FxHashMap::default();
        for fate in fates.ends.iter().filter(|fate| fate.end.arrives() != Some(true)) {
            let set = self.space.and(&fate.set, among)?;
            if set.is_empty() {
                continue;
            }
            let why = stopped_by(fate, &hooks);
            if let Some(item) = known.get(&why).and_then(|at| items.get_mut(*at)) {
                item.set = self.space.or(&item.set, &set)?;
            } else {
                known.insert(why.clone(), items.len());
                items.push(Item { why, set });
            }
        }
        Ok(items)
    }

    fn uncertain(self, fates: &Fates, set: &Set, readings: &mut Vec<Reading>) -> Result<(), TooComplex> {
        if set.is_empty() {
            return Ok(());
        }
        let stopping = self.denying(fates, set)?;
        let accepting = self.accepting(fates, set)?;
        let sets: Vec<&Set> = fates.causes.iter().map(|(_, set)| set).collect();
        let pieces = if sets.len() > MOST_APART {
            vec![(set.clone(), Vec::new())]
        } else {
            refine(self.space, set, &sets)?
        };
        for (piece, _) in pieces {
            let mut whys = Vec::new();
            for item in stopping.iter().chain(&accepting) {
                if !self.space.and(&item.set, &piece)?.is_empty() {
                    whys.push(item.why.clone());
                }
            }
            let mut causes = Vec::new();
            for (cause, set) in &fates.causes {
                if !self.space.and(set, &piece)?.is_empty() {
                    causes.push(cause.clone());
                }
            }
            if whys.is_empty() {
                whys.push(Why::NoRule);
            }
            readings.push(Reading { verdict: Verdict::Unknown, whys, causes, arrival: None, set: piece });
        }
        Ok(())
    }

    /// What gets through, but past the door.
    fn missed(
        self,
        set: &Set,
        elsewhere: &[(String, Set)],
        readings: &mut Vec<Reading>,
    ) -> Result<(), TooComplex> {
        let mut rest = set.clone();
        for (text, at) in elsewhere {
            let piece = self.space.and(&rest, at)?;
            rest = self.space.minus(&rest, at)?;
            if !piece.is_empty() {
                readings.push(Reading {
                    verdict: Verdict::Deny,
                    whys: vec![Why::NoDoor(text.clone())],
                    causes: Vec::new(),
                    arrival: None,
                    set: piece,
                });
            }
        }
        Ok(())
    }

    /// Splits packets by what decides about them.
    fn apart(self, set: &Set, items: &[Item]) -> Result<Vec<(Set, Vec<Why>)>, TooComplex> {
        if set.is_empty() {
            return Ok(Vec::new());
        }
        if items.len() <= MOST_APART {
            let sets: Vec<&Set> = items.iter().map(|item| &item.set).collect();
            let pieces = refine(self.space, set, &sets)?;
            let named =
                |by: Vec<usize>| by.into_iter().filter_map(|at| Some(items.get(at)?.why.clone())).collect();
            return Ok(pieces.into_iter().map(|(set, by)| (set, named(by))).collect());
        }
        let mut kinds: Vec<(u8, Vec<Set>)> = Vec::new();
        for item in items {
            match kinds.iter_mut().find(|(kind, _)| *kind == item.why.kind()) {
                Some((_, sets)) => sets.push(item.set.clone()),
                None => kinds.push((item.why.kind(), vec![item.set.clone()])),
            }
        }
        let unions = kinds.iter().map(|(_, sets)| self.space.union(sets)).collect::<Result<Vec<_>, _>>()?;
        let mut pieces = Vec::new();
        for (piece, _) in refine(self.space, set, &unions.iter().collect::<Vec<_>>())? {
            let mut whys = Vec::new();
            for item in items {
                if !self.space.and(&item.set, &piece)?.is_empty() {
                    whys.push(item.why.clone());
                }
            }
            pieces.push((piece, whys));
        }
        Ok(pieces)
    }

    fn is_translation(self, hit: &Hit) -> bool {
        let HitBy::Rule(rule, Effect::Nat) = &hit.by else { return false };
        let rule = self.ruleset.chain(hit.chain).and_then(|chain| chain.rules.get(*rule));
        !hit.reply
            && matches!(hit.hook, Hook::Prerouting | Hook::Output)
            && rule.is_some_and(translates_destination)
    }
}

impl Why {
    /// What is kept apart where there is too much of it: host, answer, policy, rule.
    fn kind(&self) -> u8 {
        match self {
            Self::Host { reply: false, .. } => 0,
            Self::Policy(place) if !place.reply => 1,
            Self::Rule(place, _) if !place.reply => 2,
            Self::NoRule | Self::NoDoor(_) => 3,
            Self::Host { .. } | Self::Policy(_) | Self::Rule(..) => 4,
        }
    }
}

/// Where the door's own side decides comes first; translation tells least.
fn rank(hit: &Hit, filters: bool) -> u8 {
    match hit.hook {
        Hook::Input | Hook::Forward if filters => 0,
        _ if filters => 1,
        _ => 2,
    }
}

type Hooks = FxHashMap<(ChainId, Option<usize>, bool), Hook>;

/// At which hook each rule and policy that did something ran.
fn hooks(fates: &Fates) -> Hooks {
    let place = |hit: &Hit| match &hit.by {
        HitBy::Rule(rule, _) => (hit.chain, Some(*rule), hit.reply),
        HitBy::Policy(_) => (hit.chain, None, hit.reply),
    };
    fates.hits.iter().map(|hit| (place(hit), hit.hook)).collect()
}

fn stopped_by(fate: &Fate, hooks: &Hooks) -> Why {
    let decider = match &fate.end {
        End::Dropped(by) | End::Rejected(by, _) | End::Taken(Some(by), _) => *by,
        End::Discarded(discard) => return Why::host(discard, fate.reply),
        End::Taken(None, text) => {
            return Why::Host { code: "taken".to_owned(), text: text.clone(), reply: fate.reply };
        }
        End::Delivered | End::Sent { .. } => return Why::NoRule,
    };
    let key = match decider {
        crate::simulate::Decider::Rule(chain, rule) => (chain, Some(rule), fate.reply),
        crate::simulate::Decider::Policy(chain) => (chain, None, fate.reply),
    };
    Place { hook: hooks.get(&key).copied(), chain: key.0, reply: fate.reply }.why(decider)
}

/// Splits a set by which of the others hold a packet.
fn refine(space: &Space, set: &Set, others: &[&Set]) -> Result<Vec<(Set, Vec<usize>)>, TooComplex> {
    let mut pieces = vec![(set.clone(), Vec::new())];
    for (number, other) in others.iter().enumerate() {
        let mut next = Vec::with_capacity(pieces.len() + 1);
        for (set, mut by) in pieces {
            let inside = space.and(&set, other)?;
            if inside.is_empty() {
                next.push((set, by));
                continue;
            }
            let outside = space.minus(&set, other)?;
            if !outside.is_empty() {
                next.push((outside, by.clone()));
            }
            by.push(number);
            next.push((inside, by));
        }
        pieces = next;
    }
    Ok(pieces)
}
