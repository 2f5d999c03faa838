//! Properties of the codec: what is encoded is decoded to the same, bytes mean the same however they are cut, and any bytes are read.

use proptest::collection::vec;
use proptest::prelude::*;

use super::heartbeat::Heartbeat;
use super::messages::{CertificateRequest, ServerKeyExchange, Ticket, certificates, stapled_response};
use super::{
    ClientHello, ContentType, Event, Extension, ExtensionType, FlightReader, HandshakeType, LONGEST_MESSAGE,
    ServerHello, Suite, Version, handshake_message, records, ssl2, tls13,
};
use crate::WireError;

fn extension() -> impl Strategy<Value = Extension> {
    (any::<u16>(), vec(any::<u8>(), 0..40)).prop_map(|(kind, content)| Extension::new(kind.into(), content))
}

fn client_hello() -> impl Strategy<Value = ClientHello> {
    // A record of another major version is none.
    let numbers = (0x0300..0x0400_u16, any::<[u8; 32]>(), vec(any::<u16>(), 0..60));
    let lists = (vec(any::<u8>(), 0..=32), vec(any::<u8>(), 0..4), vec(extension(), 0..8));
    (numbers, lists).prop_map(|((version, random, suites), (session_id, compression, extensions))| {
        ClientHello {
            record_version: version.into(),
            version: version.into(),
            random,
            session_id,
            suites: suites.into_iter().map(Suite).collect(),
            compression,
            extensions,
            fragment: 1 << 14,
        }
    })
}

/// Records with all sorts of contents; a part of them handshake messages, whole or not.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let contents = prop::sample::select(vec![20_u8, 21, 22, 22, 22, 23, 24, 99]);
    let plain = (contents, vec(any::<u8>(), 0..60))
        .prop_map(|(content, bytes)| records(ContentType::from(content), Version::Tls12, &bytes));
    let message = (any::<u8>(), vec(any::<u8>(), 0..60), 1..30_usize).prop_map(|(kind, body, piece)| {
        let message = handshake_message(HandshakeType::from(kind), &body);
        message.chunks(piece).flat_map(|one| records(ContentType::Handshake, Version::Tls12, one)).collect()
    });
    vec(prop_oneof![1 => plain, 3 => message], 0..8).prop_map(|all| all.concat())
}

fn read(reader: &mut FlightReader, events: &mut Vec<Event>) {
    events.extend(std::iter::from_fn(|| reader.next_event()));
}

fn read_at_once(bytes: &[u8]) -> (Vec<Event>, Option<WireError>) {
    let (mut reader, mut events) = (FlightReader::default(), Vec::new());
    reader.push(bytes);
    read(&mut reader, &mut events);
    (events, reader.failure().copied())
}

fn read_in_pieces(bytes: &[u8], pieces: &[usize]) -> (Vec<Event>, Option<WireError>) {
    let (mut reader, mut events, mut rest) = (FlightReader::default(), Vec::new(), bytes);
    let mut pieces = pieces.iter().cycle();
    while !rest.is_empty() {
        let (piece, more) = rest.split_at((*pieces.next().unwrap()).min(rest.len()));
        rest = more;
        reader.push(piece);
        read(&mut reader, &mut events);
        assert!(reader.pending() <= LONGEST_MESSAGE + (1 << 15), "memory is bounded");
    }
    (events, reader.failure().copied())
}

