//! The harness checked by rulesets whose outcome anybody can tell.

use std::net::IpAddr;

use portreeve_linux::namespace::NetworkNamespace;

use crate::kernel::{Answer, Host, Observed};
use crate::packet::{Marker, Extensions, Link, Origin, Packet, State, Transport};
use crate::ruleset::{Chain, Rule, Ruleset, Table, XtTable, XtablesBackend};

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

fn tcp(destination: u16) -> Transport {
    Transport::Tcp { source: 40000, destination, flags: 2, window: 1000, options: Vec::new() }
}

const OUTSIDE: Origin = Origin::Wire { wire: 0, link: Link::Host };
const OWN: Origin = Origin::Socket { user: 0, group: 0 };

fn show(observed: &Observed) -> String {
    format!(
        "{:#?}\n{} delivered, {:?} forwarded, {:?}, {:?}",
        observed.path,
        observed.delivered.len(),
        observed.forwarded.iter().map(|(wire, _)| wire).collect::<Vec<_>>(),
        observed.answers,
        observed.sent
    )
}

#[test]
fn speed() {
    NetworkNamespace::within_new(|| {
        let start = std::time::Instant::now();
        let mut host = Host::build();
        println!("build {:?}", start.elapsed());
        let rules = |texts: &[&str]| -> Vec<Rule> {
            texts
                .iter()
                .enumerate()
                .map(|(id, text)| Rule { id: id as u32, text: (*text).to_owned(), constructs: vec![] })
                .collect()
        };
        let mut ruleset = Ruleset::default();
        ruleset.tables.push(Table {
            family: "inet",
            name: "t0".into(),
            objects: vec![],
            chains: vec![
                Chain {
                    name: "in".into(),
                    base: Some("type filter hook input priority 0; policy drop;".into()),
                    rules: rules(&["ct state established accept", "tcp dport 80 accept", "tcp dport 81 reject with tcp reset", "udp dport 7 reject"]),
                },
                Chain {
                    name: "out".into(),
                    base: Some("type filter hook output priority 0; policy accept;".into()),
                    rules: rules(&["tcp dport 81 reject", "tcp dport 82 drop"]),
                },
            ],
        });
        ruleset.host.parameters.push(("net.ipv4.ip_forward".into(), "1".into()));
        ruleset.host.parameters.push(("net.ipv6.conf.all.forwarding".into(), "1".into()));
        for (name, rs) in [("nft only", ruleset.clone()), ("with legacy", {
            let mut r = ruleset.clone();
            r.xtables.push(XtTable { backend: XtablesBackend::Legacy, v6: false, name: "filter", chains: vec![Chain { name: "FORWARD".into(), base: Some("DROP".into()), rules: vec![] }] });
            r.xtables.push(XtTable { backend: XtablesBackend::Nft, v6: false, name: "filter", chains: vec![Chain { name: "FORWARD".into(), base: Some("ACCEPT".into()), rules: vec![] }] });
            r
        })] {
            for _ in 0..3 {
                let start = std::time::Instant::now();
                host.load(&rs).unwrap();
                println!("{name}: load {:?}", start.elapsed());
            }
            let mut established = packet(OUTSIDE, "192.0.2.10", "192.0.2.1", tcp(83));
            established.state = State::Established { mark: 7 };
            let mut reply = packet(OUTSIDE, "2001:db8:1::5", "2001:db8:1::1", tcp(83));
            reply.state = State::Reply { mark: 7 };
            for p in [
                packet(OUTSIDE, "192.0.2.10", "192.0.2.1", tcp(80)),
                packet(OUTSIDE, "192.0.2.10", "192.0.2.1", tcp(81)),
                packet(OUTSIDE, "192.0.2.10", "192.0.2.1", Transport::Udp { source: 1, destination: 7 }),
                packet(OUTSIDE, "2001:db8:1::5", "2001:db8:1::1", tcp(80)),
                packet(OUTSIDE, "2001:db8:1::5", "2001:db8:1::1", tcp(81)),
                packet(OUTSIDE, "2001:db8:1::5", "2001:db8:1::1", Transport::Udp { source: 1, destination: 7 }),
                packet(OUTSIDE, "192.0.2.10", "10.1.0.7", tcp(80)),
                packet(OUTSIDE, "2001:db8:1::5", "2001:db8:2::7", tcp(80)),
                packet(OUTSIDE, "192.0.2.10", "10.2.0.3", tcp(80)),
                packet(OUTSIDE, "192.0.2.10", "10.2.0.19", tcp(80)),
                packet(OUTSIDE, "2001:db8:1::5", "2001:db8:3::3", tcp(80)),
                packet(Origin::Wire { wire: 2, link: Link::Across }, "10.2.0.2", "10.2.0.18", tcp(80)),
                packet(Origin::Wire { wire: 2, link: Link::Host }, "10.2.0.2", "10.2.0.1", tcp(80)),
                packet(OWN, "192.0.2.1", "192.0.2.99", tcp(80)),
                packet(OWN, "192.0.2.1", "192.0.2.99", tcp(81)),
                packet(OWN, "192.0.2.1", "192.0.2.99", tcp(82)),
                packet(OWN, "127.0.0.1", "127.0.0.1", tcp(80)),
                packet(OWN, "::1", "::1", tcp(80)),
                packet(OWN, "2001:db8:1::1", "2001:db8:1::99", tcp(81)),
                established,
                reply,
            ] {
                println!("== {} {} -> {} {:?} {:?}", name, p.source, p.destination, p.transport, p.origin);
                println!("{}", show(&host.inject(&p.injection(Marker(7)))));
            }
            let start = std::time::Instant::now();
            let p = packet(OUTSIDE, "192.0.2.10", "192.0.2.1", tcp(80));
            for _ in 0..1000 {
                host.inject(&p.injection(Marker(7)));
            }
            println!("{name}: 1000 packets {:?}", start.elapsed());
        }
    })
    .unwrap();
}

