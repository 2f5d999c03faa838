//! The layer `ports`: ephemeral ports of this host, as a client of the target, or as a proxy towards its upstream.

#[cfg(test)]
mod tests;
mod upstream;

use std::net::{IpAddr, SocketAddr};

use portreeve_linux::Errno;
use portreeve_model::Protocol;

use super::{Code, FaultDraft, Judgement};
use crate::case::Case;
use crate::facts::{Destination, Outcome};

/// What can be wrong.
pub(super) const CODES: &[Code] = &[
    Code {
        slug: "exhausted",
        meaning: "Every ephemeral port of this host towards the destination is taken: connect() fails with EADDRNOTAVAIL.",
    },
    Code {
        slug: "nearly-exhausted",
        meaning: "More than eight of ten ephemeral ports towards the destination are taken.",
    },
    Code {
        slug: "upstream-exhausted",
        meaning: "The service is a proxy, and every ephemeral port towards its upstream is taken.",
    },
    Code {
        slug: "bind-exhausted",
        meaning: "Every ephemeral port of a source address is taken, for whoever binds it before connecting: bind() fails with EADDRINUSE.",
    },
    Code {
        slug: "range-too-small",
        meaning: "The ephemeral range has no port, or few for a busy client or proxy.",
    },
    Code {
        slug: "no-source-address",
        meaning: "connect() fails with EADDRNOTAVAIL though ports are free: this host has no address to send from.",
    },
];

/// A range with fewer ports than this is worth a note: the usual one has 28,232.
const FEW: u32 = 2_048;

/// Judges the facts.
pub(super) fn judge(case: &Case) -> Judgement {
    let ports = &case.ports;
    let (Some(range), Some(usable)) = (&ports.range, ports.usable()) else {
        let mut judgement = Judgement::not_applicable("the range of ephemeral ports was not read");
        if failed(case).next().is_some() {
            judgement.unknown(
                "connecting failed for lack of a port, and the range of ephemeral ports could not be read",
                None,
            );
        }
        return judgement;
    };
    let most = case
        .endpoints
        .iter()
        .filter_map(|endpoint| ports.towards(endpoint.address))
        .map(|one| ports.taken(one).1)
        .max();
    let free = usable.saturating_sub(most.unwrap_or(ports.blocked));
    let mut judgement = Judgement::fine(format!(
        "{free} of {usable} ephemeral ports ({}-{}) are free towards it",
        range.start(),
        range.end()
    ));
    if case.trials.trials.iter().any(|trial| trial.protocol == Protocol::Tcp) {
        judgement = judgement.tried();
    }
    towards_endpoints(case, usable, &mut judgement);
    upstream::judge(case, usable, &mut judgement);
    if usable > 0 && usable < FEW {
        judgement.note(
            "range-too-small",
            format!("The ephemeral range {}-{} has {usable} usable ports", range.start(), range.end()),
        );
    }
    if let Some(error) = &ports.uncounted {
        judgement.unseen(
            format!("the ports that are taken could not be counted: {error}"),
            Some("run it as root"),
        );
    }
    judgement
}

/// The endpoints to which no port was free.
fn failed(case: &Case) -> impl Iterator<Item = SocketAddr> + '_ {
    let trials = case.trials.trials.iter();
    trials.filter(|trial| matches!(trial.outcome, Outcome::NoPorts)).map(|trial| trial.endpoint)
}

fn towards_endpoints(case: &Case, usable: u32, judgement: &mut Judgement) {
    let ports = &case.ports;
    for endpoint in case.endpoints.iter().map(|endpoint| endpoint.address) {
        let trial = case.trials.of(endpoint);
        let refused = trial.is_some_and(|trial| matches!(trial.outcome, Outcome::NoPorts));
        if !case.is_tcp() {
            // An unbound UDP socket gets EAGAIN (inet_autobind in net/ipv4/af_inet.c).
            let failed = trial.is_some_and(|trial| trial.outcome == Outcome::Failed(Errno::AGAIN)) || refused;
            if failed && ports.datagram >= usable {
                judgement.add(datagrams(case, usable, endpoint));
            }
            continue;
        }
        let group = ports.towards(endpoint);
        let (least, most) = group.map_or((ports.blocked, ports.blocked), |one| ports.taken(one));
        let full = least >= usable && trial.is_none();
        if refused && most.saturating_mul(2) < usable {
            judgement.add(no_source(case, endpoint, usable - most, usable));
        } else if refused || full {
            judgement.add(exhausted(case, endpoint, group, usable));
        } else if let Some(group) = group.filter(|_| !case.is_inside())
            && is_crowded(most, usable)
        {
            judgement.note(
                "nearly-exhausted",
                format!("{most} of {usable} ephemeral ports towards {} are taken", group.to),
            );
        }
    }
}

/// Who connects from here is kept out. Inside, that is this host itself; others come with ports of their own.
fn draft(case: &Case, code: &'static str, statement: String, endpoint: SocketAddr) -> FaultDraft {
    if case.is_inside() {
        FaultDraft::some(code, statement).of(vec![endpoint])
    } else {
        FaultDraft::at(code, statement, vec![endpoint], case.others(&[endpoint]))
    }
}

