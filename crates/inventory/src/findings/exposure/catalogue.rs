//! The table of risky services, part of the binary and read when first asked for. Its own head says what the
//! keys mean. A key that this build does not know is an error, which a test would show.

use std::sync::LazyLock;

use portreeve_model::{Protocol, Severity};
use rustc_hash::FxHashMap;
use serde::Deserialize;

pub(super) const TEXT: &str = include_str!("../../../data/risky.toml");

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read(TEXT).unwrap_or_default());

/// Services and what is needed to find them.
#[derive(Default)]
pub(super) struct Catalogue {
    pub(super) services: Vec<Service>,
    /// Programs that hand connections on to another one.
    pub(super) forwarders: Vec<Name>,
    by_port: FxHashMap<(Transport, u16), Vec<usize>>,
}

impl Catalogue {
    /// The one that is built in.
    pub(super) fn built_in() -> &'static Self {
        &CATALOGUE
    }

    pub(super) fn read(text: &str) -> Result<Self, toml::de::Error> {
        let file: File = toml::from_str(text)?;
        let mut by_port: FxHashMap<(Transport, u16), Vec<usize>> = FxHashMap::default();
        for (at, service) in file.service.iter().enumerate() {
            for ports in &service.ports {
                for port in ports.port..=ports.last.unwrap_or(ports.port) {
                    by_port.entry((ports.protocol, port)).or_default().push(at);
                }
            }
        }
        Ok(Self { services: file.service, forwarders: file.forwarders, by_port })
    }

    /// Indexes of the services that have this port.
    pub(super) fn with_port(&self, protocol: Protocol, port: u16) -> &[usize] {
        let transport = match protocol {
            Protocol::Tcp | Protocol::Mptcp => Transport::Tcp,
            Protocol::Udp | Protocol::Udplite => Transport::Udp,
            _ => return &[],
        };
        self.by_port.get(&(transport, port)).map_or(&[], Vec::as_slice)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "schema")]
    _schema: Schema,
    forwarders: Vec<Name>,
    service: Vec<Service>,
}

/// The version of the table's own format that this code reads.
#[derive(Deserialize)]
#[serde(try_from = "u32")]
struct Schema;

impl TryFrom<u32> for Schema {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        if version == 1 { Ok(Self) } else { Err(format!("schema {version} is not 1")) }
    }
}

/// One `[[service]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) severity: Severity,
    #[serde(rename = "match")]
    pub(super) by: MatchBy,
    #[serde(default)]
    pub(super) ports: Vec<Ports>,
    #[serde(default)]
    pub(super) executables: Vec<Name>,
    #[serde(default)]
    pub(super) command_contains: Vec<String>,
    #[serde(default)]
    pub(super) units: Vec<String>,
    pub(super) reason: String,
    pub(super) fix: String,
}

impl Service {
    /// Whether the entry says what its holder is called in any way.
    pub(super) fn names_holders(&self) -> bool {
        !(self.executables.is_empty() && self.command_contains.is_empty() && self.units.is_empty())
    }
}

/// What makes a listener one of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MatchBy {
    /// The port, unless the holder is known to be something else.
    Port,
    /// The holder, and the port where the entry has one.
    Executable,
    /// One of the two.
    Either,
}

/// `{ port, protocol }` or `{ port, last, protocol }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ports {
    pub(super) port: u16,
    pub(super) last: Option<u16>,
    pub(super) protocol: Transport,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Transport {
    Tcp,
    Udp,
}

/// The name of a program; a `*` at its end stands for any rest.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Name(pub(super) String);

impl Name {
    /// Whether a file is called so.
    pub(super) fn is_file(&self, file: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => file.starts_with(start),
            None => file == self.0,
        }
    }

    /// Whether a process is called so: the kernel keeps the first 15 bytes of a name.
    pub(super) fn is_process(&self, comm: &str) -> bool {
        self.is_file(comm) || (comm.len() == 15 && self.0.trim_end_matches('*').starts_with(comm))
    }
}
