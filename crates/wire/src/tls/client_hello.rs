//! A client's hello with any content: what modern libraries can not say any more, and what nobody should.

use super::extension::{Extension, numbers, prefixed, prefixed8};
use super::groups::NamedGroup;
use super::names::{ContentType, ExtensionType, HandshakeType, Version};
use super::schemes::SignatureScheme;
use super::suite::Suite;
use crate::cursor::Cursor;

/// The longest piece of a message in one record.
const FRAGMENT: usize = 1 << 14;

/// A hello, field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// Version in the header of the record.
    pub record_version: Version,
    /// Version in the message: the highest up to TLS 1.2; TLS 1.3 says 1.2 here and means its extension.
    pub version: Version,
    /// 32 bytes that nobody can guess.
    pub random: [u8; 32],
    /// Session to resume, or what TLS 1.3 sends for old middle boxes.
    pub session_id: Vec<u8>,
    /// Suites, best first.
    pub suites: Vec<Suite>,
    /// Compression methods: 0 is none, 1 DEFLATE.
    pub compression: Vec<u8>,
    /// Extensions in their order. SSL 3.0 knows none: with an empty list the field is left out altogether.
    pub extensions: Vec<Extension>,
    /// How many bytes of the message a record holds at most; at least one, and 16384 as a rule (RFC 8446, 5.1).
    pub fragment: usize,
}

impl ClientHello {
    /// A plain hello for a version up to TLS 1.2: without compression, session or extension.
    pub fn new(version: Version, suites: impl Into<Vec<Suite>>, random: [u8; 32]) -> Self {
        Self {
            // The oldest that is spoken, so that no server of then refuses it (RFC 5246, E.1).
            record_version: if version == Version::Ssl3 { Version::Ssl3 } else { Version::Tls10 },
            version,
            random,
            session_id: Vec::new(),
            suites: suites.into(),
            compression: vec![0],
            extensions: Vec::new(),
            fragment: FRAGMENT,
        }
    }

    /// The hello of a client of ten years ago, with what was withdrawn, too. A name that is too long for its field is left out.
    pub fn of_old_client(version: Version, suites: &[Suite], name: Option<&str>, random: [u8; 32]) -> Self {
        let mut hello = Self::new(version, suites, random);
        if version.value() > Version::Ssl3.value() {
            let named = name.filter(|name| name.len() <= 255).map(Extension::server_name);
            hello.extensions.extend(named);
            hello.extensions.push(Extension::groups(&GROUPS));
            hello.extensions.push(Extension::point_formats());
            if version.value() >= Version::Tls12.value() {
                hello.extensions.push(Extension::signature_algorithms(&SIGNATURES));
            }
            hello.extensions.push(Extension::renegotiation_info());
        }
        hello
    }

    /// The handshake message, its header of four bytes included.
    pub fn message(&self) -> Vec<u8> {
        let mut body = self.version.value().to_be_bytes().to_vec();
        body.extend(self.random);
        body.extend(prefixed8(&self.session_id));
        body.extend(prefixed(&numbers(self.suites.iter().map(|suite| suite.0))));
        body.extend(prefixed8(&self.compression));
        if !self.extensions.is_empty() {
            let all: Vec<u8> = self.extensions.iter().flat_map(Extension::encode).collect();
            body.extend(prefixed(&all));
        }
        handshake_message(HandshakeType::ClientHello, &body)
    }

    /// Reads the body of a message as a server does; none where it is cut short before its extensions. The version of the record is not
    /// known then, and taken for that of the message.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let version = Version::from(cursor.be16()?);
        Some(Self {
            record_version: version,
            version,
            random: cursor.array()?,
            session_id: cursor.vector8()?.to_vec(),
            suites: numbers_of(cursor.vector16()?).map(Suite).collect(),
            compression: cursor.vector8()?.to_vec(),
            extensions: cursor.vector16().map(|block| Extension::decode_all(block).0).unwrap_or_default(),
            fragment: FRAGMENT,
        })
    }

    /// The message in its records.
    pub fn encode(&self) -> Vec<u8> {
        records_of(ContentType::Handshake, self.record_version, &self.message(), self.fragment)
    }

    /// The extension of a sort.
    pub fn extension(&self, kind: ExtensionType) -> Option<&Extension> {
        self.extensions.iter().find(|one| one.kind == kind)
    }

    /// Puts an extension in the place of the one of its sort, or at the end.
    pub fn set(&mut self, extension: Extension) {
        match self.extensions.iter_mut().find(|one| one.kind == extension.kind) {
            Some(place) => *place = extension,
            None => self.extensions.push(extension),
        }
    }

    /// Takes the extension of a sort away.
    pub fn remove(&mut self, kind: ExtensionType) {
        self.extensions.retain(|one| one.kind != kind);
    }
}

