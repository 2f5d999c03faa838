//! An address that this host does not have.

use std::net::{IpAddr, SocketAddr};

use portreeve_model::Listener;
use portreeve_model::why::Endpoint;

use super::{at, coverage, list, remedy};
use crate::case::Case;
use crate::facts::Outcome;
use crate::layers::{FaultDraft, Judgement};

/// Judges a target of which this host has no address.
pub(super) fn judge(case: &Case) -> Judgement {
    let all: Vec<SocketAddr> = case.endpoints.iter().map(|endpoint| endpoint.address).collect();
    let mut judgement = Judgement::fine(format!(
        "{} {} another host's",
        list(&all),
        if all.len() == 1 { "is" } else { "are" }
    ));
    for endpoint in &case.endpoints {
        if let Some(fault) = link_local(case, endpoint)
            .or_else(|| bound_here(case, endpoint))
            .or_else(|| nobody_has(case, endpoint))
        {
            judgement.add(fault);
        }
    }
    judgement.unseen(
        "what is bound to an address of another host is not seen from here",
        Some("run it on that host"),
    );
    judgement
}

/// `fe80::1` is another host on every link.
fn link_local(case: &Case, endpoint: &Endpoint) -> Option<FaultDraft> {
    let SocketAddr::V6(v6) = endpoint.address else { return None };
    if !v6.ip().is_unicast_link_local() || v6.scope_id() != 0 {
        return None;
    }
    let links: Vec<&str> = case
        .path
        .network
        .interfaces
        .iter()
        .filter(|interface| !interface.flags.is_loopback())
        .map(|interface| interface.name.as_str())
        .collect();
    let (statement, example) = match &case.question.target.zone {
        Some(zone) => (
            format!("This host has no interface {zone}, by which {} was to be reached", v6.ip()),
            links.first().copied(),
        ),
        None => (
            format!("{} can be another host on every link, and no interface was written", v6.ip()),
            links.first().copied(),
        ),
    };
    let written = format!("[{}%{}]:{}", v6.ip(), example.unwrap_or("eth0"), v6.port());
    Some(
        at(case, "link-local-without-interface", statement, &[endpoint.address])
            .seen("interface", format!("interfaces: {}", links.join(", ")), "ip -br link")
            .fix(format!("write the interface, too: {written}")),
    )
}

/// Something here is bound to it, as a service is that lost its address, or waits for it.
fn bound_here(case: &Case, endpoint: &Endpoint) -> Option<FaultDraft> {
    let ip = endpoint.address.ip();
    let (listener, _) =
        coverage::all(&case.service.listeners).find(|(_, bound)| bound.address.to_canonical() == ip)?;
    Some(unassigned(case, listener, ip, &[endpoint.address]))
}

/// The fault of a service that is bound to an address which no interface has.
pub(super) fn unassigned(
    case: &Case,
    listener: &Listener,
    ip: IpAddr,
    endpoints: &[SocketAddr],
) -> FaultDraft {
    let (length, family) = if ip.is_ipv4() { (24, "-4") } else { (64, "-6") };
    let likely = case
        .path
        .network
        .addresses
        .iter()
        .find(|one| one.network().contains(ip) && !one.address.is_loopback());
    let interface = likely.and_then(|one| case.path.network.interface(one.interface));
    let name = interface.map_or("eth0", |interface| interface.name.as_str());
    let length = likely.map_or(length, |one| one.prefix_length);
    at(
        case,
        "unassigned",
        format!("{} is bound to {ip}, which no interface of this host has", remedy::who(listener)),
        endpoints,
    )
    .seen("listener", format!("{} {}", remedy::who(listener), remedy::places(listener)), remedy::ss(case))
    .seen("address", format!("{ip} is on no interface"), format!("ip {family} -br address"))
    .fix(format!("give it back to the host: ip address add {ip}/{length} dev {name} (with keepalived or the like: look which node has it)"))
    .fix(remedy::listen_on(listener, remedy::Wanted::All))
}

/// Nobody on the link has it, and here something listens that would serve it.
fn nobody_has(case: &Case, endpoint: &Endpoint) -> Option<FaultDraft> {
    let ip = endpoint.address.ip();
    // Where a name leads to is the layer `dns`'s to judge.
    if case.names.is_some() {
        return None;
    }
    let network = &case.path.network;
    let neighbour = network.addresses.iter().find(|one| {
        one.address.is_ipv4() == ip.is_ipv4() && !one.address.is_loopback() && one.network().contains(ip)
    })?;
    let interface = network.interface(neighbour.interface)?;
    let unreachable = case
        .trials
        .of(endpoint.address)
        .is_some_and(|trial| matches!(trial.outcome, Outcome::HostUnreachable));
    let silent = case.path.neighbour(&interface.name, ip).is_some_and(|one| one.asked && one.is_silent());
    if !unreachable && !silent {
        return None;
    }
    let (listener, _) =
        coverage::all(&case.service.listeners).find(|(_, bound)| coverage::takes(bound, ip))?;
    let own: Vec<String> = network
        .addresses
        .iter()
        .filter(|one| one.interface == neighbour.interface && one.address.is_ipv4() == ip.is_ipv4())
        .map(|one| one.address.to_string())
        .collect();
    let name = &interface.name;
    Some(
        at(
            case,
            "not-on-host",
            format!(
                "{ip} is no address of this host, whose {} listens on port {}, and nobody on {name} has it",
                remedy::who(listener),
                listener.port
            ),
            &[endpoint.address],
        )
        .seen("address", format!("{name}: {}", own.join(", ")), format!("ip -br address show dev {name}"))
        .seen(
            "neighbour",
            format!("{ip} on {name}: no answer to ARP or neighbour solicitation"),
            format!("ip neighbour show {ip}"),
        )
        .fix(format!("ask for the address that this host has: {}", own.join(", ")))
        .fix(format!("or give it to this host: ip address add {ip}/{} dev {name}", neighbour.prefix_length)),
    )
}
