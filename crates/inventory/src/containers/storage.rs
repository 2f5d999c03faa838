//! containers/storage, the store that Podman and CRI-O share.
//!
//! `<graph>/<driver>-containers/containers.json` (and `volatile-containers.json`) lists every container with its
//! names and a `metadata` text that is itself JSON; `<run or graph>/<driver>-containers/<id>/userdata/` holds the OCI
//! configuration and the pid file while it runs. Sources: containers/storage `containers.go`, Podman
//! `libpod/storage.go`, CRI-O `internal/storage/runtime.go`.

use std::path::{Path, PathBuf};

use portreeve_model::{Container, Runtime};
use serde_json::Value;

use super::containerd::pid_in;
use super::oci::{bare, fill, is_made_by_libpod};
use super::roots::{Roots, Storage};
use super::state_file::{ReadFailure, is_file_name, names_in, parse_json, read_json};
use super::trouble::Troubles;

/// One `<driver>-containers` directory, read.
#[derive(Debug)]
struct Driver {
    lasting: PathBuf,
    volatile: PathBuf,
    /// The entries of both lists.
    entries: Vec<Value>,
    user: Option<u32>,
}

/// The stores of root and of users, with their lists of containers.
#[derive(Debug)]
pub(super) struct Stores {
    drivers: Vec<Driver>,
}

impl Stores {
    /// Reads the lists of every store that exists.
    pub(super) fn new(roots: &Roots, troubles: &mut Troubles) -> Self {
        Self { drivers: roots.storages().iter().flat_map(|storage| drivers_of(storage, troubles)).collect() }
    }

    /// The container with this id.
    pub(super) fn find(&self, id: &str, troubles: &mut Troubles) -> Option<Container> {
        if !is_file_name(id) {
            return None;
        }
        self.drivers.iter().find_map(|driver| {
            let entry =
                driver.entries.iter().find(|entry| entry.get("id").and_then(Value::as_str) == Some(id));
            driver.describe(id, entry, troubles)
        })
    }

    /// Every container with a pid file, with the user whose word it is. The list keeps stopped containers too, and
    /// after a crash a pid file may outlive its process: the caller compares with the processes it sees.
    pub(super) fn running(&self, troubles: &mut Troubles) -> Vec<(Container, Option<u32>)> {
        let mut running = Vec::new();
        for driver in &self.drivers {
            for entry in &driver.entries {
                let Some(id) = entry.get("id").and_then(Value::as_str).filter(|id| is_file_name(id)) else {
                    continue;
                };
                let container = driver.describe(id, Some(entry), troubles);
                running.extend(container.filter(|one| one.pid.is_some()).map(|one| (one, driver.user)));
            }
        }
        running
    }
}

fn drivers_of(storage: &Storage, troubles: &mut Troubles) -> Vec<Driver> {
    let mut drivers = Vec::new();
    let graph = &storage.graph.path;
    let names = names_in(graph).unwrap_or_else(|failure| {
        troubles.add(graph, &failure, 1);
        Vec::new()
    });
    for name in names.iter().filter(|name| name.ends_with("-containers")) {
        let lasting = graph.join(name);
        let mut entries = Vec::new();
        for list in ["containers.json", "volatile-containers.json"] {
            let file = lasting.join(list);
            match read_json(&file) {
                Ok(Value::Array(list)) => entries.extend(list),
                Ok(_) => troubles.add(&file, &ReadFailure::Malformed("not a list".into()), 1),
                Err(failure) => troubles.add(&file, &failure, 1),
            }
        }
        drivers.push(Driver { lasting, volatile: storage.run.join(name), entries, user: storage.graph.user });
    }
    drivers
}

impl Driver {
    /// From the list's entry and the OCI configuration, of which either is enough.
    fn describe(&self, id: &str, entry: Option<&Value>, troubles: &mut Troubles) -> Option<Container> {
        let volatile = self.volatile.join(id).join("userdata");
        let lasting = self.lasting.join(id).join("userdata");
        // CRI-O keeps its configuration in the volatile part, Podman in the lasting one.
        let config = [&volatile, &lasting].into_iter().find_map(|userdata| read_config(userdata, troubles));
        if entry.is_none() && config.is_none() {
            return None;
        }
        let metadata = entry.map(metadata_of).unwrap_or_default();
        let is_podman = match &config {
            Some(config) => is_made_by_libpod(config) || metadata.get("pod-id").is_none(),
            None => metadata.get("pod-id").is_none(),
        };
        let mut container = bare(id, if is_podman { Runtime::Podman } else { Runtime::CriO });
        let text = |key: &str| metadata.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        container.image = text("image-name").map(Into::into);
        if is_podman {
            let listed = entry.and_then(|entry| entry.pointer("/names/0")).and_then(Value::as_str);
            container.name = text("name").or(listed).map(Into::into);
        }
        if let Some(config) = &config {
            fill(&mut container, config);
        }
        // Last, because the name CRI-O generates is long and the annotations have the short one.
        if container.name.is_none() {
            container.name = text("metadata-name").or_else(|| text("name")).map(Into::into);
        }
        container.pid = pid_in(&volatile.join("pidfile"));
        Some(container)
    }
}

fn read_config(userdata: &Path, troubles: &mut Troubles) -> Option<Value> {
    let file = userdata.join("config.json");
    read_json(&file).map_err(|failure| troubles.add(&file, &failure, 1)).ok()
}

/// The text in `metadata` is the runtime's own business; one that is not JSON names nothing.
fn metadata_of(entry: &Value) -> Value {
    let text = entry.get("metadata").and_then(Value::as_str).unwrap_or_default();
    parse_json(text.as_bytes()).unwrap_or_default()
}
