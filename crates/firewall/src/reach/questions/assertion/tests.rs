//! Assertions of every form about a host written by hand.

use portreeve_model::rules::{Assertion, Proof};

use super::assert;
use crate::network::{Network, Prefix};
use crate::packet::parse;
use crate::reach::questions::{claim, scene};
use crate::reach::zones::{NamedNetwork, Zones};
use crate::simulate::{Decision, Options, Simulator};
use crate::space::Budget;

const RULES: &str = "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n\
    -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n\
    -A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n\
    -A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT\n\
    -A INPUT -p udp --dport 53 -m limit --limit 10/sec -j ACCEPT\n\
    -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n\
    -A FORWARD -p tcp -d 10.0.0.7 --dport 80 -j ACCEPT\nCOMMIT\n\
    *nat\n:PREROUTING ACCEPT\n-A PREROUTING -d 192.0.2.10 -p tcp --dport 8080 -j DNAT --to-destination 10.0.0.7:80\nCOMMIT\n";

fn asked(network: &Network, text: &str) -> Assertion {
    let ruleset = scene::iptables(RULES);
    let office = NamedNetwork {
        name: "office".to_owned(),
        prefixes: vec![Prefix::new("203.0.113.0".parse().unwrap(), 24)],
    };
    let zones = Zones::new(network, &[office]);
    let services = |name: &str, protocol: u8| (name == "https" && protocol == 6).then_some(443);
    let claim = claim::parse(text, &services).unwrap();
    let answer = assert(&ruleset, network, &zones, &claim, Budget::default()).unwrap();
    if answer.proof == Proof::Refuted {
        let witness = answer.witness.as_deref().unwrap();
        let question = parse(witness, &|_, _| None).unwrap();
        let decision = Simulator::new(&ruleset, network)
            .run(question.question().unwrap(), &Options::default())
            .unwrap()
            .decision();
        let expected = if text.contains("cannot") { Decision::Allow } else { Decision::Deny };
        assert_eq!(decision, expected, "{answer:#?}");
    }
    answer
}

#[test]
fn assertions_are_proven_refuted_with_a_packet_or_undecided_with_causes() {
    use Proof::{Proven, Refuted, Undecided};
    let network = scene::host();
    for (text, proof) in [
        ("internet cannot reach tcp/5432", Proven),
        ("internet cannot reach tcp/1-79,81-442,444-8079,8081-65535", Proven),
        ("internet cannot reach tcp/8080", Refuted),
        ("internet cannot reach tcp/*", Refuted),
        ("internet cannot reach https", Refuted),
        ("internet can reach tcp/80,443", Proven),
        ("internet can reach tcp/80-81", Refuted),
        ("office can reach https", Proven),
        ("private can reach tcp/22", Refuted),
        ("10.0.0.0/8 can reach tcp/22", Proven),
        ("10.0.0.0/8 cannot reach 192.0.2.10 tcp/80", Refuted),
        ("10.0.0.0/8 cannot reach 192.0.2.10 tcp/81", Proven),
        ("203.0.113.9 can reach 192.0.2.10 tcp/443 via eth0", Proven),
        ("anyone can reach udp/53", Undecided),
        ("anyone cannot reach udp/53", Undecided),
        ("anyone cannot reach udp/54-60", Proven),
        ("anyone cannot reach ping", Proven),
        ("this host can reach 198.51.100.53 udp/53", Proven),
        ("internet can reach 10.0.0.7 tcp/80", Proven),
        ("internet cannot reach 10.0.0.7 tcp/81", Proven),
        ("containers cannot reach this host", Proven),
    ] {
        let answer = asked(&network, text);
        assert_eq!(answer.proof, proof, "{text}: {answer:#?}");
        if proof == Undecided {
            assert!(answer.causes.iter().any(|cause| cause.kind == "limit"), "{text}: {answer:#?}");
        }
    }
}

#[test]
fn what_refutes_names_the_rule() {
    let answer = asked(&scene::host(), "internet cannot reach tcp/443");
    let text = format!("{:?}", answer.deciders);
    assert!(text.contains("--dports 80,443"), "{answer:#?}");
}

#[test]
fn unknown_names_are_errors_at_their_place() {
    let network = scene::host();
    let zones = Zones::new(&network, &[]);
    let ruleset = scene::iptables(RULES);
    for (text, offset, words) in [
        ("offcie cannot reach tcp/1", 0, "internet"),
        ("internet cannot reach offcie tcp/1", 22, "internet"),
        ("internet cannot reach tcp/1 via eth9", 32, "eth0"),
        ("this host can reach 198.51.100.1 via eth0", 37, "leave `via` away"),
    ] {
        let claim = claim::parse(text, &|_, _| None).unwrap();
        let error = assert(&ruleset, &network, &zones, &claim, Budget::default()).unwrap_err();
        assert_eq!(error.offset, offset, "{text}: {error}");
        assert!(error.help.contains(words), "{text}: {}", error.help);
    }
}
