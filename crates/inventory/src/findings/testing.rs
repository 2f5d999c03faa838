//! Scenes for the tests of rules: a machine with one namespace and one container's, built piece by piece.

use std::sync::Arc;

use jiff::Timestamp;
use portreeve_model::listener::{Activation, Forward};
use portreeve_model::process::Ancestor;
use portreeve_model::{
    Container, Endpoint, Executable, Family, Finding, Holder, Host, Namespace, NamespaceId, NamespaceName,
    NoHolder, Process, ProcessId, Protocol, Runtime, Snapshot, Socket, Source, State, Unit,
};

use super::{FileState, Rule, Scene};
use crate::listeners::{Attribution, EphemeralRanges, listeners};

/// The machine's own namespace.
pub(crate) const HOST: NamespaceId = NamespaceId(1);
/// The namespace of the container `c0ffee`.
pub(crate) const INSIDE: NamespaceId = NamespaceId(2);

/// A machine under construction.
pub(crate) struct Machine {
    pub(crate) snapshot: Snapshot,
    pub(crate) file: FileState,
    pub(crate) forward: Option<Forward>,
    pub(crate) activation: Option<Activation>,
}

impl Attribution for Machine {
    fn activation(&self, socket: &Socket) -> Option<Activation> {
        self.activation.clone().filter(|_| socket.holders.iter().any(|holder| holder.pid == 1))
    }

    fn forward(&self, command_line: &[String]) -> Option<Forward> {
        self.forward
            .clone()
            .filter(|_| command_line.first().is_some_and(|name| name.ends_with("docker-proxy")))
    }
}

impl Machine {
    pub(crate) fn new() -> Self {
        let namespace = |id, name, own| Namespace { id, name, own, processes: 1 };
        let container = Container {
            id: "c0ffee".into(),
            runtime: Runtime::Docker,
            name: Some("cache".into()),
            image: Some("docker.io/library/redis:7".into()),
            pod: None,
            addresses: vec!["172.17.0.2".parse().unwrap()],
            namespace_path: None,
            pid: None,
        };
        Self {
            snapshot: Snapshot {
                host: Host {
                    name: "test".to_owned(),
                    kernel: "6.18".to_owned(),
                    taken_at: Timestamp::UNIX_EPOCH,
                    privileged: true,
                    preloaded: Vec::new(),
                },
                namespaces: vec![
                    namespace(HOST, NamespaceName::Host, true),
                    namespace(INSIDE, NamespaceName::Container("c0ffee".into()), false),
                ],
                processes: Vec::new(),
                containers: vec![container],
                sockets: Vec::new(),
                unseen: Vec::new(),
            },
            file: FileState::Absent,
            forward: None,
            activation: None,
        }
    }

    /// Adds a process that runs this file under its own name.
    pub(crate) fn process(&mut self, pid: u32, path: &str) -> &mut Process {
        let name = path.rsplit('/').next().unwrap();
        let id = ProcessId { pid, start_ticks: 1 };
        self.snapshot.processes.push(Process {
            executable: Some(Executable {
                path: path.to_owned(),
                deleted: false,
                memfd: false,
                world_writable_directory: None,
            }),
            command_line: vec![path.to_owned()],
            uid: Some(0),
            user: Some("root".into()),
            parents: vec![Ancestor { pid: 1, name: "systemd".into() }],
            namespace: Some(HOST),
            ..Process::new(id, name.get(..15).unwrap_or(name))
        });
        self.snapshot.processes.sort_by_key(|process| process.id.pid);
        self.snapshot.processes.iter_mut().find(|process| process.id.pid == pid).unwrap()
    }

    /// Adds a listening socket held by these processes.
    pub(crate) fn listen(&mut self, protocol: Protocol, address: &str, pids: &[u32]) -> &mut Socket {
        let address: std::net::SocketAddr = address.parse().unwrap();
        let socket = Socket {
            local: Endpoint::Inet { address: address.ip(), port: address.port() },
            family: if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 },
            send_queue: 128,
            ..self.bare(protocol, pids)
        };
        self.snapshot.sockets.push(socket);
        self.snapshot.sockets.last_mut().unwrap()
    }

    /// Adds a packet socket.
    pub(crate) fn sniff(&mut self, ethertype: u16, pids: &[u32]) -> &mut Socket {
        let socket = Socket {
            local: Endpoint::Link { ethertype },
            family: Family::Packet,
            ..self.bare(Protocol::Packet, pids)
        };
        self.snapshot.sockets.push(socket);
        self.snapshot.sockets.last_mut().unwrap()
    }

    fn bare(&self, protocol: Protocol, pids: &[u32]) -> Socket {
        let name = |pid: u32| {
            self.snapshot.process(pid).map_or_else(|| Arc::from("gone"), |process| Arc::clone(&process.name))
        };
        Socket {
            protocol,
            family: Family::Ipv4,
            state: if protocol.is_connection_oriented() { State::Listen } else { State::Unconnected },
            namespace: HOST,
            local: Endpoint::Unix { path: None },
            peer: None,
            interface: None,
            receive_queue: 0,
            send_queue: 0,
            uid: Some(0),
            inode: 1 + self.snapshot.sockets.len() as u64,
            peer_inode: None,
            cookie: 0,
            v6only: Some(false),
            mark: None,
            cgroup: None,
            timer: None,
            drops: None,
            shutdown: None,
            memory: None,
            tcp_info: None,
            holders: pids.iter().map(|&pid| Holder { pid, fd: 3, name: name(pid) }).collect(),
            no_holder: pids.is_empty().then_some(NoHolder::NoProcess),
            likely_owner: None,
            source: Source::SockDiag,
        }
    }

    /// What one rule finds.
    pub(crate) fn find(&self, rule: Rule) -> Vec<Finding> {
        let ranges: EphemeralRanges = [(HOST, (32768, 60999))].into_iter().collect();
        let listeners = listeners(&self.snapshot, &ranges, self);
        let file_at = |_: &Process| self.file;
        rule(&Scene::new(&self.snapshot, &listeners, &file_at))
    }

    /// The single finding of a rule.
    pub(crate) fn only(&self, rule: Rule) -> Finding {
        let mut found = self.find(rule);
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0)
    }
}

/// A unit of the system's instance.
pub(crate) fn unit(name: &str) -> Unit {
    Unit { name: name.into(), user_instance: None }
}
