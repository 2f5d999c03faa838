//! Everything that is said of sets, against lists and enumerations that know no diagrams.

mod boundaries;
mod conditions;
mod lists;
mod operations;
mod products;
mod witnesses;

use super::{Budget, Space};
use crate::ir::Version;

fn space(version: Version) -> Space {
    Space::new(version, Budget { nodes: 1 << 18, steps: 0 }).unwrap()
}
