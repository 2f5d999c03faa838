//! What is beside a chain: the stapled status, and what DNS says.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An OCSP response that a server sent with its certificate (RFC 6960).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StapledStatus {
    /// What it says of the certificate.
    pub status: CertificateStatus,
    /// Whether it is one that clients accept: for this certificate, in date, signed by its authority.
    pub usable: bool,
    /// One sentence: what it says, or why clients do not accept it.
    pub statement: String,
    /// When the responder knew that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub this_update: Option<Timestamp>,
    /// Until when it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub next_update: Option<Timestamp>,
    /// When the certificate was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub revoked_at: Option<Timestamp>,
    /// Bytes of the response.
    pub length: usize,
}

/// The status of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateStatus {
    /// It is not revoked.
    Good,
    /// It is.
    Revoked,
    /// The responder does not know the certificate.
    Unknown,
    /// The response says nothing of this certificate, or can not be read.
    NotTold,
}

/// What DNS says of a server's certificates: CAA (RFC 8659) and TLSA (RFC 6698).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Records {
    /// The name whose CAA records count: the host's own, or the nearest above it that has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caa_at: Option<String>,
    /// CAA records that apply, as zone files write them.
    pub caa: Vec<String>,
    /// The authorities that may issue, by the domains they use; empty with records: none may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caa_allows: Vec<String>,
    /// Whether the authority that issued is among them; none where there is no record, or the authority's domain is not known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caa_allows_issuer: Option<bool>,
    /// The name server vouches for the CAA answer: it checked DNSSEC (AD).
    pub caa_validated: bool,
    /// TLSA records of the port.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tlsa: Vec<TlsaRecord>,
    /// The name server vouches for the TLSA answer. Without that they say nothing.
    pub tlsa_validated: bool,
    /// What could not be asked, and why: one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unanswered: Vec<String>,
}

/// A TLSA record, and whether the served chain fits it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsaRecord {
    /// As zone files write it: `3 1 1 0b9f...`.
    pub text: String,
    /// What it speaks of: `PKIX-TA`, `PKIX-EE`, `DANE-TA`, `DANE-EE`, or the number of another.
    pub usage: String,
    /// The certificate of the chain that it fits, by its place; none fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fits: Option<usize>,
}
