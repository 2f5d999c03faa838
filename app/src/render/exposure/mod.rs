//! Exposure in the words of a table cell: from where a port can be reached, and what decides that. The same words wherever a port is shown.

mod decided;
mod reachable;
mod summary;

pub use decided::{brief, causes, full};
pub(crate) use decided::{decider, place, shortened, whose};
pub use reachable::{Side, zones};
pub(crate) use reachable::{host_or_prefix, is_prefix};
pub(crate) use summary::parts_asked;
pub use summary::{Summary, asked, is_undecided, summaries};
