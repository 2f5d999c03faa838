//! JA3S: the MD5 of version, suite and extensions that a server chose, as decimal numbers. It says as much of the hello that was
//! answered as of the server.

use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use portreeve_model::tls::Fingerprint;
use portreeve_wire::tls::{Event, FlightReader, HandshakeType, ServerHello, Suite, Version, is_grease};

use crate::audit::Scene;

/// Of the hello that a modern client was answered, or else of the newest version that was answered while suites were asked for; of a
/// fresh one where there is neither.
pub async fn ja3s(scene: &Scene) -> Option<Fingerprint> {
    let modern = scene.known.modern.as_ref().and_then(|meeting| hello_in(&meeting.first));
    let seen = || {
        let flights = scene.known.versions.iter().rev().filter_map(|one| one.flights.first());
        flights.map(|flight| flight.hello_body.clone()).find(|body| is_final(body))
    };
    let body = match modern.filter(|body| is_final(body)).or_else(seen) {
        Some(body) => body,
        None => {
            scene.flight(&scene.greeting.hello(Version::Tls12, &Suite::of_old_clients())).await.hello_body
        }
    };
    of_hello(&body)
}

/// Of the body of a `ServerHello`.
fn of_hello(body: &[u8]) -> Option<Fingerprint> {
    let hello = ServerHello::of_body(body)?;
    // The field, not what the extension says: TLS 1.3 is 771 here.
    let &[high, low, ..] = body else { return None };
    let kinds = hello.extensions.iter().map(|one| one.kind.value()).filter(|kind| !is_grease(*kind));
    let extensions: Vec<String> = kinds.map(|kind| kind.to_string()).collect();
    let source = format!("{},{},{}", u16::from_be_bytes([high, low]), hello.suite.0, extensions.join("-"));
    let value = HEXLOWER.encode(&Md5::digest(&source));
    Some(Fingerprint { method: "ja3s".to_owned(), value, source: Some(source) })
}

/// The body of the hello at the beginning of what a server sent.
fn hello_in(first: &[u8]) -> Option<Vec<u8>> {
    let mut reader = FlightReader::default();
    reader.push(first);
    std::iter::from_fn(|| reader.next_event()).find_map(|event| match event {
        Event::Message { kind: HandshakeType::ServerHello, body } => Some(body),
        _ => None,
    })
}

/// A hello that chose, and did not ask for another hello.
fn is_final(body: &[u8]) -> bool {
    ServerHello::of_body(body).is_some_and(|hello| !hello.retry && hello.whole)
}

#[cfg(test)]
mod tests {
    use portreeve_wire::tls::{ContentType, handshake_message, records};

    use super::*;

    fn body(extensions: &[u16]) -> Vec<u8> {
        let mut body = vec![3, 1];
        body.extend([7; 32]);
        body.extend([0, 0, 47, 0]);
        let all: Vec<u8> =
            extensions.iter().flat_map(|kind| [&kind.to_be_bytes()[..], &[0, 0]].concat()).collect();
        body.extend(u16::try_from(all.len()).unwrap().to_be_bytes());
        body.extend(all);
        body
    }

    #[test]
    fn a_value_is_the_md5_of_the_numbers() {
        let made = of_hello(&body(&[65281, 0, 11, 35, 5, 16])).unwrap();
        assert_eq!(made.source.as_deref(), Some("769,47,65281-0-11-35-5-16"));
        assert_eq!(made.value, "836ce314215654b5b1f85f97c73e506f");
        // Values that mean nothing are left out.
        assert_eq!(of_hello(&body(&[0x0a0a, 23])).unwrap().source.as_deref(), Some("769,47,23"));
        assert_eq!(of_hello(&[3, 1]), None);
    }

    #[test]
    fn a_hello_is_found_in_what_came_first_and_a_retry_is_none() {
        let message = handshake_message(HandshakeType::ServerHello, &body(&[65281]));
        let mut first = vec![21, 3, 3, 0, 2, 1, 112];
        first.extend(records(ContentType::Handshake, Version::Tls10, &message));
        assert_eq!(hello_in(&first), Some(body(&[65281])));
        assert_eq!(hello_in(&first[..40]), None);
        assert!(is_final(&body(&[65281])));
    }
}
