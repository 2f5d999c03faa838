//! The filter language of `portreeve sockets`: that of `ss` (man 8 ss, FILTER), with tests on owners added.
//!
//! [`Filter::parse`] turns text into a tree; [`Filter::matches`] is the exact answer for one socket;
//! [`Filter::state_mask`] and [`Filter::kernel_condition`] are what may be left to the kernel: each lets pass every
//! socket that matches, and perhaps others. Refused here: I/O of any kind. Host names are an error, since looking
//! them up would send packets; service names, users, processes and namespaces come from the caller through
//! [`ServiceNames`], [`Facts`] and [`KernelNames`].
//!
//! Where it differs from `ss` on purpose: tests may stand in any order and place, states included (a run of adjacent
//! `state` and `exclude` clauses is one set; in front of a test it narrows the whole expression, both as in `ss`);
//! `and` binds tighter than `or`, as its manual says; operators may touch their operands; `[prefix]/len` is understood.

mod ast;
mod display;
mod error;
mod evaluate;
mod facts;
mod fields;
mod host;
mod kernel;
mod needs;
mod parse;
mod pattern;
mod states;
mod token;

#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod samples;

pub use ast::{Comparison, Device, Filter, Host, Side, Test};
pub use error::FilterError;
pub use facts::{Facts, SnapshotFacts};
pub use fields::ServiceNames;
pub use kernel::KernelNames;
pub(crate) use kernel::auto_bound;
pub use needs::Needs;
pub use parse::MAX_DEPTH;
pub use pattern::Pattern;
pub use states::StateSet;
