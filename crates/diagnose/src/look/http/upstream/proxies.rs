//! The processes that take the connections: those that hold the port, or those in the container that it is published for.

use std::collections::HashSet;

use portreeve_inventory::collect::{self, BpfUse, Details, IpVersions, NamespaceScope, Owners, Request};
use portreeve_linux::proc::{DescriptorScratch, Proc};
use portreeve_model::listener::Forward;
use portreeve_model::{NamespaceId, Process, Protocol, Snapshot, State};
use portreeve_wire::proc::{FdTarget, Stat};

use crate::facts::ServiceFacts;
use crate::facts::http::Proxy;

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Taker {
    pub(super) process: Process,
    /// The network namespace it is in.
    pub(super) namespace: Option<NamespaceId>,
}

/// Those who take the connections, ancestors first.
pub(super) fn of(service: &ServiceFacts) -> Vec<Taker> {
    let mut takers = Vec::new();
    let mut seen_forwards: Vec<Forward> = Vec::new();
    let ordered = service.roots().into_iter().chain(service.workers());
    for holder in ordered {
        let pid = holder.pid();
        match &holder.forwards_to {
            Some(forward) if !seen_forwards.contains(forward) => {
                seen_forwards.push(forward.clone());
                takers.extend(in_container(forward));
            }
            Some(_) => {}
            // An activator holds sockets for others, and hands no request on.
            None if pid == 1 || takers.iter().any(|taker: &Taker| taker.process.id.pid == pid) => {}
            None => {
                takers.push(Taker { process: holder.process.clone(), namespace: holder.process.namespace });
            }
        }
    }
    takers
}

/// The processes that listen where a forwarder sends what it takes.
fn in_container(forward: &Forward) -> Vec<Taker> {
    let Some(snapshot) = listening(&[Protocol::Tcp]) else { return Vec::new() };
    let holds = |process: &&Process| {
        let in_it = match (&forward.container, &process.container) {
            (Some(wanted), Some(container)) => named(&snapshot, container, wanted),
            _ => false,
        };
        in_it
            && snapshot.sockets.iter().any(|socket| {
                socket.local.port() == Some(forward.port)
                    && socket.holders.iter().any(|holder| holder.pid == process.id.pid)
            })
    };
    let found = snapshot.processes.iter().filter(holds);
    found.map(|process| Taker { process: process.clone(), namespace: process.namespace }).collect()
}

/// Whether a container's id is, or has, the name.
fn named(snapshot: &Snapshot, id: &std::sync::Arc<str>, wanted: &str) -> bool {
    id.as_ref() == wanted
        || snapshot
            .container(id)
            .is_some_and(|container| container.name.as_deref() == Some(wanted) || id.starts_with(wanted))
}

/// Every listener of the host with its holders.
pub(super) fn listening(protocols: &[Protocol]) -> Option<Snapshot> {
    let request = Request {
        protocols: protocols.to_vec(),
        ip_versions: IpVersions::Both,
        states: State::Listen.mask(),
        filter: None,
        namespaces: NamespaceScope::All,
        owners: Owners::Full,
        details: Details::default(),
        bpf: BpfUse::Never,
    };
    collect::collect(&request).ok()
}

impl Taker {
    /// For the document.
    pub(super) fn told(&self, configuration: Option<String>) -> Proxy {
        Proxy {
            pid: self.process.id.pid,
            name: self.process.name.to_string(),
            configuration,
            unit: self.process.unit.as_ref().map(|unit| unit.name.to_string()),
        }
    }
}

/// The inodes of the sockets that the processes have open.
pub(super) fn sockets_of(takers: &[Taker]) -> HashSet<u64> {
    let mut inodes = HashSet::new();
    let Ok(proc) = Proc::open() else { return inodes };
    let mut scratch = DescriptorScratch::default();
    for taker in takers {
        let Ok(process) = proc.process(taker.process.id.pid) else { continue };
        // A process that ended meanwhile has none.
        let _ = process.each_descriptor(&mut scratch, |_, link| inodes.extend(FdTarget::socket_inode(link)));
    }
    inodes
}

/// The state letter and the parent of a process.
pub(super) fn state_of(pid: u32) -> Option<(u8, u32)> {
    let mut text = Vec::new();
    Proc::open().ok()?.process(pid).ok()?.read(c"stat", &mut text).ok()?;
    Stat::parse(&text).ok().map(|stat| (stat.state, stat.parent))
}
