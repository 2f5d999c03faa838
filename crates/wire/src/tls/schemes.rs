//! Algorithms that handshakes are signed with.

use super::names::Version;
use crate::wire_enum;

wire_enum! {
    /// An algorithm that a key exchange or a handshake is signed with. Up to TLS 1.2 the high byte is the digest, the low one the
    /// sort of key (RFC 5246, 7.4.1.4.1).
    pub enum SignatureScheme: u16 {
        /// Withdrawn.
        RsaPkcs1Md5 = 0x0101 => "rsa_pkcs1_md5",
        /// Withdrawn.
        DsaMd5 = 0x0102 => "dsa_md5",
        /// Withdrawn.
        EcdsaMd5 = 0x0103 => "ecdsa_md5",
        /// Legacy.
        RsaPkcs1Sha1 = 0x0201 => "rsa_pkcs1_sha1",
        /// Withdrawn.
        DsaSha1 = 0x0202 => "dsa_sha1",
        /// Legacy.
        EcdsaSha1 = 0x0203 => "ecdsa_sha1",
        /// Withdrawn.
        RsaPkcs1Sha224 = 0x0301 => "rsa_pkcs1_sha224",
        /// Withdrawn.
        DsaSha224 = 0x0302 => "dsa_sha224",
        /// Withdrawn.
        EcdsaSha224 = 0x0303 => "ecdsa_sha224",
        /// Up to TLS 1.2.
        RsaPkcs1Sha256 = 0x0401 => "rsa_pkcs1_sha256",
        /// Withdrawn.
        DsaSha256 = 0x0402 => "dsa_sha256",
        /// In TLS 1.3 with P-256 only.
        EcdsaSha256 = 0x0403 => "ecdsa_secp256r1_sha256",
        /// Up to TLS 1.2.
        RsaPkcs1Sha384 = 0x0501 => "rsa_pkcs1_sha384",
        /// Withdrawn.
        DsaSha384 = 0x0502 => "dsa_sha384",
        /// In TLS 1.3 with P-384 only.
        EcdsaSha384 = 0x0503 => "ecdsa_secp384r1_sha384",
        /// Up to TLS 1.2.
        RsaPkcs1Sha512 = 0x0601 => "rsa_pkcs1_sha512",
        /// Withdrawn.
        DsaSha512 = 0x0602 => "dsa_sha512",
        /// In TLS 1.3 with P-521 only.
        EcdsaSha512 = 0x0603 => "ecdsa_secp521r1_sha512",
        /// RFC 8998.
        Sm2Sm3 = 0x0708 => "sm2sig_sm3",
        /// RFC 8446.
        RsaPssRsaeSha256 = 0x0804 => "rsa_pss_rsae_sha256",
        /// RFC 8446.
        RsaPssRsaeSha384 = 0x0805 => "rsa_pss_rsae_sha384",
        /// RFC 8446.
        RsaPssRsaeSha512 = 0x0806 => "rsa_pss_rsae_sha512",
        /// RFC 8446.
        Ed25519 = 0x0807 => "ed25519",
        /// RFC 8446.
        Ed448 = 0x0808 => "ed448",
        /// RFC 8446: the certificate itself has a PSS key.
        RsaPssPssSha256 = 0x0809 => "rsa_pss_pss_sha256",
        /// RFC 8446.
        RsaPssPssSha384 = 0x080a => "rsa_pss_pss_sha384",
        /// RFC 8446.
        RsaPssPssSha512 = 0x080b => "rsa_pss_pss_sha512",
        /// RFC 8734.
        EcdsaBrainpoolP256r1Tls13Sha256 = 0x081a => "ecdsa_brainpoolP256r1tls13_sha256",
        /// RFC 8734.
        EcdsaBrainpoolP384r1Tls13Sha384 = 0x081b => "ecdsa_brainpoolP384r1tls13_sha384",
        /// RFC 8734.
        EcdsaBrainpoolP512r1Tls13Sha512 = 0x081c => "ecdsa_brainpoolP512r1tls13_sha512",
        /// FIPS 204.
        MlDsa44 = 0x0904 => "mldsa44",
        /// FIPS 204.
        MlDsa65 = 0x0905 => "mldsa65",
        /// FIPS 204.
        MlDsa87 = 0x0906 => "mldsa87",
    }
}

