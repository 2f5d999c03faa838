//! How an upstream is now: who listens there, whether they run, how long their queue is, what a connection from here comes to.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use portreeve_inventory::inside;
use portreeve_model::{Endpoint, NamespaceId, Protocol, Snapshot, Socket};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use super::proxies;
use crate::facts::http::{Condition, Reached, UpstreamAddress};
use crate::look::http::place::{Resolved, resolve};
use crate::look::tree::Tree;

/// Where the proxy is, and what listens there.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// Every listener of the host.
    pub(super) snapshot: &'a Snapshot,
    /// The proxy's network namespace.
    pub(super) namespace: NamespaceId,
    /// Files as the proxy sees them.
    pub(super) tree: &'a Tree,
    /// When it must be told.
    pub(super) deadline: Instant,
}

/// How it is.
pub(super) fn of(address: &UpstreamAddress, place: Place<'_>) -> Condition {
    match address {
        UpstreamAddress::Unix { path } => of_unix(path, place),
        UpstreamAddress::Tcp { host, port } => of_tcp(host, *port, place),
    }
}

fn of_tcp(host: &str, port: u16, place: Place<'_>) -> Condition {
    let addresses: Vec<SocketAddr> = match addresses(host, place) {
        Ok(addresses) => addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect(),
        Err(reached) => return Condition { reached, ..Condition::default() },
    };
    let Some(first) = addresses.first().copied().filter(|_| port != 0) else { return Condition::default() };
    let trial = || try_each(&addresses, place.deadline);
    let is_own = || is_of_this_namespace(first.ip());
    let within =
        |work: &(dyn Fn() -> (Reached, bool) + Sync)| match inside::open(place.snapshot, place.namespace) {
            Some(namespace) => namespace.within(work).ok(),
            None => None,
        };
    let tried = within(&|| (trial(), is_own()));
    let mut condition = Condition {
        addresses,
        reached: tried.as_ref().map(|(reached, _)| reached.clone()),
        ..Condition::default()
    };
    let local = tried.is_some_and(|(_, own)| own);
    let listening: Vec<&Socket> = if local {
        listening(place.snapshot, |socket| socket.namespace == place.namespace && takes(socket, first))
            .collect()
    } else {
        let container =
            place.snapshot.containers.iter().find(|container| container.addresses.contains(&first.ip()));
        condition.container =
            container.map(|container| container.name.as_deref().unwrap_or(&container.id).to_owned());
        let Some(container) = container else { return condition };
        let inside = |socket: &Socket| {
            socket.holders.iter().any(|holder| {
                place
                    .snapshot
                    .process(holder.pid)
                    .is_some_and(|process| process.container.as_ref() == Some(&container.id))
            })
        };
        listening(place.snapshot, |socket| inside(socket) && takes(socket, first)).collect()
    };
    condition.nobody = listening.is_empty() && !matches!(condition.reached, Some(Reached::Connected(_)));
    held(&listening, &mut condition, place.snapshot);
    condition
}

/// The addresses of a host's name; what to say instead where there are none.
fn addresses(host: &str, place: Place<'_>) -> Result<Vec<IpAddr>, Option<Reached>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    if host == "localhost" {
        return Ok(vec![IpAddr::from([127, 0, 0, 1]), IpAddr::from(std::net::Ipv6Addr::LOCALHOST)]);
    }
    // The proxy's own file of hosts comes first: in a container it is another than ours.
    let of_file = in_hosts_file(host, &place.tree.read("/etc/hosts").unwrap_or_default());
    if !of_file.is_empty() {
        return Ok(of_file);
    }
    // Only where the proxy asks the same name servers is our answer worth anything.
    if place.snapshot.namespace(place.namespace).is_none_or(|namespace| !namespace.own) {
        return Err(None);
    }
    match resolve(host, place.deadline) {
        Resolved::Addresses(addresses) => Ok(addresses),
        Resolved::NoSuchName => Err(Some(Reached::NoName)),
        Resolved::Failed(_) => Err(None),
    }
}

fn in_hosts_file(host: &str, text: &str) -> Vec<IpAddr> {
    let line = |line: &str| {
        let mut words = line.split('#').next()?.split_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|name| name.eq_ignore_ascii_case(host)).then_some(address)
    };
    text.lines().filter_map(line).collect()
}

