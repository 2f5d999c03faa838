//! Gathering the views of one port.

use std::sync::Arc;

use portreeve_linux::capabilities::Privileges;
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_linux::probe::{self, Transport};
use portreeve_linux::proc::Proc;
use portreeve_linux::sysctl;
use portreeve_model::{Family, NamespaceId, NoHolder, Protocol, Socket};
use portreeve_wire::proc::port_ranges;

use super::{KernelUser, Probe, Processes, Query, Reserved, SecondView, Views, hidden, kernel_users};
use crate::collect::sockets::second_view;
use crate::collect::{self, BpfUse, CollectError, Details, IpVersions, NamespaceScope, Owners, Request};
use crate::filter::{Comparison, Filter, Side, Test};
use crate::survey;

/// Looks at `query`'s port from every side: sockets in every visible namespace; `/proc/net`, `bind(2)`, reserved
/// ports and kernel users in the asked one. Where a socket has no holder, hidden processes and parked descriptors
/// are searched for.
///
/// `bind(2)` occupies the port for some microseconds, without listening: no packet is sent.
///
/// # Errors
/// As [`collect::collect`].
pub fn look(query: &Query, bpf: BpfUse) -> Result<Views, CollectError> {
    let snapshot = collect::collect(&request(query, bpf))?;
    let listeners = survey::listeners(&snapshot);
    let inside = in_namespace(query.namespace, &snapshot, || Inside::look(query)).unwrap_or_default();
    let proc = Proc::open().map_err(CollectError::Proc)?;
    let processes = search(&proc, &snapshot.sockets, &snapshot);
    Ok(Views {
        listeners,
        proc_net: inside.proc_net,
        probes: inside.probes,
        kernel_users: inside.kernel_users,
        reserved: inside.reserved,
        processes,
        snapshot,
    })
}

fn request(query: &Query, bpf: BpfUse) -> Request {
    Request {
        protocols: query.protocols.clone(),
        ip_versions: IpVersions::Both,
        states: u32::MAX,
        filter: Some(local_port(query.port)),
        namespaces: NamespaceScope::All,
        owners: Owners::Full,
        details: Details { drops: true, cgroups: true, ..Details::default() },
        bpf,
    }
}

fn local_port(port: u16) -> Filter {
    Filter::from(Test::Port(Side::Source, Comparison::Equal, port))
}

/// What is looked at from inside the asked namespace.
#[derive(Default)]
struct Inside {
    proc_net: Vec<SecondView>,
    probes: Vec<Probe>,
    kernel_users: Vec<KernelUser>,
    reserved: Option<Reserved>,
}

impl Inside {
    fn look(query: &Query) -> Self {
        let mut kernel_users = kernel_users::find(query.namespace, query.port);
        kernel_users.retain(|user| query.protocols.contains(&user.protocol));
        Self {
            proc_net: query.protocols.iter().flat_map(|protocol| second_views(query, *protocol)).collect(),
            probes: query.protocols.iter().flat_map(|protocol| probes(*protocol, query.port)).collect(),
            kernel_users,
            reserved: reserved(query.port),
        }
    }
}

fn second_views(query: &Query, protocol: Protocol) -> Vec<SecondView> {
    // MPTCP and SCTP have no table of addresses and ports that could be compared.
    if matches!(protocol, Protocol::Mptcp | Protocol::Sctp) {
        return Vec::new();
    }
    [(Family::Ipv4, ""), (Family::Ipv6, "6")]
        .into_iter()
        .filter_map(|(family, suffix)| {
            let sockets = second_view(protocol, family, query.namespace)?.ok()?;
            let here = |socket: &Socket| socket.local.port() == Some(query.port);
            Some(SecondView {
                table: format!("{}{suffix}", protocol.name()),
                sockets: sockets.into_iter().filter(here).collect(),
            })
        })
        .collect()
}

fn probes(protocol: Protocol, port: u16) -> Vec<Probe> {
    let transport = match protocol {
        Protocol::Tcp => Transport::Tcp,
        Protocol::Udp => Transport::Udp,
        Protocol::Udplite => Transport::UdpLite,
        Protocol::Sctp => Transport::Sctp,
        // MPTCP binds TCP's ports: the same answer.
        _ => return Vec::new(),
    };
    probe::occupancy(transport, port)
        .map(|(address, occupancy)| Probe { protocol, address, occupancy })
        .to_vec()
}

fn reserved(port: u16) -> Option<Reserved> {
    let ports = sysctl::read("net.ipv4.ip_local_reserved_ports").ok()?;
    let is_reserved = port_ranges(ports.as_bytes()).flatten().any(|range| range.contains(&port));
    is_reserved.then_some(Reserved { ports })
}

/// Runs `work` inside the namespace, entered through any process of it.
fn in_namespace<T: Send>(
    id: NamespaceId,
    snapshot: &portreeve_model::Snapshot,
    work: impl FnOnce() -> T + Send,
) -> Option<T> {
    if snapshot.namespace(id).is_some_and(|namespace| namespace.own) {
        return Some(work());
    }
    let handle = open(id)?;
    handle.within(work).ok()
}

fn open(id: NamespaceId) -> Option<NetworkNamespace> {
    let by_pid = Proc::open().ok()?.pids().ok()?.into_iter().map(|pid| format!("/proc/{pid}/ns/net").into());
    let named = std::fs::read_dir("/run/netns").into_iter().flatten().flatten().map(|entry| entry.path());
    by_pid.chain(named).find_map(|path| NetworkNamespace::at(&path).ok().filter(|handle| handle.id == id.0))
}

fn search(proc: &Proc, sockets: &[Socket], snapshot: &portreeve_model::Snapshot) -> Processes {
    let listed = proc.pids().unwrap_or_default();
    let closed = snapshot
        .unseen
        .iter()
        .find(|unseen| unseen.subject == portreeve_model::UnseenSubject::ProcessDescriptors)
        .map_or(0, |unseen| unseen.count);
    let inodes: Vec<u64> = sockets
        .iter()
        .filter(|socket| matches!(socket.no_holder, Some(NoHolder::NoProcess | NoHolder::Permission)))
        .map(|socket| socket.inode)
        .collect();
    let mut processes =
        Processes { listed: u32::try_from(listed.len()).unwrap_or(u32::MAX), closed, ..Processes::default() };
    // Without the permission to look into processes, those that hidepid hides would all be suspects.
    if !inodes.is_empty() && Privileges::effective().read_processes {
        processes.searched = true;
        processes.hidden = hidden::hidden_processes(proc, &inodes);
        processes.parked = hidden::parked_descriptors(proc, &inodes);
    }
    for hidden in &mut processes.hidden {
        hidden.name = name(proc, hidden.pid);
    }
    processes
}

fn name(proc: &Proc, pid: u32) -> Option<Arc<str>> {
    let mut text = Vec::new();
    proc.process(pid).and_then(|process| process.read(c"comm", &mut text)).ok()?;
    Some(Arc::from(String::from_utf8_lossy(text.trim_ascii_end())))
}
