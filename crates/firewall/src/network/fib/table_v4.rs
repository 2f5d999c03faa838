//! IPv4 tables (`fib_table_lookup` in `net/ipv4/fib_trie.c`).

use std::net::{IpAddr, Ipv4Addr};

use rustc_hash::FxHashMap;

use super::flow::Flow;
use super::outcome::Uncertain;
use crate::network::prefix::mask_v4;
use crate::network::{Nexthop, Nexthops, Route, RouteKind, Scope};

/// A table: routes by length and prefix, longest first.
#[derive(Debug, Default)]
pub(super) struct TableV4 {
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    mask: u32,
    routes: FxHashMap<u32, Vec<RouteV4>>,
}

/// One route (`struct fib_alias` with its `fib_info`).
#[derive(Debug)]
pub(super) struct RouteV4 {
    pub(super) kind: RouteKind,
    pub(super) table: u32,
    pub(super) length: u8,
    tos: u8,
    pub(super) metric: u32,
    pub(super) scope: Scope,
    pub(super) nexthops: Vec<NexthopV4>,
    /// Number of a nexthop object that was not read.
    unresolved: Option<u32>,
    pub(super) preferred_source: Option<Ipv4Addr>,
    pub(super) mtu: Option<u32>,
    dead: bool,
}

/// One way (`struct fib_nh_common`).
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub(super) struct NexthopV4 {
    pub(super) interface: u32,
    /// The router.
    pub(super) gateway: Option<IpAddr>,
    /// The router may be passed over, and the destination be taken for on-link.
    pub(super) doubtful: bool,
    onlink: bool,
    pub(super) encapsulation: u16,
    dead: bool,
    linkdown: bool,
}

/// What a table says.
#[derive(Clone, Copy, Debug)]
pub(super) enum FoundV4<'a> {
    /// Nothing, or `throw`: the next rule is asked (`-EAGAIN`).
    Nothing,
    /// A route that refuses.
    Refused(RouteKind),
    /// A route, and the position of its first usable way.
    Route(&'a RouteV4, usize),
}

