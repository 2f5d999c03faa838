//! Questions survive printing and parsing, and any text is survived.

use std::net::IpAddr;

use proptest::prelude::*;

use super::{Place, Question, State, Transport, parse};

fn port() -> impl Strategy<Value = Option<u16>> {
    any::<Option<u16>>()
}

fn transport() -> impl Strategy<Value = Transport> {
    prop_oneof![
        (port(), port(), any::<Option<u8>>()).prop_map(|(source, destination, flags)| Transport::Tcp {
            source,
            destination,
            flags
        }),
        (prop::sample::select(vec![17_u8, 33, 132, 136]), port(), port())
            .prop_map(|(protocol, source, destination)| Transport::Ports { protocol, source, destination }),
        (any::<Option<u8>>(), any::<Option<u8>>()).prop_map(|(kind, code)| Transport::Icmp { kind, code }),
        // ICMP of the other version has no spelling that differs from ICMP's in both directions.
        any::<u8>()
            .prop_filter("has a spelling of its own", |n| ![1, 6, 17, 33, 58, 132, 136].contains(n))
            .prop_map(Transport::Other),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    let name = "[a-zA-Z0-9_.,;@-]{1,15}".prop_filter("not a folder", |name| name != "." && name != "..");
    prop_oneof![
        name.clone().prop_map(Place::In),
        (prop::option::of(name), any::<Option<u32>>(), any::<Option<u32>>())
            .prop_map(|(interface, user, group)| Place::Out { interface, user, group }),
    ]
}

fn state() -> impl Strategy<Value = State> {
    prop::sample::select(vec![
        State::First,
        State::New,
        State::Established,
        State::Related,
        State::Invalid,
        State::Untracked,
    ])
}

fn addresses() -> impl Strategy<Value = (IpAddr, IpAddr)> {
    prop_oneof![
        any::<([u8; 4], [u8; 4])>().prop_map(|(a, b)| (IpAddr::from(a), IpAddr::from(b))),
        any::<([u8; 16], [u8; 16])>().prop_map(|(a, b)| (IpAddr::from(a), IpAddr::from(b))),
    ]
}

prop_compose! {
    fn question()(
        (source, destination) in addresses(),
        with_source in any::<bool>(),
        transport in transport(),
        place in place(),
        state in state(),
        reply in any::<bool>(),
        mark in any::<u32>(),
        dscp in prop::option::of(0_u8..64),
        ttl in any::<Option<u8>>(),
        length in prop::option::of(20_u16..),
        ether in any::<(Option<[u8; 6]>, Option<[u8; 6]>)>(),
        fragment in prop::option::of(1_u16..8192),
    ) -> Question {
        let source = (with_source || matches!(place, Place::In(_))).then_some(source);
        Question {
            source, destination, transport, place, state, reply, mark, dscp, ttl, length, fragment,
            ether_source: ether.0,
            ether_destination: ether.1,
        }
    }
}

proptest! {
    #[test]
    fn a_question_survives_printing_and_parsing(question in question()) {
        let text = question.to_string();
        let asked = parse(&text, &|_, _| None).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert_eq!(asked.question(), Some(&question), "{}", text);
    }

    #[test]
    fn any_text_is_survived(text in "(from|to|tcp|[0-9a-f:.]{0,9}|dport|flags|iif|out|->|\"|,| |ether|type|é|/|.){0,24}") {
        if let Err(error) = parse(&text, &|_, _| None) {
            prop_assert!(text.is_char_boundary(error.offset));
        }
    }
}
