//! Rulesets written by hand, and what is said of each of their rules.

use portreeve_model::rules::{IdleRule, Idleness};

use super::shadowed;
use crate::ir::Ruleset;
use crate::reach::questions::scene;
use crate::space::Budget;

fn told(ruleset: &Ruleset) -> Vec<IdleRule> {
    let answer = shadowed(ruleset, &scene::host(), Budget::default());
    assert_eq!(answer.too_complex, None);
    answer.rules
}

/// Chain and position, certainty, and the positions of the rules that take its packets.
fn short(rules: &[IdleRule]) -> Vec<(String, bool, Vec<u32>)> {
    let by = |rule: &IdleRule| {
        rule.by
            .iter()
            .filter_map(|by| match by {
                portreeve_model::reach::Decider::Rule(rule) => Some(rule.position),
                portreeve_model::reach::Decider::Policy(_) => None,
            })
            .collect()
    };
    let certain = |rule: &IdleRule| rule.idle == Idleness::Idle;
    rules
        .iter()
        .map(|rule| (format!("{} {}", rule.rule.chain, rule.rule.position), certain(rule), by(rule)))
        .collect()
}

fn expect(rules: &str, expected: &[(&str, bool, &[u32])]) -> Vec<IdleRule> {
    let ruleset = scene::iptables(&format!("*filter\n{rules}COMMIT\n"));
    let rules = told(&ruleset);
    let expected: Vec<_> =
        expected.iter().map(|(place, certain, by)| ((*place).to_owned(), *certain, by.to_vec())).collect();
    assert_eq!(short(&rules), expected, "{rules:#?}");
    rules
}

#[test]
fn a_rule_behind_one_that_takes_all_its_packets_is_shadowed_with_a_witness() {
    let rules = expect(
        ":INPUT DROP\n-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -s 10.1.2.3/32 -p tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n",
        &[("INPUT 2", true, &[1])],
    );
    assert!(
        rules[0].statement.contains("is dropped before by `-A INPUT -s 10.0.0.0/8 -j DROP`"),
        "{rules:#?}"
    );
    let witness = rules[0].witness.as_deref().unwrap();
    assert!(witness.contains("from 10.1.2.3") && witness.contains("dport 22"), "{witness}");
}

#[test]
fn several_rules_can_shadow_one_together_and_only_together() {
    let two = "-A INPUT -p tcp --dport 0:1023 -j DROP\n-A INPUT -p tcp --dport 1024:65535 -j ACCEPT\n";
    let rules = expect(
        &format!(":INPUT ACCEPT\n{two}-A INPUT -p tcp --syn -j DROP\n"),
        &[("INPUT 3", true, &[1, 2])],
    );
    assert!(rules[0].statement.contains("one of 2 rules"), "{rules:#?}");
    let gap = "-A INPUT -p tcp --dport 0:1023 -j DROP\n-A INPUT -p tcp --dport 1025:65535 -j ACCEPT\n";
    expect(&format!(":INPUT ACCEPT\n{gap}-A INPUT -p tcp --syn -j DROP\n"), &[]);
}

#[test]
fn what_hangs_on_a_limit_shadows_nothing() {
    expect(
        ":INPUT ACCEPT\n-A INPUT -p tcp -m limit --limit 5/min -j DROP\n-A INPUT -p tcp --dport 22 -j DROP\n",
        &[],
    );
}

#[test]
fn a_chain_that_nobody_calls_and_conditions_that_nothing_satisfies_are_told() {
    let rules = expect(
        ":INPUT ACCEPT\n:OUTPUT ACCEPT\n:lost -\n:own -\n-A INPUT -p tcp -j own\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 5 --sport 5 -j ACCEPT\n\
         -A OUTPUT -o nowhere0 -j DROP\n-A lost -j DROP\n-A own -p udp -j DROP\n",
        &[("OUTPUT 1", true, &[]), ("lost 1", true, &[]), ("own 1", true, &[])],
    );
    let says = |at: usize, words: &str| assert!(rules[at].statement.contains(words), "{:#?}", rules[at]);
    says(0, "contradicts itself");
    says(1, "chain lost is never called");
    says(2, "no packet that comes to this chain satisfies it");
}

#[test]
fn packets_that_went_into_a_chain_and_did_not_come_back_name_the_call() {
    let rules = expect(
        ":INPUT ACCEPT\n:all -\n-A INPUT -p udp -j all\n-A INPUT -p udp --dport 53 -j ACCEPT\n-A all -j DROP\n",
        &[("INPUT 2", true, &[1])],
    );
    assert!(rules[0].statement.contains("goes to chain all before and does not come back"), "{rules:#?}");
}

#[test]
fn packets_of_unusual_kinds_leave_it_undecided() {
    let rules = expect(
        ":INPUT ACCEPT\n-A INPUT -m mark --mark 0x7 -j DROP\n-A INPUT -f -j DROP\n-A INPUT -p tcp -j ACCEPT\n-A INPUT -p tcp --dport 80 -j ACCEPT\n",
        &[("INPUT 4", true, &[3]), ("INPUT 1", false, &[]), ("INPUT 2", false, &[])],
    );
    assert!(rules[1].statement.contains("firewall mark"), "{rules:#?}");
    assert!(rules[2].statement.contains("fragments"), "{rules:#?}");
    // Fragments pass by the ports, and meet the third rule.
    expect(
        ":INPUT ACCEPT\n-A INPUT -p udp --dport 0:65535 -j ACCEPT\n-A INPUT -p udp -j DROP\n",
        &[("INPUT 2", false, &[1])],
    );
    // Where connections are tracked fragments are put together first.
    expect(
        ":INPUT ACCEPT\n-A INPUT -m conntrack --ctstate INVALID -j DROP\n-A INPUT -p udp --dport 0:65535 -j ACCEPT\n-A INPUT -p udp -j DROP\n",
        &[("INPUT 3", true, &[1, 2])],
    );
}

#[test]
fn connection_states_count() {
    let rules = expect(
        ":INPUT DROP\n-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED -p tcp --dport 80 -j ACCEPT\n\
         -A INPUT -m conntrack --ctstate NEW -p tcp --dport 80 -j ACCEPT\n",
        &[("INPUT 2", true, &[1])],
    );
    assert!(rules[0].witness.as_deref().unwrap().contains("state established"), "{rules:#?}");
}

#[test]
fn too_small_a_budget_names_the_chains_and_calls_nothing_shadowed() {
    let ruleset = scene::iptables(
        "*filter\n:INPUT DROP\n-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -s 10.1.2.3/32 -j ACCEPT\nCOMMIT\n",
    );
    let answer = shadowed(&ruleset, &scene::host(), Budget { steps: 1, ..Budget::default() });
    assert!(answer.too_complex.unwrap().contains("ip filter INPUT"));
    assert_eq!(answer.rules, []);
}
