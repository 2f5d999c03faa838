//! Prefixes and intervals.

use proptest::prelude::*;

use super::super::{Part, interval_of};
use super::space;
use crate::ir::{Interval, Version};
use crate::network::Prefix;

/// The same numbers, sorted and apart.
fn merged(intervals: &[Interval]) -> Vec<Interval> {
    let mut sorted = intervals.to_vec();
    sorted.sort_by_key(|interval| interval.low);
    let mut merged: Vec<Interval> = Vec::new();
    for next in sorted {
        match merged.last_mut() {
            Some(last) if last.high == u128::MAX || next.low <= last.high + 1 => {
                last.high = last.high.max(next.high);
            }
            _ => merged.push(next),
        }
    }
    merged
}

/// Interval by interval, always the widest aligned block that fits.
fn blocks(version: Version, intervals: &[Interval]) -> Vec<Prefix> {
    let width = if version == Version::V4 { 32_u8 } else { 128 };
    let mut blocks = Vec::new();
    for interval in merged(intervals) {
        let mut at = interval.low;
        loop {
            let fits = |length: &u8| {
                let block = interval_of(super::super::build::prefix_of(version, at, *length));
                block.low == at && block.high <= interval.high
            };
            let length = (0..=width).find(fits).unwrap();
            let block = super::super::build::prefix_of(version, at, length);
            blocks.push(block);
            match interval_of(block).high {
                last if last == interval.high => break,
                last => at = last + 1,
            }
        }
    }
    blocks
}

fn number(version: Version) -> impl Strategy<Value = u128> + Clone {
    let largest = if version == Version::V4 { u128::from(u32::MAX) } else { u128::MAX };
    // Few different high bits, so that the numbers meet.
    prop_oneof![
        Just(0),
        Just(largest),
        any::<u128>().prop_map(move |number| number & largest),
        (0..40_u128).prop_map(|low| 0x0a00_0000 + low),
        (0..4_u128, 0..8_u128).prop_map(move |(high, low)| (high << 20 | low) & largest),
    ]
}

fn interval(version: Version) -> impl Strategy<Value = Interval> {
    let of_prefix = (number(version), 0..=128_u8).prop_map(move |(number, length)| {
        interval_of(super::super::build::prefix_of(version, number, length))
    });
    let of_two =
        (number(version), number(version)).prop_map(|(a, b)| Interval { low: a.min(b), high: a.max(b) });
    prop_oneof![4 => of_prefix, 1 => of_two, 2 => number(version).prop_map(Interval::single)]
}

fn version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V4), Just(Version::V6)]
}

