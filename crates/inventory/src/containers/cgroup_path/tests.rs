//! Table of real path shapes, and of paths that look similar and are no container.

use portreeve_model::Runtime;
use proptest::prelude::*;

use super::identify;

const A: &str = "b0a3f7aece08147565d15580fdc5d61c562df0b32ba38f4a56c528c60d3a4b06";
const B: &str = "f41a6edf9db314f5495aa651558eb0274bc247e0ec43957826d56d1f3952d771";
const UID: &str = "1f2c5c9e-7a55-4a4e-9b5a-2f0d7f3f8c11";
const UID_SYSTEMD: &str = "1f2c5c9e_7a55_4a4e_9b5a_2f0d7f3f8c11";
const STATIC: &str = "5bbc2b1f2c1c0f2e2b9a7c8d9e0f1a2b";

fn found(path: &str) -> Option<(Runtime, String, Option<String>)> {
    identify([path]).map(|c| (c.runtime, c.id.to_string(), c.pod_uid.map(|uid| uid.to_string())))
}

#[test]
fn containers_are_found_in_the_paths_of_every_runtime() {
    use Runtime::{Containerd, CriO, Docker, Lxc, Podman, SystemdNspawn, Unknown};
    let table: Vec<(String, Runtime, &str)> = vec![
        // Docker
        (format!("/docker/{A}"), Docker, A),
        (format!("/docker/{A} (deleted)"), Docker, A),
        (format!("/../{A}"), Unknown, A),
        (format!("/../docker/{A}"), Docker, A),
        (format!("/system.slice/docker-{A}.scope"), Docker, A),
        (format!("/system.slice/docker-{A}.scope/init.scope"), Docker, A),
        (format!("/system.slice/docker-{A}.scope/system.slice/nginx.service"), Docker, A),
        (format!("/web.slice/docker-{A}.scope"), Docker, A),
        (format!("/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{A}.scope"), Docker, A),
        (format!("/docker/{A}/docker/{B}"), Docker, B),
        (format!("/system.slice/docker-{A}.scope/docker/{B}"), Docker, B),
        (format!("/my-parent/{A}"), Unknown, A),
        (format!("/ecs/0123456789abcdef0123456789abcdef/{A}"), Unknown, A),
        (format!("/actions_job/{A}"), Unknown, A),
        (format!("/{A}"), Unknown, A),
        ("/docker/buildkit/kq3c9x2m7v5b1n8t4r6w0z2y1".into(), Docker, "kq3c9x2m7v5b1n8t4r6w0z2y1"),
        // Podman
        (format!("/machine.slice/libpod-{A}.scope"), Podman, A),
        (format!("/machine.slice/libpod-{A}.scope/container"), Podman, A),
        (
            format!("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{A}.scope/container"),
            Podman,
            A,
        ),
        (format!("/machine.slice/machine-libpod_pod_{B}.slice/libpod-{A}.scope"), Podman, A),
        (format!("/libpod_parent/libpod-{A}"), Podman, A),
        (format!("/libpod_parent/{B}/{A}"), Podman, A),
        (format!("/system.slice/web.service/libpod-payload-{A}"), Podman, A),
        (
            format!("/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-{A}"),
            Podman,
            A,
        ),
        // containerd
        (format!("/system.slice/nerdctl-{A}.scope"), Containerd, A),
        ("/default/redis".into(), Containerd, "redis"),
        (format!("/default/{A}"), Containerd, A),
        (format!("/k8s.io/{A}"), Containerd, A),
        // LXC, LXD, Incus, Proxmox, libvirt
        ("/lxc/web01".into(), Lxc, "web01"),
        ("/lxc/101/ns/system.slice/nginx.service".into(), Lxc, "101"),
        ("/lxc/outer/lxc/inner".into(), Lxc, "inner"),
        ("/lxc.payload.web01/system.slice/ssh.service".into(), Lxc, "web01"),
        ("/lxc.payload/web01".into(), Lxc, "web01"),
        (format!("/lxc.payload.ci/docker/{A}"), Docker, A),
        ("/machine.slice/machine-lxc\\x2d4711\\x2dshop.scope".into(), Lxc, "shop"),
        // nspawn
        ("/machine.slice/machine-debian.scope".into(), SystemdNspawn, "debian"),
        (
            "/machine.slice/machine-debian\\x2d12.scope/payload/system.slice/nginx.service".into(),
            SystemdNspawn,
            "debian-12",
        ),
        ("/machine.slice/systemd-nspawn@web\\x2d1.service/payload".into(), SystemdNspawn, "web-1"),
        // CRI-O without a pod, runc alone
        (format!("/system.slice/crio-{A}.scope"), CriO, A),
        (format!("/system.slice/runc-{A}.scope"), Unknown, A),
    ];
    for (path, runtime, id) in table {
        assert_eq!(found(&path), Some((runtime, id.to_owned(), None)), "{path}");
    }
}

