//! What a server does beside protocols and suites: resumption, renegotiation, stapling, tolerance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Evidence, Support};

/// One thing that servers do or do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Feature {
    /// Stable slug: `extended-master-secret`.
    pub id: String,
    /// What people call it: `Extended master secret (RFC 7627)`.
    pub title: String,
    /// Where a report tells it.
    pub group: Group,
    /// Whether it is there.
    pub support: Support,
    /// One sentence: what was seen, or why it is not known.
    pub statement: String,
    /// Values, where there are some: application protocols, authorities that client certificates may come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The bytes that prove it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// Kinds of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Extensions that make handshakes safer or are negotiated in them.
    Handshake,
    /// Sessions and resumption.
    Sessions,
    /// Renegotiation.
    Renegotiation,
    /// Application protocols.
    Application,
    /// What the server does with what it does not know.
    Tolerance,
    /// Certificates of clients.
    Clients,
}
