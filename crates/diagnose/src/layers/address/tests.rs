//! Every code on facts made by hand.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use portreeve_model::why::{Impact, Layer, LayerName, LayerState};
use portreeve_model::{BoundAddress, Interface, IpCoverage, Listener, Namespace, NamespaceId, NamespaceName};

use crate::facts::Outcome;
use crate::layers::scene::{Host, silence};
use crate::samples::{self, bound};

fn v4(address: &str) -> BoundAddress {
    bound(address, IpCoverage::Ipv4)
}

fn listener(name: &str, addresses: Vec<BoundAddress>) -> Listener {
    samples::listener(name, 812, addresses)
}

fn host(listeners: Vec<Listener>) -> Host {
    Host::new().and(|case| case.service.listeners = listeners)
}

fn only(host: Host) -> (String, String) {
    host.only(LayerName::Address)
}

fn judged(host: Host) -> Layer {
    host.judged(LayerName::Address)
}

fn flag(address: &str, flags: u32) -> impl FnOnce(&mut crate::case::Case) {
    let address: IpAddr = address.parse().unwrap();
    move |case| {
        case.path
            .network
            .addresses
            .iter_mut()
            .filter(|one| one.address == address)
            .for_each(|one| one.flags = flags);
    }
}

const BOTH: [&str; 2] = ["192.0.2.10:443", "[2001:db8::10]:443"];

#[test]
fn a_listener_for_all_addresses_is_fine() {
    for addresses in [
        vec![bound("::", IpCoverage::DualStack)],
        vec![v4("0.0.0.0"), bound("::", IpCoverage::Ipv6)],
        vec![v4("192.0.2.10"), bound("2001:db8::10", IpCoverage::Ipv6)],
    ] {
        let layer = judged(host(vec![listener("nginx", addresses)]).at(&BOTH));
        assert_eq!(layer.state, LayerState::Ok, "{layer:#?}");
        assert!(layer.statement.contains("nginx (pid 812)"), "{}", layer.statement);
    }
}

#[test]
fn nothing_that_listens_is_no_matter_of_addresses() {
    assert_eq!(judged(host(Vec::new())).state, LayerState::Ok);
}

#[test]
fn loopback_only() {
    let (code, told) =
        only(host(vec![listener("nginx", vec![v4("127.0.0.1"), bound("::1", IpCoverage::Ipv6)])]).at(&BOTH));
    assert_eq!(code, "loopback-only");
    assert!(
        told.contains("127.0.0.1:443") && told.contains("listen 443") && told.contains("ss -tlnp"),
        "{told}"
    );
    let asked = host(vec![listener("nginx", vec![v4("127.0.0.1")])]).at(&["127.0.0.1:443"]);
    assert_eq!(judged(asked).state, LayerState::Ok);
}

#[test]
fn localhost_works_by_one_of_its_addresses() {
    let server = || host(vec![listener("nginx", vec![v4("127.0.0.1")])]);
    let layer = judged(server().at(&["127.0.0.1:443", "[::1]:443"]));
    assert!(layer.faults.is_empty() && layer.notes[0].code == "one-family", "{layer:#?}");
    assert_eq!(only(server().at(&["[::1]:443"])).0, "one-family");
    assert_eq!(only(server().at(&["127.0.0.2:443"])).0, "other-address");
}

#[test]
fn the_remedy_names_the_setting_of_the_software() {
    for (name, word) in [
        ("postgres", "listen_addresses"),
        ("sshd", "ListenAddress"),
        ("docker-proxy", "-p 443"),
        ("x", "0.0.0.0"),
    ] {
        let (_, told) = only(host(vec![listener(name, vec![v4("127.0.0.1")])]));
        assert!(told.contains(word), "{name}: {told}");
    }
}

#[test]
fn one_family_keeps_out_the_other_alone() {
    let layer = judged(host(vec![listener("nginx", vec![v4("0.0.0.0")])]).at(&BOTH));
    let fault = &layer.faults[0];
    assert_eq!((fault.code.as_str(), fault.impact), ("one-family", Impact::Some));
    assert_eq!(fault.endpoints, ["[2001:db8::10]:443".parse::<SocketAddr>().unwrap()]);
    assert!(fault.fix[0].contains("[::]:443"), "{:?}", fault.fix);
}

#[test]
fn v6only() {
    let server = host(vec![listener("nginx", vec![bound("::", IpCoverage::Ipv6)])]);
    let (code, told) = only(server.and(|case| {
        case.path.network.sysctls.ipv6.get_or_insert_default().bindv6only = Some(1);
    }));
    assert_eq!(code, "v6only");
    assert!(told.contains("bindv6only = 1"), "{told}");
}

