//! IPv6 tables (`fib6_node_lookup` and `fib6_backtrack` in `net/ipv6/ip6_fib.c` and `route.c`, `rt6_select` and what it calls).

use std::net::{IpAddr, Ipv6Addr};

use rustc_hash::FxHashMap;

use super::address_v6::group_scope;
use super::flow::{Flow, LOOPBACK};
use super::outcome::Uncertain;
use crate::network::prefix::mask_v6;
use crate::network::{Nexthop, Nexthops, Route, RouteKind};

/// A table: nodes by length and prefix of the destination, longest first.
#[derive(Debug, Default)]
pub(super) struct TableV6 {
    levels: Vec<Level<Node>>,
}

#[derive(Debug)]
struct Level<T> {
    length: u8,
    nodes: FxHashMap<u128, T>,
}

/// The routes for one destination prefix (`struct fib6_node` with its subtree).
#[derive(Debug, Default)]
struct Node {
    routes: Vec<RouteV6>,
    by_source: Vec<Level<Vec<RouteV6>>>,
}

/// One route to one interface (`struct fib6_info`). A route of several ways is several of these, one after the other.
#[derive(Debug)]
pub(super) struct RouteV6 {
    pub(super) kind: RouteKind,
    pub(super) table: u32,
    pub(super) destination: Ipv6Addr,
    pub(super) length: u8,
    pub(super) metric: u32,
    /// `IPV6_DECODE_PREF`: 1 low, 2 medium, 3 high.
    preference: u8,
    /// 0: no interface; loopback in the kernel.
    pub(super) interface: u32,
    pub(super) gateway: Option<Ipv6Addr>,
    pub(super) encapsulation: u16,
    pub(super) preferred_source: Option<Ipv6Addr>,
    pub(super) mtu: Option<u32>,
    /// A route over loopback that is not for this machine: the kernel makes it refuse (`fib6_is_reject`), without an error.
    pub(super) discards: bool,
    dead: bool,
    linkdown: bool,
    unresolved: Option<u32>,
    /// The ways of a multipath route have the same number, which is not 0.
    pub(super) siblings: u32,
}

/// How strictly a route is chosen (`RT6_LOOKUP_F_*`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Strictness {
    /// Only routes over the interface asked for (`IFACE`).
    pub(super) interface: bool,
    /// Routers known not to answer are passed over (`REACHABLE`).
    pub(super) reachable: bool,
}

/// What the tables need to know of the machine.
pub(super) trait Surroundings {
    /// Routes over this interface are passed over without carrier.
    fn ignores_linkdown(&self, interface: u32) -> Result<bool, Uncertain>;
    /// The router does not answer (`NUD_FAILED`).
    fn is_failed(&self, interface: u32, router: Ipv6Addr) -> bool;
}

