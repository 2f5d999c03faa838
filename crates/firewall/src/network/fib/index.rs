//! The index over a network, built once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::ControlFlow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::address_v6::is_link_local;
use super::device::{Device, known};
use super::flow::Flow;
use super::outcome::Uncertain;
use super::policy::{Action, Policy};
use super::table_v4::{FoundV4, RouteV4, TableV4};
use super::table_v6::{RouteV6, Strictness, Surroundings, TableV6};
use crate::network::{Ipv6Sysctls, Network, Prefix, Route, RouteKind, Scope};

pub(super) const DEFAULT: u32 = 253;
pub(super) const MAIN: u32 = 254;
pub(super) const LOCAL: u32 = 255;

/// Routing decisions over one network. Building it goes through all routes once; a decision takes under a microsecond or few.
#[derive(Debug)]
pub struct Fib {
    pub(super) devices: FxHashMap<u32, Device>,
    tables_v4: FxHashMap<u32, TableV4>,
    tables_v6: FxHashMap<u32, TableV6>,
    pub(super) policy_v4: Policy,
    pub(super) policy_v6: Policy,
    /// `local` and `main` are one table, and no rule was ever changed: rules are not asked (`fib_has_custom_rules`).
    pub(super) merged: bool,
    /// Some route or rule has realms (`fib_num_tclassid_users`).
    pub(super) realms: bool,
    /// A local route was made by hand (`fib_has_custom_local_routes`).
    pub(super) custom_local_routes: bool,
    /// Own IPv4 addresses (`inet_addr_lst`), with the interfaces of each.
    pub(super) own_v4: FxHashMap<u32, Vec<u32>>,
    /// Own IPv6 addresses that are not tentative.
    own_v6: FxHashSet<Ipv6Addr>,
    pub(super) groups: FxHashSet<(u32, IpAddr)>,
    failed_routers: FxHashSet<(u32, Ipv6Addr)>,
    /// `net.ipv6.conf.all.forwarding`.
    pub(super) v6_forwarding: Result<bool, Box<str>>,
}

/// What a lookup through the rules says for IPv4 (`fib_lookup`).
#[derive(Clone, Copy, Debug)]
pub(super) enum AnswerV4<'a> {
    /// A route, and the position of its first usable way.
    Route(&'a RouteV4, usize),
    /// An error.
    Refused(Refusal),
}

/// Why a lookup finds no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No route, or a rule that says unreachable (`-ENETUNREACH`).
    NoRoute,
    /// A rule that says unreachable (`-ENETUNREACH`).
    RuleUnreachable,
    /// `-EHOSTUNREACH`.
    Unreachable,
    /// `-EINVAL`.
    Blackhole,
    /// `-EACCES`.
    Prohibit,
}

/// What a lookup through the rules says for IPv6 (`fib6_rule_lookup`).
#[derive(Clone, Copy, Debug)]
pub(super) enum AnswerV6<'a> {
    Route(&'a RouteV6),
    Refused(Refusal),
}

