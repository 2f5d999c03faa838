//! Sets in words.

use proptest::prelude::*;

use super::super::{Part, Set, Space, Word};
use super::space;
use crate::ir::{Interval, PayloadBase, Version};

const TCP: u8 = 6;
const MOST: usize = 8;

fn told(space: &Space, set: &Set, protocol: u8, given: &[Part]) -> (Vec<String>, bool) {
    let told = space.conditions(set, protocol, given, MOST).unwrap();
    (told.words, told.exact)
}

fn all_of(space: &Space, sets: &[Set]) -> Set {
    sets.iter().fold(space.all(), |sum, set| space.and(&sum, set).unwrap())
}

#[test]
fn what_stands_alone_is_told_exactly() {
    let space = space(Version::V4);
    let range = |part, low, high| space.range(part, low, high).unwrap();
    let ttl = space.bits_at(PayloadBase::Network, 64, 8);
    let ttl = space.within(&ttl, Interval { low: 1, high: 63 }).unwrap().yes;
    let sources = range(Part::Source, 0x0a00_0000, 0x0aff_ffff);
    let ports = space
        .in_intervals(
            Part::DestinationPort,
            vec![Interval::single(80), Interval::single(443), Interval { low: 8000, high: 8010 }],
        )
        .unwrap();
    let set = all_of(&space, &[range(Part::SourcePort, 1024, 65_535), ttl, sources, ports]);
    let words = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        told(&space, &set, TCP, &[Part::Source]),
        (words(&["destination port 80, 443, 8000-8010", "source port 1024-65535", "ttl 1-63"]), true)
    );
    assert_eq!(told(&space, &set, TCP, &[]).0[0], "source 10.0.0.0/8");
    assert_eq!(told(&space, &space.all(), TCP, &[]), (Vec::new(), true));
    let odd = space.within(&space.bits_at(PayloadBase::Transport, 15, 1), Interval::single(1)).unwrap().yes;
    let cut = (words(&["source port 1, 3, 5, 7, 9, 11, 13, 15 and 32760 more"]), false);
    assert_eq!(told(&space, &odd, TCP, &[]), cut);
}

#[test]
fn flags_types_and_addresses_are_told_as_people_know_them() {
    let space = space(Version::V4);
    let flags = space.word(Part::TcpFlags);
    let bits = |mask: u8, value: u8| {
        let bits = (0..8_u16).filter(|bit| mask >> bit & 1 == 1).map(|bit| {
            let word = Word(flags.0.iter().skip(usize::from(7 - bit)).take(1).copied().collect());
            space.within(&word, Interval::single((value >> bit & 1).into())).unwrap().yes
        });
        all_of(&space, &bits.collect::<Vec<_>>())
    };
    let text = |set: &Set, protocol| told(&space, set, protocol, &[]).0.join("; ");
    assert_eq!(text(&bits(0xff, 0x02), TCP), "tcp flags syn");
    assert_eq!(text(&bits(0xff, 0), TCP), "tcp flags none");
    assert_eq!(text(&bits(0x17, 0x02), TCP), "tcp flags syn / fin,syn,rst,ack");
    assert_eq!(text(&bits(0x10, 0), TCP), "tcp flags none / ack");
    let either = space.or(&bits(0xff, 0x02), &bits(0xff, 0x12)).unwrap();
    assert_eq!(text(&either, TCP), "tcp flags syn / fin,syn,rst,psh,urg,ece,cwr");
    let two = space.or(&bits(0xff, 0x02), &bits(0xff, 0x10)).unwrap();
    assert_eq!(text(&two, TCP), "tcp flags syn or ack");
    let echo = space.range(Part::SourcePort, 0x0800, 0x08ff).unwrap();
    assert_eq!(text(&echo, 1), "icmp type echo-request");
    let some = space.range(Part::Destination, 0xc000_0205, 0xc000_020a).unwrap();
    assert_eq!(text(&some, TCP), "destination 192.0.2.5-192.0.2.10");
    let one = space.range(Part::Destination, 0xc000_0205, 0xc000_0205).unwrap();
    assert_eq!(text(&one, TCP), "destination 192.0.2.5");
    let mac = space.bits_at(PayloadBase::Link, 48, 48);
    let mac = space.within(&mac, Interval::single(0x0200_0000_00ff)).unwrap().yes;
    assert_eq!(text(&mac, TCP), "ether source 02:00:00:00:00:ff");
    let window = space.bits_at(PayloadBase::Transport, 112, 16);
    assert_eq!(
        text(&space.within(&window, Interval { low: 0, high: 9 }).unwrap().yes, TCP),
        "tcp window 0-9"
    );
    let gre = space.bits_at(PayloadBase::Transport, 16, 16);
    let gre = space.within(&gre, Interval::single(0x0800)).unwrap().yes;
    assert_eq!(text(&gre, 47), "bits 16..32 of the transport header 2048");
}

