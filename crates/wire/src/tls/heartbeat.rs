//! Heartbeats (RFC 6520, 4): a message that the other side sends back.
//!
//! What a message says of its length may differ from what it has, which is what Heartbleed is about: it is encoded as it is told.

use super::client_hello::records;
use super::names::{ContentType, Version};
use crate::cursor::Cursor;

/// Bytes of padding that a message has at least.
pub const PADDING: usize = 16;

crate::wire_enum! {
    /// What a heartbeat is.
    pub enum HeartbeatType: u8 {
        /// It is to be sent back.
        Request = 1 => "heartbeat_request",
        /// It is sent back.
        Response = 2 => "heartbeat_response",
    }
}

/// A heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// What it is.
    pub kind: HeartbeatType,
    /// The bytes of payload that it claims.
    pub claimed: u16,
    /// What comes after that: payload and padding, as much as there is.
    pub rest: Vec<u8>,
}

impl Heartbeat {
    /// A request as it has to be: payload, and padding of zeros.
    pub fn request(payload: &[u8]) -> Self {
        let payload = payload.get(..payload.len().min(1 << 13)).unwrap_or_default();
        let claimed = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        Self { kind: HeartbeatType::Request, claimed, rest: [payload, &[0; PADDING]].concat() }
    }

    /// A request that claims a payload and has none: a server has to discard it without a word (RFC 6520, 4).
    pub const fn without_payload(claimed: u16) -> Self {
        Self { kind: HeartbeatType::Request, claimed, rest: Vec::new() }
    }

    /// Whether it has what it claims, and the padding.
    pub fn is_honest(&self) -> bool {
        self.rest.len() >= usize::from(self.claimed) + PADDING
    }

    /// The payload, where all of it is there.
    pub fn payload(&self) -> Option<&[u8]> {
        self.rest.get(..usize::from(self.claimed))
    }

    /// The message, without a record.
    pub fn message(&self) -> Vec<u8> {
        [&[self.kind.value()][..], &self.claimed.to_be_bytes(), &self.rest].concat()
    }

    /// The message in its records.
    pub fn encode(&self, version: Version) -> Vec<u8> {
        records(ContentType::Heartbeat, version, &self.message())
    }

    /// Reads the content of a record that is not encrypted.
    pub fn decode(fragment: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(fragment);
        let (kind, claimed) = (cursor.u8()?.into(), cursor.be16()?);
        Some(Self { kind, claimed, rest: cursor.rest().to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_says_what_it_is_told() {
        let honest = Heartbeat::request(b"pulse");
        assert!(honest.is_honest());
        assert_eq!(honest.message()[..8], *b"\x01\x00\x05pulse");
        assert_eq!(honest.message().len(), 3 + 5 + PADDING);
        assert_eq!(Heartbeat::decode(&honest.message()), Some(honest.clone()));
        assert_eq!(honest.payload(), Some(&b"pulse"[..]));
        let bleeding = Heartbeat::without_payload(0x4000);
        assert_eq!(bleeding.encode(Version::Tls11), [24, 3, 2, 0, 3, 1, 0x40, 0]);
        assert_eq!((bleeding.is_honest(), bleeding.payload()), (false, None));
        assert_eq!(Heartbeat::decode(&[1, 0]), None);
    }
}
