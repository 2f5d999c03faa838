//! The layer `route`: links, gateways and routes, there and back.

mod codes;
pub(super) mod links;
mod mtu;
mod remote;
mod routing;
mod routing_fix;
mod sentences;
#[cfg(test)]
mod tests;

use super::flows::words;
use super::{Code, Judgement};
use crate::case::Case;
use crate::facts::path::{State, Way};

/// What can be wrong.
pub(super) const CODES: &[Code] = codes::CODES;

/// Judges the facts.
pub(super) fn judge(case: &Case) -> Judgement {
    if let Some(missing) = case.path.missing_network() {
        let mut unjudged = Judgement::fine("");
        let why = format!("not all of interfaces, addresses and routes could be read: {}", missing.detail);
        unjudged.unknown(why, missing.remedy.as_deref());
        return unjudged;
    }
    let mut judgement = Judgement::fine(fine(case));
    let down = links::judge(case, &mut judgement);
    routing::judge(case, &mut judgement, &down);
    let silent = links::neighbours(case, &mut judgement);
    if !case.is_inside() {
        remote::judge(case, &mut judgement, &silent);
    }
    mtu::judge(case, &mut judgement);
    judgement
}

/// What is said where nothing is wrong: by which interfaces answers leave.
fn fine(case: &Case) -> String {
    let mut exits: Vec<String> = Vec::new();
    for flow in case.endpoints.iter().flat_map(|endpoint| case.path.asked(endpoint.address)) {
        let answer = if case.is_inside() { flow.back.as_ref() } else { Some(&flow.there) };
        let Some(answer) = answer.filter(|answer| crate::facts::path::state(answer) == State::Arrives) else {
            continue;
        };
        let Some((interface, gateway)) = answer.outcomes.first().and_then(|one| Way(one).leaves_by()) else {
            continue;
        };
        let told = match gateway {
            Some(gateway) => format!("{interface} via {gateway}"),
            None => interface.to_owned(),
        };
        if !exits.contains(&told) {
            exits.push(told);
        }
    }
    exits.truncate(4);
    match (exits.is_empty(), case.is_inside()) {
        (true, _) => "nothing leaves this host".to_owned(),
        (false, true) => format!("answers leave by {}", words(&exits)),
        (false, false) => format!("the way leaves by {}", words(&exits)),
    }
}
