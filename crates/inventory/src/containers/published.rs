//! Which of Docker's containers, running or not, publish a port of the host.
//!
//! `hostconfig.json` keeps what was asked for when the container was made; `config.v2.json` its state.

use std::net::IpAddr;
use std::path::PathBuf;

use portreeve_model::{Container, Protocol, Unseen};
use serde_json::Value;

use super::docker::{Docker, container_of};
use super::lookup::Lookup;
use super::state_file::read_json;
use super::trouble::Troubles;

/// A container that is to be reached by a port of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The container.
    pub container: Container,
    /// What its first process does.
    pub state: ContainerState,
    /// The address of the host; none for all.
    pub host_address: Option<IpAddr>,
    /// The port in the container.
    pub container_port: u16,
    /// The code with which it ended last.
    pub exit_code: Option<i64>,
    /// What the daemon said when it could not start it.
    pub error: Option<String>,
    /// When it was started last (RFC 3339).
    pub started_at: Option<String>,
    /// When it ended last (RFC 3339).
    pub finished_at: Option<String>,
    /// How often the daemon has started it again by itself.
    pub restarts: u64,
    /// The kernel ended it for want of memory.
    pub oom_killed: bool,
    /// Its restart policy: `no`, `always`, `unless-stopped`, `on-failure`.
    pub restart_policy: String,
    /// What it wrote, in Docker's own format.
    pub log: Option<PathBuf>,
}

/// The state of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// It runs.
    Running,
    /// It is frozen.
    Paused,
    /// It ended, and the daemon waits until it starts it again.
    Restarting,
    /// It was made and never ran.
    Created,
    /// It ended.
    Exited,
}

impl ContainerState {
    /// As `docker ps` says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Created => "created",
            Self::Exited => "exited",
        }
    }
}

impl Lookup {
    /// Docker's containers that publish this port of the host, running or not.
    pub fn publishing(&self, protocol: Protocol, port: u16) -> (Vec<Published>, Vec<Unseen>) {
        let mut troubles = Troubles::default();
        let mut found = Vec::new();
        let docker = Docker::new(self.roots(), &mut troubles);
        for (id, folder) in docker.folders(&mut troubles) {
            // A container that is being removed has lost one of the two.
            let Ok(host) = read_json(&folder.join("hostconfig.json")) else { continue };
            let Some((host_address, container_port)) = binding(&host, protocol, port) else { continue };
            let Ok(config) = read_json(&folder.join("config.v2.json")) else { continue };
            found.push(published(&id, &config, &host, host_address, container_port));
        }
        (found, troubles.into_unseen())
    }
}

/// `"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`
fn binding(host: &Value, protocol: Protocol, port: u16) -> Option<(Option<IpAddr>, u16)> {
    let bindings = host.pointer("/PortBindings")?.as_object()?;
    bindings.iter().find_map(|(inner, outer)| {
        let (inner, kind) = inner.split_once('/').unwrap_or((inner, "tcp"));
        if kind != protocol.name() {
            return None;
        }
        let field = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
        let ours = outer
            .as_array()?
            .iter()
            .find(|one| field(one, "HostPort").and_then(|text| text.parse().ok()) == Some(port))?;
        let address: Option<IpAddr> = field(ours, "HostIp").and_then(|text| text.parse().ok());
        Some((address.filter(|address| !address.is_unspecified()), inner.parse().ok()?))
    })
}

fn published(
    id: &str,
    config: &Value,
    host: &Value,
    host_address: Option<IpAddr>,
    container_port: u16,
) -> Published {
    let flag = |name: &str| config.pointer(&format!("/State/{name}")).and_then(Value::as_bool) == Some(true);
    let text = |pointer: &str| {
        config.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    // Go's zero time stands for never.
    let time = |pointer: &str| text(pointer).filter(|time| !time.starts_with("0001-"));
    let started_at = time("/State/StartedAt");
    let state = if flag("Restarting") {
        ContainerState::Restarting
    } else if flag("Paused") {
        ContainerState::Paused
    } else if flag("Running") {
        ContainerState::Running
    } else if started_at.is_none() {
        ContainerState::Created
    } else {
        ContainerState::Exited
    };
    Published {
        container: container_of(id, config),
        state,
        host_address,
        container_port,
        exit_code: config.pointer("/State/ExitCode").and_then(Value::as_i64),
        error: text("/State/Error"),
        finished_at: time("/State/FinishedAt"),
        started_at,
        restarts: config.pointer("/RestartCount").and_then(Value::as_u64).unwrap_or_default(),
        oom_killed: flag("OOMKilled"),
        restart_policy: host
            .pointer("/RestartPolicy/Name")
            .and_then(Value::as_str)
            .filter(|name| !name.is_empty())
            .unwrap_or("no")
            .to_owned(),
        log: text("/LogPath").map(PathBuf::from),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::super::Roots;
    use super::*;

    fn container(root: &std::path::Path, id: &str, state: &Value, host_port: &str) {
        let folder = root.join("var/lib/docker/containers").join(id);
        fs::create_dir_all(&folder).unwrap();
        let config = json!({
            "State": state, "Name": format!("/{id}"), "RestartCount": 4, "LogPath": format!("/var/lib/docker/containers/{id}/{id}-json.log"),
            "Config": {"Image": "shop/web:1"}, "NetworkSettings": {"Networks": {}},
        });
        let host = json!({
            "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": host_port}], "80/udp": []},
            "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
        });
        fs::write(folder.join("config.v2.json"), config.to_string()).unwrap();
        fs::write(folder.join("hostconfig.json"), host.to_string()).unwrap();
    }

    #[test]
    fn stopped_and_restarting_containers_are_found_by_the_port_that_they_publish() {
        let root = tempfile::tempdir().unwrap();
        let state = |running: bool, restarting: bool| {
            json!({"Running": running, "Paused": false, "Restarting": restarting, "OOMKilled": false, "ExitCode": 137, "Error": "",
                   "StartedAt": "2026-11-21T20:00:00.5Z", "FinishedAt": "2026-11-21T20:10:00.5Z"})
        };
        container(root.path(), "web", &state(false, false), "8080");
        container(root.path(), "loop", &state(true, true), "8080");
        container(root.path(), "other", &state(true, false), "8081");
        let lookup = Lookup::new(Roots { root: root.path().to_owned(), ..Roots::default() });
        let (found, unseen) = lookup.publishing(Protocol::Tcp, 8080);
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.container.label().to_owned(), one.state, one.container_port, one.exit_code))
            .collect();
        assert_eq!(
            told,
            [
                ("loop".to_owned(), ContainerState::Restarting, 80, Some(137)),
                ("web".to_owned(), ContainerState::Exited, 80, Some(137)),
            ]
        );
        assert_eq!((found[0].restarts, found[0].restart_policy.as_str(), unseen.len()), (4, "always", 0));
        assert!(lookup.publishing(Protocol::Udp, 8080).0.is_empty());
    }
}
