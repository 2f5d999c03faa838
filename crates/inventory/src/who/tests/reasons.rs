//! Each reason by itself.

use portreeve_linux::probe::Occupancy;
use portreeve_model::listener::Activation;
use portreeve_model::socket::{Ground, LikelyOwner};
use portreeve_model::who::{ReasonKind, Verdict};
use portreeve_model::{Endpoint, NoHolder, Protocol, State, Timer, TimerKind, UnseenReason, UnseenSubject};

use super::scene::{PORT, answer, kernel_user, kinds, left, tcp, unseen};
use crate::findings::testing::{INSIDE, Machine};
use crate::who::{Disguise, HiddenProcess, ParkedDescriptor, Parking, Reserved};

#[test]
fn a_plain_listener_needs_no_reason() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[7]);
    let answer = answer(&machine, |_| {});
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Held, vec![]));
    assert_eq!(answer.listeners.len(), 1);
}

#[test]
fn other_namespace() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[7]).namespace = INSIDE;
    let answer = answer(&machine, |_| {});
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Free, vec![ReasonKind::OtherNamespace]));
    let reason = &answer.reasons[0];
    assert!(reason.statement.contains("open in network namespace c0ffee"), "{}", reason.statement);
    assert_eq!(reason.evidence, ["tcp 0.0.0.0:8080 in c0ffee (net:[2]), held by server(7)"]);
    assert!(answer.advice[0].contains("nothing has to be done"));
}

#[test]
fn several_other_namespaces_are_counted_and_the_list_is_bounded() {
    let mut machine = Machine::new();
    for number in 0..12 {
        tcp(&mut machine, &[7]).namespace = portreeve_model::NamespaceId(10 + number);
    }
    let answer = answer(&machine, |_| {});
    assert!(answer.reasons[0].statement.contains("12 other network namespaces"));
    assert_eq!(answer.reasons[0].evidence.len(), 9);
    assert_eq!(answer.reasons[0].evidence[8], "and 4 more: --json lists all of them");
}

#[test]
fn no_permission() {
    let mut machine = Machine::new();
    let socket = tcp(&mut machine, &[]);
    (socket.no_holder, socket.uid) = (Some(NoHolder::Permission), Some(33));
    machine.snapshot.host.privileged = false;
    let answer = answer(&machine, |views| views.processes.closed = 39);
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Taken, vec![ReasonKind::NoPermission]));
    assert_eq!(
        answer.reasons[0].evidence,
        [
            "tcp 0.0.0.0:8080 was made by uid 33, inode 1",
            "the descriptors of 39 of 40 processes may not be read"
        ]
    );
    assert_eq!(answer.advice, ["see the holder: sudo portreeve who 8080"]);
}

#[test]
fn no_permission_where_even_root_lacks_it_does_not_send_for_root() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[]).no_holder = Some(NoHolder::Permission);
    let answer = answer(&machine, |views| {
        views.processes.closed = 1;
        views.snapshot.unseen = vec![unseen(UnseenSubject::Processes, UnseenReason::Permission)];
    });
    assert_eq!(kinds(&answer), [ReasonKind::NoPermission]);
    assert!(!answer.advice.iter().any(|step| step.contains("sudo")), "{:?}", answer.advice);
    assert!(answer.reasons[0].evidence.contains(&"not seen".to_owned()));
}

#[test]
fn kernel_socket() {
    let mut machine = Machine::new();
    machine.listen(Protocol::Udp, "0.0.0.0:8080", &[]);
    machine.listen(Protocol::Udp, "[::]:8080", &[]).v6only = Some(true);
    let answer = answer(&machine, |views| views.kernel_users = vec![kernel_user(Protocol::Udp)]);
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Taken, vec![ReasonKind::KernelSocket]));
    let reason = &answer.reasons[0];
    assert!(reason.statement.contains("WireGuard device wg0"));
    assert_eq!(reason.evidence[0], "device wg0 listens on UDP port 8080: wg show wg0 listen-port");
    assert_eq!(
        reason.evidence[1],
        "udp 0.0.0.0:8080 (inode 1) is not open in any of the 40 processes that could be looked into"
    );
    assert_eq!(answer.advice, ["take the tunnel down: ip link set dev wg0 down"]);
}

#[test]
fn a_kernel_user_explains_its_own_protocol_and_only_while_there_is_a_socket() {
    let mut machine = Machine::new();
    let idle = answer(&machine, |views| views.kernel_users = vec![kernel_user(Protocol::Udp)]);
    assert_eq!((idle.verdict, kinds(&idle)), (Verdict::Free, vec![]), "the device is down");
    tcp(&mut machine, &[]).no_holder = Some(NoHolder::Permission);
    let other = answer(&machine, |views| views.kernel_users = vec![kernel_user(Protocol::Udp)]);
    assert_eq!(kinds(&other), [ReasonKind::NoPermission]);
}

