//! Whole ways of packets over small rulesets. What the kernel does with them is compared in `tests/differential`.

mod fates;
mod network;

use std::fmt::Write as _;

use super::*;
use crate::ir::{Backend, RejectKind, Ruleset, Version};
use crate::packet::{Question, parse};
use crate::read::xtables::{IpSets, read_save};
use network::{ETH0, ETH1, ip, network};

fn rules(text: &str) -> Ruleset {
    read_save(text, Version::V4, Backend::IptablesLegacy, &IpSets::default()).unwrap()
}

fn question(text: &str) -> Question {
    parse(text, &|_, _| None).unwrap().question().unwrap().clone()
}

fn answer(rules: &Ruleset, text: &str) -> Simulation {
    let network = network();
    Simulator::new(rules, &network).run(&question(text), &Options::default()).unwrap()
}

fn only(simulation: &Simulation) -> &Outcome {
    assert_eq!(simulation.outcomes.len(), 1, "{simulation:#?}");
    &simulation.outcomes[0]
}

const SSH: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
    -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n\
    -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n\
    -A INPUT -p tcp -j REJECT --reject-with tcp-reset\nCOMMIT\n";

#[test]
fn an_open_port_is_reached_and_a_closed_one_refused() {
    let rules = rules(SSH);
    let open = answer(&rules, "from 198.51.100.7 to 192.0.2.10 tcp sport 40000 dport 22 iif eth0");
    assert_eq!(open.decision(), Decision::Allow);
    assert_eq!(only(&open).end, End::Delivered);
    let closed = answer(&rules, "from 198.51.100.7 to 192.0.2.10 tcp sport 40000 dport 23 iif eth0");
    assert!(matches!(only(&closed).end, End::Rejected(_, RejectKind::TcpReset)));
    let other = answer(&rules, "from 198.51.100.7 to 192.0.2.10 udp sport 40000 dport 22 iif eth0");
    assert!(matches!(only(&other).end, End::Dropped(Decider::Policy(_))));
}

#[test]
fn what_the_question_leaves_open_forks_only_where_it_matters() {
    let text = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
        -A INPUT -p tcp -m tcp --sport 53 -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";
    let rules = rules(text);
    let certain = answer(&rules, "from 198.51.100.7 to 192.0.2.10 tcp dport 22 iif eth0");
    assert_eq!(certain.decision(), Decision::Allow);
    let open = answer(&rules, "from 198.51.100.7 to 192.0.2.10 tcp dport 23 iif eth0");
    assert_eq!(open.decision(), Decision::Unknown);
    assert_eq!(open.outcomes.len(), 2);
    assert_eq!(open.causes[0].kind, CauseKind::Unspecified);
}

#[test]
fn a_limit_leaves_both_ways_and_they_meet_again() {
    let text = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
        -A INPUT -m limit --limit 3/min -j LOG\n-A INPUT -m limit --limit 3/min -j LOG\n\
        -A INPUT -p tcp -m tcp --dport 22 -j DROP\nCOMMIT\n";
    let rules = rules(text);
    let answer = answer(&rules, "from 198.51.100.7 to 192.0.2.10 tcp sport 1 dport 22 iif eth0");
    assert_eq!(answer.decision(), Decision::Deny);
    assert_eq!(answer.outcomes.len(), 1);
}

const PUBLISHED: &str = "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n\
    -A PREROUTING -d 192.0.2.10/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.5:80\n\
    -A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n\
    *filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
    -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n\
    -A FORWARD -d 10.0.0.5/32 -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n";

#[test]
fn a_published_port_is_routed_by_its_new_destination() {
    let rules = rules(PUBLISHED);
    let answer = answer(&rules, "from 198.51.100.7 to 192.0.2.10 tcp sport 40000 dport 8080 iif eth0");
    let outcome = only(&answer);
    assert_eq!(outcome.end, End::Sent { interface: ETH1, gateway: None });
    assert_eq!(outcome.endpoints.destination, Some(ip("10.0.0.5")));
    assert_eq!(outcome.endpoints.destination_port, Some(80));
    assert_eq!(outcome.endpoints.source, Some(ip("198.51.100.7")));
}

