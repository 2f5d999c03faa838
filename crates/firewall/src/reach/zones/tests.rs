use std::net::IpAddr;

use portreeve_model::exposure::Coverage;

use super::*;
use crate::ir::Version;
use crate::network::{Interface, Network, Prefix};
use crate::space::{Budget, Part, Set, Space};

fn prefix(text: &str) -> Prefix {
    let (address, length) = text.split_once('/').unwrap_or((text, "128"));
    Prefix::new(address.parse().unwrap(), length.parse().unwrap())
}

fn space(version: Version) -> Space {
    Space::new(version, Budget { nodes: 1 << 16, steps: 0 }).unwrap()
}

fn named(name: &str, prefixes: &[&str]) -> NamedNetwork {
    NamedNetwork { name: name.to_owned(), prefixes: prefixes.iter().map(|text| prefix(text)).collect() }
}

/// A host with an uplink, a network behind it, and Docker.
fn host() -> Network {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let mut network = Network::described(
        [
            ("eth0", address("192.0.2.10"), 24),
            ("eth0", address("2001:db8:1::10"), 64),
            ("lan", address("10.0.0.1"), 8),
            ("docker0", address("172.17.0.1"), 16),
            ("lan", address("fe80::1"), 64),
        ],
        [
            (prefix("0.0.0.0/0"), Some(address("192.0.2.1")), "eth0"),
            (prefix("::/0"), Some(address("2001:db8:1::1")), "eth0"),
            (prefix("192.168.7.0/24"), Some(address("10.0.0.9")), "lan"),
        ],
    );
    kind(&mut network, "docker0").kind = Some("bridge".to_owned());
    network
}

fn kind<'n>(network: &'n mut Network, name: &str) -> &'n mut Interface {
    network.interfaces.iter_mut().find(|interface| interface.name == name).unwrap()
}

/// The zone of an address.
fn zone_of<'z>(zones: &'z Zones, space: &Space, address: &str) -> Option<&'z str> {
    let one = space.prefix(Part::Source, prefix(address)).unwrap();
    let holds = |zone: &&Zone| !space.and(&zones.set(space, zone).unwrap(), &one).unwrap().is_empty();
    let found: Vec<&Zone> = zones.of(space.version()).filter(holds).collect();
    assert!(found.len() <= 1, "{address} is in {found:?}");
    found.first().map(|zone| zone.name())
}

#[test]
fn every_address_is_in_one_zone_at_most() {
    let office = named("office", &["203.0.113.0/24", "10.9.0.0/16", "2001:db8:9::/48", "127.0.0.0/8"]);
    let zones = Zones::new(&host(), &[office]);
    let v4 = space(Version::V4);
    for (address, zone) in [
        ("198.51.100.7", Some("internet")),
        ("203.0.113.7", Some("office")),
        ("10.9.1.1", Some("office")),
        ("10.8.1.1", Some("private")),
        ("100.64.3.3", Some("private")),
        ("192.168.7.1", Some("private")),
        ("172.16.0.1", Some("private")),
        ("172.17.0.2", Some("containers")),
        ("172.17.0.1", Some("this host")),
        ("192.0.2.10", Some("this host")),
        // What this host has, nobody else has, whatever is said of it.
        ("127.3.3.3", Some("this host")),
        ("169.254.1.1", Some("link-local")),
        ("0.0.0.0", None),
        ("224.0.0.1", None),
        ("240.0.0.1", None),
        ("255.255.255.255", None),
        // Broadcast addresses of its networks.
        ("192.0.2.255", None),
        ("10.255.255.255", None),
    ] {
        assert_eq!(zone_of(&zones, &v4, address), zone, "{address}");
    }
    let v6 = space(Version::V6);
    for (address, zone) in [
        ("2001:db8:2::1", Some("internet")),
        ("2001:db8:9::1", Some("office")),
        ("2001:db8:1::10", Some("this host")),
        ("fd00::1", Some("private")),
        ("fe80::2", Some("link-local")),
        ("fe80::1", Some("this host")),
        ("::1", Some("this host")),
        ("64:ff9b::1", Some("internet")),
        ("::", None),
        ("::2", None),
        ("ff02::1", None),
        ("4000::1", None),
    ] {
        assert_eq!(zone_of(&zones, &v6, address), zone, "{address}");
    }
    let names = |version| zones.of(version).map(Zone::name).collect::<Vec<_>>();
    assert_eq!(
        names(Version::V4),
        ["internet", "private", "office", "link-local", "containers", "this host"]
    );
    assert_eq!(names(Version::V6), ["internet", "private", "office", "link-local", "this host"]);
    assert_eq!(zones.named("Link-Local").unwrap().kind(), ZoneKind::LinkLocal);
}

