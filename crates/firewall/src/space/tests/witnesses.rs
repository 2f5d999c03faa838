//! Packets of sets.

use proptest::prelude::*;

use super::super::{Part, Set, Space};
use super::space;
use crate::ir::{Interval, PayloadBase, Version};
use crate::network::{Network, Prefix};
use crate::packet::{Headers, Loaded, State, parse};
use crate::simulate::{Class, Origin};

fn network() -> Network {
    Network::described([("eth0", "192.0.2.10".parse().unwrap(), 24)], [])
}

fn class(version: Version, protocol: u8) -> Class {
    Class {
        version,
        protocol,
        origin: Origin::In(2),
        state: State::First,
        source: None,
        destination: None,
        source_port: None,
        destination_port: None,
        tcp_flags: None,
        within: None,
    }
}

/// Whether the packet that the question means lies in the set, whatever the question leaves open.
fn holds(space: &Space, set: &Set, headers: &Headers) -> bool {
    let bases = [(PayloadBase::Link, 112), (PayloadBase::Network, 320), (PayloadBase::Transport, 160)];
    let mut rest = set.clone();
    for (base, width) in bases {
        for offset in 0..width {
            let word = space.bits_at(base, offset, 1);
            if let Loaded::Bits(bits) = headers.load(base, offset, 1)
                && let Some(number) = bits.exact(1)
                && word.variables().next().is_some()
            {
                rest = space.given(&rest, &word, number).unwrap();
            }
        }
    }
    rest.is_all()
}

fn witness(space: &Space, set: &Set, class: &Class, prefer: &[Set]) -> Option<(String, Vec<String>)> {
    let witness = space.witness(set, class, &network(), prefer).unwrap()?;
    let text = witness.question.to_string();
    let read = parse(&text, &|_, _| None).unwrap();
    assert_eq!(read.question(), Some(&witness.question), "{text}");
    Some((text, witness.beyond))
}

#[test]
fn what_is_usual_is_chosen_where_the_set_has_it() {
    let space = space(Version::V4);
    let class = Class {
        destination: Some("192.0.2.10".parse().unwrap()),
        destination_port: Some(443),
        ..class(Version::V4, 6)
    };
    let text = |set: &Set, prefer: &[Set]| witness(&space, set, &class, prefer).unwrap().0;
    let prefix = |text: &str, length| Prefix::new(text.parse().unwrap(), length);
    assert_eq!(text(&space.all(), &[]), "from 198.51.100.7 to 192.0.2.10 tcp sport 40000 dport 443 iif eth0");
    let lan = space.prefix(Part::Source, prefix("10.0.0.0", 8)).unwrap();
    let low = space.range(Part::SourcePort, 0, 1023).unwrap();
    assert_eq!(
        text(&low, &[space.none(), lan]),
        "from 10.128.0.7 to 192.0.2.10 tcp sport 1 dport 443 iif eth0"
    );
    let one = space.prefix(Part::Source, prefix("203.0.113.255", 32)).unwrap();
    let ack = space.range(Part::TcpFlags, 0x10, 0x1f).unwrap();
    let both = space.and(&one, &ack).unwrap();
    assert_eq!(
        text(&both, &[]),
        "from 203.0.113.255 to 192.0.2.10 tcp sport 40000 dport 443 flags ack iif eth0"
    );
    assert_eq!(witness(&space, &space.none(), &class, &[]), None);
    let elsewhere = Class { origin: Origin::In(99), ..class };
    assert_eq!(witness(&space, &space.all(), &elsewhere, &[]), None);
}

#[test]
fn what_a_question_cannot_say_is_said_beside_it() {
    let space = space(Version::V6);
    let window = space.bits_at(PayloadBase::Transport, 112, 16);
    let set = space.within(&window, Interval { low: 1024, high: 2000 }).unwrap().yes;
    let class = Class {
        destination: Some("2001:db8::1".parse().unwrap()),
        destination_port: Some(22),
        ..class(Version::V6, 6)
    };
    let found = witness(&space, &set, &class, &[]);
    let text = "from 2001:db8::7 to 2001:db8::1 tcp sport 40000 dport 22 iif eth0".to_owned();
    assert_eq!(found, Some((text, vec!["tcp window 1024".to_owned()])));
    // A value of the class that the set rules out.
    let elsewhere = Class { destination_port: Some(23), ..class };
    let ssh = space.range(Part::DestinationPort, 22, 22).unwrap();
    assert_eq!(witness(&space, &ssh, &elsewhere, &[]), None);
}

