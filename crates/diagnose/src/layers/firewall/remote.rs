//! What another host, or a router on the way, does with connections: all that is seen of it is what comes back.

use std::net::SocketAddr;

use crate::case::Case;
use crate::facts::{Echo, OtherPort, Outcome, Rejection, Sent, Surroundings, Trial};
use crate::layers::flows::words;
use crate::layers::route::links::silent_hop;
use crate::layers::{FaultDraft, Judgement};

pub(super) fn judge(case: &Case, judgement: &mut Judgement) {
    for trial in &case.trials.trials {
        // What rules of this host keep is told as that.
        let kept = case.path.asked(trial.endpoint).any(|flow| super::denied::denial(flow).is_some());
        if trial.over_loopback || kept {
            continue;
        }
        match &trial.outcome {
            Outcome::Silent(_) if is_expected_to_answer(trial) && !is_absent(case, trial.endpoint) => {
                judgement.add(silent(case, trial));
            }
            Outcome::Rejected(rejection) if is_filter(trial, rejection) => {
                judgement.add(rejected(case, trial, rejection));
            }
            _ => {}
        }
    }
}

/// An empty datagram needs no answer, and a question does.
fn is_expected_to_answer(trial: &Trial) -> bool {
    !matches!(trial.sent, Sent::EmptyDatagram)
}

/// The neighbour, or the router on the way, does not answer on its link: that is the route's to tell.
fn is_absent(case: &Case, endpoint: SocketAddr) -> bool {
    case.path.asked(endpoint).any(|flow| silent_hop(case, flow).is_some())
}

/// Whether an ICMP error says that somebody forbids it, rather than that somebody cannot find it.
fn is_filter(trial: &Trial, rejection: &Rejection) -> bool {
    let error = &rejection.error;
    let closed = error.is_port_unreachable() && matches!(trial.sent, Sent::Syn);
    !rejection.by_this_host && (closed || is_prohibition(rejection))
}

/// Destination unreachable by decision: RFC 792 and 1812 codes 2, 9, 10, 13; RFC 4443 codes 1, 5, 6.
pub(in crate::layers) fn is_prohibition(rejection: &Rejection) -> bool {
    let error = &rejection.error;
    match error.offender {
        Some(std::net::IpAddr::V6(_)) => error.kind == 1 && matches!(error.code, 1 | 5 | 6),
        _ => error.kind == 3 && matches!(error.code, 2 | 9 | 10 | 13),
    }
}

fn silent(case: &Case, trial: &Trial) -> FaultDraft {
    let to = trial.endpoint;
    let seconds = trial.took.as_secs_f32();
    let around = trial.surroundings.as_ref();
    let alive = around.is_some_and(Surroundings::host_is_alive);
    let statement = if alive {
        format!(
            "Nothing comes back from {to} in {seconds:.1} s, though the host is there: a filter there or on the way drops what is \
             sent to this port, or its listener takes no more"
        )
    } else {
        format!(
            "Nothing comes back from {to} in {seconds:.1} s: a filter there or on the way drops it, or the host is down{}",
            last(around)
        )
    };
    let others =
        case.endpoints.iter().filter(|one| case.trials.of(one.address).is_some_and(Trial::is_answered));
    let mut draft = FaultDraft::at("filtered-remotely", statement, vec![to], others.count()).symptom();
    let what = if case.is_tcp() { "SYN" } else { "datagram" };
    draft = draft.seen("packet", format!("{what} to {to}: no answer"), probe(case, to));
    if let Some(around) = around {
        draft = surroundings(draft, to, around);
    }
    draft.fix(format!(
        "on {}, as root: portreeve why {}; it sees the rules and the listener there",
        to.ip(),
        port(case, to)
    ))
}

fn last(around: Option<&Surroundings>) -> String {
    let last = around.and_then(Surroundings::last_router);
    last.map_or_else(String::new, |(distance, router)| {
        format!("; the last router that is heard of is {router}, {distance} hops away")
    })
}

fn surroundings(mut draft: FaultDraft, to: SocketAddr, around: &Surroundings) -> FaultDraft {
    let echo = match around.echo {
        Echo::Answered(time) => {
            Some(format!("ICMP echo: answered after {:.1} ms", time.as_secs_f64() * 1000.0))
        }
        Echo::Silent => Some("ICMP echo: no answer".to_owned()),
        Echo::Rejected(rejection) => Some(format!("ICMP echo: {}", rejection.reason())),
        Echo::NotSent => None,
    };
    if let Some(echo) = echo {
        draft = draft.seen("packet", echo, format!("ping -c 1 {}", to.ip()));
    }
    let said: Vec<String> = around
        .other_ports
        .iter()
        .map(|(port, said)| match said {
            OtherPort::Connected => format!("{port} takes connections"),
            OtherPort::Refused => format!("{port} is closed"),
            OtherPort::Rejected(rejection) => format!("{port}: {}", rejection.reason()),
            OtherPort::Silent => format!("{port} is silent"),
        })
        .collect();
    if !said.is_empty() {
        draft = draft.seen("packet", format!("other ports: {}", words(&said)), "");
    }
    draft
}

fn rejected(case: &Case, trial: &Trial, rejection: &Rejection) -> FaultDraft {
    let to = trial.endpoint;
    let by = match rejection.router() {
        Some(router) if router == to.ip() => "the host itself".to_owned(),
        Some(router) => format!("the router {router}"),
        None => "somebody on the way".to_owned(),
    };
    let statement = format!("Connections to {to} are refused with {} by {by}", rejection.reason());
    let others =
        case.endpoints.iter().filter(|one| case.trials.of(one.address).is_some_and(Trial::is_answered));
    let draft = FaultDraft::at("rejected-remotely", statement, vec![to], others.count()).seen(
        "packet",
        format!(
            "{} from {by} (type {}, code {})",
            rejection.reason(),
            rejection.error.kind,
            rejection.error.code
        ),
        format!("tcpdump -ni any 'icmp or icmp6' & {}", probe(case, to)),
    );
    let place = rejection.router().map_or_else(|| to.ip().to_string(), |router| router.to_string());
    draft.fix(format!("let port {} through in the rules of {place}", to.port()))
}

fn probe(case: &Case, to: SocketAddr) -> String {
    let (v6, udp) = (if to.is_ipv6() { "-6 " } else { "" }, if case.is_tcp() { "" } else { "-u " });
    format!("nc {v6}{udp}-vz -w 4 {} {}", to.ip(), to.port())
}

fn port(case: &Case, to: SocketAddr) -> String {
    if case.is_tcp() {
        to.port().to_string()
    } else {
        format!("{}/{}", to.port(), case.question.target.protocol)
    }
}
