//! Messages of TLS 1.3 that are encrypted on the wire, read from their bytes once somebody decrypted them (RFC 8446, 4.3, 4.4, 4.6;
//! RFC 8879).
//!
//! Each is read leniently, as those of TLS 1.2 are: `None` says that the body is cut short, surplus bytes are left alone.

use super::extension::Extension;
use super::names::{CertificateCompression, ExtensionType};
use super::schemes::SignatureScheme;
use crate::cursor::Cursor;

/// `EncryptedExtensions`: what a server answers to a hello beside the key exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedExtensions {
    /// In their order.
    pub extensions: Vec<Extension>,
    /// Whether they could be read to their end.
    pub whole: bool,
}

impl EncryptedExtensions {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Option<Self> {
        let (extensions, whole) = Extension::decode_all(Cursor::new(body).vector16()?);
        Some(Self { extensions, whole })
    }

    /// The application protocol that was chosen.
    pub fn application_protocol(&self) -> Option<&[u8]> {
        let chosen = self.extensions.iter().find(|one| one.kind == ExtensionType::Alpn)?;
        Cursor::new(Cursor::new(&chosen.content).vector16()?).vector8()
    }
}

/// `Certificate`: a chain, each certificate with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateChain {
    /// Of a client's certificate: which request it answers. Of a server's empty.
    pub context: Vec<u8>,
    /// Leaf first.
    pub entries: Vec<CertificateEntry>,
    /// Whether the list could be read to its end.
    pub whole: bool,
}

/// One certificate of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateEntry {
    /// In DER.
    pub der: Vec<u8>,
    /// A stapled status, timestamps.
    pub extensions: Vec<Extension>,
}

impl CertificateChain {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let context = cursor.vector8()?.to_vec();
        let mut list = Cursor::new(cursor.vector24()?);
        let (mut entries, mut whole) = (Vec::new(), true);
        while !list.rest().is_empty() && whole {
            let one = list.vector24().and_then(|der| Some((der.to_vec(), list.vector16()?)));
            match one {
                Some((der, block)) => {
                    let (extensions, is_whole) = Extension::decode_all(block);
                    whole &= is_whole;
                    entries.push(CertificateEntry { der, extensions });
                }
                None => whole = false,
            }
        }
        Some(Self { context, entries, whole })
    }
}

impl CertificateEntry {
    /// The stapled OCSP response, in DER.
    pub fn stapled_response(&self) -> Option<&[u8]> {
        super::messages::stapled_response(self.content(ExtensionType::StatusRequest)?)
    }

    /// The list of signed certificate timestamps, as [`crate::pki`] reads it.
    pub fn timestamps(&self) -> Option<&[u8]> {
        self.content(ExtensionType::SignedCertificateTimestamp)
    }

    fn content(&self, kind: ExtensionType) -> Option<&[u8]> {
        self.extensions.iter().find(|one| one.kind == kind).map(|one| one.content.as_slice())
    }
}

/// `CertificateRequest`: a certificate of the client is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// What the answer repeats; empty in a handshake.
    pub context: Vec<u8>,
    /// What is wanted.
    pub extensions: Vec<Extension>,
    /// Whether they could be read to their end.
    pub whole: bool,
}

impl CertificateRequest {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let context = cursor.vector8()?.to_vec();
        let (extensions, whole) = Extension::decode_all(cursor.vector16()?);
        Some(Self { context, extensions, whole })
    }

    /// Algorithms that the client may sign with.
    pub fn schemes(&self) -> Vec<SignatureScheme> {
        let content = self.content(ExtensionType::SignatureAlgorithms);
        let listed = content.and_then(|content| Cursor::new(content).vector16()).unwrap_or_default();
        listed.as_chunks::<2>().0.iter().map(|two| u16::from_be_bytes(*two).into()).collect()
    }

    /// Names of authorities, in DER; an empty list welcomes all.
    pub fn authorities(&self) -> Vec<Vec<u8>> {
        let content = self.content(ExtensionType::CertificateAuthorities);
        let listed = content.and_then(|content| Cursor::new(content).vector16()).unwrap_or_default();
        let mut names = Cursor::new(listed);
        std::iter::from_fn(|| names.vector16().map(<[u8]>::to_vec)).collect()
    }

    fn content(&self, kind: ExtensionType) -> Option<&[u8]> {
        self.extensions.iter().find(|one| one.kind == kind).map(|one| one.content.as_slice())
    }
}

/// `CompressedCertificate` (RFC 8879, 4): a `Certificate` message, compressed. It is not unpacked here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompressedCertificate {
    /// By what.
    pub algorithm: CertificateCompression,
    /// Bytes of the message before.
    pub length: u32,
    /// The compressed message.
    pub compressed: Vec<u8>,
}

impl CompressedCertificate {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let algorithm = cursor.be16()?.into();
        let [high, middle, low] = cursor.array()?;
        let length = u32::from_be_bytes([0, high, middle, low]);
        Some(Self { algorithm, length, compressed: cursor.vector24()?.to_vec() })
    }
}

/// `CertificateVerify`: the proof that the sender has the key of its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateVerify {
    /// The algorithm.
    pub scheme: SignatureScheme,
    /// The signature.
    pub signature: Vec<u8>,
}

