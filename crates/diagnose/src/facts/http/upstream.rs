//! What a proxy or a gateway hands requests to, and the state that is in.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// What was found of upstreams.
#[derive(Clone, Debug, Default)]
pub struct UpstreamFacts {
    /// Who takes the connections and hands them on.
    pub proxies: Vec<Proxy>,
    /// The upstreams, the most certain first.
    pub upstreams: Vec<Upstream>,
    /// Lines of its logs that were written while it was asked, and are no plain records of the request.
    pub lines: Vec<LogLine>,
    /// What could not be looked at, and why.
    pub unseen: Vec<String>,
}

/// Who takes the connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Process id.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// Its configuration file, where it is known and could be read.
    pub configuration: Option<String>,
    /// Its unit.
    pub unit: Option<String>,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The file.
    pub file: String,
    /// The line.
    pub text: String,
    /// It was written while the request waited; otherwise it is the latest of those before.
    pub during: bool,
}

/// Where a proxy hands a request to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UpstreamAddress {
    /// A name or an address, and a port.
    Tcp {
        /// As it is written.
        host: String,
        /// Port.
        port: u16,
    },
    /// A Unix socket.
    Unix {
        /// Its path.
        path: String,
    },
}

/// One upstream.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Where.
    pub address: UpstreamAddress,
    /// By what it is known.
    pub sources: Vec<Source>,
    /// What the proxy's log says is wrong with it.
    pub problem: Option<Problem>,
    /// How it is now.
    pub condition: Condition,
}

/// By what an upstream is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The proxy wrote so.
    Log(LogLine),
    /// The proxy had this socket while the request waited.
    Socket {
        /// The process.
        pid: u32,
        /// `SYN-SENT`, `ESTAB`.
        state: String,
        /// Its own end.
        local: String,
        /// Bytes that are not acknowledged.
        unsent: u32,
    },
    /// The proxy's configuration names it.
    Configuration {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
        /// It is in the part that answers for what was asked; otherwise anywhere.
        asked: bool,
    },
}

/// What a log says is wrong with an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Problem {
    /// Connection refused.
    Refused,
    /// No answer to the connection or to the request in time.
    TimedOut,
    /// No route to it.
    Unreachable,
    /// It ended the connection before it answered.
    Closed,
    /// The name has no address.
    NoName,
    /// The Unix socket does not exist.
    NoSocket,
    /// The proxy may not: permissions, or access control.
    Forbidden,
    /// The proxy has no descriptor left.
    NoDescriptor,
    /// The proxy's host has no local port left.
    NoPort,
    /// The queue of the Unix socket is full.
    QueueFull,
    /// What it answered is not the protocol that was expected, or too large.
    BadAnswer,
    /// No TLS session with it.
    NoSession,
    /// All of them were set aside after failures, or are marked down.
    NoneLeft,
}

/// How an upstream is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// The addresses its name has.
    pub addresses: Vec<SocketAddr>,
    /// It is on this host: who listens there, `gunicorn (pid 812)`.
    pub listener: Option<String>,
    /// It is on this host, and nothing listens there.
    pub nobody: bool,
    /// Processes that listen there and are stopped (state T).
    pub stopped: Vec<u32>,
    /// Connections that wait there to be accepted, and the most that may.
    pub queue: Option<(u32, u32)>,
    /// The container that has the address, by name.
    pub container: Option<String>,
    /// What came of a connection from here.
    pub reached: Option<Reached>,
}

/// What came of a connection to an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It stands, after so long.
    Connected(Duration),
    /// Refused.
    Refused,
    /// No answer for so long.
    Silent(Duration),
    /// Its name has no address.
    NoName,
    /// The Unix socket does not exist.
    NoSocket,
    /// Its queue is full.
    QueueFull,
    /// Another error.
    Failed(String),
}

impl UpstreamFacts {
    /// The upstream that most likely had the request, if there is reason to say so: named while it was asked, or waited for; otherwise the only
    /// one that is configured for what was asked and is not well; otherwise the only one at all.
    pub fn likely(&self) -> Option<&Upstream> {
        let certain = self.upstreams.iter().find(|upstream| upstream.is_witnessed());
        let asked = || only(self.upstreams.iter().filter(|upstream| upstream.is_asked()));
        let asked_unwell =
            || self.upstreams.iter().find(|upstream| upstream.is_asked() && upstream.is_unwell());
        let unwell = || only(self.upstreams.iter().filter(|upstream| upstream.is_unwell()));
        certain.or_else(asked).or_else(asked_unwell).or_else(unwell).or_else(|| only(self.upstreams.iter()))
    }

    /// The first of those who take the connections.
    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxies.first()
    }
}

impl Upstream {
    /// A log line that was written while it was asked names it, or a socket that waited for it.
    pub fn is_witnessed(&self) -> bool {
        self.sources.iter().any(|source| match source {
            Source::Log(line) => line.during,
            Source::Socket { .. } => true,
            Source::Configuration { .. } => false,
        })
    }

    /// The configuration names it where it answers for what was asked.
    pub fn is_asked(&self) -> bool {
        self.sources.iter().any(|source| matches!(source, Source::Configuration { asked: true, .. }))
    }

    /// Something is wrong with it that was seen now.
    pub fn is_unwell(&self) -> bool {
        let reached = self.condition.reached.as_ref();
        self.condition.nobody
            || !self.condition.stopped.is_empty()
            || self.condition.queue.is_some_and(|(length, limit)| length > limit)
            || reached.is_some_and(|reached| !matches!(reached, Reached::Connected(_)))
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix { path } => write!(f, "unix:{path}"),
        }
    }
}

fn only<'a>(mut candidates: impl Iterator<Item = &'a Upstream>) -> Option<&'a Upstream> {
    let first = candidates.next()?;
    candidates.next().is_none().then_some(first)
}
