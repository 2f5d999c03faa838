//! No snapshot, however odd, makes a rule panic, and findings are always complete and in order.

use std::cmp::Reverse;

use portreeve_model::{Endpoint, NoHolder, Process, Protocol, Source, State};
use proptest::prelude::*;
use proptest::sample::select;

use crate::findings::testing::{HOST, INSIDE, Machine, unit};
use crate::findings::{FileState, Scene, findings};
use crate::listeners::{EphemeralRanges, listeners};

const PATHS: &[&str] = &[
    "/usr/sbin/nginx",
    "/usr/bin/redis-server",
    "/tmp/é",
    "/memfd:x",
    "/",
    "/usr/bin/docker-proxy",
    "/home/u/ключ",
    "/usr/lib/systemd/systemd",
    "/usr/bin/perl",
    "/usr/bin/very-long-program-name",
];
const TEXTS: &[&str] = &[
    "",
    "[kworker/0:0]",
    "[",
    "[]",
    "sshd: x",
    "é",
    "\u{0}\u{1b}[31m",
    "kubectl proxy",
    "/",
    ":",
    "a b",
    "httpd",
    "kworker/",
    "/usr/bin/docker-proxy",
];
const ADDRESSES: &[&str] = &[
    "0.0.0.0",
    "::",
    "::1",
    "10.0.0.1",
    "fe80::1",
    "::ffff:1.2.3.4",
    "203.0.113.9",
    "239.1.1.1",
    "127.0.0.1",
];

#[derive(Clone, Debug)]
struct Seed {
    pid: u32,
    path: Option<&'static str>,
    texts: Vec<&'static str>,
    flags: u8,
    protocol: Protocol,
    address: &'static str,
    port: u16,
    numbers: (u32, u32, Option<u32>),
    holders: Vec<u32>,
    no_holder: Option<NoHolder>,
}

fn seed() -> impl Strategy<Value = Seed> {
    let protocols = vec![
        Protocol::Tcp,
        Protocol::Mptcp,
        Protocol::Udp,
        Protocol::Udplite,
        Protocol::Sctp,
        Protocol::Raw,
        Protocol::Icmp,
        Protocol::Packet,
        Protocol::UnixStream,
        Protocol::Vsock,
    ];
    let reasons = vec![None, Some(NoHolder::Permission), Some(NoHolder::NoProcess), Some(NoHolder::Orphan)];
    let ports = prop_oneof![select(vec![0u16, 3, 23, 53, 2375, 2049, 6379, 9200, 65535]), any::<u16>()];
    let process = (
        0u32..6,
        proptest::option::of(select(PATHS)),
        proptest::collection::vec(select(TEXTS), 0..3),
        any::<u8>(),
    );
    let socket = (
        select(protocols),
        select(ADDRESSES),
        ports,
        any::<(u32, u32, Option<u32>)>(),
        proptest::collection::vec(0u32..8, 0..3),
        select(reasons),
    );
    (process, socket).prop_map(
        |((pid, path, texts, flags), (protocol, address, port, numbers, holders, no_holder))| Seed {
            pid,
            path,
            texts,
            flags,
            protocol,
            address,
            port,
            numbers,
            holders,
            no_holder,
        },
    )
}

fn machine(seeds: &[Seed]) -> Machine {
    let mut machine = Machine::new();
    for seed in seeds {
        if machine.snapshot.process(seed.pid).is_none() {
            let process = machine.process(seed.pid, seed.path.unwrap_or("/x"));
            let bit = |at: u8| seed.flags & (1 << at) != 0;
            process.command_line = seed.texts.iter().map(|&text| text.to_owned()).collect();
            process.name = seed.texts.first().copied().unwrap_or("x").into();
            process.kernel_thread = bit(0);
            process.ld_preload = seed.texts.get(1).map(|&text| text.to_owned());
            process.unit = bit(1).then(|| unit("x.service"));
            process.container = bit(2).then(|| "c0ffee".into());
            process.namespace = bit(3).then_some(INSIDE);
            if let Some(executable) = &mut process.executable {
                executable.deleted = bit(4);
                executable.memfd = bit(5);
                executable.world_writable_directory = bit(6).then(|| "/tmp".to_owned());
            }
            if seed.path.is_none() {
                process.executable = None;
            }
        }
        let socket = machine.listen(seed.protocol, "0.0.0.0:1", &seed.holders);
        socket.local = match seed.protocol {
            Protocol::Packet if seed.flags & 1 == 0 => Endpoint::Link { ethertype: seed.port },
            Protocol::UnixStream => Endpoint::Unix { path: None },
            _ => Endpoint::Inet { address: seed.address.parse().unwrap(), port: seed.port },
        };
        (socket.receive_queue, socket.send_queue, socket.drops) = seed.numbers;
        socket.no_holder = seed.no_holder;
        if seed.flags & 2 != 0 {
            socket.namespace = INSIDE;
        }
        if seed.flags & 4 != 0 {
            socket.state = State::Other(seed.flags);
        }
        if seed.flags & 8 != 0 {
            socket.source = Source::ProcNet;
        }
        if seed.flags & 16 != 0 {
            machine.forward = Some(portreeve_model::listener::Forward {
                address: "172.17.0.2".parse().unwrap(),
                port: seed.port,
                container: None,
            });
        }
    }
    machine
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn findings_never_panic_and_are_complete(seeds in proptest::collection::vec(seed(), 0..12)) {
        let machine = machine(&seeds);
        let ranges: EphemeralRanges = [(HOST, (32768, 60999))].into_iter().collect();
        let rows = listeners(&machine.snapshot, &ranges, &machine);
        let waiting = machine.snapshot.sockets.iter()
            .filter(|socket| socket.is_listener() && socket.protocol.has_ports() && socket.local.port().is_some());
        prop_assert_eq!(rows.iter().map(|row| row.sockets as usize).sum::<usize>(), waiting.count());
        for row in &rows {
            prop_assert!(!row.addresses.is_empty());
        }
        let file_at = |_: &Process| FileState::Unseen;
        let found = findings(&Scene::new(&machine.snapshot, &rows, &file_at));
        prop_assert!(found.is_sorted_by_key(|finding| Reverse(finding.severity)));
        for finding in &found {
            prop_assert!(!finding.title.is_empty() && !finding.reason.is_empty(), "{finding:#?}");
            prop_assert!(!finding.evidence.is_empty() && !finding.fix.is_empty(), "{finding:#?}");
            prop_assert!(!finding.subjects.is_empty(), "{finding:#?}");
        }
    }
}
