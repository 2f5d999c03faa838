//! The hello of a client that offers what was withdrawn, too: what modern libraries can not say any more.

use super::names::{HandshakeType, Version};
use super::suite::Suite;

const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const RENEGOTIATION_INFO: u16 = 0xff01;

/// Groups of TLS 1.2 and before: NIST's, Brainpool's, X25519 and X448.
const GROUPS: [u16; 12] = [29, 23, 24, 25, 30, 26, 27, 28, 22, 21, 19, 9];
/// From the strong to MD5, with RSA, DSA and ECDSA.
const SIGNATURES: [u16; 20] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0303, 0x0301,
    0x0402, 0x0502, 0x0602, 0x0203, 0x0201, 0x0202, 0x0101,
];

/// A hello without any key of TLS 1.3: for versions up to 1.2.
#[derive(Debug, Clone, Copy)]
pub struct ClientHello<'a> {
    /// The highest version offered.
    pub version: Version,
    /// The suites offered, best first.
    pub suites: &'a [Suite],
    /// The name of the server.
    pub server_name: Option<&'a str>,
    /// 32 bytes that nobody can guess.
    pub random: [u8; 32],
}

impl ClientHello<'_> {
    /// The record. A name that is too long for its field is left out.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = self.version.value().to_be_bytes().to_vec();
        body.extend(self.random);
        // No session to resume.
        body.push(0);
        let suites: Vec<u8> = self.suites.iter().flat_map(|suite| suite.0.to_be_bytes()).collect();
        body.extend(prefixed(&suites));
        // No compression.
        body.extend([1, 0]);
        // SSL 3.0 knows no extensions.
        if self.version.value() > Version::Ssl3.value() {
            body.extend(prefixed(&self.extensions()));
        }
        let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
        let mut message = vec![HandshakeType::ClientHello.value()];
        message.extend(length.get(1..).unwrap_or_default());
        message.extend(body);
        // The version of the record is the oldest that is spoken, so that no server of then refuses it (RFC 5246, E.1).
        let version = Version::Tls10.value().min(self.version.value());
        [&[22], &version.to_be_bytes()[..], &prefixed(&message)].concat()
    }

    fn extensions(&self) -> Vec<u8> {
        let mut all = Vec::new();
        if let Some(name) = self.server_name.filter(|name| name.len() <= 255) {
            // RFC 6066, 3: a list of one name, of the sort 0.
            let entry = [&[0][..], &prefixed(name.as_bytes())].concat();
            all.extend(extension(SERVER_NAME, &prefixed(&entry)));
        }
        all.extend(extension(SUPPORTED_GROUPS, &prefixed(&numbers(&GROUPS))));
        all.extend(extension(POINT_FORMATS, &[1, 0]));
        if self.version.value() >= Version::Tls12.value() {
            all.extend(extension(SIGNATURE_ALGORITHMS, &prefixed(&numbers(&SIGNATURES))));
        }
        all.extend(extension(RENEGOTIATION_INFO, &[0]));
        all
    }
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &prefixed(content)].concat()
}

fn numbers(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// With a length of two bytes before it.
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{ContentType, Record};

    #[test]
    fn lengths_agree_with_what_they_count() {
        for version in [Version::Ssl3, Version::Tls10, Version::Tls12] {
            let hello = ClientHello {
                version,
                suites: &Suite::of_old_clients(),
                server_name: Some("example.test"),
                random: [1; 32],
            };
            let bytes = hello.encode();
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
