//! What single rules mean, where the xtables differ from what one might think.

use portreeve_firewall::ir::{
    Backend, ChainKind, Comparison, Condition, ConntrackKey, Expression, Field, Hook, Interval, Meta,
    NatKind, Operator, Payload, RejectKind, StateKind, Statement, Version, Writable,
};
use portreeve_firewall::read::xtables::{IpSets, read_save};

/// The statements of a rule, in a table whose chain `CHAIN` it stands in.
fn rule(version: Version, table: &str, rule: &str) -> Vec<Statement> {
    let sets =
        IpSets::read("create s hash:ip,port\nadd s 1.1.1.1,tcp:80\ncreate l list:set\nadd l s\n").unwrap();
    let text = format!(
        "*{table}\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n:CHAIN - [0:0]\n-A CHAIN {rule}\nCOMMIT\n"
    );
    let ruleset = read_save(&text, version, Backend::IptablesLegacy, &sets).unwrap();
    ruleset.chains[3].rules[0].statements.clone()
}

/// The conditions of a rule without a target.
fn conditions(version: Version, text: &str) -> Vec<Condition> {
    let condition = |statement| match statement {
        Statement::Match(condition) => condition,
        other => panic!("{text}: {other:?}"),
    };
    rule(version, "filter", text).into_iter().map(condition).collect()
}

fn one(text: &str) -> Condition {
    match conditions(Version::V4, text).as_slice() {
        [condition] => condition.clone(),
        other => panic!("{text}: {other:?}"),
    }
}

fn meta(meta: Meta) -> Expression {
    Expression::Field(Field::Meta(meta))
}

fn negated_softly(condition: Condition) -> Condition {
    Condition::Not(Box::new(Condition::Any(vec![condition])))
}

#[test]
fn chains_hang_where_the_kernel_calls_them() {
    let text = "*mangle\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:USER - [0:0]\nCOMMIT\n*nat\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n*raw\n:OUTPUT ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\nCOMMIT\n*security\n:FORWARD ACCEPT [0:0]\nCOMMIT\n";
    let ruleset = read_save(text, Version::V6, Backend::IptablesLegacy, &IpSets::default()).unwrap();
    let places: Vec<Option<(ChainKind, Hook, i32)>> = ruleset
        .chains
        .iter()
        .map(|chain| chain.base.as_ref().map(|base| (base.kind, base.hook, base.priority)))
        .collect();
    assert_eq!(
        places,
        [
            Some((ChainKind::Filter, Hook::Prerouting, -150)),
            Some((ChainKind::Route, Hook::Output, -150)),
            None,
            Some((ChainKind::Nat, Hook::Input, 100)),
            Some((ChainKind::Nat, Hook::Output, -100)),
            Some((ChainKind::Filter, Hook::Output, -300)),
            // `raw` has no INPUT of the kernel's own: it is a chain like any other.
            None,
            Some((ChainKind::Filter, Hook::Forward, 50)),
        ]
    );
}

#[test]
fn the_head_is_tested_first_and_in_the_kernels_order() {
    let conditions = conditions(Version::V4, "-m mark --mark 1 -p udp -i eth0 -s 10.0.0.0/8");
    let Condition::Range { interval, .. } = &conditions[0] else { panic!("{conditions:?}") };
    assert_eq!(*interval, Interval { low: 0x0a00_0000, high: 0x0aff_ffff });
    assert!(matches!(&conditions[1], Condition::Compare { left, .. } if *left == meta(Meta::InputName)));
    assert_eq!(conditions[2], Condition::equal(meta(Meta::L4Protocol), 17));
    assert_eq!(conditions[3], Condition::equal(meta(Meta::Mark), 1));
}

