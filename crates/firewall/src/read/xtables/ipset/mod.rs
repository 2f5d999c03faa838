//! ipsets: what `ipset save` writes, and what the `set` match and the `SET` target make of it.

mod element;
mod kind;
mod order;
mod pool;
mod save;

pub(super) use pool::{SetPool, ends};
pub use save::IpSets;
