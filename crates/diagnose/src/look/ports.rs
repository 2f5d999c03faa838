//! Gathering for `facts::ports`.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use portreeve_inventory::collect::{self, BpfUse, Details, IpVersions, NamespaceScope, Owners, Request};
use portreeve_inventory::filter::Filter;
use portreeve_linux::sysctl;
use portreeve_model::why::Endpoint;
use portreeve_model::{Protocol, Socket, State};
use portreeve_wire::proc::{port_range, port_ranges};

use crate::facts::{Destination, PathFacts, PortFacts, PortHolder, SourceUse};
use crate::target::Question;

/// Where this part of the range is taken, it is told who has it: eight of ten.
const CROWDED: (u32, u32) = (8, 10);
/// At most so many crowded destinations are told, the most crowded first.
const MOST: usize = 4;

/// Reads the ephemeral range and what is used of it towards the endpoints.
pub(crate) fn look(question: &Question, endpoints: &[Endpoint], path: &PathFacts) -> PortFacts {
    let _ = (question, path);
    let mut facts = PortFacts {
        range: sysctl::read("net.ipv4.ip_local_port_range")
            .ok()
            .and_then(|text| port_range(text.as_bytes()).ok()),
        reserved: sysctl::read("net.ipv4.ip_local_reserved_ports")
            .map(|text| port_ranges(text.as_bytes()).flatten().collect())
            .unwrap_or_default(),
        time_wait_reuse: sysctl::read("net.ipv4.tcp_tw_reuse").ok().and_then(|text| text.trim().parse().ok()),
        ..PortFacts::default()
    };
    let (Some(range), Some(usable)) = (facts.range.clone(), facts.usable()) else { return facts };
    match sockets(Owners::None, None) {
        Ok(sockets) => count(&mut facts, &sockets, &range, usable, endpoints),
        Err(error) => facts.uncounted = Some(error),
    }
    hold(&mut facts);
    facts
}

/// All sockets of this namespace that have a port of TCP or UDP; with a filter, only those that it selects.
fn sockets(owners: Owners, filter: Option<Filter>) -> Result<Vec<Socket>, String> {
    let request = Request {
        protocols: vec![Protocol::Tcp, Protocol::Udp],
        ip_versions: IpVersions::Both,
        states: State::NAMED.iter().fold(0, |mask, state| mask | state.mask()),
        filter,
        namespaces: NamespaceScope::Own,
        owners,
        details: Details::default(),
        bpf: BpfUse::Allowed,
    };
    collect::collect(&request).map(|snapshot| snapshot.sockets).map_err(|error| error.to_string())
}

/// The ports of one group of sockets.
#[derive(Default)]
struct Ports {
    live: HashSet<u16>,
    time_wait: HashSet<u16>,
}

fn count(
    facts: &mut PortFacts,
    sockets: &[Socket],
    range: &RangeInclusive<u16>,
    usable: u32,
    endpoints: &[Endpoint],
) {
    let reserved = facts.reserved.clone();
    let is_usable = |port: u16| range.contains(&port) && !reserved.iter().any(|one| one.contains(&port));
    let mut blocked: HashSet<u16> = HashSet::new();
    let mut datagram: HashSet<u16> = HashSet::new();
    let mut groups: HashMap<(IpAddr, SocketAddr), Ports> = HashMap::new();
    let mut sources: HashMap<IpAddr, HashSet<u16>> = HashMap::new();
    for socket in sockets {
        let (Some(source), Some(port)) = (socket.local.ip(), socket.local.port()) else { continue };
        if !is_usable(port) {
            continue;
        }
        if socket.protocol == Protocol::Udp {
            datagram.insert(port);
            continue;
        }
        let source = source.to_canonical();
        sources.entry(source).or_default().insert(port);
        if matches!(socket.state, State::Listen | State::Bound) {
            blocked.insert(port);
            continue;
        }
        let to = socket
            .peer
            .as_ref()
            .and_then(|peer| Some(SocketAddr::new(peer.ip()?.to_canonical(), peer.port()?)));
        let Some(to) = to else { continue };
        let ports = groups.entry((source, to)).or_default();
        if socket.state == State::TimeWait {
            ports.time_wait.insert(port)
        } else {
            ports.live.insert(port)
        };
    }
    facts.blocked = number(blocked.len());
    facts.datagram = number(datagram.len());
    let is_asked = |to: &SocketAddr| {
        endpoints
            .iter()
            .any(|endpoint| (endpoint.address.ip(), endpoint.address.port()) == (to.ip(), to.port()))
    };
    let mut destinations: Vec<Destination> = groups
        .into_iter()
        .map(|((source, to), ports)| Destination {
            source,
            to,
            live: number(ports.live.difference(&blocked).count()),
            time_wait: number(
                ports
                    .time_wait
                    .iter()
                    .filter(|port| !ports.live.contains(port) && !blocked.contains(port))
                    .count(),
            ),
            holders: Vec::new(),
        })
        .filter(|one| is_asked(&one.to) || is_crowded(one.live + one.time_wait, usable))
        .collect();
    destinations.sort_by_key(|one| (!is_asked(&one.to), std::cmp::Reverse(one.live + one.time_wait), one.to));
    let asked = destinations.iter().filter(|one| is_asked(&one.to)).count();
    destinations.truncate(asked.saturating_add(MOST));
    facts.destinations = destinations;
    facts.sources = sources
        .into_iter()
        .map(|(source, ports)| SourceUse { source, taken: number(ports.len()), holders: Vec::new() })
        .filter(|one| is_crowded(one.taken, usable))
        .collect();
    facts.sources.sort_by_key(|one| (std::cmp::Reverse(one.taken), one.source));
}

/// Who has what is crowded. Ports in `TIME_WAIT` are nobody's any more.
fn hold(facts: &mut PortFacts) {
    let Some(usable) = facts.usable() else { return };
    for destination in &mut facts.destinations {
        if is_crowded(destination.live + destination.time_wait, usable) && destination.live > 0 {
            destination.holders =
                holders(&format!("src = {} and dst = {}", at(destination.source), destination.to));
        }
    }
    for source in &mut facts.sources {
        source.holders = holders(&format!("src = {}", at(source.source)));
    }
}

/// An address as a filter has it.
fn at(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

fn holders(filter: &str) -> Vec<PortHolder> {
    let no_names = |_: &str| None;
    let Ok(filter) = Filter::parse(filter, &no_names) else { return Vec::new() };
    let Ok(sockets) = sockets(Owners::Names, Some(filter)) else { return Vec::new() };
    let mut holders: HashMap<u32, PortHolder> = HashMap::new();
    for holder in
        sockets.iter().filter(|socket| socket.protocol == Protocol::Tcp).flat_map(|socket| &socket.holders)
    {
        let one = holders.entry(holder.pid).or_insert_with(|| PortHolder {
            pid: holder.pid,
            name: holder.name.to_string(),
            sockets: 0,
        });
        one.sockets = one.sockets.saturating_add(1);
    }
    let mut holders: Vec<PortHolder> = holders.into_values().collect();
    holders.sort_by_key(|one| (std::cmp::Reverse(one.sockets), one.pid));
    holders
}

fn is_crowded(taken: u32, usable: u32) -> bool {
    let (part, whole) = CROWDED;
    usable > 0 && u64::from(taken) * u64::from(whole) >= u64::from(usable) * u64::from(part)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
