//! Interfaces and those on their links.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use portreeve_firewall::network::Interface;
use portreeve_model::Severity;
use portreeve_model::reach::Step;

use crate::case::Case;
use crate::facts::path::{Flow, Neighbour, NeighbourState, Way};
use crate::layers::flows::{list, survey};
use crate::layers::{FaultDraft, Judgement};

/// Who is on the link answers within milliseconds; the kernel asks again after a second.
const LONG_ENOUGH: Duration = Duration::from_millis(900);

/// Judges the interfaces that packets come in and leave by. Names those that do not work.
pub(super) fn judge(case: &Case, judgement: &mut Judgement) -> Vec<String> {
    let mut down: Vec<String> = Vec::new();
    for interface in concerned(case) {
        let Some(what) = what_is_wrong(case, interface) else { continue };
        let endpoints: Vec<SocketAddr> = case
            .endpoints
            .iter()
            .filter(|endpoint| {
                endpoint.interface.as_deref() == Some(&interface.name)
                    || endpoint.interface.is_none() && leaves_by(case, endpoint.address, &interface.name)
            })
            .map(|endpoint| endpoint.address)
            .collect();
        if endpoints.is_empty() {
            continue;
        }
        down.push(interface.name.clone());
        if case.is_inside() {
            // The layer `address` tells what is wrong with the interface of an endpoint.
            continue;
        }
        let statement = format!("The interface {} of {} {what}", interface.name, list(&endpoints));
        if is_bridge_without_ports(case, interface) {
            judgement.note("link-down", statement);
            continue;
        }
        let others = case.others(&endpoints);
        judgement.add(
            FaultDraft::at("link-down", statement, endpoints, others)
                .seen("interface", told(interface), format!("ip -d link show dev {}", interface.name))
                .fix(if interface.flags.is_up() {
                    "plug the cable in, or bring the other end up (its switch port, its veth peer)".to_owned()
                } else {
                    format!("ip link set {} up", interface.name)
                }),
        );
    }
    down
}

/// The interfaces of the endpoints here, and those that the way to others leaves by.
fn concerned(case: &Case) -> Vec<&Interface> {
    let here = case.endpoints.iter().filter_map(|endpoint| endpoint.interface.as_deref());
    let outgoing = case.path.flows.iter().filter(|flow| flow.client.interface.is_none()).flat_map(ways);
    let mut names: Vec<&str> = Vec::new();
    for name in here.chain(outgoing.map(|(interface, _)| interface)) {
        let irrelevant = name == "lo" && case.endpoints.iter().all(|one| !one.address.ip().is_loopback());
        if !irrelevant && !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().filter_map(|name| case.path.interface(name)).collect()
}

fn leaves_by(case: &Case, endpoint: SocketAddr, interface: &str) -> bool {
    case.path.asked(endpoint).flat_map(ways).any(|(by, _)| by == interface)
}

fn what_is_wrong(case: &Case, interface: &Interface) -> Option<&'static str> {
    let flags = interface.flags;
    if !flags.is_up() {
        return Some("is down");
    }
    let loopback = flags.is_loopback();
    let used = !loopback && !flags.has_carrier();
    let _ = case;
    used.then_some("has no carrier: nothing is at the other end")
}

/// Nobody is there yet who could come in by it: a container engine's bridge without containers.
fn is_bridge_without_ports(case: &Case, interface: &Interface) -> bool {
    interface.kind.as_deref() == Some("bridge")
        && interface.flags.is_up()
        && case.path.network.interfaces.iter().all(|one| one.master != Some(interface.index))
}

fn told(interface: &Interface) -> String {
    let up = if interface.flags.is_up() { "UP" } else { "DOWN" };
    let carrier = if interface.flags.has_carrier() { "carrier" } else { "NO-CARRIER" };
    format!("{}: {up}, {carrier}, mtu {}", interface.name, interface.mtu)
}

