//! Everything that is offered: suites in bundles, groups, signature algorithms, application protocols; less for servers that want less.

use portreeve_wire::tls::{NamedGroup, SignatureScheme, Suite, Version};

use super::preference::is_chacha;
use crate::audit::{GROUPS, Manner, SIGNATURES};

/// What is offered.
#[derive(Clone, Debug)]
pub(super) struct Vocabulary {
    /// How many suites a hello names at most.
    pub(super) bundle: usize,
    /// Groups of TLS 1.2 and before, best first.
    pub(super) groups: Vec<NamedGroup>,
    /// Groups of TLS 1.3, best first.
    pub(super) groups13: Vec<NamedGroup>,
    /// Signature algorithms, best first.
    pub(super) signatures: Vec<SignatureScheme>,
    /// Application protocols, best first.
    pub(super) protocols: Vec<&'static str>,
}

/// Servers are known that look at the first 128 suites only.
const BUNDLE: usize = 128;
/// So that a hello stays below 256 bytes, which some can not read beyond.
const SMALL_BUNDLE: usize = 40;

impl Vocabulary {
    /// For a manner of greeting.
    pub(super) fn of(manner: Manner) -> Self {
        let is_full = manner == Manner::Full;
        Self {
            bundle: if manner == Manner::Small { SMALL_BUNDLE } else { BUNDLE },
            groups: if is_full { GROUPS12.to_vec() } else { GROUPS.to_vec() },
            groups13: GROUPS13.to_vec(),
            signatures: if is_full { ALL_SIGNATURES.to_vec() } else { SIGNATURES.to_vec() },
            protocols: if is_full { vec!["h2", "http/1.1"] } else { Vec::new() },
        }
    }

    /// The suites that may be used in a version, most likely first. `ChaCha20` is last of what a first hello holds: put first it is taken
    /// for a wish (`PrioritizeChaCha` of OpenSSL).
    pub(super) fn suites(&self, version: Version) -> Vec<Suite> {
        let mut all = Suite::of_version(version);
        all.retain(|suite| !suite.is_signal());
        let bundles = all.chunks(self.bundle).flat_map(|bundle| {
            let (last, first): (Vec<Suite>, Vec<Suite>) = bundle.iter().partition(|suite| is_chacha(**suite));
            [first, last].concat()
        });
        bundles.collect()
    }
}

/// Curves, best first; then those of RFC 7919, of which the prime of an exchange shows what became.
const GROUPS12: [NamedGroup; 35] = [
    NamedGroup::X25519,
    NamedGroup::Secp256r1,
    NamedGroup::Secp384r1,
    NamedGroup::Secp521r1,
    NamedGroup::X448,
    NamedGroup::BrainpoolP256r1,
    NamedGroup::BrainpoolP384r1,
    NamedGroup::BrainpoolP512r1,
    NamedGroup::Secp256k1,
    NamedGroup::Sect571r1,
    NamedGroup::Sect571k1,
    NamedGroup::Sect409k1,
    NamedGroup::Sect409r1,
    NamedGroup::Sect283k1,
    NamedGroup::Sect283r1,
    NamedGroup::Secp224k1,
    NamedGroup::Secp224r1,
    NamedGroup::Secp192k1,
    NamedGroup::Secp192r1,
    NamedGroup::Sect233k1,
    NamedGroup::Sect233r1,
    NamedGroup::Sect239k1,
    NamedGroup::Sect193r1,
    NamedGroup::Sect193r2,
    NamedGroup::Sect163k1,
    NamedGroup::Sect163r1,
    NamedGroup::Sect163r2,
    NamedGroup::Secp160k1,
    NamedGroup::Secp160r1,
    NamedGroup::Secp160r2,
    NamedGroup::Ffdhe2048,
    NamedGroup::Ffdhe3072,
    NamedGroup::Ffdhe4096,
    NamedGroup::Ffdhe6144,
    NamedGroup::Ffdhe8192,
];

/// Hybrids with ML-KEM first.
const GROUPS13: [NamedGroup; 20] = [
    NamedGroup::X25519MlKem768,
    NamedGroup::Secp256r1MlKem768,
    NamedGroup::Secp384r1MlKem1024,
    NamedGroup::MlKem768,
    NamedGroup::MlKem1024,
    NamedGroup::MlKem512,
    NamedGroup::X25519Kyber768Draft00,
    NamedGroup::X25519,
    NamedGroup::Secp256r1,
    NamedGroup::Secp384r1,
    NamedGroup::Secp521r1,
    NamedGroup::X448,
    NamedGroup::BrainpoolP256r1Tls13,
    NamedGroup::BrainpoolP384r1Tls13,
    NamedGroup::BrainpoolP512r1Tls13,
    NamedGroup::Ffdhe2048,
    NamedGroup::Ffdhe3072,
    NamedGroup::Ffdhe4096,
    NamedGroup::Ffdhe6144,
    NamedGroup::Ffdhe8192,
];

/// From the strong to MD5.
const ALL_SIGNATURES: [SignatureScheme; 25] = [
    SignatureScheme::EcdsaSha256,
    SignatureScheme::EcdsaSha384,
    SignatureScheme::EcdsaSha512,
    SignatureScheme::Ed25519,
    SignatureScheme::Ed448,
    SignatureScheme::RsaPssRsaeSha256,
    SignatureScheme::RsaPssRsaeSha384,
    SignatureScheme::RsaPssRsaeSha512,
    SignatureScheme::RsaPssPssSha256,
    SignatureScheme::RsaPssPssSha384,
    SignatureScheme::RsaPssPssSha512,
    SignatureScheme::RsaPkcs1Sha256,
    SignatureScheme::RsaPkcs1Sha384,
    SignatureScheme::RsaPkcs1Sha512,
    SignatureScheme::DsaSha256,
    SignatureScheme::DsaSha384,
    SignatureScheme::DsaSha512,
    SignatureScheme::EcdsaSha224,
    SignatureScheme::RsaPkcs1Sha224,
    SignatureScheme::DsaSha224,
    SignatureScheme::EcdsaSha1,
    SignatureScheme::RsaPkcs1Sha1,
    SignatureScheme::DsaSha1,
    SignatureScheme::EcdsaMd5,
    SignatureScheme::RsaPkcs1Md5,
];
