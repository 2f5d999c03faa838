//! Fates read as an answer about one door: which packets reach it, which do not, and what decides about them.
//!
//! Packets are kept apart by what decides as long as that are [`MOST_APART`] rules at most: an allow list of thousands is one reading
//! that names all of them.

use rustc_hash::FxHashMap;

use portreeve_model::reach::Verdict;

use super::door::{Arrival, Target};
use super::guarded::{Guarded, translates_destination};
use super::refine::refine;
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
    /// So many further rules decide alike, which are not named.
    pub(super) others: usize,
    /// What it depends on.
    pub(super) causes: Vec<Cause>,
    pub(super) arrival: Option<Arrival>,
    pub(super) set: Set,
}

impl Reading {
    /// Whether the same is to be said of the packets of both.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.verdict == other.verdict
            && self.whys == other.whys
            && self.others == other.others
            && self.causes == other.causes
            && self.arrival == other.arrival
    }
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
    /// It stands for so many further rules ([`Hit::others`]).
    others: usize,
}

/// Packets about which the same decides.
struct Piece {
    set: Set,
    whys: Vec<Why>,
    others: usize,
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
        let (here, elsewhere) = self.arrivals(target, fates)?;
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

    /// Where what arrives goes: at the door, and past it with the reason.
    #[expect(clippy::type_complexity, reason = "two lists of the same shape, taken apart at once")]
    fn arrivals(
        self,
        target: &Target,
        fates: &Fates,
    ) -> Result<(Vec<(Arrival, Set)>, Vec<(String, Set)>), TooComplex> {
        let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
        for fate in fates.ends.iter().filter(|fate| !fate.reply && fate.end.arrives() == Some(true)) {
            match target.takes(fate) {
                Ok(arrival) => self.join(&mut here, arrival, &fate.set)?,
                Err(text) => self.join(&mut elsewhere, text, &fate.set)?,
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
            for Piece { set, whys, others } in self.apart(&piece, &items)? {
                let whys = if whys.is_empty() { self.nothing_denies(fates, &set)? } else { whys };
                readings.push(Reading {
                    verdict: Verdict::Allow,
                    whys,
                    others,
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
                    let item = Item { why: Why::Rule(place, *rule), set, others: hit.others };
                    items.push((rank(hit, accepts), item));
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
        for Piece { set, whys, others } in self.apart(set, &items)? {
            let whys =
                if whys.is_empty() { vec![Why::NoDoor("it does not arrive".to_owned())] } else { whys };
            readings.push(Reading {
                verdict: Verdict::Deny,
                whys,
                others,
                causes: Vec::new(),
                arrival: None,
                set,
            });
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
            let (why, others) = stopped_by(fate, &hooks);
            if let Some(item) = known.get(&why).and_then(|at| items.get_mut(*at)) {
                item.set = self.space.or(&item.set, &set)?;
            } else {
                known.insert(why.clone(), items.len());
                items.push(Item { why, set, others });
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
            let (mut whys, others) = self.named(stopping.iter().chain(&accepting), &piece)?;
            let mut causes = Vec::new();
            for (cause, set) in &fates.causes {
                if !self.space.and(set, &piece)?.is_empty() {
                    causes.push(cause.clone());
                }
            }
            if whys.is_empty() {
                whys.push(Why::NoRule);
            }
            readings.push(Reading {
                verdict: Verdict::Unknown,
                whys,
                others,
                causes,
                arrival: None,
                set: piece,
            });
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
                    others: 0,
                    causes: Vec::new(),
                    arrival: None,
                    set: piece,
                });
            }
        }
        Ok(())
    }

    /// Splits packets by what decides about them; by its kind only where that is too much, or where not every rule is named.
    fn apart(self, set: &Set, items: &[Item]) -> Result<Vec<Piece>, TooComplex> {
        if set.is_empty() {
            return Ok(Vec::new());
        }
        let mut kinds: Vec<(Option<u8>, Vec<Set>)> = Vec::new();
        let single = items.len() <= MOST_APART && items.iter().all(|item| item.others == 0);
        for item in items {
            let kind = (!single).then(|| item.why.kind());
            match kinds.iter_mut().find(|(known, _)| kind.is_some() && *known == kind) {
                Some((_, sets)) => sets.push(item.set.clone()),
                None => kinds.push((kind, vec![item.set.clone()])),
            }
        }
        let unions = kinds.iter().map(|(_, sets)| self.space.union(sets)).collect::<Result<Vec<_>, _>>()?;
        let mut pieces = Vec::new();
        for (set, by) in refine(self.space, set, &unions.iter().collect::<Vec<_>>())? {
            let (whys, others) = if single {
                (by.into_iter().filter_map(|at| Some(items.get(at)?.why.clone())).collect(), 0)
            } else {
                self.named(items.iter(), &set)?
            };
            pieces.push(Piece { set, whys, others });
        }
        Ok(pieces)
    }

    /// What of some items decides about packets of a set, and how many rules beyond those that are named.
    fn named<'i>(
        self,
        items: impl Iterator<Item = &'i Item>,
        set: &Set,
    ) -> Result<(Vec<Why>, usize), TooComplex> {
        let (mut whys, mut others) = (Vec::new(), 0_usize);
        for item in items {
            if !self.space.and(&item.set, set)?.is_empty() {
                whys.push(item.why.clone());
                others = others.saturating_add(item.others);
            }
        }
        Ok((whys, others))
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

/// By chain, rule or policy, and direction.
type Hooks = FxHashMap<(ChainId, Option<usize>, bool), (Hook, usize)>;

/// At which hook each rule and policy that did something ran, and how many further rules it stands for.
fn hooks(fates: &Fates) -> Hooks {
    let place = |hit: &Hit| match &hit.by {
        HitBy::Rule(rule, _) => (hit.chain, Some(*rule), hit.reply),
        HitBy::Policy(_) => (hit.chain, None, hit.reply),
    };
    fates.hits.iter().map(|hit| (place(hit), (hit.hook, hit.others))).collect()
}

fn stopped_by(fate: &Fate, hooks: &Hooks) -> (Why, usize) {
    let decider = match &fate.end {
        End::Dropped(by) | End::Rejected(by, _) | End::Taken(Some(by), _) => *by,
        End::Discarded(discard) => return (Why::host(discard, fate.reply), 0),
        End::Taken(None, text) => {
            return (Why::Host { code: "taken".to_owned(), text: text.clone(), reply: fate.reply }, 0);
        }
        End::Delivered | End::Sent { .. } => return (Why::NoRule, 0),
    };
    let key = match decider {
        crate::simulate::Decider::Rule(chain, rule) => (chain, Some(rule), fate.reply),
        crate::simulate::Decider::Policy(chain) => (chain, None, fate.reply),
    };
    let (hook, others) = match hooks.get(&key) {
        Some((hook, others)) => (Some(*hook), *others),
        None => (None, 0),
    };
    (Place { hook, chain: key.0, reply: fate.reply }.why(decider), others)
}