/// The interfaces and gateways that packets of a connection leave by.
pub(super) fn ways(flow: &Flow) -> impl Iterator<Item = (&str, Option<IpAddr>)> {
    let outcomes = flow.there.outcomes.iter().chain(flow.back.iter().flat_map(|back| &back.outcomes));
    outcomes.flat_map(|outcome| {
        let routes = outcome.steps.iter().filter_map(|step| match step {
            Step::Route { interface: Some(interface), gateway, .. } => Some((interface.as_str(), *gateway)),
            _ => None,
        });
        routes.chain(Way(outcome).leaves_by())
    })
}

/// Judges the routers that packets go by, and neighbours that this host connects to. Gives the endpoints beyond silent ones.
pub(super) fn neighbours(case: &Case, judgement: &mut Judgement) -> Vec<SocketAddr> {
    let survey = survey(case, |flow| silent_hop(case, flow));
    let mut beyond: Vec<SocketAddr> = Vec::new();
    for found in &survey.found {
        let (code, statement) = sentence(case, found.what, &found.endpoints);
        judgement.add(explained(case, survey.fault(found, code, statement), found.what, code));
        beyond.extend(&found.endpoints);
    }
    beyond
}

/// The neighbour that packets of a connection leave by, and that does not answer.
pub(in crate::layers) fn silent_hop<'a>(case: &'a Case, flow: &Flow) -> Option<&'a Neighbour> {
    ways(flow).find_map(|(interface, gateway)| {
        let hop = match (gateway, flow.client.interface.is_none()) {
            (Some(gateway), _) => gateway,
            // This host connects to a neighbour.
            (None, true) if !case.is_inside() => flow.endpoint.ip(),
            _ => return None,
        };
        case.path.neighbour(interface, hop).filter(|one| is_gone(case, one))
    })
}

/// It was asked for, and has not answered: the kernel gave up, or this diagnosis waited for longer than the kernel does.
fn is_gone(case: &Case, neighbour: &Neighbour) -> bool {
    match neighbour.state {
        NeighbourState::Failed => true,
        NeighbourState::Incomplete => {
            let tried = case.trials.trials.iter().any(|trial| {
                !trial.over_loopback
                    && trial.endpoint.ip() == neighbour.address
                    && !trial.is_answered()
                    && trial.took >= LONG_ENOUGH
            });
            neighbour.asked || tried
        }
        _ => false,
    }
}

fn sentence(case: &Case, neighbour: &Neighbour, endpoints: &[SocketAddr]) -> (&'static str, String) {
    let (address, interface) = (neighbour.address, &neighbour.interface);
    let asked = if address.is_ipv4() { "ARP" } else { "neighbour discovery" };
    if endpoints.iter().any(|endpoint| endpoint.ip() == address) {
        let statement = format!(
            "{address} is on the link of {interface} and does not answer {asked}: it is down, or nobody there has the address"
        );
        return ("neighbour-unreachable", statement);
    }
    let whom = if case.is_inside() { "answers to clients beyond it" } else { "what is sent" };
    (
        "gateway-unreachable",
        format!("The gateway {address} on {interface} does not answer {asked}: {whom} cannot leave"),
    )
}

fn explained(case: &Case, draft: FaultDraft, neighbour: &Neighbour, code: &str) -> FaultDraft {
    let (address, interface) = (neighbour.address, &neighbour.interface);
    let draft = draft.seen(
        "neighbour",
        format!("{address} dev {interface} {}", neighbour.state.word()),
        format!("ip neigh show {address} dev {interface}"),
    );
    if code == "neighbour-unreachable" {
        return draft.fix(format!(
            "start {address}, or correct its address or the link it is on (VLAN, switch port, bridge)"
        ));
    }
    let v6 = if address.is_ipv4() { "" } else { "-6 " };
    let draft = if case.is_inside() { draft.severity(Severity::High) } else { draft };
    draft
        .seen("route", format!("the way goes by {address}"), format!("ip {v6}route show | grep {address}"))
        .fix(format!(
            "start the router {address}, or name the right one: ip {v6}route replace default via ROUTER dev {interface}"
        ))
}
