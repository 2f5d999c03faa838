//! The connections that were tried, as the document tells them: one line a stage.

use portreeve_model::why::{Attempt, Endpoint, Stage};

use crate::facts::{HttpFacts, TlsFacts, TrialFacts};

/// The stages of every endpoint in order, without endpoints of which nothing was tried.
pub(crate) fn told(
    endpoints: &[Endpoint],
    trials: &TrialFacts,
    tls: &TlsFacts,
    http: &HttpFacts,
) -> Vec<Attempt> {
    let attempt = |endpoint: &Endpoint| {
        let address = endpoint.address;
        let stages: Vec<Stage> = trials
            .stages(address)
            .into_iter()
            .chain(tls.stages(address))
            .chain(http.stages(address))
            .collect();
        Attempt { endpoint: address, stages }
    };
    endpoints.iter().map(attempt).filter(|attempt| !attempt.stages.is_empty()).collect()
}