impl TableV6 {
    /// From the routes of one table, in the kernel's order.
    pub(super) fn new<'a>(routes: impl Iterator<Item = &'a Route>) -> Self {
        let mut table = Self::default();
        for (number, route) in (1_u32..).zip(routes) {
            let IpAddr::V6(destination) = route.destination.address else { continue };
            let node =
                level(&mut table.levels, route.destination.length).entry(destination.into()).or_default();
            let place = match route.source {
                Some(source) if source.length > 0 => {
                    let IpAddr::V6(address) = source.address else { continue };
                    level(&mut node.by_source, source.length).entry(address.into()).or_default()
                }
                _ => &mut node.routes,
            };
            place.extend(RouteV6::of(route, number));
        }
        sort(&mut table.levels);
        for node in table.levels.iter_mut().flat_map(|level| level.nodes.values_mut()) {
            sort(&mut node.by_source);
            node.routes.sort_by_key(|route| route.metric);
            for routes in node.by_source.iter_mut().flat_map(|level| level.nodes.values_mut()) {
                routes.sort_by_key(|route| route.metric);
            }
        }
        table
    }

    /// `fib6_table_lookup`.
    pub(super) fn lookup(
        &self,
        flow: &Flow,
        oif: u32,
        strict: Strictness,
        around: &impl Surroundings,
    ) -> Result<Option<&RouteV6>, Uncertain> {
        let (IpAddr::V6(destination), IpAddr::V6(source)) = (flow.destination, flow.source) else {
            return Ok(None);
        };
        let places = self.places(destination, source);
        for reachable in [true, false] {
            if reachable && !strict.reachable {
                continue;
            }
            let strict = Strictness { reachable, ..strict };
            for routes in &places {
                if let Some(route) = select(routes, oif, strict, around)? {
                    return Ok(Some(route));
                }
            }
        }
        Ok(None)
    }

    /// `ip6_pol_route_lookup` with `rt6_device_match`: the simpler choice that netfilter makes, which knows neither scores nor
    /// carriers. `has_source` says whether an interface has the flow's source address.
    pub(super) fn match_device(
        &self,
        flow: &Flow,
        by_interface: bool,
        has_source: impl Fn(u32) -> bool,
    ) -> Result<Option<&RouteV6>, Uncertain> {
        let (IpAddr::V6(destination), IpAddr::V6(source)) = (flow.destination, flow.source) else {
            return Ok(None);
        };
        for routes in self.places(destination, source) {
            let Some(first) = routes.first() else { continue };
            if let Some(id) = routes.iter().find_map(|route| route.unresolved) {
                return Err(Uncertain::NexthopObject { id });
            }
            if flow.oif == 0 && source.is_unspecified() && !first.dead {
                return Ok(Some(first));
            }
            let fits = |route: &&RouteV6| {
                !route.dead
                    && if flow.oif == 0 { has_source(route.interface) } else { route.interface == flow.oif }
            };
            if let Some(route) = routes.iter().find(fits) {
                return Ok(Some(route));
            }
            if (flow.oif == 0 || !by_interface) && !first.dead {
                return Ok(Some(first));
            }
        }
        Ok(None)
    }

    /// All ways of the multipath route that `route` is one of.
    pub(super) fn siblings(&self, route: &RouteV6) -> Vec<&RouteV6> {
        let node = self
            .levels
            .iter()
            .find(|level| level.length == route.length)
            .and_then(|level| level.nodes.get(&u128::from(route.destination)));
        let Some(node) = node else { return Vec::new() };
        node.routes
            .iter()
            .chain(node.by_source.iter().flat_map(|level| level.nodes.values()).flatten())
            .filter(|other| other.siblings == route.siblings)
            .collect()
    }

    /// The lists of routes in the order in which the kernel goes through them.
    fn places(&self, destination: Ipv6Addr, source: Ipv6Addr) -> Vec<&[RouteV6]> {
        let mut places: Vec<&[RouteV6]> = Vec::new();
        let mut begun = false;
        for node in matching(&self.levels, destination) {
            let before = places.len();
            for (_, routes) in matching_with_length(&node.by_source, source) {
                places.push(routes);
            }
            // fib6_node_lookup_1 passes a node with a subtree over entirely where no source matches, its own routes included;
            // fib6_backtrack does not.
            if !begun && !node.by_source.is_empty() && places.len() == before && node_length(node) != Some(0)
            {
                continue;
            }
            if !node.routes.is_empty() {
                places.push(&node.routes);
            }
            begun = begun || places.len() > before;
        }
        places
    }
}

/// Length of the destination prefix of a node.
fn node_length(node: &Node) -> Option<u8> {
    node.routes
        .first()
        .or_else(|| node.by_source.first()?.nodes.values().next()?.first())
        .map(|route| route.length)
}

fn level<T>(levels: &mut Vec<Level<T>>, length: u8) -> &mut FxHashMap<u128, T> {
    let position = levels.iter().position(|level| level.length == length).unwrap_or_else(|| {
        levels.push(Level { length, nodes: FxHashMap::default() });
        levels.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "the position was just found or made")]
    &mut levels[position].nodes
}

fn sort<T>(levels: &mut [Level<T>]) {
    levels.sort_by_key(|level| std::cmp::Reverse(level.length));
}

fn matching<T>(levels: &[Level<T>], address: Ipv6Addr) -> impl Iterator<Item = &T> {
    matching_with_length(levels, address).map(|(_, node)| node)
}

