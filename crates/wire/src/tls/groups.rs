//! Groups that keys are exchanged in, with what is known of each and the names that others give them.

use super::names::Version;
use crate::wire_enum;

wire_enum! {
    /// A group that keys are exchanged in (IANA registry "TLS Supported Groups"), by the names that people use.
    pub enum NamedGroup: u16 {
        /// Withdrawn.
        Sect163k1 = 1 => "sect163k1",
        /// Withdrawn.
        Sect163r1 = 2 => "sect163r1",
        /// Withdrawn.
        Sect163r2 = 3 => "sect163r2",
        /// Withdrawn.
        Sect193r1 = 4 => "sect193r1",
        /// Withdrawn.
        Sect193r2 = 5 => "sect193r2",
        /// Withdrawn.
        Sect233k1 = 6 => "sect233k1",
        /// Withdrawn.
        Sect233r1 = 7 => "sect233r1",
        /// Withdrawn.
        Sect239k1 = 8 => "sect239k1",
        /// Withdrawn.
        Sect283k1 = 9 => "sect283k1",
        /// Withdrawn.
        Sect283r1 = 10 => "sect283r1",
        /// Withdrawn.
        Sect409k1 = 11 => "sect409k1",
        /// Withdrawn.
        Sect409r1 = 12 => "sect409r1",
        /// Withdrawn.
        Sect571k1 = 13 => "sect571k1",
        /// Withdrawn.
        Sect571r1 = 14 => "sect571r1",
        /// Withdrawn.
        Secp160k1 = 15 => "secp160k1",
        /// Withdrawn.
        Secp160r1 = 16 => "secp160r1",
        /// Withdrawn.
        Secp160r2 = 17 => "secp160r2",
        /// Withdrawn.
        Secp192k1 = 18 => "secp192k1",
        /// P-192, withdrawn.
        Secp192r1 = 19 => "P-192",
        /// Withdrawn.
        Secp224k1 = 20 => "secp224k1",
        /// P-224, withdrawn.
        Secp224r1 = 21 => "P-224",
        /// The curve of Bitcoin; withdrawn for TLS.
        Secp256k1 = 22 => "secp256k1",
        /// NIST's.
        Secp256r1 = 23 => "P-256",
        /// NIST's.
        Secp384r1 = 24 => "P-384",
        /// NIST's.
        Secp521r1 = 25 => "P-521",
        /// RFC 7027, up to TLS 1.2.
        BrainpoolP256r1 = 26 => "brainpoolP256r1",
        /// RFC 7027, up to TLS 1.2.
        BrainpoolP384r1 = 27 => "brainpoolP384r1",
        /// RFC 7027, up to TLS 1.2.
        BrainpoolP512r1 = 28 => "brainpoolP512r1",
        /// RFC 7748.
        X25519 = 29 => "X25519",
        /// RFC 7748.
        X448 = 30 => "X448",
        /// RFC 8734, TLS 1.3.
        BrainpoolP256r1Tls13 = 31 => "brainpoolP256r1tls13",
        /// RFC 8734, TLS 1.3.
        BrainpoolP384r1Tls13 = 32 => "brainpoolP384r1tls13",
        /// RFC 8734, TLS 1.3.
        BrainpoolP512r1Tls13 = 33 => "brainpoolP512r1tls13",
        /// RFC 7919.
        Ffdhe2048 = 0x0100 => "ffdhe2048",
        /// RFC 7919.
        Ffdhe3072 = 0x0101 => "ffdhe3072",
        /// RFC 7919.
        Ffdhe4096 = 0x0102 => "ffdhe4096",
        /// RFC 7919.
        Ffdhe6144 = 0x0103 => "ffdhe6144",
        /// RFC 7919.
        Ffdhe8192 = 0x0104 => "ffdhe8192",
        /// RFC 9189.
        GostGc256A = 34 => "GC256A",
        /// RFC 9189.
        GostGc256B = 35 => "GC256B",
        /// RFC 9189.
        GostGc256C = 36 => "GC256C",
        /// RFC 9189.
        GostGc256D = 37 => "GC256D",
        /// RFC 9189.
        GostGc512A = 38 => "GC512A",
        /// RFC 9189.
        GostGc512B = 39 => "GC512B",
        /// RFC 9189.
        GostGc512C = 40 => "GC512C",
        /// RFC 8998.
        CurveSm2 = 41 => "curveSM2",
        /// FIPS 203.
        MlKem512 = 0x0200 => "MLKEM512",
        /// FIPS 203.
        MlKem768 = 0x0201 => "MLKEM768",
        /// FIPS 203.
        MlKem1024 = 0x0202 => "MLKEM1024",
        /// Hybrid of P-256 and ML-KEM-768.
        Secp256r1MlKem768 = 0x11eb => "SecP256r1MLKEM768",
        /// Hybrid of X25519 and ML-KEM-768: what browsers prefer.
        X25519MlKem768 = 0x11ec => "X25519MLKEM768",
        /// Hybrid of P-384 and ML-KEM-1024.
        Secp384r1MlKem1024 = 0x11ed => "SecP384r1MLKEM1024",
        /// The draft's hybrid of X25519 and Kyber, withdrawn.
        X25519Kyber768Draft00 = 0x6399 => "X25519Kyber768Draft00",
    }
}