#[test]
fn a_name_that_every_host_has_adds_to_its_zone() {
    let zones = Zones::new(&host(), &[named("Containers", &["10.42.0.0/16"]), named("all", &["0.0.0.0/0"])]);
    let space = space(Version::V4);
    assert_eq!(zone_of(&zones, &space, "10.42.0.9"), Some("containers"));
    assert_eq!(zone_of(&zones, &space, "172.17.0.9"), Some("containers"));
    // Equal prefixes: the name counts.
    assert_eq!(zone_of(&zones, &space, "8.8.8.8"), Some("all"));
    assert_eq!(zones.of(Version::V4).filter(|zone| zone.kind() == ZoneKind::Internet).count(), 0);
}

#[test]
fn interfaces_of_a_zone_are_those_that_routes_lead_to() {
    let network = host();
    let zones =
        Zones::new(&network, &[named("site", &["192.168.7.0/25"]), named("far", &["203.0.113.0/24"])]);
    let interfaces = |name: &str, version| -> Vec<&str> {
        let indices = zones.interfaces(zones.named(name).unwrap(), version);
        indices.iter().map(|index| network.interface(*index).unwrap().name.as_str()).collect()
    };
    assert_eq!(interfaces("internet", Version::V4), ["eth0"]);
    assert_eq!(interfaces("private", Version::V4), ["eth0", "lan"]);
    assert_eq!(interfaces("site", Version::V4), ["lan"]);
    assert_eq!(interfaces("far", Version::V4), ["eth0"]);
    assert_eq!(interfaces("containers", Version::V4), ["docker0"]);
    assert_eq!(interfaces("link-local", Version::V4), ["eth0", "lan", "docker0"]);
    assert_eq!(interfaces("this host", Version::V4), [""; 0]);
    assert_eq!(interfaces("internet", Version::V6), ["eth0"]);
    assert_eq!(interfaces("containers", Version::V6), [""; 0]);
    let alone = Network::described([("eth0", "192.0.2.10".parse().unwrap(), 24)], []);
    let zones = Zones::new(&alone, &[]);
    let internet = zones.named("internet").unwrap();
    assert_eq!(zones.interfaces(internet, Version::V4), [2], "its own network is a part of the internet");
    assert_eq!(zones.interfaces(internet, Version::V6), [0; 0]);
}

#[test]
fn bridges_of_engines_are_told_from_bridges_to_the_world() {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let mut network = Network::described(
        [
            ("br0", address("192.168.1.1"), 24),
            ("br1", address("192.168.2.1"), 24),
            ("virbr0", address("192.168.122.1"), 24),
            ("br-0123456789ab", address("172.18.0.1"), 16),
            ("br-lan", address("192.168.3.1"), 24),
            ("cali12ab", address("169.254.1.1"), 32),
        ],
        [
            (prefix("10.1.2.3/32"), None, "cali12ab"),
            (prefix("10.99.0.0/16"), Some(address("172.18.0.2")), "br-0123456789ab"),
            (prefix("0.0.0.0/0"), None, "br-0123456789ab"),
        ],
    );
    for name in ["br0", "br1", "virbr0", "br-0123456789ab", "br-lan"] {
        kind(&mut network, name).kind = Some("bridge".to_owned());
    }
    kind(&mut network, "cali12ab").kind = Some("veth".to_owned());
    for (index, (bridge, port)) in
        [("br0", None), ("br1", Some("veth")), ("virbr0", Some("tun"))].into_iter().enumerate()
    {
        let master = network.interface_named(bridge).unwrap().index;
        let mut interface = network.interface_named("lo").unwrap().clone();
        interface.index = 100 + u32::try_from(index).unwrap();
        interface.name = format!("port{index}");
        interface.kind = port.map(str::to_owned);
        interface.master = Some(master);
        interface.master_kind = Some("bridge".to_owned());
        network.interfaces.push(interface);
    }
    let zones = Zones::new(&network, &[]);
    let space = space(Version::V4);
    for (address, zone) in [
        ("192.168.1.7", "private"),
        ("192.168.2.7", "containers"),
        ("192.168.122.7", "containers"),
        ("172.18.0.7", "containers"),
        ("192.168.3.7", "private"),
        ("10.1.2.3", "containers"),
        ("10.99.0.1", "private"),
        ("8.8.8.8", "internet"),
    ] {
        assert_eq!(zone_of(&zones, &space, address), Some(zone), "{address}");
    }
}

