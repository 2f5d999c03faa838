//! Machines that are registered with systemd-machined: one file of `NAME=value` lines each in `/run/systemd/machines`.
//!
//! The file is marked private by systemd; only the two fields that have not changed since it exists are read.

use portreeve_model::{Container, Runtime};

use super::oci::bare;
use super::roots::Roots;
use super::state_file::{ReadFailure, is_file_name, names_in, read};
use super::trouble::Troubles;

/// An nspawn container by its machine name, which is both its id and its name.
pub(super) fn find(roots: &Roots, name: &str, troubles: &mut Troubles) -> Container {
    let mut container = bare(name, Runtime::SystemdNspawn);
    container.name = Some(name.into());
    if let Some(machine) = is_file_name(name).then(|| leader_of(roots, name, troubles)).flatten() {
        container.pid = machine.leader;
    }
    container
}

/// Every registered machine that is a container.
pub(super) fn running(roots: &Roots, troubles: &mut Troubles) -> Vec<Container> {
    let directory = roots.machines();
    let names = names_in(&directory).unwrap_or_else(|failure| {
        troubles.add(&directory, &failure, 1);
        Vec::new()
    });
    // `unit:NAME` entries are links from units to machines.
    let names = names.iter().filter(|name| !name.contains(':') && !name.starts_with('.'));
    names
        .filter_map(|name| {
            let machine = leader_of(roots, name, troubles).filter(|machine| machine.is_container)?;
            let mut container = bare(name, machine.runtime);
            container.name = Some(name.as_str().into());
            container.pid = machine.leader;
            Some(container)
        })
        .collect()
}

struct Machine {
    leader: Option<u32>,
    is_container: bool,
    runtime: Runtime,
}

fn leader_of(roots: &Roots, name: &str, troubles: &mut Troubles) -> Option<Machine> {
    let file = roots.machines().join(name);
    let bytes = match read(&file) {
        Ok(bytes) => bytes,
        Err(ReadFailure::Absent) => return None,
        Err(failure) => {
            troubles.add(&file, &failure, 1);
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim_matches('"'))
    };
    Some(Machine {
        leader: value("LEADER").and_then(|pid| pid.parse().ok()).filter(|pid| *pid != 0),
        is_container: value("CLASS") == Some("container"),
        runtime: match value("SERVICE") {
            Some("systemd-nspawn") => Runtime::SystemdNspawn,
            Some("libvirt-lxc") => Runtime::Lxc,
            _ => Runtime::Unknown,
        },
    })
}
