//! The server's messages that TLS up to 1.2 sends in the clear: certificates, status, key exchange, requests, tickets
//! (RFC 5246, 7.4; RFC 8422, 5.4; RFC 6066, 8; RFC 5077, 3.3).
//!
//! Each is read leniently: `None` says that the body is cut short, surplus bytes are left alone.

use super::groups::NamedGroup;
use super::names::Version;
use super::schemes::SignatureScheme;
use super::suite::{KeyExchange, Suite};
use crate::cursor::Cursor;

/// The certificates of a `Certificate` message up to TLS 1.2, in DER, leaf first; and whether the message was whole.
pub fn certificates(body: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let Some(list) = Cursor::new(body).vector24() else { return (Vec::new(), false) };
    let mut cursor = Cursor::new(list);
    let mut all = Vec::new();
    while !cursor.rest().is_empty() {
        match cursor.vector24() {
            Some(der) => all.push(der.to_vec()),
            None => return (all, false),
        }
    }
    (all, true)
}

/// The OCSP response of a `CertificateStatus` message, in DER.
pub fn stapled_response(body: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(body);
    // Sort 1: OCSP.
    (cursor.u8()? == 1).then(|| cursor.vector24()).flatten()
}

/// What a server contributes to the key exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerKeyExchange {
    /// Its key.
    pub key: ExchangeKey,
    /// The algorithm of the signature: TLS 1.2 only, and none of an anonymous server.
    pub scheme: Option<SignatureScheme>,
    /// The signature.
    pub signature: Vec<u8>,
    /// How many bytes of the message the signature covers, from its beginning.
    pub signed: usize,
}

/// The key of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExchangeKey {
    /// Diffie and Hellman's, with a prime, a generator and a public value, big-endian.
    FiniteField {
        /// The prime.
        prime: Vec<u8>,
        /// The generator.
        generator: Vec<u8>,
        /// The server's public value.
        public: Vec<u8>,
    },
    /// A point of a named curve.
    Curve {
        /// The curve.
        group: NamedGroup,
        /// The point.
        point: Vec<u8>,
    },
    /// A curve given by its parameters, which nobody should (RFC 8422 forbids it): the whole of the body.
    ExplicitCurve(Vec<u8>),
    /// A short RSA key of an export suite: modulus and exponent.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The exponent.
        exponent: Vec<u8>,
    },
}

impl ServerKeyExchange {
    /// Reads the body of a `ServerKeyExchange` of a suite, in a version.
    pub fn decode(body: &[u8], suite: Suite, version: Version) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let exchange = suite.key_exchange()?;
        let is_secret = matches!(exchange, KeyExchange::DhePsk | KeyExchange::EcdhePsk);
        if is_secret {
            // A hint which secret is meant (RFC 4279, 3).
            cursor.vector16()?;
        }
        let key = match exchange {
            KeyExchange::Dhe | KeyExchange::DhePsk => ExchangeKey::FiniteField {
                prime: cursor.vector16()?.to_vec(),
                generator: cursor.vector16()?.to_vec(),
                public: cursor.vector16()?.to_vec(),
            },
            KeyExchange::Ecdhe | KeyExchange::EcdhePsk => match cursor.u8()? {
                3 => ExchangeKey::Curve { group: cursor.be16()?.into(), point: cursor.vector8()?.to_vec() },
                _ => ExchangeKey::ExplicitCurve(cursor.take(cursor.rest().len())?.to_vec()),
            },
            KeyExchange::Rsa => ExchangeKey::Rsa {
                modulus: cursor.vector16()?.to_vec(),
                exponent: cursor.vector16()?.to_vec(),
            },
            _ => return None,
        };
        let signed = body.len() - cursor.rest().len();
        if is_secret || suite.is_anonymous() || cursor.rest().is_empty() {
            return Some(Self { key, scheme: None, signature: Vec::new(), signed });
        }
        let scheme = if version == Version::Tls12 { Some(cursor.be16()?.into()) } else { None };
        Some(Self { key, scheme, signature: cursor.vector16()?.to_vec(), signed })
    }
}

