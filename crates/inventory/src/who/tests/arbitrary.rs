//! Views that no kernel would give.

use std::net::IpAddr;

use portreeve_linux::Errno;
use portreeve_linux::probe::Occupancy;
use portreeve_model::listener::Activation;
use portreeve_model::who::Verdict;
use portreeve_model::{
    Endpoint, Family, Holder, NamespaceId, NoHolder, Protocol, Socket, Source, State, Timer, TimerKind,
    Unseen, UnseenReason, UnseenSubject,
};
use proptest::prelude::*;
use proptest::sample::select;

use super::scene::{check, kernel_user, unseen, views};
use crate::findings::testing::{HOST, INSIDE, Machine};
use crate::who::{
    Disguise, HiddenProcess, ParkedDescriptor, Parking, Probe, Query, Reserved, SecondView, Views, explain,
};

const PROTOCOLS: &[Protocol] = &[
    Protocol::Tcp,
    Protocol::Mptcp,
    Protocol::Udp,
    Protocol::Udplite,
    Protocol::Sctp,
    Protocol::Raw,
    Protocol::UnixStream,
];

fn endpoint() -> impl Strategy<Value = Endpoint> {
    let addresses = ["0.0.0.0", "127.0.0.1", "::", "::1", "::ffff:10.0.0.1", "10.0.0.1"];
    prop_oneof![
        5 => (select(addresses.map(|text| text.parse::<IpAddr>().unwrap()).to_vec()), select(vec![0, 80, 8080]))
            .prop_map(|(address, port)| Endpoint::Inet { address, port }),
        1 => Just(Endpoint::Unix { path: None }),
        1 => Just(Endpoint::Link { ethertype: 3 }),
    ]
}

fn no_holder() -> impl Strategy<Value = Option<NoHolder>> {
    prop::option::of(select(vec![
        NoHolder::TimeWait,
        NoHolder::Handshake,
        NoHolder::Orphan,
        NoHolder::NotYetAccepted,
        NoHolder::Permission,
        NoHolder::NoProcess,
    ]))
}

fn timer() -> impl Strategy<Value = Option<Timer>> {
    prop::option::of((any::<u32>(), any::<u8>()).prop_map(|(expires_ms, retransmits)| Timer {
        kind: TimerKind::On,
        expires_ms,
        retransmits,
    }))
}

prop_compose! {
    fn socket()(
        protocol in select(PROTOCOLS),
        family in select(vec![Family::Ipv4, Family::Ipv6, Family::Unix]),
        state in prop_oneof![select(State::NAMED.to_vec()), any::<u8>().prop_map(State::Other)],
        namespace in select(vec![HOST, INSIDE, NamespaceId(99)]),
        local in endpoint(),
        peer in prop::option::of(endpoint()),
        (inode, v6only, uid) in (0_u64..4, any::<Option<bool>>(), any::<Option<u32>>()),
        pids in prop::collection::vec(1_u32..5, 0..3),
        no_holder in no_holder(),
        timer in timer(),
        from_text in any::<bool>(),
    ) -> Socket {
        let source = if from_text { Source::ProcNet } else { Source::SockDiag };
        Socket {
            peer, inode, v6only, uid, no_holder, timer,
            holders: pids.iter().map(|&pid| Holder { pid, fd: 3, name: "p".into() }).collect(),
            ..Socket::new(protocol, family, namespace, state, local, source)
        }
    }
}

fn probe() -> impl Strategy<Value = Probe> {
    let occupancies = vec![Occupancy::Free, Occupancy::InUse, Occupancy::Unknown(Errno::ACCESS)];
    let addresses: Vec<IpAddr> = vec!["0.0.0.0".parse().unwrap(), "::".parse().unwrap()];
    (select(PROTOCOLS), select(addresses), select(occupancies))
        .prop_map(|(protocol, address, occupancy)| Probe { protocol, address, occupancy })
}

