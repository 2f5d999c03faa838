//! Addresses, routes, neighbours and rules of this host; packets simulated through them.

mod flow;
mod host;
mod neighbour;

pub(crate) use flow::state;
pub use flow::{Flow, Purpose, State, Way};
pub use host::{IpCounters, PathFacts};
pub use neighbour::{Neighbour, NeighbourState, Onward, OnwardState};
