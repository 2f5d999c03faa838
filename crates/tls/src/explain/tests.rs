//! Conversations that no library would have: made by hand, cut anywhere, or noise.

use std::time::Duration;

use portreeve_model::tls::Party;
use portreeve_wire::tls::{HandshakeType, Suite};
use proptest::prelude::*;
use rustls::client::EchStatus;

use super::conversation::Conversation;
use super::keys::Keys;
use super::said::{Said, What};
use super::secrets::{Hash, Secrets};
use super::{Recording, shown};
use crate::exchange::Turn;

const SUITE: Suite = Suite(0x1301);
const SECRET: [u8; 32] = [7; 32];

fn turn(party: Party, bytes: Vec<u8>) -> Turn {
    Turn { party, bytes, at: Duration::ZERO }
}

fn record(content: u8, fragment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[content, 3, 3, length[0], length[1]], fragment].concat()
}

/// A server's hello of TLS 1.3.
fn server_hello() -> Vec<u8> {
    let mut message = vec![2, 0, 0, 46, 3, 3];
    message.extend([8; 32]);
    message.extend([0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4]);
    message
}

fn secrets() -> Secrets {
    let mut secrets = Secrets::default();
    for label in
        ["SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"]
    {
        secrets.keep(label, &SECRET);
    }
    secrets
}

/// A handshake that ends after `EncryptedExtensions` with this body.
pub(crate) fn recording(encrypted_extensions: &[u8]) -> Recording {
    let mut keys = Keys::of_secret(SUITE, &SECRET).unwrap();
    let length = u8::try_from(encrypted_extensions.len()).unwrap();
    let message = [&[8, 0, 0, length], encrypted_extensions].concat();
    let flight = [record(22, &server_hello()), keys.seal(22, &message)].concat();
    Recording {
        turns: vec![turn(Party::Client, record(22, &[1, 0, 0, 0])), turn(Party::Server, flight)],
        secrets: secrets(),
        ending: Ok(()),
        proof: None,
        alpn: None,
        ech: EchStatus::Grease,
    }
}

fn whats(said: &[Said]) -> Vec<What> {
    said.iter().map(|one| one.what).collect()
}

/// Every byte of a party is in exactly one piece.
fn assert_partition(turns: &[Turn], said: &[Said]) {
    for party in [Party::Client, Party::Server] {
        let sent: Vec<u8> =
            turns.iter().filter(|turn| turn.party == party).flat_map(|turn| turn.bytes.clone()).collect();
        let mut pieces: Vec<_> =
            said.iter().filter(|one| one.party == party).flat_map(|one| &one.pieces).collect();
        pieces.sort_by_key(|piece| piece.offset);
        let told: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.clone()).collect();
        assert_eq!(told, sent, "{pieces:?}");
        let mut at = 0;
        for piece in pieces {
            assert_eq!(piece.offset, at);
            at += piece.bytes.len();
        }
    }
}

#[test]
fn messages_share_records_and_records_share_messages() {
    let mut keys = Keys::of_secret(SUITE, &SECRET).unwrap();
    let finished = [20, 0, 0, 2, 1, 2];
    let messages = [&[8, 0, 0, 2, 0, 0], finished.as_slice()].concat();
    // Two messages in one record with padding, then one in two records.
    let mut flight = record(22, &server_hello());
    flight.extend(keys.seal(22, &[8, 0, 0, 2, 0, 0, 8, 0, 0, 2, 0]));
    flight.extend(keys.seal(22, &[0]));
    flight.extend(keys.seal(22, &messages));
    let turns = [turn(Party::Server, flight)];
    let said = Conversation::of(&turns, &secrets());
    let message = What::Handshake(HandshakeType::EncryptedExtensions);
    let expected = [
        What::Handshake(HandshakeType::ServerHello),
        message,
        message,
        message,
        What::Handshake(HandshakeType::Finished),
    ];
    assert_eq!(whats(&said), expected);
    assert_eq!(said[2].pieces.len(), 2);
    assert_partition(&turns, &said);
    // This Finished proves nothing, and that is seen.
    assert_eq!(said[4].proves, Some(false));
}

#[test]
fn keys_are_taken_anew_after_a_key_update() {
    let mut old = Keys::of_secret(SUITE, &SECRET).unwrap();
    let mut flight = record(22, &server_hello());
    flight.extend(old.seal(22, &[20, 0, 0, 0]));
    // After Finished come the keys of the application, counted from the beginning.
    let mut keys = Keys::of_secret(SUITE, &SECRET).unwrap();
    flight.extend(keys.seal(22, &[24, 0, 0, 1, 0]));
    let next = Hash::Sha256.expand_label(&SECRET, "traffic upd", 32);
    flight.extend(Keys::of_secret(SUITE, &next).unwrap().seal(23, b"data"));
    // What is sealed with other keys stays closed.
    flight.extend(old.seal(23, b"data"));
    let turns = [turn(Party::Server, flight)];
    let said = Conversation::of(&turns, &secrets());
    assert_eq!(said[3].bytes, b"data");
    assert!(matches!(said[4].what, What::Sealed(_)));
    assert_partition(&turns, &said);
}

proptest! {
    #[test]
    fn whatever_is_sent_each_byte_is_told_once(
        turns in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..120)), 0..6),
        begins_well in any::<bool>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut all = if begins_well { recording(&[0, 0]).turns } else { Vec::new() };
        if let Some(last) = all.last_mut() {
            last.bytes.truncate(cut.index(last.bytes.len() + 1));
        }
        all.extend(turns.into_iter().map(|(of_client, bytes)| {
            // As often as not the noise has the form of a record.
            let bytes = if bytes.len() % 2 == 0 { record(20 + u8::from(of_client), &bytes) } else { bytes };
            turn(if of_client { Party::Client } else { Party::Server }, bytes)
        }));
        let said = Conversation::of(&all, &secrets());
        assert_partition(&all, &said);
        for (at, said) in said.iter().enumerate() {
            let step = shown::step(at + 1, said);
            assert!(step.fields.iter().all(|field| field.offset + field.length <= step.length));
        }
    }
}
