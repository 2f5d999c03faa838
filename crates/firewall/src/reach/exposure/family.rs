//! One version of a door: every way in followed, readings made parts, zones covered.

use std::net::IpAddr;

use portreeve_model::exposure::ZoneExposure;
use portreeve_model::reach::Verdict;

use super::ask::Asker;
use super::coverage::Reach;
use super::door::Target;
use super::draft::{Draft, Scene, address};
use super::entrance::Entrance;
use super::parts::ClassPart;
use super::query::Query;
use super::reading::{Reader, Reading};
use super::surveyor::Surveyor;
use super::why::Why;
use crate::ir::Version;
use crate::reach::questions::complexity::complexity;
use crate::simulate::{Class, End, Fates, Origin, Wanted};
use crate::space::{Part, Set, Space, TooComplex};

/// What was found of a target: all doors of its class share it.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) version: Version,
    /// The port that was asked about in the place of the door's.
    pub(super) port: Option<u16>,
    pub(super) parts: Vec<ClassPart>,
    pub(super) zones: Vec<ZoneExposure>,
    pub(super) too_complex: Option<String>,
}

/// What comes by one way in.
pub(super) struct Coming {
    /// Ways in for which everything is the same.
    pub(super) entrances: Vec<Entrance>,
    /// Sources that reach the door; `None` where that could not be computed.
    pub(super) reach: Option<Reach>,
    drafts: Vec<Draft>,
}

impl Surveyor<'_> {
    /// Follows every way in to a target, of those that nothing tells apart the first.
    pub(super) fn family(&self, target: &Target, entrances: &[Vec<Entrance>], query: &Query) -> Family {
        let mut family = Family {
            version: target.version,
            port: target.single_port(),
            parts: Vec::new(),
            zones: Vec::new(),
            too_complex: None,
        };
        let mut comings = Vec::new();
        for alike in entrances {
            match self.coming(target, alike, query) {
                Ok(Some(coming)) => comings.push(coming),
                Ok(None) => {}
                Err(error) => {
                    family.too_complex.get_or_insert_with(|| complexity(self.ruleset, error));
                    comings.push(Coming { entrances: alike.clone(), reach: None, drafts: Vec::new() });
                }
            }
        }
        match self.covered(target, &comings) {
            Ok(zones) => family.zones = zones,
            Err(error) => {
                family.too_complex.get_or_insert_with(|| complexity(self.ruleset, error));
            }
        }
        for draft in joined(comings) {
            match self.class_part(target.version, draft, query) {
                Ok(part) => family.parts.push(part),
                Err(error) => {
                    family.too_complex.get_or_insert_with(|| complexity(self.ruleset, error));
                }
            }
        }
        family
    }

    fn coming(
        &self,
        target: &Target,
        alike: &[Entrance],
        query: &Query,
    ) -> Result<Option<Coming>, TooComplex> {
        let Some(entrance) = alike.first().copied() else { return Ok(None) };
        let space = self.space(target.version);
        let asker = self.asker(target.version);
        let from = query.from.as_ref();
        let (open, shut) = target.open_at(entrance, self.network);
        let mut pieces = Vec::new();
        if let Some(class) = asker.class(target, &open, entrance, from)? {
            let (readings, destinations) = self.followed(target, &open, &class, query)?;
            pieces.push((class, readings, destinations));
        }
        if let Some(text) = shut {
            let rest: Vec<IpAddr> = target
                .destinations
                .iter()
                .filter(|destination| !open.contains(destination))
                .copied()
                .collect();
            if let Some(class) = asker.class(target, &rest, entrance, from)? {
                let set = class.within.clone().unwrap_or_else(|| space.all());
                let whys = vec![Why::NoDoor(text)];
                let shut = Reading {
                    verdict: Verdict::Deny,
                    whys,
                    others: 0,
                    causes: Vec::new(),
                    arrival: None,
                    set,
                };
                pieces.push((class, vec![shut], rest));
            }
        }
        if pieces.is_empty() {
            return Ok(None);
        }
        let typical = self.typical(target.version, entrance, &asker)?;
        let (mut drafts, mut all) = (Vec::new(), Vec::new());
        for (class, readings, destinations) in pieces {
            let scene = Scene {
                space,
                network: self.network,
                target,
                class: &class,
                entrance,
                alike,
                asker: &asker,
                destinations: &destinations,
                typical: &typical,
                whole: open.is_empty() || open.len() == target.destinations.len(),
            };
            for reading in &readings {
                drafts.extend(scene.drafts(reading)?);
            }
            all.extend(readings);
        }
        Ok(Some(Coming { entrances: alike.to_vec(), reach: Some(self.reach(target, alike, &all)?), drafts }))
    }

    /// The readings of a class, and the destinations that they are about.
    fn followed(
        &self,
        target: &Target,
        destinations: &[IpAddr],
        class: &Class,
        query: &Query,
    ) -> Result<(Vec<Reading>, Vec<IpAddr>), TooComplex> {
        let space = self.space(target.version);
        // What the host sends has the sources that the class names.
        let wanted = Wanted { replies: query.replies, any_source: true, ..Wanted::default() };
        let fates = self.simulator.fates(space, class, wanted)?;
        let (region, destinations) = relevant(space, target, destinations, class, &fates)?;
        let reader = Reader { space, ruleset: self.ruleset, guarded: &self.guarded };
        let readings = reader.read(target, &fates, &region)?;
        let unknown = readings.iter().any(|reading| reading.verdict == Verdict::Unknown);
        if unknown && class.destination.is_none() && matches!(class.origin, Origin::Out { .. }) {
            return Ok((self.apart(target, &destinations, class, wanted)?, destinations));
        }
        Ok((readings, destinations))
    }

    /// Each destination of what the host sends by itself: where rules translate the source, one source is certain and several are
    /// not.
    fn apart(
        &self,
        target: &Target,
        destinations: &[IpAddr],
        class: &Class,
        wanted: Wanted,
    ) -> Result<Vec<Reading>, TooComplex> {
        let space = self.space(target.version);
        let asker = self.asker(target.version);
        let reader = Reader { space, ruleset: self.ruleset, guarded: &self.guarded };
        let mut apart: Vec<Reading> = Vec::new();
        for destination in destinations {
            let source = asker.usual_source(*destination);
            let (to, from) =
                (address(space, Part::Destination, *destination)?, address(space, Part::Source, source)?);
            let packets = space.and(&to, &from)?;
            let within = class.within.as_ref().map(|within| {
                space.exists(&space.and(within, &packets)?, &[Part::Source, Part::Destination])
            });
            let one = Class {
                source: Some(source),
                destination: Some(*destination),
                within: within.transpose()?,
                ..class.clone()
            };
            let fates = self.simulator.fates(space, &one, wanted)?;
            for reading in reader.read(target, &fates, &fates.asked)? {
                let set = space.and(&reading.set, &packets)?;
                match apart.iter_mut().find(|known| known.says_the_same(&reading)) {
                    Some(known) => known.set = space.or(&known.set, &set)?,
                    None => apart.push(Reading { set, ..reading }),
                }
            }
        }
        Ok(apart)
    }

    /// Sources that a witness is best taken of: the widest zone first that comes this way.
    fn typical(
        &self,
        version: Version,
        entrance: Entrance,
        asker: &Asker<'_>,
    ) -> Result<Vec<Set>, TooComplex> {
        let space = self.space(version);
        let mut sets = Vec::new();
        for zone in self.zones.of(version) {
            if asker.leads(entrance, zone, version) {
                sets.push(self.zones.set(space, zone)?);
            }
        }
        // Where no route leads to any zone this way, still nobody's address is a bad example.
        if entrance != Entrance::Own {
            sets.push(self.zones.outside(space)?);
        }
        Ok(sets)
    }
}

