//! Counting sockets by what they have in common (`sockets --group-by state,process`).
//!
//! A socket held by several processes counts once for each distinct combination of values: nginx's workers share a
//! listener, and by `process` it counts once, by `pid` once for each worker. The counts of such groups may thus add
//! up to more than there are sockets. A socket that nobody holds counts with the process that most likely left it
//! behind, and is counted as inferred; where none is known, with the reason why nobody holds it.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use portreeve_model::{
    Endpoint, Family, Process, Protocol, Snapshot, Socket, State, document::Group, namespace::NamespaceId,
};
use rustc_hash::{FxHashMap, FxHashSet};

/// What sockets can be grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named after what it stands for")]
pub enum Key {
    State,
    Process,
    Pid,
    Protocol,
    Family,
    Namespace,
    User,
    Unit,
    Container,
    LocalAddress,
    LocalPort,
    PeerAddress,
    PeerPort,
    Interface,
    /// Registered name of the port that is served, at whichever end.
    Service,
}

impl Key {
    /// Every key.
    pub const ALL: [Self; 15] = [
        Self::State,
        Self::Process,
        Self::Pid,
        Self::Protocol,
        Self::Family,
        Self::Namespace,
        Self::User,
        Self::Unit,
        Self::Container,
        Self::LocalAddress,
        Self::LocalPort,
        Self::PeerAddress,
        Self::PeerPort,
        Self::Interface,
        Self::Service,
    ];

    /// As it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Process => "process",
            Self::Pid => "pid",
            Self::Protocol => "protocol",
            Self::Family => "family",
            Self::Namespace => "netns",
            Self::User => "user",
            Self::Unit => "unit",
            Self::Container => "container",
            Self::LocalAddress => "local-address",
            Self::LocalPort => "local-port",
            Self::PeerAddress => "peer-address",
            Self::PeerPort => "peer-port",
            Self::Interface => "interface",
            Self::Service => "service",
        }
    }

    /// Several keys, separated by commas.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, UnknownKey> {
        text.split(',').map(|name| name.trim().parse()).collect()
    }

    /// Whether values of this key need the processes that hold a socket.
    pub fn needs_owners(self) -> bool {
        matches!(self, Self::Process | Self::Pid | Self::Unit | Self::Container)
    }
}

impl FromStr for Key {
    type Err = UnknownKey;

    fn from_str(name: &str) -> Result<Self, UnknownKey> {
        let found = Self::ALL.into_iter().find(|key| key.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| UnknownKey { name: name.to_owned() })
    }
}

/// A name that is not one of a key's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot group by `{name}`; the keys are {}", Key::ALL.map(Key::name).join(", "))]
pub struct UnknownKey {
    /// The name.
    pub name: String,
}

/// The registered name of a port.
pub type PortName<'a> = &'a dyn Fn(Protocol, u16) -> Option<Arc<str>>;

/// The groups of a snapshot's sockets, largest first, equal ones by their keys (numbers as numbers).
pub fn groups(snapshot: &Snapshot, keys: &[Key], port_name: PortName<'_>) -> Vec<Group> {
    let view = View::new(snapshot, keys, port_name);
    let mut counts: FxHashMap<Vec<Cow<'_, str>>, Count> = FxHashMap::default();
    for socket in &snapshot.sockets {
        view.count(socket, keys, &mut counts);
    }
    let mut groups: Vec<Group> = counts
        .into_iter()
        .map(|(key, count)| Group {
            key: key.into_iter().map(Cow::into_owned).collect(),
            count: count.sockets,
            inferred: count.inferred,
        })
        .collect();
    groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| by_value(&a.key, &b.key)));
    groups
}

fn by_value(a: &[String], b: &[String]) -> std::cmp::Ordering {
    let value = |text: &String| (text.parse::<u64>().unwrap_or(u64::MAX), text.clone());
    a.iter().map(value).cmp(b.iter().map(value))
}

#[derive(Default)]
struct Count {
    sockets: u64,
    inferred: u64,
}

type Counts<'a> = FxHashMap<Vec<Cow<'a, str>>, Count>;

/// A process a socket counts with.
#[derive(Clone, Copy)]
enum Counted<'a> {
    Process { pid: u32, name: &'a str, process: Option<&'a Process> },
    Nobody { phrase: &'static str },
}

struct View<'a> {
    snapshot: &'a Snapshot,
    users: FxHashMap<u32, &'a str>,
    namespaces: FxHashMap<NamespaceId, String>,
    /// Ports that are listened on, for `service`.
    served: FxHashSet<(NamespaceId, Protocol, u16)>,
    port_name: PortName<'a>,
}

impl<'a> View<'a> {
    fn new(snapshot: &'a Snapshot, keys: &[Key], port_name: PortName<'a>) -> Self {
        let named = |process: &'a Process| Some((process.uid?, process.user.as_deref()?));
        let listening = |socket: &Socket| {
            let port = socket.local.port().filter(|_| socket.is_listener())?;
            Some((socket.namespace, socket.protocol, port))
        };
        let served = if keys.contains(&Key::Service) {
            snapshot.sockets.iter().filter_map(listening).collect()
        } else {
            FxHashSet::default()
        };
        Self {
            snapshot,
            users: snapshot.processes.iter().filter_map(named).collect(),
            namespaces: snapshot.namespaces.iter().map(|each| (each.id, each.name.to_string())).collect(),
            served,
            port_name,
        }
    }

