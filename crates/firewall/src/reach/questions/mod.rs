//! Questions about a whole ruleset: which rules do nothing, what a change opens and closes, whether an assertion holds.
//!
//! Owns the questions, one file each, and what is told about their answers. Refuses to follow packets (`crate::simulate`), and to
//! call certain what hangs on anything that is not known.

mod assertion;
mod beyond;
mod calls;
mod claim;
pub(super) mod complexity;
mod deciders;
mod diff;
mod evidence;
mod idle;
#[cfg(test)]
mod properties;
mod redundant;
#[cfg(test)]
mod scene;
mod shadowed;
mod unused;

pub use assertion::assert;
pub use claim::{Claim, ClaimError, EXAMPLES, Modal, Party, Service, Spoken, Target, parse};
pub use diff::{Difference, Side, diff};
pub use idle::Idle;
pub use redundant::redundant;
pub use shadowed::shadowed;
pub use unused::unused;

use complexity::complexity;