impl Fib {
    /// Builds the index.
    pub fn new(network: &Network) -> Self {
        let devices: FxHashMap<u32, Device> = network
            .interfaces
            .iter()
            .map(|interface| (interface.index, Device::new(interface, network)))
            .collect();
        let family = |ipv6: bool| network.rules.iter().filter(move |rule| rule.ipv6 == ipv6);
        let policy_v4 = Policy::new(family(false), &devices);
        let policy_v6 = Policy::new(family(true), &devices);
        // The kernel keeps the tables merged until a rule is added or removed; while they are, the rules are the initial ones.
        let initial = policy_v4.is_default(&[(0, LOCAL), (32_766, MAIN), (32_767, DEFAULT)]);
        let merged = initial && network.ipv4_tables_merged.unwrap_or(true);
        let mut own_v4: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for address in &network.addresses {
            if let IpAddr::V4(own) = address.address {
                own_v4.entry(own.into()).or_default().push(address.interface);
            }
        }
        let forwarding =
            network.sysctls.ipv6.as_ref().map_or(Some(0), |ipv6: &Ipv6Sysctls| ipv6.all.forwarding);
        let mut fib = Self {
            tables_v4: tables(network, false, merged, TableV4::new),
            tables_v6: tables(network, true, false, TableV6::new),
            policy_v4,
            policy_v6,
            merged,
            realms: network.routes.iter().any(|route| route.realms.is_some_and(|realms| realms != 0))
                || network
                    .rules
                    .iter()
                    .any(|rule| !rule.ipv6 && rule.realms.is_some_and(|realms| realms != 0)),
            custom_local_routes: has_custom_local_routes(network),
            own_v6: devices
                .values()
                .flat_map(|device| &device.v6_addresses)
                .filter(|address| !address.is_tentative())
                .map(|address| address.address)
                .collect(),
            groups: network.memberships.iter().map(|member| (member.interface, member.group)).collect(),
            failed_routers: network
                .failed_routers
                .iter()
                .map(|failed| (failed.interface, failed.address))
                .collect(),
            v6_forwarding: forwarding
                .map(|value| value != 0)
                .ok_or_else(|| "net.ipv6.conf.all.forwarding".into()),
            own_v4,
            devices,
        };
        fib.doubt_gateways(network);
        fib
    }

    /// `fib_check_nh_v4_gw`: a gateway that is found at scope "host" when a route is added (an address of this machine) gives the
    /// way that scope and the interface found, and `rt_set_nexthop` then does not use it. The kernel does not tell the scope; where
    /// some route of that scope leads to the gateway by that interface, both is possible.
    fn doubt_gateways(&mut self, network: &Network) {
        let here: Vec<(Prefix, Option<u32>)> = network
            .routes
            .iter()
            .filter(|route| route.destination.address.is_ipv4() && route.scope >= Scope::HOST)
            .flat_map(|route| route.nexthops.as_slice().iter().map(|way| (route.destination, way.interface)))
            .collect();
        for table in self.tables_v4.values_mut() {
            table.doubt_gateways(|gateway, interface| {
                here.iter().any(|(prefix, by)| *by == Some(interface) && prefix.contains(IpAddr::V4(gateway)))
            });
        }
    }

    pub(super) fn device(&self, index: u32) -> Option<&Device> {
        self.devices.get(&index)
    }

