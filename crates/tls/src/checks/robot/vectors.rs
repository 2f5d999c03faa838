//! The five secrets, and what is sent around them.

use portreeve_wire::tls::{
    AlertDescription, ContentType, HandshakeType, KeyExchange, Version, handshake_message, records,
};

use crate::exchange::{Flight, Transcript};
use crate::rsa::RsaKey;

/// Bytes of a secret: a version and 46 that are random (RFC 5246, 7.4.7.1).
const SECRET: usize = 48;
/// Where random bytes belong: none of them zero, and the same each time, so that answers can be compared.
const FILLING: u8 = 0xa5;
/// What stands for an encrypted `Finished`: whole blocks of every cipher, and enough for nonce and tag.
const FINISHED: [u8; 80] = [0x3c; 80];

/// How a secret is padded. PKCS#1 v1.5 wants 00 02, at least eight bytes that are not zero, 00, the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Vector {
    /// As it should be.
    Right,
    /// Other bytes than 00 02 at the beginning.
    WrongStart,
    /// The zero stands so late that the secret is one byte long.
    MisplacedZero,
    /// There is no zero.
    MissingZero,
    /// All is right but the version in the secret (Klima, Pokorny, Rosa, 2003).
    WrongVersion,
}

/// What follows the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Flow {
    /// `ChangeCipherSpec` and a `Finished` that is wrong: the usual course.
    Whole,
    /// Neither. Some servers tell paddings apart only then. A message out of turn follows instead, which every server refuses: a healthy
    /// one would wait for the rest.
    Cut,
    /// Nothing at all, so that only silence tells that a secret was accepted: for servers that end connections without an alert, whose
    /// ends would look alike.
    Bare,
}

impl Flow {
    /// What it is called.
    pub(crate) const fn says(self) -> &'static str {
        match self {
            Self::Whole => "the whole message flow",
            Self::Cut => "a message flow without Finished",
            Self::Bare => "nothing after the secret",
        }
    }
}

impl Vector {
    /// All of them, the right one first.
    pub(crate) const ALL: [Self; 5] =
        [Self::Right, Self::WrongStart, Self::MisplacedZero, Self::MissingZero, Self::WrongVersion];

    /// What is wrong with it.
    pub(crate) const fn says(self) -> &'static str {
        match self {
            Self::Right => "right padding",
            Self::WrongStart => "wrong first bytes",
            Self::MisplacedZero => "zero byte misplaced",
            Self::MissingZero => "zero byte missing",
            Self::WrongVersion => "wrong version in the secret",
        }
    }

    /// The padded secret for a modulus of so many bytes.
    fn padded(self, length: usize, version: Version) -> Vec<u8> {
        let filling = |count: usize| std::iter::repeat_n(FILLING, count);
        let mut bytes = match self {
            Self::WrongStart => vec![0x41, 0x17],
            _ => vec![0, 2],
        };
        bytes.extend(filling(length.saturating_sub(SECRET + 3)));
        match self {
            Self::Right | Self::WrongStart | Self::WrongVersion => {
                let said = if self == Self::WrongVersion { 0x0202 } else { version.value() };
                bytes.push(0);
                bytes.extend(said.to_be_bytes());
                bytes.extend(filling(SECRET - 2));
            }
            Self::MisplacedZero => {
                bytes.extend(filling(SECRET - 1));
                bytes.extend([0, FILLING]);
            }
            Self::MissingZero => bytes.extend(filling(SECRET + 1)),
        }
        bytes
    }
}

/// Everything that a client says after the first flight, in one piece. None where the flight calls for no encrypted secret.
pub(crate) fn batch(heard: &Transcript, flight: &Flight, vector: Vector, flow: Flow) -> Option<Vec<u8>> {
    let hello = flight.hello.as_ref().filter(|_| flight.done)?;
    if hello.suite.key_exchange() != Some(KeyExchange::Rsa) || !flight.key_exchange_body.is_empty() {
        return None;
    }
    let key = RsaKey::of_certificate(flight.chain.first()?)?;
    let encrypted = key.encrypt(&vector.padded(key.length(), offered(heard)?));
    let record = |content, bytes: &[u8]| records(content, hello.version, bytes);
    let mut batch = Vec::new();
    if flight.request.is_some() {
        // No certificate: a list of none, and before TLS 1.0 a warning.
        batch.extend(if hello.version == Version::Ssl3 {
            record(ContentType::Alert, &[1, AlertDescription::NoCertificate.value()])
        } else {
            record(ContentType::Handshake, &handshake_message(HandshakeType::Certificate, &[0, 0, 0]))
        });
    }
    // SSL 3.0 sends the secret without a length.
    let mut body = Vec::new();
    if hello.version != Version::Ssl3 {
        body.extend(u16::try_from(encrypted.len()).ok()?.to_be_bytes());
    }
    body.extend(encrypted);
    batch.extend(record(ContentType::Handshake, &handshake_message(HandshakeType::ClientKeyExchange, &body)));
    match flow {
        Flow::Whole => {
            batch.extend(record(ContentType::ChangeCipherSpec, &[1]));
            batch.extend(record(ContentType::Handshake, &FINISHED));
        }
        Flow::Cut => {
            batch.extend(record(
                ContentType::Handshake,
                &handshake_message(HandshakeType::ServerHelloDone, &[]),
            ));
        }
        Flow::Bare => {}
    }
    Some(batch)
}

/// The version of the hello that was sent: the one that belongs into the secret.
fn offered(heard: &Transcript) -> Option<Version> {
    // A record's header of five bytes, a message's of four.
    let field = heard.turns().first()?.bytes.get(9..11)?;
    field.first_chunk().map(|two| u16::from_be_bytes(*two).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vector_has_the_length_of_the_modulus_and_its_one_fault() {
        let padded = Vector::ALL.map(|vector| vector.padded(256, Version::Tls12));
        assert!(padded.iter().all(|bytes| bytes.len() == 256));
        let [right, wrong_start, misplaced, missing, wrong_version] = padded;
        assert_eq!(right[..2], [0, 2]);
        assert_eq!(right[256 - 49..256 - 46], [0, 3, 3]);
        assert_eq!(wrong_start[2..], right[2..]);
        assert_ne!(wrong_start[..2], right[..2]);
        assert!(right[2..256 - 49].iter().all(|byte| *byte != 0));
        assert_eq!(misplaced[2..].iter().position(|byte| *byte == 0), Some(252));
        assert!(missing[2..].iter().all(|byte| *byte != 0));
        assert_eq!(wrong_version[256 - 48..256 - 46], [2, 2]);
        assert_eq!(wrong_version[..256 - 48], right[..256 - 48]);
    }
}
