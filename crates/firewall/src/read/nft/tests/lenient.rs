//! One thing that is not understood costs only itself.

use super::{read_objects, rule, rule_with, unknown};
use crate::ir::{Condition, Passive, Statement, Verdict};

#[test]
fn an_unknown_statement_stays_in_its_place() {
    let read = rule(r#"{"counter": null}, {"teleport": {"to": "mars"}}, {"accept": null}"#);
    assert_eq!(read.statements.len(), 3);
    assert_eq!(read.statements[0], Statement::Passive(Passive::Counter));
    assert_eq!(unknown(&read), [r#"{"teleport": {"to": "mars"}} (unknown statement)"#]);
    assert_eq!(read.statements[2], Statement::Verdict(Verdict::Accept));
    assert_eq!(read.text, r#"counter {"teleport": {"to": "mars"}} accept"#);
}

#[test]
fn an_unknown_expression_makes_its_statement_unknown_only() {
    let read =
        rule(r#"{"match": {"op": "==", "left": {"meta": {"key": "mood"}}, "right": 1}}, {"drop": null}"#);
    assert_eq!(unknown(&read), ["meta mood 1 (unknown expression: meta mood)"]);
    assert_eq!(read.statements[1], Statement::Verdict(Verdict::Drop));
    let read = rule(
        r#"{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": ["ssh", "nowhere"]}}}"#,
    );
    assert_eq!(unknown(&read).len(), 1);
    let read = rule(r#"{"match": {"op": "~", "left": {"meta": {"key": "mark"}}, "right": 1}}"#);
    assert_eq!(unknown(&read), ["meta mark ~ 0x00000001 (unknown operator: ~)"]);
}

#[test]
fn matches_of_xtables_are_told_by_name() {
    let read = rule(
        r#"{"xt": {"type": "match", "name": "conntrack"}}, {"xt": {"type": "target", "name": "LOG"}}, {"xt": null}"#,
    );
    assert_eq!(unknown(&read), ["xt match conntrack", "xt target LOG", "xt"]);
}

#[test]
fn a_missing_set_or_chain_is_the_cause() {
    let read = rule(
        r#"{"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": "@gone"}}, {"jump": {"target": "away"}}"#,
    );
    assert_eq!(
        unknown(&read),
        ["meta mark @gone (@gone: there is no such set)", "jump away (jump away: there is no such chain)"]
    );
    let map = r#"{"vmap": {"key": {"meta": {"key": "mark"}}, "data": {"set": [[1, {"jump": {"target": "away"}}], [2, {"accept": null}]]}}}"#;
    let ruleset = read_objects(&format!(
        r#", {{"rule": {{"family": "inet", "table": "t", "chain": "c", "expr": [{map}]}}}}"#
    ));
    let elements = &ruleset.sets[0].elements;
    assert_eq!(elements[0].data, crate::ir::Data::Unknown("jump away: there is no such chain".to_owned()));
    assert_eq!(elements[1].data, crate::ir::Data::Verdict(Verdict::Accept));
}

#[test]
fn unknown_objects_are_told_and_the_rest_is_kept() {
    let ruleset = read_objects(
        r#", {"portal": {"family": "inet", "name": "p"}}, 5, {"rule": {"family": "marsnet", "table": "t", "chain": "c"}},
        {"rule": {"family": "inet", "table": "t", "chain": "nowhere", "expr": []}}, {"set": {"name": 5}},
        {"chain": {"family": "inet", "table": "t", "name": "odd", "hook": "sideways", "type": "filter"}},
        {"element": {"family": "inet", "table": "t", "name": "none", "elem": [1]}}, {"flush": {"ruleset": null}},
        {"rule": {"family": "inet", "table": "t", "chain": "c", "expr": [{"drop": null}]}}"#,
    );
    let reasons = ruleset.unread.iter().map(|unread| unread.reason.as_str()).collect::<Vec<_>>();
    assert_eq!(ruleset.unread.len(), 8, "{reasons:#?}");
    assert!(
        reasons.contains(&"unknown kind of object: portal") && reasons.contains(&"unknown hook: sideways")
    );
    assert_eq!(ruleset.chains[0].rules.len(), 1);
    assert!(ruleset.chains[1].base.is_none());
}

#[test]
fn elements_that_are_not_understood_make_the_set_incomplete() {
    let ruleset = read_objects(
        r#", {"set": {"family": "inet", "table": "t", "name": "s", "type": "ipv4_addr", "elem": ["1.2.3.4", "nonsense", {"prefix": {}}]}}"#,
    );
    assert_eq!(ruleset.sets[0].elements.len(), 1);
    assert_eq!(
        ruleset.sets[0].incomplete.as_deref(),
        Some("2 of its elements could not be read: no IPv4 address: nonsense")
    );
}

#[test]
fn a_set_may_tell_its_elements_before_its_type() {
    let ruleset = read_objects(
        r#", {"element": {"family": "inet", "table": "t", "name": "s", "elem": [6]}},
        {"set": {"elem": [5], "family": "inet", "name": "s", "table": "t", "type": "mark"}}"#,
    );
    assert_eq!(ruleset.sets[0].elements.len(), 2);
    assert!(ruleset.unread.is_empty() && ruleset.sets[0].incomplete.is_none());
}

#[test]
fn objects_may_come_in_any_order() {
    let rule =
        r#"{"rule": {"family": "ip", "table": "n", "chain": "b", "expr": [{"goto": {"target": "a"}}]}}"#;
    let json = format!(
        r#"{{"nftables": [{rule}, {{"chain": {{"family": "ip", "table": "n", "name": "b"}}}},
        {{"chain": {{"family": "ip", "table": "n", "name": "a"}}}}, {{"table": {{"family": "ip", "name": "n"}}}}]}}"#
    );
    let ruleset = super::read(json.as_bytes(), &mut super::Names::default()).unwrap();
    assert_eq!(
        ruleset.chains[0].rules[0].statements,
        [Statement::Verdict(Verdict::Goto(crate::ir::ChainId(1)))]
    );
}

#[test]
fn an_object_in_place_of_a_statement_of_the_same_name_is_referred_to() {
    let read = rule_with(
        r#"{"quota": "q"}, {"limit": "l"}, {"synproxy": "s"}, {"secmark": "m"}, {"tunnel": "u"}, {"ct helper": "h"}"#,
        r#", {"quota": {"family": "inet", "table": "t", "name": "q", "bytes": 5}}"#,
    );
    assert!(unknown(&read).is_empty());
    assert_eq!(
        read.text,
        r#"quota name "q" limit name "l" synproxy name "s" secmark name "m" tunnel name "u" ct helper set "h""#
    );
    assert_eq!(read.statements[2], Statement::Synproxy);
    assert_eq!(read.statements[5], Statement::Passive(Passive::Helper("h".to_owned())));
    assert!(!matches!(read.statements[0], Statement::Match(Condition::Lookup { .. })));
}

/// Listings of `nft` 1.0.6 beside what its `--debug=netlink` shows for the same rules.
#[test]
fn listings_that_do_not_say_what_the_kernel_runs_are_no_guess() {
    let concatenation = |first: &str, element: &str| {
        format!(
            r#"{{"match": {{"op": "==", "left": {{"concat": [{first}, {{"payload": {{"protocol": "ip", "field": "saddr"}}}}]}},
            "right": {{"set": [{{"concat": [{element}]}}]}}}}}}"#
        )
    };
    let field = |protocol: &str, field: &str| {
        format!(r#"{{"payload": {{"protocol": "{protocol}", "field": "{field}"}}}}"#)
    };
    let shifted = |inner: &str, by: u8| format!(r#"{{">>": [{inner}, {by}]}}"#);
    // ip dscp . ip saddr { cs1 . 1.2.3.4 }
    let read = rule(&concatenation(&shifted(&field("ip", "dscp"), 2), r#""cs1", "1.2.3.4""#));
    let Statement::Match(Condition::Lookup { key: crate::ir::Expression::Concatenation(parts), .. }) =
        &read.statements[0]
    else {
        panic!("{read:?}");
    };
    assert!(matches!(&parts[0], crate::ir::Expression::Field(_)), "the listing shifts once more");
    for (items, cause) in [
        (
            concatenation(&shifted(&field("ip6", "dscp"), 6), r#""cs0", "1.2.3.4""#),
            "byte order of this shift",
        ),
        (concatenation(&shifted(&field("tcp", "doff"), 4), r#"0, "5.0.0.1""#), "wrongly"),
        (
            concatenation(r#"{"meta": {"key": "length"}}"#, r#"0, {"range": ["0.0.0.100", "0.0.0.200"]}"#),
            "wrongly",
        ),
        (
            r#"{"match": {"op": "==", "left": {"exthdr": {"name": "frag"}}, "right": "icmp"}}"#.to_owned(),
            "icmp",
        ),
    ] {
        let read = rule(&items);
        assert!(unknown(&read).first().is_some_and(|text| text.contains(cause)), "{:?}", read.statements);
    }
    let set = r#", {"set": {"family": "inet", "table": "t", "name": "s", "type": "dscp", "elem": ["cs1"]}}"#;
    let lookup = |protocol: &str| {
        rule_with(
            &format!(r#"{{"match": {{"op": "==", "left": {}, "right": "@s"}}}}"#, field(protocol, "dscp")),
            set,
        )
    };
    assert!(unknown(&lookup("ip")).is_empty());
    assert_eq!(unknown(&lookup("ip6")).len(), 1);
    let ruleset = read_objects(r#", {"rule": {"family": "inet", "table": "t", "chain": "c", "handle": 3}}"#);
    assert_eq!(unknown(&ruleset.chains[0].rules[0]), ["nft could not print this rule as JSON"]);
}

#[test]
fn a_chain_in_place_is_told_in_words() {
    let read = rule(r#""jump {\n\t\t\tip saddr 1.2.3.4 accept\n\t\t\tdrop\n\t\t}""#);
    assert_eq!(unknown(&read), ["jump { ip saddr 1.2.3.4 accept; drop; } (printed without JSON)"]);
}

#[test]
fn commands_of_files_add_and_insert() {
    let command = |word: &str, verdict: &str| {
        format!(
            r#", {{"{word}": {{"rule": {{"family": "inet", "table": "t", "chain": "c", "expr": [{{"{verdict}": null}}]}}}}}}"#
        )
    };
    let ruleset = read_objects(&format!("{}{}", command("add", "drop"), command("insert", "accept")));
    let rules = ruleset.chains[0].rules.iter().map(|rule| (rule.origin.position, rule.text.as_str()));
    assert_eq!(rules.collect::<Vec<_>>(), [(1, "accept"), (2, "drop")]);
}
