//! Names, images, pods and addresses of containers, from whichever runtime's state files tell them.
//!
//! Reads nothing until something is asked, and for a given set of containers only the places of their runtimes.

use std::cell::OnceCell;
use std::sync::Arc;

use portreeve_model::container::Pod;
use portreeve_model::{Container, Runtime, Unseen};
use rustc_hash::FxHashSet;

use super::containerd::Containerd;
use super::docker::Docker;
use super::oci::bare;
use super::storage::Stores;
use super::trouble::Troubles;
use super::{ContainerRef, Roots, machines};

#[cfg(test)]
mod tests;

/// A reader of state files. Every call reads afresh.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    roots: Roots,
}

impl Lookup {
    /// A reader of the state files below these roots. Touches no file.
    pub fn new(roots: Roots) -> Self {
        Self { roots }
    }

    pub(super) fn roots(&self) -> &Roots {
        &self.roots
    }

    /// Describes the wanted containers, one result for each distinct id, in the order asked. A container of which no
    /// state file tells anything has its id, runtime and pod UID only, and there is an [`Unseen`] that says why.
    ///
    /// A [`Runtime::Unknown`] becomes the runtime whose state file was found.
    pub fn describe(&self, wanted: &[ContainerRef]) -> (Vec<Container>, Vec<Unseen>) {
        let mut session = Session::new(&self.roots);
        let mut known: FxHashSet<Arc<str>> = FxHashSet::default();
        let distinct = wanted.iter().filter(|one| known.insert(Arc::clone(&one.id)));
        let containers = distinct.map(|one| session.describe(one)).collect();
        (containers, session.troubles.into_unseen())
    }

    /// Every running container that the state files know, with its first process and network namespace: the way
    /// to name the owner where cgroup paths say nothing (a private cgroup namespace, a v1 layout without delegation).
    ///
    /// What users' own state files say is believed only of processes in that user's user namespaces, and their
    /// namespace paths are not believed at all: otherwise anyone could file another's listener under a container.
    pub fn running(&self) -> (Vec<Container>, Vec<Unseen>) {
        let mut troubles = Troubles::default();
        let mut claims = Docker::new(&self.roots, &mut troubles).running(&mut troubles);
        claims.extend(Stores::new(&self.roots, &mut troubles).running(&mut troubles));
        let tasks = Containerd::new(&self.roots, &mut troubles).running(&mut troubles);
        let machines = machines::running(&self.roots, &mut troubles);
        claims.extend(tasks.into_iter().chain(machines).map(|container| (container, None)));
        let running = claims.into_iter().filter_map(|(container, user)| match user {
            None => Some(container),
            Some(uid) => self.believe(container, uid),
        });
        (running.collect(), troubles.into_unseen())
    }

    fn believe(&self, mut container: Container, uid: u32) -> Option<Container> {
        let map = self.roots.below(format!("/proc/{}/uid_map", container.pid?));
        let map = std::fs::read_to_string(map).ok()?;
        container.namespace_path = None;
        is_namespace_of(&map, uid).then_some(container)
    }
}

/// Whether a uid map (`inside outside count` lines, man 7 `user_namespaces`) is that of a namespace in which the user
/// stands alone in a line: what rootless runtimes set up, and what no process of another user has.
fn is_namespace_of(map: &str, uid: u32) -> bool {
    map.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1).map(str::parse::<u32>);
        matches!((fields.next(), fields.next()), (Some(Ok(outside)), Some(Ok(1))) if outside == uid)
    })
}

/// One call's worth of readers, each opened when first needed.
struct Session<'a> {
    roots: &'a Roots,
    docker: OnceCell<Docker>,
    stores: OnceCell<Stores>,
    containerd: OnceCell<Containerd>,
    troubles: Troubles,
}

impl<'a> Session<'a> {
    fn new(roots: &'a Roots) -> Self {
        Self {
            roots,
            docker: OnceCell::new(),
            stores: OnceCell::new(),
            containerd: OnceCell::new(),
            troubles: Troubles::default(),
        }
    }

    fn describe(&mut self, wanted: &ContainerRef) -> Container {
        let id = &wanted.id;
        let mut container = match wanted.runtime {
            Runtime::Docker => self.docker(id),
            Runtime::Podman | Runtime::CriO => self.stores(id),
            Runtime::Containerd => self.containerd(id),
            // In the order of how often an id without a runtime turns out to be theirs.
            Runtime::Unknown => self.containerd(id).or_else(|| self.docker(id)).or_else(|| self.stores(id)),
            Runtime::SystemdNspawn => Some(machines::find(self.roots, id, &mut self.troubles)),
            Runtime::Lxc => Some(Container { name: Some(Arc::clone(id)), ..bare(id, Runtime::Lxc) }),
        }
        .unwrap_or_else(|| {
            // A place that could not be read has been told, and may well hold the name.
            if !self.troubles.has_failures() {
                self.troubles.nameless(wanted.runtime.name());
            }
            bare(id, wanted.runtime)
        });
        // The cgroup path is the kernel's word and the labels are not.
        if let Some(uid) = &wanted.pod_uid {
            let known = container.pod.take();
            container.pod = Some(match known {
                Some(pod) => Pod { uid: Arc::clone(uid), ..pod },
                None => Pod { uid: Arc::clone(uid), namespace: None, name: None },
            });
        }
        container
    }

    fn docker(&mut self, id: &str) -> Option<Container> {
        let troubles = &mut self.troubles;
        self.docker.get_or_init(|| Docker::new(self.roots, troubles));
        self.docker.get()?.find(id, &mut self.troubles)
    }

    fn stores(&mut self, id: &str) -> Option<Container> {
        let troubles = &mut self.troubles;
        self.stores.get_or_init(|| Stores::new(self.roots, troubles));
        self.stores.get()?.find(id, &mut self.troubles)
    }

    fn containerd(&mut self, id: &str) -> Option<Container> {
        let troubles = &mut self.troubles;
        self.containerd.get_or_init(|| Containerd::new(self.roots, troubles));
        self.containerd.get()?.find(id, &mut self.troubles)
    }
}
