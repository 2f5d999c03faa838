//! Zones: networks by names that a person has for them, so that answers need no prefixes.
//!
//! Owns which address belongs to which zone, by which interfaces a zone's packets come in, and the words for a set of sources.
//! Every address of a version is in at most one zone. Refuses to judge: what a zone can reach is for the rules to say.

mod builtin;
mod containers;
mod drawn;
mod label;
mod territory;
mod ways;
mod zone;

pub use zone::{NamedNetwork, Zone, ZoneKind, Zones};

#[cfg(test)]
mod tests;
