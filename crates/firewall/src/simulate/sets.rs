//! Sets made ready for lookups whose cost does not grow with the set beyond its logarithm.
//!
//! One part: disjoint intervals, sorted. Several parts: a hash table where all are single numbers, otherwise a tree of
//! sorted intervals, one level for each part, as long as the intervals of a level do not overlap. What remains (overlapping
//! concatenations) is searched in the order of the dump, which is the kernel's (`net/netfilter/nft_set_pipapo.c`: the match with the lowest index wins).

use rustc_hash::FxHashMap;

use crate::ir::{DataKind, Element, Interval, Set};
use crate::packet::{Bits, mask};

/// A set ready for lookups.
#[derive(Debug)]
pub(super) struct Index {
    widths: Vec<u16>,
    shape: Shape,
    /// The catch-all element.
    rest: Option<usize>,
}

#[derive(Debug)]
enum Shape {
    Sorted(Vec<(u128, u128, usize)>),
    Exact(FxHashMap<Box<[u128]>, usize>),
    Tree(Level),
    Listed(Vec<usize>),
}

#[derive(Debug)]
enum Level {
    Inner(Vec<(u128, u128, Level)>),
    Last(Vec<(u128, u128, usize)>),
}

/// What a lookup gives: indices of elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// This element.
    Element(usize),
    /// None.
    Nothing,
    /// One of these, and none where `nothing`: the key is partly open.
    OneOf {
        /// Elements, one for each distinct outcome.
        elements: Vec<usize>,
        /// Perhaps none.
        nothing: bool,
    },
}

impl Index {
    pub(super) fn new(set: &Set) -> Self {
        let rest = set.elements.iter().position(|element| element.key.is_empty());
        let widths = set.key.iter().map(|key| key.width).collect::<Vec<_>>();
        let all = (0..set.elements.len()).filter(|at| element(set, *at).is_some_and(|e| !e.key.is_empty()));
        let all = all.collect::<Vec<_>>();
        let shape = if widths.len() <= 1 { sorted(set, &all) } else { many(set, &all, widths.len()) };
        Self { widths, shape, rest }
    }

    /// The elements of a set with one part as disjoint intervals, sorted; what they overlap in belongs to the one that counts.
    pub(super) fn intervals(&self) -> Option<&[(u128, u128, usize)]> {
        match &self.shape {
            Shape::Sorted(list) => Some(list),
            _ => None,
        }
    }

    /// Whether no two elements can hold the same key.
    pub(super) fn is_disjoint(&self) -> bool {
        !matches!(self.shape, Shape::Listed(_))
    }

    /// The catch-all element.
    pub(super) fn rest(&self) -> Option<usize> {
        self.rest
    }

    /// The element of a key. The parts of the key are cut to the widths of the set.
    pub(super) fn find(&self, set: &Set, key: &[Bits]) -> Found {
        if key.len() != self.widths.len() {
            return Found::OneOf {
                elements: Self::distinct(set, (0..set.elements.len()).collect()),
                nothing: true,
            };
        }
        let mut exact = [0_u128; 8];
        let mut known = key.len() <= exact.len();
        for ((slot, bits), width) in exact.iter_mut().zip(key).zip(&self.widths) {
            match bits.exact(*width) {
                Some(value) => *slot = value,
                None => known = false,
            }
        }
        match exact.get(..key.len()).filter(|_| known) {
            Some(values) => self.find_exact(set, values).or(self.rest).map_or(Found::Nothing, Found::Element),
            None => self.find_open(set, key),
        }
    }

    fn find_exact(&self, set: &Set, key: &[u128]) -> Option<usize> {
        match &self.shape {
            Shape::Sorted(list) => search(list, *key.first()?).copied(),
            Shape::Exact(table) => table.get(key).copied(),
            Shape::Tree(level) => level.find(key),
            Shape::Listed(list) => list.iter().copied().find(|at| {
                element(set, *at)
                    .is_some_and(|e| e.key.iter().zip(key).all(|(part, value)| part.contains(*value)))
            }),
        }
    }

    /// Every element that the open bits allow; one that holds whatever they are ends the search.
    fn find_open(&self, set: &Set, key: &[Bits]) -> Found {
        let hulls = key.iter().zip(&self.widths).map(|(bits, width)| hull(*bits, *width)).collect::<Vec<_>>();
        let mut possible = Vec::new();
        let mut certain = false;
        for (at, element) in set.elements.iter().enumerate().filter(|(_, element)| !element.key.is_empty()) {
            let mut meets = true;
            let mut holds = true;
            for ((part, whole), bits) in element.key.iter().zip(&hulls).zip(key) {
                meets &= part.low <= whole.high && whole.low <= part.high && agrees(*part, *bits);
                holds &= part.low <= whole.low && whole.high <= part.high;
            }
            if meets {
                possible.push(at);
                certain |= holds;
            }
        }
        if possible.is_empty() {
            return self.rest.map_or(Found::Nothing, Found::Element);
        }
        if !certain {
            possible.extend(self.rest);
        }
        let nothing = !certain && self.rest.is_none();
        let elements = Self::distinct(set, possible);
        match elements.as_slice() {
            [only] if !nothing => Found::Element(*only),
            _ => Found::OneOf { elements, nothing },
        }
    }