/// Sorts of keys that sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureKey {
    /// RSA with PKCS #1 padding.
    Rsa,
    /// RSA with PSS padding.
    RsaPss,
    /// DSA.
    Dsa,
    /// ECDSA.
    Ecdsa,
    /// `EdDSA`.
    Eddsa,
    /// SM2.
    Sm2,
    /// ML-DSA.
    MlDsa,
}

/// Digests that are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignatureDigest {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SM3.
    Sm3,
    /// The algorithm's own.
    Intrinsic,
}

impl SignatureScheme {
    /// What signs. None of an unknown one.
    pub const fn key(self) -> Option<SignatureKey> {
        Some(match self.value() {
            0x0708 => SignatureKey::Sm2,
            0x0804..=0x0806 | 0x0809..=0x080b => SignatureKey::RsaPss,
            0x0807 | 0x0808 => SignatureKey::Eddsa,
            0x081a..=0x081c => SignatureKey::Ecdsa,
            0x0904..=0x0906 => SignatureKey::MlDsa,
            pair @ 0x0100..=0x06ff => match pair & 0xff {
                1 => SignatureKey::Rsa,
                2 => SignatureKey::Dsa,
                3 => SignatureKey::Ecdsa,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// What is signed. None of an unknown one.
    pub const fn digest(self) -> Option<SignatureDigest> {
        Some(match self.value() {
            0x0708 => SignatureDigest::Sm3,
            0x0804 | 0x0809 | 0x081a => SignatureDigest::Sha256,
            0x0805 | 0x080a | 0x081b => SignatureDigest::Sha384,
            0x0806 | 0x080b | 0x081c => SignatureDigest::Sha512,
            0x0807 | 0x0808 | 0x0904..=0x0906 => SignatureDigest::Intrinsic,
            pair => match pair >> 8 {
                1 => SignatureDigest::Md5,
                2 => SignatureDigest::Sha1,
                3 => SignatureDigest::Sha224,
                4 => SignatureDigest::Sha256,
                5 => SignatureDigest::Sha384,
                6 => SignatureDigest::Sha512,
                _ => return None,
            },
        })
    }

    /// Whether its digest can be made to collide: MD5, SHA-1 (RFC 9155).
    pub fn is_weak(self) -> bool {
        self.digest().is_some_and(|digest| digest <= SignatureDigest::Sha1)
    }

    /// Whether a version signs handshakes with it: TLS 1.3 with neither DSA, PKCS #1 nor weak digests (RFC 8446, 4.2.3), TLS 1.2 with
    /// what has no curve of TLS 1.3; older versions have no choice.
    pub fn is_usable_in(self, version: Version) -> bool {
        let Some(key) = self.key() else { return false };
        let is_only_new =
            matches!(key, SignatureKey::MlDsa | SignatureKey::Sm2) || matches!(self.value(), 0x081a..=0x081c);
        match version {
            Version::Tls13 => {
                let is_strong = self.digest().is_some_and(|digest| digest >= SignatureDigest::Sha256);
                is_strong && !matches!(key, SignatureKey::Rsa | SignatureKey::Dsa)
            }
            Version::Tls12 => !is_only_new,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_has_a_key_and_a_digest() {
        for scheme in SignatureScheme::NAMED {
            assert!(scheme.key().is_some() && scheme.digest().is_some(), "{scheme}");
            assert!(scheme.is_usable_in(Version::Tls12) || scheme.is_usable_in(Version::Tls13), "{scheme}");
        }
        assert_eq!(SignatureScheme::Unknown(0x0a0a).key(), None);
    }

    #[test]
    fn versions_differ_in_what_they_sign_with() {
        for (scheme, old, new, weak) in [
            (SignatureScheme::RsaPkcs1Sha256, true, false, false),
            (SignatureScheme::RsaPkcs1Sha1, true, false, true),
            (SignatureScheme::EcdsaSha1, true, false, true),
            (SignatureScheme::EcdsaSha256, true, true, false),
            (SignatureScheme::RsaPssRsaeSha384, true, true, false),
            (SignatureScheme::RsaPssPssSha512, true, true, false),
            (SignatureScheme::DsaSha512, true, false, false),
            (SignatureScheme::Ed25519, true, true, false),
            (SignatureScheme::MlDsa65, false, true, false),
            (SignatureScheme::EcdsaBrainpoolP256r1Tls13Sha256, false, true, false),
        ] {
            assert_eq!(
                (scheme.is_usable_in(Version::Tls12), scheme.is_usable_in(Version::Tls13), scheme.is_weak()),
                (old, new, weak),
                "{scheme}"
            );
        }
    }
}
