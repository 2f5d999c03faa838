//! Each code, on networks written by hand.

use std::net::IpAddr;

use portreeve_firewall::network::InterfaceFlags;
use portreeve_model::why::{Impact, LayerName, LayerState};

use crate::case::Case;
use crate::facts::path::{IpCounters, Neighbour, NeighbourState};
use crate::facts::{Outcome, Rejection};
use crate::layers::scene::Host;

const ROUTE: LayerName = LayerName::Route;
const DNAT: &str = "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n\
                    -A PREROUTING -p tcp -m tcp --dport 443 -j DNAT --to-destination TARGET\nCOMMIT\n";

fn neighbour(address: &str, state: NeighbourState) -> Neighbour {
    let address: IpAddr = address.parse().unwrap();
    Neighbour { interface: "eth0".to_owned(), address, state, asked: true }
}

fn strict(case: &mut Case) {
    case.path.network.sysctls.ipv4.all.rp_filter = Some(1);
}

#[test]
fn a_host_with_a_default_route_is_fine() {
    let layer = Host::new().judged(ROUTE);
    assert_eq!(
        (layer.state, &*layer.statement),
        (LayerState::Ok, "answers leave by eth0 via 192.0.2.1 and eth0")
    );
    assert!(layer.notes.is_empty(), "{:?}", layer.notes);
}

#[test]
fn no_default_route_is_worth_a_note_and_no_fault() {
    let host = Host::with(&[("eth0", "192.0.2.10", 24)], &[]);
    let layer = host.judged(ROUTE);
    assert_eq!(layer.state, LayerState::Ok);
    assert_eq!(layer.notes[0].code, "no-return-route");
}

#[test]
fn no_way_back() {
    let host = || Host::with(&[("eth0", "192.0.2.10", 24)], &[]);
    let (code, text) = host().from("203.0.113.7").only(ROUTE);
    assert_eq!(code, "no-return-route");
    assert!(text.contains("203.0.113.7"), "{text}");
    let moved = IpCounters { out_no_routes: 3, ..IpCounters::default() };
    let host = host().and(|case| case.path.counters = Some((IpCounters::default(), moved)));
    assert_eq!(host.only(ROUTE).0, "no-return-route");
}

#[test]
fn a_way_back_that_refuses() {
    use portreeve_firewall::network::{Nexthops, Prefix, RouteKind};
    let host = Host::new().from("203.0.113.7").and(|case| {
        let routes = &mut case.path.network.routes;
        let mut route = routes.iter().find(|route| route.destination.length == 0).unwrap().clone();
        route.destination = Prefix::new("203.0.113.0".parse().unwrap(), 24);
        route.kind = RouteKind::Blackhole;
        route.nexthops = Nexthops::None;
        routes.push(route);
    });
    let (code, text) = host.only(ROUTE);
    assert_eq!(code, "return-unreachable");
    assert!(text.contains("ip route del blackhole 203.0.113.0/24"), "{text}");
}

#[test]
fn two_uplinks_and_source_validation() {
    let host = || {
        Host::with(
            &[("eth0", "192.0.2.10", 24), ("eth1", "198.51.100.10", 24)],
            &[("0.0.0.0", 0, "192.0.2.1", "eth0")],
        )
        .at(&["198.51.100.10:443"])
    };
    let (code, text) = host().and(strict).only(ROUTE);
    assert_eq!(code, "reverse-path-filter");
    assert!(text.contains("come in by eth1, the way back is by eth0"), "{text}");
    let layer = host().and(strict).from("203.0.113.7").judged(ROUTE);
    assert_eq!((&*layer.faults[0].code, layer.faults[0].impact), ("reverse-path-filter", Impact::All));
    let layer = host().judged(ROUTE);
    assert_eq!(layer.state, LayerState::Ok);
    assert_eq!(layer.notes[0].code, "asymmetric");
}

#[test]
fn a_private_second_network_has_no_clients_on_the_internet() {
    let host = Host::with(
        &[("eth0", "192.0.2.10", 24), ("eth1", "10.0.0.1", 24)],
        &[("0.0.0.0", 0, "192.0.2.1", "eth0")],
    );
    let layer = host.and(strict).at(&["10.0.0.1:443"]).judged(ROUTE);
    assert_eq!(layer.state, LayerState::Ok, "{layer:#?}");
}

