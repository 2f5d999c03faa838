//! Rules that were not seen may do anything to any packet: nothing is certain without them.

use portreeve_model::exposure::{Coverage, Exposure};
use portreeve_model::reach::{Cause, Verdict};
use portreeve_model::rules::{Assertion, Proof};

/// Leaves nothing certain but what no rule takes part in.
pub(super) fn from_exposures(exposures: &mut [Exposure], cause: &Cause) {
    for family in exposures.iter_mut().flat_map(|exposure| &mut exposure.families) {
        for zone in &mut family.zones {
            zone.coverage = Coverage::Depends;
        }
        for part in &mut family.parts {
            part.verdict = Verdict::Unknown;
            part.causes.push(cause.clone());
        }
    }
}

/// Leaves no assertion proven or refuted.
pub(super) fn from_assertion(assertion: &mut Assertion, cause: &Cause) {
    if assertion.proof != Proof::Undecided {
        assertion.statement =
            format!("not all rules could be read; by those that were: {}", assertion.statement);
    }
    assertion.proof = Proof::Undecided;
    assertion.causes.push(cause.clone());
}
