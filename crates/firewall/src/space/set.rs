//! A space of packets, and sets in it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use oxidd::bcdd::{self, BCDDFunction, BCDDManagerRef};
use oxidd::{BooleanFunction as _, BooleanFunctionQuant as _, Function as _, Manager as _, ManagerRef as _};

use super::layout::{Layout, Part};
use super::prefixes::Lists;
use super::word::{Bit, Word};
use crate::ir::{PayloadBase, Version};

static SPACES: AtomicU64 = AtomicU64::new(0);

/// How much an exact answer may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Most nodes of all decision diagrams together, about 24 bytes each.
    pub nodes: usize,
    /// Most steps: rules met by a set of packets, summed over all sets that are followed apart.
    pub steps: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { nodes: 1 << 22, steps: 20_000_000 }
    }
}

/// The budget does not suffice for an exact answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the rules overlap in more ways than the budget of {limit} {unit} allows to follow")]
pub struct TooComplex {
    /// What ran out.
    pub limit: usize,
    /// Of what: `nodes` or `steps`.
    pub unit: &'static str,
}

/// All packets of one version of IP.
pub struct Space {
    pub(super) layout: Layout,
    manager: BCDDManagerRef,
    variables: Vec<BCDDFunction>,
    none: Set,
    all: Set,
    budget: Budget,
    version: Version,
    id: u64,
    pub(super) lists: Lists,
}

/// A set of packets of a [`Space`]. Equal sets compare equal. Sets of different spaces must not meet.
#[derive(Clone, PartialEq, Eq)]
pub struct Set(pub(super) BCDDFunction);

impl Space {
    /// A space with nothing in it yet.
    ///
    /// # Errors
    /// [`TooComplex`] where the budget does not even hold the variables.
    pub fn new(version: Version, budget: Budget) -> Result<Self, TooComplex> {
        let layout = Layout::new(version);
        let manager = bcdd::new_manager(budget.nodes, (budget.nodes / 4).clamp(1 << 12, 1 << 20), 1);
        let count = layout.count();
        let variables = manager.with_manager_exclusive(|manager| {
            manager.add_vars(count);
            (0..count).map(|number| BCDDFunction::var(manager, number)).collect::<Result<Vec<_>, _>>()
        });
        let variables = variables.map_err(|_| out_of(budget))?;
        let (none, all) = manager
            .with_manager_shared(|manager| (Set(BCDDFunction::f(manager)), Set(BCDDFunction::t(manager))));
        let id = SPACES.fetch_add(1, Ordering::Relaxed);
        Ok(Self { layout, manager, variables, none, all, budget, version, id, lists: Lists::default() })
    }

    /// Version of IP.
    pub fn version(&self) -> Version {
        self.version
    }

    /// A number that no other space of this process has.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The budget.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// No packet.
    pub fn none(&self) -> Set {
        self.none.clone()
    }

    /// Every packet.
    pub fn all(&self) -> Set {
        self.all.clone()
    }

    /// Nodes in use by all sets together.
    pub fn nodes(&self) -> usize {
        self.manager.with_manager_shared(|manager| manager.num_inner_nodes())
    }

    /// The bits of a part of the packet, highest first.
    pub fn word(&self, part: Part) -> Word {
        let (base, offset, width) = self.layout.place(part);
        self.bits_at(base, offset, width)
    }

    /// The bits at a place of the headers, highest first. Beyond the headers that have variables bits are lost.
    pub fn bits_at(&self, base: PayloadBase, offset: u16, width: u16) -> Word {
        let bit = |at: u16| self.layout.variable(base, offset + at).map_or(Bit::Lost, Bit::Variable);
        Word((0..width).map(bit).collect())
    }

    /// Packets in which a variable is 1.
    pub(super) fn variable(&self, number: u32) -> Result<&BCDDFunction, TooComplex> {
        let found = usize::try_from(number).ok().and_then(|number| self.variables.get(number));
        found.ok_or_else(|| out_of(self.budget))
    }

    /// Variable ? `one` : `zero`. Quick where the variable stands above all of both.
    pub(super) fn choose(&self, number: u32, one: &Set, zero: &Set) -> Result<Set, TooComplex> {
        if one == zero {
            return Ok(one.clone());
        }
        self.made(self.variable(number)?.ite(&one.0, &zero.0))
    }

