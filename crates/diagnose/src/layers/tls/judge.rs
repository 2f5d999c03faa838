//! Whether there is a layer to judge; its verdict on every endpoint put together.

use portreeve_model::why::Application;

use super::finding::{Finding, tell};
use super::scene::{Scene, moment};
use super::{certificates, refusals};
use crate::case::Case;
use crate::layers::Judgement;
use crate::target::Probe;

/// Judges the facts.
pub(in crate::layers) fn judge(case: &Case) -> Judgement {
    if !case.is_tcp() {
        return Judgement::not_applicable("no TLS over TCP");
    }
    if !matches!(case.question.target.application, Application::Https | Application::Tls) {
        return Judgement::not_applicable("no TLS is expected here");
    }
    if case.question.probe == Probe::Forbidden {
        let mut judgement = Judgement::fine("");
        judgement.unknown("no handshake was made (--no-probe)", Some("ask again without --no-probe"));
        return judgement;
    }
    if case.tls.tries.is_empty() {
        let mut judgement = Judgement::fine("");
        judgement.unseen("no connection was made, so no handshake either", None);
        return judgement;
    }
    let mut judgement = Judgement::fine(in_short(case)).tried();
    let mut findings: Vec<Finding> = Vec::new();
    for tried in &case.tls.tries {
        let scene = Scene::new(case, tried);
        if tried.meeting.is_done() {
            findings.extend(certificates::judge(&scene, &mut judgement));
        }
        findings.extend(refusals::judge(&scene, &mut judgement));
    }
    tell(findings, case, &mut judgement);
    judgement
}

/// `TLS 1.3, certificate for example.test until 2027-01-01 00:00 UTC`.
fn in_short(case: &Case) -> String {
    let done = case.tls.tries.iter().find(|tried| tried.meeting.is_done());
    let Some((meeting, leaf)) = done.and_then(|tried| Some((&tried.meeting, tried.meeting.leaf()?))) else {
        return "handshake".to_owned();
    };
    let version = meeting.established.version.as_deref().unwrap_or("TLS");
    format!("{version}, certificate for {} until {}", leaf.names_in_short(), moment(leaf.not_after))
}
