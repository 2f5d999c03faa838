//! The overview: listeners and findings of a snapshot, with what must still be read from the machine for them:
//! ephemeral port ranges, units behind sockets that PID 1 holds, files that were replaced.

use std::cell::OnceCell;
use std::sync::Arc;

use portreeve_model::listener::{Activation, Forward};
use portreeve_model::{Finding, Listener, NamespaceId, Process, Protocol, Snapshot, Socket, Unseen};
use rustc_hash::FxHashSet;

use crate::collect::Users;
use crate::containers::forward_of;
use crate::findings::{self, FileState, Scene};
use crate::inside;
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
    /// Read only where a holder was not seen.
    users: OnceCell<Users>,
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
        Self { snapshot, socket_units, users: OnceCell::new() }
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
        self.users.get_or_init(Users::read).name(uid)
    }

    fn forward(&self, command_line: &[String]) -> Option<Forward> {
        forward_of(command_line).map(|forward| forward.target)
    }
}

/// The ephemeral range of each namespace that a datagram socket may be judged by it in.
fn ephemeral_ranges(snapshot: &Snapshot) -> EphemeralRanges {
    let datagrams = |socket: &&Socket| matches!(socket.protocol, Protocol::Udp | Protocol::Udplite);
    let namespaces: FxHashSet<NamespaceId> =
        snapshot.sockets.iter().filter(datagrams).map(|socket| socket.namespace).collect();
    let range = |id: NamespaceId| Some((id, inside::within(snapshot, id, inside::ephemeral_ports)??));
    namespaces.into_iter().filter_map(range).collect()
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