    pub(super) fn made(
        &self,
        made: Result<BCDDFunction, oxidd::util::OutOfMemory>,
    ) -> Result<Set, TooComplex> {
        made.map(Set).map_err(|_| out_of(self.budget))
    }

    /// Packets in both.
    ///
    /// # Errors
    /// [`TooComplex`], as for all operations.
    pub fn and(&self, a: &Set, b: &Set) -> Result<Set, TooComplex> {
        self.made(a.0.and(&b.0))
    }

    /// Packets in one or both.
    pub fn or(&self, a: &Set, b: &Set) -> Result<Set, TooComplex> {
        self.made(a.0.or(&b.0))
    }

    /// Packets in `a` that are not in `b`.
    pub fn minus(&self, a: &Set, b: &Set) -> Result<Set, TooComplex> {
        // `imp_strict` is !a & b.
        self.made(b.0.imp_strict(&a.0))
    }

    /// Packets that are not in `a`.
    pub fn not(&self, a: &Set) -> Result<Set, TooComplex> {
        self.made(a.0.not())
    }

    /// Packets in any of them, joined pairwise so that the cost grows as n log n.
    pub fn union(&self, sets: &[Set]) -> Result<Set, TooComplex> {
        match sets {
            [] => Ok(self.none()),
            [only] => Ok(only.clone()),
            _ => {
                let (left, right) = sets.split_at(sets.len() / 2);
                self.or(&self.union(left)?, &self.union(right)?)
            }
        }
    }

    /// Packets for which some choice of the parts' bits lies in the set.
    pub fn exists(&self, set: &Set, parts: &[Part]) -> Result<Set, TooComplex> {
        let variables = self.cube(parts)?;
        self.made(set.0.exists(&variables.0))
    }

    /// Packets for which some choice of every bit outside the parts lies in the set: its shadow on the parts.
    pub fn onto(&self, set: &Set, parts: &[Part]) -> Result<Set, TooComplex> {
        let variables = self.others(parts)?;
        self.made(set.0.exists(&variables.0))
    }

    /// Packets for which every choice of the bits outside the parts lies in the set.
    pub fn throughout(&self, set: &Set, parts: &[Part]) -> Result<Set, TooComplex> {
        let variables = self.others(parts)?;
        self.made(set.0.forall(&variables.0))
    }

    fn numbers(&self, parts: &[Part]) -> Vec<u32> {
        let words = parts.iter().map(|part| self.word(*part));
        let mut numbers: Vec<u32> = words.flat_map(|word| word.variables().collect::<Vec<_>>()).collect();
        numbers.sort_unstable();
        numbers
    }

    fn cube(&self, parts: &[Part]) -> Result<Set, TooComplex> {
        self.conjunction(&self.numbers(parts))
    }

    fn others(&self, parts: &[Part]) -> Result<Set, TooComplex> {
        let kept = self.numbers(parts);
        let others = (0..self.layout.count()).filter(|number| kept.binary_search(number).is_err());
        self.conjunction(&others.collect::<Vec<_>>())
    }

    /// All of these variables, lowest first.
    fn conjunction(&self, numbers: &[u32]) -> Result<Set, TooComplex> {
        numbers.iter().rev().try_fold(self.all(), |sum, number| self.choose(*number, &sum, &self.none))
    }
}

impl Set {
    /// Whether there is no packet in it.
    pub fn is_empty(&self) -> bool {
        !self.0.satisfiable()
    }

    /// Whether every packet is in it.
    pub fn is_all(&self) -> bool {
        self.0.valid()
    }

    /// Nodes of its diagram: how complex it is.
    pub fn nodes(&self) -> usize {
        self.0.node_count()
    }
}

impl Hash for Set {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Set({} nodes)", self.nodes())
    }
}

impl fmt::Debug for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Space({:?}, {} nodes)", self.version, self.nodes())
    }
}

fn out_of(budget: Budget) -> TooComplex {
    TooComplex { limit: budget.nodes, unit: "nodes" }
}
