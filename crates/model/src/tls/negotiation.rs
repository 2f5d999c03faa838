//! What can be agreed on with a server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Evidence, Support};

/// Everything that a server agrees to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Negotiation {
    /// SSL 2.0 to TLS 1.3, oldest first, each of the six.
    pub protocols: Vec<Protocol>,
    /// Key exchange groups, those that the server likes best first.
    pub groups: Vec<KeyExchangeGroup>,
    /// Whether the server chooses groups by an order of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_order: Option<Order>,
    /// Signature algorithms that it signs its key exchange with (TLS 1.2 and 1.3).
    pub signature_algorithms: Vec<SignatureAlgorithm>,
    /// Application protocols (ALPN).
    pub application_protocols: Vec<String>,
}

/// One version of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Protocol {
    /// `SSL 2.0`, ..., `TLS 1.3`.
    pub version: String,
    /// Number on the wire: 0x0304 is TLS 1.3.
    pub number: u16,
    /// Whether the server speaks it.
    pub support: Support,
    /// One sentence: how it refused, or why it is not known.
    pub statement: String,
    /// Whose order decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Suites, in the server's order where it has one.
    pub suites: Vec<Suite>,
    /// Set where not all suites could be asked for: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// The first answer in this version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// Whose preference decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The server's.
    Server,
    /// The client's.
    Client,
    /// The server's, but `ChaCha20` goes first for clients that put it first.
    ServerUnlessChacha,
    /// It answers now so, now so: several servers behind one address, perhaps.
    Mixed,
    /// There is one choice only, or it is not known.
    Unknown,
}

/// A cipher suite in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suite {
    /// Number: two bytes, three in SSL 2.0.
    pub number: u32,
    /// IANA's name; of one without a name its number.
    pub name: String,
    /// OpenSSL's name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openssl_name: Option<String>,
    /// Bits of its encryption; 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u16>,
    /// Key exchange as it was seen: `X25519`, `DH 2048 bits`, `RSA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_exchange: Option<String>,
    /// Whether a key that leaks later leaves earlier sessions secret.
    pub forward_secret: bool,
    /// What is wrong with it, in a word or two each: `RC4`, `no authentication`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weak: Vec<String>,
}

/// A key exchange group in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyExchangeGroup {
    /// Number; none of a group of Diffie and Hellman's that the server made itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u16>,
    /// `X25519MLKEM768`, `P-256`, `DH`.
    pub name: String,
    /// Bits of the field or prime.
    pub bits: u16,
    /// Versions that it was seen in: `TLS 1.2`.
    pub versions: Vec<String>,
    /// The prime of Diffie and Hellman, in hexadecimal, with what is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prime: Option<String>,
    /// Whether it withstands a quantum computer.
    pub post_quantum: bool,
}

/// An algorithm that a server signs its key exchange with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SignatureAlgorithm {
    /// Number on the wire.
    pub number: u16,
    /// Name; of one without a name its number.
    pub name: String,
    /// Versions in which the server signed with it, oldest first.
    pub versions: Vec<String>,
}
