//! Who holds a listener: unit, container, users, and what a socket is held for.

use std::sync::Arc;

use portreeve_model::listener::{Activation, Forward};
use portreeve_model::{Owner, Process, Snapshot, Socket, Unit};

/// What a snapshot alone does not tell of a listener's owner. The unit type knows nothing: `&()` will do where
/// neither units nor forwarders were looked at.
pub trait Attribution {
    /// The socket unit, or the activator's command, that holds this socket for a service.
    fn activation(&self, _socket: &Socket) -> Option<Activation> {
        None
    }

    /// The name of a user, for sockets whose holders were not seen.
    fn user_name(&self, _uid: u32) -> Option<Arc<str>> {
        None
    }

    /// Where a process with this command line sends the connections it takes, if it is a known forwarder.
    fn forward(&self, _command_line: &[String]) -> Option<Forward> {
        None
    }
}

impl Attribution for () {}

/// The owner of one socket.
pub(super) fn owner_of(
    socket: &Socket,
    activates: Option<Activation>,
    snapshot: &Snapshot,
    attribution: &dyn Attribution,
) -> Owner {
    let processes: Vec<&Process> =
        socket.holders.iter().filter_map(|holder| snapshot.process(holder.pid)).collect();
    let mut owner = Owner {
        holders: socket.holders.clone(),
        unit: unit_of(&processes),
        activates,
        container: first(&processes, |process| process.container.clone()),
        forwards_to: first(&processes, |process| attribution.forward(&process.command_line)),
        users: processes.iter().filter_map(|process| user(process)).collect(),
        no_holder: socket.no_holder,
    };
    if let Some(forward) = &mut owner.forwards_to
        && forward.container.is_none()
    {
        forward.container = container_at(snapshot, forward);
    }
    if owner.users.is_empty()
        && let Some(uid) = socket.uid
    {
        owner.users.push(attribution.user_name(uid).unwrap_or_else(|| uid.to_string().into()));
    }
    owner.users.sort_unstable();
    owner.users.dedup();
    owner
}

/// PID 1 keeps the sockets it has handed out, so the unit of any other holder tells more than `init.scope`.
fn unit_of(processes: &[&Process]) -> Option<Unit> {
    let of = |init: bool| {
        processes
            .iter()
            .filter(|process| (process.id.pid == 1) == init)
            .find_map(|process| process.unit.clone())
    };
    of(false).or_else(|| of(true))
}

fn first<T>(processes: &[&Process], of: impl Fn(&Process) -> Option<T>) -> Option<T> {
    processes.iter().find_map(|process| of(process))
}

fn user(process: &Process) -> Option<Arc<str>> {
    process.user.clone().or_else(|| process.uid.map(|uid| uid.to_string().into()))
}

fn container_at(snapshot: &Snapshot, forward: &Forward) -> Option<Arc<str>> {
    // An address may belong to several containers of different networks; then none can be named.
    let mut with_it =
        snapshot.containers.iter().filter(|container| container.addresses.contains(&forward.address));
    let container = with_it.next()?;
    with_it.next().is_none().then(|| Arc::clone(&container.id))
}
