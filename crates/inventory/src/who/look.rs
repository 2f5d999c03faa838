//! Gathering the views of one port.

use std::sync::Arc;

use portreeve_linux::capabilities::Privileges;
use portreeve_linux::probe::{self, Transport};
use portreeve_linux::proc::Proc;
use portreeve_linux::sysctl;
use portreeve_model::{Family, Protocol, Snapshot, Socket, UnseenSubject};
use portreeve_wire::proc::port_ranges;

use super::case::{is_unheld, shares_ports};
use super::{
    Disguise, KernelUser, Probe, Processes, Query, Reserved, SecondView, Views, hidden, kernel_users, reasons,
};
use crate::collect::sockets::second_view;
use crate::collect::{self, BpfUse, CollectError, Details, IpVersions, NamespaceScope, Owners, Request};
use crate::filter::{Comparison, Filter, Side, Test};
use crate::inside;
use crate::survey;

/// Looks at `query`'s port from every side: sockets in every visible namespace; `/proc/net`, `bind(2)`, reserved
/// ports and kernel users in the asked one. Where a socket has no holder, hidden processes and parked descriptors
/// are searched for.
///
/// `bind(2)` occupies the port for some microseconds, without listening: no packet is sent.
///
/// The views are taken one after the other, and a socket may come or go in between. Where they contradict each other
/// they are therefore taken a second time, and only the second counts.
///
/// # Errors
/// As [`collect::collect`].
pub fn look(query: &Query, bpf: BpfUse) -> Result<Views, CollectError> {
    let views = look_once(query, bpf)?;
    if reasons::views_agree(query, &views) { Ok(views) } else { look_once(query, bpf) }
}

fn look_once(query: &Query, bpf: BpfUse) -> Result<Views, CollectError> {
    let snapshot = collect::collect(&request(query, bpf))?;
    let listeners = survey::listeners(&snapshot);
    let inside = inside::within(&snapshot, query.namespace, || Inside::look(query)).unwrap_or_default();
    let proc = Proc::open().map_err(CollectError::Proc)?;
    let processes = search(&proc, query, &snapshot, &inside.kernel_users, bpf);
    Ok(Views {
        listeners,
        proc_net: inside.proc_net,
        probes: inside.probes,
        kernel_users: inside.kernel_users,
        reserved: inside.reserved,
        reserved_ports: inside.reserved_ports,
        ephemeral: inside.ephemeral,
        unprivileged_start: inside.unprivileged_start,
        processes,
        snapshot,
    })
}

fn request(query: &Query, bpf: BpfUse) -> Request {
    Request {
        protocols: with_shared_ports(&query.protocols),
        ip_versions: IpVersions::Both,
        states: u32::MAX,
        filter: Some(local_port(query.port)),
        namespaces: NamespaceScope::All,
        owners: Owners::Full,
        details: Details { drops: true, cgroups: true, ..Details::default() },
        bpf,
    }
}

/// MPTCP binds TCP's ports, so that a TCP socket answers a question about MPTCP too. The other way round, an MPTCP
/// socket shows among those of TCP by its first subflow.
fn with_shared_ports(protocols: &[Protocol]) -> Vec<Protocol> {
    let mut all = protocols.to_vec();
    if all.contains(&Protocol::Mptcp) && !all.contains(&Protocol::Tcp) {
        all.push(Protocol::Tcp);
    }
    all
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
    reserved_ports: Option<String>,
    ephemeral: Option<(u16, u16)>,
    unprivileged_start: Option<u16>,
}

impl Inside {
    fn look(query: &Query) -> Self {
        let protocols = with_shared_ports(&query.protocols);
        let mut kernel_users = kernel_users::find(query.namespace, query.port);
        kernel_users.retain(|user| protocols.contains(&user.protocol));
        let reserved_ports = sysctl::read("net.ipv4.ip_local_reserved_ports").ok();
        Self {
            proc_net: protocols.iter().flat_map(|protocol| second_views(query, *protocol)).collect(),
            probes: protocols.iter().flat_map(|protocol| probes(*protocol, query.port)).collect(),
            kernel_users,
            reserved: reserved_ports.as_deref().and_then(|ports| reserved(ports, query.port)),
            reserved_ports,
            ephemeral: inside::ephemeral_ports(),
            unprivileged_start: sysctl::read("net.ipv4.ip_unprivileged_port_start")
                .ok()
                .and_then(|text| text.parse().ok()),
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

fn reserved(ports: &str, port: u16) -> Option<Reserved> {
    let is_reserved = port_ranges(ports.as_bytes()).flatten().any(|range| range.contains(&port));
    is_reserved.then(|| Reserved { ports: ports.to_owned() })
}

/// Looks for holders that are not to be seen, of sockets in the asked namespace that neither a process nor a known
/// part of the kernel explains.
fn search(
    proc: &Proc,
    query: &Query,
    snapshot: &Snapshot,
    kernel_users: &[KernelUser],
    bpf: BpfUse,
) -> Processes {
    let listed = proc.pids().unwrap_or_default();
    let closed = snapshot
        .unseen
        .iter()
        .filter(|unseen| unseen.subject == UnseenSubject::ProcessDescriptors)
        .map(|unseen| unseen.count)
        .sum();
    let by_kernel =
        |socket: &Socket| kernel_users.iter().any(|user| shares_ports(user.protocol, socket.protocol));
    let inodes: Vec<u64> = snapshot
        .sockets
        .iter()
        .filter(|socket| socket.namespace == query.namespace && is_unheld(socket) && !by_kernel(socket))
        .map(|socket| socket.inode)
        .collect();
    let mut processes =
        Processes { listed: u32::try_from(listed.len()).unwrap_or(u32::MAX), closed, ..Processes::default() };
    // Without the permission to look into processes, those that hidepid hides would all be suspects.
    if !inodes.is_empty() && Privileges::effective().read_processes {
        processes.searched = true;
        processes.hidden = hidden::hidden_processes(proc, &inodes, bpf);
        processes.parked = hidden::parked_descriptors(proc, &inodes);
    }
    for hidden in &mut processes.hidden {
        // What is mounted over a process's directory tells of something else.
        if !matches!(hidden.disguise, Disguise::Mount { .. }) {
            hidden.name = name(proc, hidden.pid);
        }
    }
    processes
}

fn name(proc: &Proc, pid: u32) -> Option<Arc<str>> {
    let mut text = Vec::new();
    proc.process(pid).and_then(|process| process.read(c"comm", &mut text)).ok()?;
    Some(Arc::from(String::from_utf8_lossy(text.trim_ascii_end())))
}
