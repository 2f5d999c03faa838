//! What becomes of packets from a place in a chain on.

use crate::ir::{Nat, RejectKind};
use crate::space::{Set, Space, TooComplex};

/// How a base chain ends for a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    Accept,
    Drop,
    Reject(RejectKind),
    /// Translated so, and accepted.
    Nat(Box<Nat>),
}

/// Which packets end how, surely. What is in none of the sets is not known.
#[derive(Debug, Clone, Default)]
pub(super) struct Fate(Vec<(Ending, Set)>);

/// Most different endings that are kept apart; packets with further ones count as not known.
const MOST: usize = 256;

impl Fate {
    /// All of these packets end so.
    pub(super) fn all(ending: Ending, set: Set) -> Self {
        Self(vec![(ending, set)])
    }

    /// The same for some of the packets.
    pub(super) fn of(&self, space: &Space, set: &Set) -> Result<Self, TooComplex> {
        let mut part = Self::default();
        for (ending, packets) in &self.0 {
            part.add(space, ending, &space.and(packets, set)?)?;
        }
        Ok(part)
    }

    /// Without these packets.
    pub(super) fn without(&self, space: &Space, set: &Set) -> Result<Self, TooComplex> {
        if set.is_empty() {
            return Ok(self.clone());
        }
        let mut part = Self::default();
        for (ending, packets) in &self.0 {
            part.add(space, ending, &space.minus(packets, set)?)?;
        }
        Ok(part)
    }

    /// The packets that end alike by both.
    pub(super) fn shared(&self, space: &Space, other: &Self) -> Result<Self, TooComplex> {
        let mut shared = Self::default();
        for (ending, packets) in &self.0 {
            if let Some((_, others)) = other.0.iter().find(|(known, _)| known == ending) {
                shared.add(space, ending, &space.and(packets, others)?)?;
            }
        }
        Ok(shared)
    }

    /// Both together.
    pub(super) fn join(&mut self, space: &Space, other: &Self) -> Result<(), TooComplex> {
        for (ending, packets) in &other.0 {
            self.add(space, ending, packets)?;
        }
        Ok(())
    }

    /// The packets whose ending is known.
    pub(super) fn known(&self, space: &Space) -> Result<Set, TooComplex> {
        space.union(&self.0.iter().map(|(_, set)| set.clone()).collect::<Vec<_>>())
    }

    fn add(&mut self, space: &Space, ending: &Ending, set: &Set) -> Result<(), TooComplex> {
        if set.is_empty() {
            return Ok(());
        }
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| known == ending) {
            *known = space.or(known, set)?;
        } else if self.0.len() < MOST {
            self.0.push((ending.clone(), set.clone()));
        }
        Ok(())
    }
}
