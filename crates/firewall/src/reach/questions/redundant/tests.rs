//! Rulesets written by hand, and which of their rules can go.

use super::redundant;
use crate::reach::questions::scene;
use crate::space::Budget;

fn expect(rules: &str, expected: &[(&str, u32)]) {
    let ruleset = scene::iptables(rules);
    let answer = redundant(&ruleset, &scene::host(), Budget::default());
    assert_eq!(answer.too_complex, None);
    let told: Vec<(&str, u32)> =
        answer.rules.iter().map(|idle| (idle.rule.chain.as_str(), idle.rule.position)).collect();
    assert_eq!(told, expected, "{:#?}", answer.rules);
}

#[test]
fn a_rule_before_one_that_does_the_same_can_go() {
    expect(
        "*filter\n:INPUT DROP\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A INPUT -s 10.1.2.3/32 -p tcp --dport 22 -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\nCOMMIT\n",
        &[("INPUT", 2)],
    );
    // Another rule between them decides otherwise.
    expect(
        "*filter\n:INPUT DROP\n-A INPUT -s 10.1.2.3/32 -p tcp --dport 22 -j ACCEPT\n-A INPUT -s 10.1.0.0/16 -j DROP\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\nCOMMIT\n",
        &[],
    );
}

#[test]
fn a_drop_before_a_policy_that_drops_can_go_and_one_before_an_accept_cannot() {
    expect(
        "*filter\n:INPUT DROP\n-A INPUT -s 198.51.100.0/24 -j DROP\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n-A INPUT -p udp -j DROP\nCOMMIT\n",
        &[("INPUT", 1), ("INPUT", 3)],
    );
    expect(
        "*filter\n:INPUT DROP\n-A INPUT -s 198.51.100.0/24 -j DROP\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n",
        &[],
    );
    expect("*filter\n:INPUT DROP\n-A INPUT -s 198.51.100.0/24 -j REJECT\nCOMMIT\n", &[]);
}

#[test]
fn calls_that_come_back_unchanged_and_returns_at_the_end_can_go() {
    expect(
        "*filter\n:INPUT DROP\n:nothing -\n:some -\n-A INPUT -p tcp -j nothing\n-A INPUT -p tcp -j some\n-A nothing -p tcp -j RETURN\n-A some -s 10.0.0.0/8 -j ACCEPT\n-A some -j RETURN\nCOMMIT\n",
        &[("INPUT", 1), ("nothing", 1), ("some", 2)],
    );
}

#[test]
fn logging_counting_and_marking_are_not_for_nothing() {
    expect(
        "*filter\n:INPUT ACCEPT\n-A INPUT -p tcp -j LOG\n-A INPUT -p udp\n-A INPUT -p udp -m limit --limit 1/s -j LOG\nCOMMIT\n*mangle\n:PREROUTING ACCEPT\n-A PREROUTING -j MARK --set-mark 1\n-A PREROUTING -j MARK --set-mark 1\nCOMMIT\n",
        &[],
    );
}

#[test]
fn a_limit_before_the_same_verdict_can_go_and_one_before_another_cannot() {
    expect(
        "*filter\n:INPUT ACCEPT\n-A INPUT -p tcp -m limit --limit 1/s -j ACCEPT\n-A INPUT -p udp -m limit --limit 1/s -j DROP\nCOMMIT\n",
        &[("INPUT", 1)],
    );
}

#[test]
fn fragments_count_where_they_are_not_put_together() {
    // A fragment from there is accepted by the first rule only.
    expect(
        "*filter\n:INPUT DROP\n-A INPUT -s 10.1.2.3/32 -p udp -j ACCEPT\n-A INPUT -p udp --dport 0:65535 -j ACCEPT\nCOMMIT\n",
        &[],
    );
}

#[test]
fn the_same_translation_again_can_go() {
    expect(
        "*nat\n:PREROUTING ACCEPT\n-A PREROUTING -s 10.0.0.0/8 -p tcp --dport 80 -j DNAT --to-destination 10.0.0.7:80\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.7:80\n\
         -A PREROUTING -s 10.9.0.0/16 -p tcp --dport 81 -j DNAT --to-destination 10.0.0.7:80\n-A PREROUTING -p tcp --dport 81 -j DNAT --to-destination 10.0.0.8:80\nCOMMIT\n",
        &[("PREROUTING", 1)],
    );
}
