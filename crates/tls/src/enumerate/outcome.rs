//! What a loop found out, and why it ended before its end.

use portreeve_model::tls::Order;
use portreeve_wire::tls::{NamedGroup, SignatureScheme, Suite, Version};

use super::reply::{Refusal, Unclear};
use crate::exchange::Flight;
use crate::sealed::SealedFlight;

/// What the loop found out.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) version: Version,
    pub(super) suites: Vec<Suite>,
    pub(super) order: Order,
    pub(super) flights: Vec<Flight>,
    pub(super) groups: Vec<NamedGroup>,
    pub(super) group_order: Order,
    pub(super) signatures: Vec<SignatureScheme>,
    /// Flights of TLS 1.3 with different certificates.
    pub(super) sealed: Vec<SealedFlight>,
    pub(super) protocols: Vec<String>,
    pub(super) refusal: Option<Refusal>,
    pub(super) stopped: Option<Stop>,
}

/// Why the loop ended before its end.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// It closed or sent an odd alert, and has never answered anything else.
    Doubtful(Refusal),
    /// Anything else.
    Unclear(Unclear),
}

impl Stop {
    /// Why nothing can be concluded, where it is not a refusal that may mean anything.
    pub(super) fn unclear(&self) -> Option<&Unclear> {
        if let Self::Unclear(why) = self { Some(why) } else { None }
    }
}