proptest! {
    #[test]
    fn a_client_hello_survives(hello in client_hello()) {
        let bytes = hello.encode();
        let (events, failure) = read_at_once(&bytes);
        prop_assert_eq!(failure, None);
        let [Event::Message { kind: HandshakeType::ClientHello, body }] = events.as_slice() else {
            panic!("{events:?}")
        };
        prop_assert_eq!(ClientHello::of_body(body), Some(hello));
    }

    #[test]
    fn extensions_survive(all in vec(extension(), 0..10)) {
        let bytes: Vec<u8> = all.iter().flat_map(Extension::encode).collect();
        prop_assert_eq!(Extension::decode_all(&bytes), (all, true));
    }

    #[test]
    fn messages_of_any_length_survive(length in 0..70_000_usize, byte in any::<u8>(), kind in any::<u8>()) {
        let (kind, body) = (HandshakeType::from(kind), vec![byte; length]);
        let bytes = records(ContentType::Handshake, Version::Tls12, &handshake_message(kind, &body));
        prop_assert_eq!(read_at_once(&bytes), (vec![Event::Message { kind, body }], None));
    }

    #[test]
    fn bytes_mean_the_same_however_they_are_cut(bytes in stream(), pieces in vec(1..50_usize, 1..6)) {
        prop_assert_eq!(read_in_pieces(&bytes, &pieces), read_at_once(&bytes));
    }

    #[test]
    fn noise_means_the_same_however_it_is_cut(bytes in vec(any::<u8>(), 0..300), pieces in vec(1..9_usize, 1..6)) {
        prop_assert_eq!(read_in_pieces(&bytes, &pieces), read_at_once(&bytes));
    }

    #[test]
    fn hellos_of_ssl2_survive(
        suites in vec(0..0x0100_0000_u32, 0..20),
        certificate in vec(any::<u8>(), 0..2000),
        id in vec(any::<u8>(), 0..=16),
        challenge in vec(any::<u8>(), 0..=32),
    ) {
        let suites: Vec<ssl2::Suite> = suites.into_iter().map(ssl2::Suite).collect();
        let client = ssl2::ClientHello { version: 2, suites: suites.clone(), session_id: id.clone(), challenge };
        prop_assert_eq!(ssl2::ClientHello::decode(&client.encode()), Ok(client));
        let server = ssl2::ServerHello {
            session_hit: false,
            certificate_type: 1,
            version: 2,
            certificate,
            suites,
            connection_id: id,
        };
        prop_assert_eq!(ssl2::Answer::decode(&server.encode()), Ok(ssl2::Answer::Hello(server)));
    }

    #[test]
    fn heartbeats_survive(payload in vec(any::<u8>(), 0..900)) {
        let request = Heartbeat::request(&payload);
        prop_assert!(request.is_honest());
        prop_assert_eq!(Heartbeat::decode(&request.message()), Some(request));
    }

    #[test]
    fn any_bytes_are_read(bytes in vec(any::<u8>(), 0..300), suite in any::<u16>(), version in 0x0300..0x0305_u16) {
        let _ = ClientHello::of_body(&bytes);
        let _ = ServerHello::of_body(&bytes);
        let _ = certificates(&bytes);
        let _ = stapled_response(&bytes);
        let _ = ServerKeyExchange::decode(&bytes, Suite(suite), version.into());
        let _ = CertificateRequest::decode(&bytes, version.into());
        let _ = Ticket::decode(&bytes);
        let _ = ssl2::Answer::decode(&bytes);
        let _ = tls13::EncryptedExtensions::decode(&bytes);
        let _ = tls13::CertificateChain::decode(&bytes);
        let _ = tls13::CertificateRequest::decode(&bytes).map(|request| (request.schemes(), request.authorities()));
        let _ = tls13::CompressedCertificate::decode(&bytes);
        let _ = tls13::Ticket::decode(&bytes);
    }

    #[test]
    fn an_extension_is_set_once(mut hello in client_hello(), content in vec(any::<u8>(), 0..10)) {
        hello.remove(ExtensionType::Alpn);
        hello.set(Extension::new(ExtensionType::Alpn, content.clone()));
        hello.set(Extension::new(ExtensionType::Alpn, content.clone()));
        let all: Vec<_> = hello.extensions.iter().filter(|one| one.kind == ExtensionType::Alpn).collect();
        prop_assert_eq!(all, [&Extension::new(ExtensionType::Alpn, content)]);
    }
}
