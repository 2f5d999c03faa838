//! Records to plain text.

use std::fmt;

use portreeve_wire::tls::{ContentType, Version};

use super::super::algorithms::Protection;
use super::{Cipher, Keys, Label, Terms};

/// Opens the records that the other side sends.
#[derive(Clone)]
pub struct Opener {
    terms: Terms,
    cipher: Cipher,
    mac: Vec<u8>,
    sequence: u64,
}

impl Opener {
    /// With these keys; none where they do not fit the terms.
    pub fn new(terms: Terms, keys: &Keys) -> Option<Self> {
        Some(Self { terms, cipher: Cipher::new(terms, keys)?, mac: keys.mac.clone(), sequence: 0 })
    }

    /// The plain text of a record's fragment; none where the protection is not right.
    pub fn open(&mut self, content: ContentType, sealed: &[u8]) -> Option<Vec<u8>> {
        let label = Label { sequence: self.sequence, content, version: self.terms.version };
        self.sequence += 1;
        match (&mut self.cipher, self.terms.protection) {
            (Cipher::Aead(aead), _) => aead.open(label, sealed),
            (Cipher::Stream(stream), Protection::Stream(_, hash)) => {
                let mut plain = sealed.to_vec();
                stream.apply(&mut plain)?;
                let (fragment, mac) = plain.split_at_checked(plain.len().checked_sub(hash.length())?)?;
                (label.mac(hash, &self.mac, fragment) == mac).then(|| fragment.to_vec())
            }
            (Cipher::Block(block), Protection::Block(_, hash)) if self.terms.encrypt_then_mac => {
                let (sealed, mac) = sealed.split_at_checked(sealed.len().checked_sub(hash.length())?)?;
                if label.mac(hash, &self.mac, sealed) != mac {
                    return None;
                }
                unpadded(&block.decrypt(sealed)?, self.terms.version).map(<[u8]>::to_vec)
            }
            (Cipher::Block(block), Protection::Block(_, hash)) => {
                let plain = block.decrypt(sealed)?;
                let plain = unpadded(&plain, self.terms.version)?;
                let (fragment, mac) = plain.split_at_checked(plain.len().checked_sub(hash.length())?)?;
                (label.mac(hash, &self.mac, fragment) == mac).then(|| fragment.to_vec())
            }
            _ => None,
        }
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener")
            .field("terms", &self.terms)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

/// Without its padding, every byte of which has to be right. How long that takes tells nobody anything here: this side has no secrets.
fn unpadded(plain: &[u8], version: Version) -> Option<&[u8]> {
    let count = usize::from(*plain.last()?) + 1;
    let (rest, padding) = plain.split_at_checked(plain.len().checked_sub(count)?)?;
    let is_right = version == Version::Ssl3 || padding.iter().all(|byte| usize::from(*byte) + 1 == count);
    is_right.then_some(rest)
}
