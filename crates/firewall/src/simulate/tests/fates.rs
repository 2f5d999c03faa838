//! Sets of packets over small rulesets. Random ones are compared with single packets and the kernel in `tests/differential`.

use super::network::{ETH0, network};
use super::{PUBLISHED, SSH, rules};
use crate::ir::{Ruleset, Version};
use crate::packet::State;
use crate::simulate::{Class, Fates, Origin, Simulator, Wanted};
use crate::space::{Budget, Part, Set, Space};

fn class(port: u16) -> Class {
    Class {
        version: Version::V4,
        protocol: 6,
        origin: Origin::In(ETH0),
        state: State::First,
        source: None,
        destination: Some("192.0.2.10".parse().unwrap()),
        source_port: None,
        destination_port: Some(port),
        tcp_flags: Some(2),
        within: None,
    }
}

fn fates(rules: &Ruleset, space: &Space, class: &Class) -> Fates {
    let network = network();
    let wanted = Wanted { replies: true, ..Wanted::default() };
    let fates = Simulator::new(rules, &network).fates(space, class, wanted).unwrap();
    for (a, b) in [(&fates.allow, &fates.deny), (&fates.allow, &fates.open), (&fates.deny, &fates.open)] {
        assert!(space.and(a, b).unwrap().is_empty());
    }
    fates
}

fn space() -> Space {
    Space::new(Version::V4, Budget::default()).unwrap()
}

fn from(space: &Space, low: &str, high: &str) -> Set {
    let number = |text: &str| u128::from(u32::from(text.parse::<std::net::Ipv4Addr>().unwrap()));
    let interval = crate::ir::Interval { low: number(low), high: number(high) };
    space.within(&space.word(Part::Source), interval).unwrap().yes
}

fn has(space: &Space, set: &Set, address: &str) -> bool {
    !space.and(set, &from(space, address, address)).unwrap().is_empty()
}

#[test]
fn an_open_port_is_open_to_every_source_that_can_come() {
    let (space, rules) = (space(), rules(SSH));
    let open = fates(&rules, &space, &class(22));
    assert!(open.open.is_empty(), "{:?}", open.causes);
    assert!(has(&space, &open.allow, "198.51.100.7"));
    // Martian sources are the host's own business.
    assert!(has(&space, &open.deny, "127.0.0.1") && has(&space, &open.deny, "224.0.0.1"));
    let closed = fates(&rules, &space, &class(23));
    assert!(closed.allow.is_empty() && closed.open.is_empty());
}

#[test]
fn sources_are_cut_where_rules_cut_them() {
    let text = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
        -A INPUT -s 10.9.0.0/16 -j DROP\n-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\n\
        -A INPUT -p tcp -m tcp --sport 53 -j ACCEPT\n-A INPUT -s 203.0.113.0/24 -m limit --limit 3/min -j ACCEPT\nCOMMIT\n";
    let (space, rules) = (space(), rules(text));
    let found = fates(&rules, &space, &class(22));
    let nine = from(&space, "10.9.0.0", "10.9.255.255");
    assert!(space.onto(&found.asked, &[Part::Source]).unwrap().is_all());
    assert!(space.and(&nine, &found.allow).unwrap().is_empty());
    // Whatever its source port is.
    let one = space.and(&found.asked, &from(&space, "10.200.0.1", "10.200.0.1")).unwrap();
    assert!(!one.is_empty() && space.minus(&one, &found.allow).unwrap().is_empty());
    assert!(has(&space, &found.open, "203.0.113.9"));
    let by_port = space.within(&space.word(Part::SourcePort), crate::ir::Interval::single(53)).unwrap().yes;
    assert!(has(&space, &space.and(&found.allow, &by_port).unwrap(), "203.0.113.9"));
    assert_eq!(found.causes.len(), 1, "{:?}", found.causes);
}

#[test]
fn a_published_port_arrives_at_its_new_destination_and_answers() {
    let (space, rules) = (space(), rules(PUBLISHED));
    let found = fates(&rules, &space, &class(8080));
    assert!(has(&space, &found.allow, "198.51.100.7"), "{found:?}");
    let arrival = found.ends.iter().find(|fate| !fate.reply && fate.address.is_some()).unwrap();
    assert_eq!((arrival.address, arrival.port), (Some("10.0.0.5".parse().unwrap()), Some(80)));
}
