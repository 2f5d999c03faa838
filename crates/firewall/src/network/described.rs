//! A host described by hand, for rules that come from files: its addresses and routes are what was said, everything else is what
//! a fresh router has.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    Address, ConntrackSysctls, Interface, InterfaceFlags, Ipv4Interface, Ipv4Sysctls, Ipv6Interface,
    Ipv6Sysctls, Network, Nexthop, Nexthops, Prefix, Route, RouteFlags, RouteKind, Rule, RuleAction, Scope,
    Sysctls,
};

const LOCAL: u32 = 255;
const MAIN: u32 = 254;
const DEFAULT: u32 = 253;
/// `IFF_UP`, `IFF_RUNNING`, `IFF_LOWER_UP`.
const WORKS: u32 = 0x1 | 0x40 | 0x1_0000;
const IFF_LOOPBACK: u32 = 0x8;

impl Network {
    /// A host with these addresses (interface, address, length of its prefix) and, beyond the networks of its addresses, these routes
    /// (destination, router, interface). It forwards, filters no sources, and tracks connections.
    pub fn described<'a>(
        addresses: impl IntoIterator<Item = (&'a str, IpAddr, u8)>,
        routes: impl IntoIterator<Item = (Prefix, Option<IpAddr>, &'a str)>,
    ) -> Self {
        let mut network = Self { ipv4_tables_merged: Some(true), ..Self::default() };
        let loopback = network.add("lo");
        network.own(loopback, Ipv4Addr::LOCALHOST.into(), 8);
        network.own(loopback, Ipv6Addr::LOCALHOST.into(), 128);
        for (name, address, length) in addresses {
            let interface = network.add(name);
            network.own(interface, address, length);
        }
        for (destination, gateway, name) in routes {
            let interface = network.add(name);
            let scope = if gateway.is_some() { Scope::UNIVERSE } else { Scope::LINK };
            network.route(MAIN, RouteKind::Unicast, destination, scope, interface, gateway);
        }
        for ipv6 in [false, true] {
            let mut rules = vec![(0, LOCAL), (32766, MAIN)];
            // IPv6 has no table `default`.
            rules.extend((!ipv6).then_some((32767, DEFAULT)));
            network.rules.extend(rules.into_iter().map(|(priority, table)| rule(ipv6, priority, table)));
        }
        network.sysctls = sysctls(&network.interfaces);
        network
    }

    /// The index of an interface, which is made where it is not there.
    fn add(&mut self, name: &str) -> u32 {
        if let Some(known) = self.interface_named(name) {
            return known.index;
        }
        let index = u32::try_from(self.interfaces.len()).map_or(u32::MAX, |count| count.saturating_add(1));
        let loopback = name == "lo";
        self.interfaces.push(Interface {
            index,
            name: name.to_owned(),
            hardware: if loopback { 772 } else { 1 },
            mac: Vec::new(),
            kind: None,
            master: None,
            master_kind: None,
            lower: None,
            group: 0,
            flags: InterfaceFlags(if loopback { WORKS | IFF_LOOPBACK } else { WORKS }),
            mtu: if loopback { 65536 } else { 1500 },
            xdp: None,
            vrf_table: None,
            bridge: None,
        });
        if !loopback {
            // What the kernel gives an interface that comes up (`addrconf_add_mroute`).
            let groups = Prefix::new(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0).into(), 8);
            self.route(LOCAL, RouteKind::Multicast, groups, Scope::UNIVERSE, index, None);
        }
        index
    }

