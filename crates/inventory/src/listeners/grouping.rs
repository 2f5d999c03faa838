//! From sockets to rows.
//!
//! Sockets share a row when namespace, protocol, port, reach and owner are the same. The owner is the set of
//! holders with what they are held for; a worker pool whose processes each have their own `SO_REUSEPORT` socket
//! on one address is one owner too, and so is the pair of forwarders that a container runtime starts for the
//! two IP versions of one published port.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;

use portreeve_model::listener::{Activation, Forward};
use portreeve_model::{
    AcceptQueue, BoundAddress, Endpoint, IpCoverage, Listener, Namespace, NamespaceId, NamespaceName,
    NoHolder, Owner, Protocol, Reach, Snapshot, Socket, Source, Unit,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Attribution;
use super::owner::owner_of;
use crate::services::service_name;

/// `net.ipv4.ip_local_port_range` of each namespace where it could be read: lowest and highest port.
pub type EphemeralRanges = FxHashMap<NamespaceId, (u16, u16)>;

/// The open ports of a snapshot, widest reach first, then by port, protocol, namespace and address.
///
/// Reach is judged by the bind address in the machine's own namespaces: that of PID 1, and the one the observer
/// is in. In every other namespace it is [`Reach::ContainerInternal`] whatever the address, loopback included:
/// all that can be said without routes is that the way there leads through that namespace.
pub fn listeners(
    snapshot: &Snapshot,
    ephemeral: &EphemeralRanges,
    attribution: &dyn Attribution,
) -> Vec<Listener> {
    let own = own_namespaces(snapshot);
    let twins = first_subflows(snapshot);
    let mut rows: Vec<Listener> = Vec::new();
    let mut row_of: FxHashMap<Key, usize> = FxHashMap::default();
    for socket in &snapshot.sockets {
        if socket.protocol == Protocol::Mptcp && twins.contains(&socket.inode) {
            continue;
        }
        let Some((bound, port)) = bound(socket) else { continue };
        let reach = if own.contains(&socket.namespace) { reach(&bound) } else { Reach::ContainerInternal };
        let activation = attribution.activation(socket);
        match row_of.entry(Key::of(socket, port, reach, activation.as_ref())) {
            Entry::Occupied(entry) => {
                if let Some(row) = rows.get_mut(*entry.get()) {
                    add(row, socket, bound);
                }
            }
            Entry::Vacant(entry) => {
                entry.insert(rows.len());
                let mut row = Listener {
                    protocol: socket.protocol,
                    port,
                    addresses: Vec::new(),
                    reach,
                    namespace: socket.namespace,
                    usual_service: service_name(socket.protocol, port).map(Arc::from),
                    sockets: 0,
                    accept_queue: None,
                    drops: None,
                    ephemeral: is_ephemeral(socket, port, ephemeral),
                    owner: owner_of(socket, activation, snapshot, attribution),
                };
                add(&mut row, socket, bound);
                rows.push(row);
            }
        }
    }
    let mut rows = join_pools(rows);
    rows.sort_by(|a, b| {
        Reverse(rank(a.reach))
            .cmp(&Reverse(rank(b.reach)))
            .then_with(|| a.port.cmp(&b.port))
            .then_with(|| a.protocol.cmp(&b.protocol))
            .then_with(|| a.namespace.cmp(&b.namespace))
            .then_with(|| a.addresses.cmp(&b.addresses))
            .then_with(|| a.owner.holders.cmp(&b.owner.holders))
    });
    rows
}

/// The namespaces in which a bind address means what it says on the machine.
fn own_namespaces(snapshot: &Snapshot) -> FxHashSet<NamespaceId> {
    let own = |namespace: &&Namespace| namespace.own || namespace.name == NamespaceName::Host;
    snapshot.namespaces.iter().filter(own).map(|namespace| namespace.id).collect()
}

/// Order of the headings: the machine's own ports by reach, then those inside other namespaces.
fn rank(reach: Reach) -> u8 {
    match reach {
        Reach::ContainerInternal => 0,
        Reach::Loopback => 1,
        Reach::LinkLocal => 2,
        Reach::Private => 3,
        Reach::Public => 4,
        Reach::All => 5,
    }
}

/// Where a listening socket is bound; `None` for a socket that is no listener with a port.
fn bound(socket: &Socket) -> Option<(BoundAddress, u16)> {
    if !socket.protocol.has_ports() || !socket.is_listener() {
        return None;
    }
    let Endpoint::Inet { address, port } = socket.local else { return None };
    let covers = match address {
        IpAddr::V4(_) => IpCoverage::Ipv4,
        // An IPv4 address in IPv6 form takes IPv4 only (RFC 3493 section 3.7).
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => IpCoverage::Ipv4,
        IpAddr::V6(v6) if !v6.is_unspecified() => IpCoverage::Ipv6,
        IpAddr::V6(_) => match socket.v6only {
            Some(true) => IpCoverage::Ipv6,
            Some(false) => IpCoverage::DualStack,
            None => IpCoverage::Ipv6PerhapsDualStack,
        },
    };
    Some((BoundAddress { address, covers, interface: socket.interface.clone() }, port))
}

/// A datagram port that the kernel probably chose: such a socket waits for answers, not for clients.
fn is_ephemeral(socket: &Socket, port: u16, ranges: &EphemeralRanges) -> bool {
    matches!(socket.protocol, Protocol::Udp | Protocol::Udplite)
        && ranges.get(&socket.namespace).is_some_and(|(low, high)| (*low..=*high).contains(&port))
}

fn add(row: &mut Listener, socket: &Socket, bound: BoundAddress) {
    row.sockets = row.sockets.saturating_add(1);
    if let Err(at) = row.addresses.binary_search(&bound) {
        row.addresses.insert(at, bound);
    }
    // The text of /proc/net shows no limit for a listener: a zero there is not one.
    if socket.protocol.is_connection_oriented() && socket.source == Source::SockDiag {
        add_queue(row, AcceptQueue { length: socket.receive_queue, limit: socket.send_queue });
    }
    if let Some(drops) = socket.drops {
        row.drops = Some(row.drops.unwrap_or(0).saturating_add(u64::from(drops)));
    }
}

fn add_queue(row: &mut Listener, queue: AcceptQueue) {
    let sum = row.accept_queue.get_or_insert(AcceptQueue { length: 0, limit: 0 });
    sum.length = sum.length.saturating_add(queue.length);
    sum.limit = sum.limit.saturating_add(queue.limit);
}

/// What the sockets of a row have in common.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    namespace: NamespaceId,
    protocol: Protocol,
    port: u16,
    reach: Reach,
    /// Pids in order; with none, the reason and the user tell owners apart.
    holders: Vec<u32>,
    unheld: Option<(Option<NoHolder>, Option<u32>)>,
    activated: Option<Arc<str>>,
}

