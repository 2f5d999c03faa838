//! What surrounds a socket: processes, users, containers, namespaces.

use std::sync::Arc;

use portreeve_model::{Container, Namespace, NamespaceId, Process, Snapshot, Socket};
use rustc_hash::{FxHashMap, FxHashSet};

/// What tests on owners look up. `None` always means "not known", and makes the test unknown.
pub trait Facts {
    /// The process with this pid.
    fn process(&self, pid: u32) -> Option<&Process>;

    /// The container with this id.
    fn container(&self, id: &Arc<str>) -> Option<&Container>;

    /// The namespace with this id.
    fn namespace(&self, id: NamespaceId) -> Option<&Namespace>;

    /// The name of a user; `None` also for a user without one.
    fn user_name(&self, uid: u32) -> Option<&str>;

    /// Whether holders were looked up, so that a socket without any is held by nobody (unless its `no_holder`
    /// says that some processes could not be read).
    fn owners_known(&self) -> bool;

    /// Whether the kernel told marks, so that a socket without one has mark 0.
    fn marks_known(&self) -> bool;

    /// Whether the kernel chose the local port of an internet socket.
    fn auto_bound(&self, socket: &Socket) -> Option<bool> {
        let _ = socket;
        None
    }
}

/// Facts from a snapshot; names of users from the processes in it.
#[derive(Clone, Debug)]
pub struct SnapshotFacts<'a> {
    snapshot: &'a Snapshot,
    users: FxHashMap<u32, &'a str>,
    /// See [`Facts::owners_known`].
    pub owners_known: bool,
    /// See [`Facts::marks_known`].
    pub marks_known: bool,
    /// See [`Facts::auto_bound`]: namespace and cookie of the sockets in a dump by the kernel's own test, where one was
    /// made.
    pub auto_bound: Option<FxHashSet<(NamespaceId, u64)>>,
}

impl<'a> SnapshotFacts<'a> {
    /// Facts from `snapshot`, whose owners were looked up and whose marks were not told.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let named = |process: &'a Process| Some((process.uid?, process.user.as_deref()?));
        let users = snapshot.processes.iter().filter_map(named).collect();
        Self { snapshot, users, owners_known: true, marks_known: false, auto_bound: None }
    }
}

impl Facts for SnapshotFacts<'_> {
    fn process(&self, pid: u32) -> Option<&Process> {
        self.snapshot.process(pid)
    }

    fn container(&self, id: &Arc<str>) -> Option<&Container> {
        self.snapshot.container(id)
    }

    fn namespace(&self, id: NamespaceId) -> Option<&Namespace> {
        self.snapshot.namespace(id)
    }

    fn user_name(&self, uid: u32) -> Option<&str> {
        self.users.get(&uid).copied()
    }

    fn owners_known(&self) -> bool {
        self.owners_known
    }

    fn marks_known(&self) -> bool {
        self.marks_known
    }
    fn auto_bound(&self, socket: &Socket) -> Option<bool> {
        Some(self.auto_bound.as_ref()?.contains(&(socket.namespace, socket.cookie)))
    }
}
