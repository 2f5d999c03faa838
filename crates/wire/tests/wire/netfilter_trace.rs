use portreeve_wire::WireError;
use portreeve_wire::netfilter::trace::{Conntrack, Event, EventKind, NFT_MSG_TRACE, VerdictCode};
use portreeve_wire::netlink::RequestBuilder;

use crate::fixtures::{self, bytes, only};

#[test]
fn the_first_event_of_a_chain_carries_the_packet() {
    let buffer = bytes(fixtures::TRACE_FIRST);
    let event = Event::from_message(&only(&buffer)).unwrap();
    assert_eq!((event.family, event.protocol, event.kind), (1, 2, EventKind::Rule));
    assert_eq!((event.table, event.chain, event.handle), (Some("t"), Some("out"), Some(3)));
    let verdict = event.verdict.unwrap();
    assert_eq!((verdict.code, verdict.parameter, verdict.chain), (VerdictCode::Continue, 0, None));
    assert_eq!((event.id, event.mark, event.policy), (0x2406_7699, 0, None));
    assert_eq!((event.input, event.output, event.output_type), (None, Some(1), Some(772)));
    assert_eq!(event.network.map(|header| (header.len(), header[0])), Some((20, 0x45)));
    assert_eq!(
        event.transport,
        Some(&[0x12, 0x34, 0, 9, 0, 13, 0xfe, 0x20, b'h', b'e', b'l', b'l', b'o'][..])
    );
    let new = Conntrack { state: 8, id: Some(0x5192_b791), direction: Some(0), status: Some(0x100) };
    assert_eq!((event.link, event.conntrack), (None, Some(new)));
}

#[test]
fn a_jump_names_its_chain() {
    let buffer = bytes(fixtures::TRACE_JUMP);
    let event = Event::from_message(&only(&buffer)).unwrap();
    let verdict = event.verdict.unwrap();
    assert_eq!((verdict.code, verdict.chain), (VerdictCode::Jump, Some("side")));
    assert_eq!((event.handle, event.mark, event.network), (Some(5), 0x2a, None));
}

#[test]
fn a_policy_has_no_rule() {
    let buffer = bytes(fixtures::TRACE_POLICY);
    let event = Event::from_message(&only(&buffer)).unwrap();
    assert_eq!((event.kind, event.policy), (EventKind::Policy, Some(1)));
    assert_eq!((event.handle, event.verdict, event.conntrack), (None, None, None));
}

fn with_verdict(code: u32) -> Vec<u8> {
    let mut builder = RequestBuilder::new(NFT_MSG_TRACE, 0, 0);
    builder.body(&[2, 0, 0, 0]);
    builder.attribute(4, &3_u32.to_be_bytes());
    builder.nested(5, |verdict| {
        verdict.attribute(1, &code.to_be_bytes());
    });
    builder.finish().unwrap()
}

#[test]
fn parameters_of_final_verdicts_are_split_off_and_unknown_codes_survive() {
    for (code, expected, parameter) in [
        (7 << 16 | 3, VerdictCode::Queue, 7 << 8),
        (0, VerdictCode::Drop, 0),
        (0xffff_fffb, VerdictCode::Return, 0),
        (0x8000_0001, VerdictCode::Unknown(0x8000_0001), 0),
        (9, VerdictCode::Unknown(9), 0),
    ] {
        let buffer = with_verdict(code);
        let verdict = Event::from_message(&only(&buffer)).unwrap().verdict.unwrap();
        assert_eq!((verdict.code, verdict.parameter), (expected, parameter));
    }
}

#[test]
fn other_messages_and_events_without_a_type_are_refused() {
    let buffer = bytes(fixtures::CONNTRACK_SNAT);
    let wrong = Event::from_message(&only(&buffer)).unwrap_err();
    assert_eq!(wrong, WireError::WrongKind { what: "NFT_MSG_TRACE", kind: 0x0100 });
    assert_eq!(Event::decode(&[1, 0, 0, 0]).unwrap_err(), WireError::Missing { what: "NFTA_TRACE_TYPE" });
    assert!(Event::decode(&[1, 0]).is_err());
}
