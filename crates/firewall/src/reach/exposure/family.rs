//! One version of a door: every way in followed, readings made parts, zones covered.

use portreeve_model::exposure::{Coverage, FamilyExposure, IpVersion, Part as DocumentPart, ZoneExposure};
use portreeve_model::reach::Verdict;
use portreeve_model::text::clean;
use std::net::{IpAddr, SocketAddr};

use super::ask::Asker;
use super::door::Target;
use super::draft::{Draft, Scene, address};
use super::entrance::Entrance;
use super::query::Query;
use super::reading::{Reader, Reading};
use super::surveyor::Surveyor;
use super::why::Why;
use crate::answer::Names;
use crate::ir::Version;
use crate::network::Interface;
use crate::packet::Transport;
use crate::reach::zones::ZoneKind;
use crate::simulate::{Class, End, Fates, Wanted};
use crate::space::{Part, Set, Space, TooComplex};

/// What was found of a target, before it is told for a door: all doors of its class share it.
#[derive(Debug)]
pub(super) struct Family {
    version: Version,
    /// The port that was asked about in the place of the door's.
    port: Option<u16>,
    drafts: Vec<Draft>,
    zones: Vec<ZoneExposure>,
    too_complex: Option<String>,
}

/// What comes by one way in.
struct Coming {
    entrance: Entrance,
    /// Sources that certainly reach the door; `None` where that could not be computed.
    reach: Option<Reach>,
    drafts: Vec<Draft>,
}

/// Sources only: everything else is left open.
struct Reach {
    allow: Set,
    open: Set,
    /// No packet that was asked about fails.
    whole: bool,
}

