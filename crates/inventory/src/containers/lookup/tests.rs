//! State trees of each runtime in a temporary root.

use std::fs;
use std::path::Path;

use portreeve_model::{Runtime, UnseenReason, UnseenSubject};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::containers::Home;

const ID: &str = "b0a3f7aece08147565d15580fdc5d61c562df0b32ba38f4a56c528c60d3a4b06";

fn lookup(root: &Path) -> Lookup {
    let homes = vec![Home { uid: 1000, directory: "/home/ann".into() }];
    Lookup::new(Roots { root: root.to_owned(), homes, ..Roots::default() })
}

fn write(root: &Path, path: &str, contents: impl AsRef<[u8]>) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, contents).unwrap();
}

fn wanted(runtime: Runtime, id: &str) -> ContainerRef {
    ContainerRef { runtime, id: id.into(), pod_uid: None }
}

fn docker_config(name: &str, pid: u32) -> String {
    json!({
        "State": {"Running": pid != 0, "Pid": pid},
        "Config": {"Image": "shop/web:1"},
        "NetworkSettings": {"SandboxKey": "/var/run/docker/netns/e51b", "Networks": {"bridge": {"IPAddress": "172.17.0.2"}}},
        "Name": format!("/{name}"),
    })
    .to_string()
}

#[test]
fn docker_is_read_in_its_data_root_and_below_a_remapped_one() {
    for place in ["var/lib/docker", "var/lib/docker/165536.165536", "home/ann/.local/share/docker"] {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &format!("{place}/containers/{ID}/config.v2.json"), docker_config("web", 42));
        for runtime in [Runtime::Docker, Runtime::Unknown] {
            let (containers, unseen) =
                lookup(root.path()).describe(&[wanted(runtime, ID), wanted(runtime, ID)]);
            assert_eq!(unseen, [], "{place}");
            assert_eq!(containers.len(), 1);
            assert_eq!((containers[0].runtime, containers[0].label()), (Runtime::Docker, "web"), "{place}");
            assert_eq!(containers[0].pid, Some(42));
        }
    }
}

#[test]
fn podman_is_named_by_the_list_and_the_configuration() {
    let root = tempfile::tempdir().unwrap();
    let metadata = json!({"image-name": "docker.io/library/nginx:latest", "image-id": "aa", "name": "front"})
        .to_string();
    let list = json!([{"id": ID, "names": ["front"], "image": "aa", "layer": "bb", "metadata": metadata, "flags": {}}]);
    write(root.path(), "var/lib/containers/storage/overlay-containers/containers.json", list.to_string());
    let config = json!({
        "annotations": {"io.container.manager": "libpod", "org.opencontainers.image.stopSignal": "15"},
        "linux": {"namespaces": [{"type": "network", "path": "/run/netns/netns-1"}]},
    });
    let userdata = format!("containers/storage/overlay-containers/{ID}/userdata");
    write(root.path(), &format!("var/lib/{userdata}/config.json"), config.to_string());
    write(root.path(), &format!("run/{userdata}/pidfile"), "4711\n");
    let lookup = lookup(root.path());
    let (containers, unseen) = lookup.describe(&[wanted(Runtime::Podman, ID)]);
    assert_eq!(unseen, []);
    let container = &containers[0];
    assert_eq!((container.runtime, container.label()), (Runtime::Podman, "front"));
    assert_eq!(container.image.as_deref(), Some("docker.io/library/nginx:latest"));
    assert_eq!(container.namespace_path.as_deref(), Some("/run/netns/netns-1"));
    assert_eq!(container.pid, Some(4711));
    assert_eq!(lookup.running().0, containers);
}

#[test]
fn cri_o_is_named_by_annotations() {
    let root = tempfile::tempdir().unwrap();
    let metadata = json!({"pod-name": "k8s_db-0", "pod-id": "cc", "image-name": "quay.io/db:16", "name": "k8s_db_db-0_data_u_0"});
    let list = json!([{"id": ID, "names": ["k8s_db_db-0_data_u_0"], "metadata": metadata.to_string()}]);
    write(root.path(), "var/lib/containers/storage/overlay-containers/containers.json", list.to_string());
    let config = json!({"annotations": {
        "io.kubernetes.container.name": "db", "io.kubernetes.pod.name": "db-0", "io.kubernetes.pod.namespace": "data",
    }});
    let userdata = format!("run/containers/storage/overlay-containers/{ID}/userdata");
    write(root.path(), &format!("{userdata}/config.json"), config.to_string());
    let pod = ContainerRef { pod_uid: Some("u-1".into()), ..wanted(Runtime::Unknown, ID) };
    let (containers, unseen) = lookup(root.path()).describe(&[pod]);
    assert_eq!(unseen, []);
    assert_eq!((containers[0].runtime, containers[0].label()), (Runtime::CriO, "db"));
    assert_eq!(containers[0].image.as_deref(), Some("quay.io/db:16"));
    assert_eq!(containers[0].pod.as_ref().map(|pod| &*pod.uid), Some("u-1"));
}

#[test]
fn containerd_is_read_in_every_namespace_but_dockers() {
    let root = tempfile::tempdir().unwrap();
    let tasks = "run/containerd/io.containerd.runtime.v2.task";
    let config = json!({"annotations": {"io.kubernetes.cri.container-name": "web"}}).to_string();
    write(root.path(), &format!("{tasks}/k8s.io/{ID}/config.json"), &config);
    write(root.path(), &format!("{tasks}/k8s.io/{ID}/init.pid"), "77");
    write(root.path(), &format!("{tasks}/default/redis/config.json"), "{}");
    write(root.path(), &format!("{tasks}/moby/{ID}/config.json"), "{}");
    let lookup = lookup(root.path());
    let (containers, unseen) =
        lookup.describe(&[wanted(Runtime::Unknown, ID), wanted(Runtime::Containerd, "redis")]);
    assert_eq!(unseen, []);
    let labels: Vec<_> =
        containers.iter().map(|one| (one.runtime, one.label().to_owned(), one.pid)).collect();
    assert_eq!(
        labels,
        [(Runtime::Containerd, "web".to_owned(), Some(77)), (Runtime::Containerd, "redis".to_owned(), None)]
    );
    assert_eq!(lookup.running().0.len(), 2);
}

