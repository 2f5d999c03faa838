//! The operations on sets, packet by packet.

use proptest::prelude::*;

use super::super::{Bit, Part, Set, Space, Word};
use super::space;
use crate::ir::{Interval, PayloadBase, Version};

/// Bits of packets that the sets of these tests ask for, in an order that is not that of the diagrams: a few of each part.
fn bits(space: &Space) -> Vec<u32> {
    let take = |part: Part, from: usize, count: usize| {
        space.word(part).variables().skip(from).take(count).collect::<Vec<_>>()
    };
    let ttl = space.bits_at(PayloadBase::Network, 64, 2);
    [
        take(Part::Source, 3, 3),
        take(Part::SourcePort, 14, 2),
        take(Part::DestinationPort, 0, 2),
        take(Part::Destination, 30, 1),
        take(Part::TcpFlags, 6, 1),
        ttl.variables().collect(),
    ]
    .concat()
}

/// Number of `bits`.
const BITS: usize = 11;
/// Those of the source.
const SOURCE: [usize; 3] = [0, 1, 2];

#[derive(Debug, Clone)]
enum Shape {
    Bit(usize),
    Within(Vec<WordBit>, Interval),
    Not(Box<Shape>),
    And(Box<Shape>, Box<Shape>),
    Or(Box<Shape>, Box<Shape>),
    Minus(Box<Shape>, Box<Shape>),
    Union(Vec<Shape>),
    /// Some choice of the source's bits.
    Exists(Box<Shape>),
    /// Some choice of all bits but the source's.
    Onto(Box<Shape>),
    /// Every choice of all bits but the source's.
    Throughout(Box<Shape>),
}

#[derive(Debug, Clone, Copy)]
enum WordBit {
    Constant(bool),
    Of(usize),
}

impl Shape {
    fn set(&self, space: &Space) -> Set {
        let bits = bits(space);
        let set = |shape: &Self| shape.set(space);
        match self {
            Self::Bit(number) => space
                .within(&word(&bits, &[WordBit::Of(*number)]), Interval::single(1))
                .map(|split| split.yes),
            Self::Within(parts, interval) => {
                let split = space.within(&word(&bits, parts), *interval).unwrap();
                assert_eq!(split.no, space.not(&split.yes).unwrap());
                Ok(split.yes)
            }
            Self::Not(a) => space.not(&set(a)),
            Self::And(a, b) => space.and(&set(a), &set(b)),
            Self::Or(a, b) => space.or(&set(a), &set(b)),
            Self::Minus(a, b) => space.minus(&set(a), &set(b)),
            Self::Union(all) => space.union(&all.iter().map(set).collect::<Vec<_>>()),
            Self::Exists(a) => space.exists(&set(a), &[Part::Source]),
            Self::Onto(a) => space.onto(&set(a), &[Part::Source]),
            Self::Throughout(a) => space.throughout(&set(a), &[Part::Source]),
        }
        .unwrap()
    }

    fn holds(&self, packet: u32) -> bool {
        match self {
            Self::Bit(number) => bit(packet, *number),
            Self::Within(parts, interval) => {
                let value = parts.iter().fold(0_u128, |sum, part| {
                    sum << 1
                        | u128::from(match part {
                            WordBit::Constant(one) => *one,
                            WordBit::Of(number) => bit(packet, *number),
                        })
                });
                (interval.low..=interval.high).contains(&value)
            }
            Self::Not(a) => !a.holds(packet),
            Self::And(a, b) => a.holds(packet) && b.holds(packet),
            Self::Or(a, b) => a.holds(packet) || b.holds(packet),
            Self::Minus(a, b) => a.holds(packet) && !b.holds(packet),
            Self::Union(all) => all.iter().any(|a| a.holds(packet)),
            Self::Exists(a) => choices(packet, true).any(|packet| a.holds(packet)),
            Self::Onto(a) => choices(packet, false).any(|packet| a.holds(packet)),
            Self::Throughout(a) => choices(packet, false).all(|packet| a.holds(packet)),
        }
    }
}

fn bit(packet: u32, number: usize) -> bool {
    packet >> number & 1 == 1
}

/// The packet with every choice of the source's bits, or of all others.
fn choices(packet: u32, of_source: bool) -> impl Iterator<Item = u32> {
    let source = SOURCE.iter().fold(0_u32, |mask, number| mask | 1 << number);
    let open = if of_source { source } else { !source & ((1 << BITS) - 1) };
    (0..1_u32 << BITS).filter(move |choice| choice & !open == packet & !open)
}

