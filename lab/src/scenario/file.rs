//! The shape of a scenario file. Every table refuses keys that it does not know.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) hosts: BTreeMap<String, Spanned<HostEntry>>,
    #[serde(default)]
    pub(crate) links: Vec<LinkEntry>,
    #[serde(default)]
    pub(crate) switches: Vec<SwitchEntry>,
    #[serde(default)]
    pub(crate) files: Vec<FileEntry>,
    #[serde(default)]
    pub(crate) steps: Vec<Spanned<StepEntry>>,
    pub(crate) why: Option<Spanned<WhyEntry>>,
    pub(crate) tls: Option<Spanned<TlsEntry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostEntry {
    #[serde(default)]
    pub(crate) named: bool,
    #[serde(default)]
    pub(crate) sysctl: BTreeMap<String, Scalar>,
    #[serde(default)]
    pub(crate) addresses: Vec<String>,
    #[serde(default)]
    pub(crate) routes: Vec<String>,
    pub(crate) own: Option<OwnEntry>,
    pub(crate) iptables: Option<IptablesEntry>,
    #[serde(default)]
    pub(crate) processes: Vec<Spanned<ProcessEntry>>,
}

/// What a host has that the machine's other processes do not see.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OwnEntry {
    /// `/etc`, `/var` and `/run`.
    Files,
    /// These, and a pid namespace.
    System,
    /// All of that, and a daemon of Docker.
    Docker,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum IptablesEntry {
    Nft,
    Legacy,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileEntry {
    pub(crate) host: Option<Spanned<String>>,
    pub(crate) path: Spanned<String>,
    pub(crate) text: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a number or a string")]
pub(crate) enum Scalar {
    Number(i64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkEntry {
    pub(crate) a: EndEntry,
    pub(crate) b: EndEntry,
    #[serde(default)]
    pub(crate) loss: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchEntry {
    pub(crate) name: String,
    pub(crate) ends: Vec<EndEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndEntry {
    pub(crate) host: Spanned<String>,
    pub(crate) device: String,
    #[serde(default)]
    pub(crate) addresses: Vec<String>,
    pub(crate) mtu: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProcessEntry {
    pub(crate) id: Option<Spanned<String>>,
    pub(crate) actor: Option<String>,
    pub(crate) command: Option<Vec<String>>,
    pub(crate) shell: Option<String>,
    pub(crate) user: Option<String>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) cwd: Option<String>,
    pub(crate) setup: Option<String>,
    #[serde(default)]
    pub(crate) pid_namespace: bool,
    pub(crate) wait: Option<Spanned<WaitEntry>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaitEntry {
    pub(crate) listening: Option<String>,
    pub(crate) line: Option<String>,
    pub(crate) success: Option<String>,
    pub(crate) exit: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepEntry {
    pub(crate) host: Option<Spanned<String>>,
    pub(crate) run: Vec<String>,
    pub(crate) user: Option<String>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) cwd: Option<String>,
    pub(crate) setup: Option<String>,
    pub(crate) input: Option<String>,
    /// Seconds.
    pub(crate) timeout: Option<u64>,
    pub(crate) expect: ExpectEntry,
}

/// A question of `portreeve why`, and its answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhyEntry {
    pub(crate) host: Spanned<String>,
    pub(crate) target: String,
    #[serde(default)]
    pub(crate) args: Vec<String>,
    pub(crate) user: Option<String>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) setup: Option<String>,
    pub(crate) expect: Spanned<AnswerEntry>,
}

/// A server of TLS that is audited.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsEntry {
    pub(crate) host: Spanned<String>,
    /// 443 where it is not said.
    pub(crate) port: Option<u16>,
    /// What the client calls the server.
    pub(crate) server_name: String,
    /// PEM file of the authorities that the client trusts.
    pub(crate) trust: String,
    /// Further arguments of other auditors, by name.
    #[serde(default)]
    pub(crate) peers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) expect: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerEntry {
    pub(crate) layer: Option<String>,
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) healthy: bool,
    #[serde(default)]
    pub(crate) undetermined: bool,
    #[serde(default)]
    pub(crate) contributing: Vec<String>,
    #[serde(default)]
    pub(crate) tells: Vec<String>,
    pub(crate) exit: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectEntry {
    pub(crate) exit: ExitEntry,
    #[serde(default)]
    pub(crate) stdout_contains: Vec<String>,
    #[serde(default)]
    pub(crate) stdout_lacks: Vec<String>,
    #[serde(default)]
    pub(crate) stderr_contains: Vec<String>,
    #[serde(default)]
    pub(crate) stderr_lacks: Vec<String>,
    #[serde(default)]
    pub(crate) json: Vec<Spanned<JsonEntry>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "an exit code or a list of them")]
pub(crate) enum ExitEntry {
    One(i32),
    Any(Vec<i32>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JsonEntry {
    pub(crate) at: String,
    pub(crate) equals: Option<Value>,
    pub(crate) contains: Option<Value>,
    pub(crate) lacks: Option<Value>,
    pub(crate) length: Option<usize>,
    pub(crate) exists: Option<bool>,
}
