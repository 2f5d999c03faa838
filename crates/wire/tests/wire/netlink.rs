use portreeve_wire::WireError;
use portreeve_wire::netlink::{
    Attributes, Class, Header, Messages, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP, NLM_F_MULTI,
    NLM_F_REQUEST, RequestBuilder,
};
use proptest::prelude::*;

use crate::fixtures::{self, bytes, only};

#[test]
fn a_dump_is_walked_to_its_end() {
    let mut buffer = bytes(fixtures::TCP_LISTEN);
    buffer.extend(bytes(fixtures::TCP_TIME_WAIT));
    buffer.extend(bytes(fixtures::DONE));
    let classes: Vec<_> =
        Messages::new(&buffer).map(|message| message.unwrap().classify().unwrap()).collect();
    assert_eq!(classes, [Class::Data, Class::Data, Class::Done { errno: 0 }]);
    assert!(Messages::new(&buffer).all(|message| message.unwrap().header.has(NLM_F_MULTI)));
}

#[test]
fn an_error_names_errno_and_request() {
    let buffer = bytes(fixtures::ERROR_ENOENT);
    let Class::Error(error) = only(&buffer).classify().unwrap() else { panic!("an error") };
    assert_eq!((error.errno, error.request.kind, error.request.len, error.request.seq), (2, 20, 72, 7));
    assert_eq!(error.explanation, None);
}

#[test]
fn an_extended_acknowledgement_is_read_behind_the_echoed_request() {
    for (capped, echoed) in [(NLM_F_CAPPED, 0), (0, 4)] {
        let mut error = RequestBuilder::new(2, NLM_F_ACK_TLVS | capped, 1);
        error.body(&(-22_i32).to_ne_bytes());
        error.body(&Header { len: 20, kind: 20, flags: NLM_F_REQUEST, seq: 1, pid: 0 }.encode());
        error.body(&vec![0; echoed]);
        error.attribute(1, b"Invalid bytecode\0");
        let buffer = error.finish().unwrap();
        let Class::Error(error) = only(&buffer).classify().unwrap() else { panic!("an error") };
        assert_eq!((error.errno, error.explanation), (22, Some("Invalid bytecode")));
    }
}

#[test]
fn a_cut_off_message_is_an_error_with_its_offset_and_ends_the_walk() {
    let mut buffer = bytes(fixtures::DONE);
    buffer.extend_from_slice(&bytes(fixtures::TCP_BOUND)[..100]);
    let mut messages = Messages::new(&buffer);
    assert!(messages.next().unwrap().is_ok());
    assert_eq!(
        messages.next().unwrap(),
        Err(WireError::Truncated { what: "nlmsghdr", offset: 20, needed: 200, available: 100 })
    );
    assert_eq!(messages.next(), None);
}

#[test]
fn trailing_bytes_are_an_error_with_their_offset() {
    let mut buffer = bytes(fixtures::DONE);
    buffer.extend_from_slice(&[1, 2, 3]);
    assert_eq!(
        Messages::new(&buffer).last().unwrap(),
        Err(WireError::Truncated { what: "nlmsghdr", offset: 20, needed: 16, available: 3 })
    );
}

#[test]
fn a_length_below_the_header_is_an_error() {
    let header = Header { len: 15, kind: 3, flags: 0, seq: 0, pid: 0 };
    assert_eq!(
        Messages::new(&header.encode()).next().unwrap(),
        Err(WireError::ShortLength { what: "nlmsghdr", offset: 0, length: 15 })
    );
    assert_eq!(
        Attributes::new(&[3, 0, 1, 0]).next().unwrap(),
        Err(WireError::ShortLength { what: "nlattr", offset: 0, length: 3 })
    );
}

#[test]
fn an_attribute_cut_off_is_an_error_and_those_before_it_are_kept() {
    let cut = [5, 0, 1, 0, 9, 0, 0, 0, 8, 0, 2, 0, 1];
    let mut attributes = Attributes::new(&cut);
    assert_eq!(attributes.next().unwrap().unwrap().u8(), Ok(9));
    assert_eq!(
        attributes.next().unwrap(),
        Err(WireError::Truncated { what: "nlattr", offset: 8, needed: 8, available: 5 })
    );
    assert_eq!(attributes.next(), None);
}

#[test]
fn flag_bits_are_taken_off_the_attribute_type() {
    let attribute = Attributes::new(&[4, 0, 7, 0xc0]).next().unwrap().unwrap();
    assert_eq!((attribute.kind, attribute.nested, attribute.net_byteorder), (7, true, true));
}

#[test]
fn a_value_of_the_wrong_size_is_an_error() {
    let attribute = Attributes::new(&[6, 0, 1, 0, 1, 2]).next().unwrap().unwrap();
    assert_eq!(attribute.u32(), Err(WireError::WrongSize { what: "nlattr value", expected: 4, actual: 2 }));
    assert_eq!((attribute.u16(), attribute.be16()), (Ok(0x0201), Ok(0x0102)));
}

#[test]
fn an_attribute_too_large_for_its_length_is_refused() {
    let mut request = RequestBuilder::new(20, NLM_F_REQUEST, 1);
    request.attribute(1, &vec![0; 65_531]);
    assert!(request.clone().finish().is_ok());
    request.nested(2, |inner| {
        inner.attribute(1, &vec![0; 40_000]).attribute(2, &vec![0; 40_000]);
    });
    assert!(matches!(request.finish(), Err(WireError::TooLarge { .. })));
}

proptest! {
    #[test]
    fn headers_survive_encoding(len: u32, kind: u16, flags: u16, seq: u32, pid: u32) {
        let header = Header { len, kind, flags, seq, pid };
        prop_assert_eq!(Header::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn requests_survive_the_way_there_and_back(
        kind: u16,
        body in proptest::collection::vec(any::<u8>(), 0..8),
        attributes in proptest::collection::vec(
            (0_u16..0x4000, proptest::collection::vec(any::<u8>(), 0..9)), 0..6),
    ) {
        let mut request = RequestBuilder::new(kind, NLM_F_REQUEST | NLM_F_DUMP, 5);
        request.body(&body);
        for (kind, value) in &attributes {
            request.attribute(*kind, value);
        }
        request.nested(9, |inner| {
            for (kind, value) in &attributes {
                inner.attribute(*kind, value);
            }
        });
        let buffer = request.finish().unwrap();
        let message = only(&buffer);
        prop_assert_eq!(message.header.kind, kind);
        let read: Vec<_> = Attributes::new(&message.payload[body.len().next_multiple_of(4)..])
            .map(Result::unwrap)
            .collect();
        let (nested, flat) = read.split_last().unwrap();
        prop_assert!(nested.nested);
        let pairs = |all: Vec<portreeve_wire::netlink::Attribute<'_>>| {
            all.iter().map(|one| (one.kind, one.payload.to_vec())).collect::<Vec<_>>()
        };
        prop_assert_eq!(pairs(flat.to_vec()), attributes.clone());
        prop_assert_eq!(pairs(nested.attributes().map(Result::unwrap).collect()), attributes);
    }
}
