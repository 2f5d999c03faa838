//! What routers on the way, and this host's own errors, say of the way to another host.

use std::net::SocketAddr;

use crate::case::Case;
use crate::facts::{Outcome, Rejection, Trial};
use crate::layers::firewall::remote::is_prohibition;
use crate::layers::flows::list;
use crate::layers::{FaultDraft, Judgement};

/// Judges the trials. `told` are endpoints of which it is known already why nothing gets there.
pub(super) fn judge(case: &Case, judgement: &mut Judgement, told: &[SocketAddr]) {
    let by_routing =
        |endpoint| case.path.asked(endpoint).any(|flow| flow.arrives() == crate::facts::path::State::ByHost);
    for trial in &case.trials.trials {
        let to = trial.endpoint;
        if trial.over_loopback || told.contains(&to) || by_routing(to) {
            continue;
        }
        match &trial.outcome {
            Outcome::NoRoute => {
                judgement.add(own(case, to, "no-route", "no route of this host leads there (ENETUNREACH)"));
            }
            Outcome::HostUnreachable => judgement.add(own(
                case,
                to,
                "neighbour-unreachable",
                "nobody on the link answers for it, or for the router before it (EHOSTUNREACH)",
            )),
            Outcome::Rejected(rejection) if rejection.error.is_time_exceeded() => {
                judgement.add(said(case, trial, rejection, "routing-loop", "packets go in a circle"));
            }
            Outcome::Rejected(rejection)
                if !is_prohibition(rejection) && !rejection.error.is_port_unreachable() =>
            {
                judgement.add(said(
                    case,
                    trial,
                    rejection,
                    "remote-unreachable",
                    "the way there is broken beyond it",
                ));
            }
            _ => {}
        }
    }
}

fn others(case: &Case, to: SocketAddr) -> usize {
    let answered = |address| case.trials.of(address).is_some_and(Trial::is_answered);
    case.endpoints.iter().filter(|one| one.address != to && answered(one.address)).count()
}

fn own(case: &Case, to: SocketAddr, code: &'static str, text: &str) -> FaultDraft {
    let v6 = if to.is_ipv4() { "" } else { "-6 " };
    FaultDraft::at(code, format!("{} cannot be reached: {text}", list(&[to])), vec![to], others(case, to))
        .seen("packet", text, format!("ip {v6}route get {0}; ip {v6}neigh show", to.ip()))
        .fix(match code {
            "no-route" => format!("ip {v6}route add default via ROUTER"),
            _ => format!("start {}, or correct its address or the route to it", to.ip()),
        })
}

fn said(case: &Case, trial: &Trial, rejection: &Rejection, code: &'static str, why: &str) -> FaultDraft {
    let to = trial.endpoint;
    let who = match rejection.router() {
        Some(_) if rejection.by_this_host => "This host".to_owned(),
        Some(router) if router == to.ip() => format!("{router} itself"),
        Some(router) => format!("The router {router}"),
        None => "A router on the way".to_owned(),
    };
    let statement = format!("{who} says that {to} cannot be reached ({}): {why}", rejection.reason());
    FaultDraft::at(code, statement, vec![to], others(case, to))
        .symptom()
        .seen(
            "packet",
            format!("{} (type {}, code {})", rejection.reason(), rejection.error.kind, rejection.error.code),
            format!("traceroute -n {}", to.ip()),
        )
        .fix(match rejection.router() {
            Some(router) => format!("look at the routes of {router}: ip route get {}", to.ip()),
            None => format!("traceroute -n {} shows the router to look at", to.ip()),
        })
}