/// Union of prefixes, without the others.
fn set(space: &Space, with: &[&str], without: &[&str]) -> Set {
    let union = |texts: &[&str]| {
        space.in_prefixes(Part::Source, &texts.iter().map(|text| prefix(text)).collect::<Vec<_>>()).unwrap()
    };
    space.minus(&union(with), &union(without)).unwrap()
}

#[test]
fn labels_speak_in_zones_and_fall_back_to_prefixes() {
    let zones = Zones::new(&host(), &[]);
    let space = space(Version::V4);
    let rfc1918 = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
    let all = "0.0.0.0/0";
    for (with, without, label) in [
        (&[all][..], &[][..], "everyone"),
        (&[], &[], "nobody"),
        // What nobody else can have does not matter.
        (&[all], &["127.0.0.0/8", "192.0.2.10", "224.0.0.0/3", "0.0.0.0/8"], "everyone"),
        (
            &[all],
            &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"],
            "internet",
        ),
        (&rfc1918, &["172.17.0.0/16"], "private"),
        (&rfc1918, &["172.17.0.0/16", "10.9.0.0/16"], "private except 10.9.0.0/16"),
        (&rfc1918, &["10.9.0.0/16"], "containers; private except 10.9.0.0/16"),
        (&[all], &["172.17.0.0/16", "169.254.0.0/16"], "internet and private"),
        (&[all], &["172.17.0.0/16"], "everyone except containers"),
        (&[all], &["172.17.0.0/16", "203.0.113.7"], "everyone except containers and 203.0.113.7"),
        (&["198.51.100.0/24"], &[], "198.51.100.0/24"),
        (&["198.51.100.0/24", "203.0.113.7"], &[], "198.51.100.0/24 and 203.0.113.7"),
        (
            &["198.51.100.0/24", "203.0.113.7", "203.0.113.9", "8.8.8.8", "9.9.9.9"],
            &[],
            "8.8.8.8, 9.9.9.9 and 3 more",
        ),
        (&["172.17.0.0/16", "203.0.113.7"], &[], "containers and 203.0.113.7"),
        // Neither the host's own address nor its broadcast address is carved out, and none is added.
        (&["192.0.2.0/24"], &["192.0.2.10", "192.0.2.255"], "192.0.2.0/24"),
        (&["192.0.2.11"], &[], "192.0.2.11"),
        (&["192.0.2.10", "172.17.0.1", "10.0.0.1", "127.0.0.0/8"], &[], "this host"),
        (&["192.0.2.10", "172.17.0.1", "10.0.0.1", "127.0.0.1"], &[], "this host"),
        (&["192.0.2.10"], &[], "this host as 192.0.2.10"),
        (&["192.0.2.10", "127.0.0.1"], &[], "this host as 127.0.0.1 and 192.0.2.10"),
        (&["127.0.0.0/8", "240.0.0.0/4"], &[], "127.0.0.0/8 and 240.0.0.0/4"),
        (&["240.0.0.0/4"], &[], "240.0.0.0/4"),
    ] {
        assert_eq!(zones.label(&space, &set(&space, with, without)).unwrap(), label, "{with:?} {without:?}");
    }
}

