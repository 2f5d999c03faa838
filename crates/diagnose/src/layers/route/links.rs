//! Interfaces and those on their links.

use std::net::{IpAddr, SocketAddr};

use portreeve_firewall::network::Interface;
use portreeve_model::reach::Step;

use crate::case::Case;
use crate::facts::path::{Flow, Neighbour, NeighbourState, Purpose, Way};
use crate::layers::flows::list;
use crate::layers::{FaultDraft, Judgement};

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
        if !names.contains(&name)
            && !(name == "lo" && case.endpoints.iter().all(|one| !one.address.ip().is_loopback()))
        {
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
fn ways(flow: &Flow) -> impl Iterator<Item = (&str, Option<IpAddr>)> {
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
    let mut silent: Vec<(&Neighbour, Vec<&Flow>)> = Vec::new();
    for flow in case.path.flows.iter().filter(|flow| flow.purpose == Purpose::Asked) {
        for (interface, gateway) in ways(flow) {
            let hop = match (gateway, flow.client.interface.is_none()) {
                (Some(gateway), _) => gateway,
                // This host connects to a neighbour.
                (None, true) if !case.is_inside() => flow.endpoint.ip(),
                _ => continue,
            };
            let Some(neighbour) = case.path.neighbour(interface, hop).filter(|one| is_gone(case, one)) else {
                continue;
            };
            match silent.iter_mut().find(|(known, _)| *known == neighbour) {
                Some((_, flows)) => flows.push(flow),
                None => silent.push((neighbour, vec![flow])),
            }
        }
    }
    let mut endpoints: Vec<SocketAddr> = Vec::new();
    for (neighbour, flows) in silent {
        let mut of: Vec<SocketAddr> = flows.iter().map(|flow| flow.endpoint).collect();
        of.dedup();
        judgement.add(fault(case, neighbour, &of));
        endpoints.extend(of);
    }
    endpoints
}

/// It was asked for, and has not answered: the kernel gave up, or this diagnosis waited for longer than the kernel does.
fn is_gone(case: &Case, neighbour: &Neighbour) -> bool {
    match neighbour.state {
        NeighbourState::Failed => true,
        NeighbourState::Incomplete => {
            let tried = case.trials.trials.iter().any(|trial| {
                !trial.over_loopback && trial.endpoint.ip() == neighbour.address && trial.took.as_secs() >= 2
            });
            neighbour.asked || tried
        }
        _ => false,
    }
}

fn fault(case: &Case, neighbour: &Neighbour, endpoints: &[SocketAddr]) -> FaultDraft {
    let target = endpoints.iter().any(|endpoint| endpoint.ip() == neighbour.address);
    let (address, interface) = (neighbour.address, &neighbour.interface);
    let asked = if address.is_ipv4() { "ARP" } else { "neighbour discovery" };
    let (code, statement) = if target {
        (
            "neighbour-unreachable",
            format!(
                "{address} is on the link of {interface} and does not answer {asked}: it is down, or nobody there has the address"
            ),
        )
    } else {
        let whom = if case.is_inside() { "answers to clients beyond it" } else { "what is sent" };
        (
            "gateway-unreachable",
            format!("The gateway {address} on {interface} does not answer {asked}: {whom} cannot leave"),
        )
    };
    let others = case.others(endpoints);
    let draft = FaultDraft::at(code, statement, endpoints.to_vec(), others).seen(
        "neighbour",
        format!("{address} dev {interface} {}", neighbour.state.word()),
        format!("ip neigh show {address} dev {interface}"),
    );
    if target {
        return draft.fix(format!(
            "start {address}, or correct its address or the link it is on (VLAN, switch port, bridge)"
        ));
    }
    let v6 = if address.is_ipv4() { "" } else { "-6 " };
    draft
        .seen(
            "route",
            format!("the way goes by {address}"),
            format!("ip {v6}route show | grep {address}"),
        )
        .fix(format!("start the router {address}, or name the right one: ip {v6}route replace default via ROUTER dev {interface}"))
}
