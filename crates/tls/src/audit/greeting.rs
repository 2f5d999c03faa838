//! How to say hello to a server so that it answers: the usual extensions around the suites in question.

use portreeve_wire::tls::{ClientHello, Extension, NamedGroup, SignatureScheme, Suite, Version};
use rustls::crypto::aws_lc_rs;

use crate::name::address_of;

/// Groups offered where groups are not the question: common ones, best first.
pub(crate) const GROUPS: [NamedGroup; 8] = [
    NamedGroup::X25519,
    NamedGroup::Secp256r1,
    NamedGroup::Secp384r1,
    NamedGroup::Secp521r1,
    NamedGroup::X448,
    NamedGroup::BrainpoolP256r1,
    NamedGroup::Ffdhe2048,
    NamedGroup::Ffdhe3072,
];

/// Signature algorithms offered where they are not the question.
pub(crate) const SIGNATURES: [SignatureScheme; 16] = [
    SignatureScheme::EcdsaSha256,
    SignatureScheme::EcdsaSha384,
    SignatureScheme::EcdsaSha512,
    SignatureScheme::Ed25519,
    SignatureScheme::Ed448,
    SignatureScheme::RsaPssRsaeSha256,
    SignatureScheme::RsaPssRsaeSha384,
    SignatureScheme::RsaPssRsaeSha512,
    SignatureScheme::RsaPssPssSha256,
    SignatureScheme::RsaPkcs1Sha256,
    SignatureScheme::RsaPkcs1Sha384,
    SignatureScheme::RsaPkcs1Sha512,
    SignatureScheme::EcdsaSha1,
    SignatureScheme::RsaPkcs1Sha1,
    SignatureScheme::DsaSha256,
    SignatureScheme::DsaSha1,
];

/// How a server wants to be greeted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// The name in the hello.
    pub server_name: Option<String>,
    /// How much it can bear.
    pub manner: Manner,
}

/// How much a hello may hold for a server to answer it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Everything that an answer may come to.
    #[default]
    Full,
    /// The extensions of every client, and no compression: it does not answer more.
    Plain,
    /// That, and so few suites that the hello stays below 256 bytes.
    Small,
}

impl Greeting {
    /// The name as a hello may carry it: an address is never sent, nor what is longer than a name of DNS (RFC 6066, 3).
    pub fn name(&self) -> Option<&str> {
        self.server_name.as_deref().filter(|name| address_of(name).is_none() && name.len() <= 255)
    }

    /// A hello that a usual client could send: this version at the most, these suites, and in TLS 1.3 no key share, so that the server
    /// names the group that it wants. Checks change what they ask about.
    pub fn hello(&self, version: Version, suites: &[Suite]) -> ClientHello {
        let field = if version == Version::Tls13 { Version::Tls12 } else { version };
        let mut hello = ClientHello::new(field, suites, random());
        if version == Version::Ssl3 {
            return hello;
        }
        hello.extensions.extend(self.name().map(Extension::server_name));
        hello.extensions.push(Extension::groups(&GROUPS));
        hello.extensions.push(Extension::point_formats());
        if version.value() >= Version::Tls12.value() {
            hello.extensions.push(Extension::signature_algorithms(&SIGNATURES));
        }
        hello.extensions.push(Extension::renegotiation_info());
        if version == Version::Tls13 {
            hello.session_id = random().to_vec();
            hello.extensions.push(Extension::supported_versions(&[Version::Tls13]));
            hello.extensions.push(Extension::psk_key_exchange_modes());
            hello.extensions.push(Extension::key_shares(&[]));
        }
        hello
    }

    /// What makes `openssl s_client -connect ADDRESS` send the same name, with a blank before it. Of an address it makes no name by itself.
    pub(crate) fn openssl_servername(&self) -> String {
        self.name().map_or_else(String::new, |name| format!(" -servername {name}"))
    }
}

/// Bytes that nobody can guess; zeros where the system has none, which a hello survives.
pub(crate) fn random() -> [u8; 32] {
    let mut random = [0; 32];
    aws_lc_rs::default_provider().secure_random.fill(&mut random).ok();
    random
}