    /// `fib_lookup`. `any_linkstate` is `FIB_LOOKUP_IGNORE_LINKSTATE`.
    pub(super) fn lookup_v4(&self, flow: &Flow, any_linkstate: bool) -> Result<AnswerV4<'_>, Uncertain> {
        if self.merged {
            // include/net/ip_fib.h: main (with local in it), then default.
            for table in [MAIN, DEFAULT] {
                match self.table_v4(table, flow, any_linkstate)? {
                    FoundV4::Nothing => {}
                    FoundV4::Refused(kind) => return Ok(AnswerV4::Refused(Refusal::of(kind))),
                    FoundV4::Route(route, way) => return Ok(AnswerV4::Route(route, way)),
                }
            }
            return Ok(AnswerV4::Refused(Refusal::NoRoute));
        }
        let answer = self.policy_v4.walk(
            flow,
            |index| self.in_vrf(index),
            self.is_from_tunnel(flow),
            |action, rule| {
                let Action::Lookup(table) = action else {
                    return Ok(ControlFlow::Break(AnswerV4::Refused(Refusal::by_rule(action))));
                };
                Ok(match self.table_v4(table, flow, any_linkstate)? {
                    FoundV4::Nothing => ControlFlow::Continue(()),
                    FoundV4::Refused(kind) => ControlFlow::Break(AnswerV4::Refused(Refusal::of(kind))),
                    FoundV4::Route(route, way) => {
                        let interface = route.nexthops.get(way).map(|way| way.interface);
                        // fib4_rule_suppress
                        let suppressed =
                            rule.suppress_prefix_length.is_some_and(|length| route.length <= length)
                                || self.is_in_group(interface, rule.suppress_interface_group);
                        if suppressed {
                            ControlFlow::Continue(())
                        } else {
                            ControlFlow::Break(AnswerV4::Route(route, way))
                        }
                    }
                })
            },
        )?;
        Ok(answer.unwrap_or(AnswerV4::Refused(Refusal::NoRoute)))
    }

    /// `fib_table_lookup` in the table of this number, if there is one.
    pub(super) fn table_v4(
        &self,
        table: u32,
        flow: &Flow,
        any_linkstate: bool,
    ) -> Result<FoundV4<'_>, Uncertain> {
        let table = if self.merged && table == LOCAL { MAIN } else { table };
        let ignores =
            |index: u32| self.device(index).map_or(Ok(false), |device| known(&device.v4.ignore_linkdown));
        self.tables_v4
            .get(&table)
            .map_or(Ok(FoundV4::Nothing), |table| table.lookup(flow, any_linkstate, ignores))
    }

    pub(super) fn default_rivals(&self, chosen: &RouteV4, flow: &Flow) -> Vec<&RouteV4> {
        let table = if self.merged && chosen.table == LOCAL { MAIN } else { chosen.table };
        self.tables_v4.get(&table).map_or_else(Vec::new, |table| table.default_rivals(chosen, flow))
    }

    /// `fib6_rule_lookup` with `ip6_pol_route`.
    pub(super) fn lookup_v6(
        &self,
        flow: &Flow,
        oif: u32,
        by_interface: bool,
    ) -> Result<AnswerV6<'_>, Uncertain> {
        let forwarding = known(&self.v6_forwarding)?;
        let strict = Strictness { interface: by_interface, reachable: !forwarding };
        self.by_rules_v6(flow, |table| table.lookup(flow, oif, strict, self))
    }

    /// `ip6_route_lookup`: `fib6_rule_lookup` with `ip6_pol_route_lookup`. `None` is an error or a route that refuses.
    pub(super) fn match_device_v6(
        &self,
        flow: &Flow,
        by_interface: bool,
    ) -> Result<Option<&RouteV6>, Uncertain> {
        let has_source = |interface: u32| {
            let IpAddr::V6(source) = flow.source else { return false };
            // ipv6_chk_addr: unless asked strictly, an address that reaches further than its link counts on every interface.
            let anywhere = !by_interface && !is_link_local(source) && !source.is_loopback();
            if anywhere { self.is_own_v6(source) } else { self.has_address_v6(interface, source) }
        };
        Ok(match self.by_rules_v6(flow, |table| table.match_device(flow, by_interface, has_source))? {
            AnswerV6::Route(route) => Some(route),
            AnswerV6::Refused(_) => None,
        })
    }

    fn by_rules_v6<'a>(
        &'a self,
        flow: &Flow,
        look: impl Fn(&'a TableV6) -> Result<Option<&'a RouteV6>, Uncertain>,
    ) -> Result<AnswerV6<'a>, Uncertain> {
        let answer = self.policy_v6.walk(
            flow,
            |index| self.in_vrf(index),
            self.is_from_tunnel(flow),
            |action, rule| {
                let Action::Lookup(table) = action else {
                    return Ok(ControlFlow::Break(AnswerV6::Refused(Refusal::by_rule(action))));
                };
                let found = self.tables_v6.get(&table).map_or(Ok(None), &look)?;
                let Some(route) = found else { return Ok(ControlFlow::Continue(())) };
                Ok(match route.kind {
                    RouteKind::Throw => ControlFlow::Continue(()),
                    kind @ (RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit) => {
                        ControlFlow::Break(AnswerV6::Refused(Refusal::of(kind)))
                    }
                    RouteKind::Other(kind) => return Err(Uncertain::RouteKind { kind }),
                    _ => {
                        // fib6_rule_suppress
                        let suppressed =
                            rule.suppress_prefix_length.is_some_and(|length| route.length <= length)
                                || self.is_in_group(Some(route.interface), rule.suppress_interface_group);
                        if suppressed {
                            ControlFlow::Continue(())
                        } else {
                            ControlFlow::Break(AnswerV6::Route(route))
                        }
                    }
                })
            },
        )?;
        Ok(answer.unwrap_or(AnswerV6::Refused(Refusal::NoRoute)))
    }

    /// The ways of the multipath route that `route` is one of.
    pub(super) fn siblings_v6(&self, route: &RouteV6) -> Vec<&RouteV6> {
        self.tables_v6.get(&route.table).map_or_else(Vec::new, |table| table.siblings(route))
    }

    /// The interfaces in the order of their making.
    pub(super) fn by_index(&self) -> Vec<&Device> {
        let mut devices: Vec<&Device> = self.devices.values().filter(|device| !device.vrf).collect();
        devices.sort_by_key(|device| device.index);
        devices
    }

    fn is_in_group(&self, interface: Option<u32>, group: Option<u32>) -> bool {
        let Some((interface, group)) = interface.zip(group) else { return false };
        self.device(interface).is_some_and(|device| device.group == group)
    }

    fn in_vrf(&self, index: u32) -> Option<bool> {
        self.device(index).map(|device| device.vrf)
    }

    fn is_from_tunnel(&self, flow: &Flow) -> bool {
        self.device(flow.iif).is_some_and(|device| device.tunnel)
    }

    /// `ipv6_chk_addr` on any interface.
    fn is_own_v6(&self, address: Ipv6Addr) -> bool {
        self.own_v6.contains(&address)
    }

    /// `inet_lookup_ifaddr_rcu`: an address of some interface.
    pub(super) fn is_own_v4(&self, address: Ipv4Addr) -> bool {
        self.own_v4.contains_key(&address.into())
    }
}