impl Surveyor<'_> {
    /// Follows every way in to a target.
    pub(super) fn family(&self, target: &Target, entrances: &[Entrance], query: &Query) -> Family {
        let mut family = Family {
            version: target.version,
            port: target.single_port(),
            drafts: Vec::new(),
            zones: Vec::new(),
            too_complex: None,
        };
        let mut comings = Vec::new();
        for entrance in entrances {
            match self.coming(target, *entrance, query) {
                Ok(Some(coming)) => comings.push(coming),
                Ok(None) => {}
                Err(error) => {
                    family.too_complex.get_or_insert_with(|| error.to_string());
                    comings.push(Coming { entrance: *entrance, reach: None, drafts: Vec::new() });
                }
            }
        }
        match self.covered(target, &comings) {
            Ok(zones) => family.zones = zones,
            Err(error) => {
                family.too_complex.get_or_insert_with(|| error.to_string());
            }
        }
        for draft in comings.into_iter().flat_map(|coming| coming.drafts) {
            match family.drafts.iter_mut().find(|known| known.is_same_as(&draft)) {
                Some(known) => known.entrances.extend(draft.entrances),
                None => family.drafts.push(draft),
            }
        }
        family.drafts.sort_by_key(|draft| match draft.verdict {
            Verdict::Allow => 0,
            Verdict::Unknown => 1,
            Verdict::Deny => 2,
        });
        family
    }

    fn coming(
        &self,
        target: &Target,
        entrance: Entrance,
        query: &Query,
    ) -> Result<Option<Coming>, TooComplex> {
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
                let shut = Reading { verdict: Verdict::Deny, whys, causes: Vec::new(), arrival: None, set };
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
        Ok(Some(Coming { entrance, reach: Some(reach(space, &all)?), drafts }))
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
        let wanted = Wanted { replies: query.replies, ..Wanted::default() };
        let fates = self.simulator.fates(space, class, wanted)?;
        let (region, destinations) = relevant(space, target, destinations, class, &fates)?;
        let reader = Reader { space, ruleset: self.ruleset, guarded: &self.guarded };
        Ok((reader.read(target, &fates, &region)?, destinations))
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
        Ok(sets)
    }

    fn covered(&self, target: &Target, comings: &[Coming]) -> Result<Vec<ZoneExposure>, TooComplex> {
        let space = self.space(target.version);
        let asker = self.asker(target.version);
        let mut zones = Vec::new();
        for zone in self.zones.of(target.version) {
            let ways: Vec<&Coming> =
                comings.iter().filter(|coming| asker.leads(coming.entrance, zone, target.version)).collect();
            let coverage = if zone.kind() == ZoneKind::ThisHost {
                own_coverage(&ways)
            } else {
                let (mut allow, mut open) = (space.none(), space.none());
                for way in &ways {
                    match &way.reach {
                        Some(reach) => {
                            allow = space.or(&allow, &reach.allow)?;
                            open = space.or(&open, &reach.open)?;
                        }
                        None => open = space.all(),
                    }
                }
                self.zones.coverage(space, zone, &allow, &open)?
            };
            zones.push(ZoneExposure { zone: zone.name().to_owned(), coverage });
        }
        Ok(zones)
    }

    /// The family told for a port of its class.
    pub(super) fn told(&self, family: &Family, port: u16, query: &Query) -> FamilyExposure {
        let mut too_complex = family.too_complex.clone();
        let mut parts = Vec::with_capacity(family.drafts.len());
        for draft in &family.drafts {
            match self.part(family, draft, port, query) {
                Ok(part) => parts.push(part),
                Err(error) => {
                    too_complex.get_or_insert_with(|| error.to_string());
                }
            }
        }
        FamilyExposure {
            version: match family.version {
                Version::V4 => IpVersion::Ipv4,
                Version::V6 => IpVersion::Ipv6,
            },
            zones: family.zones.clone(),
            parts,
            too_complex,
        }
    }

    fn part(
        &self,
        family: &Family,
        draft: &Draft,
        port: u16,
        query: &Query,
    ) -> Result<DocumentPart, TooComplex> {
        let space = self.space(family.version);
        let names = Names { ruleset: self.ruleset, network: self.network };
        let prefixes = space.prefixes(&draft.sources, Part::Source, query.most_sources)?;
        let mut witness = draft.witness.clone();
        if let (Some(question), Some(_)) = (&mut witness, family.port) {
            match &mut question.transport {
                Transport::Tcp { destination, .. } | Transport::Ports { destination, .. } => {
                    *destination = Some(port);
                }
                Transport::Icmp { .. } | Transport::Other(_) => {}
            }
        }
        let arrives_at = draft.arrival.and_then(|arrival| {
            let asked = match witness.as_ref().map(|question| &question.transport) {
                Some(Transport::Tcp { destination, .. } | Transport::Ports { destination, .. }) => {
                    *destination
                }
                _ => None,
            };
            let address =
                arrival.address.or_else(|| witness.as_ref().map(|question| question.destination))?;
            // Where the port asked about stands for the door's, so does it behind a translation that keeps it.
            let kept = arrival.port.filter(|found| Some(*found) != family.port);
            Some(SocketAddr::new(address, kept.or(asked)?))
        });
        let mut interfaces: Vec<&Interface> = draft
            .entrances
            .iter()
            .filter_map(|entrance| self.network.interface(entrance.interface()?))
            .collect();
        interfaces.sort_by_key(|interface| interface.index);
        let deciders = draft.whys.iter().take(query.most_deciders).map(|why| why.decision(names)).collect();
        Ok(DocumentPart {
            verdict: draft.verdict,
            interfaces: interfaces.into_iter().map(|interface| clean(&interface.name).into_owned()).collect(),
            label: self.zones.label(space, &draft.sources)?,
            zones: self.zones_of(draft, family.version)?,
            sources: prefixes.listed.iter().map(ToString::to_string).collect(),
            more_sources: prefixes.more,
            conditions: draft.conditions.clone(),
            deciders,
            more_deciders: u64::try_from(draft.whys.len().saturating_sub(query.most_deciders))
                .unwrap_or(u64::MAX),
            causes: draft.causes.iter().map(|cause| names.cause(cause)).collect(),
            witness: witness.map(|question| question.to_string()).unwrap_or_default(),
            arrives_at,
        })
    }

    /// The zones that a part's sources belong to.
    fn zones_of(&self, draft: &Draft, version: Version) -> Result<Vec<ZoneExposure>, TooComplex> {
        let space = self.space(version);
        let asker = self.asker(version);
        let mut zones = Vec::new();
        for zone in self.zones.of(version) {
            if !draft.entrances.iter().any(|entrance| asker.leads(*entrance, zone, version)) {
                continue;
            }
            let coverage = if zone.kind() == ZoneKind::ThisHost {
                Coverage::All
            } else {
                self.zones.coverage(space, zone, &draft.sources, &space.none())?
            };
            if coverage != Coverage::None {
                zones.push(ZoneExposure { zone: zone.name().to_owned(), coverage });
            }
        }
        Ok(zones)
    }
}

/// How much of what the host sends to itself arrives.
fn own_coverage(ways: &[&Coming]) -> Coverage {
    let mut coverage = Coverage::None;
    for way in ways {
        coverage = match &way.reach {
            None => Coverage::Depends,
            Some(reach) if reach.whole => Coverage::All,
            Some(reach) if !reach.allow.is_empty() => Coverage::Some,
            Some(reach) if !reach.open.is_empty() => Coverage::Depends,
            Some(_) => coverage,
        };
    }
    coverage
}

fn reach(space: &Space, readings: &[Reading]) -> Result<Reach, TooComplex> {
    let sources = |verdict: Verdict| {
        let sets: Vec<Set> = readings
            .iter()
            .filter(|reading| reading.verdict == verdict)
            .map(|reading| reading.set.clone())
            .collect();
        space.onto(&space.union(&sets)?, &[Part::Source])
    };
    let whole = readings.iter().all(|reading| reading.verdict == Verdict::Allow) && !readings.is_empty();
    Ok(Reach { allow: sources(Verdict::Allow)?, open: sources(Verdict::Unknown)?, whole })
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