/// The drafts of all ways in, those that are the same by several ways together; what reaches the door first.
fn joined(comings: Vec<Coming>) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for draft in comings.into_iter().flat_map(|coming| coming.drafts) {
        match drafts.iter_mut().find(|known| known.is_same_as(&draft)) {
            Some(known) => known.entrances.extend(draft.entrances),
            None => drafts.push(draft),
        }
    }
    drafts.sort_by_key(|draft| match draft.verdict {
        Verdict::Allow => 0,
        Verdict::Unknown => 1,
        Verdict::Deny => 2,
    });
    drafts
}

/// What was asked about without destinations that the host refuses this way in whoever sends: the loopback addresses from outside,
/// link-local ones of another interface. They stay where there is nothing else.
fn relevant(
    space: &Space,
    target: &Target,
    destinations: &[IpAddr],
    class: &Class,
    fates: &Fates,
) -> Result<(Set, Vec<IpAddr>), TooComplex> {
    if class.destination.is_some() || !target.wildcard {
        return Ok((fates.asked.clone(), destinations.to_vec()));
    }
    let refused = fates.ends.iter().filter(|fate| !fate.reply && matches!(fate.end, End::Discarded(_)));
    let refused = space.union(&refused.map(|fate| fate.set.clone()).collect::<Vec<_>>())?;
    let refused = space.and(&refused, &fates.deny)?;
    let (mut left, mut region) = (Vec::new(), space.none());
    for destination in destinations {
        let to = space.and(&fates.asked, &address(space, Part::Destination, *destination)?)?;
        if !space.minus(&to, &refused)?.is_empty() {
            left.push(*destination);
            region = space.or(&region, &to)?;
        }
    }
    Ok(if left.is_empty() { (fates.asked.clone(), destinations.to_vec()) } else { (region, left) })
}
