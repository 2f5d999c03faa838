//! Queues in the containers that publish the port.

use std::fs;
use std::path::Path;

use portreeve_inventory::containers::ContainerState;
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_model::Protocol;
use portreeve_wire::proc::Stat;

use super::run::look_at;
use crate::facts::Behind;
use crate::facts::service::Publisher;
use crate::look::cgroup;

/// Looks into a container that runs.
pub(super) fn look(publisher: &Publisher, protocol: Protocol) -> Option<Behind> {
    let container = &publisher.container;
    let pid = container.container.pid?;
    let paused = container.state == ContainerState::Paused;
    if !paused && container.state != ContainerState::Running {
        return None;
    }
    let port = container.container_port;
    let (name, stopped) = state(pid)?;
    let namespace = NetworkNamespace::at(Path::new(&format!("/proc/{pid}/ns/net")));
    let queues = namespace.and_then(|namespace| namespace.within(|| look_at(protocol, port))).ok();
    Some(Behind {
        container: container.container.name.as_deref().unwrap_or(&container.container.id).to_owned(),
        port,
        pid,
        name,
        stopped,
        frozen: paused || cgroup::is_frozen(pid),
        queues: queues.map(|look| look.listeners).unwrap_or_default(),
    })
}

/// The name of a process, and whether it, or everything that it started, is stopped.
fn state(pid: u32) -> Option<(String, bool)> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = Stat::parse(&text).ok()?;
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children: Vec<bool> = children
        .split_whitespace()
        .filter_map(|child| {
            let text = fs::read(format!("/proc/{child}/stat")).ok()?;
            Some(Stat::parse(&text).ok()?.state == b'T')
        })
        .collect();
    let stopped = stat.state == b'T' && children.is_empty()
        || !children.is_empty() && children.iter().all(|stopped| *stopped);
    Some((String::from_utf8_lossy(stat.comm).into_owned(), stopped))
}
