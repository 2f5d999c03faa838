//! What is said of random rulesets, held against the simulator of one packet: random packets and packets at the boundaries.
//!
//! A few rulesets by default; `PORTREEVE_QUESTIONS_RULESETS` makes it more.

use std::fmt::Write as _;

use portreeve_model::reach::Verdict;
use portreeve_model::rules::{FlowChange, Idleness};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::{Side, diff, redundant, scene, shadowed};
use crate::ir::{RejectKind, Ruleset};
use crate::network::{Network, Prefix};
use crate::packet::{Place, Question, State, Transport, parse};
use crate::reach::zones::Zones;
use crate::simulate::{Decision, End, Endpoints, Options, Simulator, Step};
use crate::space::Budget;

const SOURCES: [&str; 7] =
    ["10.1.2.3", "10.1.2.4", "10.1.255.255", "10.2.0.0", "198.51.100.7", "198.51.101.0", "203.0.113.9"];
const DESTINATIONS: [&str; 4] = ["192.0.2.10", "10.0.0.1", "10.0.0.7", "198.51.100.53"];
const PORTS: [u16; 7] = [21, 22, 23, 79, 80, 443, 1024];
const STATES: [State; 4] = [State::First, State::Established, State::Related, State::Invalid];

fn cases(few: u32) -> Config {
    let asked = std::env::var("PORTREEVE_QUESTIONS_RULESETS").ok();
    let cases = asked.map_or(few, |text| text.parse().expect("PORTREEVE_QUESTIONS_RULESETS is a number"));
    Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() }
}

fn rule() -> impl Strategy<Value = String> {
    let source = prop::sample::select(vec![
        "",
        "",
        "-s 10.0.0.0/8 ",
        "-s 10.1.2.3/32 ",
        "-s 10.1.0.0/16 ",
        "! -s 198.51.100.0/24 ",
    ]);
    let destination = prop::sample::select(vec!["", "", "", "-d 192.0.2.10/32 ", "-d 10.0.0.0/24 "]);
    let interface = prop::sample::select(vec!["", "", "", "-i eth0 ", "-i eth1 ", "! -i eth1 "]);
    let protocol = prop::sample::select(vec![
        "",
        "",
        "-p tcp ",
        "-p udp ",
        "-p tcp --dport 22 ",
        "-p tcp --dport 22:80 ",
        "-p udp --dport 0:1023 ",
        "-p tcp -m multiport --dports 22,80,443 ",
        "-p icmp ",
        "-p icmp --icmp-type 8 ",
        "-p 47 ",
    ]);
    let state = prop::sample::select(vec![
        "",
        "",
        "",
        "-m conntrack --ctstate ESTABLISHED,RELATED ",
        "-m conntrack --ctstate NEW ",
        "-m conntrack --ctstate INVALID ",
    ]);
    let limit = prop::sample::select(vec!["", "", "", "", "", "-m limit --limit 5/min "]);
    let target = prop::sample::select(vec![
        "ACCEPT", "ACCEPT", "ACCEPT", "DROP", "DROP", "RETURN", "sub", "REJECT", "LOG",
    ]);
    (source, destination, interface, protocol, state, limit, target)
        .prop_map(|(s, d, i, p, c, l, t)| format!("{s}{d}{i}{p}{c}{l}-j {t}"))
}

/// The rules of each chain: INPUT, FORWARD, and one that both call.
fn rules() -> impl Strategy<Value = [Vec<String>; 3]> {
    let inner = rule().prop_map(|text| text.replace("-j sub", "-j DROP"));
    [
        prop::collection::vec(rule(), 1..7).boxed(),
        prop::collection::vec(rule(), 0..4).boxed(),
        prop::collection::vec(inner, 0..4).boxed(),
    ]
}

fn text(policy: &str, rules: &[Vec<String>; 3]) -> String {
    let mut text = format!("*filter\n:INPUT {policy}\n:FORWARD {policy}\n:OUTPUT ACCEPT\n:sub -\n");
    for (chain, rules) in ["INPUT", "FORWARD", "sub"].iter().zip(rules) {
        for rule in rules {
            writeln!(text, "-A {chain} {rule}").unwrap();
        }
    }
    text + "COMMIT\n"
}

