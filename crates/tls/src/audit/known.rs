//! What enumeration found out: what checks start from, so that nothing is asked twice.

use portreeve_model::tls::{Evidence, Order, Support};
use portreeve_wire::tls::{AlertDescription, NamedGroup, SignatureScheme, Suite, Version};
use tokio::sync::OnceCell;

use crate::certificates::Nameless;
use crate::checks::Rides;
use crate::client::{Ending, Meeting, Tickets};
use crate::exchange::Flight;
use crate::http::NoAnswer;
use crate::sealed::SealedFlight;

/// Everything that is known of a server.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// SSL 3.0 to TLS 1.3, oldest first; SSL 2.0 is apart.
    pub versions: Vec<KnownVersion>,
    /// SSL 2.0: whether it is spoken, with its suites (three bytes each).
    pub ssl2: Option<(Support, Vec<u32>)>,
    /// Groups of TLS 1.2 and before, the server's favourite first.
    pub groups12: Vec<NamedGroup>,
    /// Groups of TLS 1.3, the server's favourite first.
    pub groups13: Vec<NamedGroup>,
    /// Whose order decides over groups.
    pub group_order: Option<Order>,
    /// Signature algorithms of key exchanges of TLS 1.2.
    pub signatures12: Vec<SignatureScheme>,
    /// Signature algorithms of handshakes of TLS 1.3.
    pub signatures13: Vec<SignatureScheme>,
    /// First flights of TLS 1.3, decrypted: one for each chain of certificates that was seen in them.
    pub sealed: Vec<SealedFlight>,
    /// Application protocols that were chosen on the connections of the flights.
    pub protocols: Vec<String>,
    /// How SSL 2.0 was answered, and how the versions that are not spoken were refused.
    pub refusals: Vec<(Version, Evidence)>,
    /// One sentence on how SSL 2.0 was answered.
    pub ssl2_statement: String,
    /// What could not be found out while enumerating: one sentence each.
    pub notes: Vec<String>,
    /// The handshake of a modern client with the target's name, HTTP asked where it was answered.
    pub modern: Option<Meeting>,
    /// What that handshake brought to resume with in TLS 1.3.
    pub tickets: Tickets,
    /// What is sent to a client that names no server: asked where somebody wants to know, once.
    pub nameless: OnceCell<Nameless>,
    /// Why nothing could be agreed on, where nothing was: how the server refuses every hello, or why its answers say nothing.
    pub refused: Option<String>,
    /// What was answered over HTTP there.
    pub http: Option<portreeve_model::tls::Http>,
    /// Why nothing was answered over HTTP, where it was asked.
    pub no_http: Option<NoAnswer>,
    /// Every flight of TLS 1.0 to 1.2 answers a hello that offered heartbeats.
    pub heartbeat_offered: bool,
    /// Every flight up to TLS 1.2 answers a hello that offered compression.
    pub compression_offered: bool,
    /// What checks asked on the connections of the flights.
    pub rides: Rides,
}

/// What is known of one version.
#[derive(Clone, Debug)]
pub struct KnownVersion {
    /// The version.
    pub version: Version,
    /// Whether it is spoken.
    pub support: Support,
    /// How it was refused, or why it is not known.
    pub statement: String,
    /// Its suites, in the server's order where it has one.
    pub suites: Vec<Suite>,
    /// Whose order decides.
    pub order: Order,
    /// Why not all suites could be asked for.
    pub incomplete: Option<String>,
    /// First flights that were answered in it, one for each suite that was chosen.
    pub flights: Vec<Flight>,
}

impl Known {
    /// What is known of a version.
    pub fn version(&self, version: Version) -> Option<&KnownVersion> {
        self.versions.iter().find(|one| one.version == version)
    }

    /// Whether a version is spoken.
    pub fn speaks(&self, version: Version) -> bool {
        self.version(version).is_some_and(|one| one.support == Support::Yes)
    }

    /// The versions that are spoken, oldest first.
    pub fn spoken(&self) -> impl Iterator<Item = &KnownVersion> {
        self.versions.iter().filter(|one| one.support == Support::Yes)
    }

    /// Why nothing was agreed on, by any client; none where something was.
    pub fn nothing_agreed(&self) -> Option<String> {
        let is_met = self.modern.as_ref().is_some_and(Meeting::is_done);
        self.refused.clone().filter(|_| !is_met)
    }

    /// Why the modern client got no handshake with the target's name; none where it did. What such a client is refused says nothing of
    /// what it asks for besides.
    pub fn no_modern(&self) -> Option<String> {
        let Some(met) = &self.modern else {
            return Some("the modern client of this program got no connection".to_owned());
        };
        Some(match (&met.ending, met.refusal()) {
            (Ending::Done, _) => return None,
            (_, Some(AlertDescription::HandshakeFailure)) => {
                "the server refuses the modern client of this program with handshake_failure: they may have no group, suite or signature \
                 algorithm in common"
                    .to_owned()
            }
            (_, Some(alert)) => format!("the server refuses the modern client of this program with {alert}"),
            (Ending::Closed, _) => {
                "the server closes the connection of the modern client of this program".to_owned()
            }
            (Ending::Reset, _) => {
                "the server resets the connection of the modern client of this program".to_owned()
            }
            (Ending::Timeout, _) => {
                "the server does not answer the modern client of this program in time".to_owned()
            }
            (Ending::Incompatible(why) | Ending::Failed(why), _) => {
                format!("the modern client of this program can not go on ({why})")
            }
            (Ending::Alert | Ending::NotTls(_), None) => {
                "the modern client of this program got no handshake".to_owned()
            }
        })
    }

    /// Why it is not known whether one of the versions is spoken for which `is` holds; none where that is known of all.
    pub fn doubt(&self, is: impl Fn(Version) -> bool) -> Option<String> {
        if self.versions.is_empty() {
            return Some("no version of the protocol could be asked for".to_owned());
        }
        let open = |one: &&KnownVersion| is(one.version) && one.support == Support::Inconclusive;
        let one = self.versions.iter().rev().find(open)?;
        Some(format!("whether {} is spoken is not known ({})", one.version, one.why_unknown()))
    }

    /// Every version and suite in use for which `is` holds, newest version first.
    pub fn suites_where<'a>(
        &'a self,
        is: impl Fn(Version, Suite) -> bool + 'a,
    ) -> impl Iterator<Item = (Version, Suite)> + 'a {
        let newest_first = self.versions.iter().rev().filter(|one| one.support == Support::Yes);
        let pairs = newest_first.flat_map(|one| one.suites.iter().map(|suite| (one.version, *suite)));
        pairs.filter(move |(version, suite)| is(*version, *suite))
    }

    /// Every first flight that was seen.
    pub fn flights(&self) -> impl Iterator<Item = &Flight> {
        self.versions.iter().flat_map(|one| &one.flights)
    }
}

impl KnownVersion {
    /// The statement of a version of which nothing is known, as a part of another sentence.
    pub fn why_unknown(&self) -> &str {
        let statement = self.statement.strip_prefix("Not known: ").unwrap_or(&self.statement);
        statement.trim_end_matches('.')
    }
}