    /// One element for each distinct data: the others lead to the same.
    fn distinct(set: &Set, elements: Vec<usize>) -> Vec<usize> {
        if set.data == DataKind::None {
            return elements.into_iter().take(1).collect();
        }
        let mut seen: Vec<usize> = Vec::new();
        for at in elements {
            let data = element(set, at).map(|e| &e.data);
            if !seen.iter().any(|other| element(set, *other).map(|e| &e.data) == data) {
                seen.push(at);
            }
        }
        seen
    }
}

impl Level {
    fn find(&self, key: &[u128]) -> Option<usize> {
        let (first, others) = key.split_first()?;
        match self {
            Self::Last(list) => search(list, *first).copied(),
            Self::Inner(list) => search(list, *first)?.find(others),
        }
    }
}

fn element(set: &Set, at: usize) -> Option<&Element> {
    set.elements.get(at)
}

fn search<T>(list: &[(u128, u128, T)], value: u128) -> Option<&T> {
    let after = list.partition_point(|(low, _, _)| *low <= value);
    let (_, high, found) = list.get(after.checked_sub(1)?)?;
    (value <= *high).then_some(found)
}

/// The smallest and the largest number that the open bits allow.
pub(super) fn hull(bits: Bits, width: u16) -> Interval {
    let known = bits.known & mask(width);
    let low = bits.value & known;
    Interval { low, high: low | (mask(width) & !known) }
}

/// Whether a single number agrees with the known bits. An interval of several is taken to.
fn agrees(part: Interval, bits: Bits) -> bool {
    part.low != part.high || (part.low ^ bits.value) & bits.known == 0
}

fn interval(set: &Set, at: usize, part: usize) -> Option<Interval> {
    element(set, at)?.key.get(part).copied()
}

/// One part: intervals cut into disjoint ones. Where they overlap (ipsets of networks) the narrowest wins
/// (`net/netfilter/ipset/ip_set_hash_gen.h`: the longest prefix first).
fn sorted(set: &Set, all: &[usize]) -> Shape {
    let mut list =
        all.iter().filter_map(|at| interval(set, *at, 0).map(|i| (i.low, i.high, *at))).collect::<Vec<_>>();
    list.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
    if disjoint(&list) {
        return Shape::Sorted(list);
    }
    Shape::Sorted(paint(&list))
}

fn disjoint<T>(list: &[(u128, u128, T)]) -> bool {
    list.windows(2).all(|pair| matches!(pair, [a, b] if a.1 < b.0))
}

/// Cuts nested intervals (sorted by start, wider first) so that the innermost one holds each number.
fn paint(list: &[(u128, u128, usize)]) -> Vec<(u128, u128, usize)> {
    let mut out: Vec<(u128, u128, usize)> = Vec::new();
    let mut open: Vec<(u128, usize)> = Vec::new();
    let mut from = 0_u128;
    let close = |open: &mut Vec<(u128, usize)>, out: &mut Vec<_>, from: &mut u128, until: Option<u128>| {
        while let Some((high, at)) = open.last().copied() {
            if until.is_some_and(|until| high >= until) {
                break;
            }
            if *from <= high {
                out.push((*from, high, at));
                *from = high.saturating_add(1);
            }
            open.pop();
        }
    };
    for (low, high, at) in list {
        close(&mut open, &mut out, &mut from, Some(*low));
        if let Some((_, outer)) = open.last()
            && from < *low
        {
            out.push((from, *low - 1, *outer));
        }
        from = *low;
        open.push((*high, *at));
    }
    close(&mut open, &mut out, &mut from, None);
    out
}

fn many(set: &Set, all: &[usize], parts: usize) -> Shape {
    let single =
        |at: &usize| element(set, *at).is_some_and(|e| e.key.iter().all(|part| part.low == part.high));
    if all.iter().all(single) {
        let mut table = FxHashMap::default();
        for at in all {
            if let Some(found) = element(set, *at) {
                table.entry(found.key.iter().map(|part| part.low).collect()).or_insert(*at);
            }
        }
        return Shape::Exact(table);
    }
    level(set, all, 0, parts).map_or_else(|| Shape::Listed(all.to_vec()), Shape::Tree)
}

