use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_wire::inet_diag::bytecode::{
    AssembleError, Atom, AuditError, Condition, MAX_DEPTH, Prefix, Program, Side, SocketKey, audit, run,
};
use proptest::prelude::*;

fn port(port: u16) -> Condition {
    Condition::Atom(Atom::PortEq(Side::Source, port))
}

#[test]
fn one_comparison_is_two_operations() {
    let program = Program::assemble(&port(443)).unwrap();
    // S_EQ, yes 8, no 12 (past the end: reject); then the port in a second operation.
    assert_eq!(program.as_bytes(), [11, 8, 12, 0, 0, 0, 0xbb, 0x01]);
}

#[test]
fn or_jumps_to_the_end_after_its_first_part() {
    let either = Condition::Or(vec![port(80), port(443)]);
    assert_eq!(
        Program::assemble(&either).unwrap().as_bytes(),
        [
            11, 8, 12, 0, 0, 0, 80,
            0, // S_EQ 80: holds, fall through; otherwise go to the second comparison
            1, 4, 12, 0, // JMP to the end: accept
            11, 8, 12, 0, 0, 0, 0xbb, 0x01, // S_EQ 443: otherwise reject
        ]
    );
}

#[test]
fn constants_have_programs_the_kernel_accepts() {
    for (condition, expected) in [
        (Condition::All, true),
        (Condition::None, false),
        (Condition::And(vec![]), true),
        (Condition::Or(vec![]), false),
        (!Condition::None, true),
    ] {
        let program = Program::assemble(&condition).unwrap();
        assert_eq!(audit(program.as_bytes()), Ok(()));
        assert_eq!(run(program.as_bytes(), &key()), expected, "{condition:?}");
    }
}

#[test]
fn ipv4_prefixes_hold_for_mapped_addresses() {
    let prefix = Prefix::new(Ipv4Addr::new(192, 0, 2, 0).into(), 24).unwrap();
    assert!(prefix.contains(Ipv4Addr::new(192, 0, 2, 9).into()));
    assert!(prefix.contains("::ffff:192.0.2.9".parse().unwrap()));
    assert!(!prefix.contains("::192.0.2.9".parse().unwrap()));
    assert!(!Prefix::host("::ffff:192.0.2.9".parse().unwrap()).contains(Ipv4Addr::new(192, 0, 2, 9).into()));
    // Every address of the family, and no other.
    assert!(!Prefix::new(Ipv4Addr::UNSPECIFIED.into(), 0).unwrap().contains(Ipv6Addr::LOCALHOST.into()));
    assert_eq!(Prefix::new(Ipv4Addr::UNSPECIFIED.into(), 33), None);
}

#[test]
fn thousands_of_ports_fit_and_more_are_refused() {
    let many = |count: u16| Condition::Or((0..count).map(port).collect());
    let program = Program::assemble(&many(5_000)).unwrap();
    assert_eq!(audit(program.as_bytes()), Ok(()));
    assert!(run(program.as_bytes(), &SocketKey { source_port: 4_999, ..key() }));
    assert!(!run(program.as_bytes(), &SocketKey { source_port: 5_000, ..key() }));
    assert_eq!(Program::assemble(&many(6_000)), Err(AssembleError::TooLarge));
}

#[test]
fn the_longest_program_passes_the_audit() {
    // 8 bytes each, 65,528 in all: the first jump is the longest one possible.
    let all = Condition::And(vec![port(0); 8_191]);
    let program = Program::assemble(&all).unwrap();
    assert_eq!((program.as_bytes().len(), audit(program.as_bytes())), (65_528, Ok(())));
    assert!(!run(program.as_bytes(), &SocketKey { source_port: 1, ..key() }));
    assert_eq!(Program::assemble(&Condition::And(vec![port(0); 8_192])), Err(AssembleError::TooLarge));
}

