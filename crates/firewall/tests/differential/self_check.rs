//! The harness itself: rulesets whose outcome anybody can tell.

use std::net::IpAddr;

use portreeve_linux::Errno;

use crate::campaign::within_new_host;
use crate::generate::{Random, case};
use crate::kernel::{Answer, Host, Observed, Verdict, WIRES};
use crate::packet::{Extensions, Injection, Link, Marker, Origin, Packet, State, Transport};
use crate::ruleset::{HostSettings, Restore, Scripts, XtablesBackend};

const RULES: &str = "
table inet t {
    chain in {
        type filter hook input priority 0; policy drop;
        ct state established accept
        tcp dport 80 accept
        tcp dport 81 reject with tcp reset
        udp dport 7 reject
    }
    chain out {
        type filter hook output priority 0; policy accept;
        tcp dport 82 drop
    }
}
";

const OUTSIDE: Origin = Origin::Wire { wire: 0, link: Link::Host };
const OWN: Origin = Origin::Socket { user: 0, group: 0 };

fn packet(origin: Origin, source: &str, destination: &str, transport: Transport) -> Packet {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    Packet {
        origin,
        source: address(source),
        destination: address(destination),
        ttl: 64,
        tos: 0,
        fragment: 0,
        extensions: Extensions::default(),
        transport,
        payload: b"payload".to_vec(),
        state: State::New,
    }
}

fn tcp(destination: u16, flags: u8) -> Transport {
    Transport::Tcp { source: 40000, destination, flags, window: 1000, options: Vec::new() }
}

/// Delivered, wires it left by, answers.
fn outcome(host: &mut Host, packet: &Packet) -> (bool, Vec<&'static str>, Vec<Answer>) {
    let marker = host.next_marker();
    let Observed { delivered, forwarded, answers, .. } = host.inject(&packet.injection(marker));
    let wires = forwarded.iter().map(|(wire, _)| WIRES[*wire]).collect();
    // A closed port's own answer is no refusal.
    (!delivered.is_empty(), wires, if delivered.is_empty() { answers } else { Vec::new() })
}

fn forwarding() -> HostSettings {
    let names = ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"];
    HostSettings {
        parameters: names.map(|name| (name.to_owned(), "1".to_owned())).into(),
        objects: Vec::new(),
    }
}

#[test]
fn what_rules_say_is_what_is_seen() {
    let rules = Scripts { nft: RULES.to_owned(), host: forwarding(), ..Scripts::default() };
    within_new_host(|host| {
        host.load_scripts(&rules).unwrap();
        let port_unreachable = Answer::Icmp { kind: 3, code: 3 };
        let port_unreachable6 = Answer::Icmp6 { kind: 1, code: 4 };
        let udp = Transport::Udp { source: 9, destination: 7 };
        let (v4, v6) = (("192.0.2.10", "192.0.2.1"), ("2001:db8:1::a", "2001:db8:1::1"));
        let mut established = packet(OUTSIDE, v4.0, v4.1, tcp(99, 0x10));
        established.state = State::Established { mark: 7 };
        let mut reply = packet(OUTSIDE, v6.0, v6.1, tcp(99, 0x10));
        reply.state = State::Reply { mark: 7 };
        let across = Origin::Wire { wire: 2, link: Link::Across };
        let none: [&str; 0] = [];
        let expected: &[(Packet, bool, &[&str], &[Answer])] = &[
            (packet(OUTSIDE, v4.0, v4.1, tcp(80, 2)), true, &none, &[]),
            (packet(OUTSIDE, v6.0, v6.1, tcp(80, 2)), true, &none, &[]),
            (packet(OUTSIDE, v4.0, v4.1, tcp(81, 2)), false, &none, &[Answer::TcpReset]),
            (packet(OUTSIDE, v6.0, v6.1, tcp(81, 2)), false, &none, &[Answer::TcpReset]),
            (packet(OUTSIDE, v4.0, v4.1, udp.clone()), false, &none, &[port_unreachable]),
            (packet(OUTSIDE, v6.0, v6.1, udp), false, &none, &[port_unreachable6]),
            (packet(OUTSIDE, v4.0, v4.1, tcp(99, 2)), false, &none, &[]),
            (established, true, &none, &[]),
            (reply, true, &none, &[]),
            (packet(OUTSIDE, v4.0, "10.1.0.7", tcp(80, 2)), false, &["eth1"], &[]),
            (packet(OUTSIDE, v4.0, "10.2.0.3", tcp(80, 2)), false, &["p1"], &[]),
            (packet(OUTSIDE, v6.0, "2001:db8:3::13", tcp(80, 2)), false, &["p2"], &[]),
            (packet(across, "10.2.0.2", "10.2.0.18", tcp(80, 2)), false, &["p2"], &[]),
            (packet(OWN, "192.0.2.1", "192.0.2.99", tcp(80, 2)), false, &["eth0"], &[]),
            (packet(OWN, "::1", "::1", tcp(80, 2)), true, &none, &[]),
        ];
        for (packet, delivered, wires, answers) in expected {
            let seen = outcome(host, packet);
            assert_eq!(seen, (*delivered, wires.to_vec(), answers.to_vec()), "{packet:?}");
        }
        let marker = host.next_marker();
        let dropped = host.inject(&packet(OWN, "192.0.2.1", "192.0.2.99", tcp(82, 2)).injection(marker));
        assert_eq!(dropped.sent, Some(Errno::PERM));
        assert_eq!(dropped.path.len(), 1);
        assert!(matches!(dropped.path[0].verdict, Verdict::Rule(..)));
    });
}

#[test]
fn legacy_rules_are_seen_by_delivery_alone_and_are_gone_afterwards() {
    let script = "*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n".to_owned();
    let legacy = Restore { backend: XtablesBackend::Legacy, v6: false, script };
    let rules = Scripts { xtables: vec![legacy], ..Scripts::default() };
    within_new_host(|host| {
        let to_host = packet(OUTSIDE, "192.0.2.10", "192.0.2.1", tcp(80, 2));
        host.load_scripts(&rules).unwrap();
        assert!(!host.is_fresh());
        let marker = host.next_marker();
        let seen = host.inject(&to_host.injection(marker));
        assert_eq!((seen.delivered.len(), seen.path.len()), (0, 0));
        host.load_scripts(&Scripts::default()).unwrap();
        assert!(outcome(host, &to_host).0);
    });
}

#[test]
fn a_seed_makes_the_same_case_again_and_packets_keep_their_marker() {
    let (first, again) = (case(5, 20, &[]), case(5, 20, &[]));
    assert_eq!(first, again);
    assert_ne!(first.ruleset, case(6, 20, &[]).ruleset);
    for (number, packet) in first.packets.iter().enumerate() {
        let injection = packet.injection(Marker(number as u16));
        assert_eq!(injection.marker(), Marker(number as u16));
        let headers = injection.headers();
        assert_eq!((headers.source, headers.protocol), (packet.source, packet.protocol()));
    }
    assert_ne!(Random::new(1).next(), Random::new(2).next());
}

#[test]
fn a_packet_survives_a_scenario_file() {
    for packet in case(7, 30, &[]).packets {
        let injection = packet.injection(Marker(9));
        assert_eq!(Injection::from(&crate::scenario::PacketText::from(&injection)), injection);
    }
}