#[test]
fn a_socket_without_any_explanation_is_most_likely_the_kernels() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[]);
    let answer = answer(&machine, |views| views.processes.searched = true);
    assert_eq!(kinds(&answer), [ReasonKind::KernelSocket]);
    assert!(answer.reasons[0].statement.contains("most likely"));
    assert!(answer.reasons[0].evidence.iter().any(|fact| fact.contains("no hidden process was found")));
    assert!(answer.advice[0].contains("rpcinfo -p"));
}

#[test]
fn socket_activation() {
    let mut machine = Machine::new();
    machine.process(1, "/usr/lib/systemd/systemd");
    machine.activation =
        Some(Activation { socket_unit: "web.socket".into(), starts: Some("web.service".into()) });
    machine.listen(Protocol::Tcp, "0.0.0.0:8080", &[1]);
    let waiting = answer(&machine, |_| {});
    assert_eq!((waiting.verdict, kinds(&waiting)), (Verdict::Held, vec![ReasonKind::SocketActivation]));
    assert_eq!(
        waiting.reasons[0].statement,
        "systemd(1) keeps 8080/tcp open for web.service, which the first connection starts"
    );
    assert!(
        waiting.reasons[0]
            .evidence
            .contains(&"web.socket is the unit it is open for: systemctl status web.socket".to_owned())
    );
    assert_eq!(waiting.advice[0], "close the port until the next boot: systemctl stop web.socket");
    assert!(waiting.advice[2].contains("the next connection starts it again"));

    machine.snapshot.sockets.clear();
    machine.process(9, "/usr/sbin/web");
    machine.listen(Protocol::Tcp, "0.0.0.0:8080", &[1, 9]);
    let running = answer(&machine, |_| {});
    assert_eq!(
        running.reasons[0].statement,
        "systemd(1) opened 8080/tcp and started web.service, which holds it too as web(9)"
    );
}

#[test]
fn reuse_port_group() {
    let mut machine = Machine::new();
    for pid in [7, 8, 9] {
        tcp(&mut machine, &[pid]);
    }
    let answer = answer(&machine, |_| {});
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Held, vec![ReasonKind::ReusePortGroup]));
    assert_eq!(
        answer.reasons[0].statement,
        "3 sockets share tcp 0.0.0.0:8080 through SO_REUSEPORT: each connection goes to one of them"
    );
    assert_eq!(answer.reasons[0].evidence[1], "socket with inode 2: server(8)");
}

#[test]
fn multicast_receivers_share_by_so_reuseaddr_too() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/sbin/avahi-daemon");
    machine.process(8, "/usr/bin/chromium");
    for pid in [7, 8] {
        machine.listen(Protocol::Udp, "0.0.0.0:8080", &[pid]);
    }
    let answer = answer(&machine, |_| {});
    assert_eq!(kinds(&answer), [ReasonKind::ReusePortGroup]);
    assert!(answer.reasons[0].statement.contains("(SO_REUSEPORT or SO_REUSEADDR)"));
}

#[test]
fn different_addresses_and_devices_are_no_group() {
    let mut machine = Machine::new();
    for (address, index) in [("127.0.0.1:8080", 0), ("10.0.0.1:8080", 0), ("10.0.0.1:8080", 2)] {
        machine.process(7, "/usr/bin/server");
        let socket = machine.listen(Protocol::Tcp, address, &[7]);
        socket.interface =
            (index != 0).then_some(portreeve_model::Interface { index, name: Some("eth0".into()) });
    }
    assert_eq!(kinds(&answer(&machine, |_| {})), []);
}

#[test]
fn time_wait() {
    let mut machine = Machine::new();
    for (peer, expires_ms) in [("10.0.0.2:1000", 5_000), ("10.0.0.3:1000", 59_400)] {
        let socket = left(&mut machine, State::TimeWait, Some(peer), NoHolder::TimeWait);
        socket.timer = Some(Timer { kind: TimerKind::Timewait, expires_ms, retransmits: 0 });
    }
    let answer = answer(&machine, |_| {});
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Taken, vec![ReasonKind::TimeWait]));
    assert_eq!(
        answer.reasons[0].evidence,
        ["for example 10.0.0.1:8080 to 10.0.0.2:1000", "the last of them ends in 59.4 s"]
    );
    assert!(answer.advice[0].contains("SO_REUSEADDR"));
    assert_eq!(answer.others[0].count, 2);
}

#[test]
fn orphans() {
    let mut machine = Machine::new();
    let peer = Some("10.0.0.2:1000");
    left(&mut machine, State::FinWait2, peer, NoHolder::Orphan).likely_owner =
        Some(LikelyOwner { name: "server".into(), pid: 7, ground: Ground::ListenerOnLocalPort });
    left(&mut machine, State::LastAck, peer, NoHolder::Orphan).timer =
        Some(Timer { kind: TimerKind::On, expires_ms: 800, retransmits: 1 });
    let answer = answer(&machine, |_| {});
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Taken, vec![ReasonKind::Orphans]));
    assert_eq!(
        answer.reasons[0].evidence,
        [
            "1 in FIN-WAIT-2, 1 in LAST-ACK; no process can have them open, for they have no inode",
            "the kernel acts on the last of them in 0.8 s (1 try so far)",
            "most likely left by server(7), which listens on that port",
        ]
    );
}

