//! Sockets of the proxy to others, while a request waits: whom it waits for.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use portreeve_inventory::collect::{self, BpfUse, Details, IpVersions, NamespaceScope, Owners, Request};
use portreeve_model::{Endpoint, Protocol, Snapshot, Socket, State};

use super::proxies::{self, Taker};
use crate::facts::http::UpstreamAddress;

/// A socket that waits for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) address: UpstreamAddress,
    pub(super) pid: u32,
    pub(super) state: String,
    pub(super) local: String,
    pub(super) unsent: u32,
    /// It was made while the request waited.
    pub(super) is_new: bool,
}

/// The sockets of these processes, and of their children, that wait for somebody now. `before` are the sockets that were open before the
/// request, which was sent so long ago.
pub(super) fn waiting(takers: &[Taker], before: &HashSet<u64>, since: Duration) -> Vec<Waiting> {
    let Some(namespace) = takers.first().and_then(|taker| taker.namespace) else { return Vec::new() };
    let request = Request {
        protocols: vec![Protocol::Tcp, Protocol::UnixStream],
        ip_versions: IpVersions::Both,
        states: State::Listen.mask() | State::SynSent.mask() | State::Established.mask(),
        filter: None,
        namespaces: NamespaceScope::One(namespace),
        owners: Owners::Names,
        details: Details { tcp_info: true, ..Details::default() },
        bpf: BpfUse::Never,
    };
    collect::collect(&request).map(|snapshot| select(&snapshot, takers, before, since)).unwrap_or_default()
}

fn select(snapshot: &Snapshot, takers: &[Taker], before: &HashSet<u64>, since: Duration) -> Vec<Waiting> {
    let pids: HashSet<u32> = takers.iter().map(|taker| taker.process.id.pid).collect();
    let mut children: HashMap<u32, bool> = HashMap::new();
    // A process for each connection (CGI, forking servers) is a child of those that listen.
    let mut is_theirs = |pid: u32| {
        pids.contains(&pid)
            || *children.entry(pid).or_insert_with(|| {
                proxies::state_of(pid).is_some_and(|(_, parent)| parent != 1 && pids.contains(&parent))
            })
    };
    let listening: HashSet<u16> = snapshot
        .sockets
        .iter()
        .filter(|socket| socket.state == State::Listen)
        .filter_map(|socket| socket.local.port())
        .collect();
    let paths: HashMap<u64, &str> =
        snapshot.sockets.iter().filter_map(|socket| Some((socket.inode, path(&socket.local)?))).collect();
    let mut found = Vec::new();
    for socket in snapshot.sockets.iter().filter(|socket| socket.state != State::Listen) {
        let Some(holder) = socket.holders.iter().find(|holder| is_theirs(holder.pid)) else { continue };
        let is_new = !before.contains(&socket.inode);
        let address = match socket.protocol {
            Protocol::UnixStream => to_path(socket, &paths).filter(|_| is_new),
            _ => to_address(socket, &listening).filter(|_| is_new || spoke_since(socket, since)),
        };
        let Some(address) = address.filter(|_| is_waiting(socket)) else { continue };
        let local = if socket.protocol == Protocol::Tcp { socket.local.to_string() } else { String::new() };
        let unsent = socket.tcp_info.as_ref().map_or(0, |info| info.unacked);
        found.push(Waiting {
            address,
            pid: holder.pid,
            state: socket.state.name().to_owned(),
            local,
            unsent,
            is_new,
        });
    }
    // A connection that does not stand explains more than one that does, a new one more than an old one.
    found.sort_by_key(|one| (one.state != State::SynSent.name(), !one.is_new));
    found
}

fn path(endpoint: &Endpoint) -> Option<&str> {
    match endpoint {
        Endpoint::Unix { path } => path.as_deref(),
        _ => None,
    }
}

/// Whom a TCP socket is connected to, if it was connected from here.
fn to_address(socket: &Socket, listening: &HashSet<u16>) -> Option<UpstreamAddress> {
    let (peer, local) = (socket.peer.as_ref()?, socket.local.port()?);
    if listening.contains(&local) {
        return None;
    }
    Some(UpstreamAddress::of(std::net::SocketAddr::new(peer.ip()?, peer.port()?)))
}

/// The name of the socket that a Unix socket is connected to. Sockets of logs and buses are no upstreams.
fn to_path(socket: &Socket, paths: &HashMap<u64, &str>) -> Option<UpstreamAddress> {
    const NEVER: [&str; 5] = ["/systemd/", "/dbus/", "/nscd/", "/dev/log", "docker.sock"];
    let path = *paths.get(&socket.peer_inode?)?;
    let never = NEVER.iter().any(|part| path.contains(part));
    (path.starts_with(['/', '@']) && !never).then(|| UpstreamAddress::Unix { path: path.to_owned() })
}

/// It sent something since the request came: a connection that is kept open and was used for it.
fn spoke_since(socket: &Socket, since: Duration) -> bool {
    let ago = socket.tcp_info.as_ref().map(|info| Duration::from_millis(u64::from(info.last_data_sent_ms)));
    ago.is_some_and(|ago| ago <= since)
}

/// Nothing came back since it last sent something.
fn is_waiting(socket: &Socket) -> bool {
    match &socket.tcp_info {
        Some(info) if socket.state == State::Established => {
            info.bytes_received.is_none_or(|bytes| bytes == 0)
                || info.last_data_received_ms >= info.last_data_sent_ms
        }
        _ => true,
    }
}