    /// An address with the routes that it brings (`fib_add_ifaddr`, `addrconf_prefix_route`).
    fn own(&mut self, interface: u32, address: IpAddr, length: u8) {
        let full = if address.is_ipv4() { 32 } else { 128 };
        let loopback = address.is_loopback();
        self.addresses.push(Address {
            interface,
            address,
            peer: None,
            prefix_length: length,
            scope: if loopback { Scope::HOST } else { Scope::UNIVERSE },
            flags: 0,
        });
        let network = Prefix::new(address, length);
        self.route(LOCAL, RouteKind::Local, Prefix::new(address, full), Scope::HOST, interface, None);
        if loopback && address.is_ipv4() {
            self.route(LOCAL, RouteKind::Local, network, Scope::HOST, interface, None);
        } else if length < full {
            self.route(MAIN, RouteKind::Unicast, network, Scope::LINK, interface, None);
        }
        if let IpAddr::V4(base) = network.address
            && length < 31
        {
            let last = u32::from(base) | u32::MAX.checked_shr(u32::from(length)).unwrap_or(0);
            let broadcast = Prefix::new(Ipv4Addr::from(last).into(), 32);
            self.route(LOCAL, RouteKind::Broadcast, broadcast, Scope::LINK, interface, None);
        }
    }

    fn route(
        &mut self,
        table: u32,
        kind: RouteKind,
        destination: Prefix,
        scope: Scope,
        interface: u32,
        gateway: Option<IpAddr>,
    ) {
        let own = |address: &&Address| {
            address.interface == interface && address.address.is_ipv4() == destination.address.is_ipv4()
        };
        let preferred_source = self.addresses.iter().find(own).map(|address| address.address);
        self.routes.push(Route {
            table,
            kind,
            destination,
            source: None,
            tos: 0,
            metric: if destination.address.is_ipv4() { 0 } else { 256 },
            protocol: 2,
            scope,
            nexthops: Nexthops::One(Nexthop {
                interface: Some(interface),
                gateway,
                weight: 1,
                flags: RouteFlags::default(),
                encapsulation: 0,
            }),
            preferred_source: preferred_source.filter(|_| destination.address.is_ipv4()),
            mtu: None,
            flags: RouteFlags::default(),
            preference: 0,
            expires: None,
            realms: None,
        });
    }
}

fn rule(ipv6: bool, priority: u32, table: u32) -> Rule {
    Rule {
        ipv6,
        priority,
        invert: false,
        from: None,
        to: None,
        iif: None,
        oif: None,
        mark: None,
        tos: 0,
        realms: None,
        dscp: None,
        flow_label: None,
        protocol: None,
        source_port: None,
        destination_port: None,
        users: None,
        l3mdev: false,
        tunnel: None,
        action: RuleAction::Lookup { table },
        suppress_prefix_length: None,
        suppress_interface_group: None,
        not_understood: Vec::new(),
    }
}

