//! Choice of an IPv4 source address (`inet_select_addr` and `__ip_dev_find` in `net/ipv4/devinet.c`, `fib_result_prefsrc` in
//! `fib_semantics.c`).

use std::net::{IpAddr, Ipv4Addr};

use super::device::{Device, V4Address, known};
use super::flow::Flow;
use super::index::{Fib, LOCAL};
use super::outcome::Uncertain;
use super::table_v4::{FoundV4, NexthopV4, RouteV4};
use crate::network::{RouteKind, Scope};

impl Fib {
    /// The source address for packets that leave by `interface` towards `towards` (the next hop for IPv4, the destination for
    /// IPv6), as masquerading chooses it (`nf_nat_masquerade_ipv4`, `nat_ipv6_dev_get_saddr`). `None` is that there is none.
    ///
    /// # Errors
    /// [`Uncertain`] where a kernel parameter was not read.
    pub fn source_address(&self, interface: u32, towards: IpAddr) -> Result<Option<IpAddr>, Uncertain> {
        match towards {
            IpAddr::V4(hop) => {
                let Some(device) = self.device(interface) else { return Ok(None) };
                Ok(self.select_address(device, Some(hop), Scope::UNIVERSE)?.map(IpAddr::V4))
            }
            IpAddr::V6(destination) => {
                Ok(self.select_source_v6(Some(interface), destination)?.map(IpAddr::V6))
            }
        }
    }

    /// `__ip_dev_find`: the interfaces an address is on, by the addresses and else by the local table.
    pub(super) fn interfaces_of(&self, address: Ipv4Addr) -> Result<Vec<u32>, Uncertain> {
        if let Some(interfaces) = self.own_v4.get(&address.into()) {
            return Ok(interfaces.clone());
        }
        Ok(match self.table_v4(LOCAL, &Flow::to(IpAddr::V4(address)), false)? {
            FoundV4::Route(route, way) if route.kind == RouteKind::Local => {
                route.nexthops.get(way).map(|way| way.interface).into_iter().collect()
            }
            _ => Vec::new(),
        })
    }

    /// `fib_result_prefsrc`. Two where the kernel may still have a choice from before `route_localnet` was changed: it keeps
    /// the address with the route (`nh_saddr`) until an address changes.
    pub(super) fn preferred_sources(
        &self,
        route: &RouteV4,
        way: &NexthopV4,
    ) -> Result<Vec<Option<Ipv4Addr>>, Uncertain> {
        if route.preferred_source.is_some() {
            return Ok(vec![route.preferred_source]);
        }
        let Some(device) = self.device(way.interface) else { return Ok(vec![None]) };
        let towards = match way.gateway {
            Some(IpAddr::V4(gateway)) => Some(gateway),
            _ => None,
        };
        let now = self.select_address(device, towards, route.scope)?;
        let mut sources = vec![now];
        for localnet in [Scope::LINK, Scope::HOST] {
            let other = self.select_with(device, towards, route.scope, localnet);
            if !sources.contains(&other) {
                sources.push(other);
            }
        }
        Ok(sources)
    }

    /// `inet_select_addr`.
    pub(super) fn select_address(
        &self,
        device: &Device,
        towards: Option<Ipv4Addr>,
        scope: Scope,
    ) -> Result<Option<Ipv4Addr>, Uncertain> {
        let localnet = if known(&device.v4.route_localnet)? { Scope::LINK } else { Scope::HOST };
        Ok(self.select_with(device, towards, scope, localnet))
    }

    fn select_with(
        &self,
        device: &Device,
        towards: Option<Ipv4Addr>,
        scope: Scope,
        localnet: Scope,
    ) -> Option<Ipv4Addr> {
        let mut first = None;
        for address in device.v4_addresses.iter().filter(|address| !address.secondary) {
            if address.scope.min(localnet) > scope {
                continue;
            }
            if towards.is_none_or(|towards| address.covers(towards.into())) {
                return Some(address.ip());
            }
            first = first.or(Some(address.ip()));
        }
        if first.is_some() {
            return first;
        }
        // in_dev_select_addr, over all interfaces in the order of their making.
        self.by_index()
            .into_iter()
            .flat_map(|device| &device.v4_addresses)
            .find(|address| !address.secondary && address.scope != Scope::LINK && address.scope <= scope)
            .map(V4Address::ip)
    }
}