#[test]
fn what_hangs_together_is_told_as_alternatives_or_named() {
    let space = space(Version::V4);
    let range = |part, low, high| space.range(part, low, high).unwrap();
    let way = |a: Set, b: Set| space.and(&a, &b).unwrap();
    let dns = way(range(Part::SourcePort, 53, 53), range(Part::DestinationPort, 1024, 65_535));
    let ntp = way(range(Part::SourcePort, 123, 123), range(Part::DestinationPort, 123, 123));
    let set = space.or(&dns, &ntp).unwrap();
    let told_set = told(&space, &set, 17, &[Part::Source]);
    let words =
        "destination port 123 with source port 123, or destination port 1024-65535 with source port 53";
    assert_eq!(told_set, (vec![words.to_owned()], true));
    // The source has a say in it.
    let lan = range(Part::Source, 0x0a00_0000, 0x0aff_ffff);
    let set = space
        .or(&space.and(&lan, &dns).unwrap(), &space.and(&space.not(&lan).unwrap(), &ntp).unwrap())
        .unwrap();
    let (words, exact) = told(&space, &set, 17, &[Part::Source]);
    assert!(!exact);
    assert_eq!(
        words,
        [
            "destination port 123, 1024-65535",
            "source port 53, 123",
            "a combination of source, destination port and source port"
        ]
    );
}

/// Reads the words of fields in intervals back into a set.
fn read(space: &Space, words: &[String]) -> Set {
    let field = |text: &str| {
        let (name, values) = text.rsplit_once(|character: char| character.is_ascii_alphabetic()).unwrap();
        let name = format!("{name}{}", &text[name.len()..=name.len()]);
        let word = match name.as_str() {
            "source port" => space.word(Part::SourcePort),
            "destination port" => space.word(Part::DestinationPort),
            "ttl" => space.bits_at(PayloadBase::Network, 64, 8),
            "dscp" => space.bits_at(PayloadBase::Network, 8, 6),
            other => panic!("{other}"),
        };
        let intervals = values.trim().split(", ").map(|interval| {
            let (low, high) = interval.split_once('-').unwrap_or((interval, interval));
            Interval { low: low.parse().unwrap(), high: high.parse().unwrap() }
        });
        space.among(&word, &intervals.collect::<Vec<_>>()).unwrap().yes
    };
    let way = |text: &str| {
        let fields = text.split(" with ").flat_map(|text| text.split(" and "));
        all_of(space, &fields.map(field).collect::<Vec<_>>())
    };
    let ways = |text: &String| space.union(&text.split(", or ").map(way).collect::<Vec<_>>()).unwrap();
    all_of(space, &words.iter().map(ways).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn exact_words_mean_the_set_and_others_hold_for_all_of_it(
        ways in prop::collection::vec(prop::collection::vec((0..4_usize, 0..60_u128, 0..60_u128), 0..4), 1..4),
    ) {
        let space = space(Version::V4);
        let fields = [
            space.word(Part::SourcePort),
            space.word(Part::DestinationPort),
            space.bits_at(PayloadBase::Network, 64, 8),
            space.bits_at(PayloadBase::Network, 8, 6),
        ];
        let sets: Vec<Set> = ways.iter().map(|demands| {
            let demands = demands.iter().map(|(field, a, b)| {
                space.within(&fields[*field], Interval { low: *a.min(b), high: *a.max(b) }).unwrap().yes
            });
            all_of(&space, &demands.collect::<Vec<_>>())
        }).collect();
        let set = space.union(&sets).unwrap();
        prop_assume!(!set.is_empty());
        let (mut words, exact) = told(&space, &set, TCP, &[Part::Source]);
        if exact {
            prop_assert_eq!(&read(&space, &words), &set, "{:?}", words);
        } else {
            prop_assert!(words.last().unwrap().starts_with("a combination of "), "{:?}", words);
            words.pop();
            prop_assert!(space.minus(&set, &read(&space, &words)).unwrap().is_empty(), "{:?}", words);
        }
    }
}
