//! Follows both sides and compares what becomes of each class.

use portreeve_model::exposure::Decision;
use portreeve_model::reach::Verdict;
use portreeve_model::rules::FlowChange;

use super::change::{Change, told};
use super::narrow::Narrow;
use super::words;
use crate::answer::Names;
use crate::ir::{Ruleset, Version};
use crate::network::Network;
use crate::reach::alike::{Kind, Meeting, every_class};
use crate::reach::questions::complexity;
use crate::reach::questions::deciders::decisions;
use crate::reach::zones::Zones;
use crate::simulate::{Fates, Simulator, Wanted};
use crate::space::{Budget, Set, Space, TooComplex};

/// One side of a comparison: rules, and the host around them.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The rules.
    pub ruleset: &'a Ruleset,
    /// The host.
    pub network: &'a Network,
}

/// What became otherwise.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Difference {
    /// Flows opened first, then closed, then those whose certainty or arrival changed. Empty where no packet fares otherwise.
    pub changes: Vec<FlowChange>,
    /// What the answer rests on: one sentence each.
    pub notes: Vec<String>,
    /// Set where the rules were too complex for an exact answer: which ones, and why. Then there may be further changes.
    pub too_complex: Option<String>,
}

/// Packets that fare otherwise on the new side. Interfaces are matched by name; `zones` are those of the new side.
pub fn diff(old: Side<'_>, new: Side<'_>, zones: &Zones, budget: Budget) -> Difference {
    let mut answer = Difference::default();
    answer.notes.extend(interfaces_of_one_side(old.network, new.network));
    let narrow = Narrow::between(old, new);
    if narrow.as_ref().is_some_and(Narrow::is_nothing) {
        return answer;
    }
    let both = Both { old: Host::new(old), new: Host::new(new), zones };
    for version in [Version::V4, Version::V6] {
        if let Err(error) = both.version(version, budget, narrow.as_ref(), &mut answer.changes) {
            let larger = if old.ruleset.chains.len() > new.ruleset.chains.len() { old } else { new };
            answer.too_complex = Some(complexity(larger.ruleset, error));
        }
    }
    answer.changes.sort_by_key(|change| rank(change.before, change.after));
    answer
}

/// Opened, closed, less and more certain, arriving elsewhere.
fn rank(before: Verdict, after: Verdict) -> u8 {
    match (before, after) {
        (Verdict::Deny, Verdict::Allow) => 0,
        (Verdict::Deny, Verdict::Unknown) => 1,
        (Verdict::Unknown, Verdict::Allow) => 2,
        (Verdict::Allow, Verdict::Deny) => 3,
        (Verdict::Unknown, Verdict::Deny) => 4,
        (Verdict::Allow, Verdict::Unknown) => 5,
        _ => 6,
    }
}

fn interfaces_of_one_side(old: &Network, new: &Network) -> Vec<String> {
    let missing = |from: &Network, other: &Network| {
        let names = from.interfaces.iter().map(|interface| interface.name.clone());
        names.filter(|name| other.interface_named(name).is_none()).collect::<Vec<_>>()
    };
    let says = |names: Vec<String>, side: &str| {
        let text = format!("Only the {side} side has the interfaces {}.", names.join(", "));
        (!names.is_empty()).then(|| portreeve_model::text::clean(&text).into_owned())
    };
    [says(missing(old, new), "old"), says(missing(new, old), "new")].into_iter().flatten().collect()
}

/// One side, ready for questions.
struct Host<'a> {
    side: Side<'a>,
    simulator: Simulator<'a>,
}

/// What becomes of a class on one side; `None` where the host has no such interface.
type Fared = Option<Fates>;

struct Both<'a> {
    old: Host<'a>,
    new: Host<'a>,
    zones: &'a Zones,
}

impl<'a> Host<'a> {
    fn new(side: Side<'a>) -> Self {
        Self { side, simulator: Simulator::new(side.ruleset, side.network) }
    }

    fn fared(&self, space: &Space, kind: &Kind, within: Option<&Set>) -> Result<Fared, TooComplex> {
        let wanted = Wanted { sets_changed: true, any_source: true, ..Wanted::default() };
        let Some(class) = kind.class(self.side.network, within.cloned()) else { return Ok(None) };
        self.simulator.fates(space, &class, wanted).map(Some)
    }

    fn names(&self) -> Names<'a> {
        Names { ruleset: self.side.ruleset, network: self.side.network }
    }

    fn decisions(
        &self,
        space: &Space,
        fared: &Fared,
        kind: &Kind,
        set: &Set,
    ) -> Result<Vec<Decision>, TooComplex> {
        match fared {
            Some(fates) => decisions(self.names(), space, fates, set),
            None => Ok(vec![no_interface(kind)]),
        }
    }
}