impl NamedGroup {
    /// Bits of the field of a curve, or of the prime. Of a hybrid those of its classical half, of ML-KEM alone the number in its name.
    pub const fn bits(self) -> Option<u16> {
        Some(match self {
            Self::Secp160k1 | Self::Secp160r1 | Self::Secp160r2 => 160,
            Self::Sect163k1 | Self::Sect163r1 | Self::Sect163r2 => 163,
            Self::Secp192k1 | Self::Secp192r1 => 192,
            Self::Sect193r1 | Self::Sect193r2 => 193,
            Self::Secp224k1 | Self::Secp224r1 => 224,
            Self::Sect233k1 | Self::Sect233r1 => 233,
            Self::Sect239k1 => 239,
            Self::X25519 | Self::X25519MlKem768 | Self::X25519Kyber768Draft00 => 255,
            Self::Secp256k1
            | Self::Secp256r1
            | Self::Secp256r1MlKem768
            | Self::BrainpoolP256r1
            | Self::BrainpoolP256r1Tls13
            | Self::GostGc256A
            | Self::GostGc256B
            | Self::GostGc256C
            | Self::GostGc256D
            | Self::CurveSm2 => 256,
            Self::Sect283k1 | Self::Sect283r1 => 283,
            Self::Secp384r1
            | Self::Secp384r1MlKem1024
            | Self::BrainpoolP384r1
            | Self::BrainpoolP384r1Tls13 => 384,
            Self::Sect409k1 | Self::Sect409r1 => 409,
            Self::X448 => 448,
            Self::BrainpoolP512r1
            | Self::BrainpoolP512r1Tls13
            | Self::GostGc512A
            | Self::GostGc512B
            | Self::GostGc512C
            | Self::MlKem512 => 512,
            Self::Secp521r1 => 521,
            Self::Sect571k1 | Self::Sect571r1 => 571,
            Self::MlKem768 => 768,
            Self::MlKem1024 => 1024,
            Self::Ffdhe2048 => 2048,
            Self::Ffdhe3072 => 3072,
            Self::Ffdhe4096 => 4096,
            Self::Ffdhe6144 => 6144,
            Self::Ffdhe8192 => 8192,
            Self::Unknown(_) => return None,
        })
    }

    /// Whether it withstands a quantum computer.
    pub const fn is_post_quantum(self) -> bool {
        matches!(
            self,
            Self::MlKem512
                | Self::MlKem768
                | Self::MlKem1024
                | Self::Secp256r1MlKem768
                | Self::X25519MlKem768
                | Self::Secp384r1MlKem1024
                | Self::X25519Kyber768Draft00
        )
    }

    /// Whether it is one of Diffie and Hellman's over a prime (RFC 7919), not a curve.
    pub const fn is_finite_field(self) -> bool {
        matches!(self.value(), 0x0100..=0x01ff)
    }

