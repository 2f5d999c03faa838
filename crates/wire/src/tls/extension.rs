//! Extensions of hellos: one sort and its content, and the contents that clients send (RFC 8446, 4.2; RFC 6066).

use super::groups::NamedGroup;
use super::names::{ExtensionType, Version};
use super::schemes::SignatureScheme;
use crate::cursor::Cursor;

/// One extension, known or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Its sort.
    pub kind: ExtensionType,
    /// Its content, without the length before it.
    pub content: Vec<u8>,
}

impl Extension {
    /// Of any sort.
    pub fn new(kind: ExtensionType, content: impl Into<Vec<u8>>) -> Self {
        Self { kind, content: content.into() }
    }

    /// Without content: an offer that is its presence.
    pub const fn empty(kind: ExtensionType) -> Self {
        Self { kind, content: Vec::new() }
    }

    /// The name of the server (RFC 6066, 3): a list of one name, of the sort 0.
    pub fn server_name(name: &str) -> Self {
        let entry = [&[0][..], &prefixed(name.as_bytes())].concat();
        Self::new(ExtensionType::ServerName, prefixed(&entry))
    }

    /// Groups, best first.
    pub fn groups(groups: &[NamedGroup]) -> Self {
        Self::new(ExtensionType::SupportedGroups, prefixed(&numbers(groups.iter().map(|one| one.value()))))
    }

    /// Points are sent uncompressed.
    pub fn point_formats() -> Self {
        Self::new(ExtensionType::EcPointFormats, [1, 0])
    }

    /// Signature algorithms, best first.
    pub fn signature_algorithms(schemes: &[SignatureScheme]) -> Self {
        let content = prefixed(&numbers(schemes.iter().map(|one| one.value())));
        Self::new(ExtensionType::SignatureAlgorithms, content)
    }

    /// Versions, best first (RFC 8446, 4.2.1).
    pub fn supported_versions(versions: &[Version]) -> Self {
        let content = numbers(versions.iter().map(|one| one.value()));
        Self::new(ExtensionType::SupportedVersions, prefixed8(&content))
    }

    /// Key shares (RFC 8446, 4.2.8). With none the server names the group that it wants in a `HelloRetryRequest`.
    pub fn key_shares(shares: &[(NamedGroup, &[u8])]) -> Self {
        let entries: Vec<u8> = shares
            .iter()
            .flat_map(|(group, key)| [&group.value().to_be_bytes()[..], &prefixed(key)].concat())
            .collect();
        Self::new(ExtensionType::KeyShare, prefixed(&entries))
    }

    /// Application protocols, best first (RFC 7301).
    pub fn alpn(protocols: &[&[u8]]) -> Self {
        let list: Vec<u8> = protocols.iter().flat_map(|name| prefixed8(name)).collect();
        Self::new(ExtensionType::Alpn, prefixed(&list))
    }

    /// A stapled OCSP response is welcome, of any responder.
    pub fn status_request() -> Self {
        Self::new(ExtensionType::StatusRequest, [1, 0, 0, 0, 0])
    }

    /// The first handshake of a connection (RFC 5746).
    pub fn renegotiation_info() -> Self {
        Self::new(ExtensionType::RenegotiationInfo, [0])
    }

    /// Heartbeats may be sent (RFC 6520).
    pub fn heartbeat() -> Self {
        Self::new(ExtensionType::Heartbeat, [1])
    }

    /// Resumption with a fresh key exchange (RFC 8446, 4.2.9).
    pub fn psk_key_exchange_modes() -> Self {
        Self::new(ExtensionType::PskKeyExchangeModes, [1, 1])
    }

    /// The bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        [&self.kind.value().to_be_bytes()[..], &prefixed(&self.content)].concat()
    }

    /// Reads a block of extensions without the length before it: what is whole, and whether all of it was.
    pub fn decode_all(bytes: &[u8]) -> (Vec<Self>, bool) {
        let mut cursor = Cursor::new(bytes);
        let mut all = Vec::new();
        while !cursor.rest().is_empty() {
            let one = cursor.be16().and_then(|kind| {
                let content = cursor.vector16()?.to_vec();
                Some(Self { kind: kind.into(), content })
            });
            match one {
                Some(one) => all.push(one),
                None => return (all, false),
            }
        }
        (all, true)
    }
}

pub(super) fn numbers(all: impl Iterator<Item = u16>) -> Vec<u8> {
    all.flat_map(u16::to_be_bytes).collect()
}

/// With a length of one byte before it; what is too long for that is cut.
pub(super) fn prefixed8(bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.get(..bytes.len().min(usize::from(u8::MAX))).unwrap_or_default();
    [&[u8::try_from(bytes.len()).unwrap_or(u8::MAX)][..], bytes].concat()
}

/// With a length of two bytes before it; what is too long for that is cut.
pub(super) fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.get(..bytes.len().min(usize::from(u16::MAX))).unwrap_or_default();
    [&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()[..], bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_as_the_standards_draw_them() {
        #[rustfmt::skip]
        let cases: [(Extension, &[u8]); 11] = [
            // List of names: type 0, name.
            (Extension::server_name("a.b"), &[0, 0, 0, 8, 0, 6, 0, 0, 3, b'a', b'.', b'b']),
            (Extension::groups(&[NamedGroup::X25519, NamedGroup::Ffdhe2048]), &[0, 10, 0, 6, 0, 4, 0, 29, 1, 0]),
            (Extension::point_formats(), &[0, 11, 0, 2, 1, 0]),
            (Extension::signature_algorithms(&[SignatureScheme::Ed25519]), &[0, 13, 0, 4, 0, 2, 8, 7]),
            (Extension::supported_versions(&[Version::Tls13, Version::Tls12]), &[0, 43, 0, 5, 4, 3, 4, 3, 3]),
            (Extension::key_shares(&[]), &[0, 51, 0, 2, 0, 0]),
            (Extension::key_shares(&[(NamedGroup::X25519, &[9, 9])]), &[0, 51, 0, 8, 0, 6, 0, 29, 0, 2, 9, 9]),
            (Extension::alpn(&[b"h2"]), &[0, 16, 0, 5, 0, 3, 2, b'h', b'2']),
            (Extension::status_request(), &[0, 5, 0, 5, 1, 0, 0, 0, 0]),
            (Extension::renegotiation_info(), &[0xff, 1, 0, 1, 0]),
            (Extension::empty(ExtensionType::EncryptThenMac), &[0, 22, 0, 0]),
        ];
        for (extension, bytes) in cases {
            assert_eq!(extension.encode(), bytes, "{extension:?}");
            assert_eq!(Extension::decode_all(bytes), (vec![extension], true));
        }
    }

    #[test]
    fn what_is_cut_short_is_said() {
        let bytes = [0, 23, 0, 0, 0, 35, 0, 2, 7];
        let (read, whole) = Extension::decode_all(&bytes);
        assert_eq!((read, whole), (vec![Extension::empty(ExtensionType::ExtendedMasterSecret)], false));
        assert_eq!(Extension::decode_all(&[]), (vec![], true));
    }
}