/// A level of the tree; `None` where intervals overlap without being equal.
fn level(set: &Set, members: &[usize], part: usize, parts: usize) -> Option<Level> {
    let mut groups: Vec<(u128, u128, Vec<usize>)> = Vec::new();
    let mut sorted = members.to_vec();
    sorted.sort_by_key(|at| interval(set, *at, part));
    for at in sorted {
        let found = interval(set, at, part)?;
        match groups.last_mut() {
            Some((low, high, group)) if *low == found.low && *high == found.high => group.push(at),
            _ => groups.push((found.low, found.high, vec![at])),
        }
    }
    if !disjoint(&groups) {
        return None;
    }
    if part + 1 == parts {
        let last = groups.into_iter().map(|(low, high, group)| Some((low, high, group.into_iter().min()?)));
        return Some(Level::Last(last.collect::<Option<_>>()?));
    }
    let inner =
        groups.into_iter().map(|(low, high, group)| Some((low, high, level(set, &group, part + 1, parts)?)));
    Some(Level::Inner(inner.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ir::{Data, Family, Key};

    fn set(widths: &[u16], elements: Vec<Vec<Interval>>) -> Set {
        Set {
            family: Family::Inet,
            table: "t".to_owned(),
            name: "s".to_owned(),
            anonymous: false,
            key: widths.iter().map(|width| Key { name: String::new(), width: *width }).collect(),
            data: DataKind::None,
            interval: true,
            dynamic: false,
            size: None,
            elements: elements
                .into_iter()
                .map(|key| Element { key, data: Data::None, stateful: None, excluded: false })
                .collect(),
            incomplete: None,
        }
    }

    fn interval() -> impl Strategy<Value = Interval> {
        (0_u128..64, 0_u16..=6).prop_map(|(value, length)| Interval::prefix(value, length, 6))
    }

    proptest! {
        /// Networks inside networks: the narrowest that holds the number, as by looking at each.
        #[test]
        fn the_narrowest_network_wins(elements in prop::collection::vec(interval(), 0..12), key in 0_u128..64) {
            let set = set(&[6], elements.iter().map(|interval| vec![*interval]).collect());
            let found = Index::new(&set).find(&set, &[Bits::all(key)]);
            let width = |interval: &Interval| interval.high - interval.low;
            let best = elements.iter().filter(|interval| interval.contains(key)).map(width).min();
            match found {
                Found::Element(at) => {
                    prop_assert!(elements[at].contains(key));
                    prop_assert_eq!(Some(width(&elements[at])), best);
                }
                other => {
                    prop_assert_eq!(other, Found::Nothing);
                    prop_assert_eq!(best, None);
                }
            }
        }

        /// Concatenations of intervals: the first that holds the key, as by looking at each.
        #[test]
        fn the_first_concatenation_wins(
            elements in prop::collection::vec((interval(), interval()), 0..8),
            key in (0_u128..64, 0_u128..64),
        ) {
            let set = set(&[6, 6], elements.iter().map(|(a, b)| vec![*a, *b]).collect());
            let first = elements.iter().position(|(a, b)| a.contains(key.0) && b.contains(key.1));
            let found = Index::new(&set).find(&set, &[Bits::all(key.0), Bits::all(key.1)]);
            prop_assert_eq!(found, first.map_or(Found::Nothing, Found::Element));
        }

        /// An open key is answered by what all its completions have in common.
        #[test]
        fn an_open_key_covers_its_completions(
            elements in prop::collection::vec(interval(), 0..6),
            value in 0_u128..64,
            known in 0_u128..64,
        ) {
            let set = set(&[6], elements.iter().map(|interval| vec![*interval]).collect());
            let index = Index::new(&set);
            let open = index.find(&set, &[Bits::partly(value & known, known | !63)]);
            let mut hits = 0;
            let mut misses = 0;
            for free in 0..64 {
                let key = (value & known) | (free & !known & 63);
                match index.find(&set, &[Bits::all(key)]) {
                    Found::Nothing => misses += 1,
                    _ => hits += 1,
                }
            }
            match open {
                Found::Element(_) => prop_assert_eq!(misses, 0),
                Found::Nothing => prop_assert_eq!(hits, 0),
                Found::OneOf { nothing, .. } => prop_assert!(nothing || misses == 0),
            }
        }
    }

    #[test]
    fn the_catch_all_answers_for_the_rest() {
        let mut set = set(&[6], vec![vec![Interval::single(3)], Vec::new()]);
        set.elements[1].key.clear();
        let index = Index::new(&set);
        assert_eq!(index.find(&set, &[Bits::all(3)]), Found::Element(0));
        assert_eq!(index.find(&set, &[Bits::all(4)]), Found::Element(1));
    }
}
