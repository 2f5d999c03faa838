//! From messages of the kernel to the types of this module.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_wire::route as wire;
use portreeve_wire::sock_diag::AddressFamily;

use super::super::{
    Address, BridgeOptions, Interface, InterfaceFlags, Nexthop, Nexthops, PortMatch, Prefix, Route,
    RouteFlags, RouteKind, Rule, RuleAction, Scope, Xdp,
};

/// `fib_rules.h`: an attribute of this number stands for the flag `FIB_RULE_FIND_SADDR`, which has none.
const FIND_SOURCE: u16 = u16::MAX;

pub(super) fn interface(link: &wire::Link<'_>) -> Interface {
    Interface {
        index: link.index,
        name: link.name.to_string(),
        hardware: link.hardware,
        mac: link.address.to_vec(),
        kind: link.kind.map(str::to_owned),
        master: link.master,
        master_kind: link.master_kind.map(str::to_owned),
        lower: link.lower.filter(|lower| link.link_netns.is_none() && *lower != 0),
        group: link.group,
        flags: InterfaceFlags(link.flags),
        mtu: link.mtu.unwrap_or(0),
        xdp: link.xdp.map(|xdp| Xdp { attached: xdp.attached, program: xdp.program }),
        vrf_table: link.vrf_table,
        bridge: link.bridge.map(|bridge| BridgeOptions {
            vlan_filtering: bridge.vlan_filtering,
            call_iptables: bridge.call_iptables,
            call_ip6tables: bridge.call_ip6tables,
            call_arptables: bridge.call_arptables,
        }),
    }
}

pub(super) fn address(address: &wire::Address) -> Address {
    Address {
        interface: address.interface,
        address: address.address,
        peer: address.peer,
        prefix_length: address.prefix_len,
        scope: Scope(address.scope.value()),
        flags: address.flags,
    }
}

pub(super) fn route(route: &wire::Route, objects: &[wire::NexthopObject]) -> Route {
    let unspecified = unspecified(route.family);
    let (nexthops, blackhole) = nexthops(route, objects);
    Route {
        table: route.table,
        kind: if blackhole { RouteKind::Blackhole } else { RouteKind::from(route.kind.value()) },
        destination: Prefix::new(route.destination.unwrap_or(unspecified), route.destination_len),
        source: (route.source_len > 0)
            .then(|| Prefix::new(route.source.unwrap_or(unspecified), route.source_len)),
        tos: route.tos,
        metric: route.metric,
        protocol: route.protocol,
        scope: Scope(route.scope),
        nexthops,
        preferred_source: route.preferred_source,
        mtu: route.mtu.filter(|mtu| *mtu != 0),
        flags: RouteFlags(route.flags),
        preference: route.preference,
        realms: route.realms,
        expires: route.expires.filter(|ticks| *ticks != 0),
    }
}

/// The ways, and whether packets are dropped there. A route with a nexthop object tells the ways itself unless
/// `net.ipv4.nexthop_compat_mode` is 0.
fn nexthops(route: &wire::Route, objects: &[wire::NexthopObject]) -> (Nexthops, bool) {
    if !route.multipath.is_empty() {
        let ways = route.multipath.iter().map(|way| nexthop(way, u32::from(way.flags))).collect();
        return (Nexthops::Several(ways), false);
    }
    let single = &route.single;
    if single.interface.is_some() || single.gateway.is_some() {
        return (Nexthops::One(nexthop(single, route.flags)), false);
    }
    let Some(id) = route.nexthop_id else { return (Nexthops::None, false) };
    let find = |id: u32| objects.iter().find(|object| object.id == id);
    let unresolved = (Nexthops::Unresolved { id }, false);
    let Some(object) = find(id) else { return unresolved };
    if object.blackhole {
        return (Nexthops::None, true);
    }
    if object.group.is_empty() {
        return (Nexthops::One(of_object(object, 1)), false);
    }
    let mut ways = Vec::with_capacity(object.group.len());
    for &(member, weight) in &object.group {
        match find(member) {
            Some(member) if !member.blackhole => ways.push(of_object(member, weight)),
            _ => return unresolved,
        }
    }
    (Nexthops::Several(ways), false)
}

fn nexthop(way: &wire::RouteNexthop, flags: u32) -> Nexthop {
    Nexthop {
        interface: way.interface,
        gateway: way.gateway,
        weight: u16::from(way.hops).saturating_add(1),
        flags: RouteFlags(flags),
        encapsulation: way.encapsulation,
    }
}

