//! A port as an honest kernel shows it: sockets are laid down, and `/proc/net` and `bind(2)` follow from them. What a
//! test is about, it then changes in the views.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_linux::probe::Occupancy;
use portreeve_model::who::{Answer, ReasonKind};
use portreeve_model::{
    Endpoint, Family, NoHolder, Protocol, Socket, Source, State, Unseen, UnseenReason, UnseenSubject,
};

use crate::findings::testing::{HOST, Machine};
use crate::listeners::{EphemeralRanges, listeners};
use crate::who::{KernelUser, Probe, Processes, Query, SecondView, Views, explain};

pub(super) const PORT: u16 = 8080;

/// TCP and UDP on [`PORT`], as asked from the host.
pub(super) fn query() -> Query {
    Query { port: PORT, protocols: vec![Protocol::Tcp, Protocol::Udp], namespace: HOST }
}

/// A TCP listener on every IPv4 address, held by these processes.
pub(super) fn tcp<'a>(machine: &'a mut Machine, pids: &[u32]) -> &'a mut Socket {
    for pid in pids {
        if machine.snapshot.process(*pid).is_none() {
            machine.process(*pid, "/usr/bin/server");
        }
    }
    machine.listen(Protocol::Tcp, "0.0.0.0:8080", pids)
}

/// A TCP socket in `state` from `local` to `peer`; nobody holds it, for this reason.
pub(super) fn left<'a>(
    machine: &'a mut Machine,
    state: State,
    peer: Option<&str>,
    why: NoHolder,
) -> &'a mut Socket {
    let socket = machine.listen(Protocol::Tcp, "10.0.0.1:8080", &[]);
    socket.state = state;
    socket.peer = peer.map(|peer| {
        let peer: std::net::SocketAddr = peer.parse().unwrap();
        Endpoint::Inet { address: peer.ip(), port: peer.port() }
    });
    socket.no_holder = Some(why);
    if !matches!(why, NoHolder::Permission | NoHolder::NoProcess) {
        socket.inode = 0;
    }
    socket
}

/// The views of an honest kernel, all processes read.
pub(super) fn views(machine: &Machine) -> Views {
    let ranges: EphemeralRanges = [(HOST, (32768, 60999))].into_iter().collect();
    Views {
        listeners: listeners(&machine.snapshot, &ranges, machine),
        proc_net: proc_net(machine),
        probes: probes(machine),
        kernel_users: Vec::new(),
        reserved: None,
        reserved_ports: Some(String::new()),
        ephemeral: Some((32768, 60999)),
        unprivileged_start: Some(1024),
        processes: Processes { listed: 40, ..Processes::default() },
        snapshot: machine.snapshot.clone(),
    }
}

fn proc_net(machine: &Machine) -> Vec<SecondView> {
    let table = |protocol: Protocol, family, suffix: &str| SecondView {
        table: format!("{protocol}{suffix}"),
        sockets: machine
            .snapshot
            .sockets
            .iter()
            .filter(|socket| socket.namespace == HOST && socket.state != State::Bound)
            .filter(|socket| (socket.protocol, socket.family) == (protocol, family))
            .map(|socket| Socket { source: Source::ProcNet, ..socket.clone() })
            .collect(),
    };
    [Protocol::Tcp, Protocol::Udp]
        .into_iter()
        .flat_map(|protocol| [table(protocol, Family::Ipv4, ""), table(protocol, Family::Ipv6, "6")])
        .collect()
}

fn probes(machine: &Machine) -> Vec<Probe> {
    let wildcards = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
    let probe = |protocol, address: IpAddr| {
        let in_use = machine.snapshot.sockets.iter().any(|socket| {
            let same = matches!((socket.protocol, protocol), (Protocol::Mptcp, Protocol::Tcp))
                || socket.protocol == protocol;
            let is_v6 = socket.family == Family::Ipv6;
            let dual = is_v6 && socket.local.is_wildcard() && socket.v6only != Some(true);
            same && socket.namespace == HOST && (is_v6 == address.is_ipv6() || dual)
        });
        Probe { protocol, address, occupancy: if in_use { Occupancy::InUse } else { Occupancy::Free } }
    };
    [Protocol::Tcp, Protocol::Udp]
        .into_iter()
        .flat_map(|protocol| wildcards.map(|address| probe(protocol, address)))
        .collect()
}

/// The answer to [`query`], after `change` to the views of an honest kernel.
pub(super) fn answer(machine: &Machine, change: impl FnOnce(&mut Views)) -> Answer {
    let mut views = views(machine);
    change(&mut views);
    let answer = explain(&query(), &views);
    check(&answer);
    answer
}

/// What holds of every answer.
#[track_caller]
pub(super) fn check(answer: &Answer) {
    for reason in &answer.reasons {
        assert!(!reason.statement.is_empty() && !reason.evidence.is_empty(), "{reason:#?}");
        assert!(reason.evidence.iter().all(|fact| !fact.trim().is_empty()), "{reason:#?}");
    }
    let first = answer.advice.first().expect("there is always advice");
    assert!(!first.contains("kill "), "the first advice is a signal: {first}");
    for step in &answer.advice {
        let step = step.to_ascii_lowercase();
        assert!(!step.trim().is_empty());
        assert!(!["kill -9", "kill -kill", "kill -s kill"].iter().any(|word| step.contains(word)), "{step}");
    }
}

pub(super) fn kinds(answer: &Answer) -> Vec<ReasonKind> {
    answer.reasons.iter().map(|reason| reason.kind).collect()
}

pub(super) fn kernel_user(protocol: Protocol) -> KernelUser {
    KernelUser {
        namespace: HOST,
        protocol,
        what: "WireGuard device wg0".to_owned(),
        evidence: "device wg0 listens on UDP port 8080: wg show wg0 listen-port".to_owned(),
        release: "take the tunnel down: ip link set dev wg0 down".to_owned(),
    }
}

pub(super) fn unseen(subject: UnseenSubject, reason: UnseenReason) -> Unseen {
    Unseen { subject, reason, count: 1, detail: "not seen".to_owned(), remedy: None }
}