#[test]
fn deep_nesting_is_refused() {
    let nested = |depth| (0..depth).fold(port(1), |inner, _| !inner);
    assert!(Program::assemble(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(Program::assemble(&nested(MAX_DEPTH + 1)), Err(AssembleError::TooDeep));
}

#[test]
fn the_audit_refuses_what_the_kernel_refuses() {
    assert_eq!(audit(&[]), Err(AuditError::Empty));
    assert_eq!(audit(&[200, 4, 4, 0]), Err(AuditError::UnknownCode(0)));
    // A comparison without its port.
    assert_eq!(audit(&[2, 8, 8, 0]), Err(AuditError::Truncated(0)));
    // A jump that is too short, into the argument, odd, too far.
    assert_eq!(audit(&[1, 4, 0, 0]), Err(AuditError::BadJump(0)));
    assert_eq!(audit(&[0, 8, 0, 0, 0, 0, 0, 0, 1, 4, 4, 0]), Ok(()));
    assert_eq!(audit(&[1, 4, 8, 0, 2, 8, 8, 0, 0, 0, 0, 0]), Err(AuditError::BadJump(0)));
    assert_eq!(audit(&[1, 4, 6, 0, 0, 4, 0, 0]), Err(AuditError::BadJump(0)));
    assert_eq!(audit(&[1, 4, 12, 0]), Err(AuditError::BadJump(0)));
    // An IPv4 prefix of 33 bits, and an unknown family.
    assert_eq!(audit(&[7, 16, 20, 0, 2, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Err(AuditError::BadHost(0)));
    assert_eq!(audit(&[7, 12, 16, 0, 1, 0, 0, 0, 0, 0, 0, 0]), Err(AuditError::BadHost(0)));
    // Running past the end.
    assert_eq!(audit(&[0, 8, 0, 0]), Err(AuditError::Truncated(8)));
}

fn key() -> SocketKey {
    SocketKey {
        source: Ipv4Addr::LOCALHOST.into(),
        destination: Ipv4Addr::UNSPECIFIED.into(),
        source_port: 0,
        destination_port: 0,
        interface: 0,
        mark: 0,
        cgroup_id: 0,
        auto_bound: false,
    }
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Source), Just(Side::Destination)]
}

/// Few values, so that conditions and sockets meet often.
fn small_port() -> impl Strategy<Value = u16> {
    prop_oneof![0_u16..6, Just(u16::MAX)]
}

fn v4() -> impl Strategy<Value = Ipv4Addr> {
    (0_u8..2, 0_u8..4).prop_map(|(net, host)| Ipv4Addr::new(10, 0, net, host))
}

fn v6() -> impl Strategy<Value = Ipv6Addr> {
    prop_oneof![
        v4().prop_map(|v4| v4.to_ipv6_mapped()),
        v4().prop_map(|v4| Ipv6Addr::from(u128::from(u32::from(v4)))),
        (0_u16..3).prop_map(|host| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host)),
    ]
}

fn prefix() -> impl Strategy<Value = Prefix> {
    prop_oneof![
        (v4(), 0_u8..=32).prop_map(|(address, len)| Prefix::new(IpAddr::V4(address), len).unwrap()),
        (v6(), 0_u8..=128).prop_map(|(address, len)| Prefix::new(IpAddr::V6(address), len).unwrap()),
    ]
}

fn atom() -> impl Strategy<Value = Atom> {
    prop_oneof![
        (side(), small_port()).prop_map(|(side, port)| Atom::PortEq(side, port)),
        (side(), small_port()).prop_map(|(side, port)| Atom::PortGe(side, port)),
        (side(), small_port()).prop_map(|(side, port)| Atom::PortLe(side, port)),
        (side(), prefix(), proptest::option::of(small_port()))
            .prop_map(|(side, prefix, port)| Atom::Host(side, prefix, port)),
        (0_u32..3).prop_map(Atom::Interface),
        (0_u32..4, 0_u32..4).prop_map(|(mark, mask)| Atom::Mark { mark, mask }),
        (0_u64..3).prop_map(Atom::Cgroup),
        Just(Atom::AutoBound),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        1 => Just(Condition::All),
        1 => Just(Condition::None),
        8 => atom().prop_map(Condition::Atom),
    ];
    leaf.prop_recursive(6, 64, 5, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| !inner),
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Condition::And),
            proptest::collection::vec(inner, 0..5).prop_map(Condition::Or),
        ]
    })
}

fn socket() -> impl Strategy<Value = SocketKey> {
    let ends = prop_oneof![
        (v4(), v4()).prop_map(|(source, destination)| (IpAddr::V4(source), IpAddr::V4(destination))),
        (v6(), v6()).prop_map(|(source, destination)| (IpAddr::V6(source), IpAddr::V6(destination))),
    ];
    (ends, small_port(), small_port(), 0_u32..3, 0_u32..4, 0_u64..3, any::<bool>()).prop_map(
        |((source, destination), source_port, destination_port, interface, mark, cgroup_id, auto_bound)| {
            SocketKey {
                source,
                destination,
                source_port,
                destination_port,
                interface,
                mark,
                cgroup_id,
                auto_bound,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn programs_pass_the_audit_and_say_what_the_condition_says(
        condition in condition(),
        sockets in proptest::collection::vec(socket(), 1..20),
    ) {
        let program = Program::assemble(&condition).unwrap();
        prop_assert_eq!(audit(program.as_bytes()), Ok(()));
        for socket in &sockets {
            prop_assert_eq!(run(program.as_bytes(), socket), condition.matches(socket), "{:?}", socket);
        }
    }

    #[test]
    fn audited_programs_end(program in proptest::collection::vec(any::<u8>(), 0..64), socket in socket()) {
        let _verdict = audit(&program);
        let _passes = run(&program, &socket);
    }
}
