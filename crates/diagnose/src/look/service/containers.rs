//! Containers that publish the port, and what listens in them.

use std::path::PathBuf;

use portreeve_inventory::collect::{
    BpfUse, Details, IpVersions, NamespaceScope, Owners, Request, collect, namespace_of,
};
use portreeve_inventory::containers::{ContainerState, Lookup, Roots};
use portreeve_model::{Endpoint, Protocol, State, Unseen};

use super::processes::Running;
use crate::facts::service::{Inside, Publisher};

/// So many other listeners of a container are told.
const MOST: usize = 6;

/// Docker's containers that publish the port, if the daemon's network namespace is this one or no daemon runs.
pub(super) fn publishers(
    protocol: Protocol,
    port: u16,
    namespace: u64,
    running: &[Running],
) -> (Vec<Publisher>, Vec<Unseen>) {
    let daemons: Vec<&Running> = running.iter().filter(|one| one.name == "dockerd").collect();
    let here: Vec<Vec<String>> =
        daemons.iter().filter(|one| one.namespace == Some(namespace)).map(|one| one.words.clone()).collect();
    if here.is_empty() && !daemons.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let roots = Roots { root: PathBuf::from("/"), dockerd: here, homes: Vec::new() };
    let (found, unseen) = Lookup::new(roots).publishing(protocol, port);
    let publishers = found
        .into_iter()
        .map(|published| {
            let runs = matches!(published.state, ContainerState::Running | ContainerState::Paused);
            let inside = published
                .container
                .pid
                .filter(|_| runs)
                .and_then(|pid| inside(pid, protocol, published.container_port));
            Publisher { container: published, inside }
        })
        .collect();
    (publishers, unseen)
}

/// What listens in the network namespace of a process.
pub(super) fn inside(pid: u32, protocol: Protocol, port: u16) -> Option<Inside> {
    let namespace = namespace_of(pid).ok()?;
    let request = Request {
        protocols: vec![protocol],
        ip_versions: IpVersions::Both,
        states: State::Listen.mask() | State::Unconnected.mask(),
        filter: None,
        namespaces: NamespaceScope::One(namespace),
        owners: Owners::Names,
        details: Details::default(),
        bpf: BpfUse::Never,
    };
    let snapshot = collect(&request).ok()?;
    let mut inside = Inside::default();
    for socket in snapshot.sockets.iter().filter(|socket| socket.is_listener()) {
        let Endpoint::Inet { address, port: bound } = &socket.local else { continue };
        if *bound == port {
            inside.addresses.push(*address);
        } else if inside.others.len() < MOST {
            let local = std::net::SocketAddr::new(*address, *bound);
            let holder = socket.holders.first();
            let who =
                holder.map_or_else(String::new, |holder| format!(" {} (pid {})", holder.name, holder.pid));
            inside.others.push(format!("{local}{who}"));
        }
    }
    Some(inside)
}
