//! `portreeve reach`: its options, and what they ask.

mod arguments;
mod assertions;
mod host;
mod packets;
mod ports;
mod questions;
mod source;

pub use arguments::ReachArguments;
pub use questions::{AssertArguments, DiffArguments, ReachVerb};
pub use source::SourceArguments;