#[test]
fn sent_on_without_forwarding() {
    let host = Host::with(
        &[("eth0", "192.0.2.10", 24), ("eth1", "10.0.0.1", 24)],
        &[("0.0.0.0", 0, "192.0.2.1", "eth0")],
    );
    let host = host.iptables(&DNAT.replace("TARGET", "10.0.0.2:443")).and(|case| {
        let v4 = &mut case.path.network.sysctls.ipv4;
        v4.all.forwarding = Some(0);
        v4.interfaces.values_mut().for_each(|one| one.forwarding = Some(0));
    });
    let (code, text) = host.only(ROUTE);
    assert_eq!(code, "forwarding-off");
    assert!(text.contains("sysctl -w net.ipv4.ip_forward=1"), "{text}");
}

#[test]
fn sent_on_to_loopback() {
    let (code, text) = Host::new().iptables(&DNAT.replace("TARGET", "127.0.0.1:8443")).only(ROUTE);
    assert_eq!(code, "martian");
    assert!(text.contains("route_localnet"), "{text}");
}

#[test]
fn links_that_do_not_work() {
    let flags = |flags: u32| {
        move |case: &mut Case| {
            let interfaces = case.path.network.interfaces.iter_mut();
            interfaces.filter(|one| one.name == "eth0").for_each(|one| one.flags = InterfaceFlags(flags));
        }
    };
    let (code, text) = Host::new().and(flags(1)).at(&["203.0.113.5:443"]).only(ROUTE);
    assert_eq!(code, "link-down");
    assert!(text.contains("has no carrier"), "{text}");
    let (code, text) = Host::new().and(flags(0)).at(&["203.0.113.5:443"]).only(ROUTE);
    assert_eq!(code, "link-down");
    assert!(text.contains("ip link set eth0 up"), "{text}");
}

#[test]
fn gateways_and_neighbours_that_do_not_answer() {
    let gone = neighbour("192.0.2.1", NeighbourState::Failed);
    let host = Host::new().and(|case| case.path.neighbours = vec![gone]);
    let (code, text) = host.only(ROUTE);
    assert_eq!(code, "gateway-unreachable");
    assert!(text.contains("192.0.2.1 dev eth0 FAILED"), "{text}");
    let there = neighbour("192.0.2.1", NeighbourState::Answers("STALE"));
    let layer = Host::new().and(|case| case.path.neighbours = vec![there]).judged(ROUTE);
    assert_eq!(layer.state, LayerState::Ok);
    let gone = neighbour("192.0.2.99", NeighbourState::Failed);
    let host = Host::new().at(&["192.0.2.99:443"]).tried("192.0.2.99:443", Outcome::HostUnreachable);
    let (code, _) = host.and(|case| case.path.neighbours = vec![gone]).only(ROUTE);
    assert_eq!(code, "neighbour-unreachable");
}

#[test]
fn no_route_to_another_host() {
    let host = Host::with(&[("eth0", "192.0.2.10", 24)], &[]).at(&["203.0.113.5:443"]);
    let (code, _) = host.tried("203.0.113.5:443", Outcome::NoRoute).only(ROUTE);
    assert_eq!(code, "no-route");
}

#[test]
fn what_routers_say() {
    let far = "203.0.113.5:443";
    for (kind, code, wanted) in [(3, 1, "remote-unreachable"), (11, 0, "routing-loop")] {
        let error = portreeve_wire::extended_error::ExtendedError {
            errno: 113,
            origin: portreeve_wire::extended_error::Origin::Icmp,
            kind,
            code,
            info: 0,
            offender: "198.51.100.1".parse().ok(),
        };
        let rejected = Outcome::Rejected(Rejection { error, by_this_host: false });
        let (code, text) = Host::new().at(&[far]).tried(far, rejected).only(ROUTE);
        assert_eq!(code, wanted);
        assert!(text.contains("The router 198.51.100.1"), "{text}");
    }
}
