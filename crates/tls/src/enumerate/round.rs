//! All versions, asked side by side with one greeting.

use portreeve_model::tls::{Order, Support};
use portreeve_wire::tls::Version;

use super::ask::Asker;
use super::outcome::{Outcome, Stop};
use super::removal::Removal;
use super::reply::{Refusal, Reply, Unclear};
use super::ssl2::{self, Ssl2};
use super::tls13::Removal13;
use super::vocabulary::Vocabulary;
use crate::audit::{Known, KnownVersion};

/// How a server meets hellos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// It agrees to one at least.
    Speaks,
    /// It answers in TLS, and agrees to none: how.
    Refuses(String),
    /// It ends every connection: how.
    Closes(String),
    /// It says nothing.
    Silent,
    /// It says what is no answer: why.
    Unreadable(String),
    /// None was answered to its end, or none could be said: why.
    Unknown(String),
}

/// What is missing where no group or suite of the server's was one that there are keys of.
const UNSIGNED: &str = "How the server signs in TLS 1.3 is not known: it never went on with a group and a suite that are spoken here.";

/// What came of all versions.
#[derive(Debug)]
pub(super) struct Round {
    /// SSL 3.0 to TLS 1.3.
    outcomes: Vec<Outcome>,
    ssl2: Ssl2,
    notes: Vec<String>,
}

impl Round {
    /// Asks for everything; of TLS 1.2 the first question may have been asked already.
    pub(super) async fn play(asker: &Asker<'_>, begun: Option<Removal>) -> Self {
        let vocabulary = Vocabulary::of(asker.greeting.manner);
        let fresh = |version| Removal::new(version, &vocabulary);
        let (mut tls12, tls13, mut tls11, mut tls10, ssl3, ssl2) = tokio::join!(
            Box::pin(old(asker, begun.unwrap_or_else(|| fresh(Version::Tls12)))),
            Box::pin(new(asker, Removal13::new(&vocabulary))),
            Box::pin(old(asker, fresh(Version::Tls11))),
            Box::pin(old(asker, fresh(Version::Tls10))),
            Box::pin(old(asker, fresh(Version::Ssl3))),
            Box::pin(ssl2::ask(asker)),
        );
        let newest = [&mut tls12, &mut tls11, &mut tls10].into_iter().find(|one| one.could_show_groups());
        if let Some(newest) = newest {
            newest.be_thorough();
            go_on(asker, newest).await;
        }
        let mut outcomes: Vec<Outcome> = [ssl3, tls10, tls11, tls12].map(Outcome::from).into();
        outcomes.push(tls13);
        // What was closed before anything had been answered can be compared now.
        if asker.line.has_answered() {
            for outcome in &mut outcomes {
                if matches!(outcome.stopped, Some(Stop::Doubtful(_))) {
                    *outcome = match outcome.version {
                        Version::Tls13 => new(asker, Removal13::new(&vocabulary)).await,
                        version => old(asker, fresh(version)).await.into(),
                    };
                }
            }
        }
        let mut round = Self { outcomes, ssl2, notes: Vec::new() };
        if round.ssl2.is_doubtful && !asker.line.has_answered() {
            round.ssl2.support = Support::Inconclusive;
        }
        if let Some(why) = asker.cut_short() {
            round.note(format!("The server's first flight does not come to its end: {why}."));
        }
        round
    }

    /// Whether anything can be agreed on.
    pub(super) fn speaks(&self) -> bool {
        self.outcomes.iter().any(|outcome| !outcome.suites.is_empty()) || self.ssl2.support == Support::Yes
    }

    /// How the server meets hellos.
    pub(super) fn conduct(&self) -> Conduct {
        let first = |is: &dyn Fn(&Unclear) -> bool| {
            let stops = self.outcomes.iter().filter_map(|outcome| outcome.stopped.as_ref());
            stops.filter_map(Stop::unclear).find(|why| is(why)).map(|why| why.text().to_owned())
        };
        if self.speaks() {
            Conduct::Speaks
        } else if let Some(how) = self.refusal() {
            Conduct::Refuses(how)
        } else if let Some(why) = first(&|why| matches!(why, Unclear::Endless(_))) {
            Conduct::Unknown(why)
        } else if let Some(why) = first(&|why| matches!(why, Unclear::Unreadable(_))) {
            Conduct::Unreadable(why)
        } else if let Some(how) = self.closes() {
            Conduct::Closes(how)
        } else if first(&|why| matches!(why, Unclear::Silence(_))).is_some() {
            Conduct::Silent
        } else {
            let why = first(&|why| matches!(why, Unclear::Other(_)));
            Conduct::Unknown(why.unwrap_or_else(|| "nothing was asked".to_owned()))
        }
    }

    fn closes(&self) -> Option<String> {
        self.outcomes.iter().find_map(|outcome| match outcome.stopped.as_ref()? {
            Stop::Doubtful(refusal) => Some(refusal.how.clone()),
            Stop::Unclear(_) => None,
        })
    }

