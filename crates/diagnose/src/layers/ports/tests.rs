//! Every code on facts made by hand.

use portreeve_linux::Errno;
use portreeve_model::why::{Impact, Layer, LayerName, LayerState};

use crate::case::Case;
use crate::facts::{Connected, Destination, Outcome, PortHolder, SourceUse};
use crate::layers::scene::Host;
use crate::samples;

const REMOTE: &str = "198.51.100.7:443";

fn towards(to: &str, live: u32, time_wait: u32, holders: Vec<PortHolder>) -> Destination {
    Destination { source: "192.0.2.10".parse().unwrap(), to: to.parse().unwrap(), live, time_wait, holders }
}

fn held(pid: u32, sockets: u32) -> PortHolder {
    PortHolder { pid, name: "nginx".into(), sockets }
}

/// A range of ten ports.
fn ten(case: &mut Case) {
    case.ports.range = Some(40_000..=40_009);
    case.ports.time_wait_reuse = Some(2);
}

fn outside() -> Host {
    Host::new().at(&[REMOTE]).and(ten)
}

fn inside() -> Host {
    Host::new().and(ten).and(|case| case.service.holders = vec![samples::holder("nginx", 812)])
}

fn only(host: Host) -> (String, String) {
    host.only(LayerName::Ports)
}

fn judged(host: Host) -> Layer {
    host.judged(LayerName::Ports)
}

#[test]
fn free_ports_are_fine() {
    let layer =
        judged(outside().and(|case| case.ports.destinations = vec![towards(REMOTE, 1, 2, Vec::new())]));
    assert_eq!(
        (layer.state, layer.statement.as_str()),
        (LayerState::Ok, "7 of 10 ephemeral ports (40000-40009) are free towards it")
    );
    assert_eq!(layer.notes[0].code, "range-too-small");
}

#[test]
fn exhausted_by_what_connect_says() {
    let host = outside().tried(REMOTE, Outcome::NoPorts);
    let (code, told) =
        only(host.and(|case| case.ports.destinations = vec![towards(REMOTE, 9, 1, vec![held(7, 9)])]));
    assert_eq!(code, "exhausted");
    for part in [
        "EADDRNOTAVAIL",
        "9 have a connection, 1 wait",
        "nginx (pid 7) holds 9",
        "ip_local_port_range = 40000 40009",
        "1024 65535",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn exhausted_by_count_where_nothing_was_tried() {
    let full = |live, waiting| {
        outside().and(move |case| case.ports.destinations = vec![towards(REMOTE, live, waiting, Vec::new())])
    };
    assert_eq!(only(full(3, 7)).0, "exhausted");
    // Where ports in TIME_WAIT are given out again, they are free.
    assert!(judged(full(3, 7).and(|case| case.ports.time_wait_reuse = Some(1))).faults.is_empty());
    let blocked = full(3, 0).and(|case| case.ports.blocked = 7);
    assert!(only(blocked).1.contains("7 are held by bound sockets"));
}

#[test]
fn nearly_exhausted_is_a_note() {
    let host = outside().tried(REMOTE, Outcome::Connected(Connected::default()));
    let layer = judged(host.and(|case| case.ports.destinations = vec![towards(REMOTE, 8, 0, Vec::new())]));
    assert!(
        layer.faults.is_empty() && layer.notes.iter().any(|note| note.code == "nearly-exhausted"),
        "{layer:#?}"
    );
}

#[test]
fn what_is_full_towards_another_is_nothing_here() {
    let layer = judged(
        outside().and(|case| case.ports.destinations = vec![towards("198.51.100.9:443", 10, 0, Vec::new())]),
    );
    assert_eq!(layer.state, LayerState::Ok);
}

#[test]
fn a_range_without_a_usable_port() {
    let host =
        outside().tried(REMOTE, Outcome::NoPorts).and(|case| case.ports.reserved = vec![40_000..=40_009]);
    assert_eq!(only(host).0, "range-too-small");
}

#[test]
fn free_ports_and_eaddrnotavail_are_no_address() {
    let (code, told) = only(outside().tried(REMOTE, Outcome::NoPorts));
    assert_eq!(code, "no-source-address");
    assert!(told.contains("10 of 10"), "{told}");
}

#[test]
fn inside_it_keeps_this_host_out_only() {
    let host = inside().tried("192.0.2.10:443", Outcome::NoPorts);
    let layer =
        judged(host.and(|case| case.ports.destinations = vec![towards("192.0.2.10:443", 10, 0, Vec::new())]));
    assert_eq!((layer.faults[0].code.as_str(), layer.faults[0].impact), ("exhausted", Impact::Some));
}

#[test]
fn a_proxy_without_ports_towards_its_upstream() {
    let full = |pid| {
        inside().and(move |case| {
            case.ports.destinations = vec![towards("10.0.0.5:8080", 10, 0, vec![held(pid, 10)])];
        })
    };
    let (code, told) = only(full(812));
    assert_eq!(code, "upstream-exhausted");
    assert!(
        told.contains("nginx (pid 812) has no ephemeral port left towards its upstream 10.0.0.5:8080"),
        "{told}"
    );
    assert!(judged(full(4_000)).faults.is_empty());
    let layer = judged(
        inside()
            .and(|case| case.ports.destinations = vec![towards("10.0.0.5:8080", 9, 0, vec![held(812, 9)])]),
    );
    assert!(
        layer.faults.is_empty() && layer.notes.iter().any(|note| note.code == "nearly-exhausted"),
        "{layer:#?}"
    );
}

#[test]
fn a_source_address_without_ports_for_whoever_binds_it() {
    let sources = |taken| {
        inside().and(move |case| {
            case.ports.sources = vec![SourceUse {
                source: "192.0.2.10".parse().unwrap(),
                taken,
                holders: vec![held(812, taken)],
            }];
        })
    };
    assert_eq!(only(sources(10)).0, "bind-exhausted");
    assert!(judged(sources(9)).faults.is_empty());
}

#[test]
fn datagrams_have_ports_of_their_own() {
    let host = outside().tried(REMOTE, Outcome::Failed(Errno::AGAIN)).and(|case| {
        case.question.target.protocol = portreeve_model::Protocol::Udp;
        case.ports.datagram = 10;
    });
    assert_eq!(only(host).0, "exhausted");
}