proptest! {
    #[test]
    fn prefixes_are_the_shortest_list(
        (version, intervals) in version().prop_flat_map(|version| {
            (Just(version), prop::collection::vec(interval(version), 0..12))
        }),
        most in 0..20_usize,
        port in any::<u16>(),
    ) {
        let space = space(version);
        for part in [Part::Source, Part::Destination] {
            let set = space.in_intervals(part, intervals.clone()).unwrap();
            let set = space.and(&set, &space.range(Part::DestinationPort, port.into(), 65_535).unwrap()).unwrap();
            let expected = blocks(version, &intervals);
            let found = space.prefixes(&set, part, most).unwrap();
            prop_assert_eq!(&found.listed, &expected[..most.min(expected.len())]);
            prop_assert_eq!(found.count(), u64::try_from(expected.len()).unwrap());
            let again = space.in_prefixes(part, &expected).unwrap();
            prop_assert_eq!(&again, &space.onto(&set, &[part]).unwrap());
            let found = space.intervals(&set, &space.word(part), most).unwrap();
            let expected = merged(&intervals);
            prop_assert_eq!(&found.listed, &expected[..most.min(expected.len())]);
            prop_assert_eq!(found.more, u64::try_from(expected.len().saturating_sub(most)).unwrap());
        }
    }

    #[test]
    fn what_lies_between_makes_the_list_shorter_and_no_prefix_wider(
        inner in prop::collection::vec(interval(Version::V4), 0..6),
        between in prop::collection::vec(interval(Version::V4), 0..6),
    ) {
        let space = space(Version::V4);
        let inner = space.in_intervals(Part::Source, inner).unwrap();
        let outer = space.or(&inner, &space.in_intervals(Part::Source, between).unwrap()).unwrap();
        let found = space.prefixes_between(&inner, &outer, Part::Source, usize::MAX).unwrap();
        let listed = space.in_prefixes(Part::Source, &found.listed).unwrap();
        prop_assert!(space.minus(&inner, &listed).unwrap().is_empty());
        prop_assert!(space.minus(&listed, &outer).unwrap().is_empty());
        prop_assert!(found.count() <= space.prefixes(&inner, Part::Source, 0).unwrap().count());
        for prefix in found.listed {
            let within = space.and(&inner, &space.prefix(Part::Source, prefix).unwrap()).unwrap();
            let lowest = space.intervals(&within, &space.word(Part::Source), usize::MAX).unwrap().listed;
            let (first, last) = (lowest.first().unwrap().low, lowest.last().unwrap().high);
            let shared = (first ^ last).checked_ilog2().map_or(32, |bit| 31 - bit);
            prop_assert_eq!(u32::from(prefix.length), shared, "{}", prefix);
        }
    }

    #[test]
    fn ranges_of_ports_are_those_asked_for(
        ports in prop::collection::vec((any::<u16>(), 0..300_u16), 0..10),
    ) {
        let space = space(Version::V6);
        let intervals: Vec<Interval> = ports
            .iter()
            .map(|(low, more)| Interval { low: (*low).into(), high: low.saturating_add(*more).into() })
            .collect();
        for part in [Part::SourcePort, Part::DestinationPort] {
            let set = space.in_intervals(part, intervals.clone()).unwrap();
            let found = space.ranges(&set, part).unwrap();
            let found: Vec<Interval> =
                found.iter().map(|range| Interval { low: (*range.start()).into(), high: (*range.end()).into() }).collect();
            prop_assert_eq!(found, merged(&intervals));
        }
    }
}

#[test]
fn counts_are_exact_where_nobody_could_list_them() {
    let space = space(Version::V6);
    let word = space.word(Part::Source);
    // Every odd address: as many prefixes as there can be.
    let odd = space.bits_at(crate::ir::PayloadBase::Network, 64 + 127, 1);
    let odd = space.within(&odd, Interval::single(1)).unwrap().yes;
    let found = space.prefixes(&odd, Part::Source, 2).unwrap();
    assert_eq!(found.listed.iter().map(ToString::to_string).collect::<Vec<_>>(), ["::1/128", "::3/128"]);
    assert_eq!(found.more, u64::MAX);
    // The same among the 2^40 addresses of a prefix.
    let prefix = Prefix::new("2001:db8::".parse().unwrap(), 88);
    let some = space.and(&odd, &space.prefix(Part::Source, prefix).unwrap()).unwrap();
    assert_eq!(space.prefixes(&some, Part::Source, 3).unwrap().more, (1 << 39) - 3);
    assert_eq!(space.intervals(&some, &word, 3).unwrap().more, (1 << 39) - 3);
    assert_eq!(
        space.intervals(&space.all(), &word, 3).unwrap().listed,
        [Interval { low: 0, high: u128::MAX }]
    );
}

#[test]
fn prefixes_of_the_other_version_hold_nothing() {
    let space = space(Version::V4);
    let prefix = Prefix::new("::".parse().unwrap(), 0);
    assert!(space.prefix(Part::Source, prefix).unwrap().is_empty());
    assert!(space.range(Part::SourcePort, 5, 4).unwrap().is_empty());
    assert_eq!(space.prefixes(&space.all(), Part::SourcePort, 9).unwrap().count(), 0);
}