fn transport() -> impl Strategy<Value = Transport> {
    let port = prop::sample::select(PORTS.to_vec());
    prop_oneof![
        3 => port.clone().prop_map(|port| Transport::Tcp { source: Some(40_000), destination: Some(port), flags: Some(2) }),
        2 => port.prop_map(|port| Transport::Ports { protocol: 17, source: Some(40_000), destination: Some(port) }),
        1 => prop::sample::select(vec![0_u8, 8, 11]).prop_map(|kind| Transport::Icmp { kind: Some(kind), code: Some(0) }),
        1 => prop::sample::select(vec![47_u8, 50]).prop_map(Transport::Other),
    ]
}

fn packet() -> impl Strategy<Value = Question> {
    let place = prop::sample::select(vec!["eth0", "eth1"]);
    let addresses = (prop::sample::select(SOURCES.to_vec()), prop::sample::select(DESTINATIONS.to_vec()));
    (addresses, transport(), place, prop::sample::select(STATES.to_vec())).prop_map(
        |((source, destination), transport, place, state)| Question {
            source: Some(source.parse().unwrap()),
            destination: destination.parse().unwrap(),
            transport,
            place: Place::In(place.to_owned()),
            state,
            reply: false,
            mark: 0,
            dscp: None,
            ttl: Some(64),
            length: None,
            ether_source: None,
            ether_destination: None,
            fragment: None,
        },
    )
}

/// How a packet ends, all ways taken together, without what decided.
#[derive(Debug, PartialEq)]
enum Ended {
    Arrives(End, Endpoints),
    Dropped,
    Refused(RejectKind),
    Discarded(String),
    Taken,
}

fn ends(ruleset: &Ruleset, network: &Network, question: &Question) -> Vec<Ended> {
    let options = Options { sets_changed: true, ..Options::default() };
    let simulation = Simulator::new(ruleset, network).run(question, &options).unwrap();
    let mut ends: Vec<Ended> = Vec::new();
    for outcome in simulation.outcomes {
        let ended = match outcome.end {
            end @ (End::Delivered | End::Sent { .. }) => Ended::Arrives(end, outcome.endpoints),
            End::Dropped(_) => Ended::Dropped,
            End::Rejected(_, kind) => Ended::Refused(kind),
            End::Discarded(why) => Ended::Discarded(why.code),
            End::Taken(..) => Ended::Taken,
        };
        if !ends.contains(&ended) {
            ends.push(ended);
        }
    }
    ends.sort_by_key(|ended| format!("{ended:?}"));
    ends
}

fn decided(ruleset: &Ruleset, network: &Network, question: &Question) -> Verdict {
    let options = Options { sets_changed: true, ..Options::default() };
    match Simulator::new(ruleset, network).run(question, &options).unwrap().decision() {
        Decision::Allow => Verdict::Allow,
        Decision::Deny => Verdict::Deny,
        Decision::Unknown => Verdict::Unknown,
    }
}

