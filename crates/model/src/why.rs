//! Why a port does or does not work: layers from the name to the answer, each judged, and the one cause.
//!
//! Owns the words of `portreeve why`. Refuses judgements, which are `portreeve-diagnose`'s.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Protocol, Severity};

/// The layers, in the order in which a connection meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LayerName {
    /// The name and its records.
    Dns,
    /// The address and what is bound to it.
    Address,
    /// The way there and back.
    Route,
    /// Rules of packet filters.
    Firewall,
    /// Connection tracking.
    Conntrack,
    /// What listens, and what does not.
    Listener,
    /// Connections that wait to be taken.
    Queue,
    /// Limits of the process and of the system.
    Limits,
    /// Ephemeral ports of whoever connects.
    Ports,
    /// Mandatory access control: `SELinux`, `AppArmor`.
    Mac,
    /// The TLS handshake and the certificate.
    Tls,
    /// The answer of the application.
    Http,
}

impl LayerName {
    /// All of them, in order.
    pub const ALL: [Self; 12] = [
        Self::Dns,
        Self::Address,
        Self::Route,
        Self::Firewall,
        Self::Conntrack,
        Self::Listener,
        Self::Queue,
        Self::Limits,
        Self::Ports,
        Self::Mac,
        Self::Tls,
        Self::Http,
    ];

    /// The word in documents and on the terminal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Address => "address",
            Self::Route => "route",
            Self::Firewall => "firewall",
            Self::Conntrack => "conntrack",
            Self::Listener => "listener",
            Self::Queue => "queue",
            Self::Limits => "limits",
            Self::Ports => "ports",
            Self::Mac => "mac",
            Self::Tls => "tls",
            Self::Http => "http",
        }
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// As it was written.
    pub text: String,
    /// The name that is looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address, where one was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The interface of a link-local address, where one was written: `eth0` of `fe80::1%eth0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Port.
    pub port: u16,
    /// `tcp` or `udp`.
    pub protocol: Protocol,
    /// What is spoken over it.
    pub application: Application,
    /// The path that is asked for over HTTP, with its query.
    pub path: String,
}

/// What is expected to be spoken over a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Application {
    /// HTTP over TLS: an `https` URL, port 443 or 8443.
    Https,
    /// HTTP: an `http` URL, port 80 or 8080 and the like.
    Http,
    /// TLS with something else inside: imaps, ldaps, ...
    Tls,
    /// QUIC: 443/udp.
    Quic,
    /// DNS: port 53.
    Dns,
    /// Nothing is known: a connection is all that is tried.
    Other,
}

/// From where the target was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sight {
    /// The target is this host: sockets, rules and processes are seen.
    Inside,
    /// The target is another host: what it answers is all that is seen of it.
    Outside,
}

/// One address of the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// Address and port.
    pub address: SocketAddr,
    /// Where the address comes from: `written`, `record`, `hosts-file`, `interface`.
    pub origin: String,
    /// The interface of this host that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
}

/// One of those who connect, real or supposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// The interface it comes in by; none where it is this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Who that is: `given with --from`, `somebody on the internet`, `a neighbour on eth0`, `this host`.
    pub who: String,
}

/// What it comes to.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every layer that matters was seen and is as it should be.
    Healthy,
    /// A cause was found.
    Fault,
    /// Nothing was found, and something that may be the cause could not be seen.
    Undetermined,
}

/// What was found of one layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Layer {
    /// Which.
    pub layer: LayerName,
    /// What it comes to.
    pub state: LayerState,
    /// The same in a few words, for the line of layers.
    pub statement: String,
    /// It was tried, with packets of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tried: bool,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What is worth knowing and keeps nobody out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// What could not be judged, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<Unjudged>,
}

/// What a layer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LayerState {
    /// Seen, and as it should be.
    Ok,
    /// Something is wrong.
    Fault,
    /// It, or a part of it that matters, could not be judged.
    Unknown,
    /// The target has no such layer (no name to look up, no TLS spoken).
    NotApplicable,
}

/// Something that keeps somebody out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// In which layer.
    pub layer: LayerName,
    /// Stable slug, never reused for something else.
    pub code: String,
    /// How bad.
    pub severity: Severity,
    /// Whom it keeps out.
    pub impact: Impact,
    /// Whether it is a cause, or what some cause looks like from here.
    pub nature: Nature,
    /// One sentence that names the thing at fault.
    pub statement: String,
    /// The endpoints concerned; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<SocketAddr>,
    /// The raw facts.
    pub evidence: Vec<Evidence>,
    /// What to do about it, best first.
    pub fix: Vec<String>,
}

/// Whom a fault keeps out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Impact {
    /// Some clients, some requests, one of the addresses or IP versions.
    Some,
    /// Everybody who asks as it was asked.
    All,
}

/// Whether a fault is a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Nature {
    /// What is seen from here of a cause that lies elsewhere or in another layer.
    Symptom,
    /// The thing itself.
    Cause,
}

/// One raw fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Sort of fact, a stable word: `rule`, `queue`, `sysctl`, `alert`, `log`, `packet`, `record`, `certificate`, ...
    pub kind: String,
    /// The fact, in one line.
    pub text: String,
    /// A command that shows it with standard tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
}

/// Something worth knowing that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Stable slug, of the layer's codes.
    pub code: String,
    /// One sentence.
    pub statement: String,
}

/// Something that could not be judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unjudged {
    /// One sentence: what, and why.
    pub cause: String,
    /// What would make it visible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// A fault may hide there that explains what was asked: without a found cause, nothing is certain.
    pub matters: bool,
}

/// One connection that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// Where to.
    pub endpoint: SocketAddr,
    /// What was tried and what came of it, one line a stage, in order.
    pub stages: Vec<Stage>,
}

/// One stage of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// `connect`, `tls`, `http`, `quic`, `dns`, `datagram`.
    pub stage: String,
    /// What came of it, in a few words.
    pub outcome: String,
    /// Whether it went as it should.
    pub ok: bool,
    /// Milliseconds from the start of the stage to its end.
    pub took_ms: u64,
}
