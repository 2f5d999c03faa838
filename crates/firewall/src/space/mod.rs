//! Sets of packets, exactly: every bit of a header that a question leaves open is a variable, and a set is a binary decision
//! diagram over them.
//!
//! Owns the variables and their order, the shapes that rules ask for (numbers in intervals, addresses in prefixes), and what a
//! person wants to know of a set: its prefixes, its ports, one packet of it. Refuses to know rules: `crate::simulate` decides
//! which bits a rule looks at.

mod boundary;
mod build;
mod conditions;
mod diagram;
mod fields;
mod intervals;
mod layout;
mod prefixes;
mod product;
mod sample;
mod set;
mod shadow;
mod values;
mod witness;
mod word;

pub use build::interval_of;
pub use conditions::Conditions;
pub use intervals::Intervals;
pub use layout::Part;
pub use prefixes::Prefixes;
pub use product::Product;
pub use set::{Budget, Set, Space, TooComplex};
pub use witness::Witness;
pub use word::{Bit, Split, Word};

#[cfg(test)]
mod tests;
