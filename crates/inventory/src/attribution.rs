//! Sockets that nobody holds: why, and who most likely left them behind.
//!
//! The kernel keeps sockets that no descriptor reaches: `TIME_WAIT`, connections their process closed, handshakes,
//! connections that wait for `accept()`. All of them show inode 0. This module says which of these a socket is, and
//! infers the process it belongs with from the sockets around it. It guesses nothing about a socket that some
//! process does hold and that merely could not be read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use portreeve_model::socket::{Ground, LikelyOwner};
use portreeve_model::{Holder, NamespaceId, NoHolder, Protocol, Socket, State};
use rustc_hash::FxHashMap;

/// Whether the holders of every socket could be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coverage {
    /// The descriptors of every process were read.
    Complete,
    /// Those of some processes could not be read.
    Partial,
}

/// Fills `no_holder` and `likely_owner` of the `sockets` without holders.
///
/// `context` are further sockets of the same machine, with their holders, that are not part of the result: the
/// listeners and live connections that a narrower dump left out. Without them nothing is inferred from them.
pub fn attribute(sockets: &mut [Socket], context: &[Socket], coverage: Coverage) {
    let surroundings = Surroundings::of(sockets.iter().chain(context));
    for socket in sockets.iter_mut().filter(|socket| socket.holders.is_empty()) {
        let listener = surroundings.listener_behind(socket);
        let reason = reason(socket, listener.is_some(), coverage);
        socket.no_holder = Some(reason);
        socket.likely_owner = match reason {
            NoHolder::TimeWait | NoHolder::Handshake | NoHolder::Orphan | NoHolder::NotYetAccepted => {
                listener
                    .and_then(|listener| listener.owner.as_ref())
                    .map(|owner| owner.on(Ground::ListenerOnLocalPort))
                    .or_else(|| {
                        Some(surroundings.client_of_peer(socket)?.on(Ground::LiveConnectionsToSamePeer))
                    })
            }
            NoHolder::Permission | NoHolder::NoProcess => None,
        };
    }
}

fn reason(socket: &Socket, has_listener: bool, coverage: Coverage) -> NoHolder {
    // Without an inode there is no descriptor, whatever could be read.
    let has_file = socket.inode != 0;
    match socket.state {
        State::TimeWait => NoHolder::TimeWait,
        // With TCP Fast Open a socket may be accepted, and have an inode, before its handshake is complete.
        State::SynRecv if !has_file => NoHolder::Handshake,
        State::FinWait1 | State::FinWait2 | State::Closing | State::LastAck if !has_file => NoHolder::Orphan,
        // A closing process moves its socket on to other states, so that these two were never handed to one.
        State::Established | State::CloseWait if !has_file && has_listener => NoHolder::NotYetAccepted,
        _ if has_file && coverage == Coverage::Partial => NoHolder::Permission,
        _ => NoHolder::NoProcess,
    }
}

/// One end of a connection in its namespace. MPTCP connections count as TCP, whose ports they share.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    namespace: NamespaceId,
    protocol: Protocol,
    address: IpAddr,
    port: u16,
}

impl Place {
    fn new(socket: &Socket, address: IpAddr, port: u16) -> Self {
        let protocol = match socket.protocol {
            Protocol::Mptcp => Protocol::Tcp,
            other => other,
        };
        // An IPv4-mapped address is the IPv4 address it holds.
        Self { namespace: socket.namespace, protocol, address: address.to_canonical(), port }
    }

    fn local(socket: &Socket) -> Option<Self> {
        Some(Self::new(socket, socket.local.ip()?, socket.local.port()?))
    }

    fn peer(socket: &Socket) -> Option<Self> {
        let peer = socket.peer.as_ref()?;
        let port = peer.port().filter(|port| *port != 0)?;
        Some(Self::new(socket, peer.ip()?, port))
    }

    fn at(self, address: IpAddr) -> Self {
        Self { address, ..self }
    }
}

/// A process by which others are explained.
struct Owner {
    pid: u32,
    name: Arc<str>,
}

impl Owner {
    fn on(&self, ground: Ground) -> LikelyOwner {
        LikelyOwner { name: self.name.clone(), pid: self.pid, ground }
    }
}

impl From<&Holder> for Owner {
    fn from(holder: &Holder) -> Self {
        Self { pid: holder.pid, name: holder.name.clone() }
    }
}

/// A listener; its owner where one is known.
struct Listening {
    owner: Option<Owner>,
    /// Whether, bound to `::`, it takes IPv4 as well.
    takes_v4: bool,
}

/// The one process with live connections to a place, if it is one.
enum Client {
    One(Owner),
    Several,
}

#[derive(Default)]
struct Surroundings {
    listeners: FxHashMap<Place, Listening>,
    clients: FxHashMap<Place, Client>,
}

impl Surroundings {
    fn of<'a>(sockets: impl Iterator<Item = &'a Socket>) -> Self {
        let mut surroundings = Self::default();
        for socket in sockets {
            if socket.state == State::Listen {
                surroundings.add_listener(socket);
            } else if !socket.holders.is_empty() {
                surroundings.add_connection(socket);
            }
        }
        surroundings
    }

    fn add_listener(&mut self, socket: &Socket) {
        let Some(place) = Place::local(socket) else { return };
        let takes_v4 = socket.v6only != Some(true);
        let owner = server(socket);
        let known = self.listeners.entry(place).or_insert(Listening { owner: None, takes_v4: false });
        known.takes_v4 |= takes_v4;
        // SO_REUSEPORT: several sockets in one place. The same choice whatever their order.
        known.owner = match (known.owner.take(), owner) {
            (Some(known), Some(other)) => Some(if rank(other.pid) < rank(known.pid) { other } else { known }),
            (known, other) => known.or(other),
        };
    }

    fn add_connection(&mut self, socket: &Socket) {
        let Some(place) = Place::peer(socket) else { return };
        for holder in &socket.holders {
            let client = self.clients.entry(place).or_insert_with(|| Client::One(Owner::from(holder)));
            if matches!(client, Client::One(owner) if owner.pid != holder.pid) {
                *client = Client::Several;
            }
        }
    }

    /// The listener that this connection came in through, or would have.
    fn listener_behind(&self, socket: &Socket) -> Option<&Listening> {
        let place = Place::local(socket)?;
        let v6_wildcard = || self.listeners.get(&place.at(Ipv6Addr::UNSPECIFIED.into()));
        self.listeners.get(&place).or_else(|| match place.address {
            IpAddr::V4(_) => self
                .listeners
                .get(&place.at(Ipv4Addr::UNSPECIFIED.into()))
                .or_else(|| v6_wildcard().filter(|listener| listener.takes_v4)),
            IpAddr::V6(_) => v6_wildcard(),
        })
    }

    fn client_of_peer(&self, socket: &Socket) -> Option<&Owner> {
        match self.clients.get(&Place::peer(socket)?)? {
            Client::One(owner) => Some(owner),
            Client::Several => None,
        }
    }
}

/// The holder of a listener that serves it: PID 1 holds listeners on behalf of others, and of a parent and its
/// workers the parent came first.
fn server(socket: &Socket) -> Option<Owner> {
    let holder = socket.holders.iter().min_by_key(|holder| rank(holder.pid))?;
    Some(Owner::from(holder))
}

fn rank(pid: u32) -> (bool, u32) {
    (pid == 1, pid)
}

#[cfg(test)]
mod tests;
