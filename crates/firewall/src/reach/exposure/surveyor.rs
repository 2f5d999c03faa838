//! A host made ready for questions about its doors.

use rustc_hash::FxHashMap;

use portreeve_model::exposure::{Door, DoorKind, Exposure};

use super::ask::Asker;
use super::door::{Device, Target, targets};
use super::entrance::{Bridges, Entrance, bridges_seen_by, entrances};
use super::family::Family;
use super::guarded::Guarded;
use super::ports::PortClasses;
use super::query::Query;
use crate::ir::{Ruleset, Version};
use crate::network::{Fib, Network};
use crate::reach::alike;
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
    /// Indices of interfaces that nothing tells apart.
    alike_v4: Vec<Vec<u32>>,
    alike_v6: Vec<Vec<u32>>,
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
        let alike = |version| {
            let groups = alike::interfaces(&[(ruleset, network)], version).into_iter();
            let index = |name: &String| network.interface_named(name).map(|interface| interface.index);
            groups.map(|group| group.names.iter().filter_map(index).collect()).collect()
        };
        Ok(Self {
            ruleset,
            network,
            zones,
            simulator: Simulator::new(ruleset, network),
            guarded: Guarded::new(ruleset),
            fib: Fib::new(network),
            ports: PortClasses::new(ruleset, network),
            bridges: bridges_seen_by(ruleset, network),
            alike_v4: alike(Version::V4),
            alike_v6: alike(Version::V6),
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
                let family = known.entry(self.alike(&target)).or_insert_with(|| {
                    self.family(&target, &self.alike_ways(&target, entrances, query), query)
                });
                families.push(family.told(door.port));
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

    /// Ways in, those together for which everything is the same. A question or a socket that is about single interfaces tells all
    /// apart.
    fn alike_ways(&self, target: &Target, entrances: &[Entrance], query: &Query) -> Vec<Vec<Entrance>> {
        let single = query.from.is_some() || target.device != Device::Any;
        let groups = match target.version {
            Version::V4 => &self.alike_v4,
            Version::V6 => &self.alike_v6,
        };
        let mut ways: Vec<Vec<Entrance>> = Vec::new();
        for entrance in entrances {
            let group =
                groups.iter().find(|group| entrance.interface().is_some_and(|index| group.contains(&index)));
            let same = |way: &&mut Vec<Entrance>| {
                let first = way.first().and_then(|first| first.interface());
                group.is_some_and(|group| first.is_some_and(|first| group.contains(&first)))
            };
            match ways.iter_mut().find(same).filter(|_| !single) {
                Some(way) => way.push(*entrance),
                None => ways.push(vec![*entrance]),
            }
        }
        ways
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
