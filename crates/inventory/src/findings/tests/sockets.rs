//! Rules about sockets.

use portreeve_model::{Endpoint, NoHolder, Protocol, Severity, Source, Subject};

use crate::findings::testing::{HOST, INSIDE, Machine};
use crate::findings::{accept_queue, unowned, wiretap};

#[test]
fn packet_sockets_by_holder_and_ethertype() {
    for (path, ethertype, severity) in [
        ("/home/u/agent", 3, Severity::High),
        ("/usr/sbin/agent", 3, Severity::High),
        ("/home/u/agent", 0x0806, Severity::Low),
        ("/usr/sbin/dhclient", 3, Severity::Info),
        ("/usr/lib/systemd/systemd-networkd", 0x88cc, Severity::Info),
        ("/usr/bin/tcpdump", 3, Severity::Info),
        // The name alone is anyone's choice.
        ("/tmp/dhclient", 3, Severity::High),
    ] {
        let mut machine = Machine::new();
        machine.process(7, path);
        machine.sniff(ethertype, &[7]);
        let finding = machine.only(wiretap::packet_sniffer);
        assert_eq!(finding.severity, severity, "{path} {ethertype:#x}: {}", finding.title);
        assert_eq!(finding.reproduce.as_deref(), Some("ss -0lnp"));
    }
    let mut machine = Machine::new();
    machine.process(7, "/home/u/agent");
    machine.sniff(0, &[7]);
    assert!(machine.find(wiretap::packet_sniffer).is_empty(), "a socket that only sends");
}

#[test]
fn a_sniffer_without_a_process_is_worse_than_one_unseen() {
    let mut machine = Machine::new();
    machine.sniff(3, &[]).no_holder = Some(NoHolder::NoProcess);
    machine.sniff(3, &[]).no_holder = Some(NoHolder::Permission);
    let severities: Vec<Severity> =
        machine.find(wiretap::packet_sniffer).iter().map(|finding| finding.severity).collect();
    assert_eq!(severities.len(), 2);
    assert!(severities.contains(&Severity::High) && severities.contains(&Severity::Medium));
}

#[test]
fn a_sniffer_in_a_namespace_without_a_way_in_is_still_told() {
    let mut machine = Machine::new();
    machine.sniff(3, &[]).namespace = INSIDE;
    assert_eq!(machine.only(wiretap::packet_sniffer).reproduce, None);
}

#[test]
fn raw_sockets_of_programs_not_known_to_need_one() {
    let raw = |path: &str, protocol: u16| {
        let mut machine = Machine::new();
        machine.process(7, path);
        let socket = machine.listen(Protocol::Raw, "0.0.0.0:0", &[7]);
        socket.local = Endpoint::Inet { address: "0.0.0.0".parse().unwrap(), port: protocol };
        machine.find(wiretap::raw_socket).first().map(|finding| finding.severity)
    };
    assert_eq!(raw("/srv/tunnel", 1), Some(Severity::Low));
    assert_eq!(raw("/srv/tunnel", 255), Some(Severity::Info));
    assert_eq!(raw("/usr/bin/ping", 1), None);
    assert_eq!(raw("/usr/sbin/keepalived", 112), None);
    assert_eq!(raw("/tmp/ping", 1), Some(Severity::Low));
}

#[test]
fn listeners_without_an_owner_say_why() {
    for (protocol, address, reason, severity) in [
        (Protocol::Tcp, "0.0.0.0:4444", NoHolder::NoProcess, Severity::Medium),
        (Protocol::Tcp, "0.0.0.0:2049", NoHolder::NoProcess, Severity::Info),
        (Protocol::Udp, "0.0.0.0:51820", NoHolder::NoProcess, Severity::Info),
        (Protocol::Udp, "0.0.0.0:40000", NoHolder::NoProcess, Severity::Low),
        (Protocol::Tcp, "127.0.0.1:4444", NoHolder::Permission, Severity::Info),
    ] {
        let mut machine = Machine::new();
        machine.listen(protocol, address, &[]).no_holder = Some(reason);
        let finding = machine.only(unowned::owner_unknown);
        assert_eq!(finding.severity, severity, "{protocol} {address}: {}", finding.title);
        assert!(finding.evidence.iter().any(|line| line == reason.phrase()), "{finding:#?}");
    }
    let mut machine = Machine::new();
    machine.process(7, "/usr/sbin/app");
    machine.listen(Protocol::Tcp, "0.0.0.0:4444", &[7]);
    machine.listen(Protocol::Tcp, "0.0.0.0:4445", &[]).no_holder = None;
    assert!(machine.find(unowned::owner_unknown).is_empty(), "held, and owners not asked for");
}

