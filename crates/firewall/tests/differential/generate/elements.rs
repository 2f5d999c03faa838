//! Elements of sets and maps: distinct, and disjoint where they are intervals.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::fields::Kind;
use super::pool;
use super::random::Random;

/// Whether elements may be intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Single,
    Interval,
}

/// At least one and at most `count` elements, no two of which have a value in common.
pub(crate) fn disjoint(kind: Kind, shape: Shape, count: usize, random: &mut Random) -> Vec<String> {
    match kind {
        Kind::Words(words) | Kind::Flags(words) => some(words, count, random),
        Kind::Name if shape == Shape::Interval => {
            some(&["\"eth*\"", "\"br0\"", "\"lo\"", "\"p*\""], count, random)
        }
        Kind::Name => {
            let names = some(pool::INTERFACES, count, random);
            names.into_iter().map(|name| format!("\"{name}\"")).collect()
        }
        Kind::Ether => some(
            &[
                "02:00:00:00:00:10",
                "02:00:00:00:00:12",
                "02:00:00:00:01:10",
                "02:00:00:00:01:21",
                "ff:ff:ff:ff:ff:ff",
            ],
            count,
            random,
        ),
        Kind::V4 | Kind::V6 | Kind::Port | Kind::Mark | Kind::Numbers(_) => {
            numeric(kind, shape, count, random)
        }
    }
}

fn some(words: &[&str], count: usize, random: &mut Random) -> Vec<String> {
    let mut chosen: Vec<String> = Vec::new();
    for _ in 0..count {
        let word = (*random.pick(words)).to_owned();
        if !chosen.contains(&word) {
            chosen.push(word);
        }
    }
    chosen
}

fn numeric(kind: Kind, shape: Shape, count: usize, random: &mut Random) -> Vec<String> {
    let mut values: Vec<u128> = (0..count * 2).map(|_| number(kind, random)).collect();
    values.sort_unstable();
    values.dedup();
    let mut rest = values.as_slice();
    let mut elements = Vec::new();
    while let [first, others @ ..] = rest {
        rest = others;
        match others {
            [last, behind @ ..] if shape == Shape::Interval && random.percent(50) => {
                elements.push(format!("{}-{}", show(kind, *first), show(kind, *last)));
                rest = behind;
            }
            // A network that ends before the next value begins.
            [next, ..] if shape == Shape::Interval && random.percent(30) => {
                elements.push(network(kind, *first, *next));
            }
            _ => elements.push(show(kind, *first)),
        }
    }
    while elements.len() > count {
        let at = random.below(elements.len());
        elements.remove(at);
    }
    elements
}

fn number(kind: Kind, random: &mut Random) -> u128 {
    match kind {
        Kind::V4 => u32::from(pool::v4(random)).into(),
        Kind::V6 => pool::v6(random).into(),
        Kind::Port => (*random.pick(pool::PORTS)).into(),
        Kind::Mark => (*random.pick(pool::MARKS)).into(),
        Kind::Numbers(numbers) => (*random.pick(numbers)).into(),
        _ => 0,
    }
}

fn show(kind: Kind, value: u128) -> String {
    match kind {
        Kind::V4 => Ipv4Addr::from(value as u32).to_string(),
        Kind::V6 => Ipv6Addr::from(value).to_string(),
        Kind::Mark => format!("{value:#x}"),
        _ => value.to_string(),
    }
}

/// The widest network that begins at `first` and ends before `next`.
fn network(kind: Kind, first: u128, next: u128) -> String {
    let width = match kind {
        Kind::V4 => 32,
        Kind::V6 => 128,
        _ => return show(kind, first),
    };
    let mut free = first.trailing_zeros().min(width - 8);
    while free > 0 && first + ((1 << free) - 1) >= next {
        free -= 1;
    }
    format!("{}/{}", show(kind, first), width - free)
}