fn hidden_process() -> impl Strategy<Value = HiddenProcess> {
    let mount = Disguise::Mount { point: "/proc/3".to_owned(), file_system: "tmpfs".to_owned() };
    (any::<u32>(), select(vec![mount, Disguise::Unlisted, Disguise::Descriptors]), any::<bool>())
        .prop_map(|(pid, disguise, holds)| HiddenProcess { pid, disguise, holds, name: None })
}

fn parked() -> impl Strategy<Value = ParkedDescriptor> {
    prop_oneof![Just(Parking::IoUring), any::<u32>().prop_map(Parking::InFlight)]
        .prop_map(|parking| ParkedDescriptor { pid: 3, name: "p".into(), fd: 5, parking })
}

fn gap() -> impl Strategy<Value = Unseen> {
    let subjects = vec![UnseenSubject::Sockets, UnseenSubject::Namespace, UnseenSubject::Processes];
    let reasons = vec![UnseenReason::Permission, UnseenReason::Unsupported, UnseenReason::Vanished];
    (select(subjects), select(reasons)).prop_map(|(subject, reason)| unseen(subject, reason))
}

prop_compose! {
    fn any_views()(
        sockets in prop::collection::vec(socket(), 0..8),
        rows in prop::collection::vec((select(vec!["tcp", "tcp6", "udp", "6", ""]), socket()), 0..4),
        probes in prop::collection::vec(probe(), 0..5),
        users in prop::collection::vec(select(PROTOCOLS).prop_map(kernel_user), 0..3),
        (hidden, parked) in
            (prop::collection::vec(hidden_process(), 0..3), prop::collection::vec(parked(), 0..3)),
        gaps in prop::collection::vec(gap(), 0..3),
        (listed, closed, searched) in any::<(u32, u32, bool)>(),
        (reserved, reserved_ports) in any::<(Option<String>, Option<String>)>(),
        (ephemeral, unprivileged_start) in any::<(Option<(u16, u16)>, Option<u16>)>(),
        (kernel, privileged, activated) in ("\\PC{0,8}|[0-9]{1,2}\\.[0-9]{1,2}", any::<bool>(), any::<bool>()),
    ) -> Views {
        let mut machine = Machine::new();
        machine.process(1, "/usr/lib/systemd/systemd");
        machine.process(3, "/usr/bin/p").container = Some("c0ffee".into());
        machine.snapshot.sockets = sockets;
        machine.snapshot.host.kernel = kernel;
        machine.snapshot.host.privileged = privileged;
        machine.snapshot.unseen = gaps;
        machine.activation =
            activated.then(|| Activation { socket_unit: "a.socket".into(), starts: None });
        let mut views = views(&machine);
        views.proc_net = rows
            .into_iter()
            .map(|(table, row)| SecondView { table: table.to_owned(), sockets: vec![row] })
            .collect();
        views.probes = probes;
        views.kernel_users = users;
        views.reserved = reserved.map(|ports| Reserved { ports });
        (views.reserved_ports, views.ephemeral, views.unprivileged_start) =
            (reserved_ports, ephemeral, unprivileged_start);
        views.processes = crate::who::Processes { listed, closed, hidden, searched, parked };
        views
    }
}

proptest! {
    #[test]
    fn every_answer_has_evidence_and_advice_and_every_taken_port_a_reason(
        views in any_views(),
        port in 1_u16..,
        protocols in prop::collection::vec(select(PROTOCOLS), 0..4),
        namespace in select(vec![HOST, INSIDE, NamespaceId(77)]),
    ) {
        let answer = explain(&Query { port, protocols, namespace }, &views);
        check(&answer);
        if answer.verdict == Verdict::Taken {
            prop_assert!(!answer.reasons.is_empty());
        }
        let here = views.snapshot.sockets.iter().filter(|socket| socket.namespace == namespace);
        prop_assert_eq!(
            answer.verdict == Verdict::Held,
            here.clone().any(|socket| !socket.holders.is_empty())
        );
        prop_assert!(here.count() >= answer.others.iter().map(|count| count.count as usize).sum());
    }
}