fn matching_with_length<T>(levels: &[Level<T>], address: Ipv6Addr) -> impl Iterator<Item = (u8, &T)> {
    let address = u128::from(address);
    levels
        .iter()
        .filter_map(move |level| Some((level.length, level.nodes.get(&(address & mask_v6(level.length)))?)))
}

/// `rt6_select` with `find_rr_leaf`: the best of the routes of the lowest metric, else the best of all others.
fn select<'a>(
    routes: &'a [RouteV6],
    oif: u32,
    strict: Strictness,
    around: &impl Surroundings,
) -> Result<Option<&'a RouteV6>, Uncertain> {
    let Some(first) = routes.first() else { return Ok(None) };
    let same = routes.iter().take_while(|route| route.metric == first.metric).count();
    let (preferred, others) = routes.split_at(same);
    match best(preferred, oif, strict, around)? {
        Some(route) => Ok(Some(route)),
        None => best(others, oif, strict, around),
    }
}

/// `__find_rr_leaf` and `find_match`: the highest score, the first of equals.
fn best<'a>(
    routes: &'a [RouteV6],
    oif: u32,
    strict: Strictness,
    around: &impl Surroundings,
) -> Result<Option<&'a RouteV6>, Uncertain> {
    let mut chosen: Option<(u8, &RouteV6)> = None;
    for route in routes {
        if let Some(id) = route.unresolved {
            return Err(Uncertain::NexthopObject { id });
        }
        if route.dead || (route.linkdown && around.ignores_linkdown(route.interface)?) {
            continue;
        }
        let Some(score) = score(route, oif, strict, around) else { continue };
        if chosen.is_none_or(|(highest, _)| score > highest) {
            chosen = Some((score, route));
        }
    }
    Ok(chosen.map(|(_, route)| route))
}

/// `rt6_score_route`.
pub(super) fn score(route: &RouteV6, oif: u32, strict: Strictness, around: &impl Surroundings) -> Option<u8> {
    let fits = oif == 0 || route.interface == oif;
    if !fits && strict.interface {
        return None;
    }
    if strict.reachable && route.gateway.is_some_and(|router| around.is_failed(route.interface, router)) {
        return None;
    }
    Some((u8::from(fits) * 2) | (route.preference << 2))
}

impl RouteV6 {
    fn of(route: &Route, number: u32) -> Vec<Self> {
        let IpAddr::V6(destination) = route.destination.address else { return Vec::new() };
        let blank = Self {
            kind: route.kind,
            table: route.table,
            destination,
            length: route.destination.length,
            metric: route.metric,
            preference: (route.preference & 3) ^ 2,
            interface: 0,
            gateway: None,
            encapsulation: 0,
            discards: false,
            preferred_source: match route.preferred_source {
                Some(IpAddr::V6(address)) => Some(address),
                _ => None,
            },
            mtu: route.mtu,
            dead: route.flags.is_dead(),
            linkdown: route.flags.is_linkdown(),
            unresolved: match route.nexthops {
                Nexthops::Unresolved { id } => Some(id),
                _ => None,
            },
            siblings: 0,
        };
        let for_this_machine = matches!(route.kind, RouteKind::Local | RouteKind::Anycast);
        let discards = |interface: Option<u32>| {
            interface == Some(LOOPBACK) && !for_this_machine && !is_loopback_type(destination)
        };
        let with = |nexthop: &Nexthop, siblings| Self {
            interface: nexthop.interface.unwrap_or(0),
            discards: discards(nexthop.interface),
            gateway: match nexthop.gateway {
                Some(IpAddr::V6(address)) => Some(address),
                _ => None,
            },
            encapsulation: nexthop.encapsulation,
            dead: nexthop.flags.is_dead(),
            linkdown: nexthop.flags.is_linkdown(),
            siblings,
            ..blank
        };
        match &route.nexthops {
            Nexthops::Several(ways) => ways.iter().map(|way| with(way, number)).collect(),
            Nexthops::One(way) => vec![with(way, 0)],
            Nexthops::None | Nexthops::Unresolved { .. } => vec![blank],
        }
    }
}

/// `IPV6_ADDR_LOOPBACK`: groups of the interface too.
fn is_loopback_type(address: Ipv6Addr) -> bool {
    address.is_loopback() || group_scope(address) == Some(1)
}
