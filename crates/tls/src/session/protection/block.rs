//! Cipher block chaining: AES by aws-lc-rs, triple DES chained here. Padding and MAC are the sealer's and the opener's.

use aws_lc_rs::cipher::{
    AES_128, AES_256, Algorithm, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
    UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use cipher::{Array, BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use des::TdesEde3;
use portreeve_wire::tls::Version;

use super::super::algorithms::BlockCipher;
use super::super::entropy::Entropy;
use super::Keys;

#[derive(Clone)]
pub(super) struct Block {
    cipher: BlockCipher,
    key: Key,
    /// In SSL 3.0 and TLS 1.0 the last block that went; none where records bring vectors of their own.
    chain: Option<Vec<u8>>,
}

#[derive(Clone)]
enum Key {
    Aes(&'static Algorithm, Vec<u8>),
    TripleDes(Box<TdesEde3>),
}

impl Block {
    pub(super) fn new(cipher: BlockCipher, keys: &Keys, version: Version) -> Option<Self> {
        let key = match cipher {
            BlockCipher::Aes128 => Key::Aes(&AES_128, keys.key.clone()),
            BlockCipher::Aes256 => Key::Aes(&AES_256, keys.key.clone()),
            BlockCipher::TripleDes => Key::TripleDes(Box::new(TdesEde3::new_from_slice(&keys.key).ok()?)),
        };
        let chain = matches!(version, Version::Ssl3 | Version::Tls10).then(|| keys.vector.clone());
        Some(Self { cipher, key, chain })
    }

    pub(super) fn length(&self) -> usize {
        self.cipher.block_length()
    }

    /// Encrypts whole blocks; a vector made of chance goes before them where the version wants that.
    pub(super) fn encrypt(&mut self, mut blocks: Vec<u8>, entropy: &mut Entropy) -> Option<Vec<u8>> {
        let vector = match &self.chain {
            Some(chain) => chain.clone(),
            None => entropy.bytes(self.length()),
        };
        self.key.encrypt(&vector, &mut blocks)?;
        match &mut self.chain {
            Some(chain) => *chain = blocks.last_chunk_of(chain.len())?.to_vec(),
            None => return Some([vector, blocks].concat()),
        }
        Some(blocks)
    }

    /// Decrypts whole blocks.
    pub(super) fn decrypt(&mut self, encrypted: &[u8]) -> Option<Vec<u8>> {
        let length = self.length();
        let (vector, encrypted) = match &self.chain {
            Some(chain) => (chain.clone(), encrypted),
            None => encrypted.split_at_checked(length).map(|(vector, rest)| (vector.to_vec(), rest))?,
        };
        if encrypted.is_empty() || !encrypted.len().is_multiple_of(length) {
            return None;
        }
        if let Some(chain) = &mut self.chain {
            *chain = encrypted.last_chunk_of(length)?.to_vec();
        }
        let mut blocks = encrypted.to_vec();
        self.key.decrypt(&vector, &mut blocks)?;
        Some(blocks)
    }
}

impl Key {
    fn encrypt(&self, vector: &[u8], blocks: &mut [u8]) -> Option<()> {
        match self {
            Self::Aes(algorithm, key) => {
                let key = EncryptingKey::cbc(UnboundCipherKey::new(algorithm, key).ok()?).ok()?;
                let vector = FixedLength::<16>::try_from(vector).ok()?;
                key.less_safe_encrypt(blocks, EncryptionContext::Iv128(vector)).ok()?;
            }
            Self::TripleDes(key) => {
                let mut chain = <[u8; 8]>::try_from(vector).ok()?;
                for block in blocks.as_chunks_mut::<8>().0 {
                    let mut state = Array(xor(*block, chain));
                    key.encrypt_block(&mut state);
                    chain = state.0;
                    *block = chain;
                }
            }
        }
        Some(())
    }

    fn decrypt(&self, vector: &[u8], blocks: &mut [u8]) -> Option<()> {
        match self {
            Self::Aes(algorithm, key) => {
                let key = DecryptingKey::cbc(UnboundCipherKey::new(algorithm, key).ok()?).ok()?;
                let vector = FixedLength::<16>::try_from(vector).ok()?;
                key.decrypt(blocks, DecryptionContext::Iv128(vector)).ok()?;
            }
            Self::TripleDes(key) => {
                let mut chain = <[u8; 8]>::try_from(vector).ok()?;
                for block in blocks.as_chunks_mut::<8>().0 {
                    let mut state = Array(*block);
                    key.decrypt_block(&mut state);
                    let encrypted = std::mem::replace(block, xor(state.0, chain));
                    chain = encrypted;
                }
            }
        }
        Some(())
    }
}

fn xor(a: [u8; 8], b: [u8; 8]) -> [u8; 8] {
    (u64::from_ne_bytes(a) ^ u64::from_ne_bytes(b)).to_ne_bytes()
}

/// The last bytes of a slice.
trait LastChunk {
    fn last_chunk_of(&self, length: usize) -> Option<&[u8]>;
}

impl LastChunk for [u8] {
    fn last_chunk_of(&self, length: usize) -> Option<&[u8]> {
        self.get(self.len().checked_sub(length)?..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tests::hex;

    fn chance() -> Entropy {
        Entropy::of_seed([0; 32])
    }

    #[test]
    fn aes_agrees_with_nists_vector() {
        // NIST SP 800-38A, F.2.1.
        let keys = Keys {
            key: hex("2b7e151628aed2a6abf7158809cf4f3c"),
            vector: hex("000102030405060708090a0b0c0d0e0f"),
            ..Keys::default()
        };
        let plain = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        let encrypted = hex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2");
        let block = || Block::new(BlockCipher::Aes128, &keys, Version::Tls10).unwrap();
        assert_eq!(block().encrypt(plain.clone(), &mut chance()).unwrap(), encrypted);
        assert_eq!(block().decrypt(&encrypted).unwrap(), plain);
        // The chain goes on over records.
        let mut two = block();
        let parts = plain
            .chunks(16)
            .map(|part| two.encrypt(part.to_vec(), &mut chance()).unwrap())
            .collect::<Vec<_>>();
        assert_eq!(parts.concat(), encrypted);
    }

    #[test]
    fn triple_des_agrees_with_nists_vector() {
        // NIST SP 800-67, B.1, chained with a vector of zeros: its first block is that of the plain mode.
        let keys = Keys {
            key: hex("0123456789abcdef23456789abcdef01456789abcdef0123"),
            vector: vec![0; 8],
            ..Keys::default()
        };
        let plain = b"The qufck brown fox jump".to_vec();
        let block = || Block::new(BlockCipher::TripleDes, &keys, Version::Tls10).unwrap();
        let encrypted = block().encrypt(plain.clone(), &mut chance()).unwrap();
        assert_eq!(encrypted[..8], hex("a826fd8ce53b855f"));
        assert_eq!(block().decrypt(&encrypted).unwrap(), plain);
    }
}