proptest! {
    #![proptest_config(cases(6))]

    #[test]
    fn rules_called_shadowed_match_no_packet(rules in rules(), packets in prop::collection::vec(packet(), 150)) {
        let (ruleset, network) = (scene::iptables(&text("DROP", &rules)), scene::host());
        let answer = shadowed(&ruleset, &network, Budget::default());
        prop_assert_eq!(answer.too_complex, None);
        let simulator = Simulator::new(&ruleset, &network);
        for packet in packets {
            let simulation = simulator.run(&packet, &Options { sets_changed: true, ..Options::default() }).unwrap();
            for step in simulation.outcomes.iter().flat_map(|outcome| &outcome.steps) {
                let Step::Rule { chain, rule, .. } = step else { continue };
                let name = &ruleset.chain(*chain).unwrap().name;
                let told = answer.rules.iter().find(|idle| {
                    idle.idle == Idleness::Idle && idle.rule.chain == *name && usize::try_from(idle.rule.position).unwrap() == rule + 1
                });
                prop_assert!(told.is_none(), "{packet} matches {told:#?}\n{}", text("DROP", &rules));
            }
        }
    }

    #[test]
    fn rules_called_redundant_can_be_deleted(policy in prop::sample::select(vec!["DROP", "ACCEPT"]), rules in rules(), packets in prop::collection::vec(packet(), 150)) {
        let (ruleset, network) = (scene::iptables(&text(policy, &rules)), scene::host());
        let answer = redundant(&ruleset, &network, Budget::default());
        prop_assert_eq!(answer.too_complex, None);
        for idle in answer.rules {
            let mut without = ruleset.clone();
            let chain = without.chains.iter_mut().find(|chain| chain.name == idle.rule.chain).unwrap();
            chain.rules.remove(usize::try_from(idle.rule.position).unwrap() - 1);
            for packet in &packets {
                prop_assert_eq!(ends(&ruleset, &network, packet), ends(&without, &network, packet), "{} without {:#?}\n{}", packet, idle, text(policy, &rules));
            }
        }
    }

    #[test]
    fn differences_are_those_of_packets(rules in rules(), changed in rule(), at in any::<prop::sample::Index>(), packets in prop::collection::vec(packet(), 150)) {
        let network = scene::host();
        let mut other = rules.clone();
        let place = at.index(other[0].len());
        other[0][place] = changed;
        let (old, new) = (scene::iptables(&text("DROP", &rules)), scene::iptables(&text("DROP", &other)));
        let side = |ruleset| Side { ruleset, network: &network };
        let answer = diff(side(&old), side(&new), &Zones::new(&network, &[]), Budget::default());
        prop_assert_eq!(answer.too_complex, None);
        for change in &answer.changes {
            let asked = parse(&change.witness, &|_, _| None).unwrap();
            // The state is what rules are told; a known connection's first packet is not followed for it.
            let question = asked.question().unwrap().clone();
            if question.state == State::Established {
                continue;
            }
            prop_assert_eq!(decided(&old, &network, &question), change.before, "{:#?}\n{}\n{}", change, text("DROP", &rules), text("DROP", &other));
            prop_assert_eq!(decided(&new, &network, &question), change.after, "{:#?}\n{}\n{}", change, text("DROP", &rules), text("DROP", &other));
        }
        for packet in packets.iter().filter(|packet| packet.state != State::Established) {
            let (before, after) = (decided(&old, &network, packet), decided(&new, &network, packet));
            let told = answer.changes.iter().any(|change| (change.before, change.after) == (before, after) && may_hold(change, packet));
            prop_assert!(before == after || told, "{packet}: {before:?} to {after:?}\n{}\n{}\n{:#?}", text("DROP", &rules), text("DROP", &other), answer.changes);
        }
    }
}

/// Whether what is listed of a change allows the packet.
fn may_hold(change: &FlowChange, packet: &Question) -> bool {
    let among = |prefixes: &[String], more: u64, address: std::net::IpAddr| {
        prefixes.is_empty()
            || more > 0
            || prefixes.iter().any(|text| {
                let (base, length) = text.split_once('/').unwrap_or((text, "32"));
                Prefix::new(base.parse().unwrap(), length.parse().unwrap()).contains(address)
            })
    };
    let port = match &packet.transport {
        Transport::Tcp { destination, .. } | Transport::Ports { destination, .. } => *destination,
        _ => None,
    };
    let ports = change.ports.is_empty()
        || change.ports.iter().any(|text| {
            let (low, high) = text.split_once('-').unwrap_or((text, text));
            (low.parse().unwrap()..=high.parse().unwrap()).contains(&port.unwrap_or(0))
        });
    let Place::In(interface) = &packet.place else { return false };
    change.place.contains(interface.as_str())
        && among(&change.sources, change.more_sources, packet.source.unwrap())
        && among(&change.destinations, change.more_destinations, packet.destination)
        && ports
}
