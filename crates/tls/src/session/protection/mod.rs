//! Protection of records up to TLS 1.2 (RFC 5246, 6.2.3; RFC 6101, 5.2.3; RFC 7366): one direction each, with its sequence number.

mod aead;
mod block;
mod opener;
mod sealer;
mod stream;

pub use opener::Opener;
pub use sealer::{Flaw, Sealer};

use aead::Aead;
use block::Block;
use portreeve_wire::tls::{ContentType, Version};
use stream::Stream;

use super::algorithms::Protection;
use super::hash::Hash;

/// The keys of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Of the MAC; empty with authenticated encryption.
    pub mac: Vec<u8>,
    /// Of the encryption.
    pub key: Vec<u8>,
    /// What is fixed of the nonces, or the first vector of a chain.
    pub vector: Vec<u8>,
}

/// How the records of a session are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The version that was chosen.
    pub version: Version,
    /// What the suite says.
    pub protection: Protection,
    /// Whether the MAC is of the encrypted text (RFC 7366).
    pub encrypt_then_mac: bool,
}

impl Terms {
    /// Bytes of key material of both directions.
    pub const fn key_block_length(self) -> usize {
        let (mac, key, vector) = self.protection.lengths(self.version);
        2 * (mac + key + vector)
    }

    /// Cuts key material: the client's keys and the server's (RFC 5246, 6.3).
    pub fn cut(self, block: &[u8]) -> (Keys, Keys) {
        let (mac, key, vector) = self.protection.lengths(self.version);
        let mut rest = block;
        let mut take = |length| {
            let (head, tail) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = tail;
            head.to_vec()
        };
        let [client_mac, server_mac] = [take(mac), take(mac)];
        let [client_key, server_key] = [take(key), take(key)];
        let [client_vector, server_vector] = [take(vector), take(vector)];
        (
            Keys { mac: client_mac, key: client_key, vector: client_vector },
            Keys { mac: server_mac, key: server_key, vector: server_vector },
        )
    }
}

/// The cipher of one direction.
#[derive(Clone)]
enum Cipher {
    Aead(Aead),
    Block(Block),
    Stream(Stream),
}

impl Cipher {
    fn new(terms: Terms, keys: &Keys) -> Option<Self> {
        Some(match terms.protection {
            Protection::Aead(cipher) => Self::Aead(Aead::new(cipher, keys)),
            Protection::Block(cipher, _) => Self::Block(Block::new(cipher, keys, terms.version)?),
            Protection::Stream(cipher, _) => Self::Stream(Stream::new(cipher, keys)),
        })
    }
}

/// What a record's protection is also of: its place, its sort, its version.
#[derive(Clone, Copy, Debug)]
struct Label {
    sequence: u64,
    content: ContentType,
    version: Version,
}

impl Label {
    /// With the length of the fragment, as the MAC and the additional data of authenticated encryption have it.
    fn bytes(self, length: usize) -> Vec<u8> {
        let mut bytes = self.sequence.to_be_bytes().to_vec();
        bytes.push(self.content.value());
        bytes.extend(self.version.value().to_be_bytes());
        bytes.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
        bytes
    }

    /// The MAC of a fragment.
    fn mac(self, hash: Hash, key: &[u8], fragment: &[u8]) -> Vec<u8> {
        let mut label = self.bytes(fragment.len());
        if self.version == Version::Ssl3 {
            // No version, in SSL 3.0.
            label.drain(9..11);
            return hash.ssl3_mac(key, &[&label, fragment]);
        }
        hash.hmac(key, &[&label, fragment])
    }
}
