//! What is bound to the port, compared with the addresses that are asked for.

use std::net::SocketAddr;

use portreeve_model::{BoundAddress, Listener, NamespaceName};

use super::coverage::{all, is_loopback, is_v6_wildcard, takes};
use super::elsewhere::unassigned;
use super::remedy::{Wanted, listen_on, places, ss, who};
use super::{at, held, list};
use crate::case::Case;
use crate::layers::{FaultDraft, Judgement};

/// Judges whether something takes connections to each address of this host.
pub(super) fn judge(case: &Case, judgement: &mut Judgement) {
    let asked: Vec<SocketAddr> = case
        .here()
        .map(|endpoint| endpoint.address)
        // Rules send it on: what listens here does not matter.
        .filter(|endpoint| case.path.translated(*endpoint).is_none())
        .collect();
    if asked.is_empty() {
        return;
    }
    if case.service.listeners.is_empty() {
        other_namespace(case, &asked, judgement);
        return;
    }
    let (taken, missed): (Vec<SocketAddr>, Vec<SocketAddr>) = asked
        .iter()
        .partition(|endpoint| all(&case.service.listeners).any(|(_, bound)| takes(bound, endpoint.ip())));
    // `localhost` is both 127.0.0.1 and ::1, and whoever is refused by one takes the other at once.
    let (own, missed): (Vec<SocketAddr>, Vec<SocketAddr>) = missed.into_iter().partition(|endpoint| {
        endpoint.ip().is_loopback() && taken.iter().any(|taken| taken.ip().is_loopback())
    });
    if !own.is_empty() {
        judgement.note("one-family", format!("nothing listens on {}", list(&own)));
    }
    for fault in not_taken(case, &missed) {
        judgement.add(fault);
    }
    by_device(case, &taken, judgement);
}

/// Why connections to these are taken by nobody, though something listens on the port.
fn not_taken(case: &Case, missed: &[SocketAddr]) -> Vec<FaultDraft> {
    let mut kinds: Vec<(&'static str, Vec<SocketAddr>)> = Vec::new();
    for endpoint in missed {
        let kind = kind(case, *endpoint);
        match kinds.iter_mut().find(|(code, _)| *code == kind) {
            Some((_, endpoints)) => endpoints.push(*endpoint),
            None => kinds.push((kind, vec![*endpoint])),
        }
    }
    kinds.into_iter().filter_map(|(code, endpoints)| draft(case, code, &endpoints)).collect()
}

fn kind(case: &Case, endpoint: SocketAddr) -> &'static str {
    let bound: Vec<&BoundAddress> = all(&case.service.listeners).map(|(_, bound)| bound).collect();
    let same_family = |one: &&&BoundAddress| one.address.to_canonical().is_ipv4() == endpoint.is_ipv4();
    let beyond: Vec<&&BoundAddress> = bound.iter().filter(|one| !is_loopback(one)).collect();
    if beyond.is_empty() {
        let other = !bound.iter().any(|one| one.address.is_ipv4() == endpoint.is_ipv4());
        return match endpoint.ip().is_loopback() {
            false => "loopback-only",
            true if other => "one-family",
            true => "other-address",
        };
    }
    if endpoint.is_ipv4() && beyond.iter().all(|one| is_v6_wildcard(one)) {
        return "v6only";
    }
    match beyond.iter().copied().find(same_family) {
        None => "one-family",
        Some(one) if held(case, one.address.to_canonical()).is_none() => "unassigned",
        Some(_) => "other-address",
    }
}

