//! What a check gets.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{Greeting, Known, Manner};
use crate::dns::Resolver;
use crate::exchange::{FirstFlight, Flight, Transcript};
use crate::explain::Explain;
use crate::features::Offers;
use crate::http::Port80;
use crate::line::{Limits, Line, Patience};
use crate::session::Sessions;
use crate::store::Store;
use portreeve_wire::tls::{ClientHello, Suite, Version};

/// How an audit is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much is asked of one server.
    pub limits: Limits,
    /// How long to wait.
    pub patience: Patience,
    /// Whether HTTP is spoken where the port is for that.
    pub http: bool,
    /// Who is asked for CAA, TLSA and HTTPS records; nobody where it is none.
    pub resolver: Option<Arc<Resolver>>,
    /// Whether a handshake is explained.
    pub explain: Explain,
    /// Whether the fingerprint JARM is made: ten connections more.
    pub jarm: bool,
    /// The authorities of this system.
    pub store: Arc<Store>,
    /// Those of Mozilla's list.
    pub mozilla: Arc<Store>,
}

/// A server, and what is known of it.
#[derive(Debug)]
pub struct Scene {
    /// The way to it.
    pub line: Arc<Line>,
    /// How it wants to be greeted.
    pub greeting: Greeting,
    /// What is known.
    pub known: Known,
    /// The host as it was written: a name or an address.
    pub host: String,
    /// How the audit is made.
    pub options: Options,
    /// Sessions of our own, held once for all who want to know something of them.
    pub sessions: Sessions,
    /// What port 80 of the same host answers: asked once, for all who want to know.
    pub port80: Port80,
    /// What is answered to offers that features and checks share.
    pub offers: Offers,
}

impl Scene {
    /// Of which no more is known than what enumeration found out.
    pub fn new(line: Arc<Line>, greeting: Greeting, known: Known, host: String, options: Options) -> Self {
        Self {
            line,
            greeting,
            known,
            host,
            options,
            sessions: Sessions::default(),
            port80: Port80::default(),
            offers: Offers::default(),
        }
    }

    /// The name that is asked for, in the hello and in HTTP; the host as it was written where there is none.
    pub fn name(&self) -> &str {
        self.greeting.server_name.as_deref().unwrap_or(&self.host)
    }

    /// Suites to offer in a version where the server may answer as another one, to another name or none: those that it is known to take,
    /// and behind them as many common ones as a hello holds. All of them come with a certificate.
    pub fn suites_for_another_name(&self, version: Version) -> Vec<Suite> {
        let most = if self.greeting.manner == Manner::Small { 40 } else { 128 };
        let known = self.known.version(version).map(|one| one.suites.as_slice()).unwrap_or_default();
        let common = Suite::of_version(version).into_iter().filter(|suite| !known.contains(suite));
        let all = known.iter().copied().chain(common);
        all.filter(|suite| !suite.is_anonymous() && !suite.is_signal()).take(most).collect()
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.line.address()
    }

    /// Says a hello over a connection of its own, and gives everything that was said.
    pub async fn ask(&self, hello: &ClientHello) -> Transcript {
        self.line.play(FirstFlight::new(hello.encode(), self.line.patience().answer)).await
    }

    /// The same, understood.
    pub async fn flight(&self, hello: &ClientHello) -> Flight {
        self.ask(hello).await.flight()
    }
}
