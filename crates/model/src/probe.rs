//! Connections that were really tried: what was computed, beside what was observed.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Protocol;
use crate::reach::Verdict;

/// What was tried, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Probe {
    /// Name of the interface that the host had meanwhile; absent where none was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Seconds that each attempt had.
    pub seconds: u64,
    /// The attempts, by port.
    pub attempts: Vec<Attempt>,
    /// Ports and sources that were not tried.
    pub untried: Vec<Untried>,
    /// What only another host can try.
    pub elsewhere: Vec<Elsewhere>,
}

/// One connection, or one datagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// Protocol.
    pub protocol: Protocol,
    /// Where to.
    pub destination: SocketAddr,
    /// Who holds the port, as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// From which address.
    pub source: IpAddr,
    /// What that address stands for: sources in the words of zones, or `this host`.
    pub stands_for: String,
    /// What becomes of exactly this packet, by the interface of the probe.
    pub computed: Verdict,
    /// The same in one sentence, with what decides.
    pub statement: String,
    /// What came of it.
    pub observed: Observed,
    /// Whether the two agree.
    pub agreement: Agreement,
    /// Why they do not, or why that cannot be told; one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Observed {
    /// The connection was made.
    Connected,
    /// A datagram came back.
    Answered,
    /// A TCP reset.
    Refused,
    /// An ICMP error came back.
    Rejected {
        /// Which, as rules name it: `icmp port-unreachable`.
        with: String,
    },
    /// Nothing came back in time.
    Silent,
    /// It could not be tried.
    Failed {
        /// What the kernel said.
        error: String,
    },
}

/// Whether what was computed and what was observed agree.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// They do.
    Agrees,
    /// They do not.
    Disagrees,
    /// What was observed fits both.
    Undecided,
}

/// What was not tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Untried {
    /// Which port and sources.
    pub what: String,
    /// Why.
    pub why: String,
}

/// What only a host elsewhere can try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Elsewhere {
    /// Where that host has to be, and what it would tell; one sentence.
    pub reason: String,
    /// What to run there.
    pub command: String,
}