/// Connects to the first address that takes it; otherwise what the first one said.
fn try_each(addresses: &[SocketAddr], deadline: Instant) -> Reached {
    const PATIENCE: Duration = Duration::from_millis(700);
    let mut said = None;
    for address in addresses.iter().take(3) {
        let time =
            deadline.saturating_duration_since(Instant::now()).clamp(Duration::from_millis(50), PATIENCE);
        let begun = Instant::now();
        let reached = match TcpStream::connect_timeout(address, time) {
            Ok(_) => return Reached::Connected(begun.elapsed()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Reached::Refused,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Reached::Silent(time),
            Err(error) => Reached::Failed(error.to_string()),
        };
        said.get_or_insert(reached);
    }
    said.unwrap_or(Reached::NoName)
}

/// Whether an address is one of the calling thread's namespace: the kernel would send from it to itself. Nothing is sent.
fn is_of_this_namespace(address: IpAddr) -> bool {
    let any: IpAddr = if address.is_ipv4() { [0, 0, 0, 0].into() } else { [0_u16; 8].into() };
    let ask = || -> io::Result<IpAddr> {
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect((address, 9))?;
        Ok(socket.local_addr()?.ip())
    };
    address.is_loopback() || ask().is_ok_and(|source| source == address)
}

fn listening(snapshot: &Snapshot, is_it: impl Fn(&Socket) -> bool) -> impl Iterator<Item = &Socket> {
    snapshot.sockets.iter().filter(move |socket| is_it(socket))
}

/// Whether a listener takes connections to an address.
fn takes(socket: &Socket, address: SocketAddr) -> bool {
    let Endpoint::Inet { address: bound, port } = socket.local else { return false };
    let both = bound.is_ipv6() && socket.v6only != Some(true);
    let covers = if bound.is_unspecified() {
        bound.is_ipv4() == address.is_ipv4() || both
    } else {
        bound.to_canonical() == address.ip()
    };
    port == address.port() && covers
}

fn of_unix(path: &str, place: Place<'_>) -> Condition {
    let mut condition = Condition::default();
    let listening: Vec<&Socket> = listening(place.snapshot, |socket| {
        socket.protocol == Protocol::UnixStream
            && matches!(&socket.local, Endpoint::Unix { path: Some(bound) } if **bound == *path)
    })
    .collect();
    condition.reached = Some(try_unix(path, place.tree));
    condition.nobody =
        listening.is_empty() && matches!(condition.reached, Some(Reached::Refused | Reached::NoSocket));
    held(&listening, &mut condition, place.snapshot);
    condition
}

fn try_unix(path: &str, tree: &Tree) -> Reached {
    let address = if let Some(name) = path.strip_prefix('@') {
        SocketAddrUnix::new_abstract_name(name.as_bytes())
    } else {
        // A proxy with a root of its own knows the socket by another path.
        let place = tree.at(path);
        match std::fs::symlink_metadata(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Reached::NoSocket,
            _ => unix_address(&place, path),
        }
    };
    let begun = Instant::now();
    let tried = address.and_then(|address| {
        // A full queue would let a waiting call wait.
        let socket = socket_with(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::NONBLOCK | SocketFlags::CLOEXEC,
            None,
        )?;
        connect(&socket, &address)
    });
    match tried {
        Ok(()) => Reached::Connected(begun.elapsed()),
        Err(Errno::AGAIN) => Reached::QueueFull,
        Err(Errno::CONNREFUSED) => Reached::Refused,
        Err(Errno::NOENT) => Reached::NoSocket,
        Err(error) => Reached::Failed(io::Error::from(error).to_string()),
    }
}

/// A socket's path holds 107 bytes: the short way where the long one does not fit.
fn unix_address(place: &Path, path: &str) -> Result<SocketAddrUnix, Errno> {
    SocketAddrUnix::new(place).or_else(|_| SocketAddrUnix::new(path))
}

/// Who holds the listeners, whether they run, and their queue.
fn held(listening: &[&Socket], condition: &mut Condition, snapshot: &Snapshot) {
    let mut pids: Vec<u32> =
        listening.iter().flat_map(|socket| &socket.holders).map(|holder| holder.pid).collect();
    pids.sort_unstable();
    pids.dedup();
    let name = |pid: &u32| snapshot.process(*pid).map(|process| process.name.to_string());
    condition.listener = pids.first().and_then(|pid| Some(format!("{}, pid {pid}", name(pid)?)));
    let is_stopped =
        |pid: &u32| proxies::state_of(*pid).is_some_and(|(state, _)| matches!(state, b'T' | b't'));
    if !pids.is_empty() && pids.iter().all(is_stopped) {
        condition.stopped = pids;
    }
    condition.queue = listening
        .iter()
        .map(|socket| (socket.receive_queue, socket.send_queue))
        .max_by_key(|(length, _)| *length);
}

#[cfg(test)]
mod tests {
    use super::in_hosts_file;

    #[test]
    fn the_file_of_hosts() {
        let text = "127.0.0.1 localhost\n10.0.0.5\tapp app.internal # spare\n# 10.0.0.6 app\n";
        assert_eq!(in_hosts_file("APP", text), ["10.0.0.5".parse::<std::net::IpAddr>().unwrap()]);
        assert!(in_hosts_file("spare", text).is_empty());
    }
}
