//! What an audit of TLS says of a server: the words of `portreeve tls`.
//!
//! Owns the nouns and their names in documents. Refuses handshakes and judgements, which are `portreeve-tls`'.

mod certificate;
mod certificate_files;
mod certificate_records;
mod evidence;
mod explain;
mod feature;
mod negotiation;
mod summary;
mod target;
mod weakness;

pub use certificate::*;
pub use certificate_files::{CertificateFile, FileFormat, FileHolds, Files};
pub use certificate_records::{CertificateStatus, Records, StapledStatus, TlsaRecord};
pub use evidence::{Evidence, Party};
pub use explain::{Excerpt, Explanation, Field, Part, Protection, Step};
pub use feature::{Feature, Group as FeatureGroup};
pub use negotiation::{KeyExchangeGroup, Negotiation, Order, Protocol, SignatureAlgorithm, Suite};
pub use target::{Effort, Outcome, Target, Unreached};
pub use weakness::{Verdict, Weakness};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Finding;

/// One endpoint, audited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// What was audited.
    pub target: Target,
    /// How far it came.
    pub outcome: Outcome,
    /// Protocols, suites, groups, signature algorithms, application protocols.
    pub negotiation: Negotiation,
    /// What the server does beside that, in the order of the registry.
    pub features: Vec<Feature>,
    /// Every check, in the order of the registry, whatever came of it.
    pub weaknesses: Vec<Weakness>,
    /// Chains that it serves, the one for the target's name first.
    pub certificates: Vec<ServedChain>,
    /// What DNS says of its certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Records>,
    /// What it answers over HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Http>,
    /// Fingerprints of the server's TLS.
    pub fingerprints: Vec<Fingerprint>,
    /// What is to be mended, worst first.
    pub findings: Vec<Finding>,
    /// Questions that have no answer, with the reason: one sentence each.
    pub inconclusive: Vec<String>,
    /// Handshakes, explained step by step with their bytes; where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handshakes: Vec<Explanation>,
    /// What it cost.
    pub effort: Effort,
}

/// Whether something is there. What could not be found out is neither yes nor no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum Support {
    /// It is there, and was seen.
    Yes,
    /// The server refused it, or chose otherwise where it could have chosen it.
    No,
    /// The server's answer says neither, or there was none.
    Inconclusive,
    /// The question makes no sense for this server.
    NotApplicable,
}

/// What the server answers to a request for `/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Http {
    /// `HTTP/1.1`.
    pub version: String,
    /// Status code.
    pub status: u16,
    /// Value of `Strict-Transport-Security`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict_transport_security: Option<String>,
    /// Value of `Alt-Svc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternative_services: Option<String>,
    /// Value of `Location`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Value of `Content-Encoding`, where compression was welcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// Value of `Content-Type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Bytes of the body: as many as `Content-Length` names, or as many as came of a page that is sent without its length, of which no
    /// more is read than matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u64>,
    /// Value of `Server`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Value of `Upgrade`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<String>,
}

/// A fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fingerprint {
    /// `jarm`, `ja3s`.
    pub method: String,
    /// Its value.
    pub value: String,
    /// What it is made of, where that says more: the string that JA3S hashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}