/// What a server wants of a client's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateRequest {
    /// Sorts of certificates (RFC 5246, 7.4.4).
    pub types: Vec<u8>,
    /// Signature algorithms; none before TLS 1.2.
    pub schemes: Vec<SignatureScheme>,
    /// Names of authorities, in DER; an empty list welcomes all.
    pub authorities: Vec<Vec<u8>>,
}

impl CertificateRequest {
    /// Reads the body of a `CertificateRequest` up to TLS 1.2.
    pub fn decode(body: &[u8], version: Version) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let types = cursor.vector8()?.to_vec();
        let schemes = if version == Version::Tls12 {
            cursor.vector16()?.as_chunks::<2>().0.iter().map(|two| u16::from_be_bytes(*two).into()).collect()
        } else {
            Vec::new()
        };
        let mut names = Cursor::new(cursor.vector16()?);
        let mut authorities = Vec::new();
        while let Some(name) = names.vector16() {
            authorities.push(name.to_vec());
        }
        Some(Self { types, schemes, authorities })
    }
}

/// A ticket to resume with (RFC 5077, 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Seconds that it may live; 0 says nothing.
    pub lifetime: u32,
    /// The ticket, opaque.
    pub ticket: Vec<u8>,
}

impl Ticket {
    /// Reads the body of a `NewSessionTicket` up to TLS 1.2.
    pub fn decode(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let lifetime = cursor.array().map(u32::from_be_bytes)?;
        Some(Self { lifetime, ticket: cursor.vector16()?.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_read_as_far_as_it_goes() {
        #[rustfmt::skip]
        let body = [
            0, 0, 11,                   // bytes of the list
            0, 0, 3, 0x30, 1, 7,        // the leaf
            0, 0, 2, 0x30, 0,           // the next one
        ];
        assert_eq!(certificates(&body), (vec![vec![0x30, 1, 7], vec![0x30, 0]], true));
        assert_eq!(certificates(&[0, 0, 0]), (vec![], true));
        assert_eq!(certificates(&[0, 0, 8, 0, 0, 3, 0x30, 1, 7, 0, 0]), (vec![vec![0x30, 1, 7]], false));
        assert_eq!(certificates(&body[..13]), (vec![], false));
    }

    #[test]
    fn a_status_is_one_of_ocsp() {
        assert_eq!(stapled_response(&[1, 0, 0, 2, 0x30, 0]), Some(&[0x30, 0][..]));
        assert_eq!(stapled_response(&[2, 0, 0, 2, 0x30, 0]), None);
        assert_eq!(stapled_response(&[1, 0, 0, 3, 0x30, 0]), None);
    }

    /// `TLS_DHE_RSA_WITH_AES_128_GCM_SHA256`, `TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA`, `TLS_ECDH_anon_WITH_AES_128_CBC_SHA`,
    /// `TLS_RSA_EXPORT_WITH_RC4_40_MD5`, `TLS_DHE_PSK_WITH_AES_128_CBC_SHA`, `TLS_RSA_WITH_AES_128_CBC_SHA`.
    const SUITES: [Suite; 6] =
        [Suite(0x009e), Suite(0xc013), Suite(0xc018), Suite(0x0003), Suite(0x0090), Suite(0x002f)];

    #[test]
    fn a_prime_comes_with_a_generator_a_value_and_a_signature() {
        #[rustfmt::skip]
        let body = [
            0, 2, 0xfb, 0x17,       // the prime
            0, 1, 2,                // the generator
            0, 2, 9, 9,             // the public value
            8, 4,                   // rsa_pss_rsae_sha256, in TLS 1.2 only
            0, 3, 7, 7, 7,          // the signature
        ];
        let read = ServerKeyExchange::decode(&body, SUITES[0], Version::Tls12).unwrap();
        let key =
            ExchangeKey::FiniteField { prime: vec![0xfb, 0x17], generator: vec![2], public: vec![9, 9] };
        assert_eq!((read.key, read.scheme), (key, Some(SignatureScheme::RsaPssRsaeSha256)));
        assert_eq!((read.signature, read.signed), (vec![7, 7, 7], 11));
        for length in (0..11).chain(12..body.len()) {
            assert_eq!(
                ServerKeyExchange::decode(&body[..length], SUITES[0], Version::Tls12),
                None,
                "{length}"
            );
        }
    }

    #[test]
    fn a_point_names_its_curve_and_old_versions_no_algorithm() {
        let body = [3, 0, 29, 2, 4, 4, 0, 1, 7];
        let read = ServerKeyExchange::decode(&body, SUITES[1], Version::Tls11).unwrap();
        assert_eq!(read.key, ExchangeKey::Curve { group: NamedGroup::X25519, point: vec![4, 4] });
        assert_eq!((read.scheme, read.signature, read.signed), (None, vec![7], 6));
        // An anonymous server signs nothing; a curve that is written out is kept as it is.
        let read = ServerKeyExchange::decode(&body[..6], SUITES[2], Version::Tls12).unwrap();
        assert_eq!((read.scheme, read.signature.len()), (None, 0));
        let read = ServerKeyExchange::decode(&[1, 5, 5], SUITES[1], Version::Tls12).unwrap();
        assert_eq!(read.key, ExchangeKey::ExplicitCurve(vec![5, 5]));
    }

    #[test]
    fn other_exchanges_are_read_by_their_suite() {
        let short = [0, 2, 0xc1, 1, 0, 1, 3, 0, 1, 7];
        let read = ServerKeyExchange::decode(&short, SUITES[3], Version::Tls10).unwrap();
        assert_eq!(read.key, ExchangeKey::Rsa { modulus: vec![0xc1, 1], exponent: vec![3] });
        // A hint stands before the prime, and nothing is signed.
        let hinted = [0, 4, b'h', b'i', b'n', b't', 0, 1, 5, 0, 1, 2, 0, 1, 4];
        let read = ServerKeyExchange::decode(&hinted, SUITES[4], Version::Tls12).unwrap();
        assert_eq!(
            read.key,
            ExchangeKey::FiniteField { prime: vec![5], generator: vec![2], public: vec![4] }
        );
        assert_eq!((read.scheme, read.signed), (None, hinted.len()));
        assert_eq!(ServerKeyExchange::decode(&[], SUITES[5], Version::Tls12), None);
        assert_eq!(ServerKeyExchange::decode(&short, Suite(0xcafe), Version::Tls12), None);
    }

    #[test]
    fn a_request_has_algorithms_since_tls12() {
        let new = [2, 1, 64, 0, 2, 4, 3, 0, 5, 0, 3, 0x30, 1, 0];
        let read = CertificateRequest::decode(&new, Version::Tls12).unwrap();
        assert_eq!((read.types, read.schemes), (vec![1, 64], vec![SignatureScheme::EcdsaSha256]));
        assert_eq!(read.authorities, [[0x30, 1, 0]]);
        let old = [1, 1, 0, 0];
        let read = CertificateRequest::decode(&old, Version::Tls10).unwrap();
        assert_eq!(read, CertificateRequest { types: vec![1], schemes: vec![], authorities: vec![] });
        assert_eq!(CertificateRequest::decode(&old, Version::Tls12), None);
    }

    #[test]
    fn a_ticket_has_a_life() {
        let read = Ticket::decode(&[0, 0, 1, 44, 0, 2, 5, 6]).unwrap();
        assert_eq!((read.lifetime, read.ticket), (300, vec![5, 6]));
        assert_eq!(Ticket::decode(&[0, 0, 1, 44, 0, 3, 5, 6]), None);
    }
}
