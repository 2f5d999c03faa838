//! A vantage point beside a namespace, from which connections to it can be tried: a network namespace of its own, joined by a
//! pair of virtual Ethernet interfaces.
//!
//! What it adds to the namespace that it stands beside is one interface, and on it a route and a neighbour for each source
//! address; no address, no rule, no parameter. All of that goes with the interface, and the interface with the namespace at its
//! other end, which nothing but a descriptor of this process holds: the kernel takes everything away even where this process is
//! killed.

mod attempt;
mod error;
mod pair;
mod spoken_to;
#[cfg(test)]
mod tests;

pub use attempt::{Attempt, Carrier, Seen, attempt};
pub use error::VantageError;
pub use pair::Vantage;
pub use spoken_to::spoken_to;