fn of_object(object: &wire::NexthopObject, weight: u16) -> Nexthop {
    Nexthop {
        interface: object.interface,
        gateway: object.gateway,
        weight,
        flags: RouteFlags(object.flags),
        encapsulation: object.encapsulation,
    }
}

/// `fib_nexthop_info` calls a way dead too where it only lacks a carrier and the interface is set to pass such over. Routing tells
/// the two apart, so the flag is taken off again.
pub(super) fn without_carrier(mut route: Route, interfaces: &[Interface]) -> Route {
    let is_up = |index: Option<u32>| {
        interfaces.iter().any(|interface| Some(interface.index) == index && interface.flags.is_up())
    };
    let alive = |way: &mut Nexthop| {
        if way.flags.is_dead() && way.flags.is_linkdown() && is_up(way.interface) {
            way.flags.0 &= !RouteFlags::DEAD;
        }
    };
    match &mut route.nexthops {
        Nexthops::One(way) => {
            alive(way);
            // The flags of the only way are those of the route.
            route.flags.0 = route.flags.0 & !RouteFlags::DEAD | way.flags.0 & RouteFlags::DEAD;
        }
        Nexthops::Several(ways) => ways.iter_mut().for_each(alive),
        Nexthops::None | Nexthops::Unresolved { .. } => {}
    }
    route
}

pub(super) fn rule(rule: &wire::Rule<'_>) -> Rule {
    let unspecified = unspecified(rule.family);
    let prefix = |address: Option<IpAddr>, length: u8| {
        (length > 0).then(|| Prefix::new(address.unwrap_or(unspecified), length))
    };
    // -1 stands for none.
    let set = |value: Option<u32>| value.filter(|value| *value != u32::MAX);
    let mut not_understood = rule.unknown.clone();
    if rule.flags & wire::FIB_RULE_FIND_SADDR != 0 {
        not_understood.push(FIND_SOURCE);
    }
    Rule {
        ipv6: rule.family == AddressFamily::Inet6,
        priority: rule.priority,
        invert: rule.flags & wire::FIB_RULE_INVERT != 0,
        from: prefix(rule.source, rule.source_len),
        to: prefix(rule.destination, rule.destination_len),
        iif: rule.iif.as_deref().map(str::to_owned),
        oif: rule.oif.as_deref().map(str::to_owned),
        mark: (rule.mark.is_some() || rule.mark_mask.is_some())
            .then(|| (rule.mark.unwrap_or(0), rule.mark_mask.unwrap_or(u32::MAX))),
        tos: rule.tos,
        dscp: rule.dscp.map(|dscp| (dscp, rule.dscp_mask.unwrap_or(0x3f))),
        flow_label: rule.flow_label.map(|label| (label, rule.flow_label_mask.unwrap_or(0xf_ffff))),
        protocol: rule.protocol.filter(|protocol| *protocol != 0),
        source_port: rule.source_ports.map(|ports| port_match(ports, rule.source_port_mask)),
        destination_port: rule.destination_ports.map(|ports| port_match(ports, rule.destination_port_mask)),
        users: rule.users,
        l3mdev: rule.l3mdev,
        tunnel: rule.tunnel,
        action: match rule.action {
            1 => RuleAction::Lookup { table: rule.table },
            2 => RuleAction::Goto { priority: rule.target.unwrap_or(0) },
            3 => RuleAction::Nop,
            6 => RuleAction::Blackhole,
            7 => RuleAction::Unreachable,
            8 => RuleAction::Prohibit,
            other => RuleAction::Other(other),
        },
        suppress_prefix_length: set(rule.suppress_prefix_len).and_then(|length| u8::try_from(length).ok()),
        suppress_interface_group: set(rule.suppress_group),
        realms: rule.realms,
        not_understood,
    }
}

/// A single port has a mask of all ones, a range has none.
fn port_match((first, last): (u16, u16), mask: Option<u16>) -> PortMatch {
    match mask {
        Some(mask) if mask != 0 => PortMatch::Masked(first, mask),
        _ => PortMatch::Range(first, last),
    }
}

fn unspecified(family: AddressFamily) -> IpAddr {
    match family {
        AddressFamily::Inet6 => Ipv6Addr::UNSPECIFIED.into(),
        _ => Ipv4Addr::UNSPECIFIED.into(),
    }
}
