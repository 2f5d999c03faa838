//! Lanes: sources that are treated alike, with what decides about them.

use portreeve_model::exposure::{Coverage, Decision, Exposure, FamilyExposure, IpVersion, Part};
use portreeve_model::reach::Verdict;

use super::decided::Decided;

/// The versions of IP that a lane is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Versions {
    Both,
    Only(IpVersion),
}

/// How much of a zone is in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    Partly,
}

/// Sources that are treated alike.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lane {
    pub(super) versions: Versions,
    pub(super) verdict: Verdict,
    /// In the order of the zones of the picture.
    pub(super) zones: Vec<(usize, Extent)>,
    /// Zones that this version knows and the lane has nothing of.
    pub(super) without: Vec<usize>,
    /// Which sources come by which interfaces.
    pub(super) ways: Vec<Way>,
    pub(super) conditions: Vec<String>,
    pub(super) decided: Decided,
    /// Deciding rules beyond the first.
    pub(super) more_rules: u64,
    /// What it depends on.
    pub(super) causes: Vec<String>,
}

/// Sources that come by the same interfaces.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// In exact words.
    pub(super) sources: Vec<String>,
    /// They are whole zones.
    pub(super) whole: bool,
    pub(super) interfaces: Vec<String>,
}

impl PartialEq for Way {
    /// Whole zones are the same whichever addresses they have.
    fn eq(&self, other: &Self) -> bool {
        self.whole == other.whole
            && self.interfaces == other.interfaces
            && (self.whole || self.sources == other.sources)
    }
}

/// The lanes of a door, those that arrive first.
pub(super) fn lanes(exposure: &Exposure, zones: &[String]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for family in &exposure.families {
        for lane in of_family(family, zones) {
            // What is the same for IPv4 and IPv6 is drawn once.
            match lanes.iter_mut().find(|known| known.versions != lane.versions && same(known, &lane)) {
                Some(known) => {
                    known.versions = Versions::Both;
                    known.decided.join(&lane.decided);
                }
                None => lanes.push(lane),
            }
        }
    }
    lanes.sort_by_key(|lane| {
        let widest = lane.zones.first().map_or(usize::MAX, |(zone, _)| *zone);
        (rank(lane.verdict), widest, lane.versions)
    });
    lanes
}

pub(super) fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Allow => 0,
        Verdict::Unknown => 1,
        Verdict::Deny => 2,
    }
}

fn same(one: &Lane, other: &Lane) -> bool {
    *one == Lane { versions: one.versions, ..other.clone() }
}

fn of_family(family: &FamilyExposure, zones: &[String]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for part in &family.parts {
        let lane = of_part(part, family.version, zones);
        match lanes.iter_mut().find(|known| joins(known, &lane)) {
            Some(known) => join(known, lane),
            None => lanes.push(lane),
        }
    }
    let known = |name: &String| family.zones.iter().any(|zone| zone.zone == *name);
    for lane in lanes.iter_mut().filter(|lane| !lane.zones.is_empty()) {
        let has = |at: usize| lane.zones.iter().any(|(zone, _)| *zone == at);
        let without = zones.iter().enumerate().filter(|(at, name)| known(name) && !has(*at));
        lane.without = without.map(|(at, _)| at).collect();
    }
    lanes
}

fn of_part(part: &Part, version: IpVersion, zones: &[String]) -> Lane {
    let extent = |name: &String| {
        let zone = part.zones.iter().find(|zone| zone.zone == *name)?;
        match zone.coverage {
            Coverage::All => Some(Extent::Whole),
            Coverage::Some | Coverage::Depends => Some(Extent::Partly),
            Coverage::None => None,
        }
    };
    if is_impossible(part) {
        return impossible(version);
    }
    Lane {
        versions: Versions::Only(version),
        verdict: part.verdict,
        zones: zones.iter().enumerate().filter_map(|(at, name)| Some((at, extent(name)?))).collect(),
        without: Vec::new(),
        ways: vec![Way {
            sources: vec![part.label.clone()],
            whole: !part.zones.is_empty() && part.zones.iter().all(|zone| zone.coverage == Coverage::All),
            interfaces: part.interfaces.clone(),
        }],
        conditions: part.conditions.clone(),
        decided: Decided::new(part.deciders.first()),
        more_rules: part
            .more_deciders
            .saturating_add(u64::try_from(part.deciders.len().saturating_sub(1)).unwrap_or(u64::MAX)),
        causes: part.causes.iter().map(|cause| cause.text.clone()).collect(),
    }
}

/// Sources of no zone that the host throws away by itself.
fn is_impossible(part: &Part) -> bool {
    let by_host = matches!(part.deciders.first(), Some(Decision::Host { .. }));
    part.verdict == Verdict::Deny && part.zones.is_empty() && by_host
}

fn impossible(version: IpVersion) -> Lane {
    Lane {
        versions: Versions::Only(version),
        verdict: Verdict::Deny,
        zones: Vec::new(),
        without: Vec::new(),
        ways: Vec::new(),
        conditions: Vec::new(),
        decided: Decided::impossible(),
        more_rules: 0,
        causes: Vec::new(),
    }
}

/// Parts that differ only in their sources and the interfaces that these come by share a lane.
fn joins(one: &Lane, other: &Lane) -> bool {
    one.verdict == other.verdict
        && one.decided == other.decided
        && one.conditions == other.conditions
        && one.causes == other.causes
}

fn join(lane: &mut Lane, other: Lane) {
    for (zone, extent) in other.zones {
        match lane.zones.iter_mut().find(|(known, _)| *known == zone) {
            Some((_, known)) if extent == Extent::Whole => *known = extent,
            Some(_) => {}
            None => lane.zones.push((zone, extent)),
        }
    }
    lane.zones.sort_by_key(|(zone, _)| *zone);
    for way in other.ways {
        if let Some(known) = lane.ways.iter_mut().find(|known| known.interfaces == way.interfaces) {
            known.whole &= way.whole;
            append(&mut known.sources, way.sources);
        } else if let Some(known) = lane.ways.iter_mut().find(|known| known.sources == way.sources) {
            append(&mut known.interfaces, way.interfaces);
        } else {
            lane.ways.push(way);
        }
    }
    lane.more_rules = lane.more_rules.max(other.more_rules);
    lane.decided.join(&other.decided);
}

fn append(list: &mut Vec<String>, more: Vec<String>) {
    for entry in more {
        if !list.contains(&entry) {
            list.push(entry);
        }
    }
}
