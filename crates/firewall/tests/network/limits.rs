//! What filters and cannot be simulated is found where it is.

use std::path::Path;
use std::process::Command;

use portreeve_firewall::network::limits::{Direction, Limit};
use portreeve_firewall::network::{BridgePath, Network, read};
use portreeve_lab::Lab;
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_linux::netfilter::{generation, hooks};
use portreeve_linux::netlink::{Family, NetlinkSocket};

use crate::configuration::apply;

fn within<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> T {
    let lab = Lab::new(name).unwrap();
    let host = lab.host("machine").start().unwrap();
    NetworkNamespace::at(&host.netns_path()).unwrap().within(work).unwrap()
}

fn run(line: &str) {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

fn pair() {
    apply(&["link add a0 type veth peer name a1".into(), "link set a0 up".into(), "link set a1 up".into()]);
}

/// Those of the namespace: control groups and links belong to the whole machine.
fn of_namespace(limits: Vec<Limit>) -> Vec<Limit> {
    limits
        .into_iter()
        .filter(|limit| !matches!(limit, Limit::CgroupBpf { .. } | Limit::NetfilterBpf { .. }))
        .collect()
}

#[test]
fn an_empty_namespace_has_no_limits() {
    let (network, limits) = within("limits-none", || read().unwrap());
    assert_eq!(of_namespace(limits), []);
    assert_eq!(network.ipv4_tables_merged, Some(true));
    assert_eq!(network.rules.len(), 5);
}

#[test]
fn filters_of_traffic_control_are_found() {
    let (_, limits) = within("limits-tc", || {
        pair();
        run("tc qdisc add dev a0 clsact");
        // A discipline alone filters nothing.
        assert_eq!(of_namespace(read().unwrap().1), []);
        run("tc filter add dev a0 egress protocol ip prio 10 u32 match u32 0 0 flowid 1:1");
        run("tc qdisc add dev a1 ingress");
        run("tc filter add dev a1 parent ffff: protocol ip prio 10 u32 match u32 0 0 flowid 1:1");
        read().unwrap()
    });
    let filter = |interface: &str, direction| Limit::TrafficControl {
        interface: interface.into(),
        direction,
        filter: "u32".into(),
    };
    let mut found = of_namespace(limits);
    found.sort();
    let mut expected = [filter("a0", Direction::Egress), filter("a1", Direction::Ingress)];
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_bridge_and_its_ports_are_read() {
    let network = within("limits-bridge", || {
        pair();
        apply(&[
            "link add br0 type bridge nf_call_iptables 1".into(),
            "link set a1 master br0".into(),
            "link set br0 up".into(),
            "addr add 192.0.2.1/24 dev br0".into(),
        ]);
        read().unwrap().0
    });
    let index = |name: &str| network.interface_named(name).unwrap().index;
    let (port, bridge) = (index("a1"), index("br0"));
    assert_eq!(network.bridge_of(port).map(|bridge| bridge.name.as_str()), Some("br0"));
    assert_eq!(network.ports_of(bridge).map(|port| port.name.as_str()).collect::<Vec<_>>(), ["a1"]);
    assert!(network.interface(bridge).unwrap().bridge.unwrap().call_iptables);
    let path = |to: &str| network.bridge_path(port, to.parse().unwrap());
    assert_eq!(path("192.0.2.1"), Some(BridgePath::Up { bridge }));
    assert_eq!(path("198.51.100.1"), Some(BridgePath::Up { bridge }));
    assert_eq!(path("192.0.2.7"), Some(BridgePath::Bridged { bridge, ports: Vec::new() }));
    assert_eq!(path("192.0.2.255"), Some(BridgePath::Both { bridge, ports: Vec::new() }));
    // The bridge has no IPv6 address that routes.
    assert_eq!(path("2001:db8::1"), Some(BridgePath::Bridged { bridge, ports: Vec::new() }));
    assert_eq!(network.bridge_path(index("a0"), "192.0.2.7".parse().unwrap()), None);
}

#[test]
fn a_policy_rule_ever_added_separates_the_tables() {
    let merged = within("limits-merged", || {
        apply(&["addr add 127.0.0.1/8 dev lo".into(), "link set lo up".into()]);
        let before = read().unwrap().0;
        apply(&["rule add from 192.0.2.7 lookup 100 priority 10".into(), "rule del priority 10".into()]);
        let after = read().unwrap().0;
        assert_eq!(before.rules, after.rules, "the rules do not tell");
        [before.ipv4_tables_merged, after.ipv4_tables_merged]
    });
    assert_eq!(merged, [Some(true), Some(false)]);
}

#[test]
fn a_snapshot_of_the_network_survives_a_file() {
    let network = within("limits-file", || {
        pair();
        apply(&[
            "addr add 192.0.2.1/24 dev a0".into(),
            "route add 198.51.100.0/24 nexthop via 192.0.2.9 nexthop via 192.0.2.8".into(),
            "-6 rule add fwmark 1/3 unreachable priority 9".into(),
        ]);
        read().unwrap().0
    });
    let text = serde_json::to_string(&network).unwrap();
    assert_eq!(serde_json::from_str::<Network>(&text).unwrap(), network);
}

#[test]
fn the_generation_counts_transactions() {
    let (before, after, hooks) = within("limits-generation", || {
        let mut channel = NetlinkSocket::open(Family::Netfilter).unwrap();
        let before = generation(&mut channel).unwrap().0;
        run("nft add table inet portreeve_test");
        let after = generation(&mut channel).unwrap().0;
        (before, after, hooks(&mut channel, 2, 0, None).unwrap())
    });
    assert_eq!(after, before + 1);
    // The kernel tells its hooks only where it was built to.
    let built = Path::new("/proc/config.gz").exists() && {
        let text = Command::new("zcat").arg("/proc/config.gz").output().unwrap().stdout;
        String::from_utf8_lossy(&text).contains("CONFIG_NETFILTER_NETLINK_HOOK=")
    };
    assert_eq!(hooks.is_some(), built);
}
