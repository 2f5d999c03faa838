//! Plain text to records.

use std::fmt;

use portreeve_wire::tls::{ContentType, Version, records};

use super::super::algorithms::Protection;
use super::super::entropy::Entropy;
use super::super::hash::Hash;
use super::{Cipher, Keys, Label, Terms};

/// What is wrong on purpose with a record of a block cipher, so that it shows what the server looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// Its first byte of padding is not what it has to be; its length and the MAC are right.
    Padding,
    /// One bit of its MAC is another; the padding is right.
    Mac,
}

/// Protects the records that one side sends.
#[derive(Clone)]
pub struct Sealer {
    terms: Terms,
    cipher: Cipher,
    mac: Vec<u8>,
    sequence: u64,
    entropy: Entropy,
}

impl Sealer {
    /// With these keys; none where they do not fit the terms.
    pub fn new(terms: Terms, keys: &Keys, entropy: Entropy) -> Option<Self> {
        let cipher = Cipher::new(terms, keys)?;
        Some(Self { terms, cipher, mac: keys.mac.clone(), sequence: 0, entropy })
    }

    /// One record, its header included.
    pub fn seal(&mut self, content: ContentType, fragment: &[u8]) -> Option<Vec<u8>> {
        self.seal_with(content, fragment, None)
    }

    /// One record, with a flaw. A flaw needs a block cipher whose MAC is of the plain text, in a version that says what padding is: none
    /// otherwise, and nothing is used up.
    pub fn seal_flawed(&mut self, content: ContentType, fragment: &[u8], flaw: Flaw) -> Option<Vec<u8>> {
        let fits = matches!(self.terms.protection, Protection::Block(..))
            && !self.terms.encrypt_then_mac
            && self.terms.version != Version::Ssl3;
        if fits { self.seal_with(content, fragment, Some(flaw)) } else { None }
    }

    fn seal_with(&mut self, content: ContentType, fragment: &[u8], flaw: Option<Flaw>) -> Option<Vec<u8>> {
        let label = Label { sequence: self.sequence, content, version: self.terms.version };
        self.sequence += 1;
        let entropy = &mut self.entropy;
        let sealed = match (&mut self.cipher, self.terms.protection) {
            (Cipher::Aead(aead), _) => aead.seal(label, fragment)?,
            (Cipher::Stream(stream), Protection::Stream(_, hash)) => {
                let mut sealed = [fragment, &label.mac(hash, &self.mac, fragment)].concat();
                stream.apply(&mut sealed)?;
                sealed
            }
            (Cipher::Block(block), Protection::Block(_, hash)) if self.terms.encrypt_then_mac => {
                let padding = padding(block.length(), fragment.len(), self.terms.version, None, entropy)?;
                let sealed = block.encrypt([fragment, &padding].concat(), entropy)?;
                let mac = label.mac(hash, &self.mac, &sealed);
                [sealed, mac].concat()
            }
            (Cipher::Block(block), Protection::Block(_, hash)) => {
                let mac = flawed_mac(label, hash, &self.mac, fragment, flaw);
                let length = fragment.len() + mac.len();
                let padding = padding(block.length(), length, self.terms.version, flaw, entropy)?;
                block.encrypt([fragment, &mac, &padding].concat(), entropy)?
            }
            _ => return None,
        };
        Some(records(content, self.terms.version, &sealed))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("terms", &self.terms)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

fn flawed_mac(label: Label, hash: Hash, key: &[u8], fragment: &[u8], flaw: Option<Flaw>) -> Vec<u8> {
    let mut mac = label.mac(hash, key, fragment);
    if let (Some(Flaw::Mac), Some(first)) = (flaw, mac.first_mut()) {
        *first ^= 1;
    }
    mac
}

/// Fills up to whole blocks; every byte says how many there are beside the last (RFC 5246, 6.2.3.2). In SSL 3.0 only the last one does.
fn padding(
    block: usize,
    length: usize,
    version: Version,
    flaw: Option<Flaw>,
    entropy: &mut Entropy,
) -> Option<Vec<u8>> {
    let mut count = block - length % block;
    // A flaw needs a byte beside the last one.
    if flaw == Some(Flaw::Padding) && count == 1 {
        count += block;
    }
    let value = u8::try_from(count - 1).ok()?;
    let mut padding = if version == Version::Ssl3 { entropy.bytes(count) } else { vec![value; count] };
    *padding.last_mut()? = value;
    if let (Some(Flaw::Padding), Some(first)) = (flaw, padding.first_mut()) {
        *first ^= 0x80;
    }
    Some(padding)
}
