//! What the rules look at.

use std::cell::OnceCell;
use std::sync::Arc;

use portreeve_model::{Container, Listener, NamespaceId, NamespaceName, Process, Snapshot};
use rustc_hash::FxHashMap;

/// A snapshot with its listeners.
pub struct Scene<'a> {
    /// Everything seen.
    pub snapshot: &'a Snapshot,
    /// Its listeners, as [`crate::listeners::listeners`] gives them.
    pub listeners: &'a [Listener],
    /// What stands now at the path that a process was started from. Asked only of processes whose executable was
    /// unlinked, so that a look at the file system happens where it tells something.
    pub file_at: &'a dyn Fn(&Process) -> FileState,
    held: OnceCell<FxHashMap<u32, Vec<usize>>>,
    containers: OnceCell<FxHashMap<&'a str, &'a Container>>,
}

/// Whether a path leads to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// A file is there: what was unlinked has been replaced.
    Present,
    /// Nothing is there.
    Absent,
    /// It could not be looked at.
    Unseen,
}

impl<'a> Scene<'a> {
    /// A scene; `file_at` is asked within the mount namespace of the process.
    pub fn new(
        snapshot: &'a Snapshot,
        listeners: &'a [Listener],
        file_at: &'a dyn Fn(&Process) -> FileState,
    ) -> Self {
        Self { snapshot, listeners, file_at, held: OnceCell::new(), containers: OnceCell::new() }
    }

    /// The listeners that a process holds.
    pub(super) fn held_by(&self, pid: u32) -> impl Iterator<Item = &'a Listener> {
        let held = self.held.get_or_init(|| {
            let mut held: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
            for (at, listener) in self.listeners.iter().enumerate() {
                for holder in &listener.owner.holders {
                    let of_pid = held.entry(holder.pid).or_default();
                    if of_pid.last() != Some(&at) {
                        of_pid.push(at);
                    }
                }
            }
            held
        });
        let listeners = self.listeners;
        held.get(&pid).cloned().unwrap_or_default().into_iter().filter_map(move |at| listeners.get(at))
    }

    /// The container with this id.
    pub(super) fn container(&self, id: &str) -> Option<&'a Container> {
        let snapshot = self.snapshot;
        let containers = self.containers.get_or_init(|| {
            snapshot.containers.iter().map(|container| (&*container.id, container)).collect()
        });
        containers.get(id).copied()
    }

    /// What a namespace is called, if it is another than the observer's own.
    pub(super) fn foreign_namespace(&self, id: NamespaceId) -> Option<String> {
        let namespace = self.snapshot.namespace(id)?;
        match &namespace.name {
            _ if namespace.own => None,
            NamespaceName::Unnamed => Some(id.to_string()),
            NamespaceName::Container(container) => {
                Some(self.container(container).map_or(&**container, Container::label).to_owned())
            }
            name => Some(name.to_string()),
        }
    }

    /// The command prefix that runs a standard tool inside a namespace: empty in the observer's own, `None`
    /// where no way into the namespace is known.
    pub fn enter(&self, id: NamespaceId, holder: Option<u32>) -> Option<String> {
        let Some(namespace) = self.snapshot.namespace(id) else { return Some(String::new()) };
        if namespace.own {
            return Some(String::new());
        }
        let lives_in = |pid: &u32| self.snapshot.process(*pid).is_some_and(|it| it.namespace == Some(id));
        let anyone = || {
            let process = self.snapshot.processes.iter().find(|process| process.namespace == Some(id));
            process.map(|process| process.id.pid)
        };
        let nsenter = |path: String| format!("nsenter --net={path} ");
        match &namespace.name {
            NamespaceName::Named(name) => Some(format!("ip netns exec {} ", shell_word(name))),
            NamespaceName::Host | NamespaceName::Own => Some(nsenter("/proc/1/ns/net".to_owned())),
            NamespaceName::Mount(path) => Some(nsenter(shell_word(path))),
            NamespaceName::Process { pid, .. } => Some(nsenter(format!("/proc/{pid}/ns/net"))),
            NamespaceName::Descriptor { pid, fd } => Some(nsenter(format!("/proc/{pid}/fd/{fd}"))),
            NamespaceName::Container(_) | NamespaceName::Pod(_) | NamespaceName::Unnamed => {
                let pid = holder.filter(lives_in).or_else(anyone)?;
                Some(nsenter(format!("/proc/{pid}/ns/net")))
            }
        }
    }
}

/// Quotes a word for a shell where it needs it.
fn shell_word(word: &Arc<str>) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
