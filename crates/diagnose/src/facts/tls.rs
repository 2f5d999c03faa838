//! Handshakes that were tried, what a second try showed where one failed, and what is to be said of the certificates.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use portreeve_model::why::Stage;
use portreeve_tls::chain::Verdict;
use portreeve_tls::client::{Ending, Meeting, Session};
use portreeve_tls::old::Reply;
use portreeve_tls::spoken::Spoken;
use portreeve_wire::tls::Version;

use super::{ConfiguredCertificate, SmallTry};

/// Handshakes by endpoint. Empty where nothing was tried.
#[derive(Debug, Default)]
pub struct TlsFacts {
    /// One for each endpoint that took a connection.
    pub tries: Vec<TlsTry>,
    /// Which authorities were trusted, in words.
    pub store: String,
    /// The system has no trust store of its own.
    pub is_without_store: bool,
    /// When it was tried.
    pub at: Option<Timestamp>,
    /// Certificates that the configuration of the listening server names, on this host.
    pub configured: Vec<ConfiguredCertificate>,
}

/// What was tried of one endpoint.
#[derive(Debug)]
pub struct TlsTry {
    /// Where to.
    pub endpoint: SocketAddr,
    /// The handshake as it was asked for.
    pub meeting: Meeting,
    /// What is to be said of its certificates.
    pub verdict: Option<Verdict>,
    /// What else was tried, where the handshake failed.
    pub second: SecondTries,
    /// The handshake stood still, and what a connection with small segments did.
    pub small: Option<SmallTry>,
    /// The session, until somebody takes it.
    pub session: Mutex<Option<Session>>,
}

/// What else was tried where a handshake failed, each over a connection of its own.
#[derive(Debug, Default)]
pub struct SecondTries {
    /// Without a name, where one was asked for.
    pub without_name: Option<Meeting>,
    /// With names that this server may have, where none was asked for.
    pub with_names: Vec<Meeting>,
    /// With HTTP/2, where HTTP/1.1 was refused.
    pub with_http2: Option<Meeting>,
    /// Hellos of old clients: the highest version that was offered, and the answer.
    pub old: Vec<(Version, Reply)>,
    /// A request over plain HTTP.
    pub http: Option<Reply>,
    /// An old client's hello behind a line of the PROXY protocol.
    pub proxied: Option<Reply>,
}

impl TlsFacts {
    /// What was tried of an endpoint.
    pub fn of(&self, endpoint: SocketAddr) -> Option<&TlsTry> {
        self.tries.iter().find(|one| one.endpoint == endpoint)
    }

    /// The session that the handshake made, once: who takes it has it.
    pub fn session(&self, endpoint: SocketAddr) -> Option<Session> {
        self.of(endpoint)?.session.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The DNS names that the certificate of an endpoint is for.
    pub fn names(&self, endpoint: SocketAddr) -> &[String] {
        self.of(endpoint).and_then(|one| one.meeting.leaf()).map_or(&[], |leaf| leaf.names.as_slice())
    }

    /// What an endpoint answers over plain HTTP where TLS was expected.
    pub fn plain_http(&self, endpoint: SocketAddr) -> Option<&[u8]> {
        let one = self.of(endpoint)?;
        match (&one.meeting.ending, &one.second.http) {
            (_, Some(Reply::NotTls(Spoken::Http, bytes))) => Some(bytes),
            (Ending::NotTls(Spoken::Http), _) => Some(&one.meeting.first),
            _ => None,
        }
    }

    /// The stages that concern an endpoint, for the document.
    pub fn stages(&self, endpoint: SocketAddr) -> Vec<Stage> {
        let Some(one) = self.of(endpoint) else { return Vec::new() };
        let meeting = &one.meeting;
        let established = &meeting.established;
        let agreed =
            [&established.version, &established.suite].into_iter().flatten().cloned().collect::<Vec<_>>();
        let outcome = match &meeting.ending {
            Ending::Done => match meeting.leaf() {
                Some(leaf) => format!("{}, certificate for {}", agreed.join(" "), leaf.names_in_short()),
                None => agreed.join(" "),
            },
            Ending::Alert => match meeting.refusal() {
                Some(description) => format!("refused with the alert {description}"),
                None => "refused with an alert".to_owned(),
            },
            Ending::NotTls(spoken) => format!("no TLS: {spoken}"),
            Ending::Closed => "closed by the server in the handshake".to_owned(),
            Ending::Reset => "reset by the server in the handshake".to_owned(),
            Ending::Timeout => format!("no answer after {} bytes", meeting.received),
            Ending::Incompatible(why) | Ending::Failed(why) => why.clone(),
        };
        vec![Stage {
            stage: "tls".to_owned(),
            outcome,
            ok: meeting.is_done(),
            took_ms: u64::try_from(meeting.took.as_millis()).unwrap_or(u64::MAX),
        }]
    }
}
