//! How much of each zone reaches a door.

use std::net::IpAddr;

use portreeve_model::exposure::{Coverage, ZoneExposure};
use portreeve_model::reach::Verdict;

use super::door::{Target, is_of};
use super::draft::{Draft, address, is_of_the_link};
use super::entrance::Entrance;
use super::family::Coming;
use super::reading::Reading;
use super::surveyor::Surveyor;
use crate::ir::Version;
use crate::network::Address;
use crate::reach::zones::ZoneKind;
use crate::space::{Part, Set, TooComplex};

/// Sources only: everything else is left open.
pub(super) struct Reach {
    allow: Set,
    open: Set,
    /// No packet that was asked about fails.
    whole: bool,
}

impl Surveyor<'_> {
    /// Which sources reach the door by some ways in that are alike.
    pub(super) fn reach(
        &self,
        target: &Target,
        alike: &[Entrance],
        readings: &[Reading],
    ) -> Result<Reach, TooComplex> {
        let space = self.space(target.version);
        let far = self.by_strangers(target, alike)?;
        let sources = |verdict: Verdict| {
            let sets: Vec<Set> = readings
                .iter()
                .filter(|reading| reading.verdict == verdict)
                .map(|reading| reading.set.clone())
                .collect();
            space.onto(&space.minus(&space.union(&sets)?, &far)?, &[Part::Source])
        };
        let whole = readings.iter().all(|reading| reading.verdict == Verdict::Allow) && !readings.is_empty();
        Ok(Reach { allow: sources(Verdict::Allow)?, open: sources(Verdict::Unknown)?, whole })
    }

    /// Packets that only a neighbour on the link could send, with sources that are not of the link.
    fn by_strangers(&self, target: &Target, alike: &[Entrance]) -> Result<Set, TooComplex> {
        let space = self.space(target.version);
        let near: Vec<IpAddr> =
            target.destinations.iter().copied().filter(|address| is_of_the_link(*address)).collect();
        if near.is_empty() || alike.contains(&Entrance::Own) {
            return Ok(space.none());
        }
        let to =
            near.iter().map(|to| address(space, Part::Destination, *to)).collect::<Result<Vec<_>, _>>()?;
        let neighbours = self.neighbours(target.version, alike)?;
        space.minus(&space.union(&to)?, &neighbours)
    }

    /// Packets from the networks of these interfaces. A neighbour with a public address is no part of the internet for this: who
    /// is not on the link cannot send what only neighbours can.
    fn neighbours(&self, version: Version, alike: &[Entrance]) -> Result<Set, TooComplex> {
        let of_the_link = self.network.addresses.iter().filter(|address| {
            let by = |entrance: &Entrance| match entrance.interface() {
                Some(index) => {
                    index == address.interface
                        || self
                            .network
                            .bridge_of(index)
                            .is_some_and(|bridge| bridge.index == address.interface)
                }
                None => false,
            };
            is_of(address.address, version) && alike.iter().any(by)
        });
        let prefixes: Vec<_> = of_the_link.map(Address::network).collect();
        let space = self.space(version);
        let mut neighbours = space.in_prefixes(Part::Source, &prefixes)?;
        for zone in self.zones.of(version).filter(|zone| zone.kind() == ZoneKind::Internet) {
            neighbours = space.minus(&neighbours, &self.zones.set(space, zone)?)?;
        }
        Ok(neighbours)
    }

    /// The zones that a part's sources belong to.
    pub(super) fn zones_of(&self, draft: &Draft, version: Version) -> Result<Vec<ZoneExposure>, TooComplex> {
        let space = self.space(version);
        let asker = self.asker(version);
        let mut sources = draft.sources.clone();
        if draft.is_for_neighbours() {
            sources = space.and(&sources, &self.neighbours(version, &draft.entrances)?)?;
        }
        let mut zones = Vec::new();
        for zone in self.zones.of(version) {
            if !draft.entrances.iter().any(|entrance| asker.leads(*entrance, zone, version)) {
                continue;
            }
            let coverage = if zone.kind() == ZoneKind::ThisHost {
                Coverage::All
            } else {
                self.zones.coverage(space, zone, &sources, &space.none())?
            };
            if coverage != Coverage::None {
                zones.push(ZoneExposure { zone: zone.name().to_owned(), coverage });
            }
        }
        Ok(zones)
    }

    /// How much of each zone can reach the door.
    pub(super) fn covered(
        &self,
        target: &Target,
        comings: &[Coming],
    ) -> Result<Vec<ZoneExposure>, TooComplex> {
        let space = self.space(target.version);
        let asker = self.asker(target.version);
        let mut zones = Vec::new();
        for zone in self.zones.of(target.version) {
            let leads = |entrance: &Entrance| asker.leads(*entrance, zone, target.version);
            let ways: Vec<&Coming> =
                comings.iter().filter(|coming| coming.entrances.iter().any(leads)).collect();
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
