//! Everything that was read.

use super::owner::Owner;
use super::{Backend, Chain, ChainId, Family, Set, SetId};

/// All tables of a network namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ruleset {
    /// Tables, in the order of the dump (the order in which the kernel created them).
    pub tables: Vec<Table>,
    /// Chains of all tables, tables in order; referred to by [`ChainId`].
    pub chains: Vec<Chain>,
    /// Sets and maps, named and anonymous; referred to by [`SetId`].
    pub sets: Vec<Set>,
    /// Flowtables: packets of an offloaded connection pass by all chains after ingress.
    pub flowtables: Vec<Flowtable>,
    /// Families of objects (`ct helper`, `ct timeout`, ...) that have connections tracked, whether a rule uses them or not.
    pub trackers: Vec<Family>,
    /// What was not understood and belongs to no rule.
    pub unread: Vec<Unread>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its family.
    pub family: Family,
    /// Its name.
    pub name: String,
    /// What runs it.
    pub backend: Backend,
    /// The kernel's handle.
    pub handle: Option<u64>,
    /// It is kept and not run.
    pub dormant: bool,
    /// The software that wrote it, where it can be recognised.
    pub owner: Option<Owner>,
}

/// A flowtable (`flowtable NAME { hook ingress ... }`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flowtable {
    /// Family of its table.
    pub family: Family,
    /// Name of its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Devices it is bound to.
    pub devices: Vec<String>,
}

/// Something in the input that was not understood, kept so that it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Where: the table, the element's index, the line.
    pub place: String,
    /// Its text, shortened.
    pub text: String,
    /// Why it could not be read.
    pub reason: String,
}

impl Ruleset {
    /// The chain of an id. Readers only make ids of chains that exist.
    pub fn chain(&self, id: ChainId) -> Option<&Chain> {
        self.chains.get(usize::try_from(id.0).ok()?)
    }

    /// The set of an id. Readers only make ids of sets that exist.
    pub fn set(&self, id: SetId) -> Option<&Set> {
        self.sets.get(usize::try_from(id.0).ok()?)
    }

    /// Puts another ruleset behind this one, and moves its ids.
    pub fn append(&mut self, mut other: Self) {
        let chains = u32::try_from(self.chains.len()).unwrap_or(u32::MAX);
        let sets = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        for chain in &mut other.chains {
            for rule in &mut chain.rules {
                for statement in &mut rule.statements {
                    statement.shift(chains, sets);
                }
            }
        }
        for set in &mut other.sets {
            set.shift(chains);
        }
        self.tables.append(&mut other.tables);
        self.chains.append(&mut other.chains);
        self.sets.append(&mut other.sets);
        self.flowtables.append(&mut other.flowtables);
        self.trackers.append(&mut other.trackers);
        self.unread.append(&mut other.unread);
    }
}
