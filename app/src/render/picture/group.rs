//! Groups: doors that are treated alike and share their lanes.

use portreeve_model::exposure::{Door, DoorKind, Exposure, IpVersion};
use portreeve_model::reach::Verdict;

use super::entry::{Entry, entries};
use super::lane::{Lane, lanes};

/// Doors that are treated alike.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) lanes: Vec<Lane>,
    /// What could not be computed exactly, one sentence for each version.
    pub(super) inexact: Vec<String>,
    /// The doors as rows.
    pub(super) entries: Vec<Entry>,
    pub(super) doors: usize,
    /// They lead on to another host.
    pub(super) leads_on: bool,
}

/// All groups, those that most can reach first.
pub(super) fn groups(exposures: &[Exposure], zones: &[String]) -> Vec<Group> {
    let many_namespaces = exposures
        .windows(2)
        .any(|pair| matches!(pair, [one, other] if one.door.namespace != other.door.namespace));
    let mut raw: Vec<(Treatment, Vec<&Door>)> = Vec::new();
    for exposure in exposures {
        let key = Treatment::of(exposure, zones);
        match raw.iter_mut().find(|(known, _)| *known == key) {
            Some((_, doors)) => doors.push(&exposure.door),
            None => raw.push((key, vec![&exposure.door])),
        }
    }
    for (_, doors) in &mut raw {
        doors.sort_by_key(|door| (door.port, door.protocol, door.addresses.clone(), door.holder.clone()));
    }
    raw.sort_by_cached_key(|(treatment, doors)| {
        (
            treatment.widest(Verdict::Allow),
            treatment.widest(Verdict::Unknown),
            doors.first().map(|door| door.port),
        )
    });
    raw.into_iter()
        .map(|(treatment, doors)| Group {
            entries: entries(&doors, many_namespaces),
            doors: doors.len(),
            leads_on: treatment.leads_on,
            inexact: treatment.inexact,
            lanes: treatment.lanes,
        })
        .collect()
}

/// What makes doors alike.
#[derive(PartialEq)]
struct Treatment {
    lanes: Vec<Lane>,
    inexact: Vec<String>,
    leads_on: bool,
}

impl Treatment {
    fn of(exposure: &Exposure, zones: &[String]) -> Self {
        let version = |version| match version {
            IpVersion::Ipv4 => "IPv4",
            IpVersion::Ipv6 => "IPv6",
        };
        Self {
            lanes: lanes(exposure, zones),
            inexact: exposure
                .families
                .iter()
                .filter_map(|family| Some((version(family.version), family.too_complex.as_ref()?)))
                .map(|(version, why)| format!("{version} not exactly: {why}"))
                .collect(),
            leads_on: matches!(exposure.door.kind, DoorKind::Translated { .. }),
        }
    }

    /// The widest zone with this verdict; the larger the narrower.
    fn widest(&self, verdict: Verdict) -> usize {
        let lanes = self.lanes.iter().filter(|lane| lane.verdict == verdict);
        lanes.flat_map(|lane| &lane.zones).map(|(zone, _)| *zone).min().unwrap_or(usize::MAX)
    }
}
