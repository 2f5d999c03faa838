//! One packet through everything that filters, as the kernel would take it.
//!
//! Three-valued: where the outcome hangs on something that is not known (a limit, a set that packets change, a header field the
//! question leaves open) both ways are followed. Does no I/O and knows nothing of how rules were read. What each rule of the
//! kernel is and where it stands in its source is collected in `docs/development/firewall-semantics.md`.

mod chain;
mod conntrack;
mod describe;
mod evaluate;
mod fates;
mod guards;
mod host;
mod nat;
mod outcome;
mod pipeline;
mod run;
mod sets;
mod simulator;
mod state;
mod symbolic;
mod walk;

pub use fates::{Class, Fate, Fates, Hit, HitBy, Wanted};
pub use outcome::{
    Cause, CauseKind, Decider, Decision, Discard, Effect, End, Endpoints, Outcome, RouteStep, Simulation,
    Step,
};
pub(crate) use pipeline::{collects_fragments, tracks};
pub use simulator::{Connection, Frame, Options, Origin, QuestionError, Simulator};

#[cfg(test)]
mod tests;