fn word(bits: &[u32], parts: &[WordBit]) -> Word {
    Word(
        parts
            .iter()
            .map(|part| match part {
                WordBit::Constant(true) => Bit::One,
                WordBit::Constant(false) => Bit::Zero,
                WordBit::Of(number) => Bit::Variable(bits[*number]),
            })
            .collect(),
    )
}

/// Whether the packet is in the set; what the set asks for otherwise is 0.
fn contains(space: &Space, set: &Set, packet: u32) -> bool {
    let bits = bits(space);
    let wanted = (0..bits.len()).fold(space.all(), |sum, number| {
        let word = Word([Bit::Variable(bits[number])].into_iter().collect());
        space.and(&sum, &space.exactly(&word, u128::from(bit(packet, number))).unwrap()).unwrap()
    });
    !space.and(set, &wanted).unwrap().is_empty()
}

fn shape() -> impl Strategy<Value = Shape> {
    let part =
        || prop_oneof![1 => any::<bool>().prop_map(WordBit::Constant), 4 => (0..BITS).prop_map(WordBit::Of)];
    let within = (prop::collection::vec(part(), 1..7), 0..64_u128, 0..64_u128).prop_map(|(parts, a, b)| {
        // A bit that stands twice in a word is not what headers do.
        let mut seen = Vec::new();
        let once = |part: &WordBit| match part {
            WordBit::Constant(_) => true,
            WordBit::Of(number) if seen.contains(number) => false,
            WordBit::Of(number) => {
                seen.push(*number);
                true
            }
        };
        Shape::Within(parts.into_iter().filter(once).collect(), Interval { low: a.min(b), high: a.max(b) })
    });
    let leaf = prop_oneof![1 => (0..BITS).prop_map(Shape::Bit), 3 => within];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(Shape::Not),
            (boxed(), boxed()).prop_map(|(a, b)| Shape::And(a, b)),
            (boxed(), boxed()).prop_map(|(a, b)| Shape::Or(a, b)),
            (boxed(), boxed()).prop_map(|(a, b)| Shape::Minus(a, b)),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Shape::Union),
            boxed().prop_map(Shape::Exists),
            boxed().prop_map(Shape::Onto),
            boxed().prop_map(Shape::Throughout),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn sets_hold_the_packets_that_their_shape_says(shape in shape(), packets in prop::collection::vec(0..1_u32 << BITS, 24)) {
        let space = space(Version::V4);
        let set = shape.set(&space);
        for packet in packets {
            prop_assert_eq!(contains(&space, &set, packet), shape.holds(packet), "{:b}", packet);
        }
    }

    #[test]
    fn a_lost_bit_leaves_only_what_holds_for_both(
        parts in prop::collection::vec(prop_oneof![2 => Just(None), 3 => (0..BITS).prop_map(Some)], 1..7),
        a in 0..64_u128,
        b in 0..64_u128,
        packet in 0..1_u32 << BITS,
    ) {
        let space = space(Version::V4);
        let bits = bits(&space);
        let mut seen = Vec::new();
        let parts: Vec<Option<usize>> = parts.into_iter().filter(|part| part.is_none_or(|number| {
            let new = !seen.contains(&number);
            seen.push(number);
            new
        })).collect();
        let word = Word(parts.iter().map(|part| part.map_or(Bit::Lost, |number| Bit::Variable(bits[number]))).collect());
        let interval = Interval { low: a.min(b), high: a.max(b) };
        let split = space.within(&word, interval).unwrap();
        let values: Vec<u128> = (0..1_u32 << parts.len()).filter_map(|lost| {
            parts.iter().enumerate().try_fold(0_u128, |sum, (at, part)| {
                let one = match part {
                    Some(_) if bit(lost, at) => return None,
                    Some(number) => bit(packet, *number),
                    None => bit(lost, at),
                };
                Some(sum << 1 | u128::from(one))
            })
        }).collect();
        let inside = |value: &u128| (interval.low..=interval.high).contains(value);
        prop_assert_eq!(contains(&space, &split.yes, packet), values.iter().all(inside));
        prop_assert_eq!(contains(&space, &split.no, packet), !values.iter().any(inside));
    }
}
