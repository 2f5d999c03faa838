//! The values that a field has in a set, in words.

use super::build::address_of;
use super::fields::{Field, FieldKind};
use super::set::{Set, Space, TooComplex};
use super::word::Word;
use crate::ir::{Interval, Version};
use crate::packet::{TCP_FLAGS, icmp_type_name};

/// Most single combinations of TCP flags that are written out.
const COMBINATIONS: usize = 4;

/// A value in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) words: String,
    /// The words say all of it.
    pub(super) exact: bool,
}

/// What a set, which asks for this field only, says of it. At most `most` values are written out.
pub(super) fn tell(
    space: &Space,
    set: &Set,
    field: &Field,
    word: &Word,
    most: usize,
) -> Result<Told, TooComplex> {
    let (list, more) = match field.kind {
        FieldKind::TcpFlags => match flags(space, set, word)? {
            Some(words) => return Ok(Told { words, exact: true }),
            None => intervals(space, set, word, most, &|number| format!("{number:#04x}"))?,
        },
        FieldKind::Source | FieldKind::Destination => addresses(space, set, field, word, most)?,
        FieldKind::IcmpType => intervals(space, set, word, most, &|number| icmp(space.version(), number))?,
        FieldKind::EtherSource | FieldKind::EtherDestination => intervals(space, set, word, most, &mac)?,
        _ => intervals(space, set, word, most, &|number| number.to_string())?,
    };
    let more_words = if more > 0 { format!(" and {more} more") } else { String::new() };
    Ok(Told { words: format!("{} {}{more_words}", field.name, list.join(", ")), exact: more == 0 })
}

/// Prefixes, or intervals where those are fewer.
fn addresses(
    space: &Space,
    set: &Set,
    field: &Field,
    word: &Word,
    most: usize,
) -> Result<(Vec<String>, u64), TooComplex> {
    let whole = if space.version() == Version::V4 { 32 } else { 128 };
    let part = field.part().unwrap_or(super::Part::Source);
    let prefixes = space.prefixes(set, part, most)?;
    let ranges = space.intervals(set, word, most)?;
    if ranges.count() < prefixes.count() {
        let address = |number| address_of(space.version(), number).to_string();
        return Ok((ranges.listed.iter().map(|range| ends(*range, &address)).collect(), ranges.more));
    }
    let written = prefixes
        .listed
        .iter()
        .map(|prefix| if prefix.length == whole { prefix.address.to_string() } else { prefix.to_string() });
    Ok((written.collect(), prefixes.more))
}

fn intervals(
    space: &Space,
    set: &Set,
    word: &Word,
    most: usize,
    show: &dyn Fn(u128) -> String,
) -> Result<(Vec<String>, u64), TooComplex> {
    let found = space.intervals(set, word, most)?;
    Ok((found.listed.iter().map(|interval| ends(*interval, show)).collect(), found.more))
}

fn ends(interval: Interval, show: &dyn Fn(u128) -> String) -> String {
    if interval.low == interval.high {
        show(interval.low)
    } else {
        format!("{}-{}", show(interval.low), show(interval.high))
    }
}

/// "tcp flags syn", "tcp flags syn or syn,ack", and as `nft` writes "of these flags only those": "tcp flags syn / syn,ack". Nothing
/// where it takes more words.
fn flags(space: &Space, set: &Set, word: &Word) -> Result<Option<String>, TooComplex> {
    let (mut value, mut mask) = (0, 0);
    let mut product = space.all();
    for (place, (_, flag)) in (0..8_u16).rev().zip(TCP_FLAGS) {
        let bit = Word(word.0.iter().skip(usize::from(place)).take(1).copied().collect());
        let shadow = space.onto_word(set, &bit)?;
        if !shadow.is_all() {
            mask |= u128::from(flag);
            value |= if shadow == space.exactly(&bit, 1)? { u128::from(flag) } else { 0 };
            product = space.and(&product, &shadow)?;
        }
    }
    if product == *set && mask != 0xff {
        return Ok(Some(format!("tcp flags {} / {}", combination(value), combination(mask))));
    }
    let found = space.intervals(set, word, COMBINATIONS)?;
    let values: Vec<u128> = found
        .listed
        .iter()
        .flat_map(|interval| interval.low..=interval.high)
        .take(COMBINATIONS + 1)
        .collect();
    if found.more > 0 || values.len() > COMBINATIONS {
        return Ok(None);
    }
    Ok(Some(format!("tcp flags {}", values.into_iter().map(combination).collect::<Vec<_>>().join(" or "))))
}

fn combination(flags: u128) -> String {
    let set: Vec<&str> =
        TCP_FLAGS.iter().filter(|(_, bit)| flags & u128::from(*bit) != 0).map(|(name, _)| *name).collect();
    if set.is_empty() { "none".to_owned() } else { set.join(",") }
}

fn icmp(version: Version, number: u128) -> String {
    let name = u8::try_from(number).ok().and_then(|kind| icmp_type_name(version, kind));
    name.map_or_else(|| number.to_string(), str::to_owned)
}

fn mac(number: u128) -> String {
    let bytes: Vec<String> = number.to_be_bytes().iter().skip(10).map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}
