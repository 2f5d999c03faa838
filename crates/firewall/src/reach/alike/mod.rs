//! What no rule tells apart: protocols, connection states and interfaces for which every rule and every route does the same, so
//! that one of them stands for all, and every packet of a version is a handful of classes.
//!
//! Owns the classes. Refuses to follow them: where it is not sure that two things are alike, they are kept apart.

mod class;
mod interfaces;
mod probed;
mod protocols;
mod states;

pub use class::{EveryClass, Kind, Meeting, every_class};
pub use interfaces::{Alike, interfaces};
pub use probed::{Probe, Probed};
pub use protocols::{Protocols, protocols};
pub use states::{States, states};
