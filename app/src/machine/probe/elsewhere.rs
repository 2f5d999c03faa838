//! What only a host elsewhere can try, and what to run there.

use portreeve_linux::vantage::Carrier;
use portreeve_model::probe::Elsewhere;
use portreeve_model::reach::Verdict;

use super::plan::{From, Trial};

/// Commands shown at most.
const MOST: usize = 8;

/// What remains to be tried from elsewhere: where the interface makes a difference, each; else one for all, since only a remote
/// host sees what stands in between.
pub(super) fn elsewhere(trials: &[(Trial, Verdict)], seconds: u64) -> Vec<Elsewhere> {
    let beside = || trials.iter().filter(|(trial, _)| trial.vantage == From::Beside);
    let mut all: Vec<Elsewhere> = beside()
        .filter(|(trial, computed)| trial.expected != *computed)
        .map(|(trial, computed)| Elsewhere {
            reason: format!(
                "{} by {} is computed as {}, by the probe's interface as {}: rules or routes ask for the interface, so only \
                 a host beyond {} can tell",
                trial.stands_for,
                trial.interfaces.join(", "),
                word(trial.expected),
                word(*computed),
                trial.interfaces.join(", "),
            ),
            command: command(trial, seconds),
        })
        .collect();
    all.truncate(MOST);
    if all.is_empty() {
        all.extend(beside().next().map(|(trial, _)| Elsewhere {
            reason: "what other hosts, routers and the provider's filters do with packets on their way, only a host \
                     beyond them can tell"
                .to_owned(),
            command: command(trial, seconds),
        }));
    }
    all
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allowed",
        Verdict::Deny => "denied",
        Verdict::Unknown => "undecided",
    }
}

fn command(trial: &Trial, seconds: u64) -> String {
    let udp = if trial.carrier == Carrier::Udp { "u" } else { "" };
    format!("nc -vz{udp} -w {seconds} {} {}", trial.destination.ip(), trial.destination.port())
}
