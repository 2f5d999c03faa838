//! What one run found out and the next can use: the same rules ask for the same bits again and again.

use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use super::address::{Asked, Group};
use super::fields::{FieldGroups, FieldKey};
use super::lookup::Found;
use super::segment::{SegmentKey, Shared};
use crate::ir::{Interval, SetId};
use crate::space::{Split, Word};

/// What was found out in one space.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pub(super) intervals: FxHashMap<(Word, Interval), Split>,
    pub(super) lookups: FxHashMap<(SetId, Vec<Word>, bool), Arc<Found>>,
    pub(super) addresses: FxHashMap<Asked, Arc<Vec<Group>>>,
    pub(super) segments: FxHashMap<SegmentKey, Option<Arc<Shared>>>,
    pub(super) fields: FxHashMap<FieldKey, Arc<FieldGroups>>,
}

/// Caches by space.
#[derive(Debug, Default)]
pub(in super::super) struct Caches(Mutex<Vec<(u64, Cache)>>);

impl Caches {
    /// Takes the cache of a space out; an empty one where there is none or another run has it.
    pub(super) fn take(&self, space: u64) -> Cache {
        let Ok(mut all) = self.0.lock() else { return Cache::default() };
        match all.iter().position(|(id, _)| *id == space) {
            Some(at) => all.swap_remove(at).1,
            None => Cache::default(),
        }
    }

    /// Puts it back.
    pub(super) fn put(&self, space: u64, cache: Cache) {
        if let Ok(mut all) = self.0.lock() {
            all.push((space, cache));
        }
    }
}
