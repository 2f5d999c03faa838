//! Which of the faults is the cause: causes before what they look like, what keeps everybody out before what keeps some out, and
//! among equals the one that a connection meets first. A handshake or a request that got no answer is explained by what keeps the process
//! from answering, even where that keeps out some only: this one was among them.

use std::cmp::Reverse;

use portreeve_model::why::{Fault, Impact, Layer, LayerName, LayerState, Nature, Verdict};

/// The faults of all layers in their order, and what it comes to.
#[derive(Debug)]
pub struct Ranked {
    /// What it comes to.
    pub verdict: Verdict,
    /// One sentence.
    pub statement: String,
    /// The cause.
    pub primary: Option<Fault>,
    /// What else is wrong.
    pub contributing: Vec<Fault>,
}

/// Ranks the faults of the layers.
#[must_use]
pub fn rank(layers: &[Layer]) -> Ranked {
    let mut faults: Vec<Fault> = layers.iter().flat_map(|layer| layer.faults.iter().cloned()).collect();
    let is_held_up = faults.iter().any(holds_the_process_up);
    faults.sort_by_key(|fault| {
        let impact = if is_held_up && is_silence(fault) { Impact::Some } else { fault.impact };
        (Reverse(impact), Reverse(fault.nature), fault.layer)
    });
    let mut faults = faults.into_iter();
    let primary = faults.next();
    let contributing = faults.collect();
    let unjudged = layers
        .iter()
        .filter(|layer| layer.state == LayerState::Unknown)
        .flat_map(|layer| layer.unknown.iter().filter(|one| one.matters).map(move |one| (layer.layer, one)));
    let (verdict, statement) = match &primary {
        Some(fault) => (Verdict::Fault, fault.statement.clone()),
        None => match unjudged
            .map(|(layer, one)| format!("{layer}: {}", one.cause))
            .reduce(|a, b| format!("{a}; {b}"))
        {
            Some(causes) => (
                Verdict::Undetermined,
                format!("Nothing wrong was found, but not everything could be judged: {causes}"),
            ),
            None if layers.iter().any(|layer| layer.state == LayerState::Unknown) => {
                (Verdict::Healthy, "Everything that could be judged is as it should be.".to_owned())
            }
            None => (Verdict::Healthy, "Every layer is as it should be.".to_owned()),
        },
    };
    Ranked { verdict, statement, primary, contributing }
}

/// A cause that makes a process, or one of several that share a port, answer nobody.
fn holds_the_process_up(fault: &Fault) -> bool {
    fault.nature == Nature::Cause
        && matches!(fault.layer, LayerName::Queue | LayerName::Limits | LayerName::Ports | LayerName::Mac)
}

/// What is seen over a connection that stands.
fn is_silence(fault: &Fault) -> bool {
    fault.nature == Nature::Symptom && matches!(fault.layer, LayerName::Tls | LayerName::Http)
}

#[cfg(test)]
mod tests;