#[test]
fn coverage_counts_addresses_that_can_be_a_source() {
    let zones = Zones::new(&host(), &[]);
    let space = space(Version::V4);
    let allow =
        set(&space, &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"], &["10.255.255.255"]);
    let open = set(&space, &["203.0.113.0/24", "169.254.0.0/16"], &[]);
    let coverage =
        |allow: &Set, name: &str| zones.coverage(&space, zones.named(name).unwrap(), allow, &open).unwrap();
    assert_eq!(coverage(&allow, "private"), Coverage::All);
    assert_eq!(coverage(&allow, "containers"), Coverage::All);
    assert_eq!(coverage(&allow, "internet"), Coverage::Depends);
    assert_eq!(coverage(&allow, "link-local"), Coverage::Depends);
    assert_eq!(coverage(&allow, "this host"), Coverage::Some);
    let one = set(&space, &["10.1.1.1"], &[]);
    assert_eq!(coverage(&one, "private"), Coverage::Some);
    assert_eq!(coverage(&one, "containers"), Coverage::None);
    let outside = zones.outside(&space).unwrap();
    assert!(
        space
            .and(&outside, &set(&space, &["127.0.0.0/8", "0.0.0.0/8", "192.0.2.10", "224.0.0.0/3"], &[]))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn the_sets_of_spaces_are_kept_apart() {
    let zones = Zones::new(&host(), &[]);
    for _ in 0..3 {
        let (v4, v6) = (space(Version::V4), space(Version::V6));
        assert_eq!(zones.label(&v4, &v4.all()).unwrap(), "everyone");
        assert_eq!(zones.label(&v6, &v6.all()).unwrap(), "everyone");
        let private = zones.set(&v6, zones.named("private").unwrap()).unwrap();
        assert_eq!(zones.label(&v6, &private).unwrap(), "private");
    }
}

#[test]
fn routes_of_all_tables_count_and_the_narrowest_ones_only() {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let mut network = Network::described(
        [
            ("eth0", address("192.0.2.10"), 24),
            ("eth1", address("198.51.100.10"), 24),
            ("down0", address("10.5.0.1"), 16),
            ("lan", address("192.168.1.1"), 24),
        ],
        [
            (prefix("0.0.0.0/0"), Some(address("192.0.2.1")), "eth0"),
            // A second uplink with a table of its own.
            (prefix("0.0.0.0/0"), Some(address("198.51.100.1")), "eth1"),
            (prefix("10.6.0.0/16"), Some(address("192.168.1.9")), "lan"),
            (prefix("10.7.0.0/16"), Some(address("192.168.1.9")), "lan"),
        ],
    );
    kind(&mut network, "down0").flags.0 = 0;
    let far = |route: &&mut crate::network::Route| route.destination == prefix("0.0.0.0/0");
    network.routes.iter_mut().filter(far).nth(1).unwrap().table = 100;
    let unread = network.routes.iter_mut().find(|route| route.destination == prefix("10.7.0.0/16")).unwrap();
    unread.nexthops = crate::network::Nexthops::Unresolved { id: 7 };
    let networks = [
        named("lan", &["192.168.1.0/24"]),
        named("gone", &["10.5.0.0/16"]),
        named("behind", &["10.6.0.0/24"]),
        named("unread", &["10.7.0.0/24"]),
    ];
    let zones = Zones::new(&network, &networks);
    let interfaces = |name: &str| -> Vec<&str> {
        let indices = zones.interfaces(zones.named(name).unwrap(), Version::V4);
        indices.iter().map(|index| network.interface(*index).unwrap().name.as_str()).collect()
    };
    assert_eq!(interfaces("internet"), ["eth0", "eth1"]);
    assert_eq!(interfaces("lan"), ["lan"]);
    assert_eq!(interfaces("gone"), [""; 0], "the interface is down");
    assert_eq!(interfaces("behind"), ["lan"]);
    assert_eq!(interfaces("unread"), ["eth0", "eth1", "lan"], "any of them may be meant");
}

#[test]
fn ports_of_bridges_and_members_of_bonds_are_not_where_packets_of_ip_come_in() {
    let network = Network::described([("br0", "192.168.1.1".parse().unwrap(), 24)], []);
    let mut port = network.interface_named("br0").unwrap().clone();
    port.index = 50;
    port.name = "eth0".to_owned();
    port.master = Some(network.interface_named("br0").unwrap().index);
    for master in ["bridge", "bond"] {
        port.master_kind = Some(master.to_owned());
        let network = Network {
            interfaces: [network.interfaces.clone(), vec![port.clone()]].concat(),
            ..network.clone()
        };
        let zones = Zones::new(&network, &[]);
        let local = zones.named("link-local").unwrap();
        assert_eq!(zones.interfaces(local, Version::V6), [2]);
    }
}