impl Both<'_> {
    fn version(
        &self,
        version: Version,
        budget: Budget,
        narrow: Option<&Narrow>,
        into: &mut Vec<FlowChange>,
    ) -> Result<(), TooComplex> {
        let space = Space::new(version, budget)?;
        let hosts =
            [(self.old.side.ruleset, self.old.side.network), (self.new.side.ruleset, self.new.side.network)];
        let within = narrow.map(Narrow::simulators);
        let mut changes = Vec::new();
        for kind in every_class(&hosts, version).kinds().filter(exists) {
            let only = match &within {
                None => None,
                Some(simulators) => Some(simulators.packets(&space, &kind)?),
            };
            if only.as_ref().is_some_and(Set::is_empty) {
                continue;
            }
            let old = self.old.fared(&space, &kind, only.as_ref())?;
            let new = self.new.fared(&space, &kind, only.as_ref())?;
            self.compare(&space, &kind, (&old, &new), &mut changes)?;
        }
        into.extend(told(&space, changes, (self.old.side.network, self.new.side.network), self.zones)?);
        Ok(())
    }

    fn compare(
        &self,
        space: &Space,
        kind: &Kind,
        (old, new): (&Fared, &Fared),
        into: &mut Vec<Change>,
    ) -> Result<(), TooComplex> {
        let verdicts = [Verdict::Allow, Verdict::Deny, Verdict::Unknown];
        for before in verdicts {
            let from = part(space, old, before);
            for after in verdicts.into_iter().filter(|after| *after != before) {
                let set = space.and(&from, &part(space, new, after))?;
                if !set.is_empty() {
                    into.push(self.change(space, kind, (old, new), (before, after), set)?);
                }
            }
        }
        self.arrivals(space, kind, (old, new), into)
    }

    /// Packets that arrive on both sides, and not at the same place.
    fn arrivals(
        &self,
        space: &Space,
        kind: &Kind,
        fared: (&Fared, &Fared),
        into: &mut Vec<Change>,
    ) -> Result<(), TooComplex> {
        let (Some(old), Some(new)) = fared else { return Ok(()) };
        let both = space.and(&old.allow, &new.allow)?;
        if both.is_empty() {
            return Ok(());
        }
        let before = words::arrivals(space, old, &both, self.old.names())?;
        let after = words::arrivals(space, new, &both, self.new.names())?;
        for (place, set) in &before {
            let same = after.iter().find(|(other, _)| other == place);
            let moved = match same {
                Some((_, same)) => space.minus(set, same)?,
                None => set.clone(),
            };
            if moved.is_empty() {
                continue;
            }
            for (other, there) in after.iter().filter(|(other, _)| other != place) {
                let moved = space.and(&moved, there)?;
                if !moved.is_empty() {
                    let mut change =
                        self.change(space, kind, fared, (Verdict::Allow, Verdict::Allow), moved)?;
                    change.arrival = (Some(place.to_string()), Some(other.to_string()));
                    into.push(change);
                }
            }
        }
        Ok(())
    }

    fn change(
        &self,
        space: &Space,
        kind: &Kind,
        (old, new): (&Fared, &Fared),
        verdicts: (Verdict, Verdict),
        set: Set,
    ) -> Result<Change, TooComplex> {
        let arrival = |host: &Host<'_>,
                       fared: &Fared,
                       verdict: Verdict|
         -> Result<Option<String>, TooComplex> {
            let Some(fates) = fared.as_ref().filter(|_| verdict != Verdict::Deny) else { return Ok(None) };
            let places = words::arrivals(space, fates, &set, host.names())?;
            Ok(match places.as_slice() {
                [] => None,
                [(only, _)] => Some(only.to_string()),
                [(first, _), ..] => Some(format!("{first}, or elsewhere")),
            })
        };
        let mut causes = Vec::new();
        for (host, fared) in [(&self.old, old), (&self.new, new)] {
            for (cause, concerned) in fared.iter().flat_map(|fates| &fates.causes) {
                let cause = host.names().cause(cause);
                if !space.and(concerned, &set)?.is_empty() && !causes.contains(&cause) {
                    causes.push(cause);
                }
            }
        }
        Ok(Change {
            verdicts,
            kind: kind.clone(),
            decided: (
                self.old.decisions(space, old, kind, &set)?,
                self.new.decisions(space, new, kind, &set)?,
            ),
            arrival: (arrival(&self.old, old, verdicts.0)?, arrival(&self.new, new, verdicts.1)?),
            causes,
            set,
        })
    }
}

/// ICMP of the other version of IP is nothing that anybody sends, and no question can be asked about it.
fn exists(kind: &Kind) -> bool {
    let foreign = match kind.version {
        Version::V4 => 58,
        Version::V6 => 1,
    };
    kind.protocol.speaker != foreign
}

/// The packets of which this becomes.
fn part(space: &Space, fared: &Fared, verdict: Verdict) -> Set {
    match (fared, verdict) {
        (Some(fates), Verdict::Allow) => fates.allow.clone(),
        (Some(fates), Verdict::Deny) => fates.deny.clone(),
        (Some(fates), Verdict::Unknown) => fates.open.clone(),
        // Nothing can come in by an interface that is not there.
        (None, Verdict::Deny) => space.all(),
        (None, _) => space.none(),
    }
}

fn no_interface(kind: &Kind) -> Decision {
    let name = match &kind.meeting {
        Meeting::In(alike) => alike.speaker(),
        Meeting::Out => "",
    };
    let text = portreeve_model::text::clean(&format!("this host has no interface {name}")).into_owned();
    Decision::Host { code: "no-interface".to_owned(), text }
}