#[test]
fn machines_and_lxc_are_their_own_names() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "run/systemd/machines/debian",
        "# private\nNAME=debian\nCLASS=container\nSERVICE=systemd-nspawn\nLEADER=99\n",
    );
    write(root.path(), "run/systemd/machines/vm", "CLASS=vm\nLEADER=98\n");
    let lookup = lookup(root.path());
    let (containers, unseen) = lookup.describe(&[
        wanted(Runtime::SystemdNspawn, "debian"),
        wanted(Runtime::SystemdNspawn, "gone"),
        wanted(Runtime::SystemdNspawn, "../../etc/passwd"),
        wanted(Runtime::Lxc, "web01"),
    ]);
    assert_eq!(unseen, []);
    let pids: Vec<_> = containers.iter().map(|one| one.pid).collect();
    assert_eq!(pids, [Some(99), None, None, None]);
    assert_eq!(containers[3].label(), "web01");
    let (running, _) = lookup.running();
    assert_eq!(
        running.iter().map(|one| (one.runtime, one.label())).collect::<Vec<_>>(),
        [(Runtime::SystemdNspawn, "debian")]
    );
}

#[test]
fn a_container_without_state_keeps_its_id_and_is_told() {
    let root = tempfile::tempdir().unwrap();
    let (containers, unseen) = lookup(root.path()).describe(&[wanted(Runtime::Docker, ID)]);
    assert_eq!(containers[0].label(), &ID[..12]);
    assert_eq!(unseen.len(), 1);
    assert_eq!((unseen[0].subject, unseen[0].reason), (UnseenSubject::Containers, UnseenReason::Unsupported));
    assert!(!unseen[0].is_incomplete());
}

#[test]
fn broken_files_are_told_with_their_place() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &format!("var/lib/docker/containers/{ID}/config.v2.json"), "{\"Name\": \"/web\",");
    write(root.path(), "var/lib/containers/storage/vfs-containers/containers.json", "{}");
    let (_, unseen) =
        lookup(root.path()).describe(&[wanted(Runtime::Docker, ID), wanted(Runtime::Podman, "x")]);
    let malformed: Vec<_> = unseen.iter().filter(|one| one.reason == UnseenReason::Malformed).collect();
    assert_eq!(malformed.len(), 2, "{unseen:?}");
    assert!(malformed[0].detail.contains("containers.json"), "{malformed:?}");
    assert!(
        malformed[1].detail.contains("config.v2.json: malformed JSON at line 1 column 16"),
        "{malformed:?}"
    );
}

#[test]
fn running_knows_docker_and_ignores_the_stopped() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &format!("var/lib/docker/containers/{ID}/config.v2.json"), docker_config("web", 42));
    write(root.path(), "var/lib/docker/containers/aa/config.v2.json", docker_config("old", 0));
    let (running, unseen) = lookup(root.path()).running();
    assert_eq!(unseen, []);
    assert_eq!(running.len(), 1);
    assert_eq!(running[0].namespace_path.as_deref(), Some("/var/run/docker/netns/e51b"));
}

#[test]
fn a_users_word_counts_only_in_that_users_namespaces() {
    let root = tempfile::tempdir().unwrap();
    let config = |pid| docker_config("web", pid);
    write(root.path(), "home/ann/.local/share/docker/containers/a/config.v2.json", config(42));
    write(root.path(), "home/ann/.local/share/docker/containers/b/config.v2.json", config(43));
    write(root.path(), "home/ann/.local/share/docker/containers/c/config.v2.json", config(44));
    write(
        root.path(),
        "proc/42/uid_map",
        "         0       1000          1\n         1     100000      65536\n",
    );
    write(root.path(), "proc/43/uid_map", "         0          0 4294967295\n");
    let (running, _) = lookup(root.path()).running();
    assert_eq!(
        running.iter().map(|one| (one.pid, one.namespace_path.clone())).collect::<Vec<_>>(),
        [(Some(42), None)]
    );
}

#[test]
fn nothing_asked_is_nothing_read() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "etc/docker/daemon.json", "broken");
    assert_eq!(lookup(root.path()).describe(&[]), (vec![], vec![]));
    let lxc = [wanted(Runtime::Lxc, "web01")];
    assert_eq!(lookup(root.path()).describe(&lxc).1, []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_in_state_files_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "etc/docker/daemon.json", &bytes);
        write(root.path(), &format!("var/lib/docker/containers/{ID}/config.v2.json"), &bytes);
        write(root.path(), "var/lib/containers/storage/overlay-containers/containers.json", &bytes);
        write(root.path(), &format!("run/containerd/io.containerd.runtime.v2.task/k8s.io/{ID}/config.json"), &bytes);
        write(root.path(), "run/systemd/machines/m", &bytes);
        let all = [Runtime::Docker, Runtime::Podman, Runtime::Containerd, Runtime::Unknown, Runtime::SystemdNspawn];
        for runtime in all {
            let _ = lookup(root.path()).describe(&[wanted(runtime, ID), wanted(runtime, "m")]);
        }
        let _ = lookup(root.path()).running();
    }
}