impl Key {
    fn of(socket: &Socket, port: u16, reach: Reach, activation: Option<&Activation>) -> Self {
        let mut holders: Vec<u32> = socket.holders.iter().map(|holder| holder.pid).collect();
        holders.sort_unstable();
        holders.dedup();
        Self {
            namespace: socket.namespace,
            protocol: socket.protocol,
            port,
            reach,
            unheld: holders.is_empty().then_some((socket.no_holder, socket.uid)),
            holders,
            activated: activation.map(|activation| Arc::clone(&activation.socket_unit)),
        }
    }
}

/// Joins rows of different processes that are one owner to a reader.
fn join_pools(rows: Vec<Listener>) -> Vec<Listener> {
    let mut joined: Vec<Listener> = Vec::with_capacity(rows.len());
    let mut at: FxHashMap<PoolKey, usize> = FxHashMap::default();
    for row in rows {
        let Some(key) = PoolKey::of(&row) else {
            joined.push(row);
            continue;
        };
        match at.entry(key) {
            Entry::Occupied(entry) => {
                if let Some(first) = joined.get_mut(*entry.get()) {
                    join(first, row);
                }
            }
            Entry::Vacant(entry) => {
                entry.insert(joined.len());
                joined.push(row);
            }
        }
    }
    for row in &mut joined {
        tidy(&mut row.owner);
        row.addresses.sort();
        row.addresses.dedup();
    }
    joined
}

fn join(row: &mut Listener, other: Listener) {
    row.sockets = row.sockets.saturating_add(other.sockets);
    row.addresses.extend(other.addresses);
    if let Some(queue) = other.accept_queue {
        add_queue(row, queue);
    }
    if let Some(drops) = other.drops {
        row.drops = Some(row.drops.unwrap_or(0).saturating_add(drops));
    }
    row.owner.holders.extend(other.owner.holders);
    row.owner.users.extend(other.owner.users);
}

/// What the rows of one pool of processes have in common.
#[derive(PartialEq, Eq, Hash)]
struct PoolKey {
    namespace: NamespaceId,
    protocol: Protocol,
    port: u16,
    reach: Reach,
    unit: Option<Unit>,
    container: Option<Arc<str>>,
    activated: Option<Arc<str>>,
    names: Vec<Arc<str>>,
    place: Place,
}

#[derive(PartialEq, Eq, Hash)]
enum Place {
    /// The same addresses: an `SO_REUSEPORT` group.
    Addresses(Vec<BoundAddress>),
    /// The same target behind different addresses.
    Forward(IpAddr, u16),
}

impl PoolKey {
    fn of(row: &Listener) -> Option<Self> {
        let Owner { holders, unit, activates, container, forwards_to, .. } = &row.owner;
        if holders.is_empty() {
            return None;
        }
        let mut names: Vec<Arc<str>> = holders.iter().map(|holder| Arc::clone(&holder.name)).collect();
        names.sort_unstable();
        names.dedup();
        let place = match forwards_to {
            Some(Forward { address, port, .. }) => Place::Forward(*address, *port),
            None => Place::Addresses(row.addresses.clone()),
        };
        Some(Self {
            namespace: row.namespace,
            protocol: row.protocol,
            port: row.port,
            reach: row.reach,
            unit: unit.clone(),
            container: container.clone(),
            activated: activates.as_ref().map(|activation| Arc::clone(&activation.socket_unit)),
            names,
            place,
        })
    }
}

/// Puts the lists of an owner in order, each value once.
fn tidy(owner: &mut Owner) {
    owner.holders.sort_unstable_by_key(|holder| (holder.pid, holder.fd));
    owner.holders.dedup();
    owner.users.sort_unstable();
    owner.users.dedup();
}

/// By the address, unless the device says less: whatever the address, on the loopback device only this machine is
/// heard.
fn reach(bound: &BoundAddress) -> Reach {
    let device = bound.interface.as_ref().and_then(|interface| interface.name.as_deref());
    if device == Some("lo") { Reach::Loopback } else { Reach::of_address(bound.address) }
}

/// Inodes of TCP listeners. An MPTCP listener takes plain TCP too, through a first subflow with the same inode
/// (`net/mptcp/subflow.c`, `mptcp_subflow_create_socket`): one open port, shown once, as TCP.
fn first_subflows(snapshot: &Snapshot) -> FxHashSet<u64> {
    snapshot
        .sockets
        .iter()
        .filter(|socket| socket.protocol == Protocol::Tcp && socket.is_listener() && socket.inode != 0)
        .map(|socket| socket.inode)
        .collect()
}
