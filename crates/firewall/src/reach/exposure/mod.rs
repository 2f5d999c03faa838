//! Who can reach each door: for every way in all packets at once, told as parts with sources, conditions, deciding rules, a witness.
//!
//! A door is followed by its class: doors on ports that no rule tells apart are followed once. Nothing is sampled; where the budget
//! of diagrams does not suffice, that is said, with the rules at fault.

mod ask;
mod behind;
mod coverage;
mod door;
mod draft;
mod entrance;
mod family;
mod guarded;
mod parts;
mod ports;
mod query;
mod reading;
mod refine;
mod surveyor;
mod translated;
mod why;
mod words;

pub use query::{From, Query};
pub use surveyor::Surveyor;
pub use translated::Translated;
