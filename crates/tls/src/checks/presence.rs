//! Whether a server agrees to suites of some sort: looked up in what enumeration found, with the hello that proves it.

use portreeve_model::tls::{Evidence, Support};
use portreeve_wire::tls::{HandshakeType, Suite, Version, handshake_message};

use super::Judgement;
use crate::audit::Known;
use crate::exchange::Flight;

/// The versions in which suites may be weak; those of TLS 1.3 are not.
pub(super) const OLD: [Version; 4] = [Version::Ssl3, Version::Tls10, Version::Tls11, Version::Tls12];
/// Hellos that are shown as evidence.
const SHOWN: usize = 3;

/// Suites that were agreed to, and what could not be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presence {
    /// Versions and suites, newest version first.
    pub(crate) found: Vec<(Version, Suite)>,
    /// Why there may be more: one reason each, that of the newest version first.
    pub(crate) unknown: Vec<String>,
}

impl Presence {
    /// The suites in use, in these versions, for which `is` holds.
    pub(crate) fn of(known: &Known, versions: &[Version], is: impl Fn(Suite) -> bool) -> Self {
        let found: Vec<_> =
            known.suites_where(|version, suite| versions.contains(&version) && is(suite)).collect();
        let mut unknown: Vec<String> = Vec::new();
        for one in known.versions.iter().rev().filter(|one| versions.contains(&one.version)) {
            let version = one.version;
            match (one.support, &one.incomplete) {
                (Support::Inconclusive, _) => {
                    unknown.push(format!("whether {version} is spoken is not known ({})", one.why_unknown()));
                }
                (_, Some(why)) => {
                    unknown.push(format!("not all suites of {version} could be asked for ({why})"));
                }
                _ => {}
            }
        }
        if known.versions.is_empty() {
            unknown.push("no version of the protocol could be asked for".to_owned());
        }
        Self { found, unknown }
    }

    /// Whether there is one.
    pub(crate) fn is_there(&self) -> bool {
        !self.found.is_empty()
    }

    /// Where there is none: not vulnerable, as far as everything was asked.
    pub(crate) fn absent(&self, sentence: &str) -> Judgement {
        match self.unknown.first() {
            None => Judgement::not_vulnerable(sentence, Vec::new()),
            Some(why) => Judgement::inconclusive(format!("It is not known, since {why}.")),
        }
    }

    /// `TLS_RSA_WITH_RC4_128_SHA in TLS 1.2 and TLS 1.0, and 3 more suites`.
    pub(crate) fn named(&self) -> String {
        let Some((_, first)) = self.found.first() else { return "nothing".to_owned() };
        let versions: Vec<String> = self
            .found
            .iter()
            .filter(|(_, suite)| suite == first)
            .map(|(version, _)| version.to_string())
            .collect();
        let mut others: Vec<Suite> =
            self.found.iter().map(|(_, suite)| *suite).filter(|one| one != first).collect();
        others.sort_unstable();
        others.dedup();
        let more = match others.as_slice() {
            [] => String::new(),
            [other] => format!(", and {other}"),
            _ => format!(", and {} more suites like it", others.len()),
        };
        format!("{first} in {}{more}", enumerated(&versions))
    }

    /// The hellos in which the server chose them.
    pub(crate) fn evidence(&self, known: &Known) -> Vec<Evidence> {
        let chosen = self.found.iter().filter_map(|(version, suite)| flight_of(known, *version, *suite));
        chosen.take(SHOWN).map(hello_evidence).collect()
    }
}

/// The flight in which the server chose a suite.
pub(super) fn flight_of(known: &Known, version: Version, suite: Suite) -> Option<&Flight> {
    let flights = &known.version(version)?.flights;
    flights.iter().find(|flight| flight.hello.as_ref().is_some_and(|hello| hello.suite == suite))
}

/// A server's choice, with its bytes.
pub(super) fn hello_evidence(flight: &Flight) -> Evidence {
    let what = match &flight.hello {
        Some(hello) => format!("ServerHello chooses {} in {}", hello.suite, hello.version),
        None => "ServerHello".to_owned(),
    };
    Evidence::server(what, &handshake_message(HandshakeType::ServerHello, &flight.hello_body))
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn enumerated(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
