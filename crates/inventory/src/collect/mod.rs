//! One look at the machine: namespaces, sockets, owners, containers, joined into a [`Snapshot`].

mod cgroups;
mod containers;
mod interfaces;
mod namespaces;
mod owners;
mod processes;
mod request;
mod resolver;
mod sight;
pub(crate) mod sockets;
mod users;
mod walk;

use std::sync::Arc;

use jiff::Timestamp;
use portreeve_linux::Errno;
use portreeve_linux::capabilities::Privileges;
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_linux::proc::Proc;
use portreeve_linux::system::System;
use portreeve_model::{
    Host, Namespace, NamespaceId, Process, Snapshot, Socket, State, Unseen, UnseenReason, UnseenSubject,
};
use rustc_hash::{FxHashMap, FxHashSet};

pub use request::{BpfUse, Details, IpVersions, NamespaceScope, Owners, Request};
pub(crate) use resolver::Resolver;
pub(crate) use users::Users;

use crate::attribution::{self, Coverage};
use crate::filter::{Filter, SnapshotFacts};
use namespaces::{Entry, Found};
use processes::{Described, Describer};
use sockets::Harvest;
use walk::Walk;

/// Why nothing could be collected at all. What could be collected in part is a snapshot with `unseen` entries.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// No usable `/proc`.
    #[error("/proc cannot be read: {0}; Portreeve needs procfs mounted at /proc")]
    Proc(Errno),
    /// The asked-for namespace does not exist or is not visible.
    #[error("no network namespace {0} is visible")]
    NoSuchNamespace(NamespaceId),
}

/// Looks at the machine.
///
/// # Errors
/// [`CollectError`] where nothing could be seen; everything else that went wrong is in [`Snapshot::unseen`].
pub fn collect(request: &Request) -> Result<Snapshot, CollectError> {
    let request = &request.completed();
    let taken_at = Timestamp::now();
    let privileges = Privileges::effective();
    let system = System::read();
    let proc = Proc::open().map_err(CollectError::Proc)?;
    let own = own_namespace()?;
    let mut unseen = Vec::new();

    let mut walk = walk::walk_processes(&proc, request.owners, request.bpf).map_err(CollectError::Proc)?;
    unseen.extend(walk.unseen(request, privileges));
    let hidden = sight::hidden_by_mount_option(privileges);
    let outside = sight::outside_of_pid_namespace();
    let all_show = hidden.is_none() && outside.is_none();
    let coverage = if all_show { walk.coverage() } else { Coverage::Partial };
    unseen.extend(hidden);
    let found = select(request, own, namespaces::find(own, &walk, &mut unseen))?;
    let Harvest { mut sockets, unseen: gaps, auto_bound } = harvest(request, &found);
    unseen.extend(gaps);

    let users = Users::read();
    let describer = Describer {
        proc: &proc,
        system: &system,
        users: &users,
        namespaces: walk.namespaces.iter().copied().collect(),
        owners: request.owners,
    };
    let mut holders = Described::default();
    if request.owners != Owners::None {
        holders = join(&describer, &mut walk, coverage, &mut sockets, || harvest(request, &found).sockets);
        let context = context(request, &found, &describer, &walk, &sockets);
        attribution::attribute(&mut sockets, &context, coverage);
        // Who left something behind is described like a holder, so that its unit and user are known.
        let known: FxHashSet<u32> = holders.processes.iter().map(|process| process.id.pid).collect();
        let mut left: Vec<u32> =
            sockets.iter().filter_map(|socket| Some(socket.likely_owner.as_ref()?.pid)).collect();
        left.sort_unstable();
        left.dedup();
        left.retain(|pid| !known.contains(pid));
        holders.add(describer.describe(&left));
        unseen.extend(holders.unseen());
        // Inside a container this is as it should be, unless something is held from outside.
        unseen.extend(outside.filter(|_| sockets.iter().any(is_unheld)));
    }
    if request.details.cgroups {
        cgroups::name(&mut sockets);
    }
    let mut snapshot = Snapshot {
        host: Host {
            name: system.name.clone(),
            kernel: system.kernel.clone(),
            taken_at,
            privileged: privileges.is_complete(),
            preloaded: preloaded(),
        },
        namespaces: found.into_iter().map(|found| found.namespace).collect(),
        processes: std::mem::take(&mut holders.processes),
        containers: Vec::new(),
        sockets,
        unseen,
    };
    // Names of containers are names of namespaces, too.
    if request.owners == Owners::Full || request.namespaces != NamespaceScope::Own {
        let narrowed = request.filter.is_some();
        let names = if narrowed { containers::Names::OfSockets } else { containers::Names::All };
        containers::attach(&mut snapshot, &proc, &walk.pids, holders.containers, &users, names);
    }
    if let Some(filter) = &request.filter {
        retain(&mut snapshot, filter, |facts| {
            facts.owners_known = request.owners != Owners::None;
            facts.marks_known = privileges.administer_network;
            facts.auto_bound = request.details.auto_bound.then_some(auto_bound);
        });
    }
    Ok(snapshot)
}

