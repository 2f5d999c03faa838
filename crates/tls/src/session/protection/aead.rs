//! Authenticated encryption (RFC 5288, 3; RFC 7905, 2).

use aws_lc_rs::aead::{self, AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use super::super::algorithms::AeadCipher;
use super::{Keys, Label};

/// Bytes of the nonce that a record of AES-GCM brings.
const EXPLICIT: usize = 8;
/// Bytes of the tag.
const TAG: usize = 16;

#[derive(Clone)]
pub(super) struct Aead {
    cipher: AeadCipher,
    key: Vec<u8>,
    salt: Vec<u8>,
}

impl Aead {
    pub(super) fn new(cipher: AeadCipher, keys: &Keys) -> Self {
        Self { cipher, key: keys.key.clone(), salt: keys.vector.clone() }
    }

    fn key(&self) -> Option<LessSafeKey> {
        let algorithm = match self.cipher {
            AeadCipher::Aes128Gcm => &AES_128_GCM,
            AeadCipher::Aes256Gcm => &AES_256_GCM,
            AeadCipher::ChaCha20Poly1305 => &CHACHA20_POLY1305,
        };
        Some(LessSafeKey::new(UnboundKey::new(algorithm, &self.key).ok()?))
    }

    pub(super) fn seal(&self, label: Label, fragment: &[u8]) -> Option<Vec<u8>> {
        let explicit = self.explicit(label);
        let mut sealed = fragment.to_vec();
        let data = aead::Aad::from(label.bytes(fragment.len()));
        self.key()?.seal_in_place_append_tag(self.nonce(label, &explicit)?, data, &mut sealed).ok()?;
        Some([explicit, sealed].concat())
    }

    pub(super) fn open(&self, label: Label, sealed: &[u8]) -> Option<Vec<u8>> {
        let explicit = if self.cipher == AeadCipher::ChaCha20Poly1305 { 0 } else { EXPLICIT };
        let (explicit, sealed) = sealed.split_at_checked(explicit)?;
        let data = aead::Aad::from(label.bytes(sealed.len().checked_sub(TAG)?));
        let mut fragment = sealed.to_vec();
        let nonce = self.nonce(label, explicit)?;
        let opened = self.key()?.open_in_place(nonce, data, &mut fragment).ok()?;
        Some(opened.to_vec())
    }

    /// The part of the nonce that is sent along: the sequence number never repeats.
    fn explicit(&self, label: Label) -> Vec<u8> {
        match self.cipher {
            AeadCipher::ChaCha20Poly1305 => Vec::new(),
            _ => label.sequence.to_be_bytes().to_vec(),
        }
    }

    fn nonce(&self, label: Label, explicit: &[u8]) -> Option<Nonce> {
        let bytes: Vec<u8> = if self.cipher == AeadCipher::ChaCha20Poly1305 {
            let sequence = [&[0; 4][..], &label.sequence.to_be_bytes()].concat();
            self.salt.iter().zip(sequence).map(|(salt, number)| salt ^ number).collect()
        } else {
            [&self.salt, explicit].concat()
        };
        Nonce::try_assume_unique_for_key(&bytes).ok()
    }
}
