//! What `why` asks: about one target.

use std::net::IpAddr;

use portreeve_diagnose::target::Probe;
use portreeve_model::why::Target;

use super::Scope;

/// Why a target does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhyQuery {
    /// The target.
    pub target: Target,
    /// The client that is supposed.
    pub from: Option<IpAddr>,
    /// Whether packets may be sent.
    pub probe: Probe,
    /// The namespace that it is looked at from.
    pub scope: Scope,
}
