//! Limits of the processes that hold the port, and of the system.

/// Limits and how much of them is used.
#[derive(Debug, Default)]
pub struct LimitFacts {}