#[test]
fn pods_are_found_with_their_containers() {
    use Runtime::{Containerd, CriO, Docker, Unknown};
    let table = [
        (format!("/kubepods/besteffort/pod{UID}/{A}"), Unknown, UID),
        (format!("/kubepods/pod{UID}/{A}"), Unknown, UID),
        (format!("/kubepods/burstable/pod{STATIC}/{A}"), Unknown, STATIC),
        (format!("/kubepods/burstable/pod{UID}/crio-{A}"), CriO, UID),
        (
            format!(
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID_SYSTEMD}.slice/cri-containerd-{A}.scope"
            ),
            Containerd,
            UID,
        ),
        (
            format!("/kubepods.slice/kubepods-pod{UID_SYSTEMD}.slice/cri-containerd-{A}.scope"),
            Containerd,
            UID,
        ),
        (
            format!(
                "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{STATIC}.slice/crio-{A}.scope/container"
            ),
            CriO,
            STATIC,
        ),
        (
            format!(
                "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{UID_SYSTEMD}.slice/docker-{A}.scope"
            ),
            Docker,
            UID,
        ),
        // The runtime's cgroup driver differs from the kubelet's.
        (
            format!(
                "/system.slice/containerd.service/kubepods-besteffort-pod{UID_SYSTEMD}.slice:cri-containerd:{A}"
            ),
            Containerd,
            UID,
        ),
        // Kubernetes inside a Docker container.
        (
            format!(
                "/system.slice/docker-{B}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/\
                 kubelet-kubepods-besteffort-pod{UID_SYSTEMD}.slice/cri-containerd-{A}.scope"
            ),
            Containerd,
            UID,
        ),
        (format!("/docker/{B}/kubelet/kubepods/besteffort/pod{UID}/{A}"), Unknown, UID),
    ];
    for (path, runtime, uid) in table {
        assert_eq!(found(&path), Some((runtime, A.to_owned(), Some(uid.to_owned()))), "{path}");
    }
}

#[test]
fn runtimes_monitors_services_and_sessions_are_no_containers() {
    let table = [
        "/".to_owned(),
        String::new(),
        "/docker".into(),
        "/docker/buildkit".into(),
        "/system.slice/docker.service".into(),
        "/system.slice/docker.socket".into(),
        "/system.slice/containerd.service".into(),
        "/system.slice/crio.service".into(),
        "/system.slice/lxc.service".into(),
        "/system.slice/lxc@web01.service".into(),
        "/lxc.monitor.web01".into(),
        "/lxc.monitor/web01".into(),
        "/lxc.payload.".into(),
        format!("/machine.slice/libpod-conmon-{A}.scope"),
        format!("/system.slice/crio-conmon-{A}.scope"),
        format!("/libpod_parent/conmon-{A}"),
        "/machine.slice/machine-debian.scope/supervisor".into(),
        "/machine.slice/systemd-nspawn@web.service/supervisor".into(),
        "/machine.slice/systemd-nspawn@.service".into(),
        "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope".into(),
        format!("/machine.slice/machine-libpod_pod_{A}.slice"),
        format!("/kubepods/besteffort/pod{UID}"),
        "/user.slice/user-1000.slice/session-3.scope".into(),
        "/user.slice/user-1000.slice/user@1000.service/app.slice/snap.firefox.firefox-1.scope".into(),
        "/system.slice/snap.docker.dockerd.service".into(),
        "/system.slice/default/redis".into(),
        // 32 hex digits are no container id, 64 that are not hex are none either.
        "/process_api/e946012a07856a1c255d4c21fceee483".into(),
        format!("/docker-{}/x", "z".repeat(64)),
        format!("/docker/{}", A.to_uppercase()).replace("/docker/", "/other/"),
    ];
    for path in table {
        assert_eq!(found(&path), None, "{path}");
    }
}

#[test]
fn every_hierarchy_of_a_v1_layout_is_looked_at() {
    let docker = format!("/docker/{A}");
    let unnamed = format!("/kubepods/besteffort/pod{UID}/{A}");
    let scope = format!("/system.slice/cri-containerd-{A}.scope");
    assert_eq!(identify(["/", "/user.slice", &docker, "/"]).map(|c| c.runtime), Some(Runtime::Docker));
    assert_eq!(identify([unnamed.as_str(), &scope, "/"]).map(|c| c.runtime), Some(Runtime::Containerd));
    let nested = format!("/docker/{A}/docker/{B}");
    assert_eq!(identify([docker.as_str(), &nested]).map(|c| c.id.to_string()), Some(B.to_owned()));
    assert_eq!(identify([]), None);
}

proptest! {
    #[test]
    fn any_text_is_survived(path in "\\PC*") {
        let _ = identify([path.as_str()]);
    }

    #[test]
    fn any_mix_of_known_pieces_is_survived(pieces in prop::collection::vec(prop::sample::select(vec![
        "docker", "lxc", "lxc.payload.", "machine-.scope", "machine-\\x.scope", "machine-lxc-.scope", "-", ":", "::",
        "pod", "-pod.slice", "kubepods-pod", "supervisor", "é", "docker-é.scope", "systemd-nspawn@.service",
    ]), 0..12)) {
        let _ = identify([pieces.join("/").as_str()]);
        let _ = identify([pieces.concat().as_str()]);
    }
}
