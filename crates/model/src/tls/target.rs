//! What was audited, how far it came, what it cost.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was audited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// As it was written.
    pub text: String,
    /// The name or address that was asked for.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The address that was audited; none where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<SocketAddr>,
    /// Further addresses of the name, which were not audited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_addresses: Vec<SocketAddr>,
    /// The name in the hello (SNI).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// How far an audit came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Outcome {
    /// To its end.
    Audited,
    /// Not to its end: what is missing is inconclusive.
    Partial {
        /// Why: the budget of connections, the time, a server that began to refuse.
        reason: String,
    },
    /// Something answers, and it does not speak TLS.
    NotTls {
        /// What it speaks, where that is known.
        speaks: String,
    },
    /// Nothing answers.
    Unreachable {
        /// Why, in a word.
        reason: Unreached,
        /// What the system said.
        detail: String,
    },
}

/// Why a server was not reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unreached {
    /// The name has no address.
    UnknownHost,
    /// The port is closed.
    Refused,
    /// No answer in time.
    TimedOut,
    /// There is no way there.
    NoRoute,
    /// Every connection was reset before a word.
    Reset,
    /// Every connection was closed before a word.
    Closed,
    /// Something else.
    Failed,
}

/// What an audit cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Effort {
    /// TCP connections that were begun.
    pub connections: u32,
    /// How many of them were tried again because nothing was heard.
    pub retries: u32,
    /// Milliseconds.
    pub took_ms: u64,
    /// Set where the server limited connections and was asked more slowly: how that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backed_off: Option<String>,
}
