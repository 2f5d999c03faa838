//! Another host's port: its answer is all that is seen of it.

use std::net::SocketAddr;

use super::super::{FaultDraft, Judgement};
use super::wording::port;
use crate::case::Case;
use crate::facts::{Outcome, Trial};

pub(super) fn judge(case: &Case) -> Judgement {
    let refused: Vec<SocketAddr> = case
        .trials
        .trials
        .iter()
        .filter(|trial| trial.outcome == Outcome::Refused)
        .map(|trial| trial.endpoint)
        .collect();
    if !refused.is_empty() {
        let mut judgement = Judgement::fine("").tried();
        judgement.add(refusal(case, refused));
        return judgement;
    }
    let trials = &case.trials.trials;
    if !trials.is_empty() && trials.iter().all(Trial::is_answered) {
        return Judgement::fine(format!("something answers on {}", port(case))).tried();
    }
    let mut judgement = Judgement::fine("");
    let why = if trials.is_empty() { ", and nothing was tried" } else { "" };
    judgement.unseen(
        format!("what listens on another host is not seen from here{why}"),
        Some("run portreeve why on that host"),
    );
    judgement
}

fn refusal(case: &Case, refused: Vec<SocketAddr>) -> FaultDraft {
    let udp = !case.is_tcp();
    let names: Vec<String> = refused.iter().map(ToString::to_string).collect();
    let answer = if udp { "an ICMP port unreachable" } else { "a reset" };
    let statement = format!(
        "{} answers with {answer}: nothing listens on {} there, or a rule of that host or before it rejects so",
        super::wording::list(&names),
        port(case)
    );
    let others = case.others(&refused);
    let first = refused.first().copied();
    let mut fault = FaultDraft::at("refused-remotely", statement, refused, others).symptom();
    if let Some(address) = first {
        let kind = if udp { " -u" } else { "" };
        fault = fault.seen(
            "packet",
            format!("{address}: {answer}"),
            format!("nc -vz{kind} -w 3 {} {}", address.ip(), address.port()),
        );
    }
    let number = case.question.target.port;
    fault
        .fix(format!("on that host: portreeve why {number}"))
        .fix(format!("without it, on that host: {}", super::wording::sockets(case)))
}