#[test]
fn bound_only() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[7]).state = State::Bound;
    let answer = answer(&machine, |_| {});
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Held, vec![ReasonKind::BoundOnly]));
    assert!(answer.reasons[0].statement.starts_with("server(7) has bound port 8080"));
    assert!(answer.advice.iter().any(|step| step.contains("why it does not listen")));
}

#[test]
fn bound_only_sockets_that_an_older_kernel_does_not_list_are_no_rootkit() {
    let mut machine = Machine::new();
    for (release, kind) in [
        ("6.1.0-18-amd64", ReasonKind::BoundOnly),
        ("6.7.12", ReasonKind::BoundOnly),
        ("unreadable", ReasonKind::BoundOnly),
        ("6.8.0", ReasonKind::ViewsDisagree),
        ("7.0.1", ReasonKind::ViewsDisagree),
    ] {
        machine.snapshot.host.kernel = release.to_owned();
        let answer = answer(&machine, |views| {
            for probe in views.probes.iter_mut().filter(|probe| probe.protocol == Protocol::Tcp) {
                probe.occupancy = Occupancy::InUse;
            }
        });
        assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Taken, vec![kind]), "{release}");
    }
}

#[test]
fn connections() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/bin/curl");
    for peer in [443, 444] {
        let socket = tcp(&mut machine, &[7]);
        socket.state = State::Established;
        socket.peer = Some(Endpoint::Inet { address: "192.0.2.1".parse().unwrap(), port: peer });
    }
    let answer = answer(&machine, |views| views.ephemeral = Some((1024, 60999)));
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Held, vec![ReasonKind::Connections]));
    assert_eq!(
        answer.reasons[0].statement,
        "2 connections have 8080 as local port, and nothing listens there"
    );
    assert_eq!(answer.reasons[0].evidence[0], "tcp 0.0.0.0:8080 to 192.0.2.1:443, ESTAB, held by curl(7)");
    assert!(answer.reasons[0].evidence[1].contains("chooses from 1024 to 60999"));
}

#[test]
fn reserved() {
    let machine = Machine::new();
    let answer = answer(&machine, |views| {
        views.reserved = Some(Reserved { ports: "8080-8089".to_owned() });
    });
    assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Free, vec![ReasonKind::Reserved]));
    assert_eq!(answer.reasons[0].evidence, ["net.ipv4.ip_local_reserved_ports = 8080-8089"]);
}

fn hidden(disguise: Disguise, holds: bool) -> HiddenProcess {
    HiddenProcess { pid: 66, disguise, holds, name: None }
}

#[test]
fn hidden_process() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[]);
    let mount = Disguise::Mount { point: "/proc/66".to_owned(), file_system: "tmpfs".to_owned() };
    for (disguise, how) in [
        (mount, "a tmpfs is mounted over /proc/66"),
        (Disguise::Unlisted, "process 66 exists (pidfd_open finds it) and /proc does not list it"),
        (Disguise::Descriptors, "/proc/66/fd does not show a descriptor that the kernel's own table has"),
    ] {
        for holds in [true, false] {
            let answer =
                answer(&machine, |views| views.processes.hidden = vec![hidden(disguise.clone(), holds)]);
            assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Taken, vec![ReasonKind::HiddenProcess]));
            let reason = &answer.reasons[0];
            assert!(reason.evidence[0].starts_with(how), "{reason:?}");
            assert_eq!(reason.statement.contains("holds 8080/tcp and is hidden"), holds, "{reason:?}");
            assert_eq!(reason.statement.contains("it may be the one"), !holds, "{reason:?}");
            assert!(answer.advice.iter().any(|step| step.contains("treat the machine as compromised")));
        }
    }
}

#[test]
fn descriptor_in_flight_and_in_a_ring() {
    let mut machine = Machine::new();
    tcp(&mut machine, &[]);
    for (parking, part) in
        [(Parking::InFlight(1), "probably in flight"), (Parking::IoUring, "registered with an io_uring")]
    {
        let answer = answer(&machine, |views| {
            views.processes.parked = vec![ParkedDescriptor { pid: 7, name: "pool".into(), fd: 5, parking }];
        });
        assert_eq!((answer.verdict, kinds(&answer)), (Verdict::Taken, vec![ReasonKind::DescriptorInFlight]));
        assert!(answer.reasons[0].statement.contains(part));
        assert!(answer.reasons[0].evidence[0].contains("/proc/7/fdinfo/5"));
        assert!(answer.advice[0].contains("/proc/7/stack"), "{:?}", answer.advice);
    }
}

#[test]
fn statements_name_the_port() {
    let mut machine = Machine::new();
    left(&mut machine, State::TimeWait, Some("10.0.0.2:1000"), NoHolder::TimeWait);
    let answer = answer(&machine, |_| {});
    assert!(answer.reasons.iter().all(|reason| reason.statement.contains(&PORT.to_string())));
}
