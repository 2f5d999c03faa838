//! Why a port does or does not work: facts about every layer from the name to the answer, a judgement of each, one cause.
//!
//! [`look`] gathers, in parallel and within a time limit; [`layers`] judge what was gathered, without I/O; [`rank`] names the cause.
//! Refuses rendering, and every fact that a lower crate can tell: sockets are `inventory`'s, rules and routes `firewall`'s, handshakes
//! `tls`'s.
#![forbid(unsafe_code)]

mod attempts;
pub mod case;
pub mod diagnosis;
mod endpoints;
pub mod facts;
pub mod layers;
pub mod look;
pub mod rank;
#[cfg(test)]
mod samples;
pub mod target;

pub use diagnosis::{Options, Progress, diagnose};
pub use target::{Question, TargetError};
