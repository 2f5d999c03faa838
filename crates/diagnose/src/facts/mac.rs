//! Mandatory access control: what it is, and what it refused.

/// SELinux and AppArmor, as far as they concern the port.
#[derive(Debug, Default)]
pub struct MacFacts {}
