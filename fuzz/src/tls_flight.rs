//! What a TLS server sends, cut anywhere; and every message in it.

use portreeve_wire::tls::heartbeat::Heartbeat;
use portreeve_wire::tls::messages::{
    CertificateRequest, ServerKeyExchange, Ticket, certificates, stapled_response,
};
use portreeve_wire::tls::{
    ClientHello, ContentType, Event, FlightReader, HandshakeType, LONGEST_MESSAGE, ServerHello, Suite,
    Version, ssl2, tls13,
};

/// Reads `data` at once and in pieces, as SSL 2.0, and as each message.
pub fn run(data: &[u8]) {
    let pieces: Vec<usize> = data.iter().take(7).map(|byte| usize::from(*byte) + 1).collect();
    let (events, failure) = read(data, &[data.len().max(1)]);
    let (in_pieces, later) = read(data, &pieces);
    assert_eq!((&in_pieces, later), (&events, failure), "bytes mean the same however they are cut");
    for event in &events {
        match event {
            Event::Message { kind, body } => message(*kind, body),
            Event::Opaque(ContentType::Heartbeat, fragment) => {
                if let Some(heartbeat) = Heartbeat::decode(fragment) {
                    assert_eq!(heartbeat.message(), *fragment, "a heartbeat is all of its record");
                }
            }
            _ => {}
        }
    }
    old(data);
    every_body(data);
}

/// Events, and why no more come.
fn read(data: &[u8], pieces: &[usize]) -> (Vec<Event>, Option<String>) {
    let (mut reader, mut events, mut rest) = (FlightReader::default(), Vec::new(), data);
    for piece in pieces.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at((*piece).min(rest.len()));
        rest = later;
        reader.push(now);
        events.extend(std::iter::from_fn(|| reader.next_event()));
        let most = LONGEST_MESSAGE + (1 << 15);
        assert!(reader.failure().is_some() || reader.pending() <= most, "memory is bounded");
    }
    (events, reader.failure().map(ToString::to_string))
}

fn message(kind: HandshakeType, body: &[u8]) {
    if kind == HandshakeType::ServerHello
        && let Some(hello) = ServerHello::of_body(body)
    {
        assert!(hello.extensions.iter().map(|one| one.content.len() + 4).sum::<usize>() < body.len());
    }
}

/// SSL 2.0, whose hellos are decoded to what they were encoded from.
fn old(data: &[u8]) {
    if let Ok(ssl2::Answer::Hello(hello)) = ssl2::Answer::decode(data)
        && hello.certificate.len() <= 1 << 14
        && hello.suites.len() <= 1000
        && hello.connection_id.len() <= 32
    {
        assert_eq!(ssl2::Answer::decode(&hello.encode()), Ok(ssl2::Answer::Hello(hello)));
    }
    let _hello = ssl2::ClientHello::decode(data);
}

/// Everything that is no record of its own.
fn every_body(data: &[u8]) {
    if let Some(hello) = ClientHello::of_body(data) {
        let again = hello.message();
        assert_eq!(
            again.get(4..).and_then(ClientHello::of_body),
            Some(hello),
            "a hello is read as it is written"
        );
    }
    for version in [Version::Ssl3, Version::Tls11, Version::Tls12] {
        for suite in [0x0003, 0x0033, 0x0090, 0xc013, 0xc018, 0xc036] {
            if let Some(read) = ServerKeyExchange::decode(data, Suite(suite), version) {
                assert!(read.signed <= data.len(), "what is signed is a part of the message");
            }
        }
        let _request = CertificateRequest::decode(data, version);
    }
    let (chain, _) = certificates(data);
    assert!(chain.iter().map(Vec::len).sum::<usize>() <= data.len());
    let _staple = stapled_response(data);
    let _ticket = Ticket::decode(data);
    let _extensions =
        tls13::EncryptedExtensions::decode(data).map(|read| read.application_protocol().map(<[u8]>::len));
    if let Some(chain) = tls13::CertificateChain::decode(data) {
        for entry in &chain.entries {
            let _both = (entry.stapled_response(), entry.timestamps());
        }
    }
    let _request = tls13::CertificateRequest::decode(data).map(|read| (read.schemes(), read.authorities()));
    let _compressed = tls13::CompressedCertificate::decode(data);
    let _proof = tls13::CertificateVerify::decode(data);
    let _ticket = tls13::Ticket::decode(data).map(|read| read.max_early_data());
}
