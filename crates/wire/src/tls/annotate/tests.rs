//! Whole messages are annotated without a gap; broken ones as far as they go.

use proptest::prelude::*;

use super::*;
use crate::tls::{ClientHello, Extension, ExtensionType, NamedGroup, SignatureScheme, Suite, Version};

fn tls13() -> Agreed {
    Agreed { version: Some(Version::Tls13), suite: Some(Suite(0x1301)) }
}

/// A hello as browsers send it.
fn hello() -> Vec<u8> {
    let mut hello = ClientHello::new(
        Version::Tls12,
        [Suite(0x1301), Suite(0xc02f), Suite(0x00ff), Suite(0x1a1a)],
        [7; 32],
    );
    hello.session_id = vec![1; 32];
    hello.extensions = vec![
        Extension::server_name("example.test"),
        Extension::groups(&[NamedGroup::X25519, NamedGroup::Unknown(0x2a2a)]),
        Extension::point_formats(),
        Extension::signature_algorithms(&[SignatureScheme::Ed25519]),
        Extension::supported_versions(&[Version::Tls13, Version::Tls12]),
        Extension::psk_key_exchange_modes(),
        Extension::key_shares(&[(NamedGroup::X25519, &[9; 32])]),
        Extension::alpn(&[b"h2", b"http/1.1"]),
        Extension::status_request(),
        Extension::renegotiation_info(),
        Extension::empty(ExtensionType::SessionTicket),
        Extension::new(ExtensionType::EncryptedClientHello, [0, 0, 1, 0, 3, 5, 0, 2, 8, 8, 0, 3, 1, 2, 3]),
        Extension::new(ExtensionType::Unknown(0x3a3a), [0]),
    ];
    hello.message()
}

/// A server's hello of TLS 1.3, its certificate, its signature, a ticket.
fn messages() -> Vec<Vec<u8>> {
    let mut server = vec![2, 0, 0, 86, 3, 3];
    server.extend([8; 32]);
    server.extend([0, 0x13, 1, 0, 0, 46, 0, 43, 0, 2, 3, 4, 0, 51, 0, 36, 0, 29, 0, 32]);
    server.extend([9; 32]);
    vec![
        hello(),
        server,
        vec![8, 0, 0, 11, 0, 9, 0, 16, 0, 5, 0, 3, 2, b'h', b'2'],
        vec![11, 0, 0, 13, 0, 0, 0, 9, 0, 0, 4, 0x30, 2, 5, 0, 0, 0],
        vec![13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 8, 7],
        vec![15, 0, 0, 6, 8, 7, 0, 2, 1, 2],
        vec![4, 0, 0, 16, 0, 0, 14, 16, 1, 2, 3, 4, 1, 0, 0, 2, 5, 5, 0, 0],
        vec![20, 0, 0, 4, 1, 2, 3, 4],
        vec![24, 0, 0, 1, 0],
        vec![12, 0, 0, 10, 3, 0, 29, 1, 7, 4, 1, 0, 1, 9],
        vec![16, 0, 0, 2, 1, 7],
        vec![14, 0, 0, 0],
    ]
}

fn versions() -> [Agreed; 2] {
    [tls13(), Agreed { version: Some(Version::Tls12), suite: Some(Suite(0xc02f)) }]
}

/// Every annotation lies in the field that it is a part of, behind its older sisters.
fn assert_nested(all: &[Annotation], length: usize) {
    let mut around = vec![(0, length)];
    for one in all {
        let depth = usize::from(one.depth);
        assert!(depth < around.len(), "{one:?}");
        around.truncate(depth + 1);
        let (begin, end) = around[depth];
        assert!(begin <= one.offset && one.offset + one.length <= end, "{one:?} in {begin}..{end}");
        around[depth] = (one.offset + one.length, end);
        around.push((one.offset, one.offset + one.length));
    }
}

fn value<'a>(all: &'a [Annotation], name: &str) -> &'a str {
    &all.iter().find(|one| one.name == name).unwrap_or_else(|| panic!("no {name}")).value
}

#[test]
fn whole_messages_are_annotated_without_a_gap() {
    for (at, message) in messages().iter().enumerate() {
        let agreed = versions()[usize::from(at > 8)];
        let all = handshake(message, agreed);
        assert_nested(&all, message.len());
        assert!(all.iter().all(|one| one.name != "not understood"), "{message:?}: {all:#?}");
        let top: usize = all.iter().filter(|one| one.depth == 0).map(|one| one.length).sum();
        assert_eq!(top, message.len());
    }
}

#[test]
fn a_hello_says_what_is_offered() {
    let all = handshake(&hello(), Agreed::default());
    assert_eq!(value(&all, "server_name"), "example.test");
    assert_eq!(value(&all, "supported_groups"), "X25519, GREASE 0x2a2a");
    assert_eq!(value(&all, "supported_versions"), "TLS 1.3, TLS 1.2");
    assert_eq!(value(&all, "application_layer_protocol_negotiation"), "h2, http/1.1");
    assert_eq!(value(&all, "cipher_suites"), "4 offered, best first");
    assert_eq!(value(&all, "group"), "X25519 (0x001d)");
    assert_eq!(value(&all, "config_id"), "5");
    let signal = all.iter().find(|one| one.value.starts_with("TLS_EMPTY_RENEGOTIATION_INFO_SCSV")).unwrap();
    assert!(signal.note.is_some());
}

#[test]
fn what_is_cut_short_is_said() {
    for message in messages().iter().filter(|message| message.len() > 4) {
        for length in 1..message.len() {
            let all = handshake(&message[..length], tls13());
            assert_nested(&all, length);
            let covered: usize = all.iter().filter(|one| one.depth == 0).map(|one| one.length).sum();
            assert_eq!(covered, length, "{all:#?}");
        }
    }
    assert_eq!(alert(&[2, 40])[1].value, "handshake_failure (40)");
    assert_eq!(alert(&[2]).len(), 1);
    assert_eq!(change_cipher_spec(&[1])[0].value, "change_cipher_spec (1)");
}

proptest! {
    #[test]
    fn no_bytes_make_it_fail(
        which in 0..12_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        noise in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut message = messages()[which].clone();
        for (at, with) in changes {
            let at = at.index(message.len());
            message[at] = with;
        }
        message.extend(noise);
        for agreed in versions() {
            assert_nested(&handshake(&message, agreed), message.len());
        }
        assert_nested(&alert(&message), message.len());
    }
}
