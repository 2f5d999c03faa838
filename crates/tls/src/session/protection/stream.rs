//! RC4, and no encryption at all.

use cipher::{KeyInit as _, StreamCipher as _};
use rc4::Rc4;

use super::super::algorithms::StreamCipher;
use super::Keys;

/// RC4 is made anew for each record, and goes to where it was: what is sent here is short, and a session can be copied.
#[derive(Clone)]
pub(super) struct Stream {
    key: Option<Vec<u8>>,
    used: usize,
}

impl Stream {
    pub(super) fn new(cipher: StreamCipher, keys: &Keys) -> Self {
        Self { key: (cipher == StreamCipher::Rc4).then(|| keys.key.clone()), used: 0 }
    }

    /// Encrypts or decrypts: the two are the same.
    pub(super) fn apply(&mut self, bytes: &mut [u8]) -> Option<()> {
        let Some(key) = &self.key else { return Some(()) };
        let mut cipher = Rc4::new_from_slice(key).ok()?;
        cipher.try_apply_keystream(&mut vec![0; self.used]).ok()?;
        self.used += bytes.len();
        cipher.try_apply_keystream(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tests::hex;

    #[test]
    fn rc4_agrees_with_its_rfc() {
        // RFC 6229, 2, the key of 128 bits: offsets 0 and 16.
        let keys = Keys { key: hex("0102030405060708090a0b0c0d0e0f10"), ..Keys::default() };
        let mut stream = Stream::new(StreamCipher::Rc4, &keys);
        let mut bytes = vec![0; 16];
        stream.apply(&mut bytes).unwrap();
        assert_eq!(bytes, hex("9ac7cc9a609d1ef7b2932899cde41b97"));
        bytes.fill(0);
        stream.apply(&mut bytes).unwrap();
        assert_eq!(bytes, hex("5248c4959014126a6e8a84f11d1a9e1c"));
    }
}
