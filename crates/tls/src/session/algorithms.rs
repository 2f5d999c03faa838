//! What a cipher suite asks of this client: which of them it can speak, and with what.

use portreeve_wire::tls::{KeyExchange, Suite, Version};

use super::hash::Hash;

/// How records of a suite are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Encryption that authenticates (RFC 5288, RFC 7905).
    Aead(AeadCipher),
    /// Cipher block chaining with a MAC.
    Block(BlockCipher, Hash),
    /// A stream cipher, or none at all, with a MAC.
    Stream(StreamCipher, Hash),
}

/// Authenticated encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AeadCipher {
    /// AES-128 in Galois/counter mode.
    Aes128Gcm,
    /// AES-256 in Galois/counter mode.
    Aes256Gcm,
    /// `ChaCha20` with Poly1305.
    ChaCha20Poly1305,
}

/// A block cipher, chained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockCipher {
    /// AES with 128 bits.
    Aes128,
    /// AES with 256 bits.
    Aes256,
    /// Triple DES: blocks of 8 bytes.
    TripleDes,
}

/// A stream cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamCipher {
    /// RC4 with 128 bits.
    Rc4,
    /// No encryption.
    Null,
}

impl Protection {
    /// Of a suite; none where this client can not speak it: Camellia, ARIA, SEED, CCM, export suites, and those of TLS 1.3.
    pub fn of(suite: Suite) -> Option<Self> {
        use BlockCipher::{Aes128, Aes256, TripleDes};
        let name = suite.name()?;
        if name.contains("_EXPORT_") {
            return None;
        }
        let (cipher, mac) = name.split_once("_WITH_")?.1.rsplit_once('_')?;
        let hash = match mac {
            "MD5" => Hash::Md5,
            "SHA" => Hash::Sha1,
            "SHA256" => Hash::Sha256,
            "SHA384" => Hash::Sha384,
            _ => return None,
        };
        Some(match cipher {
            "AES_128_GCM" => Self::Aead(AeadCipher::Aes128Gcm),
            "AES_256_GCM" => Self::Aead(AeadCipher::Aes256Gcm),
            "CHACHA20_POLY1305" => Self::Aead(AeadCipher::ChaCha20Poly1305),
            "AES_128_CBC" => Self::Block(Aes128, hash),
            "AES_256_CBC" => Self::Block(Aes256, hash),
            "3DES_EDE_CBC" => Self::Block(TripleDes, hash),
            "RC4_128" => Self::Stream(StreamCipher::Rc4, hash),
            "NULL" => Self::Stream(StreamCipher::Null, hash),
            _ => return None,
        })
    }

    /// Bytes of the key of its MAC, of its encryption, and of what is fixed of its nonces or vectors.
    pub(super) const fn lengths(self, version: Version) -> (usize, usize, usize) {
        match self {
            Self::Aead(cipher) => (0, cipher.key_length(), cipher.salt_length()),
            Self::Block(cipher, hash) => {
                // From TLS 1.1 on every record brings its own vector.
                let is_chained = matches!(version, Version::Ssl3 | Version::Tls10);
                let vector = if is_chained { cipher.block_length() } else { 0 };
                (hash.length(), cipher.key_length(), vector)
            }
            Self::Stream(StreamCipher::Rc4, hash) => (hash.length(), 16, 0),
            Self::Stream(StreamCipher::Null, hash) => (hash.length(), 0, 0),
        }
    }
}

impl AeadCipher {
    const fn key_length(self) -> usize {
        if matches!(self, Self::Aes128Gcm) { 16 } else { 32 }
    }

    const fn salt_length(self) -> usize {
        if matches!(self, Self::ChaCha20Poly1305) { 12 } else { 4 }
    }
}

impl BlockCipher {
    const fn key_length(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes256 => 32,
            Self::TripleDes => 24,
        }
    }

    /// Bytes of a block.
    pub const fn block_length(self) -> usize {
        if matches!(self, Self::TripleDes) { 8 } else { 16 }
    }
}

/// Whether this client can speak a suite to its end in a version up to TLS 1.2.
pub fn can_speak(version: Version, suite: Suite) -> bool {
    let exchange = suite.key_exchange();
    let Some(protection) = Protection::of(suite) else { return false };
    let is_of_tls12 = matches!(protection, Protection::Aead(_))
        || matches!(
            protection,
            Protection::Block(_, Hash::Sha256 | Hash::Sha384) | Protection::Stream(_, Hash::Sha256)
        );
    matches!(exchange, Some(KeyExchange::Rsa | KeyExchange::Dhe | KeyExchange::Ecdhe))
        && match version {
            Version::Tls12 => true,
            Version::Tls10 | Version::Tls11 => !is_of_tls12,
            Version::Ssl3 => !is_of_tls12 && exchange != Some(KeyExchange::Ecdhe),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_known_by_their_names() {
        for (suite, protection) in [
            (0xc02f, Some(Protection::Aead(AeadCipher::Aes128Gcm))),
            (0xcca8, Some(Protection::Aead(AeadCipher::ChaCha20Poly1305))),
            (0xc028, Some(Protection::Block(BlockCipher::Aes256, Hash::Sha384))),
            (0x000a, Some(Protection::Block(BlockCipher::TripleDes, Hash::Sha1))),
            (0x0004, Some(Protection::Stream(StreamCipher::Rc4, Hash::Md5))),
            (0x0002, Some(Protection::Stream(StreamCipher::Null, Hash::Sha1))),
            (0x0003, None),
            (0x0041, None),
            (0xc09c, None),
            (0x1301, None),
            (0xcafe, None),
        ] {
            assert_eq!(Protection::of(Suite(suite)), protection, "{suite:#06x}");
        }
        assert!(can_speak(Version::Tls12, Suite(0xc02f)) && !can_speak(Version::Tls11, Suite(0xc02f)));
        assert!(can_speak(Version::Ssl3, Suite(0x000a)) && !can_speak(Version::Ssl3, Suite(0xc014)));
        assert!(!can_speak(Version::Tls12, Suite(0xc004)), "the key of the certificate itself");
    }
}