    /// Whether a version may choose it. Up to TLS 1.2 curves and primes, in TLS 1.3 what RFC 8446 left of them and what came later.
    pub fn is_usable_in(self, version: Version) -> bool {
        let is_only_new = self.is_post_quantum()
            || matches!(
                self,
                Self::BrainpoolP256r1Tls13
                    | Self::BrainpoolP384r1Tls13
                    | Self::BrainpoolP512r1Tls13
                    | Self::CurveSm2
            );
        let is_in_both = self.is_finite_field()
            || matches!(self.value(), 34..=40)
            || matches!(
                self,
                Self::Secp256r1 | Self::Secp384r1 | Self::Secp521r1 | Self::X25519 | Self::X448
            );
        match version {
            Version::Tls13 => is_only_new || is_in_both,
            _ => !is_only_new && !matches!(self, Self::Unknown(_)),
        }
    }

    /// Further names: those of the registry, of OpenSSL, of RFC 4492's other sources.
    pub const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Secp192r1 => &["secp192r1", "prime192v1"],
            Self::Secp224r1 => &["secp224r1"],
            Self::Secp256r1 => &["secp256r1", "prime256v1"],
            Self::Secp384r1 => &["secp384r1"],
            Self::Secp521r1 => &["secp521r1"],
            Self::Sect163k1 => &["K-163"],
            Self::Sect163r2 => &["B-163"],
            Self::Sect233k1 => &["K-233"],
            Self::Sect233r1 => &["B-233"],
            Self::Sect283k1 => &["K-283"],
            Self::Sect283r1 => &["B-283"],
            Self::Sect409k1 => &["K-409"],
            Self::Sect409r1 => &["B-409"],
            Self::Sect571k1 => &["K-571"],
            Self::Sect571r1 => &["B-571"],
            Self::MlKem512 => &["ML-KEM-512"],
            Self::MlKem768 => &["ML-KEM-768"],
            Self::MlKem1024 => &["ML-KEM-1024"],
            _ => &[],
        }
    }

    /// The group of a name that people or programs use, whatever its case.
    pub fn of_name(name: &str) -> Option<Self> {
        let is_it = |one: &str| one.eq_ignore_ascii_case(name);
        let mut all = Self::NAMED.iter().copied();
        all.find(|group| group.name().is_some_and(is_it) || group.aliases().iter().any(|one| is_it(one)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_a_size_and_a_version() {
        for group in NamedGroup::NAMED {
            assert!(group.bits().is_some(), "{group}");
            assert!(group.is_usable_in(Version::Tls12) || group.is_usable_in(Version::Tls13), "{group}");
            assert_eq!(NamedGroup::of_name(group.name().unwrap()), Some(*group));
        }
        assert_eq!((NamedGroup::X25519.bits(), NamedGroup::Unknown(0x0a0a).bits()), (Some(255), None));
        assert!(!NamedGroup::Unknown(0x0a0a).is_usable_in(Version::Tls12));
    }

    #[test]
    fn versions_have_groups_of_their_own() {
        for (group, old, new) in [
            (NamedGroup::Secp256r1, true, true),
            (NamedGroup::Secp224r1, true, false),
            (NamedGroup::BrainpoolP256r1, true, false),
            (NamedGroup::BrainpoolP256r1Tls13, false, true),
            (NamedGroup::Ffdhe2048, true, true),
            (NamedGroup::X25519MlKem768, false, true),
        ] {
            let usable = (group.is_usable_in(Version::Tls12), group.is_usable_in(Version::Tls13));
            assert_eq!(usable, (old, new), "{group}");
        }
        assert!(NamedGroup::X25519MlKem768.is_post_quantum() && !NamedGroup::X448.is_post_quantum());
    }

    #[test]
    fn names_of_others_are_understood() {
        for (name, group) in [
            ("prime256v1", Some(NamedGroup::Secp256r1)),
            ("secp384r1", Some(NamedGroup::Secp384r1)),
            ("x25519", Some(NamedGroup::X25519)),
            ("B-571", Some(NamedGroup::Sect571r1)),
            ("x25519mlkem768", Some(NamedGroup::X25519MlKem768)),
            ("P-999", None),
        ] {
            assert_eq!(NamedGroup::of_name(name), group, "{name}");
        }
    }
}