impl TableV4 {
    /// From the routes of one table, or of `local` and `main` merged, in the kernel's order.
    pub(super) fn new<'a>(routes: impl Iterator<Item = &'a Route>) -> Self {
        let mut levels: Vec<FxHashMap<u32, Vec<RouteV4>>> = (0..=32).map(|_| FxHashMap::default()).collect();
        for route in routes {
            let IpAddr::V4(address) = route.destination.address else { continue };
            if let Some(level) = levels.get_mut(usize::from(route.destination.length)) {
                level.entry(address.into()).or_default().push(RouteV4::new(route));
            }
        }
        let mut table = Self::default();
        for (length, mut routes) in (0..=32_u8).zip(levels).rev() {
            if routes.is_empty() {
                continue;
            }
            for aliases in routes.values_mut() {
                // fib_find_alias: local before main, then by TOS downwards, then by metric; else in order of arrival.
                aliases.sort_by_key(|route| (std::cmp::Reverse((route.table, route.tos)), route.metric));
            }
            table.levels.push(Level { mask: mask_v4(length), routes });
        }
        table
    }

    /// `ignores_linkdown` says of an interface whether routes over it are passed over without carrier; `any_linkstate` is
    /// `FIB_LOOKUP_IGNORE_LINKSTATE`.
    pub(super) fn lookup(
        &self,
        flow: &Flow,
        any_linkstate: bool,
        ignores_linkdown: impl Fn(u32) -> Result<bool, Uncertain>,
    ) -> Result<FoundV4<'_>, Uncertain> {
        let IpAddr::V4(destination) = flow.destination else { return Ok(FoundV4::Nothing) };
        let destination = u32::from(destination);
        for level in &self.levels {
            let Some(aliases) = level.routes.get(&(destination & level.mask)) else { continue };
            for route in aliases {
                if route.tos != 0 && route.tos != flow.masked_tos() {
                    continue;
                }
                match route.kind {
                    // fib_props: errors.
                    RouteKind::Throw => return Ok(FoundV4::Nothing),
                    RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit => {
                        return Ok(FoundV4::Refused(route.kind));
                    }
                    RouteKind::Other(kind) => return Err(Uncertain::RouteKind { kind }),
                    _ => {}
                }
                if route.dead {
                    continue;
                }
                if let Some(id) = route.unresolved {
                    return Err(Uncertain::NexthopObject { id });
                }
                for (position, nexthop) in route.nexthops.iter().enumerate() {
                    // fib_lookup_good_nhc
                    if nexthop.dead
                        || (nexthop.linkdown && !any_linkstate && ignores_linkdown(nexthop.interface)?)
                        || (flow.oif != 0 && flow.oif != nexthop.interface)
                    {
                        continue;
                    }
                    return Ok(FoundV4::Route(route, position));
                }
            }
        }
        Ok(FoundV4::Nothing)
    }

    /// Marks the ways whose gateway may not be used: those for which `doubtful` says so of gateway and interface, unless they are
    /// forced to be on the link. Asked once for each pair.
    pub(super) fn doubt_gateways(&mut self, doubtful: impl Fn(Ipv4Addr, u32) -> bool) {
        let mut known: FxHashMap<(Ipv4Addr, u32), bool> = FxHashMap::default();
        for route in self.levels.iter_mut().flat_map(|level| level.routes.values_mut()).flatten() {
            for way in route.nexthops.iter_mut().filter(|way| !way.onlink) {
                if let Some(IpAddr::V4(gateway)) = way.gateway {
                    let pair = (gateway, way.interface);
                    way.doubtful = *known.entry(pair).or_insert_with(|| doubtful(gateway, way.interface));
                }
            }
        }
    }

    /// The other default routes among which `fib_select_default` chooses by the health of routers.
    pub(super) fn default_rivals(&self, chosen: &RouteV4, flow: &Flow) -> Vec<&RouteV4> {
        let Some(level) = self.levels.last().filter(|level| level.mask == 0) else { return Vec::new() };
        level
            .routes
            .values()
            .flatten()
            .filter(|route| {
                route.table == chosen.table
                    && route.metric == chosen.metric
                    && route.tos == chosen.tos
                    && (route.tos == 0 || route.tos == flow.masked_tos())
                    && !route.dead
                    && route.scope == chosen.scope
                    && route.kind == RouteKind::Unicast
                    && route.nexthops.first().is_some_and(|nexthop| nexthop.gateway.is_some())
            })
            .collect()
    }
}

impl RouteV4 {
    fn new(route: &Route) -> Self {
        let nexthops = route.nexthops.as_slice().iter().map(NexthopV4::new).collect();
        let unresolved = match route.nexthops {
            Nexthops::Unresolved { id } => Some(id),
            _ => None,
        };
        Self {
            kind: route.kind,
            table: route.table,
            length: route.destination.length,
            tos: route.tos,
            metric: route.metric,
            scope: route.scope,
            nexthops,
            unresolved,
            preferred_source: match route.preferred_source {
                Some(IpAddr::V4(address)) => Some(address),
                _ => None,
            },
            mtu: route.mtu,
            dead: route.flags.is_dead(),
        }
    }

    /// `fib_info_nh_uses_dev`.
    pub(super) fn uses(&self, interface: u32) -> bool {
        self.nexthops.iter().any(|nexthop| nexthop.interface == interface)
    }
}

impl NexthopV4 {
    fn new(nexthop: &Nexthop) -> Self {
        Self {
            interface: nexthop.interface.unwrap_or(0),
            gateway: nexthop.gateway,
            doubtful: false,
            onlink: nexthop.flags.is_onlink(),
            encapsulation: nexthop.encapsulation,
            dead: nexthop.flags.is_dead(),
            linkdown: nexthop.flags.is_linkdown(),
        }
    }

    /// The routers that the kernel may give packets to on this way.
    pub(super) fn gateways(&self) -> impl Iterator<Item = Option<IpAddr>> {
        [self.gateway, None].into_iter().take(if self.doubtful { 2 } else { 1 })
    }

    /// Whether `fib_rebalance` would give it a share.
    pub(super) fn is_usable(&self, ignores_linkdown: bool) -> bool {
        !(self.dead || self.linkdown && ignores_linkdown)
    }
}