/// The observer's own network namespace.
///
/// # Errors
/// [`CollectError::Proc`] where `/proc` cannot be read.
pub fn own_namespace() -> Result<NamespaceId, CollectError> {
    NetworkNamespace::current().map(|namespace| NamespaceId(namespace.id)).map_err(CollectError::Proc)
}

/// The network namespace of a process.
///
/// # Errors
/// What opening it says: `ENOENT` if there is no such process, `EACCES` without permission.
pub fn namespace_of(pid: u32) -> Result<NamespaceId, Errno> {
    let path = std::path::PathBuf::from(format!("/proc/{pid}/ns/net"));
    NetworkNamespace::at(&path).map(|namespace| NamespaceId(namespace.id))
}

/// Whether `/etc/passwd` names a user so: sockets of other users can be asked for by number only.
pub fn is_user(name: &str) -> bool {
    Users::read().has(name)
}

/// The namespaces that the request is about.
fn select(request: &Request, own: NamespaceId, found: Vec<Found>) -> Result<Vec<Found>, CollectError> {
    let wanted = match request.namespaces {
        NamespaceScope::All => return Ok(found),
        NamespaceScope::Own => own,
        NamespaceScope::One(id) => id,
    };
    let selected: Vec<Found> = found.into_iter().filter(|found| found.namespace.id == wanted).collect();
    if selected.is_empty() { Err(CollectError::NoSuchNamespace(wanted)) } else { Ok(selected) }
}

/// Reads the sockets of each namespace, on a thread inside it.
fn harvest(request: &Request, found: &[Found]) -> Harvest {
    let mut all = Harvest::default();
    for Found { namespace, entry } in found {
        let look = || {
            let mut harvest = sockets::harvest(request, namespace.id);
            interfaces::name(&mut harvest.sockets, &mut harvest.unseen);
            harvest
        };
        let outcome = match entry {
            Entry::Here => Ok(look()),
            Entry::Handle(handle) => handle.within(look),
            Entry::Closed(errno) => Err(*errno),
        };
        match outcome {
            Ok(harvest) => all.merge(harvest),
            Err(errno) => all.unseen.push(closed_namespace(namespace, errno)),
        }
    }
    all
}

fn closed_namespace(namespace: &Namespace, errno: Errno) -> Unseen {
    let (reason, remedy) = match errno {
        Errno::PERM | Errno::ACCESS => {
            (UnseenReason::Permission, Some("run it as root (CAP_SYS_ADMIN) to enter every namespace".into()))
        }
        Errno::NOENT | Errno::SRCH => (UnseenReason::Vanished, None),
        _ => (UnseenReason::Failed, None),
    };
    Unseen {
        subject: UnseenSubject::Namespace,
        reason,
        count: 1,
        detail: format!("sockets of network namespace {} ({}): {errno}", namespace.name, namespace.id),
        remedy,
    }
}

