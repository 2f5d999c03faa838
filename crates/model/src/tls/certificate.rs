//! Certificates as served: each by itself, and the chain that they are.

use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{StapledStatus, Support};

/// A chain of certificates: what a server sends, or what is in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServedChain {
    /// When it is sent: `example.com`, `no name`, `example.com, ECDSA key`; of a file its path.
    pub sent_for: Vec<String>,
    /// The certificates, in the order in which they came.
    pub certificates: Vec<Certificate>,
    /// How many more a server sent, which were not looked at.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: u32,
    /// The certificates that lead from the leaf upwards, by their place, 0 first.
    pub path: Vec<usize>,
    /// Each certificate is followed by its issuer.
    pub in_order: bool,
    /// Certificates that lead nowhere, by their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surplus: Vec<usize>,
    /// A root is among them, which no client needs: its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_sent: Option<usize>,
    /// An intermediate is missing: which, and how that is known. One sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// Whether each store trusts it: Mozilla's first, then the host's.
    pub trust: Vec<StoreTrust>,
    /// Whether it is for the name that was asked for; none where there is no name to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<NameMatch>,
    /// Whether an OCSP response comes with it; not applicable where the certificate names no responder.
    pub stapling: Support,
    /// The OCSP response that came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staple: Option<StapledStatus>,
    /// Signed certificate timestamps of the leaf, wherever they came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timestamps: Vec<SignedTimestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Whether a store of authorities trusts a chain. Dates are apart: an expired certificate of a trusted authority is trusted here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoreTrust {
    /// Whose store.
    pub store: TrustStore,
    /// What it says.
    pub verdict: ChainVerdict,
    /// The same in one sentence.
    pub statement: String,
    /// The authority of the store that it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<String>,
}

/// A store of authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrustStore {
    /// Mozilla's list, which browsers and most systems use.
    Mozilla,
    /// That of the host that this program runs on.
    Host,
}

/// What a store says of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum ChainVerdict {
    /// It leads to an authority of the store.
    Trusted,
    /// The leaf is signed by itself.
    SelfSigned,
    /// It leads to a root that is not in the store.
    UntrustedRoot,
    /// An issuer is neither sent nor in the store.
    UnknownIssuer,
    /// An intermediate between what is sent and the store is missing.
    MissingIntermediate,
    /// It is signed with a broken digest.
    WeakSignature,
    /// A certificate can not be read.
    Malformed,
    /// It is refused for something else.
    Refused,
}

/// Whether a certificate is for a host (RFC 9525).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NameMatch {
    /// The name or address that was asked for, as it is compared: internationalised names in their ASCII form.
    pub host: String,
    /// Whether it is.
    pub matches: bool,
    /// The name of the certificate that covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// It is covered by a wildcard.
    pub wildcard: bool,
}

/// A certificate. Of one that is malformed, what could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// SHA-256 of the certificate, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of its public key info, in hexadecimal: what pins and TLSA records name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spki_sha256: Option<String>,
    /// Why it could not be read, or not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub malformed: Option<String>,
    /// Serial number, in hexadecimal without a sign.
    pub serial: String,
    /// Whose.
    pub subject: String,
    /// By whom.
    pub issuer: String,
    /// DNS names that it is for.
    pub names: Vec<String>,
    /// Addresses that it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
    /// The common name of the subject, which clients no longer look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// When it is valid; none where it can not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
    /// Its key.
    pub key: PublicKey,
    /// What it is signed with, as OpenSSL names it: `sha256WithRSAEncryption`.
    pub signature: String,
    /// It may sign others.
    pub is_authority: bool,
    /// Its subject is its issuer.
    pub is_self_issued: bool,
    /// What its key may be used for, as OpenSSL names it: `Digital Signature`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_usages: Vec<String>,
    /// What it is for, as OpenSSL names it: `TLS Web Server Authentication`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<String>,
    /// Signed certificate timestamps that are in the certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timestamps: Vec<SignedTimestamp>,
    /// Where its status can be asked (OCSP).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ocsp_urls: Vec<String>,
    /// Where lists of revoked certificates are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crl_urls: Vec<String>,
    /// Where its issuer's certificate is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuer_urls: Vec<String>,
    /// It demands a stapled status (RFC 7633).
    pub must_staple: bool,
    /// What was checked before it was issued, as its policies say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
}

/// When a certificate is valid, and how much of that is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Validity {
    /// From.
    #[schemars(with = "String")]
    pub not_before: Timestamp,
    /// Until.
    #[schemars(with = "String")]
    pub not_after: Timestamp,
    /// Days from the one to the other, begun ones whole.
    pub lifetime_days: i64,
    /// Whole days that are left; negative where it is expired.
    pub remaining_days: i64,
    /// How much of its lifetime is left, in percent: 0 where it is expired, 100 where it is not yet valid.
    pub remaining_percent: u8,
    /// The longest lifetime in days that public authorities could give it on the day of its issue (CA/Browser Forum); for certificates of
    /// servers that lead to a public authority only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_days: Option<i64>,
}

/// A public key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicKey {
    /// `RSA`, `EC`, `Ed25519`, `Ed448`, `DSA`, or the dotted number of another.
    pub kind: String,
    /// Bits; 0 where that is not known.
    pub bits: usize,
    /// The curve as OpenSSL names it: `prime256v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
    /// The public exponent of an RSA key, where it is not longer than 64 bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exponent: Option<u64>,
}

/// A promise of a log of certificates to show a certificate (RFC 6962).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SignedTimestamp {
    /// The log, in hexadecimal.
    pub log_id: String,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// How it came.
    pub via: TimestampVia,
}

/// How a timestamp came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimestampVia {
    /// In the certificate.
    Certificate,
    /// In an extension of the handshake.
    Handshake,
    /// In the stapled OCSP response.
    Staple,
}

/// What an authority checked before it issued a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    /// That the applicant controls the domain (DV).
    Domain,
    /// An organisation, too (OV).
    Organization,
    /// A person, too (IV).
    Individual,
    /// An organisation, by the rules of extended validation (EV).
    Extended,
}
