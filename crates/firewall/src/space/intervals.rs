//! A set's numbers at some bits as the shortest list of intervals.

use std::ops::RangeInclusive;

use rustc_hash::FxHashMap;

use super::diagram::{Cursor, Key, Top};
use super::layout::Part;
use super::set::{Set, Space, TooComplex};
use super::word::Word;
use crate::ir::Interval;

/// The beginning of a list of intervals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Intervals {
    /// The lowest ones, in order. They do not touch.
    pub listed: Vec<Interval>,
    /// How many there are beyond those; [`u64::MAX`] stands for that many or more.
    pub more: u64,
}

impl Intervals {
    /// How many there are in all.
    pub fn count(&self) -> u64 {
        u64::try_from(self.listed.len()).unwrap_or(u64::MAX).saturating_add(self.more)
    }
}

impl Space {
    /// The ports for which some packet lies in the set.
    ///
    /// `part` is [`Part::SourcePort`] or [`Part::DestinationPort`]; of a wider part nothing is listed.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn ranges(&self, set: &Set, part: Part) -> Result<Vec<RangeInclusive<u16>>, TooComplex> {
        let intervals = self.intervals(set, &self.word(part), usize::MAX)?;
        let small = |interval: &Interval| {
            Some(u16::try_from(interval.low).ok()?..=u16::try_from(interval.high).ok()?)
        };
        Ok(intervals.listed.iter().filter_map(small).collect())
    }

    /// The numbers at some bits of a header for which some packet lies in the set, as the shortest list of intervals, at most
    /// `most` of them. Nothing is listed where the bits are not all variables of their own in the order of the headers.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn intervals(&self, set: &Set, word: &Word, most: usize) -> Result<Intervals, TooComplex> {
        let Some(first) = word.span() else { return Ok(Intervals::default()) };
        let shadow = self.onto_word(set, word)?;
        let width = u32::try_from(word.width()).unwrap_or_default();
        Ok(shadow.look(|set| {
            let mut walk = Walk { first, width, counted: FxHashMap::default() };
            let count = walk.count(set, 0).count;
            let mut listed = Vec::new();
            walk.list(set, 0, 0, most, &mut listed);
            listed.truncate(most);
            let more = count - u128::try_from(listed.len()).unwrap_or_default().min(count);
            Intervals { listed, more: u64::try_from(more).unwrap_or(u64::MAX) }
        }))
    }
}

/// Intervals of a set of numbers, and whether it holds the lowest and the highest number there is.
#[derive(Clone, Copy)]
struct Runs {
    count: u128,
    lowest: bool,
    highest: bool,
}

impl Runs {
    /// Of the lower half and the upper half.
    fn joined(self, above: Self) -> Self {
        let meet = u128::from(self.highest && above.lowest);
        Self { count: self.count + above.count - meet, lowest: self.lowest, highest: above.highest }
    }
}

struct Walk<'a, 'id: 'a> {
    first: u32,
    width: u32,
    counted: FxHashMap<Key<'a, 'id>, Runs>,
}

impl<'a, 'id> Walk<'a, 'id> {
    fn count(&mut self, set: Cursor<'a, 'id>, depth: u32) -> Runs {
        let (variable, zero, one) = match set.top() {
            Top::None => return Runs { count: 0, lowest: false, highest: false },
            Top::All => return Runs { count: 1, lowest: true, highest: true },
            Top::Bit { variable, zero, one } => (variable, zero, one),
        };
        let shared = set.is_shared();
        let known = if shared { self.counted.get(&set.key()).copied() } else { None };
        let counted = known.unwrap_or_else(|| {
            let below = variable - self.first + 1;
            let counted = self.count(zero, below).joined(self.count(one, below));
            if shared {
                self.counted.insert(set.key(), counted);
            }
            counted
        });
        (depth..variable - self.first).fold(counted, |runs, _| runs.joined(runs))
    }

    /// Lists until one more than `most` has begun, so that the last one asked for is whole.
    fn list(&self, set: Cursor<'a, 'id>, depth: u32, low: u128, most: usize, listed: &mut Vec<Interval>) {
        if listed.len() > most || set.is_none() {
            return;
        }
        let size = self.width - depth;
        if set.is_all() {
            let high = low | 1_u128.checked_shl(size).map_or(u128::MAX, |beyond| beyond - 1);
            match listed.last_mut() {
                Some(last) if last.high.checked_add(1) == Some(low) => last.high = high,
                _ => listed.push(Interval { low, high }),
            }
            return;
        }
        if size == 0 {
            return;
        }
        let (zero, one) = set.halves(self.first + depth);
        self.list(zero, depth + 1, low, most, listed);
        self.list(one, depth + 1, low | 1 << (size - 1), most, listed);
    }
}