    /// How the server refuses, in TLS, where it does; it may have answered other hellos otherwise.
    fn refusal(&self) -> Option<String> {
        let mut alerts: Vec<&str> = Vec::new();
        for outcome in &self.outcomes {
            let how = match (&outcome.refusal, &outcome.stopped) {
                (_, Some(Stop::Unclear(Unclear::Name(why) | Unclear::TurnedAway(why)))) => {
                    return Some(why.clone());
                }
                (Some(refusal), _) => &refusal.how,
                (None, Some(Stop::Doubtful(refusal))) if refusal.alert.is_some() => &refusal.how,
                _ => continue,
            };
            if !alerts.contains(&how.as_str()) {
                alerts.push(how);
            }
        }
        (!alerts.is_empty())
            .then(|| format!("the server answers hellos with {}, and agrees to none", alerts.join(" and ")))
    }

    /// Whether it is the name that the server does not like.
    pub(super) fn wants_another_name(&self) -> bool {
        let is_about_name = |stop: &Stop| matches!(stop, Stop::Unclear(Unclear::Name(_)));
        self.outcomes.iter().any(|outcome| outcome.stopped.as_ref().is_some_and(is_about_name))
    }

    /// Adds something that could not be found out.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// As checks want it.
    pub(super) fn known(self) -> Known {
        let mut known = Known {
            ssl2: Some((self.ssl2.support, self.ssl2.suites)),
            ssl2_statement: self.ssl2.statement,
            notes: self.notes,
            ..Known::default()
        };
        known.refusals.extend(self.ssl2.evidence.map(|evidence| (Version::Ssl2, evidence)));
        let speaks = self.outcomes.iter().any(|outcome| !outcome.suites.is_empty());
        for mut outcome in self.outcomes {
            let evidence = outcome.refusal.as_ref().and_then(|refusal| refusal.evidence.clone());
            known.refusals.extend(evidence.map(|evidence| (outcome.version, evidence)));
            match outcome.version {
                Version::Tls13 => known.groups13.clone_from(&outcome.groups),
                // Oldest first: those of the newest stay.
                _ if !outcome.groups.is_empty() => known.groups12.clone_from(&outcome.groups),
                _ => {}
            }
            let signatures = match outcome.version {
                Version::Tls13 => &mut known.signatures13,
                _ => &mut known.signatures12,
            };
            signatures.extend(&outcome.signatures);
            known.sealed.append(&mut outcome.sealed);
            for protocol in &outcome.protocols {
                if !known.protocols.contains(protocol) {
                    known.protocols.push(protocol.clone());
                }
            }
            // What TLS 1.2 shows stays: without a key share, as TLS 1.3 was asked, servers follow an order that they have for that case only.
            if outcome.group_order != Order::Unknown
                && (outcome.version != Version::Tls13 || known.group_order.is_none())
            {
                known.group_order = Some(outcome.group_order);
            }
            if outcome.version == Version::Tls13
                && !outcome.suites.is_empty()
                && outcome.signatures.is_empty()
            {
                known.notes.push(UNSIGNED.to_owned());
            }
            known.versions.push(version(outcome, speaks));
        }
        known
    }
}

/// Whether the first questions of these versions are answered.
pub(super) async fn first_questions(asker: &Asker<'_>, versions: &[Version]) -> Vec<Reply> {
    let vocabulary = Vocabulary::of(asker.greeting.manner);
    let first = |version: &Version| match version {
        Version::Tls13 => Removal13::new(&vocabulary).question(),
        version => Removal::new(*version, &vocabulary).question(),
    };
    let offers: Vec<_> = versions.iter().filter_map(first).collect();
    futures_util::future::join_all(offers.iter().map(|offer| asker.ask(offer))).await
}

async fn old(asker: &Asker<'_>, mut removal: Removal) -> Removal {
    go_on(asker, &mut removal).await;
    removal
}

async fn go_on(asker: &Asker<'_>, removal: &mut Removal) {
    while let Some(offer) = removal.question() {
        removal.answer(asker.ask(&offer).await);
    }
}

async fn new(asker: &Asker<'_>, mut removal: Removal13) -> Outcome {
    while let Some(offer) = removal.question() {
        let (reply, sealed) = asker.ask_on(&offer).await;
        removal.answer(reply, sealed);
    }
    removal.into()
}

/// Of a server that speaks another version, or of one that refuses all: what does not name the version says nothing of it then.
fn version(outcome: Outcome, speaks: bool) -> KnownVersion {
    let refuses_all = |refusal: &Refusal| !speaks && !refusal.is_of_version();
    let why = outcome.stopped.as_ref().map(|stop| match stop {
        Stop::Doubtful(refusal) => {
            format!(
                "the server answered with {}, and nothing tells whether it means the version",
                refusal.how
            )
        }
        Stop::Unclear(why) => why.text().to_owned(),
    });
    let why = why.or_else(|| {
        let refusal = outcome.refusal.as_ref().filter(|refusal| refuses_all(refusal))?;
        Some(format!("the server answered with {}, and agrees to nothing in any version", refusal.how))
    });
    let (support, statement) = match (outcome.suites.first(), &outcome.refusal, &why) {
        (Some(suite), ..) => (Support::Yes, format!("The server chose {suite}.")),
        (None, _, Some(why)) => (Support::Inconclusive, format!("Not known: {why}.")),
        (None, Some(refusal), None) => (Support::No, format!("The server answered with {}.", refusal.how)),
        (None, None, None) => (Support::Inconclusive, "Not known: nothing was asked.".to_owned()),
    };
    KnownVersion {
        version: outcome.version,
        support,
        statement,
        incomplete: why.filter(|_| support == Support::Yes),
        suites: outcome.suites,
        order: outcome.order,
        flights: outcome.flights,
    }
}
