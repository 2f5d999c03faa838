//! Sets cut into products.

use proptest::prelude::*;

use super::super::{Part, Set};
use super::space;
use crate::ir::{Interval, Version};

fn interval(largest: u128) -> impl Strategy<Value = Interval> {
    (0..=largest, 0..=largest).prop_map(|(a, b)| Interval { low: a.min(b), high: a.max(b) })
}

proptest! {
    #[test]
    fn products_are_the_set_and_differ(
        ways in prop::collection::vec((interval(40), interval(6), interval(6), interval(3)), 0..5),
        most in 1..12_usize,
    ) {
        let space = space(Version::V4);
        let sets: Vec<Set> = ways.iter().map(|(source, source_port, port, flags)| {
            [(Part::Source, source), (Part::SourcePort, source_port), (Part::DestinationPort, port), (Part::TcpFlags, flags)]
                .into_iter()
                .fold(space.all(), |sum, (part, interval)| {
                    space.and(&sum, &space.range(part, interval.low, interval.high).unwrap()).unwrap()
                })
        }).collect();
        let set = space.union(&sets).unwrap();
        for parts in [&[Part::Source][..], &[Part::SourcePort], &[Part::Source, Part::DestinationPort]] {
            let all = space.split(&set, parts, usize::MAX).unwrap().unwrap();
            let some = space.split(&set, parts, most).unwrap();
            prop_assert_eq!(some.is_some(), all.len() <= most);
            let mut sum = space.none();
            for (at, product) in all.iter().enumerate() {
                prop_assert!(!product.keys.is_empty() && !product.rest.is_empty());
                prop_assert_eq!(&space.onto(&product.keys, parts).unwrap(), &product.keys);
                prop_assert_eq!(&space.exists(&product.rest, parts).unwrap(), &product.rest);
                for other in all.get(at + 1..).unwrap() {
                    prop_assert!(space.and(&product.keys, &other.keys).unwrap().is_empty());
                    prop_assert_ne!(&product.rest, &other.rest);
                }
                sum = space.or(&sum, &space.and(&product.keys, &product.rest).unwrap()).unwrap();
            }
            prop_assert_eq!(&sum, &set);
        }
    }
}
