//! The digests of TLS up to 1.2, MD5 and SHA-1 among them: old servers know no others.

use ::hmac::{Hmac, KeyInit as _, Mac as _};
use aws_lc_rs::{digest, hmac};
use md5::{Digest as _, Md5};

/// A digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// 16 bytes.
    Md5,
    /// 20 bytes.
    Sha1,
    /// 32 bytes.
    Sha256,
    /// 48 bytes.
    Sha384,
}

impl Hash {
    /// Bytes of its result.
    pub const fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// Of the parts, one after another.
    pub fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        let algorithm = match self {
            Self::Md5 => {
                let mut state = Md5::new();
                for part in parts {
                    state.update(part);
                }
                return state.finalize().to_vec();
            }
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
        };
        let mut state = digest::Context::new(algorithm);
        for part in parts {
            state.update(part);
        }
        state.finish().as_ref().to_vec()
    }

    /// HMAC (RFC 2104) of the parts, one after another.
    pub fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let algorithm = match self {
            Self::Md5 => return hmac_of_md5(key, parts),
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
        };
        let mut state = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
        for part in parts {
            state.update(part);
        }
        state.sign().as_ref().to_vec()
    }

    /// The forerunner of HMAC in SSL 3.0 (RFC 6101, 5.2.3.1), of the parts, one after another. For MD5 and SHA-1.
    pub fn ssl3_mac(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let (inner, outer) = self.ssl3_pads();
        let mut inside = vec![key, inner];
        inside.extend(parts);
        self.digest(&[key, outer, &self.digest(&inside)])
    }

    /// The two paddings of SSL 3.0.
    pub(super) const fn ssl3_pads(self) -> (&'static [u8], &'static [u8]) {
        const LONG: ([u8; 48], [u8; 48]) = ([0x36; 48], [0x5c; 48]);
        const SHORT: ([u8; 40], [u8; 40]) = ([0x36; 40], [0x5c; 40]);
        match self {
            Self::Md5 => (&LONG.0, &LONG.1),
            _ => (&SHORT.0, &SHORT.1),
        }
    }
}

fn hmac_of_md5(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // A key of HMAC has any length.
    let Ok(mut state) = Hmac::<Md5>::new_from_slice(key) else { return Vec::new() };
    for part in parts {
        state.update(part);
    }
    state.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tests::hex;

    #[test]
    fn digests_agree_with_their_rfcs() {
        // RFC 1321, A.5; RFC 3174, 7.3; RFC 6234.
        assert_eq!(Hash::Md5.digest(&[b"message ", b"digest"]), hex("f96b697d7cb7938d525a2f31aaf161d0"));
        assert_eq!(Hash::Sha1.digest(&[b"a", b"bc"]), hex("a9993e364706816aba3e25717850c26c9cd0d89d"));
        for hash in [Hash::Md5, Hash::Sha1, Hash::Sha256, Hash::Sha384] {
            assert_eq!(hash.digest(&[b"abc"]).len(), hash.length());
            assert_eq!(hash.hmac(b"key", &[b"abc"]).len(), hash.length());
        }
    }

    #[test]
    fn hmacs_agree_with_their_rfcs() {
        // RFC 2202, 2 and 3, second case; RFC 4231, 4.3.
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        for (hash, expected) in [
            (Hash::Md5, "750c783e6ab0b503eaa86e310a5db738"),
            (Hash::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Hash::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                Hash::Sha384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
        ] {
            assert_eq!(hash.hmac(b"Jefe", &parts), hex(expected), "{hash:?}");
        }
    }
}
