//! What a server sends, read as it comes: bytes in, messages out. Bounded in memory, whatever it sends.

use super::answer::ServerHello;
use super::names::{ContentType, HandshakeType, Version};
use super::record::{Alert, Record};
use crate::WireError;

/// The longest handshake message that is kept: room for chains of dozens of certificates.
pub const LONGEST_MESSAGE: usize = 256 << 10;

/// One thing that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A whole handshake message that is not encrypted.
    Message {
        /// Its sort.
        kind: HandshakeType,
        /// Its body, without the header of four bytes.
        body: Vec<u8>,
    },
    /// An alert that is not encrypted.
    Alert(Alert),
    /// What comes now is encrypted.
    ChangeCipherSpec,
    /// A record that is encrypted, or of no known use here: sort and content.
    Opaque(ContentType, Vec<u8>),
}

/// Reads records and puts messages together.
#[derive(Debug, Clone, Default)]
pub struct FlightReader {
    buffer: Vec<u8>,
    /// Bytes of the buffer that are read already.
    read: usize,
    message: Vec<u8>,
    encrypted: bool,
    /// The version is 1.3, where a change of keys says nothing (RFC 8446, 5), and what is encrypted comes as data.
    modern: bool,
    failed: Option<WireError>,
}

impl FlightReader {
    /// Takes what came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// What could not be read: not TLS, a record or a message that is too long. Nothing comes after it.
    pub fn failure(&self) -> Option<&WireError> {
        self.failed.as_ref()
    }

    /// Bytes of a record or a message that is not whole yet.
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.read + self.message.len()
    }

    /// The next thing that is whole.
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.take_message() {
                return Some(event);
            }
            if self.failed.is_some() {
                return None;
            }
            let unread = self.buffer.get(self.read..).unwrap_or_default();
            let (content, version, fragment, used) = match Record::decode(unread) {
                Ok((record, rest)) => {
                    (record.content, record.version, record.fragment.to_vec(), unread.len() - rest.len())
                }
                Err(error) => {
                    // Once for many records: what is left is moved to the beginning.
                    self.buffer.drain(..self.read);
                    self.read = 0;
                    if !matches!(error, WireError::Truncated { .. }) {
                        self.failed = Some(error);
                    }
                    return None;
                }
            };
            self.read += used;
            match content {
                ContentType::Handshake if !self.encrypted => {
                    self.message.extend_from_slice(&fragment);
                }
                ContentType::ChangeCipherSpec => {
                    self.encrypted = !self.modern;
                    return Some(Event::ChangeCipherSpec);
                }
                ContentType::Alert if !self.encrypted => {
                    let record = Record { content, version, fragment: &fragment };
                    return Some(match Alert::of(&record) {
                        Some(alert) => Event::Alert(alert),
                        None => Event::Opaque(content, fragment),
                    });
                }
                _ => return Some(Event::Opaque(content, fragment)),
            }
        }
    }

    /// A whole message of what was put together.
    fn take_message(&mut self) -> Option<Event> {
        if self.failed.is_some() {
            return None;
        }
        let [kind, high, middle, low, rest @ ..] = self.message.as_slice() else { return None };
        let length = usize::try_from(u32::from_be_bytes([0, *high, *middle, *low])).unwrap_or(usize::MAX);
        if length > LONGEST_MESSAGE {
            let what = "TLS handshake message";
            self.failed = Some(WireError::TooLarge { what, length, limit: LONGEST_MESSAGE });
            return None;
        }
        let body = rest.get(..length)?.to_vec();
        let kind = HandshakeType::from(*kind);
        self.message.drain(..4 + length);
        let hello = (kind == HandshakeType::ServerHello).then(|| ServerHello::of_body(&body)).flatten();
        self.modern |= hello.is_some_and(|hello| hello.version == Version::Tls13);
        Some(Event::Message { kind, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{AlertDescription, AlertLevel, handshake_message, records};

    fn events(bytes: &[u8]) -> (Vec<Event>, FlightReader) {
        let mut reader = FlightReader::default();
        reader.push(bytes);
        (std::iter::from_fn(|| reader.next_event()).collect(), reader)
    }

    #[test]
    fn messages_are_put_together_and_taken_apart() {
        #[rustfmt::skip]
        let bytes = [
            21, 3, 3, 0, 2, 1, 112,                     // a warning
            22, 3, 3, 0, 3, 2, 0, 0,                    // the beginning of a ServerHello
            22, 3, 3, 0, 7, 2, 9, 9, 14, 0, 0, 0,       // its end, and a ServerHelloDone
            20, 3, 3, 0, 1, 1,                          // ChangeCipherSpec
            22, 3, 3, 0, 4, 0xde, 0xad, 0xbe, 0xef,     // Finished, encrypted
            24, 3, 3, 0, 1, 7,                          // a heartbeat
            23, 3, 3, 0, 9, 1,                          // data, cut short
        ];
        let (events, reader) = events(&bytes);
        let warning = Alert { level: AlertLevel::Warning, description: AlertDescription::UnrecognizedName };
        assert_eq!(
            events,
            [
                Event::Alert(warning),
                Event::Message { kind: HandshakeType::ServerHello, body: vec![9, 9] },
                Event::Message { kind: HandshakeType::ServerHelloDone, body: vec![] },
                Event::ChangeCipherSpec,
                Event::Opaque(ContentType::Handshake, vec![0xde, 0xad, 0xbe, 0xef]),
                Event::Opaque(ContentType::Heartbeat, vec![7]),
            ]
        );
        assert_eq!((reader.pending(), reader.failure()), (6, None));
    }

    #[test]
    fn after_a_retry_the_hello_is_still_in_the_clear() {
        let retry = |random: [u8; 32]| {
            let body = [&[3, 3], random.as_slice(), &[0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4]].concat();
            records(
                ContentType::Handshake,
                Version::Tls12,
                &handshake_message(HandshakeType::ServerHello, &body),
            )
        };
        let ccs = [20, 3, 3, 0, 1, 1];
        let sealed = [23, 3, 3, 0, 1, 7];
        let (events, _) = events(&[&retry([1; 32])[..], &ccs, &retry([2; 32]), &sealed].concat());
        let is_hello =
            |event: &Event| matches!(event, Event::Message { kind: HandshakeType::ServerHello, .. });
        let [first, Event::ChangeCipherSpec, second, last] = events.as_slice() else { panic!("{events:?}") };
        assert!(is_hello(first) && is_hello(second));
        assert_eq!(*last, Event::Opaque(ContentType::ApplicationData, vec![7]));
    }

    #[test]
    fn what_is_too_long_or_no_tls_ends_it() {
        let (none, reader) = events(&[22, 3, 3, 0, 4, 11, 0x10, 0, 0]);
        assert!(none.is_empty());
        let limit = LONGEST_MESSAGE;
        let what = "TLS handshake message";
        assert_eq!(reader.failure(), Some(&WireError::TooLarge { what, length: 1 << 20, limit }));
        // Nothing that stands behind it in the same bytes counts.
        let (none, _) = events(&[22, 3, 3, 0, 4, 0, 4, 0, 1, 23, 3, 3, 0, 1, 0]);
        assert_eq!(none, []);
        let (none, mut reader) = events(b"HTTP/1.1 400 Bad Request");
        assert!(none.is_empty() && matches!(reader.failure(), Some(WireError::WrongKind { .. })));
        reader.push(&[21, 3, 3, 0, 2, 2, 40]);
        assert_eq!(reader.next_event(), None);
    }
}
