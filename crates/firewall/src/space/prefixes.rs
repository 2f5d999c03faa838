//! A set's addresses as the shortest list of prefixes.
//!
//! Counted with one visit for each node of the diagram, listed only as far as asked for: a set of 100,000 networks costs no more
//! than its diagram.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::build::prefix_of;
use super::diagram::{Cursor, Key, Top};
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
        let shadow = self.onto(set, &[part])?;
        Ok(self.prefixes_of(&shadow, &shadow, part, most))
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
        let (inner, outer) = (self.onto(inner, &[part])?, self.onto(outer, &[part])?);
        Ok(self.prefixes_of(&inner, &outer, part, most))
    }

    /// The same for sets that ask for nothing but the part.
    pub(crate) fn prefixes_of(&self, inner: &Set, outer: &Set, part: Part, most: usize) -> Prefixes {
        if !matches!(part, Part::Source | Part::Destination) {
            return Prefixes::default();
        }
        let wanted = Wanted { inner: inner.clone(), outer: outer.clone(), part, most };
        self.lists.of(wanted, |wanted| self.listed(wanted))
    }

    /// The first `most` of these prefixes. How many there are in all is not counted, so that it costs no walk over the whole set.
    pub(crate) fn first_prefixes_of(&self, inner: &Set, outer: &Set, part: Part, most: usize) -> Vec<Prefix> {
        if !matches!(part, Part::Source | Part::Destination) {
            return Vec::new();
        }
        inner.look_with(outer, |inner, outer| {
            let mut listed = Vec::new();
            self.walk(part).list(Pair { inner, outer }, 0, 0, most, &mut listed);
            listed
        })
    }

    fn walk<'a, 'id>(&self, part: Part) -> Walk<'a, 'id> {
        let word = self.word(part);
        Walk {
            version: self.version(),
            first: word.variables().next().unwrap_or_default(),
            width: u32::try_from(word.width()).unwrap_or_default(),
            counted: FxHashMap::default(),
        }
    }

    fn listed(&self, wanted: &Wanted) -> Prefixes {
        let Wanted { inner, outer, part, most } = wanted;
        inner.look_with(outer, |inner, outer| {
            let mut walk = self.walk(*part);
            let pair = Pair { inner, outer };
            let count = walk.count(pair, 0);
            let mut listed = Vec::new();
            walk.list(pair, 0, 0, *most, &mut listed);
            let more = count - u128::try_from(listed.len()).unwrap_or_default().min(count);
            Prefixes { listed, more: u64::try_from(more).unwrap_or(u64::MAX) }
        })
    }
}

/// What a list was made for.
#[derive(PartialEq, Eq, Hash)]
struct Wanted {
    inner: Set,
    outer: Set,
    part: Part,
    most: usize,
}

/// Lists that were made: many doors are open to the same sources.
#[derive(Default)]
pub(super) struct Lists(Mutex<FxHashMap<Wanted, Prefixes>>);

impl Lists {
    /// Most lists that are kept, and most prefixes in one of them.
    const KEPT: usize = 1024;

    fn of(&self, wanted: Wanted, make: impl FnOnce(&Wanted) -> Prefixes) -> Prefixes {
        let Self(kept) = self;
        if let Some(known) = kept.lock().unwrap_or_else(PoisonError::into_inner).get(&wanted) {
            return known.clone();
        }
        let list = make(&wanted);
        if list.listed.len() <= Self::KEPT {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= Self::KEPT {
                kept.clear();
            }
            kept.insert(wanted, list.clone());
        }
        list
    }
}

/// What must be listed, and what may be.
#[derive(Clone, Copy)]
struct Pair<'a, 'id: 'a> {
    inner: Cursor<'a, 'id>,
    outer: Cursor<'a, 'id>,
}

impl<'a, 'id> Pair<'a, 'id> {
    fn keys(self) -> (Key<'a, 'id>, Key<'a, 'id>) {
        (self.inner.key(), self.outer.key())
    }

    fn halves(self, variable: u32) -> (Self, Self) {
        let (inner, outer) = (self.inner.halves(variable), self.outer.halves(variable));
        (Self { inner: inner.0, outer: outer.0 }, Self { inner: inner.1, outer: outer.1 })
    }
}

struct Walk<'a, 'id: 'a> {
    version: Version,
    /// Variable of the highest bit; the others follow it.
    first: u32,
    width: u32,
    /// Prefixes of a pair from its first variable on.
    counted: FxHashMap<(Key<'a, 'id>, Key<'a, 'id>), u128>,
}

impl<'a, 'id> Walk<'a, 'id> {
    /// How many prefixes a pair has at depth `depth`. Not more than half of all addresses, so that 128 bits hold it.
    fn count(&mut self, pair: Pair<'a, 'id>, depth: u32) -> u128 {
        let (inner, outer) = (pair.inner.top(), pair.outer.top());
        let variable = match (&inner, &outer) {
            (Top::None, _) | (Top::All, Top::None) => return 0,
            (_, Top::All) => return 1,
            (Top::Bit { variable: a, .. }, Top::Bit { variable: b, .. }) => *a.min(b),
            (Top::Bit { variable, .. }, Top::None) | (Top::All, Top::Bit { variable, .. }) => *variable,
        };
        let shared = pair.inner.is_shared() || pair.outer.is_shared();
        let known = if shared { self.counted.get(&pair.keys()).copied() } else { None };
        let counted = known.unwrap_or_else(|| {
            let (inner, outer) = (inner.halves(pair.inner, variable), outer.halves(pair.outer, variable));
            let below = variable - self.first + 1;
            let zero = self.count(Pair { inner: inner.0, outer: outer.0 }, below);
            let counted = zero + self.count(Pair { inner: inner.1, outer: outer.1 }, below);
            if shared {
                self.counted.insert(pair.keys(), counted);
            }
            counted
        });
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
