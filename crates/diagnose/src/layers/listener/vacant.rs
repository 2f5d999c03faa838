//! Nothing listens: the most telling reason for it.

mod elsewhere;
mod processes;
mod units;

use portreeve_model::Listener;
use portreeve_model::who::{Answer, Reason, ReasonKind};

use self::elsewhere::{container, container_namespace, named_namespace, namespace, other_protocol};
use self::processes::{bound_only, running, start_failed, stopped, stopped_lately};
use self::units::{crash_loop, socket_unit, unit_failed};
use super::super::{FaultDraft, Judgement};
use super::held::published;
use super::wording::{addresses, here, is_explained, list, owner, port, sockets, with_evidence};
use crate::case::Case;
use crate::facts::Trial;

/// One reason for which nothing listens, if it applies.
type Rule = fn(&Case) -> Option<FaultDraft>;

/// The reasons, the most telling first.
const RULES: [Rule; 14] = [
    crash_loop,
    unit_failed,
    socket_unit,
    container,
    bound_only,
    running,
    start_failed,
    named_namespace,
    stopped_lately,
    container_namespace,
    stopped,
    other_protocol,
    kernel,
    nothing,
];

pub(super) fn judge(case: &Case) -> Judgement {
    if let Some(judgement) = served_otherwise(case) {
        return judgement;
    }
    let mut judgement = Judgement::fine("");
    if let Some(fault) = RULES.iter().find_map(|rule| rule(case)) {
        judgement.add(if is_explained(case) { fault.symptom() } else { fault });
    }
    judgement
}

/// Rules send the port on, or something answers that no list of sockets shows.
fn served_otherwise(case: &Case) -> Option<Judgement> {
    let sent_on = case.endpoints.iter().find_map(|endpoint| case.path.translated(endpoint.address));
    if let Some(to) = sent_on {
        let mut judgement = Judgement::fine(format!("rules send {} on to {to}", port(case)));
        for publisher in &case.service.publishers {
            if let Some(fault) = published(case, publisher) {
                judgement.add(fault);
            }
        }
        return Some(judgement);
    }
    let answered =
        case.here().any(|endpoint| case.trials.of(endpoint.address).is_some_and(Trial::is_answered));
    answered.then(|| {
        let mut judgement = Judgement::fine(format!("{} is answered", port(case))).tried();
        judgement.unseen(
            format!(
                "something answers on {}, and no socket of this network namespace is bound to it: a transparent proxy, or a program that steers sockets",
                port(case)
            ),
            Some("bpftool prog list; nft list ruleset | grep tproxy"),
        );
        judgement
    })
}

fn reason(case: &Case, kinds: &[ReasonKind]) -> Option<Reason> {
    let answer: &Answer = case.service.answer.as_ref()?;
    answer.reasons.iter().find(|reason| kinds.contains(&reason.kind)).cloned()
}

/// The kernel, something hidden, or something in flight has the port.
fn kernel(case: &Case) -> Option<FaultDraft> {
    let kinds = [
        ReasonKind::KernelSocket,
        ReasonKind::DescriptorInFlight,
        ReasonKind::HiddenProcess,
        ReasonKind::ViewsDisagree,
    ];
    let reason = reason(case, &kinds)?;
    let mut fault = here(case, "not-listening", reason.statement.clone());
    for line in &reason.evidence {
        fault = fault.seen("socket", line, format!("portreeve who {}", case.question.target.port));
    }
    Some(fault.fix(format!("look closer: portreeve who {}", case.question.target.port)))
}

#[expect(clippy::unnecessary_wraps, reason = "the last of the rules, which always applies")]
fn nothing(case: &Case) -> Option<FaultDraft> {
    let near = near(case);
    let besides = if near.is_empty() { String::new() } else { format!("; {}", list(&near)) };
    let statement = format!("nothing listens on {}{besides}", port(case));
    let mut fault = here(case, "nothing-listens", statement).seen(
        "socket",
        format!("no socket listens on {}", port(case)),
        sockets(case),
    );
    let listeners = &case.service.nearby;
    let all: Vec<String> =
        listeners.iter().take(8).map(|one| format!("{}/{} {}", one.port, one.protocol, owner(one))).collect();
    if !all.is_empty() {
        let more = listeners.len().saturating_sub(all.len());
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        fault = fault.seen("socket", format!("what listens here: {}{more}", all.join(", ")), "ss -tulnp");
    }
    if let Some(listener) = case.service.elsewhere.first() {
        let name =
            namespace(case, listener).map_or_else(|| listener.namespace.to_string(), ToString::to_string);
        fault = fault.seen(
            "socket",
            format!(
                "{} listens on {} in another network namespace: {name}",
                owner(listener),
                addresses(listener)
            ),
            format!("portreeve who {}", case.question.target.port),
        );
    }
    for candidate in case.service.candidates.iter().take(2) {
        fault = with_evidence(fault, candidate);
    }
    let number = case.question.target.port;
    Some(fault.fix(if near.is_empty() {
        "start the service that is to serve it; if it does run, look at which port its configuration names"
            .to_owned()
    } else {
        format!("let it listen on {number}, too, or use the port that it has")
    }))
}

/// Web servers on other ports, where the web was asked for.
fn near(case: &Case) -> Vec<String> {
    use portreeve_model::why::Application;

    let web = [80, 443, 8080, 8443, 8000, 3000];
    if !matches!(case.question.target.application, Application::Http | Application::Https | Application::Quic)
    {
        return Vec::new();
    }
    let close = |listener: &&Listener| {
        let known = listener
            .owner
            .holders
            .first()
            .and_then(|holder| crate::facts::service::Software::of_program(&holder.name));
        web.contains(&listener.port)
            || known.is_some_and(|software| {
                matches!(software.name, "nginx" | "Apache" | "HAProxy" | "Caddy" | "lighttpd")
            })
    };
    case.service
        .nearby
        .iter()
        .filter(close)
        .take(3)
        .map(|listener| format!("{} listens on {}", owner(listener), addresses(listener)))
        .collect()
}