impl Surroundings for Fib {
    fn ignores_linkdown(&self, interface: u32) -> Result<bool, Uncertain> {
        match self.device(interface).and_then(|device| device.v6.as_ref()) {
            Some(v6) => known(&v6.ignore_linkdown),
            None => Ok(false),
        }
    }

    fn is_failed(&self, interface: u32, router: Ipv6Addr) -> bool {
        self.failed_routers.contains(&(interface, router))
    }
}

impl Refusal {
    const fn of(kind: RouteKind) -> Self {
        match kind {
            RouteKind::Unreachable => Self::Unreachable,
            RouteKind::Prohibit => Self::Prohibit,
            _ => Self::Blackhole,
        }
    }

    /// `fib4_rule_action`, `__fib6_rule_action`.
    const fn by_rule(action: Action) -> Self {
        match action {
            Action::Unreachable | Action::Lookup(_) => Self::RuleUnreachable,
            Action::Prohibit => Self::Prohibit,
            Action::Blackhole => Self::Blackhole,
        }
    }
}

fn tables<'n, T>(
    network: &'n Network,
    ipv6: bool,
    merged: bool,
    make: impl Fn(Box<dyn Iterator<Item = &'n Route> + 'n>) -> T,
) -> FxHashMap<u32, T> {
    let place = move |route: &Route| if merged && route.table == LOCAL { MAIN } else { route.table };
    let routes = || network.routes.iter().filter(move |route| route.destination.address.is_ipv6() == ipv6);
    let numbers: FxHashSet<u32> = routes().map(place).collect();
    numbers
        .into_iter()
        .map(|number| (number, make(Box::new(routes().filter(move |route| place(route) == number)))))
        .collect()
}

/// The kernel notes when a local route is added by hand. What it noted cannot be read; a local route that no address explains
/// tells it.
fn has_custom_local_routes(network: &Network) -> bool {
    const RTPROT_KERNEL: u8 = 2;
    network.routes.iter().any(|route| {
        route.kind == RouteKind::Local
            && route.destination.address.is_ipv4()
            && route.protocol != RTPROT_KERNEL
    })
}