#[test]
fn another_address_of_this_host() {
    let two = Host::with(&[("eth0", "192.0.2.10", 24), ("eth1", "198.51.100.1", 24)], &[]);
    let (code, told) =
        only(two.and(|case| case.service.listeners = vec![listener("haproxy", vec![v4("198.51.100.1")])]));
    assert_eq!(code, "other-address");
    assert!(told.contains("198.51.100.1:443, not on 192.0.2.10"), "{told}");
}

#[test]
fn an_address_that_no_interface_has() {
    let lost = || vec![listener("haproxy", vec![v4("192.0.2.77")])];
    let (code, told) = only(host(lost()));
    assert_eq!(code, "unassigned");
    assert!(told.contains("ip address add 192.0.2.77/24 dev eth0"), "{told}");
    // Asked for by that address: it is another host's, as far as routing knows.
    let (code, _) = only(host(lost()).at(&["192.0.2.77:443"]).tried("192.0.2.77:443", silence()));
    assert_eq!(code, "unassigned");
}

#[test]
fn nobody_has_the_address() {
    let asked = |outcome| {
        host(vec![listener("nginx", vec![v4("0.0.0.0")])])
            .at(&["192.0.2.99:443"])
            .tried("192.0.2.99:443", outcome)
    };
    let (code, told) = only(asked(Outcome::HostUnreachable));
    assert_eq!(code, "not-on-host");
    assert!(told.contains("192.0.2.10"), "{told}");
    assert!(judged(asked(silence())).faults.is_empty());
}

#[test]
fn a_socket_of_one_interface() {
    let device = |name: &str| BoundAddress {
        interface: Some(Interface { index: 9, name: Some(name.into()) }),
        ..v4("0.0.0.0")
    };
    let (code, told) = only(host(vec![listener("nginx", vec![device("eth1")])]));
    assert_eq!(code, "bound-to-device");
    assert!(told.contains("eth1 only") && told.contains("come in by eth0"), "{told}");
    let layer = judged(host(vec![listener("nginx", vec![device("eth0")])]));
    assert!(layer.faults.is_empty() && layer.notes[0].code == "bound-to-device", "{layer:#?}");
}

#[test]
fn another_namespace_matters_where_it_is_this_host_s() {
    let place = |own: NamespaceName| {
        host(Vec::new()).and(|case| {
            let mut inner = listener("web", vec![v4("0.0.0.0")]);
            inner.namespace = NamespaceId(2);
            case.service.elsewhere = vec![inner];
            let name = |id, name, own| Namespace { id: NamespaceId(id), name, own, processes: 1 };
            case.service.namespaces =
                vec![name(1, own, true), name(2, NamespaceName::Named(Arc::from("blue")), false)];
        })
    };
    let (code, told) = only(place(NamespaceName::Host));
    assert_eq!(code, "other-namespace");
    assert!(told.contains("blue") && told.contains("nsenter -t 812 -n"), "{told}");
    // Seen from a namespace that is itself one of many, a neighbour is nobody's.
    assert!(judged(place(NamespaceName::Unnamed)).faults.is_empty());
    let mut contained = place(NamespaceName::Unnamed);
    contained.case.service.elsewhere[0].owner.container = Some("abc".into());
    assert!(only(contained).1.contains("publish the port"));
}

#[test]
fn a_link_local_address_needs_its_interface() {
    let (code, told) = only(host(Vec::new()).at(&["[fe80::99]:443"]));
    assert_eq!(code, "link-local-without-interface");
    assert!(told.contains("[fe80::99%eth0]:443"), "{told}");
}

#[test]
fn addresses_under_detection() {
    let six = |flags| {
        host(vec![listener("nginx", vec![bound("::", IpCoverage::DualStack)])])
            .at(&["[2001:db8::10]:443"])
            .and(flag("2001:db8::10", flags))
    };
    assert_eq!(only(six(0x08)).0, "duplicate-address");
    assert_eq!(only(six(0x40)).0, "tentative");
    assert!(judged(six(0x44)).faults.is_empty());
    let layer = judged(six(0x20));
    assert!(layer.faults.is_empty() && layer.notes[0].code == "deprecated", "{layer:#?}");
}

#[test]
fn without_an_address_there_is_nothing_to_judge() {
    let layer = judged(host(Vec::new()).and(|case| case.endpoints.clear()));
    assert_eq!(layer.state, LayerState::NotApplicable);
}
