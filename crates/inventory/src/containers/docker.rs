//! Docker's own record of a container: `<data-root>/containers/<id>/config.v2.json`.

use std::net::IpAddr;
use std::path::PathBuf;

use portreeve_model::container::Pod;
use portreeve_model::{Container, Runtime};
use serde_json::Value;

use super::oci::bare;
use super::roots::{Place, Roots};
use super::state_file::{ReadFailure, is_file_name, names_in, read_json};
use super::trouble::Troubles;

/// The container directories of one data root, with the user whose word they are.
#[derive(Debug)]
pub(super) struct Docker {
    directories: Vec<Place>,
}

impl Docker {
    /// Finds the directories that exist or might (an unreadable one is reported when it is read).
    pub(super) fn new(roots: &Roots, troubles: &mut Troubles) -> Self {
        let mut directories = Vec::new();
        for place in roots.docker(troubles) {
            // With `userns-remap` the real root is `<uid>.<gid>` below the configured one.
            let remapped =
                names_in(&place.path).unwrap_or_default().into_iter().filter(|name| is_remapped(name));
            let user = place.user;
            directories
                .extend(remapped.map(|name| Place { path: place.path.join(name).join("containers"), user }));
            directories.push(Place { path: place.path.join("containers"), user });
        }
        Self { directories }
    }

    /// The container with this id.
    pub(super) fn find(&self, id: &str, troubles: &mut Troubles) -> Option<Container> {
        if !is_file_name(id) {
            return None;
        }
        self.directories.iter().find_map(|place| read(place, id, troubles)).map(|(container, _)| container)
    }

    /// The id and the folder of every container.
    pub(super) fn folders(&self, troubles: &mut Troubles) -> Vec<(String, PathBuf)> {
        let mut folders = Vec::new();
        for place in &self.directories {
            let ids = names_in(&place.path).unwrap_or_else(|failure| {
                troubles.add(&place.path, &failure, 1);
                Vec::new()
            });
            folders.extend(ids.into_iter().map(|id| {
                let folder = place.path.join(&id);
                (id, folder)
            }));
        }
        folders
    }

    /// Every container whose state says that it runs, with the user whose word that is.
    pub(super) fn running(&self, troubles: &mut Troubles) -> Vec<(Container, Option<u32>)> {
        let mut running = Vec::new();
        for place in &self.directories {
            let ids = names_in(&place.path).unwrap_or_else(|failure| {
                troubles.add(&place.path, &failure, 1);
                Vec::new()
            });
            running.extend(
                ids.iter()
                    .filter_map(|id| read(place, id, troubles))
                    .filter(|(_, runs)| *runs)
                    .map(|(container, _)| (container, place.user)),
            );
        }
        running
    }
}

/// The container, and whether it runs.
fn read(place: &Place, id: &str, troubles: &mut Troubles) -> Option<(Container, bool)> {
    let file: PathBuf = place.path.join(id).join("config.v2.json");
    match read_json(&file) {
        Ok(config) => Some((container_of(id, &config), is_running(&config))),
        Err(ReadFailure::Absent) => None,
        // Whole directories are closed, not single files: told once.
        Err(failure @ ReadFailure::Denied(_)) => {
            troubles.add(&place.path, &failure, 1);
            None
        }
        Err(failure) => {
            troubles.add(&file, &failure, 1);
            None
        }
    }
}

fn is_remapped(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.split_once('.').is_some_and(|(uid, gid)| digits(uid) && digits(gid))
}

fn is_running(config: &Value) -> bool {
    config.pointer("/State/Running").and_then(Value::as_bool) == Some(true)
}

