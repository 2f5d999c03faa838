//! A set's addresses as the shortest list of prefixes.
//!
//! Counted with one visit for each node of the diagram, listed only as far as asked for: a set of 100,000 networks costs no more
//! than its diagram.

use rustc_hash::FxHashMap;

use super::build::prefix_of;
use super::diagram::Cursor;
use super::layout::Part;
use super::set::{Set, Space, TooComplex};
use crate::ir::Version;
use crate::network::Prefix;

/// The beginning of a list of prefixes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prefixes {
    /// The lowest ones, in order. They do not overlap.
    pub listed: Vec<Prefix>,
    /// How many there are beyond those; [`u64::MAX`] stands for that many or more.
    pub more: u64,
}

impl Prefixes {
    /// How many there are in all.
    pub fn count(&self) -> u64 {
        u64::try_from(self.listed.len()).unwrap_or(u64::MAX).saturating_add(self.more)
    }
}

impl Space {
    /// The addresses for which some packet lies in the set, as the shortest list of prefixes, at most `most` of them.
    ///
    /// `part` is [`Part::Source`] or [`Part::Destination`]; of other parts nothing is listed.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn prefixes(&self, set: &Set, part: Part, most: usize) -> Result<Prefixes, TooComplex> {
        self.prefixes_between(set, set, part, most)
    }

    /// The shortest list of prefixes that holds all addresses of `inner` and none that is not in `outer`: what lies between is
    /// listed where that makes the list shorter, and each prefix is as narrow as the addresses of `inner` in it allow.
    /// `inner` must lie in `outer`.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn prefixes_between(
        &self,
        inner: &Set,
        outer: &Set,
        part: Part,
        most: usize,
    ) -> Result<Prefixes, TooComplex> {
        if !matches!(part, Part::Source | Part::Destination) {
            return Ok(Prefixes::default());
        }
        let (inner, outer) = (self.onto(inner, &[part])?, self.onto(outer, &[part])?);
        let word = self.word(part);
        let first = word.variables().next().unwrap_or_default();
        let width = u32::try_from(word.width()).unwrap_or_default();
        let version = self.version();
        Ok(inner.look_with(&outer, |inner, outer| {
            let mut walk = Walk { version, first, width, counted: FxHashMap::default() };
            let pair = Pair { inner, outer };
            let count = walk.count(pair, 0);
            let mut listed = Vec::new();
            walk.list(pair, 0, 0, most, &mut listed);
            let more = count - u128::try_from(listed.len()).unwrap_or_default().min(count);
            Prefixes { listed, more: u64::try_from(more).unwrap_or(u64::MAX) }
        }))
    }
}

/// What must be listed, and what may be.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Pair<'a, 'id: 'a> {
    inner: Cursor<'a, 'id>,
    outer: Cursor<'a, 'id>,
}

impl Pair<'_, '_> {
    fn halves(self, variable: u32) -> (Self, Self) {
        let (inner, outer) = (self.inner.halves(variable), self.outer.halves(variable));
        (Self { inner: inner.0, outer: outer.0 }, Self { inner: inner.1, outer: outer.1 })
    }

    /// The variable that either asks for first.
    fn first(self) -> Option<u32> {
        [self.inner.first(), self.outer.first()].into_iter().flatten().min()
    }
}

struct Walk<'a, 'id: 'a> {
    version: Version,
    /// Variable of the highest bit; the others follow it.
    first: u32,
    width: u32,
    /// Prefixes of a pair from its first variable on.
    counted: FxHashMap<Pair<'a, 'id>, u128>,
}

impl<'a, 'id> Walk<'a, 'id> {
    /// How many prefixes a pair has at depth `depth`. Not more than half of all addresses, so that 128 bits hold it.
    fn count(&mut self, pair: Pair<'a, 'id>, depth: u32) -> u128 {
        if pair.inner.is_none() {
            return 0;
        }
        if pair.outer.is_all() {
            return 1;
        }
        let Some(variable) = pair.first() else { return 0 };
        let counted = if let Some(counted) = self.counted.get(&pair) {
            *counted
        } else {
            let (zero, one) = pair.halves(variable);
            let below = variable - self.first + 1;
            let counted = self.count(zero, below) + self.count(one, below);
            self.counted.insert(pair, counted);
            counted
        };
        // Bits that nothing asks for: the same again for both values of each.
        counted << (variable - self.first - depth)
    }

    /// `address` has the bits above `depth`.
    fn list(&self, pair: Pair<'a, 'id>, depth: u32, address: u128, most: usize, listed: &mut Vec<Prefix>) {
        if listed.len() >= most || pair.inner.is_none() {
            return;
        }
        if pair.outer.is_all() {
            listed.push(self.narrowed(pair.inner, depth, address));
            return;
        }
        if depth >= self.width {
            return;
        }
        let (zero, one) = pair.halves(self.first + depth);
        self.list(zero, depth + 1, address, most, listed);
        self.list(one, depth + 1, address | self.bit(depth), most, listed);
    }

    /// The narrowest prefix at or below this place that holds everything of `inner`.
    fn narrowed(&self, mut inner: Cursor<'a, 'id>, mut depth: u32, mut address: u128) -> Prefix {
        while depth < self.width {
            let (zero, one) = inner.halves(self.first + depth);
            (inner, address) = match (zero.is_none(), one.is_none()) {
                (false, true) => (zero, address),
                (true, false) => (one, address | self.bit(depth)),
                _ => break,
            };
            depth += 1;
        }
        prefix_of(self.version, address, u8::try_from(depth).unwrap_or(u8::MAX))
    }

    fn bit(&self, depth: u32) -> u128 {
        1_u128.checked_shl(self.width - 1 - depth).unwrap_or_default()
    }
}
