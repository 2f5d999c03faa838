//! Sockets and a small machine for tests.

use std::net::SocketAddr;

use portreeve_model::{
    Container, Endpoint, Executable, Family, Holder, Host, Namespace, NamespaceId, NamespaceName, Process,
    ProcessId, Protocol, Runtime, Snapshot, Socket, Source, State, Unit,
};

/// A TCP socket: a listener, or established if there is a peer.
pub(crate) fn socket(local: &str, peer: Option<&str>) -> Socket {
    let end = |text: &str| {
        let address: SocketAddr = text.parse().unwrap();
        Endpoint::Inet { address: address.ip(), port: address.port() }
    };
    let family = if local.starts_with('[') { Family::Ipv6 } else { Family::Ipv4 };
    let state = if peer.is_some() { State::Established } else { State::Listen };
    let namespace = NamespaceId(4_026_531_840);
    Socket {
        peer: peer.map(end),
        uid: Some(33),
        inode: 7,
        cookie: 1,
        ..Socket::new(Protocol::Tcp, family, namespace, state, end(local), Source::SockDiag)
    }
}

pub(crate) fn holder(pid: u32, name: &str) -> Holder {
    Holder { pid, fd: 3, name: name.into() }
}

pub(crate) fn process(pid: u32, name: &str, executable: Option<&str>, uid: u32, user: &str) -> Process {
    Process {
        executable: executable.map(|path| Executable {
            path: path.into(),
            deleted: false,
            memfd: false,
            world_writable_directory: None,
        }),
        uid: Some(uid),
        user: Some(user.into()),
        cgroup: Some("/x".into()),
        ..Process::new(ProcessId { pid, start_ticks: 1 }, name)
    }
}

/// nginx (a unit's, two users), a resolver with a long name, and a container's shell.
pub(crate) fn snapshot() -> Snapshot {
    let mut nginx = process(10, "nginx", Some("/usr/sbin/nginx"), 0, "root");
    nginx.unit = Some(Unit { name: "nginx.service".into(), user_instance: None });
    let mut worker = process(11, "nginx", Some("/usr/sbin/nginx"), 33, "www-data");
    worker.unit.clone_from(&nginx.unit);
    let resolver = process(20, "systemd-resolve", Some("/usr/lib/systemd/systemd-resolved"), 101, "resolve");
    let mut shell = process(30, "sh", None, 0, "root");
    shell.container = Some("c0ffee1234567890".into());
    Snapshot {
        host: Host {
            name: "h".into(),
            kernel: "6.18".into(),
            taken_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            privileged: true,
            preloaded: Vec::new(),
        },
        namespaces: vec![
            Namespace { id: NamespaceId(4_026_531_840), name: NamespaceName::Host, own: true, processes: 3 },
            Namespace {
                id: NamespaceId(77),
                name: NamespaceName::Container("web".into()),
                own: false,
                processes: 1,
            },
        ],
        processes: vec![nginx, worker, resolver, shell],
        containers: vec![Container {
            id: "c0ffee1234567890".into(),
            runtime: Runtime::Docker,
            name: Some("web".into()),
            image: None,
            pod: None,
            addresses: Vec::new(),
            namespace_path: None,
            pid: None,
        }],
        sockets: Vec::new(),
        unseen: Vec::new(),
    }
}