/// The kernel's defaults, but forwarding on.
fn sysctls(interfaces: &[Interface]) -> Sysctls {
    let no = Some(0);
    let v4 = Ipv4Interface {
        forwarding: Some(1),
        rp_filter: no,
        accept_local: no,
        route_localnet: no,
        src_valid_mark: no,
        accept_source_route: no,
        send_redirects: Some(1),
        bc_forwarding: no,
        mc_forwarding: no,
        log_martians: no,
        ignore_routes_with_linkdown: no,
        drop_unicast_in_l2_multicast: no,
        arp_ignore: no,
        arp_announce: no,
        arp_filter: no,
        proxy_arp: no,
        disable_policy: no,
    };
    let v6 = Ipv6Interface {
        forwarding: Some(1),
        force_forwarding: no,
        disable_ipv6: no,
        accept_source_route: no,
        mc_forwarding: no,
        ignore_routes_with_linkdown: no,
        drop_unicast_in_l2_multicast: no,
        mtu: Some(1500),
        proxy_ndp: no,
        use_oif_addrs_only: no,
        use_tempaddr: no,
        seg6_enabled: no,
        disable_policy: no,
    };
    Sysctls {
        ipv4: Ipv4Sysctls {
            all: v4.clone(),
            default: v4.clone(),
            interfaces: interfaces.iter().map(|interface| (interface.name.clone(), v4.clone())).collect(),
            icmp_echo_ignore_all: no,
            icmp_echo_ignore_broadcasts: Some(1),
            ip_nonlocal_bind: no,
            ip_early_demux: Some(1),
            tcp_early_demux: Some(1),
            udp_early_demux: Some(1),
            fwmark_reflect: no,
            ip_local_port_range: Some((32768, 60999)),
            ip_default_ttl: Some(64),
            ip_forward_use_pmtu: no,
            fib_multipath_hash_policy: no,
        },
        ipv6: Some(Ipv6Sysctls {
            all: v6.clone(),
            default: v6.clone(),
            interfaces: interfaces.iter().map(|interface| (interface.name.clone(), v6.clone())).collect(),
            bindv6only: no,
            ip_nonlocal_bind: no,
            icmp_echo_ignore_all: no,
            icmp_echo_ignore_multicast: no,
            icmp_echo_ignore_anycast: no,
            fwmark_reflect: no,
        }),
        conntrack: Some(ConntrackSysctls {
            tcp_loose: Some(1),
            tcp_be_liberal: no,
            tcp_ignore_invalid_rst: no,
            checksum: Some(1),
            max: None,
            count: None,
            helper: no,
            acct: no,
        }),
        bridge: None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use crate::network::{Fib, Frame, InputKey, LocalKind, Network, OutputKey, OutputRoute, Prefix, Routed};

    fn network() -> Network {
        Network::described(
            [
                ("eth0", "192.0.2.10".parse().unwrap(), 24),
                ("eth0", "2001:db8::10".parse().unwrap(), 64),
                ("lan", "10.0.0.1".parse().unwrap(), 8),
            ],
            [
                (Prefix::new("0.0.0.0".parse().unwrap(), 0), Some("192.0.2.1".parse().unwrap()), "eth0"),
                (Prefix::new("::".parse().unwrap(), 0), Some("2001:db8::1".parse().unwrap()), "eth0"),
            ],
        )
    }

    #[test]
    fn it_delivers_forwards_and_sends() {
        let network = network();
        let fib = Fib::new(&network);
        let eth0 = network.interface_named("eth0").unwrap().index;
        let lan = network.interface_named("lan").unwrap().index;
        let comes = |source: &str, destination: &str| {
            let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
            let key = InputKey {
                source,
                destination,
                iif: eth0,
                frame: Frame::Host,
                mark: 0,
                tos: 0,
                protocol: 6,
                source_port: None,
                destination_port: None,
            };
            fib.input(&key)
        };
        for (source, own) in [("198.51.100.7", "192.0.2.10"), ("2001:db8:1::7", "2001:db8::10")] {
            assert_eq!(comes(source, own), Routed::Local { kind: LocalKind::Unicast });
        }
        assert_eq!(comes("198.51.100.7", "192.0.2.255"), Routed::Local { kind: LocalKind::Broadcast });
        assert!(
            matches!(comes("198.51.100.7", "10.1.1.1"), Routed::Forward { oif, gateway: None, .. } if oif == lan)
        );
        let sent = |destination: &str| {
            let key = OutputKey {
                source: None,
                destination: destination.parse().unwrap(),
                oif: None,
                bound: false,
                mark: 0,
                tos: 0,
                protocol: 6,
                source_port: None,
                destination_port: None,
                uid: Some(0),
                any_source: false,
            };
            match fib.output(&key) {
                OutputRoute::Sent { source, oif, gateway, .. } => (source, oif, gateway),
                other => panic!("{other:?}"),
            }
        };
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(sent("203.0.113.5"), (address("192.0.2.10"), eth0, Some(address("192.0.2.1"))));
        assert_eq!(sent("2001:db8:9::5"), (address("2001:db8::10"), eth0, Some(address("2001:db8::1"))));
        assert_eq!(sent("10.2.2.2"), (address("10.0.0.1"), lan, None));
    }
}