#[test]
fn unseen_owners_share_a_finding() {
    let mut machine = Machine::new();
    for port in [80, 443, 8080] {
        machine.listen(Protocol::Tcp, &format!("0.0.0.0:{port}"), &[]).no_holder = Some(NoHolder::Permission);
    }
    let finding = machine.only(unowned::owner_unknown);
    assert_eq!(finding.subjects.len(), 3);
    assert!(finding.title.contains("and 2 more"), "{}", finding.title);
}

#[test]
fn an_accept_queue_is_full_above_its_limit() {
    let queue = |length: u32, limit: u32, drops: Option<u32>| {
        let mut machine = Machine::new();
        machine.process(7, "/usr/sbin/app");
        let socket = machine.listen(Protocol::Tcp, "0.0.0.0:80", &[7]);
        (socket.receive_queue, socket.send_queue, socket.drops) = (length, limit, drops);
        machine.find(accept_queue::overflow).first().map(|finding| finding.severity)
    };
    assert_eq!(queue(129, 128, None), Some(Severity::High));
    assert_eq!(queue(128, 128, None), None, "one more fits");
    assert_eq!(queue(0, 128, Some(3)), Some(Severity::Medium));
    assert_eq!(queue(0, 128, Some(0)), None);
    assert_eq!(queue(1, 0, None), Some(Severity::High));
}

#[test]
fn one_full_member_of_a_group_is_found_though_the_sum_looks_well() {
    let mut machine = Machine::new();
    for pid in 10..14 {
        machine.process(pid, "/usr/sbin/app");
        machine.listen(Protocol::Tcp, "0.0.0.0:80", &[pid]);
    }
    machine.snapshot.sockets[2].receive_queue = 500;
    let finding = machine.only(accept_queue::overflow);
    assert_eq!(finding.severity, Severity::High);
    assert!(finding.evidence.iter().any(|line| line.starts_with("1 of 4 sockets")), "{finding:#?}");
    assert_eq!(
        finding.subjects,
        [Subject::Listener { protocol: Protocol::Tcp, address: "0.0.0.0:80".to_owned(), namespace: HOST }]
    );
}

#[test]
fn proc_net_shows_no_limit_and_datagram_sockets_have_no_accept_queue() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/sbin/app");
    let socket = machine.listen(Protocol::Tcp, "0.0.0.0:80", &[7]);
    (socket.receive_queue, socket.send_queue, socket.source) = (5, 0, Source::ProcNet);
    let socket = machine.listen(Protocol::Udp, "0.0.0.0:53", &[7]);
    (socket.receive_queue, socket.send_queue, socket.drops) = (5000, 0, Some(9));
    assert!(machine.find(accept_queue::overflow).is_empty());
}

#[test]
fn reproduction_enters_the_namespace() {
    let mut machine = Machine::new();
    machine.process(7, "/usr/sbin/app").namespace = Some(INSIDE);
    let socket = machine.listen(Protocol::Tcp, "0.0.0.0:80", &[7]);
    (socket.receive_queue, socket.namespace) = (500, INSIDE);
    let finding = machine.only(accept_queue::overflow);
    assert_eq!(finding.reproduce.as_deref(), Some("nsenter --net=/proc/7/ns/net ss -tlnpm 'sport = :80'"));
}
