//! Forms of other releases than the one of the test machine, and constructs whose modules its kernel lacks.

use super::{read_objects, rule, unknown};
use crate::ir::{
    Condition, Expression, Field, Meta, Payload, RejectKind, SetOperation, StateKind, Statement, Verdict,
    Writable,
};

#[test]
fn release_0_9_0_called_members_otherwise() {
    let read = rule(
        r#"{"match": {"left": {"payload": {"name": "tcp", "field": "dport"}}, "right": 22}},
        {"match": {"left": {"meta": "iifname"}, "right": "eth0"}},
        {"mangle": {"left": {"meta": "mark"}, "right": 5}},
        {"vmap": {"left": {"meta": "mark"}, "right": {"set": [[5, {"accept": null}]]}}}"#,
    );
    assert_eq!(unknown(&read), [""; 0]);
    assert_eq!(
        read.text,
        r#"tcp dport 22 iifname "eth0" meta mark set 0x00000005 meta mark vmap { 0x00000005 : accept }"#
    );
    assert_eq!(
        read.statements[2],
        Statement::Assign { target: Writable::Mark, value: Expression::Constant(5) }
    );
}

#[test]
fn release_1_1_names_flags_types_and_answers() {
    let ruleset = read_objects(
        r#", {"table": {"family": "ip", "name": "z", "flags": ["dormant"], "comment": "c"}},
        {"chain": {"family": "ip", "table": "z", "name": "i", "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}},
        {"chain": {"family": "netdev", "table": "n", "name": "e", "type": "filter", "hook": "egress", "prio": 0, "policy": "accept", "dev": ["a", "b"]}},
        {"set": {"family": "inet", "table": "t", "name": "s", "type": {"typeof": {"concat": [{"payload": {"protocol": "ip", "field": "saddr"}},
            {"payload": {"protocol": "vlan", "field": "id"}}]}}, "flags": ["interval"], "elem": [{"concat": ["10.0.0.1", {"range": [1, 5]}]}]}},
        {"map": {"family": "inet", "table": "t", "name": "m", "type": "inet_service", "map": ["ipv4_addr", "inet_service"], "elem": [[80, {"concat": ["1.1.1.1", 8080]}]]}},
        {"flowtable": {"family": "inet", "table": "t", "name": "f", "hook": "ingress", "prio": 0, "dev": "eth0"}}"#,
    );
    assert!(ruleset.unread.is_empty(), "{:?}", ruleset.unread);
    assert!(ruleset.tables[1].dormant && ruleset.chains[1].dormant);
    assert_eq!(ruleset.chains[2].base.as_ref().unwrap().devices, ["a", "b"]);
    assert_eq!(ruleset.sets[0].key.iter().map(|key| key.width).collect::<Vec<_>>(), [32, 12]);
    assert_eq!(ruleset.sets[0].elements[0].key[1].high, 5);
    assert_eq!(ruleset.flowtables[0].devices, ["eth0"]);
    let exists = rule(
        r#"{"match": {"op": "==", "left": {"fib": {"result": "check", "flags": ["saddr", "iif"]}}, "right": true}}"#,
    );
    let listed = rule(
        r#"{"match": {"op": "==", "left": {"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, "right": true}}"#,
    );
    assert_eq!(exists.statements, listed.statements);
    let limit = rule(
        r#"{"limit": {"rate": 5, "burst": 10, "per": "minute", "rate_unit": "kbytes", "burst_unit": "bytes", "inv": true}}, {"last": {"used": 60000}}"#,
    );
    assert_eq!(limit.text, "limit rate over 5 kbytes/minute burst 10 bytes last used 1m");
}

#[test]
fn maps_are_updated() {
    let ruleset = read_objects(
        r#", {"map": {"family": "inet", "table": "t", "name": "m", "type": "ipv4_addr", "map": "inet_service"}},
        {"rule": {"family": "inet", "table": "t", "chain": "c", "expr": [{"map": {"op": "update",
            "elem": {"elem": {"val": {"payload": {"protocol": "ip", "field": "saddr"}}, "timeout": 5}},
            "data": {"payload": {"protocol": "tcp", "field": "dport"}}, "map": "@m"}}]}},
        {"rule": {"family": "inet", "table": "t", "chain": "c", "expr": ["update @m { ip saddr timeout 5s : tcp dport }"]}}"#,
    );
    let rules = &ruleset.chains[0].rules;
    let Statement::Update {
        operation: SetOperation::Update,
        data: Some(Expression::Field(Field::Payload(port))),
        ..
    } = &rules[0].statements[0]
    else {
        panic!("{:?}", rules[0]);
    };
    assert_eq!(port.name, "tcp dport");
    assert_eq!(rules[0].statements, rules[1].statements, "an old nft has no JSON for it");
    assert_eq!(rules[0].text, rules[1].text);
}

#[test]
fn constructs_that_need_modules_are_read() {
    let read = rule(
        r#"{"flow": {"op": "add", "flowtable": "@ft"}}, {"synproxy": {"mss": 1460, "wscale": 7, "flags": ["timestamp", "sack-perm"]}},
        {"match": {"op": "==", "left": {"osf": {"key": "name"}}, "right": "Linux"}},
        {"match": {"op": "==", "left": {"meta": {"key": "hour"}}, "right": {"range": ["10:00", "18:00"]}}},
        {"match": {"op": "==", "left": {"socket": {"key": "cgroupv2", "level": 2}}, "right": "a/b"}},
        {"match": {"op": ">", "left": {"meta": {"key": "random"}}, "right": 5}},
        {"match": {"op": "==", "left": {"dccp option": {"type": 1}}, "right": true}},
        {"match": {"op": "==", "left": {"tunnel": {"key": "id"}}, "right": 5}},
        {"queue": {"num": {"range": [1, 5]}, "flags": ["bypass", "fanout"]}}"#,
    );
    assert_eq!(unknown(&read), [""; 0]);
    assert_eq!(read.statements[0], Statement::Offload { flowtable: "ft".to_owned() });
    assert_eq!(read.statements[1], Statement::Synproxy);
    for (index, kind) in [
        (2, StateKind::OperatingSystem),
        (3, StateKind::Time),
        (4, StateKind::Socket),
        (5, StateKind::Chance),
    ] {
        assert!(
            matches!(&read.statements[index], Statement::State(test) if test.kind == kind),
            "{:?}",
            read.statements[index]
        );
    }
    let opaque = |index: usize| {
        matches!(
            &read.statements[index],
            Statement::Match(Condition::Compare { left: Expression::Field(Field::Opaque { .. }), .. })
        )
    };
    assert!(opaque(6) && opaque(7));
    let Some(Statement::Verdict(Verdict::Queue { bypass: true, text })) = read.statements.last() else {
        panic!()
    };
    assert_eq!(text, "queue flags bypass,fanout to 1-5");
}

#[test]
fn numbers_of_nft_n_mean_what_its_words_mean() {
    let words = rule(
        r#"{"match": {"op": "==", "left": {"meta": {"key": "protocol"}}, "right": "ip6"}},
        {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}},
        {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "tcp"}}, {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}"#,
    );
    let numbers = rule(
        r#"{"match": {"op": "==", "left": {"meta": {"key": "protocol"}}, "right": 56710}},
        {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": [2, 4]}},
        {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": 6}}, {"reject": {"type": "icmpx", "expr": 3}}"#,
    );
    assert_eq!(words.statements, numbers.statements);
    assert_eq!(words.statements[3], Statement::Reject(RejectKind::Icmpx(3)));
}

#[test]
fn operations_keep_the_width_of_their_value() {
    let read = rule(
        r#"{"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"<<": [{"meta": {"key": "mark"}}, 8]}}}"#,
    );
    let Statement::Assign { value: Expression::Operation(_, _, mask), .. } = &read.statements[0] else {
        panic!()
    };
    assert_eq!(**mask, Expression::Constant(0xffff_ffff));
    let read = rule(
        r#"{"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "ip", "field": "daddr"}}, "0.0.0.255"]}, "right": "0.0.0.1"}}"#,
    );
    let field = |offset, name| Expression::Field(Field::Payload(Payload::ip(offset, 32, name)));
    assert_eq!(read.statements[0], Statement::Match(Condition::equal(field(128, "ip daddr").masked(255), 1)));
    let read = rule(
        r#"{"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": {"ct": {"key": "mark"}}}}"#,
    );
    assert!(matches!(
        &read.statements[0],
        Statement::Match(Condition::Compare { left: Expression::Field(Field::Meta(Meta::Mark)), .. })
    ));
}

#[test]
fn tags_inside_of_tags_lie_behind_them() {
    let read = rule(
        r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ether", "field": "type"}}, "right": "8021ad"}},
        {"match": {"op": "==", "left": {"payload": {"protocol": "vlan", "field": "id"}}, "right": 1}},
        {"match": {"op": "==", "left": {"payload": {"protocol": "vlan", "field": "type"}}, "right": "8021q"}},
        {"match": {"op": "==", "left": {"payload": {"protocol": "vlan", "field": "id"}}, "right": 2}}"#,
    );
    let offsets = read.statements.iter().filter_map(|statement| match statement {
        Statement::Match(Condition::Compare { left: Expression::Field(Field::Payload(payload)), .. }) => {
            Some(payload.offset)
        }
        _ => None,
    });
    assert_eq!(offsets.collect::<Vec<_>>(), [96, 116, 128, 148], "no check for 802.1Q: the rule has its own");
}
