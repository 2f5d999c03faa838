//! TCP, MPTCP, UDP, UDP-Lite, SCTP and raw sockets through `inet_diag`.

use std::sync::Arc;

use portreeve_linux::netlink::{Dump, NetlinkError, dump};
use portreeve_model::{Endpoint, Family, Interface, NamespaceId, Protocol, Socket, Source, State, Timer};
use portreeve_wire::inet_diag::bytecode::Program;
use portreeve_wire::inet_diag::{self, ExtensionSet, Extensions, SocketMessage};
use portreeve_wire::sock_diag::{self, StateSet};

use super::{Damaged, Reader, lacks_diag, proc_net, tcp_info};
use crate::collect::Resolver;
use crate::collect::request::Details;
use crate::filter;

pub(super) fn read(reader: &mut Reader<'_>, protocol: Protocol) {
    let families = super::families(reader.request.ip_versions);
    let filter = kernel_filter(reader);
    for family in &families {
        if reader.request.details.auto_bound {
            read_auto_bound(reader, protocol, *family);
        }
        match dump_family(reader, protocol, *family, filter.clone()) {
            Ok(dump) => reader.accept(protocol.name(), dump),
            Err(error) if lacks_diag(&error) => proc_net::read(reader, protocol, &[*family]),
            Err(error) => reader.refused(protocol.name(), error),
        }
    }
}

/// No attribute says that the kernel chose a socket's port, but a filter can ask: a dump of those alone tells.
fn read_auto_bound(reader: &mut Reader<'_>, protocol: Protocol, family: Family) {
    let Some(condition) = filter::auto_bound(&Resolver) else { return };
    let Ok(program) = Program::assemble(&condition) else { return };
    // A refusal is reported by the dump of the sockets themselves.
    if let Ok(dump) = dump_family(reader, protocol, family, Some(program)) {
        let namespace = reader.namespace;
        reader.harvest.auto_bound.extend(dump.items.iter().map(|socket| (namespace, socket.cookie)));
    }
}

/// The part of the filter that the kernel can judge; `None` where there is nothing to judge or it does not fit.
fn kernel_filter(reader: &Reader<'_>) -> Option<Program> {
    let condition = reader.request.filter.as_ref()?.kernel_condition(&Resolver);
    Program::assemble(&condition).ok().filter(|program| !program.as_bytes().is_empty())
}

fn dump_family(
    reader: &mut Reader<'_>,
    protocol: Protocol,
    family: Family,
    filter: Option<Program>,
) -> Result<Dump<Socket>, NetlinkError> {
    let details = reader.request.details;
    let namespace = reader.namespace;
    let mut request = inet_diag::Request::dump(wire_family(family), wire_protocol(protocol));
    request.states = StateSet(reader.request.states);
    request.extensions = extensions(details, reader.request.states);
    request.filter = filter;
    let mut cgroups = CgroupIds::default();
    let mut damaged: Damaged = None;
    let mut attempt = |reader: &mut Reader<'_>, request: &inet_diag::Request| {
        dump(
            reader.netlink()?,
            |sequence| request.encode(sequence),
            |message| {
                let message = SocketMessage::from_message(message)?;
                let extensions = message.extensions();
                if let Some((count, error)) = extensions.damaged {
                    damaged = Some((damaged.map_or(0, |(count, _)| count).saturating_add(count), error));
                }
                Ok(Some(socket(&message, &extensions, protocol, family, namespace, details, &mut cgroups)))
            },
        )
    };
    let mut outcome = attempt(reader, &request);
    // A kernel too old for an operation refuses the whole filter: ask without it, the exact filter runs here anyway.
    if request.filter.is_some()
        && matches!(&outcome, Err(error) if error.errno() == Some(portreeve_linux::Errno::INVAL))
    {
        request.filter = None;
        outcome = attempt(reader, &request);
    }
    if let Some((count, error)) = damaged {
        reader.malformed(&format!("details of {}", protocol.name()), u32::from(count), error);
    }
    outcome
}

fn wire_family(family: Family) -> sock_diag::AddressFamily {
    if family == Family::Ipv4 { sock_diag::AddressFamily::Inet } else { sock_diag::AddressFamily::Inet6 }
}

