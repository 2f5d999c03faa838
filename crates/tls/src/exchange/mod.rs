//! One connection as a script of turns: what is sent, what came, how it ended. No I/O: [`crate::line`] performs it.
//!
//! A [`Script`] looks at the [`Transcript`] so far and says what comes next. The transcript is the evidence: verdicts are made from it
//! alone, so that a recorded one judges the same as a live one.

mod first_flight;
mod replay;
mod script;
mod transcript;

pub use first_flight::{FirstFlight, Flight};
pub use replay::replay;
pub use script::{Move, Script, Then, then};
pub use transcript::{End, Transcript, Turn};
