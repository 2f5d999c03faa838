//! What was asked of an endpoint, and where it led.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use portreeve_model::why::Stage;

use super::{Exchange, Outcome, UpstreamFacts};

/// Requests by endpoint.
#[derive(Debug, Default)]
pub struct HttpFacts {
    /// What was asked of each endpoint that took a connection.
    pub visits: Vec<Visit>,
    /// What the answer hung on; looked for where an answer failed or was late, and this host has the endpoint.
    pub upstream: Option<UpstreamFacts>,
}

/// What was asked of one endpoint.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Which.
    pub endpoint: SocketAddr,
    /// Where the `Host` comes from.
    pub host: HostOrigin,
    /// The request, then the redirects that were followed.
    pub exchanges: Vec<Exchange>,
    /// Where that ended.
    pub end: ChainEnd,
    /// A TLS handshake on a port that is asked in plain: tried where the answer looked like it; whether it stood.
    pub speaks_tls: Option<bool>,
    /// The other scheme at the same address: port 80 of an `https` target, port 443 of an `http` one.
    pub counterpart: Option<Counterpart>,
}

/// Where the `Host` of a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostOrigin {
    /// It was asked for by this name.
    Question,
    /// A name of the certificate that is shown here.
    Certificate,
    /// There is no name: the address.
    Address,
}

/// Where a chain of redirects ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainEnd {
    /// The last exchange is no redirect.
    Answered,
    /// It came back to a place where it had been.
    Loop {
        /// The place.
        url: String,
    },
    /// More redirects than are followed.
    TooMany,
    /// Redirects without a place, or to one that is not understood.
    NoPlace {
        /// What was written.
        location: Option<String>,
    },
    /// To a place that is somewhere else: only whether there is somebody was tried.
    Elsewhere {
        /// The place.
        url: String,
        /// Why nobody can go there; none where a connection stood.
        dead: Option<Dead>,
    },
    /// To a place that could not be tried, and why.
    Untried {
        /// The place.
        url: String,
        /// Why.
        why: String,
    },
    /// Time ran out.
    OutOfTime {
        /// The place that was next.
        url: String,
    },
}

/// Why nobody can go to a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dead {
    /// Its name has no address.
    NoName(String),
    /// It is the loopback address or `localhost`: for each client, the client itself.
    Loopback,
    /// It takes no connection.
    NoConnection {
        /// Where.
        to: SocketAddr,
        /// What the kernel said.
        why: String,
    },
}

/// The other scheme at the same address.
#[derive(Clone, Debug)]
pub struct Counterpart {
    /// Where.
    pub to: SocketAddr,
    /// What came of a request there; none where nothing listens.
    pub exchange: Option<Exchange>,
}

impl HttpFacts {
    /// The stages that concern an endpoint, for the document.
    pub fn stages(&self, endpoint: SocketAddr) -> Vec<Stage> {
        let visits = self.visits.iter().filter(|visit| visit.endpoint == endpoint);
        visits.flat_map(|visit| &visit.exchanges).map(stage).collect()
    }
}

impl Visit {
    /// The first exchange: what was asked.
    pub fn first(&self) -> Option<&Exchange> {
        self.exchanges.first()
    }

    /// The last exchange: what a client comes to.
    pub fn last(&self) -> Option<&Exchange> {
        self.exchanges.last()
    }
}

impl fmt::Display for Dead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoName(name) => write!(f, "the name {name} has no address"),
            Self::Loopback => f.write_str("that is the loopback address: for each client, the client itself"),
            Self::NoConnection { to, why } => write!(f, "{to} takes no connection: {why}"),
        }
    }
}

/// What was sent, and what came of it.
fn stage(exchange: &Exchange) -> Stage {
    let url = &exchange.url;
    let (outcome, ok) = match &exchange.outcome {
        Outcome::NotConnected(why) => (format!("no connection: {why}"), false),
        Outcome::NoSession(why) => (format!("no TLS session: {why}"), false),
        Outcome::Closed { how } => (format!("{how} without an answer"), false),
        Outcome::Silent(waited) => (format!("no answer within {:.1} s", waited.as_secs_f64()), false),
        Outcome::NotHttp { .. } => ("an answer that is no HTTP".to_owned(), false),
        Outcome::NoHead { why, .. } => (why.clone(), false),
        Outcome::Answer(answer) => (answer.status_line(), answer.status < 400),
    };
    Stage {
        stage: "http".to_owned(),
        outcome: format!("GET {url} (Host: {}): {outcome}", exchange.host),
        ok,
        took_ms: millis(exchange.total),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
