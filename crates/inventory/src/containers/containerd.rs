//! containerd's running tasks: `<state>/io.containerd.runtime.v2.task/<namespace>/<id>/`.
//!
//! The directory exists as long as the container runs, so its presence is the state.

use std::path::{Path, PathBuf};

use portreeve_model::{Container, Runtime};

use super::oci::{bare, fill};
use super::roots::Roots;
use super::state_file::{ReadFailure, is_file_name, names_in, read, read_json};
use super::trouble::Troubles;

/// Tasks that Docker runs through a containerd of the system: Docker's own state tells more of them.
const DOCKERS: &str = "moby";

/// Every task directory's parent: one for each containerd namespace.
#[derive(Debug)]
pub(super) struct Containerd {
    namespaces: Vec<PathBuf>,
}

impl Containerd {
    /// Lists the namespaces of each containerd.
    pub(super) fn new(roots: &Roots, troubles: &mut Troubles) -> Self {
        let mut namespaces = Vec::new();
        for tasks in roots.containerd() {
            match names_in(&tasks) {
                Ok(names) => {
                    let names = names.into_iter().filter(|name| name != DOCKERS);
                    namespaces.extend(names.map(|name| tasks.join(name)));
                }
                Err(failure) => troubles.add(&tasks, &failure, 1),
            }
        }
        Self { namespaces }
    }

    /// The container with this id.
    pub(super) fn find(&self, id: &str, troubles: &mut Troubles) -> Option<Container> {
        if !is_file_name(id) {
            return None;
        }
        self.namespaces.iter().find_map(|namespace| read_task(namespace, id, troubles))
    }

    /// Every task.
    pub(super) fn running(&self, troubles: &mut Troubles) -> Vec<Container> {
        let mut running = Vec::new();
        for namespace in &self.namespaces {
            match names_in(namespace) {
                Ok(ids) => running.extend(ids.iter().filter_map(|id| read_task(namespace, id, troubles))),
                Err(failure) => troubles.add(namespace, &failure, 1),
            }
        }
        running
    }
}

fn read_task(namespace: &Path, id: &str, troubles: &mut Troubles) -> Option<Container> {
    let task = namespace.join(id);
    let file = task.join("config.json");
    let config = match read_json(&file) {
        Ok(config) => config,
        Err(ReadFailure::Absent) => return None,
        Err(failure @ ReadFailure::Denied(_)) => {
            troubles.add(namespace, &failure, 1);
            return None;
        }
        Err(failure) => {
            troubles.add(&file, &failure, 1);
            return None;
        }
    };
    let mut container = bare(id, Runtime::Containerd);
    fill(&mut container, &config);
    container.pid = pid_in(&task.join("init.pid"));
    // `ctr` and other plain clients choose the id themselves, and it is the only name there is.
    let is_random = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if container.name.is_none() && !is_random {
        container.name = Some(id.into());
    }
    Some(container)
}

/// The number in a pid file; a missing or odd one only means that the pid is not known.
pub(super) fn pid_in(file: &Path) -> Option<u32> {
    let bytes = read(file).ok()?;
    std::str::from_utf8(&bytes).ok()?.trim().parse().ok().filter(|pid| *pid != 0)
}
