//! The overview: listeners and findings of a snapshot, with what must still be read from the machine for them:
//! ephemeral port ranges, units behind sockets that PID 1 holds, files that were replaced.

use std::path::PathBuf;
use std::sync::Arc;

use portreeve_linux::namespace::NetworkNamespace;
use portreeve_linux::sysctl;
use portreeve_model::listener::{Activation, Forward};
use portreeve_model::{Finding, Listener, NamespaceId, Process, Snapshot, Socket, Unseen};
use portreeve_wire::proc::port_range;

use crate::collect::Users;
use crate::containers::forward_of;
use crate::findings::{self, FileState, Scene};
use crate::listeners::{self, Attribution, EphemeralRanges};
use crate::units;

/// Listeners and findings of a snapshot, and what was not seen on the way.
#[derive(Debug)]
pub struct Survey {
    /// Open ports, widest reach first.
    pub listeners: Vec<Listener>,
    /// What looks wrong, worst first.
    pub findings: Vec<Finding>,
    /// What could not be seen beyond what the snapshot already says.
    pub unseen: Vec<Unseen>,
}

/// Surveys a snapshot of this machine.
pub fn survey(snapshot: &Snapshot) -> Survey {
    let mut unseen = Vec::new();
    let attribution = Machine::look(snapshot, &mut unseen);
    let listeners = listeners::listeners(snapshot, &ephemeral_ranges(snapshot), &attribution);
    let findings = findings::findings(&Scene::new(snapshot, &listeners, &file_at));
    Survey { listeners, findings, unseen }
}

/// The listeners of a snapshot alone.
pub fn listeners(snapshot: &Snapshot) -> Vec<Listener> {
    let attribution = Machine::look(snapshot, &mut Vec::new());
    listeners::listeners(snapshot, &ephemeral_ranges(snapshot), &attribution)
}

/// Attribution that asks the machine.
struct Machine<'a> {
    snapshot: &'a Snapshot,
    socket_units: Option<units::SocketUnits>,
    users: Users,
}

impl<'a> Machine<'a> {
    fn look(snapshot: &'a Snapshot, unseen: &mut Vec<Unseen>) -> Self {
        let init_holds = snapshot.process(1).is_some_and(|process| &*process.name == "systemd");
        let socket_units = init_holds.then(units::SocketUnits::query).and_then(|outcome| match outcome {
            Ok(units) => Some(units),
            Err(gap) => {
                unseen.push(gap);
                None
            }
        });
        Self { snapshot, socket_units, users: Users::read() }
    }
}

impl Attribution for Machine<'_> {
    fn activation(&self, socket: &Socket) -> Option<Activation> {
        if let Some(units) = &self.socket_units
            && socket.holders.iter().any(|holder| holder.pid == 1)
            && let Some(activation) = units.activation(socket.protocol, &socket.local)
        {
            return Some(activation.clone());
        }
        socket.holders.iter().find_map(|holder| {
            let process = self.snapshot.process(holder.pid)?;
            units::activator_of(&process.name, &process.command_line)
        })
    }

    fn user_name(&self, uid: u32) -> Option<Arc<str>> {
        self.users.name(uid)
    }

    fn forward(&self, command_line: &[String]) -> Option<Forward> {
        forward_of(command_line).map(|forward| forward.target)
    }
}

/// `net.ipv4.ip_local_port_range` of each namespace with sockets; IPv6 uses the same.
fn ephemeral_ranges(snapshot: &Snapshot) -> EphemeralRanges {
    let mut ranges = EphemeralRanges::default();
    for namespace in &snapshot.namespaces {
        let with_udp = snapshot.sockets.iter().any(|socket| socket.namespace == namespace.id);
        if !with_udp {
            continue;
        }
        let read = || sysctl::read("net.ipv4.ip_local_port_range").ok();
        let text = if namespace.own { read() } else { within(snapshot, namespace.id, read).flatten() };
        if let Some(range) = text.and_then(|text| port_range(text.as_bytes()).ok()) {
            ranges.insert(namespace.id, (*range.start(), *range.end()));
        }
    }
    ranges
}

/// Runs `work` inside a namespace, through one of the snapshot's processes in it.
fn within<T: Send>(snapshot: &Snapshot, id: NamespaceId, work: impl FnOnce() -> T + Send) -> Option<T> {
    let process = snapshot.processes.iter().find(|process| process.namespace == Some(id))?;
    let handle = NetworkNamespace::at(&PathBuf::from(format!("/proc/{}/ns/net", process.id.pid))).ok()?;
    (handle.id == id.0).then(|| handle.within(work).ok()).flatten()
}

/// What stands at the path of a process's executable, in its own mount namespace.
fn file_at(process: &Process) -> FileState {
    let Some(executable) = &process.executable else { return FileState::Unseen };
    let path = format!("/proc/{}/root{}", process.id.pid, executable.path);
    match std::fs::symlink_metadata(path) {
        Ok(_) => FileState::Present,
        // The process may have ended meanwhile, and its root with it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let alive = std::path::Path::new(&format!("/proc/{}/root", process.id.pid)).exists();
            if alive { FileState::Absent } else { FileState::Unseen }
        }
        Err(_) => FileState::Unseen,
    }
}
