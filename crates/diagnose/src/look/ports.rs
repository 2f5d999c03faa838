//! Gathering for `facts::ports`.

use portreeve_model::why::Endpoint;

use crate::facts::{PathFacts, PortFacts};
use crate::target::Question;

/// Reads the ephemeral range and what is used of it towards the endpoints.
pub(crate) fn look(question: &Question, endpoints: &[Endpoint], path: &PathFacts) -> PortFacts {
    let _ = (question, endpoints, path);
    PortFacts::default()
}