#[test]
fn icmp_and_protocols_without_ports_have_witnesses() {
    let space = space(Version::V4);
    let destination = Some("192.0.2.10".parse().unwrap());
    let icmp = Class { destination, ..class(Version::V4, 1) };
    let text = |set: &Set, class: &Class| witness(&space, set, class, &[]).unwrap().0;
    assert_eq!(text(&space.all(), &icmp), "from 198.51.100.7 to 192.0.2.10 icmp iif eth0");
    let errors = space.range(Part::SourcePort, 0x0300, 0x0304).unwrap();
    assert_eq!(
        text(&errors, &icmp),
        "from 198.51.100.7 to 192.0.2.10 icmp type destination-unreachable code 0 iif eth0"
    );
    let echo = space.range(Part::SourcePort, 0x0800, 0x08ff).unwrap();
    assert_eq!(text(&echo, &icmp), "from 198.51.100.7 to 192.0.2.10 icmp iif eth0");
    let gre = Class { destination, ..class(Version::V4, 47) };
    assert_eq!(text(&space.all(), &gre), "from 198.51.100.7 to 192.0.2.10 gre iif eth0");
}

fn interval(width: u32) -> impl Strategy<Value = Interval> {
    let largest = 1_u128.checked_shl(width).map_or(u128::MAX, |beyond| beyond - 1);
    (any::<u128>(), any::<u128>(), any::<bool>()).prop_map(move |(a, b, single)| {
        let (a, b) = (a & largest, b & largest);
        if single { Interval::single(a) } else { Interval { low: a.min(b), high: a.max(b) } }
    })
}

/// Intervals of fields, all of which must hold: base, offset, width as in IPv4 and TCP.
fn demands() -> impl Strategy<Value = Vec<(PayloadBase, u16, u16, Interval)>> {
    let places = vec![
        (PayloadBase::Network, 96_u16, 32_u16),
        (PayloadBase::Network, 128, 32),
        (PayloadBase::Network, 8, 6),
        (PayloadBase::Network, 64, 8),
        (PayloadBase::Network, 16, 16),
        (PayloadBase::Transport, 0, 16),
        (PayloadBase::Transport, 16, 16),
        (PayloadBase::Transport, 104, 8),
        (PayloadBase::Link, 48, 48),
        (PayloadBase::Link, 0, 48),
    ];
    let demand = prop::sample::select(places).prop_flat_map(|(base, offset, width)| {
        interval(width.into()).prop_map(move |interval| (base, offset, width, interval))
    });
    prop::collection::vec(demand, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_witness_is_in_the_set_and_only_empty_sets_have_none(ways in prop::collection::vec(demands(), 0..3)) {
        let space = space(Version::V4);
        let sets: Vec<Set> = ways.iter().map(|demands| {
            demands.iter().fold(space.all(), |sum, (base, offset, width, interval)| {
                let part = space.within(&space.bits_at(*base, *offset, *width), *interval).unwrap().yes;
                space.and(&sum, &part).unwrap()
            })
        }).collect();
        let set = space.union(&sets).unwrap();
        let class = class(Version::V4, 6);
        let found = space.witness(&set, &class, &network(), &[]).unwrap();
        prop_assert_eq!(found.is_none(), set.is_empty());
        if let Some(found) = found {
            prop_assert!(found.beyond.is_empty());
            prop_assert!(holds(&space, &set, &Headers::from_question(&found.question)), "{}", found.question);
            let text = found.question.to_string();
            let again = parse(&text, &|_, _| None).unwrap();
            prop_assert_eq!(again.question(), Some(&found.question), "{}", text);
        }
    }
}
