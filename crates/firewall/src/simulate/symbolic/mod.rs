//! Follows sets of packets through the hooks: the simulator with a set in place of one packet.
//!
//! A way carries the packets that take it. Where a rule asks for an open bit of the headers the set is cut, exactly; ways that
//! meet again in the same state become one. Owns sets and their order of work. Refuses to know what rules mean: `super::evaluate`,
//! `super::walk` and the others say it, for one packet as for many. The design is in `docs/development/reachability.md`.

mod address;
mod answer;
mod cache;
mod chain;
mod classes;
mod fields;
mod lookup;
mod segment;
mod split;
mod stages;
mod symbols;
mod ways;

pub(super) use answer::follow;
pub(super) use cache::Caches;
pub(super) use classes::Classes;
pub(super) use segment::{Segment, segments};
pub(super) use symbols::Symbols;
