//! The judgement: what was found of each endpoint, the same of several put together.

use portreeve_model::why::{Application, Nature};

use super::finding::{Finding, View, Weight};
use super::{redirects, silence, status};
use crate::case::Case;
use crate::facts::http::{Outcome, Visit};
use crate::layers::{FaultDraft, Judgement};
use crate::target::Probe;

/// Judges the facts.
pub(in crate::layers) fn judge(case: &Case) -> Judgement {
    if !matches!(case.question.target.application, Application::Http | Application::Https) {
        return Judgement::not_applicable("no HTTP is expected there");
    }
    if case.question.probe == Probe::Forbidden {
        let mut judgement = Judgement::fine("");
        judgement.unseen("no request was made, since --no-probe forbids it", Some("leave out --no-probe"));
        return judgement;
    }
    let asked: Vec<&Visit> = case.http.visits.iter().filter(|visit| was_asked(visit)).collect();
    if asked.is_empty() {
        let mut judgement = Judgement::fine("");
        judgement.unseen("no request could be made: there is no connection to make it over", None);
        return judgement;
    }
    let mut judgement = Judgement::fine(fine(&asked)).tried();
    let mut groups: Vec<(Finding, Vec<std::net::SocketAddr>)> = Vec::new();
    for visit in &asked {
        let view = View { case, visit };
        for finding in findings(view) {
            match groups.iter_mut().find(|(known, _)| known.code == finding.code) {
                Some((_, endpoints)) => endpoints.push(visit.endpoint),
                None => groups.push((finding, vec![visit.endpoint])),
            }
        }
    }
    for (finding, endpoints) in groups {
        add(&mut judgement, case, finding, endpoints);
    }
    for visit in &asked {
        redirects::unjudged(View { case, visit }, &mut judgement);
        silence::unjudged(View { case, visit }, &mut judgement);
    }
    judgement
}

/// All that was found of one endpoint.
fn findings(view: View<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(redirects::judge(view));
    // What the way ends in is judged where it ended in an answer, or in the lack of one.
    if found.is_empty() {
        found.extend(silence::judge(view));
    }
    if found.is_empty() {
        found.extend(status::judge(view));
    }
    found.extend(redirects::beside(view));
    found
}

/// Whether a request was sent: what stood in the way of a connection or a session is other layers' matter.
fn was_asked(visit: &Visit) -> bool {
    let not_sent = |outcome: &Outcome| matches!(outcome, Outcome::NotConnected(_) | Outcome::NoSession(_));
    visit.first().is_some_and(|first| !not_sent(&first.outcome))
}

/// What to say where all is well.
fn fine(visits: &[&Visit]) -> String {
    let answers = visits.iter().filter_map(|visit| visit.last()).filter_map(|exchange| {
        let answer = exchange.answer()?;
        Some(format!("{} in {} ms", answer.status_line(), exchange.first_byte?.as_millis()))
    });
    answers.take(1).collect()
}

fn add(judgement: &mut Judgement, case: &Case, finding: Finding, endpoints: Vec<std::net::SocketAddr>) {
    let Finding { code, weight, statement, evidence, fix } = finding;
    let others = case.others(&endpoints);
    let draft = match weight {
        Weight::Note => return judgement.note(code, statement),
        Weight::Fault(nature, severity) => {
            let draft = FaultDraft::at(code, statement, endpoints, others);
            let draft = if others == 0 { draft.severity(severity) } else { draft };
            if nature == Nature::Symptom { draft.symptom() } else { draft }
        }
        Weight::Partly(severity) => {
            // Whoever comes to these endpoints is concerned, and nobody is kept out entirely.
            FaultDraft::at(code, statement, endpoints, others.max(1)).severity(severity)
        }
    };
    let draft = evidence
        .into_iter()
        .fold(draft, |draft, one| draft.seen(&one.kind, one.text, one.reproduce.unwrap_or_default()));
    judgement.add(fix.into_iter().fold(draft, FaultDraft::fix));
}
