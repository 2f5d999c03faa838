//! The bytes that prove a verdict.

use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    /// This program.
    Client,
    /// The other.
    Server,
}

/// One fact that was seen, with its bytes where there are some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Who sent the bytes.
    pub party: Party,
    /// What it is, one sentence or less: `ServerHello chose TLS_RSA_WITH_RC4_128_SHA`.
    pub what: String,
    /// The bytes in hexadecimal, the first 96 at most.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bytes: String,
    /// How many there were, where that is more than is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
}

/// As many bytes as a document shows of one message.
const SHOWN: usize = 96;

impl Evidence {
    /// What a party sent.
    pub fn of(party: Party, what: impl Into<String>, bytes: &[u8]) -> Self {
        let shown = bytes.get(..bytes.len().min(SHOWN)).unwrap_or_default();
        let length = (bytes.len() > SHOWN).then_some(bytes.len());
        Self { party, what: what.into(), bytes: HEXLOWER.encode(shown), length }
    }

    /// What the server sent.
    pub fn server(what: impl Into<String>, bytes: &[u8]) -> Self {
        Self::of(Party::Server, what, bytes)
    }

    /// What was sent to it.
    pub fn client(what: impl Into<String>, bytes: &[u8]) -> Self {
        Self::of(Party::Client, what, bytes)
    }

    /// A fact that has no bytes: silence, an order of choices.
    pub fn fact(what: impl Into<String>) -> Self {
        Self::of(Party::Server, what, &[])
    }
}
