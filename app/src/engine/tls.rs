//! What `tls` asks: about many servers, one after the other told as it is known.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use portreeve_model::Host;
use portreeve_model::tls::Audit;

use super::Scope;
use crate::error::CommandError;

/// Audits of many servers.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsQuery {
    /// Whom to ask, in the order in which they were given.
    pub targets: Vec<TlsTarget>,
    /// What to ask.
    pub questions: TlsQuestions,
    /// How many hosts at once.
    pub parallel: usize,
    /// Where finished targets are written down, and read from by the next run.
    pub journal: Option<PathBuf>,
    /// The namespace that it is asked from.
    pub scope: Scope,
}

/// What is asked of each server.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsQuestions {
    /// The name in the hello, where it is not the target's.
    pub server_name: Option<String>,
    /// Connections that begin in a second; none does not limit.
    pub per_second: Option<f64>,
    /// Connections to one address in all.
    pub connections: u32,
    /// How long to wait for a connection, and for an answer.
    pub timeout: Duration,
    /// Which addresses of a name.
    pub addresses: TlsAddresses,
    /// Whether the fingerprint JARM is made.
    pub jarm: bool,
    /// Whether name servers are asked for CAA, TLSA and HTTPS records.
    pub records: bool,
    /// Which handshake is told byte by byte.
    pub explain: TlsExplain,
}

/// Which addresses of a name are audited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsAddresses {
    /// The first that answers.
    #[default]
    First,
    /// All of them.
    All,
}

/// Which handshake is told byte by byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsExplain {
    /// None.
    #[default]
    No,
    /// The one of the newest version that the server speaks.
    Best,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// A server, or a network of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsTarget {
    /// As it was written.
    pub text: String,
    /// Whom.
    pub host: TlsHost,
    /// Port.
    pub port: u16,
}

/// Whom a target names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsHost {
    /// A name that has addresses.
    Name(String),
    /// An address, with the interface of a link-local one.
    Address(IpAddr, Option<String>),
    /// Every address that begins with so many bits.
    Network(IpAddr, u8),
}

impl TlsTarget {
    /// How many hosts it stands for.
    pub fn hosts(&self) -> u64 {
        match self.host {
            TlsHost::Network(network, length) => {
                let bits = if network.is_ipv4() { 32_u8 } else { 128 };
                1_u64.checked_shl(u32::from(bits.saturating_sub(length))).unwrap_or(u64::MAX)
            }
            TlsHost::Name(_) | TlsHost::Address(..) => 1,
        }
    }

    /// Whether it was written as a network: of its addresses, those that do not answer are no news.
    pub fn is_network(&self) -> bool {
        matches!(self.host, TlsHost::Network(..))
    }
}

/// Certificates that are read from files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFilesQuery {
    /// Files and directories.
    pub paths: Vec<PathBuf>,
    /// The name that they must be good for; none does not matter.
    pub server_name: Option<String>,
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsProgress {
    /// Hosts in all.
    pub hosts: u64,
    /// Hosts that are done, those of the journal too.
    pub done: u64,
    /// Those of the journal.
    pub before: u64,
    /// What is being audited at the moment, the longest at it first.
    pub now: Vec<String>,
    /// Since the run began.
    pub elapsed: Duration,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsRun {
    /// The machine that asked.
    pub host: Host,
    /// Hosts that were to be asked.
    pub hosts: u64,
    /// Hosts of which everything was told.
    pub done: u64,
    /// Whether somebody ended it before its end.
    pub interrupted: bool,
    /// How long it took.
    pub took: Duration,
}

/// Who hears of audits as they are made.
pub trait TlsListener {
    /// One is there. Those of several hosts come in the order in which they are finished.
    ///
    /// # Errors
    /// It cannot be told: the run ends.
    fn audited(&mut self, told: Told<'_>) -> Result<(), CommandError>;

    /// A little time has passed.
    fn waiting(&mut self, _: &TlsProgress) {}
}

/// An audit, and which target it belongs to.
#[derive(Debug)]
pub struct Told<'a> {
    /// The target.
    pub target: &'a TlsTarget,
    /// The number of its host in the run, from 0: the order in which targets were given.
    pub place: u64,
    /// The audit.
    pub audit: Audit,
}
