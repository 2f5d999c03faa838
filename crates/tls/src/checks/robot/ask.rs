//! One question over a connection of its own.

use std::time::Duration;

use super::vectors::{self, Flow, Vector};
use crate::checks::reply::{Awaiting, round_trip};
use crate::exchange::{Move, Script, Transcript};

/// Sends one padding after a first flight, and listens for the reply.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    vector: Vector,
    flow: Flow,
    patience: Duration,
    said: bool,
    awaiting: Awaiting,
}

impl Question {
    /// About this padding, waiting this long for a reply.
    pub(crate) fn new(vector: Vector, flow: Flow, patience: Duration) -> Self {
        Self { vector, flow, patience, said: false, awaiting: Awaiting::new(patience) }
    }
}

impl Script for Question {
    fn next(&mut self, heard: &Transcript) -> Move {
        if self.said {
            return self.awaiting.next(heard);
        }
        self.said = true;
        if self.flow == Flow::Bare {
            // Silence is an answer here.
            self.awaiting = Awaiting::new(self.patience.max(3 * round_trip(heard)));
        }
        vectors::batch(heard, &heard.flight(), self.vector, self.flow).map_or(Move::Close, Move::Send)
    }
}
