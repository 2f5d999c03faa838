//! The ports of a service on this host that connects further: a proxy towards its upstream.

use super::{at, counted, is_crowded};
use crate::case::Case;
use crate::facts::{Destination, PortHolder, SourceUse};
use crate::layers::{FaultDraft, Judgement};

/// Judges what is crowded besides the way to the endpoints.
pub(super) fn judge(case: &Case, usable: u32, judgement: &mut Judgement) {
    if !case.is_inside() || usable == 0 {
        return;
    }
    let ports = &case.ports;
    let endpoint = |one: &Destination| {
        case.endpoints
            .iter()
            .any(|endpoint| (endpoint.address.ip(), endpoint.address.port()) == (one.to.ip(), one.to.port()))
    };
    let mut told = false;
    for destination in ports.destinations.iter().filter(|one| !endpoint(one)) {
        let (least, most) = ports.taken(destination);
        if !is_crowded(most, usable) {
            continue;
        }
        let Some(whose) = whose(case, destination) else { continue };
        told = true;
        if least >= usable {
            judgement.add(exhausted(case, destination, usable, &whose));
        } else {
            judgement.note(
                "nearly-exhausted",
                format!(
                    "{most} of {usable} ephemeral ports from {} to {}, where {whose} connects to, are taken",
                    destination.source, destination.to
                ),
            );
        }
    }
    if !told {
        for source in &ports.sources {
            bound(case, source, usable, judgement);
        }
    }
}

/// The holder of the port, where the connections are its own; those in `TIME_WAIT` are nobody's, and are its own where its requests fail.
fn whose(case: &Case, destination: &Destination) -> Option<String> {
    if let Some(name) = own(case, &destination.holders) {
        return Some(name);
    }
    let fails = || {
        let mut addresses = case.endpoints.iter().map(|endpoint| endpoint.address);
        addresses.any(|address| case.http.stages(address).iter().any(|stage| !stage.ok))
    };
    if destination.holders.is_empty() && destination.live == 0 && fails() {
        return case.service.roots().first().map(|holder| holder.label());
    }
    None
}

/// The holder of the port that is among these.
fn own(case: &Case, holders: &[PortHolder]) -> Option<String> {
    let mine = holders.iter().find(|one| case.service.holder(one.pid).is_some())?;
    Some(format!("{} (pid {})", mine.name, mine.pid))
}

fn exhausted(case: &Case, destination: &Destination, usable: u32, whose: &str) -> FaultDraft {
    let statement = format!(
        "{whose} has no ephemeral port left towards its upstream {}: of {usable} ports {} have a connection, {} wait in TIME_WAIT and {} are held by bound sockets",
        destination.to, destination.live, destination.time_wait, case.ports.blocked
    );
    let mut fault = counted(case, FaultDraft::all("upstream-exhausted", statement), Some(destination));
    if destination.time_wait > destination.live {
        fault = fault.fix("keep connections to the upstream open (nginx: `keepalive 64;` in the upstream block with proxy_http_version 1.1; HAProxy: http-reuse)");
        if !case.ports.reuses_time_wait(destination.to.ip()) {
            fault = fault.fix("sysctl -w net.ipv4.tcp_tw_reuse=1");
        }
    } else {
        fault = fault.fix(format!(
            "look why so many are open at once: ss -tnp dst {}; a slow upstream or a leak is likely",
            destination.to
        ));
    }
    fault
        .fix("sysctl -w net.ipv4.ip_local_port_range='1024 65535' (keep it in /etc/sysctl.d)")
        .fix("give the upstream more addresses or ports, or the proxy more source addresses")
}

/// Who binds an address before connecting needs a port that nobody has with that address, whatever the destination.
fn bound(case: &Case, source: &SourceUse, usable: u32, judgement: &mut Judgement) {
    if source.source.is_unspecified() {
        return;
    }
    let Some(whose) = own(case, &source.holders) else { return };
    let statement = format!(
        "{} of {usable} ephemeral ports of {} are taken, most by {whose}: whoever binds that address before connecting gets none",
        source.taken, source.source
    );
    if source.taken < usable {
        judgement.note("nearly-exhausted", statement);
        return;
    }
    judgement.add(
        counted(case, FaultDraft::some("bind-exhausted", statement), None)
            .seen(
                "sockets",
                format!("{} ports with the local address {}", source.taken, source.source),
                format!("ss -Htan src {} | awk '{{print $4}}' | sort -u | wc -l", at(source.source)),
            )
            .fix("let the client set IP_BIND_ADDRESS_NO_PORT before bind(), as nginx (proxy_bind) and HAProxy (source) do on Linux since 4.2")
            .fix("sysctl -w net.ipv4.ip_local_port_range='1024 65535'"),
    );
}

/// `, most of them by nginx (pid 812)`.
pub(super) fn shown_holders(holders: &[PortHolder]) -> String {
    holders.first().map_or_else(String::new, |one| {
        format!("; {} (pid {}) holds {} of them", one.name, one.pid, one.sockets)
    })
}