#[test]
fn masks_with_holes_are_compared_by_bits() {
    let Condition::Compare { left, operator, right } = one("-s 10.0.0.1/255.0.0.255") else { panic!() };
    assert_eq!((operator, right), (Comparison::Equal, Expression::Constant(0x0a00_0001)));
    assert!(
        matches!(left, Expression::Operation(Operator::And, _, mask) if *mask == Expression::Constant(0xff00_00ff))
    );
    assert_eq!(conditions(Version::V4, "-s 0.0.0.0/0"), []);
    assert_eq!(one("! -s 0.0.0.0/0"), Condition::Any(Vec::new()));
}

#[test]
fn interfaces_are_compared_as_names() {
    let Condition::Range { interval, negated, .. } = one("! -i eth+") else { panic!() };
    assert!(negated && interval.contains(u128::from_be_bytes(*b"eth0\0\0\0\0\0\0\0\0\0\0\0\0")));
    assert!(!interval.contains(u128::from_be_bytes(*b"et\0\0\0\0\0\0\0\0\0\0\0\0\0\0")));
    assert_eq!(conditions(Version::V4, "-i +"), []);
}

#[test]
fn ports_belong_to_the_protocol_of_the_match() {
    let all = conditions(Version::V4, "-p tcp -m tcp ! --dport 1:2");
    let field = Expression::Field(Field::Payload(Payload::transport(Some(6), 16, 16, "dport")));
    assert_eq!(
        all[1],
        Condition::Range { value: field.clone(), interval: Interval { low: 1, high: 2 }, negated: true }
    );
    // Without options the match still wants a header, which later fragments have not.
    assert_eq!(conditions(Version::V4, "-p tcp -m tcp").len(), 2);
    // So does a negated list, of which each part alone would say no.
    let all = conditions(Version::V4, "-p tcp -m multiport ! --dports 80,443");
    assert!(matches!(all.as_slice(), [_, Condition::Range { negated: false, .. }, Condition::Not(_)]));
}

#[test]
fn packets_without_a_connection_have_a_state_and_nothing_else() {
    // `if (ct == NULL) return info->match_flags & XT_CONNTRACK_STATE;`
    let all = conditions(Version::V4, "-m conntrack --ctstate INVALID,NEW --ctproto 6");
    let [Condition::Compare { .. }, Condition::Any(parts)] = all.as_slice() else { panic!("{all:?}") };
    let state = Expression::Field(Field::Conntrack(ConntrackKey::State, None));
    assert!(
        matches!(&parts[0], Condition::Compare { left: Expression::Operation(_, field, _), .. } if **field == state)
    );
    assert!(matches!(one("-m conntrack --ctproto 6"), Condition::Compare { .. }));
    // The pseudo states are bits of the status, which such a packet has not.
    assert!(
        matches!(one("-m conntrack ! --ctstate DNAT"), Condition::Not(inner) if matches!(&*inner, Condition::Any(_)))
    );
}

#[test]
fn many_matches_answer_no_where_something_is_missing_and_turn_that_round() {
    for text in [
        "-m owner ! --uid-owner 5",
        "-m physdev ! --physdev-in eth0",
        "-p tcp -m tcpmss ! --mss 500",
        "-m set ! --match-set s src,dst",
        "-m helper ! --helper ftp",
        "-m connlabel ! --label 3",
    ] {
        let all = conditions(Version::V4, text);
        let last = all.last().unwrap();
        let Condition::Not(inner) = last else { panic!("{text}: {last:?}") };
        assert!(matches!(&**inner, Condition::Any(_)), "{text}: {last:?}");
    }
    // Others never turn it round.
    let mac = one("-m mac ! --mac-source 00:11:22:33:44:55");
    assert!(
        matches!(&mac, Condition::All(parts) if matches!(&**parts, [Condition::Compare { .. }, Condition::Not(_)])),
        "{mac:?}"
    );
    for text in ["-m connmark ! --mark 1", "-m cgroup ! --cgroup 5"] {
        let last = one(text);
        assert!(
            matches!(&last, Condition::Not(inner) if matches!(&**inner, Condition::Compare { .. })),
            "{text}: {last:?}"
        );
    }
}

