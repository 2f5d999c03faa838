//! Simulations in the words of the document: names for indices, sentences, commands that show the same.
//!
//! Refuses to judge: what a simulation says is said, and nothing is left out.

mod base_chains;
mod names;
mod place;
pub(crate) mod reproduce;
pub(crate) mod statement;
mod steps;

use portreeve_model::reach::{Answer, Verdict};

use crate::ir::Ruleset;
use crate::network::Network;
use crate::packet::Question;
use crate::simulate::{Decision, Simulation};

pub(crate) use names::Names;

pub use base_chains::base_chains;
pub use place::{Inferred, PlaceError, infer};
pub use reproduce::{listing, quoted};
pub use statement::{decider, rule};

/// The answer to a question. `inferred` tells what the question left open.
pub fn answer(
    ruleset: &Ruleset,
    network: &Network,
    question: &Question,
    inferred: Option<String>,
    simulation: &Simulation,
) -> Answer {
    let names = Names { ruleset, network };
    let causes: Vec<_> = simulation.causes.iter().map(|cause| names.cause(cause)).collect();
    let outcomes: Vec<_> = simulation.outcomes.iter().map(|outcome| steps::outcome(names, outcome)).collect();
    let verdict = match simulation.decision() {
        Decision::Allow => Verdict::Allow,
        Decision::Deny => Verdict::Deny,
        Decision::Unknown => Verdict::Unknown,
    };
    Answer {
        packet: question.to_string(),
        inferred,
        verdict,
        statement: statement::of_answer(verdict, &causes, &outcomes, simulation.truncated),
        reproduce: reproduce::commands(question, &outcomes),
        causes,
        outcomes,
        truncated: simulation.truncated,
    }
}