pub(super) fn container_of(id: &str, config: &Value) -> Container {
    let text =
        |pointer: &str| config.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let label = |name: &str| {
        config
            .pointer("/Config/Labels")
            .and_then(|labels| labels.get(name))
            .and_then(Value::as_str)
            .map(Into::into)
    };
    let mut container = bare(id, Runtime::Docker);
    let own_name = text("/Name").map(|name| name.strip_prefix('/').unwrap_or(name).into());
    container.name = label("io.kubernetes.container.name").or(own_name);
    container.image = text("/Config/Image").map(Into::into);
    container.pod = label("io.kubernetes.pod.uid").map(|uid| Pod {
        uid,
        namespace: label("io.kubernetes.pod.namespace"),
        name: label("io.kubernetes.pod.name"),
    });
    container.addresses = addresses(config);
    // `default` is the host's own namespace (`--network host`), which is not this container's.
    container.namespace_path = text("/NetworkSettings/SandboxKey")
        .filter(|path| is_running(config) && path.starts_with('/') && !path.ends_with("/default"))
        .map(str::to_owned);
    let pid = config.pointer("/State/Pid").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok());
    container.pid = pid.filter(|pid| *pid != 0 && is_running(config));
    container
}

fn addresses(config: &Value) -> Vec<IpAddr> {
    let networks = config.pointer("/NetworkSettings/Networks").and_then(Value::as_object);
    let mut addresses: Vec<IpAddr> = Vec::new();
    for network in networks.into_iter().flat_map(|networks| networks.values()) {
        for field in ["IPAddress", "GlobalIPv6Address"] {
            let address = network.get(field).and_then(Value::as_str).and_then(|text| text.parse().ok());
            addresses.extend(address.filter(|address| !addresses.contains(address)));
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The fields that matter, with the neighbours they have in a real file of Docker 20.10.
    fn config() -> Value {
        json!({
            "State": {"Running": true, "Paused": false, "Pid": 21556, "ExitCode": 0, "Health": null},
            "ID": "f41a",
            "Config": {"Hostname": "f41a", "ExposedPorts": {"80/tcp": {}}, "Image": "shop/web:1", "Labels": {}},
            "Image": "sha256:a668",
            "NetworkSettings": {
                "Networks": {
                    "bridge": {"IPAMConfig": null, "IPAddress": "172.17.0.2", "GlobalIPv6Address": ""},
                    "back": {"IPAddress": "10.9.0.3", "GlobalIPv6Address": "fd00:9::3"},
                    "none": null,
                },
                "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]},
                "SandboxKey": "/var/run/docker/netns/e51b530ea812",
            },
            "Name": "/web",
        })
    }

    #[test]
    fn a_running_container_is_described() {
        let container = container_of("f41a", &config());
        assert_eq!(container.name.as_deref(), Some("web"));
        assert_eq!(container.image.as_deref(), Some("shop/web:1"));
        assert_eq!(container.pid, Some(21556));
        assert_eq!(container.namespace_path.as_deref(), Some("/var/run/docker/netns/e51b530ea812"));
        let addresses: Vec<String> = container.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["10.9.0.3", "fd00:9::3", "172.17.0.2"]);
        assert_eq!(container.pod, None);
    }

    #[test]
    fn a_stopped_or_host_network_container_claims_no_namespace() {
        let mut stopped = config();
        stopped["State"] = json!({"Running": false, "Pid": 0});
        let container = container_of("f41a", &stopped);
        assert_eq!((container.pid, container.namespace_path), (None, None));
        let mut host = config();
        host["NetworkSettings"]["SandboxKey"] = json!("/var/run/docker/netns/default");
        assert_eq!(container_of("f41a", &host).namespace_path, None);
    }

    #[test]
    fn a_pod_is_told_by_labels() {
        let mut pod = config();
        pod["Name"] = json!("/k8s_web_web-0_shop_u1_0");
        pod["Config"]["Labels"] = json!({
            "io.kubernetes.container.name": "web",
            "io.kubernetes.pod.uid": "u1",
            "io.kubernetes.pod.name": "web-0",
            "io.kubernetes.pod.namespace": "shop",
        });
        let container = container_of("f41a", &pod);
        assert_eq!(container.name.as_deref(), Some("web"));
        assert_eq!(container.pod.and_then(|pod| pod.namespace).as_deref(), Some("shop"));
    }

    #[test]
    fn remapped_roots_are_recognised() {
        assert!(is_remapped("165536.165536"));
        for name in ["containers", "1.", ".1", "1.x", "overlay2"] {
            assert!(!is_remapped(name), "{name}");
        }
    }
}