fn draft(case: &Case, code: &'static str, endpoints: &[SocketAddr]) -> Option<FaultDraft> {
    let wants_v4 = endpoints.iter().any(SocketAddr::is_ipv4);
    let listeners = &case.service.listeners;
    let (listener, bound) = match code {
        "loopback-only" => all(listeners).next()?,
        "unassigned" => all(listeners).find(|(_, bound)| {
            bound.address.to_canonical().is_ipv4() == wants_v4
                && held(case, bound.address.to_canonical()).is_none()
        })?,
        _ => all(listeners).find(|(_, bound)| !is_loopback(bound)).or_else(|| all(listeners).next())?,
    };
    if code == "unassigned" {
        return Some(unassigned(case, listener, bound.address.to_canonical(), endpoints));
    }
    let (holder, at_places) = (who(listener), places(listener));
    let (statement, wanted) = match code {
        "loopback-only" => (
            format!(
                "{holder} listens on {at_places} only: nobody but this host itself can connect, and not to {}",
                list(endpoints)
            ),
            Wanted::All,
        ),
        "v6only" => (
            format!(
                "{holder} listens on {at_places} with IPV6_V6ONLY: nothing takes connections over IPv4 to {}",
                list(endpoints)
            ),
            Wanted::Ipv4,
        ),
        "one-family" => {
            let (has, lacks) = if wants_v4 { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") };
            (
                format!(
                    "{holder} listens for {has} only ({at_places}): nothing takes connections over {lacks} to {}",
                    list(endpoints)
                ),
                if wants_v4 { Wanted::Ipv4 } else { Wanted::Ipv6 },
            )
        }
        _ => (format!("{holder} listens on {at_places}, not on {}", list(endpoints)), Wanted::All),
    };
    let mut fault = at(case, code, statement, endpoints);
    for listener in listeners {
        fault = fault.seen("listener", format!("{} {}", who(listener), places(listener)), ss(case));
    }
    let network = &case.path.network;
    if code == "v6only" && network.sysctls.ipv6.as_ref().is_some_and(|ipv6| ipv6.bindv6only == Some(1)) {
        fault = fault.seen(
            "sysctl",
            "net.ipv6.bindv6only = 1: IPv6 sockets take no IPv4 unless they ask for it",
            "sysctl net.ipv6.bindv6only",
        );
    }
    fault = fault.fix(listen_on(listener, wanted));
    if code == "other-address" {
        fault = fault.fix(format!("or ask for the address it listens on: {at_places}"));
    }
    Some(fault)
}

/// Sockets that take packets of one interface only.
fn by_device(case: &Case, taken: &[SocketAddr], judgement: &mut Judgement) {
    for endpoint in taken {
        let takers: Vec<(&Listener, &BoundAddress)> =
            all(&case.service.listeners).filter(|(_, bound)| takes(bound, endpoint.ip())).collect();
        let devices: Vec<&str> =
            takers.iter().filter_map(|(_, bound)| bound.interface.as_ref()?.name.as_deref()).collect();
        let Some((listener, _)) = takers.first().filter(|_| devices.len() == takers.len()) else { continue };
        let comes_by = incoming(case, *endpoint);
        let is_let_in = |interface: &str| {
            devices.iter().any(|device| *device == interface || belongs(case, interface, device))
        };
        let kept_out: Vec<&str> = comes_by.iter().map(String::as_str).filter(|one| !is_let_in(one)).collect();
        let devices = devices.join(", ");
        if kept_out.is_empty() {
            judgement.note(
                "bound-to-device",
                format!("{} takes packets of {devices} only (SO_BINDTODEVICE): connections of this host itself are refused", who(listener)),
            );
            continue;
        }
        let statement = format!(
            "{} takes packets of {devices} only (SO_BINDTODEVICE), and those for {} come in by {}",
            who(listener),
            endpoint.ip(),
            kept_out.join(", ")
        );
        let fault = if kept_out.len() == comes_by.len() {
            at(case, "bound-to-device", statement, &[*endpoint])
        } else {
            FaultDraft::some("bound-to-device", statement)
        };
        judgement.add(
            fault
                .seen("listener", format!("{} {}", who(listener), places(listener)), ss(case))
                .fix(format!("take the interface ({devices}) out of its configuration (nginx, haproxy, sshd in a VRF: `interface`, `vrf`, `ip vrf exec`)"))
                .fix("for a VRF: sysctl -w net.ipv4.tcp_l3mdev_accept=1 lets one socket serve all of them"),
        );
    }
}

/// The interfaces that clients come in by: those that were supposed, else the one that has the address.
fn incoming(case: &Case, endpoint: SocketAddr) -> Vec<String> {
    let mut interfaces: Vec<String> = Vec::new();
    for flow in case.path.asked(endpoint) {
        interfaces.extend(flow.client.interface.clone().filter(|name| !interfaces.contains(name)));
    }
    if interfaces.is_empty() {
        interfaces.extend(case.path.interface_of(endpoint.ip()));
    }
    interfaces
}

/// Whether an interface is a member of the VRF.
fn belongs(case: &Case, interface: &str, vrf: &str) -> bool {
    let network = &case.path.network;
    network
        .interface_named(interface)
        .and_then(|member| network.interface(member.master?))
        .is_some_and(|master| master.name == vrf && master.kind.as_deref() == Some("vrf"))
}

/// Nothing listens here, and something does elsewhere.
fn other_namespace(case: &Case, asked: &[SocketAddr], judgement: &mut Judgement) {
    let service = &case.service;
    let on_the_host = service.namespaces.iter().any(|one| one.own && one.name == NamespaceName::Host);
    // Somebody who is meant for the port here and does not hold it is the cause, not a stranger elsewhere.
    let meant_here =
        !service.candidates.is_empty() || !service.publishers.is_empty() || !service.socket_units.is_empty();
    let name = |listener: &Listener| {
        let known = service.namespaces.iter().find(|one| one.id == listener.namespace);
        known.map_or_else(|| listener.namespace.to_string(), |one| one.name.to_string())
    };
    let related = |listener: &&Listener| {
        listener.addresses.iter().any(|bound| !is_loopback(bound))
            && (listener.owner.container.is_some() || on_the_host)
    };
    let Some(listener) = service.elsewhere.iter().find(related) else { return };
    let statement = format!(
        "Nothing listens on port {} here: {} does in the network namespace {}, and nothing leads there",
        listener.port,
        who(listener),
        name(listener)
    );
    if meant_here {
        judgement.note("other-namespace", statement);
        return;
    }
    let pid = listener.owner.holders.first().map(|holder| holder.pid);
    let inside = pid.map_or_else(|| "ip netns".to_owned(), |pid| format!("nsenter -t {pid} -n {}", ss(case)));
    let mut fault = at(case, "other-namespace", statement, asked)
        .seen("listener", format!("{} {} in {}", who(listener), places(listener), name(listener)), inside)
        .seen("listener", format!("no socket on port {} in this namespace", listener.port), ss(case));
    fault = match &listener.owner.container {
        Some(_) => fault.fix(format!("publish the port of the container: docker run -p {0}:{0} ..., or `ports:` in its compose file", listener.port)),
        None => fault.fix(format!("start it in this namespace, or forward the port: nft add rule ip nat prerouting tcp dport {} dnat to ADDRESS", listener.port)),
    };
    judgement.add(fault);
}
