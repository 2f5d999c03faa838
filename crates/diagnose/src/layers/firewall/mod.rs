//! The layer `firewall`: what rules do to connections to the target, and to the answers.

mod codes;
mod denied;
mod fix;
mod limited;
mod nat;
pub(super) mod remote;
#[cfg(test)]
mod tests;

use super::{Code, Judgement};
use crate::case::Case;
use crate::facts::path::State;
use portreeve_firewall::network::limits::Limit;

/// What can be wrong.
pub(super) const CODES: &[Code] = codes::CODES;

/// Judges the facts.
pub(super) fn judge(case: &Case) -> Judgement {
    let mut judgement = Judgement::fine(fine(case));
    denied::judge(case, &mut judgement);
    limited::judge(case, &mut judgement);
    nat::judge(case, &mut judgement);
    if !case.is_inside() {
        remote::judge(case, &mut judgement);
    }
    unjudged(case, &mut judgement);
    notes(case, &mut judgement);
    judgement
}

/// What is said where nothing is wrong.
fn fine(case: &Case) -> String {
    let rules = case.path.ruleset.as_ref().is_some_and(|ruleset| !ruleset.chains.is_empty());
    match (case.is_inside(), rules) {
        (true, true) => "rules let connections in and answers out".to_owned(),
        (true, false) => "no rules, and nothing is filtered".to_owned(),
        (false, true) => "rules of this host let connections out and answers in".to_owned(),
        (false, false) => "this host has no rules".to_owned(),
    }
}

/// What keeps the rules, or what they do, from being known.
fn unjudged(case: &Case, judgement: &mut Judgement) {
    // Another host answered: whatever was not seen here did not keep it from that.
    let proven = |address| {
        let trial = case.trials.of(address);
        trial.is_some_and(|trial| trial.is_answered() && !trial.over_loopback)
    };
    let works = !case.endpoints.is_empty() && case.endpoints.iter().all(|endpoint| proven(endpoint.address));
    let mut say = |cause: String, remedy: Option<&str>| {
        if works {
            judgement.unseen(cause, remedy);
        } else {
            judgement.unknown(cause, remedy);
        }
    };
    if let Some(missing) = case.path.missing_rules() {
        let remedy = missing.remedy.as_deref().or(Some("run it as root"));
        say(format!("not every rule could be read: {}", missing.detail), remedy);
    }
    let mut told: Vec<&str> = Vec::new();
    for endpoint in &case.endpoints {
        for flow in case.path.asked(endpoint.address) {
            let answers = [Some(&flow.there), flow.back.as_ref()];
            for answer in answers.into_iter().flatten() {
                let unknown = crate::facts::path::state(answer) == State::Unknown;
                if unknown && !told.contains(&answer.statement.as_str()) {
                    told.push(&answer.statement);
                    say(format!("{}: {}", endpoint.address, answer.statement), None);
                }
            }
        }
    }
}

/// What sees packets beside the rules, and messages of routers that do not come in.
fn notes(case: &Case, judgement: &mut Judgement) {
    for limit in &case.path.limits {
        let concerned = match limit {
            Limit::Xdp { interface, .. } | Limit::TrafficControl { interface, .. } => {
                case.endpoints.iter().any(|endpoint| endpoint.interface.as_ref() == Some(interface))
            }
            Limit::CgroupBpf { .. } | Limit::NetfilterBpf { .. } | Limit::Cilium { .. } => true,
            _ => false,
        };
        if concerned {
            judgement.unseen(format!("{limit}, and is not simulated"), None);
        }
    }
    if let Some(blocked) = denied::too_big(case) {
        judgement.note("icmp-blocked", blocked.statement);
    }
}