#[test]
fn a_set_is_asked_with_what_the_protocol_calls_a_port() {
    let Condition::Any(alternatives) = one("-m set --match-set s src,dst") else { panic!() };
    let [Condition::All(parts)] = alternatives.as_slice() else {
        panic!("only TCP is in it: {alternatives:?}")
    };
    assert_eq!(parts[0], Condition::equal(meta(Meta::L4Protocol), 6));
    let Condition::Lookup { key: Expression::Concatenation(key), .. } = &parts[1] else { panic!() };
    assert_eq!(key.len(), 3);
    // Too few flags, or another family: never.
    assert_eq!(one("-m set --match-set s src"), Condition::Any(Vec::new()));
    assert_eq!(one("-m set ! --match-set s src"), negated_softly(Condition::Any(Vec::new())));
    assert_eq!(conditions(Version::V6, "-m set --match-set s src,src"), [Condition::Any(Vec::new())]);
    // A set that was not read.
    assert!(matches!(one("-m set --match-set gone src"), Condition::Unknown(_)));
    let Condition::Any(members) = one("-m set --match-set l src,dst") else { panic!() };
    assert_eq!(members.len(), 1);
}

#[test]
fn tests_with_a_memory_are_told_and_certain_ones_decided() {
    for (text, kind, certain) in [
        ("-m recent --set --name x", StateKind::Recent, Some(true)),
        ("-m recent ! --set --name x", StateKind::Recent, Some(false)),
        ("-m recent --update --name x", StateKind::Recent, None),
        ("-m statistic --mode random --probability 1.00000000000", StateKind::Chance, Some(true)),
        ("-m statistic --mode random ! --probability 0", StateKind::Chance, Some(true)),
        ("-m statistic --mode nth --every 1 --packet 0", StateKind::Chance, Some(true)),
        ("-m statistic --mode nth --every 2 --packet 0", StateKind::Chance, None),
        ("-m u32 --u32 0x0=0x1", StateKind::Program, None),
        ("-m nfacct --nfacct-name a", StateKind::Other, None),
        ("-m rateest --rateest a --rateest-gt --rateest-bps 5", StateKind::Other, None),
        ("-m ipvs --ipvs", StateKind::Other, None),
        ("-m l2tp --tid 5", StateKind::Other, None),
    ] {
        match rule(Version::V4, "filter", text).as_slice() {
            [Statement::State(test)] => assert_eq!((test.kind, test.certain), (kind, certain), "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn marks_are_mixed_as_the_kernel_does() {
    let mark = || meta(Meta::Mark);
    let xor = |left, value| {
        Expression::Operation(Operator::Xor, Box::new(left), Box::new(Expression::Constant(value)))
    };
    for (option, value) in [
        ("--set-xmark 0x5/0xffffffff", Expression::Constant(5)),
        ("--set-mark 5", Expression::Constant(5)),
        ("--set-mark 0x5/0x2", xor(mark().masked(0xffff_fff8), 5)),
        ("--and-mark 0xff", mark().masked(0xff)),
        ("--or-mark 5", xor(mark().masked(0xffff_fffa), 5)),
        ("--xor-mark 5", xor(mark(), 5)),
    ] {
        let found = rule(Version::V4, "mangle", &format!("-j MARK {option}"));
        assert_eq!(found, [Statement::Assign { target: Writable::Mark, value }], "{option}");
    }
}

#[test]
fn translations_say_which_end() {
    let nat = |version, table: &str, text: &str| match rule(version, table, text).pop() {
        Some(Statement::Nat(nat)) => nat,
        other => panic!("{text}: {other:?}"),
    };
    let both = |low, high| Some((Expression::Constant(low), Expression::Constant(high)));
    let dnat = nat(Version::V4, "nat", "-j DNAT --to-destination 10.0.0.1-10.0.0.9:80-90/1000 --persistent");
    assert_eq!((dnat.address, dnat.port), (both(0x0a00_0001, 0x0a00_0009), both(80, 90)));
    assert_eq!((dnat.base_port, dnat.persistent, dnat.random), (Some(1000), true, false));
    let dnat = nat(Version::V6, "nat", "-j DNAT --to-destination [::1]:80");
    assert_eq!((dnat.address, dnat.port), (both(1, 1), both(80, 80)));
    let dnat = nat(Version::V6, "nat", "-j DNAT --to-destination :80");
    assert_eq!((dnat.address, dnat.port), (None, both(80, 80)));
    let snat = nat(Version::V6, "nat", "-j SNAT --to-source ::1-::5 --random-fully");
    assert_eq!((snat.kind, snat.address, snat.random), (NatKind::Snat, both(1, 5), true));
    // NETMAP's end is that of the hook its chain is called from.
    for (chain, kind) in
        [("PREROUTING", Some(NatKind::Dnat)), ("POSTROUTING", Some(NatKind::Snat)), ("", None)]
    {
        let jumps = if chain.is_empty() {
            "-A PREROUTING -j C\n-A POSTROUTING -j C\n".to_owned()
        } else {
            format!("-A {chain} -j C\n")
        };
        let text = format!(
            "*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n:C -\n{jumps}-A C -j NETMAP --to 10.1.0.0/24\nCOMMIT\n"
        );
        let ruleset = read_save(&text, Version::V4, Backend::IptablesLegacy, &IpSets::default()).unwrap();
        match (&ruleset.chains[2].rules[0].statements[0], kind) {
            (Statement::Nat(nat), Some(kind)) => {
                assert_eq!(
                    (nat.kind, nat.netmap, nat.address.clone()),
                    (kind, true, both(0x0a01_0000, 0x0a01_00ff))
                );
            }
            (Statement::Unknown(_), None) => {}
            (other, _) => panic!("{chain}: {other:?}"),
        }
    }
}

#[test]
fn refusals_have_the_kernels_codes() {
    for (version, text, kind) in [
        (Version::V4, "-j REJECT", RejectKind::Icmp(3)),
        (Version::V6, "-j REJECT", RejectKind::Icmp6(4)),
        (Version::V4, "-j REJECT --reject-with icmp-host-prohibited", RejectKind::Icmp(10)),
        (Version::V6, "-j REJECT --reject-with icmp6-adm-prohibited", RejectKind::Icmp6(1)),
        (Version::V6, "-p tcp -j REJECT --reject-with tcp-reset", RejectKind::TcpReset),
    ] {
        assert_eq!(rule(version, "filter", text).pop(), Some(Statement::Reject(kind)), "{text}");
    }
    // ICMP types of the other version are not understood.
    assert!(matches!(
        rule(Version::V6, "filter", "-j REJECT --reject-with icmp-port-unreachable").pop(),
        Some(Statement::Unknown(_))
    ));
}

#[test]
fn extension_headers_are_asked_for() {
    for text in ["-m frag --fragfirst", "-m rt --rt-type 0", "-m hbh --hbh-len 8", "-m ah --ahspi 5"] {
        let all = conditions(Version::V6, text);
        assert!(
            all.iter().all(|condition| format!("{condition:?}").contains("Ip6Header")),
            "{text}: {all:?}"
        );
    }
    // Network order in the packet, the machine's in the rule.
    let all = conditions(Version::V6, "-m srh --srh-tag 21");
    let tag = Expression::Field(Field::Ip6Header { header: 43, offset: 48, width: 16 });
    assert_eq!(all.last(), Some(&Condition::equal(tag, 21_u16.to_be().into())));
    let all = conditions(Version::V6, "-m ipv6header --header ipv6-route,esp --soft");
    assert_eq!(all[1], Condition::equal(meta(Meta::L4Protocol), 50));
    assert_eq!(conditions(Version::V6, "-m hbh --hbh-not-strict"), [Condition::Any(Vec::new())]);
}
