//! Whether a socket matches.
//!
//! Three-valued, like NULL in SQL: a test on something that is not known of the socket is neither true nor false,
//! and so is its negation; `and`, `or` and `not` are those of Kleene. Only what is true matches. Not known are: the
//! port of a socket without ports, an IP address of a Unix socket, the uid, mark or cgroup of a `TIME_WAIT`, the
//! holders where they were not looked up or could not be read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_model::{Endpoint, Family, Holder, NamespaceName, NoHolder, Process, Socket, Source, State};

use super::{Comparison, Device, Facts, Filter, Host, Pattern, Side, Test, fields};

impl Filter {
    /// Whether `socket` matches for certain.
    pub fn matches(&self, socket: &Socket, facts: &dyn Facts) -> bool {
        self.evaluate(socket, facts) == Some(true)
    }

    /// Whether `socket` matches; `None` where something needed for the answer is not known. With more facts an
    /// unknown answer may become known; a known one stays.
    pub fn evaluate(&self, socket: &Socket, facts: &dyn Facts) -> Option<bool> {
        match self {
            Self::And(parts) => any_is(parts.iter().map(|part| part.evaluate(socket, facts)), false),
            Self::Or(parts) => any_is(parts.iter().map(|part| part.evaluate(socket, facts)), true),
            Self::Not(part) => part.evaluate(socket, facts).map(|holds| !holds),
            Self::Test(test) => test.evaluate(socket, facts),
        }
    }
}

