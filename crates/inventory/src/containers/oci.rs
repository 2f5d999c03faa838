//! The OCI runtime configuration (`config.json`) that containerd, CRI-O and Podman leave for each container.
//!
//! Owns the annotations that name containers, images and pods. Sources: OCI runtime-spec `config-linux.md`
//! (namespaces), containerd `pkg/cri/annotations`, CRI-O `pkg/annotations`, nerdctl `pkg/labels`.

use std::net::IpAddr;
use std::sync::Arc;

use portreeve_model::container::Pod;
use portreeve_model::{Container, Runtime};
use serde_json::Value;

/// A bare container, to be filled by what can be read.
pub(super) fn bare(id: &str, runtime: Runtime) -> Container {
    Container {
        id: id.into(),
        runtime,
        name: None,
        image: None,
        pod: None,
        addresses: Vec::new(),
        namespace_path: None,
        pid: None,
    }
}

/// Fills in what the configuration says and was not known.
pub(super) fn fill(container: &mut Container, config: &Value) {
    let note = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| config.get("annotations")?.get(key)?.as_str())
            .filter(|text| !text.is_empty())
            .map(Arc::<str>::from)
    };
    let name = note(&["io.kubernetes.cri.container-name", "io.kubernetes.container.name", "nerdctl/name"]);
    let image = note(&[
        "io.kubernetes.cri.image-name",
        "io.kubernetes.cri-o.Image",
        "io.kubernetes.cri-o.ImageName",
        "nerdctl/image",
    ]);
    container.name = container.name.take().or(name).or_else(|| note(&["io.kubernetes.cri-o.Name"]));
    container.image = container.image.take().or(image);
    if container.pod.is_none()
        && let Some(uid) = note(&["io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid"])
    {
        container.pod = Some(Pod { uid, namespace: None, name: None });
    }
    if let Some(pod) = &mut container.pod {
        let namespace = note(&["io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"]);
        let name = note(&["io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"]);
        pod.namespace = pod.namespace.take().or(namespace);
        pod.name = pod.name.take().or(name);
    }
    // A sandbox lists its addresses as `IP.0`, `IP.1`.
    for key in ["io.kubernetes.cri-o.IP.0", "io.kubernetes.cri-o.IP.1"] {
        if let Some(address) = note(&[key]).and_then(|text| text.parse::<IpAddr>().ok())
            && !container.addresses.contains(&address)
        {
            container.addresses.push(address);
        }
    }
    if container.namespace_path.is_none() {
        container.namespace_path = network_namespace(config);
    }
}

/// Whether the configuration was made by Podman: CRI-O's annotations appear there too, with this marker.
pub(super) fn is_made_by_libpod(config: &Value) -> bool {
    config.pointer("/annotations/io.container.manager").and_then(Value::as_str) == Some("libpod")
}

/// The path of a namespace the container joins; absent where it makes its own or shares the host's.
fn network_namespace(config: &Value) -> Option<String> {
    let namespaces = config.pointer("/linux/namespaces")?.as_array()?;
    let network = namespaces.iter().find(|one| one.get("type").and_then(Value::as_str) == Some("network"))?;
    network.get("path")?.as_str().filter(|path| path.starts_with('/')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_containerd_pod_is_named() {
        let config = json!({
            "annotations": {
                "io.kubernetes.cri.container-name": "web",
                "io.kubernetes.cri.container-type": "container",
                "io.kubernetes.cri.image-name": "docker.io/library/nginx:1.27",
                "io.kubernetes.cri.sandbox-name": "web-7d4",
                "io.kubernetes.cri.sandbox-namespace": "shop",
                "io.kubernetes.cri.sandbox-uid": "u1",
            },
            "linux": {"namespaces": [{"type": "pid"}, {"type": "network", "path": "/proc/4711/ns/net"}]},
        });
        let mut container = bare("abc", Runtime::Containerd);
        fill(&mut container, &config);
        assert_eq!(container.name.as_deref(), Some("web"));
        assert_eq!(container.image.as_deref(), Some("docker.io/library/nginx:1.27"));
        let pod = container.pod.unwrap();
        assert_eq!(
            (&*pod.uid, pod.namespace.as_deref(), pod.name.as_deref()),
            ("u1", Some("shop"), Some("web-7d4"))
        );
        assert_eq!(container.namespace_path.as_deref(), Some("/proc/4711/ns/net"));
    }

    #[test]
    fn a_cri_o_pod_is_named_and_addressed() {
        let config = json!({
            "annotations": {
                "io.kubernetes.container.name": "db",
                "io.kubernetes.cri-o.Name": "k8s_db_db-0_data_u2_0",
                "io.kubernetes.cri-o.ImageName": "quay.io/db:16",
                "io.kubernetes.cri-o.IP.0": "10.85.0.7",
                "io.kubernetes.cri-o.IP.1": "1100:200::7",
                "io.kubernetes.pod.name": "db-0",
                "io.kubernetes.pod.namespace": "data",
                "io.kubernetes.pod.uid": "u2",
            },
        });
        let mut container = bare("abc", Runtime::CriO);
        fill(&mut container, &config);
        assert_eq!(container.name.as_deref(), Some("db"));
        assert_eq!(container.image.as_deref(), Some("quay.io/db:16"));
        assert_eq!(container.addresses.len(), 2);
        assert_eq!(container.pod.and_then(|pod| pod.name).as_deref(), Some("db-0"));
        assert_eq!(container.namespace_path, None);
    }

    #[test]
    fn strange_types_are_absent_values() {
        for config in
            [json!(null), json!([1]), json!({"annotations": 3, "linux": {"namespaces": [7, {"type": {}}]}})]
        {
            let mut container = bare("abc", Runtime::Unknown);
            fill(&mut container, &config);
            assert_eq!(container, bare("abc", Runtime::Unknown));
        }
    }
}