    fn count<'s>(&'s self, socket: &'s Socket, keys: &[Key], counts: &mut Counts<'s>) {
        let key = |counted| keys.iter().map(|key| self.value(*key, socket, counted)).collect::<Vec<_>>();
        if socket.holders.is_empty() || !keys.iter().any(|key| key.needs_owners()) {
            let (counted, inferred) = self.nobody(socket);
            let count = counts.entry(key(counted)).or_default();
            count.sockets += 1;
            count.inferred += u64::from(inferred && keys.iter().any(|key| key.needs_owners()));
            return;
        }
        let mut seen: Vec<Vec<Cow<'_, str>>> = Vec::with_capacity(1);
        for holder in &socket.holders {
            let process = self.snapshot.process(holder.pid);
            let key = key(Counted::Process { pid: holder.pid, name: &holder.name, process });
            if !seen.contains(&key) {
                seen.push(key);
            }
        }
        for key in seen {
            counts.entry(key).or_default().sockets += 1;
        }
    }

    /// What a socket without holders counts with, and whether that is inferred.
    fn nobody<'s>(&'s self, socket: &'s Socket) -> (Counted<'s>, bool) {
        if let Some(owner) = &socket.likely_owner {
            let process = self.snapshot.process(owner.pid);
            return (Counted::Process { pid: owner.pid, name: &owner.name, process }, true);
        }
        let phrase = socket.no_holder.map_or("owner not looked up", portreeve_model::NoHolder::phrase);
        (Counted::Nobody { phrase }, false)
    }

    fn value<'s>(&'s self, key: Key, socket: &'s Socket, counted: Counted<'s>) -> Cow<'s, str> {
        match key {
            Key::State => state(socket.state),
            Key::Protocol => socket.protocol.name().into(),
            Key::Family => family(socket.family).into(),
            Key::Namespace => match self.namespaces.get(&socket.namespace) {
                Some(name) => name.as_str().into(),
                None => socket.namespace.to_string().into(),
            },
            Key::User => self.user(socket),
            Key::LocalAddress => address(Some(&socket.local)),
            Key::LocalPort => port(Some(&socket.local)),
            Key::PeerAddress => address(socket.peer.as_ref()),
            Key::PeerPort => port(socket.peer.as_ref()),
            Key::Interface => match &socket.interface {
                None => "any".into(),
                Some(interface) => match &interface.name {
                    Some(name) => (&**name).into(),
                    None => interface.index.to_string().into(),
                },
            },
            Key::Service => self.service(socket),
            Key::Process | Key::Pid | Key::Unit | Key::Container => self.owner_value(key, counted),
        }
    }

    fn owner_value<'s>(&'s self, key: Key, counted: Counted<'s>) -> Cow<'s, str> {
        let (pid, name, process) = match counted {
            Counted::Process { pid, name, process } => (pid, name, process),
            Counted::Nobody { phrase } => return phrase.into(),
        };
        match (key, process) {
            (Key::Pid, _) => pid.to_string().into(),
            (Key::Unit, Some(process)) => match &process.unit {
                Some(unit) => (&*unit.name).into(),
                None => "no unit".into(),
            },
            (Key::Container, Some(process)) => match &process.container {
                Some(id) => self.snapshot.container(id).map_or(&**id, |container| container.label()).into(),
                None => "no container".into(),
            },
            (Key::Unit | Key::Container, None) => "unknown".into(),
            _ => name.into(),
        }
    }

    fn user(&self, socket: &Socket) -> Cow<'_, str> {
        match socket.uid {
            None => "unknown".into(),
            Some(uid) => match self.users.get(&uid) {
                Some(name) => (*name).into(),
                None => uid.to_string().into(),
            },
        }
    }

    /// The service at the end that serves: here if this port is listened on, otherwise at the peer if its port has a
    /// name, otherwise here again.
    fn service(&self, socket: &Socket) -> Cow<'static, str> {
        let name = |port: Option<u16>| (self.port_name)(socket.protocol, port?);
        let local = socket.local.port();
        let peer = socket.peer.as_ref().and_then(Endpoint::port);
        let serves =
            local.is_some_and(|port| self.served.contains(&(socket.namespace, socket.protocol, port)));
        let found = if serves { name(local) } else { name(peer).or_else(|| name(local)) };
        found.map_or("unnamed".into(), |name| name.to_string().into())
    }
}

fn state(state: State) -> Cow<'static, str> {
    match state {
        State::Other(_) => state.to_string().into(),
        named => named.name().into(),
    }
}

fn family(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "ipv4",
        Family::Ipv6 => "ipv6",
        Family::Packet => "packet",
        Family::Unix => "unix",
        Family::Vsock => "vsock",
    }
}

fn address(end: Option<&Endpoint>) -> Cow<'_, str> {
    match end {
        None => "none".into(),
        Some(Endpoint::Inet { address, .. }) => address.to_string().into(),
        Some(Endpoint::Vsock { cid: u32::MAX, .. }) => "*".into(),
        Some(Endpoint::Vsock { cid, .. }) => cid.to_string().into(),
        Some(other @ (Endpoint::Link { .. } | Endpoint::Unix { .. })) => other.to_string().into(),
    }
}

fn port(end: Option<&Endpoint>) -> Cow<'_, str> {
    match end {
        Some(Endpoint::Inet { port, .. }) => port.to_string().into(),
        Some(Endpoint::Vsock { vsock_port, .. }) => vsock_port.to_string().into(),
        _ => "none".into(),
    }
}

#[cfg(test)]
mod tests;
