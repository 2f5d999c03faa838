//! Who signs a key exchange: which suites and signature algorithms go together.

use portreeve_wire::tls::{Authentication, KeyExchange, NamedGroup, SignatureScheme, Suite};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::vocabulary::Vocabulary;

/// Sorts of keys that sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Signer {
    Rsa,
    /// On curves, those of Edwards' form, too: their suites are the same (RFC 8422, 5.10).
    Ecdsa,
    Dsa,
}

impl Signer {
    pub(super) const ALL: [Self; 3] = [Self::Ecdsa, Self::Rsa, Self::Dsa];

    /// Who uses an algorithm (RFC 5246, 7.4.1.4.1: the low byte; RFC 8446, 4.2.3).
    pub(super) fn of(scheme: SignatureScheme) -> Self {
        match scheme.value() {
            0x0804..=0x0806 | 0x0809..=0x080b => Self::Rsa,
            number => match number & 0xff {
                1 => Self::Rsa,
                2 => Self::Dsa,
                _ => Self::Ecdsa,
            },
        }
    }

    /// Who signs the key exchange of a suite; none where nothing is signed.
    pub(super) fn of_suite(suite: Suite) -> Option<Self> {
        if !matches!(suite.key_exchange()?, KeyExchange::Dhe | KeyExchange::Ecdhe) {
            return None;
        }
        match suite.authentication()? {
            Authentication::Rsa => Some(Self::Rsa),
            Authentication::Ecdsa => Some(Self::Ecdsa),
            Authentication::Dsa => Some(Self::Dsa),
            _ => None,
        }
    }

    /// Its algorithms among those that are offered.
    pub(super) fn schemes_of(self, vocabulary: &Vocabulary) -> Vec<SignatureScheme> {
        vocabulary.signatures.iter().copied().filter(|scheme| Self::of(*scheme) == self).collect()
    }
}

/// Object identifiers of curves, and their numbers.
const CURVES: &[(&str, NamedGroup)] = &[
    ("1.2.840.10045.3.1.7", NamedGroup::Secp256r1),
    ("1.3.132.0.34", NamedGroup::Secp384r1),
    ("1.3.132.0.35", NamedGroup::Secp521r1),
    ("1.3.132.0.10", NamedGroup::Secp256k1),
    ("1.3.132.0.33", NamedGroup::Secp224r1),
    ("1.3.36.3.3.2.8.1.1.7", NamedGroup::BrainpoolP256r1),
    ("1.3.36.3.3.2.8.1.1.11", NamedGroup::BrainpoolP384r1),
    ("1.3.36.3.3.2.8.1.1.13", NamedGroup::BrainpoolP512r1),
];

/// The curve of a certificate's key, where it is on one that has a name.
pub(super) fn curve(der: &[u8]) -> Option<NamedGroup> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let curve = certificate.public_key().algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
    CURVES.iter().find(|(number, _)| *number == curve).map(|(_, group)| *group)
}
