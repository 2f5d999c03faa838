//! The zones as sets of one space.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::zone::{Zone, ZoneKind};
use crate::space::{Part, Set, Space, TooComplex};

/// The zones of a version in a space.
#[derive(Debug)]
pub(super) struct Drawn {
    /// Number of the space.
    pub(super) space: u64,
    /// The zones, widest first.
    pub(super) zones: Vec<DrawnZone>,
    /// All but this host.
    pub(super) outside: Set,
    /// Labels that were made: many doors are open to the same sources.
    labels: Labels,
}

/// Labels by the set of sources.
#[derive(Debug, Default)]
struct Labels(Mutex<FxHashMap<Set, String>>);

/// Most labels that are kept.
const KEPT: usize = 1024;

/// A zone in a space.
#[derive(Debug)]
pub(super) struct DrawnZone {
    pub(super) name: String,
    pub(super) kind: ZoneKind,
    pub(super) set: Set,
}

impl Drawn {
    pub(super) fn new<'z>(space: &Space, zones: impl Iterator<Item = &'z Zone>) -> Result<Self, TooComplex> {
        let draw = |zone: &Zone| {
            let set = space.in_intervals(Part::Source, zone.addresses(space.version()).to_vec())?;
            Ok(DrawnZone { name: zone.name().to_owned(), kind: zone.kind(), set })
        };
        let zones = zones.map(draw).collect::<Result<Vec<_>, TooComplex>>()?;
        let others = zones.iter().filter(|zone| zone.kind != ZoneKind::ThisHost);
        let outside = space.union(&others.map(|zone| zone.set.clone()).collect::<Vec<_>>())?;
        Ok(Self { space: space.id(), zones, outside, labels: Labels::default() })
    }

    pub(super) fn label_of(&self, sources: &Set) -> Option<String> {
        let Labels(labels) = &self.labels;
        labels.lock().unwrap_or_else(PoisonError::into_inner).get(sources).cloned()
    }

    pub(super) fn keep_label(&self, sources: Set, label: &str) {
        let Labels(labels) = &self.labels;
        let mut labels = labels.lock().unwrap_or_else(PoisonError::into_inner);
        if labels.len() >= KEPT {
            labels.clear();
        }
        labels.insert(sources, label.to_owned());
    }

    pub(super) fn set(&self, space: &Space, zone: &Zone) -> Set {
        let found = self.zones.iter().find(|drawn| drawn.name == zone.name());
        found.map_or_else(|| space.none(), |drawn| drawn.set.clone())
    }
}