impl CertificateVerify {
    /// Reads the body; that of a client in TLS 1.2 is the same.
    pub fn decode(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        Some(Self { scheme: cursor.be16()?.into(), signature: cursor.vector16()?.to_vec() })
    }
}

/// `NewSessionTicket`: a ticket to resume with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Seconds that it may live, seven days at the most.
    pub lifetime: u32,
    /// What hides its age.
    pub age_add: u32,
    /// What makes its secret differ from that of other tickets of the connection.
    pub nonce: Vec<u8>,
    /// The ticket, opaque.
    pub ticket: Vec<u8>,
    /// What it may be used for.
    pub extensions: Vec<Extension>,
}

impl Ticket {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        Some(Self {
            lifetime: cursor.array().map(u32::from_be_bytes)?,
            age_add: cursor.array().map(u32::from_be_bytes)?,
            nonce: cursor.vector8()?.to_vec(),
            ticket: cursor.vector16()?.to_vec(),
            extensions: Extension::decode_all(cursor.vector16()?).0,
        })
    }

    /// Bytes that the server takes with the first flight of a resumed session (0-RTT); none where it takes none.
    pub fn max_early_data(&self) -> Option<u32> {
        let allowed = self.extensions.iter().find(|one| one.kind == ExtensionType::EarlyData)?;
        Cursor::new(&allowed.content).array().map(u32::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    const CHAIN: &[u8] = &[
        0,                              // no context
        0, 0, 39,                       // bytes of entries
        0, 0, 3, 0x30, 1, 7,            // the leaf
        0, 24,                          // bytes of its extensions
        0, 5, 0, 7, 1, 0, 0, 3, 8, 8, 8,                // status_request: OCSP, a response of three bytes
        0, 18, 0, 9, 0, 7, 0, 1, 5, 0, 2, 6, 6,         // timestamps of one and two bytes
        0, 0, 2, 0x30, 0,               // the next one
        0, 0,                           // without extensions
    ];

    #[test]
    fn a_chain_carries_what_belongs_to_each_certificate() {
        let chain = CertificateChain::decode(CHAIN).unwrap();
        assert!(chain.whole && chain.context.is_empty());
        let [leaf, next] = chain.entries.as_slice() else { panic!("{chain:?}") };
        assert_eq!((leaf.der.as_slice(), leaf.stapled_response()), (&[0x30, 1, 7][..], Some(&[8, 8, 8][..])));
        assert_eq!(leaf.timestamps(), Some(&[0, 7, 0, 1, 5, 0, 2, 6, 6][..]));
        assert_eq!(
            (next.der.as_slice(), next.stapled_response(), next.timestamps()),
            (&[0x30, 0][..], None, None)
        );
        for length in 0..CHAIN.len() {
            assert_eq!(CertificateChain::decode(&CHAIN[..length]), None, "{length}");
        }
        let mut wrong = CHAIN.to_vec();
        wrong[6] = 200;
        let cut = CertificateChain::decode(&wrong).unwrap();
        assert!(!cut.whole && cut.entries.is_empty());
    }

    #[test]
    fn encrypted_extensions_name_the_protocol() {
        let read =
            EncryptedExtensions::decode(&[0, 13, 0, 0, 0, 0, 0, 16, 0, 5, 0, 3, 2, b'h', b'2']).unwrap();
        assert!(read.whole);
        assert_eq!(read.application_protocol(), Some(&b"h2"[..]));
        assert_eq!(EncryptedExtensions::decode(&[0, 0]).unwrap().application_protocol(), None);
    }

    #[test]
    fn a_request_says_what_is_wanted() {
        #[rustfmt::skip]
        let body = [
            0, 0, 21,
            0, 13, 0, 6, 0, 4, 4, 3, 8, 4,          // ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256
            0, 47, 0, 7, 0, 5, 0, 3, 0x30, 1, 0,    // one authority
        ];
        let read = CertificateRequest::decode(&body).unwrap();
        assert_eq!(read.schemes(), [SignatureScheme::EcdsaSha256, SignatureScheme::RsaPssRsaeSha256]);
        assert_eq!(read.authorities(), [[0x30, 1, 0]]);
    }

    #[test]
    fn a_compressed_chain_says_by_what() {
        let read = CompressedCertificate::decode(&[0, 2, 0, 4, 0, 0, 0, 2, 7, 7]).unwrap();
        assert_eq!((read.algorithm, read.length), (CertificateCompression::Brotli, 1024));
        assert_eq!(read.compressed, [7, 7]);
        assert_eq!(CompressedCertificate::decode(&[0, 2, 0, 4, 0, 0, 0, 3, 7, 7]), None);
    }

    #[test]
    fn a_ticket_says_how_much_may_come_early() {
        let body = [0, 0, 28, 32, 1, 2, 3, 4, 1, 9, 0, 2, 5, 5, 0, 8, 0, 42, 0, 4, 0, 0, 64, 0];
        let read = Ticket::decode(&body).unwrap();
        assert_eq!(
            (read.lifetime, read.nonce.as_slice(), read.max_early_data()),
            (7200, &[9][..], Some(16384))
        );
        for length in 0..body.len() {
            assert_eq!(Ticket::decode(&body[..length]), None);
        }
        let proof = CertificateVerify::decode(&[8, 4, 0, 2, 1, 1]).unwrap();
        assert_eq!((proof.scheme, proof.signature), (SignatureScheme::RsaPssRsaeSha256, vec![1, 1]));
    }
}