#[test]
fn the_reply_is_translated_back() {
    let rules = rules(PUBLISHED);
    let answer = answer(&rules, "from 198.51.100.7 to 192.0.2.10 tcp sport 40000 dport 8080 iif eth0 reply");
    let outcome = only(&answer);
    assert_eq!(outcome.end, End::Sent { interface: ETH0, gateway: Some(ip("192.0.2.1")) });
    assert_eq!(outcome.endpoints.source, Some(ip("192.0.2.10")));
    assert_eq!(outcome.endpoints.source_port, Some(8080));
    assert_eq!(outcome.endpoints.destination, Some(ip("198.51.100.7")));
}

#[test]
fn a_later_packet_keeps_the_translation_of_the_first() {
    let rules = rules(PUBLISHED);
    let answer = answer(
        &rules,
        "from 198.51.100.7 to 192.0.2.10 tcp sport 40000 dport 8080 iif eth0 state established",
    );
    let outcome = only(&answer);
    assert_eq!(outcome.end, End::Sent { interface: ETH1, gateway: None });
    assert!(
        outcome
            .steps
            .iter()
            .any(|step| matches!(step, Step::Conntrack { state: "established", reply: false }))
    );
}

#[test]
fn an_acknowledgement_alone_begins_a_connection_but_a_reset_does_not() {
    let rules = rules(SSH);
    let ack = answer(&rules, "from 198.51.100.7 to 192.0.2.10 tcp sport 1 dport 22 flags ack iif eth0");
    assert!(only(&ack).steps.contains(&Step::Conntrack { state: "new", reply: false }));
    let reset = answer(&rules, "from 198.51.100.7 to 192.0.2.10 tcp sport 1 dport 22 flags rst iif eth0");
    assert!(only(&reset).steps.contains(&Step::Conntrack { state: "invalid", reply: false }));
}

#[test]
fn what_the_host_sends_to_itself_comes_in_by_loopback() {
    let rules = rules(SSH);
    let answer = answer(&rules, "out from 192.0.2.10 to 192.0.2.10 tcp sport 40000 dport 22");
    let outcome = only(&answer);
    assert_eq!(outcome.end, End::Delivered);
    assert!(outcome.steps.contains(&Step::Loopback));
}

#[test]
fn a_thousand_guards_refuse_like_the_full_evaluation() {
    let mut text = String::from("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n");
    for n in 0..1000 {
        let (source, port) = (n % 250, 1000 + n);
        writeln!(text, "-A INPUT -s 203.0.113.{source}/32 -p tcp -m tcp --dport {port} -j ACCEPT").unwrap();
    }
    text += "COMMIT\n";
    let rules = rules(&text);
    let network = network();
    let simulator = Simulator::new(&rules, &network);
    for (source, port) in [(7, 1007), (7, 1257), (8, 1007), (249, 1999), (250, 2000)] {
        let packet =
            question(&format!("from 203.0.113.{source} to 192.0.2.10 tcp sport 1 dport {port} iif eth0"));
        let quick = simulator.run(&packet, &Options::default()).unwrap();
        let full = simulator.run(&packet, &Options { all_rules: true, ..Options::default() }).unwrap();
        assert_eq!(quick.decision(), full.decision());
        assert_eq!(quick.outcomes[0].end, full.outcomes[0].end);
    }
}

#[test]
fn the_reply_of_a_connection_older_than_the_rules_is_not_translated() {
    let rules = rules(SSH);
    let answer = answer(&rules, "from 198.51.100.7 to 192.0.2.10 tcp sport 40000 dport 23 iif eth0 reply");
    let outcome = only(&answer);
    assert_eq!(outcome.end, End::Sent { interface: ETH0, gateway: Some(ip("192.0.2.1")) });
    assert_eq!(outcome.endpoints.destination, Some(ip("198.51.100.7")));
    let later = self::answer(
        &rules,
        "from 198.51.100.7 to 192.0.2.10 tcp sport 40000 dport 23 iif eth0 state established",
    );
    assert_eq!(later.decision(), Decision::Allow);
}