#[test]
fn generated_rulesets_load() {
    let count: u64 = std::env::var("N").map_or(50, |n| n.parse().unwrap());
    let first: u64 = std::env::var("SEED").map_or(0, |n| n.parse().unwrap());
    NetworkNamespace::within_new(|| {
        let mut host = Host::build();
        let mut failures = 0;
        let mut rules = 0;
        let mut why_count = std::collections::HashMap::new();
        let (mut load, mut inject) = (std::time::Duration::ZERO, std::time::Duration::ZERO);
        for seed in first..first + count {
            let mut case = crate::generate::case(seed, 50, &[]);
            let start = std::time::Instant::now();
            rules += case.ruleset.rules().count();
            for (rule, why) in host.load_accepted(&mut case.ruleset) {
                failures += 1;
                let reason = if let Some(at) = why.find("Error:") { why[at..].lines().next().unwrap().to_owned() } else { why.lines().take(3).collect::<Vec<_>>().join(" ") };
                *why_count.entry(reason).or_insert(0) += 1;
                println!("SEED {seed} r{rule} {why}");
            }
            load += start.elapsed();
            let start = std::time::Instant::now();
            for packet in &case.packets {
                { let m = host.next_marker(); host.inject(&packet.injection(m)); }
            }
            inject += start.elapsed();
        }
        let mut reasons: Vec<(String, usize)> = why_count.into_iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (reason, count) in reasons { println!("{count:5} {reason}"); }
        println!("FAILURES {failures} of {rules}; load {load:?}, inject {inject:?}");
    })
    .unwrap();
}

#[test]
fn rebuild_cost() {
    for _ in 0..3 {
        let start = std::time::Instant::now();
        for _ in 0..20 {
            crate::campaign::within_new_host(|_| ());
        }
        println!("20 hosts {:?}", start.elapsed());
    }
}

#[test]
fn experiment() {
    let Ok(file) = std::env::var("SCENARIO") else { return };
    let scenario: crate::scenario::Scenario = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    crate::campaign::within_new_host(|host| {
        for _ in 0..3 {
            host.load_scripts(&scenario.rules).unwrap();
            for _ in 0..3 {
                let injection = crate::packet::Injection::from(&scenario.packet);
                println!("{}", injection.describe());
                println!("{}", show(&host.inject(&injection)));
            }
        }
    });
}
