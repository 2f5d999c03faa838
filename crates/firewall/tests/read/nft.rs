//! What the reader makes of constructs whose meaning is not on their face. The expectations are what `nft --debug=netlink` shows that
//! the kernel runs.

use portreeve_firewall::ir::{
    Comparison, Condition, ConntrackKey, Data, Direction, Expression, FibResult, Field, Interval, MapPart,
    Meta, NatKind, Operator, Passive, Payload, Policy, RejectKind, SetOperation, StateKind, Statement,
    Verdict, Version, Writable, name_number, name_prefix,
};

use crate::loaded::{chain, load, statements};

/// The only rule's statements.
fn rule(family: &str, hook: &str, rule: &str) -> Vec<Statement> {
    let (_, mut all) = statements(family, hook, &[rule]);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn meta(meta: Meta, value: u128) -> Statement {
    Statement::Match(Condition::equal(Expression::Field(Field::Meta(meta)), value))
}

/// The payload of a comparison.
fn payload(statement: &Statement) -> &Payload {
    let Statement::Match(Condition::Compare { left, .. }) = statement else { panic!("{statement:?}") };
    match left {
        Expression::Field(Field::Payload(payload)) => payload,
        Expression::Operation(_, left, _) => match &**left {
            Expression::Field(Field::Payload(payload)) => payload,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn header_fields_carry_the_protocols_that_the_listing_leaves_out() {
    let all = rule("inet", "input", "tcp dport 22");
    let field = payload(&all[0]);
    assert_eq!((field.network, field.transport, field.offset, field.width), (None, Some(6), 16, 16));
    let all = rule("inet", "input", "icmp type echo-request");
    assert_eq!((payload(&all[0]).network, payload(&all[0]).transport), (Some(0x0800), Some(1)));
    let all = rule("ip", "input", "icmp type echo-request");
    assert_eq!((payload(&all[0]).network, payload(&all[0]).transport), (None, Some(1)));
    let all = rule("bridge", "input", "ip6 saddr fe80::1");
    assert_eq!(payload(&all[0]).network, Some(0x86dd));
}

#[test]
fn checks_that_the_listing_leaves_out_stand_before_what_needs_them() {
    // The type of message that has an MTU.
    let all = rule("ip", "input", "icmp mtu 1400");
    assert_eq!(all.len(), 2);
    assert_eq!((payload(&all[0]).offset, payload(&all[1]).offset), (0, 48));
    assert!(matches!(&all[0], Statement::Match(Condition::Compare { right: Expression::Constant(3), .. })));
    // An answer of one protocol.
    assert_eq!(
        rule("ip", "input", "reject with tcp reset"),
        [meta(Meta::L4Protocol, 6), Statement::Reject(RejectKind::TcpReset)]
    );
    assert_eq!(
        rule("inet", "input", "reject with icmp host-unreachable"),
        [meta(Meta::NfProtocol, 2), Statement::Reject(RejectKind::Icmp(1))]
    );
    assert_eq!(
        rule("netdev", "ingress", "reject with icmp host-unreachable"),
        [meta(Meta::Protocol, 0x0800), Statement::Reject(RejectKind::Icmp(1))]
    );
    // A frame of Ethernet, and its tag.
    assert_eq!(rule("inet", "input", "ether saddr 00:11:22:33:44:55")[0], meta(Meta::InputType, 1));
    let all = rule("bridge", "input", "vlan id 5");
    assert_eq!((payload(&all[0]).offset, payload(&all[1]).offset, payload(&all[1]).width), (96, 116, 12));
    // Extension headers: not for IPv4, `missing` neither.
    assert_eq!(rule("inet", "input", "exthdr frag missing")[0], meta(Meta::NfProtocol, 10));
    assert_eq!(rule("ip6", "input", "exthdr frag missing").len(), 1);
    // A hash and a write need what they read.
    assert_eq!(rule("inet", "input", "meta mark set jhash ip saddr mod 4")[0], meta(Meta::NfProtocol, 2));
    assert_eq!(rule("inet", "input", "tcp dport set 5")[0], meta(Meta::L4Protocol, 6));
    let tproxy = rule("inet", "prerouting", "meta l4proto tcp tproxy ip to 127.0.0.1:80");
    assert_eq!(tproxy[1], meta(Meta::NfProtocol, 2));
}

#[test]
fn a_bare_reject_is_the_usual_one_of_its_family() {
    assert_eq!(rule("ip", "input", "reject"), [Statement::Reject(RejectKind::Icmp(3))]);
    assert_eq!(rule("ip6", "input", "reject"), [Statement::Reject(RejectKind::Icmp6(4))]);
    assert_eq!(rule("inet", "input", "reject"), [Statement::Reject(RejectKind::Icmpx(1))]);
}

#[test]
fn bits_are_tested_as_the_kernel_does() {
    let state = || Expression::Field(Field::Conntrack(ConntrackKey::State, None));
    let compare = |left, operator, right| {
        Statement::Match(Condition::Compare { left, operator, right: Expression::Constant(right) })
    };
    assert_eq!(
        rule("inet", "input", "ct state established,new"),
        [compare(state().masked(10), Comparison::NotEqual, 0)]
    );
    // Not "none of these bits": the whole value differs.
    assert_eq!(rule("inet", "input", "ct state != new"), [compare(state(), Comparison::NotEqual, 8)]);
    let (_, all) = statements(
        "inet",
        "input",
        &[
            "tcp flags syn",
            "tcp flags ! syn",
            "tcp flags & (syn|ack) == syn",
            "tcp flags == syn",
            "tcp flags != syn",
        ],
    );
    let expected = [
        (Some(2), Comparison::NotEqual, 0),
        (Some(2), Comparison::Equal, 0),
        (Some(18), Comparison::Equal, 2),
        (None, Comparison::Equal, 2),
        (None, Comparison::NotEqual, 2),
    ];
    for (statements, (mask, operator, right)) in all.iter().zip(expected) {
        let Statement::Match(Condition::Compare { left, operator: found, right: value }) = &statements[0]
        else {
            panic!()
        };
        assert_eq!((*found, value), (operator, &Expression::Constant(right)));
        match (left, mask) {
            (Expression::Operation(Operator::And, _, found), Some(mask)) => {
                assert_eq!(**found, Expression::Constant(mask));
            }
            (Expression::Field(_), None) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        rule("inet", "input", "ct label 5"),
        [compare(
            Expression::Field(Field::Conntrack(ConntrackKey::Labels, None)).masked(32),
            Comparison::NotEqual,
            0
        )]
    );
}

#[test]
fn host_order_values_are_numbers() {
    let mark = || Expression::Field(Field::Meta(Meta::Mark));
    assert_eq!(
        rule("inet", "input", "meta mark & 0xffffff00 == 0x100"),
        [Statement::Match(Condition::Range {
            value: mark(),
            interval: Interval { low: 0x100, high: 0x1ff },
            negated: false
        })]
    );
    assert_eq!(
        rule("inet", "input", "meta mark 5-10"),
        [Statement::Match(Condition::Range {
            value: mark(),
            interval: Interval { low: 5, high: 10 },
            negated: false
        })]
    );
    assert_eq!(rule("inet", "input", "ct mark & 0xff == 5").len(), 1);
    assert_eq!(
        rule("inet", "input", "meta mark set ct mark & 0xff"),
        [Statement::Assign {
            target: Writable::Mark,
            value: Expression::Field(Field::Conntrack(ConntrackKey::Mark, None)).masked(255)
        }]
    );
    let input = |value| meta(Meta::InputIndex, value);
    assert_eq!(rule("inet", "input", "iif \"lo\""), [input(1)]);
    assert_eq!(rule("inet", "input", "meta protocol arp"), [meta(Meta::Protocol, 0x0806)]);
    assert_eq!(rule("inet", "input", "ct expiration 10s").len(), 1);
}

#[test]
fn interface_names_may_be_patterns() {
    let name = || Expression::Field(Field::Meta(Meta::InputName));
    assert_eq!(
        rule("inet", "input", "iifname \"eth*\""),
        [Statement::Match(Condition::Range { value: name(), interval: name_prefix("eth"), negated: false })]
    );
    assert_eq!(rule("inet", "input", "iifname \"eth\\*\""), [meta(Meta::InputName, name_number("eth*"))]);
    assert_eq!(rule("inet", "input", "iifname \"eth0\""), [meta(Meta::InputName, name_number("eth0"))]);
    assert_eq!(
        rule("inet", "input", "iifname != \"eth*\""),
        [Statement::Match(Condition::Range { value: name(), interval: name_prefix("eth"), negated: true })]
    );
}

#[test]
fn routing_answers_are_asked_for_as_the_kernel_does() {
    let all = rule("inet", "prerouting", "fib saddr . iif oif missing");
    let Statement::Match(Condition::Compare { left: Expression::Field(Field::Fib(fib)), right, .. }) =
        &all[0]
    else {
        panic!()
    };
    assert_eq!((fib.result, fib.input, fib.output, fib.mark), (FibResult::Exists, true, false, false));
    assert_eq!(right, &Expression::Constant(0));
    let all = rule("inet", "prerouting", "fib daddr type local");
    let Statement::Match(Condition::Compare { left: Expression::Field(Field::Fib(fib)), right, .. }) =
        &all[0]
    else {
        panic!()
    };
    assert_eq!((fib.result, right), (FibResult::Type, &Expression::Constant(2)));
}

#[test]
fn connection_addresses_have_the_version_of_the_table() {
    for (family, address, key) in [
        ("ip", "1.2.3.4", ConntrackKey::Source(Version::V4)),
        ("ip6", "fe80::1", ConntrackKey::Source(Version::V6)),
    ] {
        let all = rule(family, "input", &format!("ct original saddr {address}"));
        let Statement::Match(Condition::Compare {
            left: Expression::Field(Field::Conntrack(found, direction)),
            ..
        }) = &all[0]
        else {
            panic!()
        };
        assert_eq!((*found, *direction), (key, Some(Direction::Original)));
    }
}

#[test]
fn sets_keep_their_intervals_concatenations_and_catch_all() {
    let ruleset = load(
        "table inet t {\n set a { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 11.0.0.1-11.0.0.7, 1.2.3.4 } }\n\
         set b { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 1-5 } }\n\
         set v { typeof vlan id; elements = { 5 } }\n\
         set l { type ipv4_addr; flags dynamic; limit rate 5/second; elements = { 1.1.1.1 } }\n\
         map m { type inet_service : verdict; flags interval; elements = { 22 : accept, 80-90 : jump x, * : drop } }\n\
         chain x { }\n chain c { type filter hook input priority 0; policy drop;\n  tcp dport vmap @m\n  vlan id @v\n  ip saddr != @a accept\n }\n}\n",
    )
    .read();
    let set = |name: &str| ruleset.sets.iter().find(|set| set.name == name).unwrap();
    let a = set("a").elements.iter().map(|element| element.key[0]).collect::<Vec<_>>();
    assert!(set("a").interval);
    assert!(
        a.contains(&Interval { low: 0x0a00_0000, high: 0x0aff_ffff })
            && a.contains(&Interval::single(0x0102_0304))
    );
    assert!(a.contains(&Interval { low: 0x0b00_0001, high: 0x0b00_0007 }));
    assert_eq!(
        set("b").elements[0].key,
        [Interval { low: 0x0a00_0000, high: 0x0aff_ffff }, Interval { low: 1, high: 5 }]
    );
    assert_eq!(set("v").key[0].width, 12, "typeof tells no width; the rule does");
    assert!(set("l").elements[0].stateful.is_some(), "a limit decides at each lookup");
    let m = &set("m").elements;
    let jump = m.iter().find(|element| element.key == [Interval { low: 80, high: 90 }]).unwrap();
    let Data::Verdict(Verdict::Jump(to)) = &jump.data else { panic!("{jump:?}") };
    assert_eq!(ruleset.chain(*to).unwrap().name, "x");
    let rest = m.iter().find(|element| element.key.is_empty()).unwrap();
    assert_eq!(rest.data, Data::Verdict(Verdict::Drop));
    let c = chain(&ruleset, "c");
    assert_eq!(c.base.as_ref().unwrap().policy, Policy::Drop);
    assert!(matches!(c.rules[2].statements[0], Statement::Match(Condition::Lookup { negated: true, .. })));
}

#[test]
fn translations_take_their_parts_from_maps() {
    let (ruleset, all) = statements(
        "inet",
        "prerouting",
        &[
            "dnat ip addr . port to tcp dport map { 80 : 1.1.1.1 . 8001 }",
            "dnat ip to ip daddr map { 1.1.1.1 : 2.2.2.2-2.2.2.5 }",
            "tcp dport 5 dnat ip to 1.2.3.4-1.2.3.9:80-90 random,persistent",
            "dnat ip prefix to ip daddr map { 10.141.11.0/24 : 192.168.2.0/24 }",
            "tcp dport 22 redirect to :80",
        ],
    );
    let nat = |index: usize| match all[index].last() {
        Some(Statement::Nat(nat)) => nat.clone(),
        other => panic!("{other:?}"),
    };
    let taken = |expression: &Expression| match expression {
        Expression::Map { map, part, .. } => (ruleset.set(*map).unwrap().elements[0].data.clone(), *part),
        other => panic!("{other:?}"),
    };
    let (address, port) = (nat(0).address.unwrap(), nat(0).port.unwrap());
    let data = Data::Values(vec![Interval::single(0x0101_0101), Interval::single(8001)]);
    assert_eq!(taken(&address.0), (data.clone(), MapPart::Low(0)));
    assert_eq!(taken(&port.1), (data, MapPart::High(1)));
    let data = Data::Values(vec![Interval { low: 0x0202_0202, high: 0x0202_0205 }]);
    assert_eq!(taken(&nat(1).address.unwrap().1), (data, MapPart::High(0)));
    assert!(nat(1).port.is_none());
    let plain = nat(2);
    assert_eq!(plain.address, Some((Expression::Constant(0x0102_0304), Expression::Constant(0x0102_0309))));
    assert_eq!(plain.port, Some((Expression::Constant(80), Expression::Constant(90))));
    assert_eq!(
        (plain.kind, plain.version, plain.random, plain.persistent, plain.netmap),
        (NatKind::Dnat, Some(Version::V4), true, true, false)
    );
    assert!(nat(3).netmap);
    assert_eq!((nat(4).kind, nat(4).version), (NatKind::Redirect, None));
}

#[test]
fn objects_by_a_map_break_the_rule_where_there_is_none() {
    let ruleset = load(
        "table inet t {\n counter cn { }\n quota q { over 5 mbytes; }\n map mc { type ipv4_addr : counter; elements = { 1.2.3.4 : \"cn\" } }\n\
         set f { type ipv4_addr; flags dynamic, timeout; timeout 5m; }\n\
         chain c { type filter hook input priority 0;\n  counter name ip saddr map @mc\n  counter name \"cn\"\n  quota name \"q\" drop\n\
         add @f { ip saddr limit rate over 5/second } drop\n  ct count over 5 drop\n  counter packets 7 bytes 8 accept comment \"why\"\n }\n}\n",
    )
    .read();
    let rules = &chain(&ruleset, "c").rules;
    assert!(matches!(rules[0].statements[0], Statement::Match(Condition::Lookup { negated: false, .. })));
    assert_eq!(rules[0].statements[1], Statement::Passive(Passive::Counter));
    assert_eq!(rules[1].statements, [Statement::Passive(Passive::Counter)]);
    assert!(matches!(&rules[2].statements[0], Statement::State(test) if test.kind == StateKind::Quota));
    let Statement::Update { operation: SetOperation::Add, set, tests, .. } = &rules[3].statements[0] else {
        panic!()
    };
    assert!(ruleset.set(*set).unwrap().dynamic);
    assert_eq!(tests[0].kind, StateKind::Limit);
    assert!(
        matches!(&rules[4].statements[0], Statement::State(test) if test.kind == StateKind::ConnectionCount)
    );
    let origin = &rules[5].origin;
    assert_eq!(
        (origin.comment.as_deref(), origin.counters.unwrap().packets, origin.position),
        (Some("why"), 7, 6)
    );
}

#[test]
fn devices_and_dormant_tables_are_known_whatever_this_nft_tells() {
    let ruleset = load(
        "table inet asleep { flags dormant;\n chain c { type filter hook input priority 0; policy drop; }\n}\n\
         table netdev n {\n chain i { type filter hook ingress devices = { lo, eth0 } priority 0; }\n}\n",
    )
    .read();
    assert!(ruleset.unread.is_empty(), "{:?}", ruleset.unread);
    assert!(ruleset.tables[0].dormant && chain(&ruleset, "c").dormant);
    assert!(!ruleset.tables[1].dormant);
    let mut devices = chain(&ruleset, "i").base.clone().unwrap().devices;
    devices.sort();
    assert_eq!(devices, ["eth0", "lo"]);
}

#[test]
fn an_interface_that_went_away_has_an_index_of_its_own() {
    let loaded =
        load("table inet t {\n chain c { type filter hook input priority 0;\n  iif \"eth0\" accept\n }\n}\n");
    let mut names = portreeve_firewall::read::names::Names::new([(1, "lo".to_owned())]);
    let ruleset = portreeve_firewall::read::nft::read(&loaded.json, &mut names).unwrap();
    let [(name, index)] = names.invented() else { panic!() };
    assert_eq!(name, "eth0");
    assert_eq!(chain(&ruleset, "c").rules[0].statements[0], meta(Meta::InputIndex, u128::from(*index)));
}
