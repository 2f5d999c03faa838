//! A look into a diagram: which bit it asks for first, and what remains for either value.
//!
//! Variables are never reordered, so that a level is the variable of the same number.

use oxidd::bcdd::BCDDFunction;
use oxidd::util::Ref;
use oxidd::{BooleanFunction as _, Function, Manager, Node};
use rustc_hash::FxHashSet;

use super::set::Set;

type Diagram<'id> = <BCDDFunction as Function>::Manager<'id>;
type Edge<'id> = <Diagram<'id> as Manager>::Edge;
/// What a set is in its diagram: a key for tables of sets.
pub(super) type Key<'a, 'id> = Ref<'a, Edge<'id>>;
type Tag = <Diagram<'static> as Manager>::EdgeTag;

/// A set within a diagram, borrowed: as cheap as two pointers. Equal sets compare equal.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a, 'id: 'a> {
    diagram: &'a Diagram<'id>,
    edge: Ref<'a, Edge<'id>>,
}

/// What a set asks for first.
pub(super) enum Top<'a, 'id: 'a> {
    /// Nothing: no packet is in it.
    None,
    /// Nothing: every packet is in it.
    All,
    /// A variable.
    Bit {
        /// Its number.
        variable: u32,
        /// The packets left where it is 0.
        zero: Cursor<'a, 'id>,
        /// The packets left where it is 1.
        one: Cursor<'a, 'id>,
    },
}

impl<'a, 'id> Cursor<'a, 'id> {
    pub(super) fn top(self) -> Top<'a, 'id> {
        let Node::Inner(_) = self.diagram.get_node(self.edge) else {
            // There is one terminal, "all"; "none" is its complement.
            return if self.edge == self.edge.with_tag(Tag::default()) { Top::All } else { Top::None };
        };
        match BCDDFunction::cofactors_edge(self.diagram, self.edge) {
            Some((one, zero)) => Top::Bit {
                variable: self.diagram.get_node(self.edge).level(),
                zero: Cursor { edge: zero, ..self },
                one: Cursor { edge: one, ..self },
            },
            None => Top::None,
        }
    }

    /// Whether it may be met in several places, so that what was found out about it is worth keeping.
    pub(super) fn is_shared(self) -> bool {
        self.diagram.get_node(self.edge).ref_count() > 1
    }

    pub(super) fn key(self) -> Key<'a, 'id> {
        self.edge
    }

    /// What is left of it where a variable, at or above its first, has either value: 0, then 1.
    pub(super) fn halves(self, variable: u32) -> (Self, Self) {
        self.top().halves(self, variable)
    }

    pub(super) fn is_all(self) -> bool {
        matches!(self.top(), Top::All)
    }

    pub(super) fn is_none(self) -> bool {
        matches!(self.top(), Top::None)
    }
}

impl<'a, 'id> Top<'a, 'id> {
    /// As [`Cursor::halves`], of the set that this is the top of.
    pub(super) fn halves(&self, set: Cursor<'a, 'id>, variable: u32) -> (Cursor<'a, 'id>, Cursor<'a, 'id>) {
        match self {
            Self::Bit { variable: first, zero, one } if *first == variable => (*zero, *one),
            _ => (set, set),
        }
    }
}

impl Set {
    /// Looks into the diagram of the set.
    pub(super) fn look<T>(&self, look: impl for<'a, 'id> FnOnce(Cursor<'a, 'id>) -> T) -> T {
        self.0.with_manager_shared(|diagram, edge| look(Cursor { diagram, edge }))
    }

    /// The variables that the set asks for, lowest first.
    pub(super) fn asked(&self) -> Vec<u32> {
        let mut variables = self.look(|set| {
            let mut seen = FxHashSet::default();
            let mut variables = FxHashSet::default();
            let mut open = vec![set];
            while let Some(next) = open.pop() {
                if let Top::Bit { variable, zero, one } = next.top()
                    && seen.insert(next.key())
                {
                    variables.insert(variable);
                    open.extend([zero, one]);
                }
            }
            variables.into_iter().collect::<Vec<_>>()
        });
        variables.sort_unstable();
        variables
    }

    /// Looks into the diagrams of two sets of one space side by side.
    pub(super) fn look_with<T>(
        &self,
        other: &Self,
        look: impl for<'a, 'id> FnOnce(Cursor<'a, 'id>, Cursor<'a, 'id>) -> T,
    ) -> T {
        self.0.with_manager_shared(|diagram, edge| {
            look(Cursor { diagram, edge }, Cursor { diagram, edge: other.0.as_edge(diagram) })
        })
    }
}
