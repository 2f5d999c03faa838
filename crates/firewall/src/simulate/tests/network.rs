//! A host for tests: `eth0` 192.0.2.10/24 and `2001:db8::10/64`, `eth1` 10.0.0.1/24 and `fd00::1/64`, default route by `eth0`.

use std::net::IpAddr;

use crate::network::{
    Address, Interface, InterfaceFlags, Ipv4Interface, Ipv6Interface, Ipv6Sysctls, Network, Nexthop,
    Nexthops, Prefix, Route, RouteFlags, RouteKind, Rule, RuleAction, Scope,
};

pub(super) const LO: u32 = 1;
pub(super) const ETH0: u32 = 2;
pub(super) const ETH1: u32 = 3;

pub(super) fn network() -> Network {
    let mut network = Network::default();
    for (index, name, flags) in
        [(LO, "lo", 0x1 | 0x8 | 0x40), (ETH0, "eth0", 0x1 | 0x40), (ETH1, "eth1", 0x1 | 0x40)]
    {
        network.interfaces.push(Interface {
            index,
            name: name.to_owned(),
            hardware: if index == LO { 772 } else { 1 },
            mac: vec![2, 0, 0, 0, 0, u8::try_from(index).unwrap()],
            kind: (index != LO).then(|| "veth".to_owned()),
            master: None,
            master_kind: None,
            lower: None,
            group: 0,
            flags: InterfaceFlags(flags | 0x1_0000),
            mtu: 1500,
            xdp: None,
            vrf_table: None,
            bridge: None,
        });
    }
    for (interface, text, length) in [
        (LO, "127.0.0.1", 8),
        (ETH0, "192.0.2.10", 24),
        (ETH1, "10.0.0.1", 24),
        (LO, "::1", 128),
        (ETH0, "2001:db8::10", 64),
        (ETH1, "fd00::1", 64),
    ] {
        own(&mut network, interface, text, length);
    }
    for (destination, gateway) in [("0.0.0.0", "192.0.2.1"), ("::", "2001:db8::1")] {
        let hop = way(ETH0, Some(ip(gateway)));
        network.routes.push(route(254, RouteKind::Unicast, Prefix::new(ip(destination), 0), hop, 0));
    }
    for (priority, table) in [(0, 255), (32_766, 254), (32_767, 253)] {
        for ipv6 in [false, true] {
            if !(ipv6 && table == 253) {
                let action = RuleAction::Lookup { table };
                network.rules.push(Rule { priority, action, ..Rule::any(ipv6) });
            }
        }
    }
    network.ipv4_tables_merged = Some(true);
    let on = Ipv4Interface {
        forwarding: Some(1),
        rp_filter: Some(0),
        accept_local: Some(0),
        route_localnet: Some(0),
        src_valid_mark: Some(0),
        accept_source_route: Some(0),
        send_redirects: Some(1),
        bc_forwarding: Some(0),
        mc_forwarding: Some(0),
        log_martians: Some(0),
        ignore_routes_with_linkdown: Some(0),
        drop_unicast_in_l2_multicast: Some(0),
        disable_policy: Some(0),
        ..Ipv4Interface::default()
    };
    let on6 = Ipv6Interface {
        forwarding: Some(1),
        force_forwarding: Some(0),
        disable_ipv6: Some(0),
        accept_source_route: Some(0),
        mc_forwarding: Some(0),
        ignore_routes_with_linkdown: Some(0),
        drop_unicast_in_l2_multicast: Some(0),
        disable_policy: Some(0),
        ..Ipv6Interface::default()
    };
    let mut ipv6 = Ipv6Sysctls { all: on6.clone(), default: on6.clone(), ..Ipv6Sysctls::default() };
    network.sysctls.ipv4.all = on.clone();
    network.sysctls.ipv4.default = on.clone();
    network.sysctls.ipv4.ip_forward_use_pmtu = Some(0);
    for name in ["lo", "eth0", "eth1"] {
        network.sysctls.ipv4.interfaces.insert(name.to_owned(), on.clone());
        ipv6.interfaces.insert(name.to_owned(), on6.clone());
    }
    network.sysctls.ipv6 = Some(ipv6);
    network
}

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn own(network: &mut Network, interface: u32, text: &str, length: u8) {
    let address = ip(text);
    network.addresses.push(Address {
        interface,
        address,
        peer: None,
        prefix_length: length,
        scope: if interface == LO { Scope::HOST } else { Scope::UNIVERSE },
        flags: 0x80,
    });
    let all = if address.is_ipv4() { 32 } else { 128 };
    network.routes.push(route(255, RouteKind::Local, Prefix::new(address, all), way(interface, None), 254));
    if interface != LO {
        let net = Prefix::new(address, length);
        network.routes.push(route(254, RouteKind::Unicast, net, way(interface, None), 253));
    }
}

fn way(interface: u32, gateway: Option<IpAddr>) -> Nexthops {
    Nexthops::One(Nexthop {
        interface: Some(interface),
        gateway,
        weight: 1,
        flags: RouteFlags::default(),
        encapsulation: 0,
    })
}

fn route(table: u32, kind: RouteKind, destination: Prefix, nexthops: Nexthops, scope: u8) -> Route {
    Route {
        table,
        kind,
        destination,
        source: None,
        tos: 0,
        metric: if destination.address.is_ipv6() { 256 } else { 0 },
        protocol: 2,
        scope: Scope(scope),
        nexthops,
        preferred_source: None,
        mtu: None,
        flags: RouteFlags::default(),
        preference: 0,
        realms: None,
        expires: None,
    }
}
