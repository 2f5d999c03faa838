//! The RSA key of a certificate, as far as encrypting needs it.

use num_bigint::BigUint;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

/// Bits of a modulus that are dealt with: a padded secret of 48 bytes fits in, and a foreign key costs no more than milliseconds.
const BITS: std::ops::RangeInclusive<u64> = 512..=16_384;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RsaKey {
    modulus: BigUint,
    exponent: BigUint,
}

impl RsaKey {
    /// The key of a certificate in DER; none of other keys, of malformed certificates, of keys out of bounds.
    pub(crate) fn of_certificate(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let PublicKey::RSA(key) = certificate.public_key().parsed().ok()? else { return None };
        Self::new(key.modulus, key.exponent)
    }

    /// Of modulus and exponent, big-endian.
    pub(crate) fn new(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let key =
            Self { modulus: BigUint::from_bytes_be(modulus), exponent: BigUint::from_bytes_be(exponent) };
        (BITS.contains(&key.modulus.bits()) && (2..=64).contains(&key.exponent.bits())).then_some(key)
    }

    /// Bytes of the modulus, and of everything that is encrypted.
    pub(crate) fn length(&self) -> usize {
        usize::try_from(self.modulus.bits().div_ceil(8)).unwrap_or(usize::MAX)
    }

    /// Raises to the public exponent, without any padding.
    pub(crate) fn encrypt(&self, padded: &[u8]) -> Vec<u8> {
        let raised = BigUint::from_bytes_be(padded).modpow(&self.exponent, &self.modulus).to_bytes_be();
        let mut bytes = vec![0; self.length().saturating_sub(raised.len())];
        bytes.extend(raised);
        bytes
    }
}
