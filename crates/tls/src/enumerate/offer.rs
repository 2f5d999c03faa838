//! What one hello of the loop offers.

use portreeve_wire::tls::{
    ClientHello, Extension, ExtensionType, NamedGroup, SignatureScheme, Suite, Version,
};

use crate::audit::{Greeting, Manner};

/// Suites, and what is chosen beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) version: Version,
    /// Best first.
    pub(super) suites: Vec<Suite>,
    /// Best first.
    pub(super) groups: Vec<NamedGroup>,
    /// Best first.
    pub(super) signatures: Vec<SignatureScheme>,
    /// Application protocols, best first.
    pub(super) protocols: Vec<&'static str>,
    /// Send keys for X25519 and P-256 in TLS 1.3 (of points that everybody knows: nothing is decrypted).
    pub(super) key_shares: bool,
    /// Answer the retry of TLS 1.3 with a key and these signature algorithms, so that the server goes on and signs.
    pub(super) go_on: Option<Vec<SignatureScheme>>,
}

/// An X25519 key: the base point (RFC 7748, 4.1).
const X25519_BASE: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 9;
    point
};

/// A P-256 key: the base point (SEC 2, 2.4.2), uncompressed.
const P256_BASE: [u8; 65] = [
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
    0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
    0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce,
    0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];

impl Offer {
    /// The hello, with everything beside the offer that a server may answer to, as far as the greeting lets it.
    pub(super) fn hello(&self, greeting: &Greeting) -> ClientHello {
        let mut hello = greeting.hello(self.version, &self.suites);
        if self.version == Version::Ssl3 {
            if greeting.manner == Manner::Full {
                hello.compression = vec![1, 0];
            }
            return hello;
        }
        hello.set(Extension::groups(&self.groups));
        if hello.extension(ExtensionType::SignatureAlgorithms).is_some() {
            hello.set(Extension::signature_algorithms(&self.signatures));
        }
        if self.version == Version::Tls13 {
            let keys = [(NamedGroup::X25519, &X25519_BASE[..]), (NamedGroup::Secp256r1, &P256_BASE[..])];
            let shares: Vec<_> = keys
                .into_iter()
                .filter(|(group, _)| self.key_shares && self.groups.contains(group))
                .collect();
            hello.set(Extension::key_shares(&shares));
            if self.go_on.is_some() && greeting.manner == Manner::Full {
                hello.set(Extension::status_request());
                hello.set(Extension::empty(ExtensionType::SignedCertificateTimestamp));
            }
            return hello;
        }
        if greeting.manner == Manner::Full {
            hello.compression = vec![1, 0];
            hello.set(Extension::empty(ExtensionType::ExtendedMasterSecret));
            hello.set(Extension::empty(ExtensionType::EncryptThenMac));
            hello.set(Extension::empty(ExtensionType::SessionTicket));
            hello.set(Extension::status_request());
            hello.set(Extension::empty(ExtensionType::SignedCertificateTimestamp));
            hello.set(Extension::heartbeat());
            if !self.protocols.is_empty() {
                let names: Vec<&[u8]> = self.protocols.iter().map(|name| name.as_bytes()).collect();
                hello.set(Extension::alpn(&names));
            }
        }
        hello
    }
}