/// A handshake message: sort, length of three bytes, body.
pub fn handshake_message(kind: HandshakeType, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut message = vec![kind.value()];
    message.extend(length.get(1..).unwrap_or_default());
    message.extend(body);
    message
}

fn numbers_of(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.as_chunks::<2>().0.iter().map(|two| u16::from_be_bytes(*two))
}

/// Content in as many records as it needs; none is one empty record.
pub fn records(content: ContentType, version: Version, bytes: &[u8]) -> Vec<u8> {
    records_of(content, version, bytes, FRAGMENT)
}

/// The same with so many bytes in a record at most.
fn records_of(content: ContentType, version: Version, bytes: &[u8], most: usize) -> Vec<u8> {
    let record = |fragment: &[u8]| {
        [&[content.value()], &version.value().to_be_bytes()[..], &prefixed(fragment)].concat()
    };
    if bytes.is_empty() {
        record(bytes)
    } else {
        bytes.chunks(most.clamp(1, FRAGMENT)).flat_map(record).collect()
    }
}

/// Groups of TLS 1.2 and before: NIST's, Brainpool's, X25519 and X448.
const GROUPS: [NamedGroup; 12] = [
    NamedGroup::X25519,
    NamedGroup::Secp256r1,
    NamedGroup::Secp384r1,
    NamedGroup::Secp521r1,
    NamedGroup::X448,
    NamedGroup::BrainpoolP256r1,
    NamedGroup::BrainpoolP384r1,
    NamedGroup::BrainpoolP512r1,
    NamedGroup::Secp256k1,
    NamedGroup::Secp224r1,
    NamedGroup::Secp192r1,
    NamedGroup::Sect283k1,
];
/// From the strong to MD5, with RSA, DSA and ECDSA.
const SIGNATURES: [SignatureScheme; 20] = [
    SignatureScheme::EcdsaSha256,
    SignatureScheme::EcdsaSha384,
    SignatureScheme::EcdsaSha512,
    SignatureScheme::Ed25519,
    SignatureScheme::Ed448,
    SignatureScheme::RsaPssRsaeSha256,
    SignatureScheme::RsaPssRsaeSha384,
    SignatureScheme::RsaPssRsaeSha512,
    SignatureScheme::RsaPkcs1Sha256,
    SignatureScheme::RsaPkcs1Sha384,
    SignatureScheme::RsaPkcs1Sha512,
    SignatureScheme::EcdsaSha224,
    SignatureScheme::RsaPkcs1Sha224,
    SignatureScheme::DsaSha256,
    SignatureScheme::DsaSha384,
    SignatureScheme::DsaSha512,
    SignatureScheme::EcdsaSha1,
    SignatureScheme::RsaPkcs1Sha1,
    SignatureScheme::DsaSha1,
    SignatureScheme::RsaPkcs1Md5,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Record;

    #[test]
    fn lengths_agree_with_what_they_count() {
        for version in [Version::Ssl3, Version::Tls10, Version::Tls12] {
            let suites = Suite::of_old_clients();
            let bytes = ClientHello::of_old_client(version, &suites, Some("example.test"), [1; 32]).encode();
            let (record, rest) = Record::decode(&bytes).unwrap();
            assert!(rest.is_empty());
            assert_eq!(record.content, ContentType::Handshake);
            let length = usize::from(record.fragment[2]) << 8 | usize::from(record.fragment[3]);
            assert_eq!(record.fragment.len(), length + 4);
            let named = bytes.windows(12).any(|window| window == b"example.test");
            assert_eq!(named, version != Version::Ssl3);
        }
    }
}
