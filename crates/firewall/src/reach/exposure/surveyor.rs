//! A host made ready for questions about its doors.

use rustc_hash::FxHashMap;

use portreeve_model::exposure::{Door, DoorKind, Exposure};

use super::ask::Asker;
use super::door::{Target, targets};
use super::entrance::{Bridges, bridges_seen_by, entrances};
use super::family::Family;
use super::guarded::Guarded;
use super::ports::PortClasses;
use super::query::Query;
use crate::ir::{Ruleset, Version};
use crate::network::{Fib, Network};
use crate::reach::zones::Zones;
use crate::simulate::Simulator;
use crate::space::{Budget, Space, TooComplex};

/// Rules, the host around them and its zones, with a space of packets for each version of IP.
#[derive(Debug)]
pub struct Surveyor<'a> {
    pub(super) ruleset: &'a Ruleset,
    pub(super) network: &'a Network,
    pub(super) zones: &'a Zones,
    pub(super) simulator: Simulator<'a>,
    pub(super) guarded: Guarded,
    fib: Fib,
    ports: PortClasses,
    bridges: Bridges,
    v4: Space,
    v6: Space,
}

impl<'a> Surveyor<'a> {
    /// Makes a host ready. The budget is that of each version.
    ///
    /// # Errors
    /// [`TooComplex`] where the budget does not even hold the variables.
    pub fn new(
        ruleset: &'a Ruleset,
        network: &'a Network,
        zones: &'a Zones,
        budget: Budget,
    ) -> Result<Self, TooComplex> {
        Ok(Self {
            ruleset,
            network,
            zones,
            simulator: Simulator::new(ruleset, network),
            guarded: Guarded::new(ruleset),
            fib: Fib::new(network),
            ports: PortClasses::new(ruleset, network),
            bridges: bridges_seen_by(ruleset, network),
            v4: Space::new(Version::V4, budget)?,
            v6: Space::new(Version::V6, budget)?,
        })
    }

    /// Who can reach each door, in their order. Doors of protocols without IP have no families.
    pub fn exposures(&self, doors: &[Door], query: &Query) -> Vec<Exposure> {
        // What is behind a bridge comes in by its ports.
        let (whole, ports) = (entrances(self.network, self.bridges), entrances(self.network, Bridges::Ports));
        let mut known: FxHashMap<(Target, Option<usize>), Family> = FxHashMap::default();
        let mut exposures = Vec::with_capacity(doors.len());
        for door in doors {
            let entrances = if door.kind == DoorKind::Behind { &ports } else { &whole };
            let mut families = Vec::new();
            for target in targets(door, self.network) {
                let family = known
                    .entry(self.alike(&target))
                    .or_insert_with(|| self.family(&target, entrances, query));
                families.push(self.told(family, door.port, query));
            }
            exposures.push(Exposure { door: door.clone(), families });
        }
        exposures
    }

    /// What doors have in common that behave alike: the number of a single port's class stands for the port.
    fn alike(&self, target: &Target) -> (Target, Option<usize>) {
        match target.single_port() {
            Some(port) => (Target { ports: None, ..target.clone() }, Some(self.ports.of(port))),
            None => (target.clone(), None),
        }
    }

    pub(super) fn space(&self, version: Version) -> &Space {
        match version {
            Version::V4 => &self.v4,
            Version::V6 => &self.v6,
        }
    }

    pub(super) fn asker(&self, version: Version) -> Asker<'_> {
        Asker { space: self.space(version), network: self.network, zones: self.zones, fib: &self.fib }
    }
}