/// Finds the holders of `sockets` and describes them. Sockets that seem to have none get a closer look; those
/// that were closed meanwhile are taken out.
fn join(
    describer: &Describer<'_>,
    walk: &mut Walk,
    coverage: Coverage,
    sockets: &mut Vec<Socket>,
    look_again: impl FnOnce() -> Vec<Socket>,
) -> Described {
    let mut holders = describer.describe(&walk.holding(sockets));
    walk.join(sockets, &names(&holders.processes));
    // Without privileges most sockets have no visible holder, and a closer look would not show one.
    let hopeless = coverage == Coverage::Partial && !Privileges::effective().read_processes;
    if hopeless || !sockets.iter().any(is_unheld) {
        return holders;
    }
    walk.extend(owners::look_closer(describer.proc));
    let known = names(&holders.processes);
    let new: Vec<u32> = walk.holding(sockets).into_iter().filter(|pid| !known.contains_key(pid)).collect();
    holders.add(describer.describe(&new));
    walk.join(sockets, &names(&holders.processes));
    if sockets.iter().any(is_unheld) {
        let later: FxHashSet<(u64, u64)> =
            look_again().iter().map(|socket| (socket.inode, socket.cookie)).collect();
        sockets.retain(|socket| !is_unheld(socket) || later.contains(&(socket.inode, socket.cookie)));
    }
    holders
}

/// Sockets around those that were asked for, with their holders: what leftovers such as `TIME_WAIT` are attributed
/// by. Read only where there is a leftover and the request was too narrow to show what is around it.
fn context(
    request: &Request,
    found: &[Found],
    describer: &Describer<'_>,
    walk: &Walk,
    sockets: &[Socket],
) -> Vec<Socket> {
    let narrow = request.filter.is_some() || request.states != u32::MAX;
    if !narrow || !sockets.iter().any(|socket| socket.inode == 0) {
        return Vec::new();
    }
    let around = Request {
        states: !State::TimeWait.mask(),
        filter: None,
        details: Details::default(),
        ..request.clone()
    };
    let mut sockets = harvest(&around, found).sockets;
    let pids = walk.holding(&sockets);
    let named = Describer { owners: Owners::Names, namespaces: FxHashMap::default(), ..*describer };
    walk.join(&mut sockets, &names(&named.describe(&pids).processes));
    sockets
}

/// Everyone who has to do with a socket.
fn pids_of(socket: &Socket) -> impl Iterator<Item = u32> {
    let likely = socket.likely_owner.as_ref().map(|owner| owner.pid);
    socket.holders.iter().map(|holder| holder.pid).chain(likely)
}

/// Has a file, so some process should hold it, and none was found.
fn is_unheld(socket: &Socket) -> bool {
    socket.inode != 0 && socket.holders.is_empty()
}

fn names(processes: &[Process]) -> FxHashMap<u32, Arc<str>> {
    processes.iter().map(|process| (process.id.pid, Arc::clone(&process.name))).collect()
}

/// What `/etc/ld.so.preload` lists: names separated by blanks, line breaks or colons (glibc, `elf/rtld.c`).
fn preloaded() -> Vec<String> {
    let text = std::fs::read("/etc/ld.so.preload").unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.split([' ', '\t', '\n', ':']).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Keeps the sockets that the filter wants, and of the rest what they need.
fn retain(snapshot: &mut Snapshot, filter: &Filter, know: impl FnOnce(&mut SnapshotFacts<'_>)) {
    let keep: Vec<bool> = {
        let mut facts = SnapshotFacts::new(snapshot);
        know(&mut facts);
        snapshot.sockets.iter().map(|socket| filter.matches(socket, &facts)).collect()
    };
    let mut keep = keep.into_iter();
    snapshot.sockets.retain(|_| keep.next().unwrap_or(true));
    let holders: FxHashSet<u32> = snapshot.sockets.iter().flat_map(pids_of).collect();
    snapshot.processes.retain(|process| holders.contains(&process.id.pid));
}
