//! Ephemeral ports of this host towards the target.

/// The range and what is used of it.
#[derive(Debug, Default)]
pub struct PortFacts {}
