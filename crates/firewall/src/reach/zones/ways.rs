//! By which interfaces packets from an address can come in.

use std::collections::BTreeMap;

use super::containers::leads_to_containers;
use super::territory::{Claim, divide, version_of};
use super::zone::ZoneKind;
use crate::ir::{Interval, Version};
use crate::network::{Interface, Network, Nexthops, Prefix, Route, RouteKind};

/// Where the routes of all tables together lead.
///
/// Tables are not told apart: for an address the narrowest routes of any table count. Which table a policy rule takes hangs on the
/// packet, and a second uplink has a table of its own.
#[derive(Debug)]
pub(super) struct Ways {
    /// Addresses in order, each with the index of its interfaces in `interfaces`.
    parts: Vec<(Interval, usize)>,
    interfaces: Vec<Vec<u32>>,
    /// All that packets can come in by.
    all: Vec<u32>,
    /// Those of containers.
    containers: Vec<u32>,
}

impl Ways {
    pub(super) fn new(network: &Network, version: Version) -> Self {
        let usable = |interface: &&Interface| receives(interface);
        let all: Vec<u32> = network.interfaces.iter().filter(usable).map(|found| found.index).collect();
        let containers = network
            .interfaces
            .iter()
            .filter(|interface| all.contains(&interface.index) && leads_to_containers(interface, network))
            .map(|interface| interface.index)
            .collect();
        let mut by_prefix: BTreeMap<Prefix, Vec<u32>> = BTreeMap::new();
        for route in &network.routes {
            if version_of(route.destination.address) == version && route.kind != RouteKind::Throw {
                by_prefix.entry(route.destination).or_default().extend(leads(route, &all));
            }
        }
        let claims: Vec<Claim<usize>> =
            by_prefix.keys().zip(0..).map(|(prefix, by)| Claim { prefix: *prefix, rank: 0, by }).collect();
        let parts = divide(version, &claims);
        Self { parts, interfaces: by_prefix.into_values().collect(), all, containers }
    }

    /// The interfaces of a zone with these addresses, which are in order.
    pub(super) fn of(&self, kind: ZoneKind, addresses: &[Interval]) -> Vec<u32> {
        if addresses.is_empty() {
            return Vec::new();
        }
        let mut found = match kind {
            ZoneKind::ThisHost => Vec::new(),
            // Not routed: any link can have them.
            ZoneKind::LinkLocal => self.all.clone(),
            ZoneKind::Internet | ZoneKind::Private | ZoneKind::Named | ZoneKind::Containers => {
                self.routed(addresses)
            }
        };
        if kind == ZoneKind::Containers {
            found.extend(&self.containers);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn routed(&self, addresses: &[Interval]) -> Vec<u32> {
        let mut met = vec![false; self.interfaces.len()];
        let mut parts = self.parts.iter().peekable();
        for interval in addresses {
            while let Some((part, by)) = parts.peek() {
                if part.high >= interval.low
                    && part.low <= interval.high
                    && let Some(met) = met.get_mut(*by)
                {
                    *met = true;
                }
                // What reaches beyond this interval may meet the next one, too.
                if part.high > interval.high {
                    break;
                }
                parts.next();
            }
        }
        let met = self.interfaces.iter().zip(met).filter(|(_, met)| *met);
        met.flat_map(|(interfaces, _)| interfaces.iter().copied()).collect()
    }
}

/// Whether packets of IP come in by it: those of a port of a bridge come in by the bridge, those of a bond's member by the bond.
fn receives(interface: &Interface) -> bool {
    interface.flags.is_up()
        && !interface.flags.is_loopback()
        && !matches!(interface.master_kind.as_deref(), Some("bridge" | "bond" | "team"))
}

/// The interfaces that a route leads to; all of them, where that was not read.
fn leads<'r>(route: &'r Route, all: &'r [u32]) -> Vec<u32> {
    match &route.nexthops {
        Nexthops::Unresolved { .. } => all.to_vec(),
        _ if route.kind != RouteKind::Unicast => Vec::new(),
        nexthops => {
            let ways = nexthops.as_slice().iter().filter_map(|way| way.interface);
            ways.filter(|interface| all.contains(interface)).collect()
        }
    }
}