fn wire_protocol(protocol: Protocol) -> sock_diag::Protocol {
    match protocol {
        Protocol::Mptcp => sock_diag::Protocol::Mptcp,
        Protocol::Udp => sock_diag::Protocol::Udp,
        Protocol::Udplite => sock_diag::Protocol::UdpLite,
        Protocol::Sctp => sock_diag::Protocol::Sctp,
        Protocol::Raw => sock_diag::Protocol::Raw,
        _ => sock_diag::Protocol::Tcp,
    }
}

fn extensions(details: Details, states: u32) -> ExtensionSet {
    let mut set = ExtensionSet::NONE;
    // The drop counter of a listener is its overflow counter: always wanted where listeners alone are asked for.
    let only_waiting = states & !(State::Listen.mask() | State::Unconnected.mask()) == 0;
    if details.memory || details.drops || only_waiting {
        set = set.and(ExtensionSet::SOCKET_MEMORY);
    }
    if details.tcp_info {
        set = set.and(ExtensionSet::INFO).and(ExtensionSet::CONGESTION);
    }
    set
}

fn socket(
    message: &SocketMessage<'_>,
    extensions: &Extensions<'_>,
    protocol: Protocol,
    family: Family,
    namespace: NamespaceId,
    details: Details,
    cgroups: &mut CgroupIds,
) -> Socket {
    let id = &message.id;
    let state = state(message, protocol);
    let has_peer = id.destination_port != 0 || !id.destination.is_unspecified();
    // TIME_WAIT and unaccepted handshakes have no owner any more, or not yet: their uid field is 0 and means nothing.
    let has_uid = message.inode != 0 || message.uid != 0;
    Socket {
        peer: has_peer.then_some(Endpoint::Inet { address: id.destination, port: id.destination_port }),
        interface: (id.interface != 0).then_some(Interface { index: id.interface, name: None }),
        receive_queue: message.receive_queue,
        send_queue: message.send_queue,
        uid: has_uid.then_some(message.uid),
        inode: u64::from(message.inode),
        cookie: id.cookie,
        v6only: extensions.v6_only.filter(|_| family == Family::Ipv6),
        mark: extensions.mark.filter(|mark| *mark != 0),
        cgroup: extensions.cgroup_id.filter(|_| details.cgroups).map(|id| cgroups.label(id)),
        timer: timer(message),
        drops: extensions.socket_memory.and_then(|memory| memory.drops),
        shutdown: extensions.shutdown.map(|shutdown| shutdown.0).filter(|bits| *bits != 0),
        memory: extensions
            .socket_memory
            .filter(|_| details.memory)
            .map(|memory| Box::new(super::memory(&memory))),
        tcp_info: if details.tcp_info { tcp_info::decode(extensions, protocol, state) } else { None },
        ..Socket::new(
            protocol,
            family,
            namespace,
            state,
            Endpoint::Inet { address: id.source, port: id.source_port },
            Source::SockDiag,
        )
    }
}

/// Bound-only sockets are asked for by a state of their own and come as `CLOSE` (`net/ipv4/inet_diag.c`,
/// `inet_csk_diag_dump`); no other TCP socket in that state is in a dump.
fn state(message: &SocketMessage<'_>, protocol: Protocol) -> State {
    match (State::from_kernel(message.state.value()), protocol) {
        (State::Unconnected, Protocol::Tcp | Protocol::Mptcp) if message.id.source_port != 0 => State::Bound,
        (state, _) => state,
    }
}

fn timer(message: &SocketMessage<'_>) -> Option<Timer> {
    let kind = super::timer_kind(message.timer)?;
    Some(Timer { kind, expires_ms: message.expires, retransmits: message.retransmits })
}

/// Labels of cgroup ids until their paths are known. Most sockets share few cgroups.
#[derive(Default)]
struct CgroupIds {
    last: Option<(u64, Arc<str>)>,
    all: rustc_hash::FxHashMap<u64, Arc<str>>,
}

impl CgroupIds {
    fn label(&mut self, id: u64) -> Arc<str> {
        if let Some((last, label)) = &self.last
            && *last == id
        {
            return Arc::clone(label);
        }
        let label = self.all.entry(id).or_insert_with(|| Arc::from(format!("id:{id}")));
        self.last = Some((id, Arc::clone(label)));
        Arc::clone(label)
    }
}
