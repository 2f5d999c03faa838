//! The index answers fast enough for a simulator: time does not grow with the number of routes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Instant;

use portreeve_firewall::network::{
    Fib, Frame, InputKey, Interface, InterfaceFlags, Network, Nexthop, Nexthops, Prefix, Route, RouteFlags,
    RouteKind, Rule, RuleAction, Scope, Sysctls,
};

use crate::random::Random;

const ROUTES: u32 = 20_000;
const LOOKUPS: u32 = 200_000;

fn route(destination: Prefix, table: u32, kind: RouteKind) -> Route {
    let interface = if kind == RouteKind::Local { 1 } else { 2 };
    Route {
        table,
        kind,
        destination,
        source: None,
        tos: 0,
        metric: 0,
        protocol: 3,
        scope: Scope::UNIVERSE,
        nexthops: Nexthops::One(Nexthop {
            interface: Some(interface),
            gateway: None,
            weight: 1,
            flags: RouteFlags::default(),
            encapsulation: 0,
        }),
        preferred_source: None,
        mtu: None,
        flags: RouteFlags::default(),
        preference: 0,
        realms: None,
        expires: None,
    }
}

fn network() -> Network {
    let interface = |index, name: &str, flags| Interface {
        index,
        name: name.into(),
        hardware: 1,
        mac: Vec::new(),
        kind: None,
        master: None,
        master_kind: None,
        lower: None,
        group: 0,
        flags: InterfaceFlags(flags),
        mtu: 1500,
        xdp: None,
        vrf_table: None,
        bridge: None,
    };
    let mut sysctls = Sysctls::of_new_namespace(["lo", "eth0"]);
    for interface in sysctls.ipv4.interfaces.values_mut() {
        interface.forwarding = Some(1);
        interface.rp_filter = Some(1);
    }
    sysctls.ipv6.as_mut().unwrap().all.forwarding = Some(1);
    let rule =
        |ipv6, priority, table| Rule { priority, action: RuleAction::Lookup { table }, ..Rule::any(ipv6) };
    let mut routes = Vec::new();
    for number in 0..ROUTES {
        let length = 12 + u8::try_from(number % 18).unwrap();
        let v4 = Ipv4Addr::from(0x0b00_0000 + number * 4096);
        routes.push(route(Prefix::new(v4.into(), length), 254, RouteKind::Unicast));
        let v6 = Ipv6Addr::from((0x2001_0db8_u128 << 96) | (u128::from(number) << 64));
        routes.push(route(Prefix::new(v6.into(), 40 + length), 254, RouteKind::Unicast));
    }
    routes.push(route(Prefix::new(Ipv4Addr::UNSPECIFIED.into(), 0), 254, RouteKind::Unicast));
    routes.push(route(Prefix::new(Ipv6Addr::UNSPECIFIED.into(), 0), 254, RouteKind::Unicast));
    Network {
        interfaces: vec![interface(1, "lo", 0x9), interface(2, "eth0", 0x1)],
        routes,
        rules: vec![
            rule(false, 0, 255),
            rule(false, 100, 300),
            rule(false, 32_766, 254),
            rule(true, 0, 255),
            rule(true, 32_766, 254),
        ],
        sysctls,
        ..Network::default()
    }
}

/// Decisions a second, with the source validated strictly.
fn rate(fib: &Fib, address: impl Fn(&mut Random) -> IpAddr) -> f64 {
    let mut random = Random::new(7);
    let keys: Vec<InputKey> = (0..LOOKUPS)
        .map(|_| InputKey {
            source: address(&mut random),
            destination: address(&mut random),
            iif: 2,
            mark: 0,
            tos: 0,
            protocol: 6,
            source_port: Some(1),
            destination_port: Some(2),
            frame: Frame::Host,
        })
        .collect();
    let begin = Instant::now();
    for key in &keys {
        let _routed = std::hint::black_box(fib.input(std::hint::black_box(key)));
    }
    f64::from(LOOKUPS) / begin.elapsed().as_secs_f64()
}

#[test]
fn decisions_are_fast() {
    let fib = Fib::new(&network());
    let v4 = rate(&fib, |random| {
        IpAddr::V4(Ipv4Addr::from(
            0x0b00_0000 + u32::try_from(random.below(u64::from(ROUTES) * 4096)).unwrap(),
        ))
    });
    let v6 = rate(&fib, |random| {
        let subnet = u128::from(random.below(u64::from(ROUTES)));
        IpAddr::V6(Ipv6Addr::from((0x2001_0db8_u128 << 96) | (subnet << 64) | u128::from(random.next())))
    });
    eprintln!("{v4:.0} IPv4 and {v6:.0} IPv6 decisions a second over {ROUTES} routes of each");
    // An optimized build is some fifty times as fast; this one must not hide a linear search.
    assert!(v4 > 20_000.0 && v6 > 20_000.0);
}
