//! Rules that send connections to another address or port: whether something answers there.

use std::net::{IpAddr, SocketAddr};

use portreeve_firewall::answer::{listing, rule};
use portreeve_model::reach::{Decider, Effect, Rule, Step};
use portreeve_model::{IpCoverage, Listener};

use crate::case::Case;
use crate::facts::path::{Flow, OnwardState, Purpose};
use crate::layers::{FaultDraft, Judgement};

/// Programs that hold a port while rules send what comes there to a container or another host.
const FORWARDERS: [&str; 6] =
    ["docker-proxy", "kube-proxy", "rootlessport", "rootlesskit", "conmon", "portmap"];

pub(super) fn judge(case: &Case, judgement: &mut Judgement) {
    let endpoints: Vec<SocketAddr> = case.here().map(|endpoint| endpoint.address).collect();
    for endpoint in &endpoints {
        let flow = case.path.asked(*endpoint).find(|flow| flow.translated().is_some());
        let own = case.path.flows.iter().find(|flow| {
            flow.endpoint == *endpoint && flow.purpose == Purpose::Own && flow.translated().is_some()
        });
        let Some(flow) = flow.or(own) else { continue };
        one(case, judgement, flow);
    }
}

fn one(case: &Case, judgement: &mut Judgement, flow: &Flow) {
    let Some(to) = flow.translated() else { return };
    let from = flow.endpoint;
    let by = translation(flow);
    let told = by.map_or_else(|| "A rule".to_owned(), rule);
    let sends = format!("{told} sends what comes to {from} on to {to}");
    let Some(onward) = case.path.onward(to) else { return };
    let alive = |one: SocketAddr| {
        let mut targets = case.path.asked(one).filter_map(Flow::translated);
        targets.all(|target| case.path.onward(target).is_some_and(|one| one.state == OnwardState::Answers))
    };
    let others = case.endpoints.iter().filter(|one| one.address != from && alive(one.address)).count();
    let dead =
        |what: String, proof: String| {
            let draft = FaultDraft::at("nat-dead-target", format!("{sends}, {what}"), vec![from], others)
                .seen("packet", proof, probe(to));
            remedied(shown(draft, by), by, flow)
        };
    match &onward.state {
        OnwardState::Refuses => judgement.add(dead(
            "where nothing listens".to_owned(),
            format!("a connection of this host to {to} is refused"),
        )),
        OnwardState::Unreachable(error) => judgement.add(dead(
            "which cannot be reached".to_owned(),
            format!("a connection of this host to {to}: {error}"),
        )),
        OnwardState::Silent(waited) => judgement.add(
            dead(
                "which does not answer".to_owned(),
                format!("a connection of this host to {to}: no answer in {waited} ms"),
            )
            .symptom(),
        ),
        OnwardState::Untried(why) => {
            judgement.unseen(format!("{sends}; whether something answers there was not tried: {why}"), None);
        }
        OnwardState::Answers => elsewhere(case, judgement, flow, by, &sends),
    }
}

/// Something listens on the port here, and rules send connections past it.
fn elsewhere(case: &Case, judgement: &mut Judgement, flow: &Flow, by: Option<&Rule>, sends: &str) {
    let meant = by.and_then(|rule| rule.owner.as_deref()).is_some_and(|owner| {
        ["Docker", "Podman", "CNI plugins", "Kubernetes", "Istio", "Linkerd", "Calico", "Cilium"]
            .contains(&owner)
    });
    let here =
        case.service.listeners.iter().find(|listener| takes(listener, flow.endpoint) && !forwards(listener));
    let Some(listener) = here.filter(|_| !meant) else { return };
    let holder = listener.owner.holders.first().map_or_else(
        || "a listener here".to_owned(),
        |holder| format!("{} (pid {})", holder.name, holder.pid),
    );
    let statement = format!("{sends}: it never gets to {holder}, which listens on the port");
    let draft = FaultDraft::at("nat-elsewhere", statement, vec![flow.endpoint], 0);
    let draft = shown(draft, by).seen(
        "listener",
        format!("{holder} listens on port {}", listener.port),
        format!("ss -Hltunp 'sport = :{}'", listener.port),
    );
    judgement.add(remedied(draft, by, flow));
}

/// Whether a listener takes what comes to an address.
fn takes(listener: &Listener, endpoint: SocketAddr) -> bool {
    listener.addresses.iter().any(|bound| {
        let address = bound.address.to_canonical();
        let all = address.is_unspecified()
            && match endpoint.ip() {
                IpAddr::V4(_) => !matches!(bound.covers, IpCoverage::Ipv6),
                IpAddr::V6(_) => address.is_ipv6(),
            };
        all || address == endpoint.ip()
    })
}

/// Whether a listener only stands for what rules send elsewhere.
fn forwards(listener: &Listener) -> bool {
    listener.owner.forwards_to.is_some()
        || listener.owner.holders.iter().any(|holder| FORWARDERS.iter().any(|name| *holder.name == **name))
}

/// The rule that translated the destination.
fn translation(flow: &Flow) -> Option<&Rule> {
    flow.there.outcomes.iter().flat_map(|outcome| &outcome.steps).find_map(|step| match step {
        Step::Rule { rule, effect: Effect::Nat, .. } => Some(&**rule),
        _ => None,
    })
}

fn shown(draft: FaultDraft, by: Option<&Rule>) -> FaultDraft {
    let Some(rule) = by else { return draft };
    let handle = rule.handle.map_or_else(String::new, |handle| format!(" # handle {handle}"));
    draft.seen(
        "rule",
        format!("{} {} {}: {}{handle}", rule.family, rule.table, rule.chain, rule.text),
        listing(&Decider::Rule(Box::new(rule.clone()))),
    )
}

fn probe(to: SocketAddr) -> String {
    match to.ip() {
        IpAddr::V4(v4) => format!("nc -vz -w 2 {v4} {}", to.port()),
        IpAddr::V6(v6) => format!("nc -6 -vz -w 2 {v6} {}", to.port()),
    }
}

fn remedied(draft: FaultDraft, by: Option<&Rule>, flow: &Flow) -> FaultDraft {
    let Some(rule) = by else { return draft };
    let port = flow.endpoint.port();
    let to = flow.translated().map_or_else(String::new, |to| to.to_string());
    let draft = match rule.owner.as_deref() {
        Some("Docker") => draft.fix(format!(
            "docker ps -a --filter publish={port}: start the container, or have its program listen on {to} and not on 127.0.0.1"
        )),
        Some("Podman") => draft.fix(format!(
            "podman ps -a --filter publish={port}: start the container, or have its program listen on {to}"
        )),
        _ => draft.fix(format!("start what should listen at {to}")),
    };
    let words = format!("{} {} {}", rule.family, rule.table, rule.chain);
    match (rule.backend.as_str(), rule.handle) {
        ("nft", Some(handle)) => {
            draft.fix(format!("or take the rule out: nft delete rule {words} handle {handle}"))
        }
        ("nft", None) => draft.fix(format!("or take the rule out of {words}")),
        (backend, _) => {
            let legacy =
                backend.strip_prefix("iptables").filter(|kind| *kind == "-legacy").unwrap_or_default();
            let v6 = if rule.family == "ip6" { "6" } else { "" };
            draft.fix(format!(
                "or take the rule out: ip{v6}tables{legacy} -t {} -D {} {}",
                rule.table, rule.chain, rule.position
            ))
        }
    }
}