/// `decisive` as soon as one value is; the opposite if all values are; unknown otherwise.
fn any_is(values: impl IntoIterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for value in values {
        match value {
            Some(value) if value == decisive => return Some(decisive),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}

impl Test {
    /// Whether the test holds for `socket`.
    pub fn evaluate(&self, socket: &Socket, facts: &dyn Facts) -> Option<bool> {
        match self {
            Self::State(set) => Some(set.contains(socket.state)),
            Self::Host(side, host) => host_holds(host, *side, socket),
            Self::Port(side, comparison, port) => port_holds(*comparison, *port, *side, socket),
            Self::Device(device) => device_holds(device, socket),
            Self::Mark { mark, mask } => Some(known_mark(socket, facts)? & mask == *mark),
            Self::Cgroup(path) => cgroup_holds(path, socket.cgroup.as_deref()?),
            Self::AutoBound => auto_bound(socket, facts),
            Self::User(pattern) => user_holds(pattern, socket, facts),
            Self::Uid(comparison, uid) => Some(comparison.holds(socket.uid?, *uid)),
            Self::Pid(comparison, pid) => {
                some_holder(socket, facts, |holder| Some(comparison.holds(holder.pid, *pid)))
            }
            Self::Process(pattern) => some_holder(socket, facts, |holder| {
                let process = facts.process(holder.pid);
                Some(pattern.matches(&holder.name) || executable_matches(pattern, process))
            }),
            Self::Unit(pattern) => {
                some_holder(socket, facts, |holder| unit_holds(pattern, facts.process(holder.pid)?))
            }
            Self::Container(pattern) => container_holds(pattern, socket, facts),
            Self::Namespace(pattern) => namespace_holds(pattern, socket, facts),
            Self::Inode(comparison, inode) => Some(comparison.holds(socket.inode, *inode)),
        }
    }
}

/// The end of a socket. An internet socket without a peer has the unspecified address and port 0, as in the kernel.
fn inet_end(socket: &Socket, side: Side) -> Option<(IpAddr, u16)> {
    let end = match side {
        Side::Source => Some(&socket.local),
        Side::Destination => socket.peer.as_ref(),
    };
    let (address, port) = match (end, socket.family) {
        (Some(Endpoint::Inet { address, port }), _) => (*address, *port),
        (None, Family::Ipv4) => (Ipv4Addr::UNSPECIFIED.into(), 0),
        (None, Family::Ipv6) => (Ipv6Addr::UNSPECIFIED.into(), 0),
        _ => return None,
    };
    // Whoever shortened an IPv4-mapped address for display: to the kernel it is an IPv6 address.
    Some(match (address, socket.family) {
        (IpAddr::V4(v4), Family::Ipv6) => (v4.to_ipv6_mapped().into(), port),
        _ => (address, port),
    })
}

fn host_holds(host: &Host, side: Side, socket: &Socket) -> Option<bool> {
    let end = match side {
        Side::Source => Some(&socket.local),
        Side::Destination => socket.peer.as_ref(),
    };
    match (host, end) {
        (Host::Inet { prefix, port }, _) => {
            let (address, actual) = inet_end(socket, side)?;
            let port_is = port.is_none_or(|port| port == actual);
            Some(port_is && prefix.is_none_or(|prefix| prefix.contains(address)))
        }
        (Host::Unix(pattern), Some(Endpoint::Unix { path })) => {
            Some(pattern.matches_ignoring_case(path.as_deref().unwrap_or("")))
        }
        (Host::Link { ethertype, device }, Some(Endpoint::Link { ethertype: actual })) => {
            let device_is = device.as_ref().map_or(Some(true), |device| device_holds(device, socket));
            any_is([Some(ethertype.is_none_or(|wanted| wanted == *actual)), device_is], false)
        }
        (Host::Vsock { cid, port }, Some(Endpoint::Vsock { cid: actual, vsock_port })) => {
            Some(cid.is_none_or(|cid| cid == *actual) && port.is_none_or(|port| port == *vsock_port))
        }
        _ => None,
    }
}

fn port_holds(comparison: Comparison, port: u16, side: Side, socket: &Socket) -> Option<bool> {
    if let Some((_, actual)) = inet_end(socket, side) {
        return Some(comparison.holds(actual, port));
    }
    let end = match side {
        Side::Source => &socket.local,
        Side::Destination => socket.peer.as_ref()?,
    };
    match end {
        Endpoint::Vsock { vsock_port, .. } => Some(comparison.holds(*vsock_port, u32::from(port))),
        _ => None,
    }
}

fn device_holds(device: &Device, socket: &Socket) -> Option<bool> {
    match (&socket.interface, device) {
        // The text of /proc/net does not tell the device.
        (None, _) if socket.source == Source::ProcNet => None,
        (None, Device::Index(index)) => Some(*index == 0),
        (None, Device::Name(_)) => Some(false),
        (Some(interface), Device::Index(index)) => Some(interface.index == *index),
        (Some(interface), Device::Name(name)) => interface.name.as_deref().map(|actual| *actual == **name),
    }
}

fn known_mark(socket: &Socket, facts: &dyn Facts) -> Option<u32> {
    // Of a minisocket the kernel filters by the mark without telling it.
    let told = facts.marks_known()
        && socket.source == Source::SockDiag
        && !matches!(socket.state, State::TimeWait | State::SynRecv);
    socket.mark.or(told.then_some(0))
}

/// A path and a bare id cannot be compared: they may name the same cgroup.
fn cgroup_holds(wanted: &str, actual: &str) -> Option<bool> {
    (wanted.starts_with('/') == actual.starts_with('/')).then_some(wanted == actual)
}

/// The kernel's own abstract names are five hexadecimal digits (`unix_autobind`).
fn auto_bound(socket: &Socket, facts: &dyn Facts) -> Option<bool> {
    match &socket.local {
        Endpoint::Unix { path } => {
            let digits = path.as_deref().and_then(|path| path.strip_prefix('@'));
            Some(
                digits
                    .is_some_and(|name| name.len() == 5 && name.bytes().all(|byte| byte.is_ascii_hexdigit())),
            )
        }
        Endpoint::Inet { .. } => facts.auto_bound(socket),
        Endpoint::Vsock { .. } | Endpoint::Link { .. } => None,
    }
}

/// Whether `holds` for one of the holders.
fn some_holder(socket: &Socket, facts: &dyn Facts, holds: impl Fn(&Holder) -> Option<bool>) -> Option<bool> {
    if socket.holders.is_empty() {
        let all_seen = facts.owners_known() && socket.no_holder != Some(NoHolder::Permission);
        return all_seen.then_some(false);
    }
    any_is(socket.holders.iter().map(holds), true)
}

/// A process's name is at most 15 bytes long; its executable's is whole.
fn executable_matches(pattern: &Pattern, process: Option<&Process>) -> bool {
    let path = process.and_then(|process| process.executable.as_ref()).map(|file| file.path.as_str());
    path.and_then(|path| path.rsplit('/').next()).is_some_and(|name| pattern.matches(name))
}

fn user_holds(pattern: &Pattern, socket: &Socket, facts: &dyn Facts) -> Option<bool> {
    let wanted_uid = fields::digits::<u32>(pattern.as_str());
    let is_user = |uid: u32, name: Option<&str>| match wanted_uid {
        Some(wanted) => uid == wanted,
        None => name.or_else(|| facts.user_name(uid)).is_some_and(|name| pattern.matches(name)),
    };
    let creator = socket.uid.map(|uid| is_user(uid, None));
    let holder = |holder: &Holder| {
        let process = facts.process(holder.pid)?;
        Some(is_user(process.uid?, process.user.as_deref()))
    };
    let holders = some_holder(socket, facts, holder);
    match (creator, holders) {
        // A socket that nobody holds, of a user no longer known: there is nothing that could be the user.
        (None, Some(false)) if socket.holders.is_empty() => None,
        (None, holders) => holders,
        (creator, holders) => any_is([creator, holders], true),
    }
}

fn unit_holds(pattern: &Pattern, process: &Process) -> Option<bool> {
    match &process.unit {
        Some(unit) => Some(
            pattern.matches(&unit.name)
                || unit.name.strip_suffix(".service").is_some_and(|name| pattern.matches(name)),
        ),
        None => process.cgroup.as_ref().map(|_| false),
    }
}

fn container_holds(pattern: &Pattern, socket: &Socket, facts: &dyn Facts) -> Option<bool> {
    let namespace = match facts.namespace(socket.namespace).map(|namespace| &namespace.name) {
        Some(NamespaceName::Container(name)) => pattern.matches(name),
        _ => false,
    };
    if namespace {
        return Some(true);
    }
    some_holder(socket, facts, |holder| {
        let process = facts.process(holder.pid)?;
        let Some(id) = &process.container else { return process.cgroup.as_ref().map(|_| false) };
        let name = facts.container(id).and_then(|container| container.name.as_deref());
        Some(is_id(pattern.as_str(), id) || name.is_some_and(|name| pattern.matches(name)))
    })
}

/// Whether `text` is the container's id, or enough of its beginning: as short as `docker` accepts, but never so short
/// that a name such as `db` is taken for one.
fn is_id(text: &str, id: &str) -> bool {
    const SHORTEST: usize = 4;
    text == id
        || (text.len() >= SHORTEST
            && text.bytes().all(|byte| byte.is_ascii_hexdigit())
            && id.starts_with(text))
}

fn namespace_holds(pattern: &Pattern, socket: &Socket, facts: &dyn Facts) -> Option<bool> {
    let text = pattern.as_str();
    let number = text.strip_prefix("net:[").and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Some(inode) = fields::digits::<u64>(number)
        && inode == socket.namespace.0
    {
        return Some(true);
    }
    let name = &facts.namespace(socket.namespace)?.name;
    Some(
        pattern.matches(&name.to_string())
            || matches!(name, NamespaceName::Process { name, .. } if pattern.matches(name)),
    )
}

#[cfg(test)]
mod tests;