fn exhausted(case: &Case, endpoint: SocketAddr, group: Option<&Destination>, usable: u32) -> FaultDraft {
    let ports = &case.ports;
    if usable == 0 {
        let statement =
            format!("This host has no ephemeral port: all of the range {} are reserved", shown_range(case));
        return remedies(case, draft(case, "range-too-small", statement, endpoint), endpoint);
    }
    let statement = match group {
        Some(group) => format!(
            "This host has no ephemeral port left towards {endpoint}: of {usable} ports {} have a connection, {} wait in TIME_WAIT and {} are held by bound sockets{}",
            group.live,
            group.time_wait,
            ports.blocked,
            upstream::shown_holders(&group.holders)
        ),
        None => format!(
            "This host has no ephemeral port left towards {endpoint}: bound sockets hold {} of {usable} ports",
            ports.blocked
        ),
    };
    let mut fault = draft(case, "exhausted", statement, endpoint);
    if case.trials.of(endpoint).is_some_and(|trial| matches!(trial.outcome, Outcome::NoPorts)) {
        fault =
            fault.seen("errno", format!("connect to {endpoint}: EADDRNOTAVAIL"), connect_command(endpoint));
    }
    remedies(case, counted(case, fault, group), endpoint)
}

/// The counts, and how they are counted with `ss`.
fn counted(case: &Case, fault: FaultDraft, group: Option<&Destination>) -> FaultDraft {
    let ports = &case.ports;
    let fault = fault.seen(
        "sysctl",
        format!("net.ipv4.ip_local_port_range = {}{}", shown_range(case), reserved(case)),
        "sysctl net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports",
    );
    let fault = match group {
        Some(group) => fault
            .seen(
                "sockets",
                format!("{} live connections {} -> {}", group.live, group.source, group.to),
                format!(
                    "ss -Htan state connected exclude time-wait src {} dst {} | wc -l",
                    at(group.source),
                    group.to
                ),
            )
            .seen(
                "sockets",
                format!(
                    "{} in TIME_WAIT, tcp_tw_reuse = {}",
                    group.time_wait,
                    ports.time_wait_reuse.map_or_else(|| "?".to_owned(), |value| value.to_string())
                ),
                format!("ss -Htan state time-wait src {} dst {} | wc -l", at(group.source), group.to),
            ),
        None => fault,
    };
    if ports.blocked == 0 {
        return fault;
    }
    fault.seen(
        "sockets",
        format!("{} ports of the range belong to listeners and bound sockets, which block them for every destination", ports.blocked),
        "ss -Htln",
    )
}

fn remedies(case: &Case, fault: FaultDraft, endpoint: SocketAddr) -> FaultDraft {
    let ports = &case.ports;
    let group = ports.towards(endpoint);
    let mut fault = fault;
    if ports.range.as_ref().is_some_and(|range| *range.start() > 1_024 || *range.end() < 65_000) {
        fault = fault.fix("sysctl -w net.ipv4.ip_local_port_range='1024 65535' (keep it in /etc/sysctl.d; reserve ports of services in net.ipv4.ip_local_reserved_ports)");
    }
    if group.is_some_and(|group| group.time_wait > group.live) {
        fault = fault.fix("keep connections open instead of making a new one for each request");
        if !ports.reuses_time_wait(endpoint.ip()) {
            fault = fault.fix(
                "sysctl -w net.ipv4.tcp_tw_reuse=1 (outgoing connections take ports over after one second)",
            );
        }
    }
    if let Some(holder) = group.and_then(|group| group.holders.first()) {
        fault = fault.fix(format!(
            "look why {} (pid {}) has {} connections open: ss -tnp dst {endpoint}",
            holder.name, holder.pid, holder.sockets
        ));
    }
    fault.fix("connect from several source addresses, or to several addresses or ports of the destination")
}

fn no_source(case: &Case, endpoint: SocketAddr, free: u32, usable: u32) -> FaultDraft {
    let family = if endpoint.is_ipv4() { "IPv4" } else { "IPv6" };
    let statement = format!(
        "This host has no {family} address to send from to {}: connect() says EADDRNOTAVAIL, though {free} of {usable} ephemeral ports are free",
        endpoint.ip()
    );
    let flag = if endpoint.is_ipv4() { "-4" } else { "-6" };
    draft(case, "no-source-address", statement, endpoint)
        .seen("errno", format!("connect to {endpoint}: EADDRNOTAVAIL"), format!("ip route get {}", endpoint.ip()))
        .seen("address", format!("addresses of {family} on this host"), format!("ip {flag} -br address"))
        .fix("give the interface of the route a usable address (not tentative, not deprecated, of wide enough scope), or the route a `src` that this host has")
}

fn datagrams(case: &Case, usable: u32, endpoint: SocketAddr) -> FaultDraft {
    let statement = format!(
        "This host has no ephemeral UDP port left: {} of {usable} are bound, for whatever destination",
        case.ports.datagram
    );
    counted(case, draft(case, "exhausted", statement, endpoint), None)
        .seen(
            "sockets",
            format!("{} UDP sockets on ports of the range", case.ports.datagram),
            "ss -Huan | wc -l",
        )
        .fix("find who opens UDP sockets without closing them: ss -uanp")
        .fix("sysctl -w net.ipv4.ip_local_port_range='1024 65535'")
}

fn is_crowded(taken: u32, usable: u32) -> bool {
    usable > 0 && u64::from(taken) * 10 >= u64::from(usable) * 8
}

fn shown_range(case: &Case) -> String {
    case.ports.range.as_ref().map_or_else(String::new, |range| format!("{} {}", range.start(), range.end()))
}

fn reserved(case: &Case) -> String {
    if case.ports.reserved.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = case
        .ports
        .reserved
        .iter()
        .map(|range| {
            if range.start() == range.end() {
                range.start().to_string()
            } else {
                format!("{}-{}", range.start(), range.end())
            }
        })
        .collect();
    format!(", reserved {}", shown.join(","))
}

fn connect_command(endpoint: SocketAddr) -> String {
    format!("nc -vz -w 3 {} {}", endpoint.ip(), endpoint.port())
}

fn at(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}
