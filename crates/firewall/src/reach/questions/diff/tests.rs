//! Pairs of rulesets written by hand, and what is said of the difference.

use portreeve_model::reach::Verdict::{Allow, Deny, Unknown};
use portreeve_model::rules::FlowChange;

use super::{Side, diff};
use crate::packet::parse;
use crate::reach::questions::scene;
use crate::reach::zones::Zones;
use crate::simulate::{Decision, Options, Simulator};
use crate::space::Budget;

/// The changes between two rulesets of the same host. Every witness must fare as is said of it.
fn between(old: &str, new: &str) -> Vec<FlowChange> {
    let network = scene::host();
    let (old, new) = (scene::iptables(old), scene::iptables(new));
    let side = |ruleset| Side { ruleset, network: &network };
    let answer = diff(side(&old), side(&new), &Zones::new(&network, &[]), Budget::default());
    assert_eq!(answer.too_complex, None);
    for change in &answer.changes {
        let asked = parse(&change.witness, &|_, _| None).unwrap();
        let question = asked.question().unwrap();
        let options = Options { sets_changed: true, ..Options::default() };
        for (ruleset, verdict) in [(&old, change.before), (&new, change.after)] {
            let decision = Simulator::new(ruleset, &network).run(question, &options).unwrap().decision();
            let expected = match verdict {
                Allow => Decision::Allow,
                Deny => Decision::Deny,
                Unknown => Decision::Unknown,
            };
            assert_eq!(decision, expected, "{change:#?}");
        }
    }
    answer.changes
}

fn filter(rules: &str) -> String {
    format!("*filter\n:INPUT DROP\n:FORWARD DROP\n{rules}COMMIT\n")
}

#[test]
fn the_same_rules_differ_in_nothing() {
    let rules = filter("-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n");
    assert_eq!(between(&rules, &rules), []);
    // In other words, and in another order.
    let other = filter(
        "-A INPUT -s 10.0.0.0/9 -j ACCEPT\n-A INPUT -s 10.128.0.0/9 -j ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n",
    );
    assert_eq!(between(&rules, &other), []);
}

#[test]
fn a_port_that_is_opened_is_told_with_a_witness() {
    let changes = between(
        &filter("-A INPUT -p tcp --dport 22 -j ACCEPT\n"),
        &filter(
            "-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -s 198.51.100.0/24 -p tcp --dport 5432 -j ACCEPT\n",
        ),
    );
    assert!(!changes.is_empty());
    for change in &changes {
        assert_eq!((change.before, change.after), (Deny, Allow), "{change:#?}");
        assert_eq!(change.protocol, "tcp");
        assert_eq!(change.sources, ["198.51.100.0/24"]);
        assert_eq!(change.ports, ["5432"]);
        assert_eq!(change.arrival_after.as_deref(), Some("this host"));
    }
    assert!(changes.iter().any(|change| change.place.contains("eth0")), "{changes:#?}");
}

#[test]
fn what_is_closed_in_one_state_only_says_so() {
    let all = filter("-A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT\n");
    let established = filter("-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n");
    let changes = between(&all, &established);
    assert!(!changes.is_empty());
    for change in &changes {
        assert_eq!((change.before, change.after), (Allow, Deny));
        assert!(change.conditions.iter().any(|words| words.contains("not seen before")), "{change:#?}");
    }
}

#[test]
fn a_limit_makes_it_uncertain_and_names_the_cause() {
    let changes = between(
        &filter("-A INPUT -p udp --dport 53 -j ACCEPT\n"),
        &filter("-A INPUT -p udp --dport 53 -m limit --limit 10/sec -j ACCEPT\n"),
    );
    assert!(!changes.is_empty());
    for change in &changes {
        assert_eq!((change.before, change.after), (Allow, Unknown), "{change:#?}");
        assert!(change.causes.iter().any(|cause| cause.kind == "limit"), "{change:#?}");
    }
}

#[test]
fn another_target_of_a_translation_is_a_change_of_arrival() {
    let nat = |to: &str| {
        format!(
            "*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination {to}\nCOMMIT\n"
        )
    };
    let changes = between(&nat("10.0.0.7:80"), &nat("10.0.0.8:80"));
    assert!(!changes.is_empty());
    for change in &changes {
        assert_eq!((change.before, change.after), (Allow, Allow), "{change:#?}");
        assert_eq!(change.arrival_before.as_deref(), Some("leaves by eth1, at 10.0.0.7:80"));
        assert_eq!(change.arrival_after.as_deref(), Some("leaves by eth1, at 10.0.0.8:80"));
    }
}

#[test]
fn icmp_and_other_protocols_count() {
    let changes = between(
        &filter("-A INPUT -p icmp --icmp-type 8 -j ACCEPT\n-A INPUT -p 47 -j ACCEPT\n"),
        &filter("-A INPUT -p icmp -j ACCEPT\n"),
    );
    let icmp: Vec<_> = changes.iter().filter(|change| change.protocol == "icmp").collect();
    let gre: Vec<_> = changes.iter().filter(|change| change.protocol == "gre").collect();
    assert!(!icmp.is_empty() && !gre.is_empty(), "{changes:#?}");
    assert_eq!(icmp.len() + gre.len(), changes.len());
    assert!(icmp.iter().all(|change| change.after == Allow) && gre.iter().all(|change| change.after == Deny));
}

#[test]
fn what_the_host_sends_counts() {
    let changes = between(
        "*filter\n:OUTPUT ACCEPT\nCOMMIT\n",
        "*filter\n:OUTPUT ACCEPT\n-A OUTPUT -p udp --dport 53 -j REJECT\nCOMMIT\n",
    );
    assert!(!changes.is_empty());
    for change in &changes {
        assert_eq!(change.place, "sent by this host", "{change:#?}");
        assert_eq!((change.before, change.after), (Allow, Deny));
        assert_eq!(change.ports, ["53"]);
    }
}

#[test]
fn another_host_under_the_same_rules_is_a_change() {
    let ruleset = scene::iptables(&filter("-A FORWARD -j ACCEPT\n-A INPUT -j ACCEPT\n"));
    let old = scene::host();
    let mut new = old.clone();
    for (name, parameters) in &mut new.sysctls.ipv4.interfaces {
        parameters.forwarding = Some(i32::from(name != "eth1"));
    }
    let side = |network| Side { ruleset: &ruleset, network };
    let answer = diff(side(&old), side(&new), &Zones::new(&new, &[]), Budget::default());
    let changes = answer.changes;
    assert!(!changes.is_empty());
    for change in changes {
        assert_eq!((change.before, change.after), (Allow, Deny), "{change:#?}");
        assert!(change.place.contains("eth1"), "{change:#?}");
    }
}
