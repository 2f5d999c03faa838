//! The removal loop of one version up to TLS 1.2: everything is offered, what the server picks is taken out, until it refuses. No I/O.
//!
//! Groups and signature algorithms are found on the same connections ([`Aside`]). Where they are restricted for that, and the pick may
//! have come out differently for it, the same suites are offered again without the restriction, and that answer counts.

mod beside;

use std::collections::HashMap;

use portreeve_model::tls::Order;
use portreeve_wire::tls::{AlertDescription, KeyExchange, NamedGroup, SignatureScheme, Suite, Version};

use self::beside::sort_of;
use super::aside::Aside;
use super::merging::Merging;
use super::offer::Offer;
use super::outcome::{Outcome, Stop};
use super::preference::Preference;
use super::reply::{Refusal, Reply, Unclear};
use super::signer::Signer;
use super::suites::Suites;
use super::vocabulary::Vocabulary;
use crate::exchange::Flight;

/// More questions than any version needs: a server that goes on for ever is left.
const QUESTIONS: u32 = 600;
/// Refusals in a row that end the loop where a server answers now so, now so.
const PATIENCE_WITH_MIXED: u32 = 3;

/// The loop.
#[derive(Debug)]
pub(super) struct Removal {
    version: Version,
    phase: Phase,
    suites: Suites,
    flights: Vec<Flight>,
    groups: Aside<NamedGroup>,
    /// With a certificate on a curve the server takes none but that curve from what is left; others are for its RSA suites.
    is_bound_to_curve: bool,
    /// Groups and signature algorithms are asked for, too, and not only noted.
    is_thorough: bool,
    signatures: Vec<(Signer, Aside<SignatureScheme>)>,
    protocols: Vec<&'static str>,
    protocols_seen: Vec<String>,
    /// What came after a suite of this sort when nothing was restricted.
    habits: HashMap<Sort, Sort>,
    last: Option<Sort>,
    asked: Restriction,
    doubt: Option<(Restriction, Option<Box<Flight>>)>,
    /// Both were restricted and one of them is to blame: the signature algorithms alone are next, and if they are not, it is the groups.
    suspects: bool,
    refusal: Option<Refusal>,
    stopped: Option<Stop>,
    questions: u32,
    refusals: u32,
    order: Order,
}

/// What decides whether a restriction matters to a suite: how keys are agreed on, and who signs.
type Sort = (KeyExchange, Option<Signer>);

/// What an offer leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Restriction {
    groups: bool,
    signer: Option<Signer>,
}

impl Restriction {
    fn is_none(self) -> bool {
        self == Self::default()
    }
}

#[derive(Debug)]
enum Phase {
    /// The suites.
    Suites,
    /// Bundles have to become one order.
    Merging(Merging),
    /// Whose order it is.
    Preference(Preference),
    /// The server answers now so, now so: what is left is asked for more than once.
    Again,
    /// Groups and signature algorithms that are still missing.
    Asides,
    Over,
}

impl Removal {
    /// Of a version, with what is to be offered.
    pub(super) fn new(version: Version, vocabulary: &Vocabulary) -> Self {
        let groups = if version == Version::Ssl3 { Vec::new() } else { vocabulary.groups.clone() };
        let schemes = |signer: Signer| {
            if version == Version::Tls12 { signer.schemes_of(vocabulary) } else { Vec::new() }
        };
        let signatures = Signer::ALL.map(|signer| (signer, Aside::new(schemes(signer)))).to_vec();
        Self {
            version,
            phase: Phase::Suites,
            suites: Suites::new(vocabulary.suites(version), vocabulary.bundle),
            flights: Vec::new(),
            groups: Aside::new(groups),
            is_bound_to_curve: false,
            is_thorough: version == Version::Tls12,
            signatures,
            protocols: vocabulary.protocols.clone(),
            protocols_seen: Vec::new(),
            habits: HashMap::new(),
            last: None,
            asked: Restriction::default(),
            doubt: None,
            suspects: false,
            refusal: None,
            stopped: None,
            questions: 0,
            refusals: 0,
            order: Order::Unknown,
        }
    }

    /// Whether suites were found, and none of the groups of a newer version stands for theirs.
    pub(super) fn could_show_groups(&self) -> bool {
        self.stopped.is_none() && self.found().iter().any(|suite| self.shows_groups(*suite))
    }

    /// Asks for groups that did not show by themselves: for the newest version that has some, since its forerunners have the same.
    pub(super) fn be_thorough(&mut self) {
        self.is_thorough = true;
        self.phase = Phase::Asides;
    }

    /// What to offer next; none when all is known.
    pub(super) fn question(&mut self) -> Option<Offer> {
        self.move_on();
        self.questions += 1;
        if self.questions > QUESTIONS {
            self.stop(Stop::Unclear(Unclear::Other(format!("no end after {QUESTIONS} questions"))));
        }
        let suites = match &mut self.phase {
            Phase::Over => return None,
            Phase::Suites | Phase::Again => self.suites.offer(),
            Phase::Merging(merging) => merging.question()?,
            Phase::Preference(preference) => preference.question()?,
            Phase::Asides => self.suites_with_key_exchange(),
        };
        self.asked = self.restriction();
        Some(Offer {
            version: self.version,
            suites,
            groups: self.offered_groups(),
            signatures: self.offered_signatures(),
            protocols: self.protocols.clone(),
            key_shares: false,
            go_on: None,
        })
    }

    /// Takes the answer to the offer.
    pub(super) fn answer(&mut self, reply: Reply) {
        // A server of mail, say: without the list it goes on.
        if let Reply::Refused(refusal) = &reply
            && refusal.alert == Some(AlertDescription::NoApplicationProtocol)
            && !self.protocols.is_empty()
        {
            self.protocols.clear();
            return;
        }
        match reply {
            Reply::Dishonest(why) => self.unclear(Stop::Unclear(Unclear::Other(why))),
            Reply::Unclear(why) => self.unclear(Stop::Unclear(why)),
            Reply::Doubtful(refusal) => self.unclear(Stop::Doubtful(refusal)),
            Reply::Chose(flight) => self.answered(Some(flight), None),
            Reply::Refused(refusal) => self.answered(None, Some(refusal)),
        }
    }

    fn answered(&mut self, flight: Option<Box<Flight>>, refusal: Option<Refusal>) {
        let suite = flight.as_deref().and_then(suite_of);
        match &mut self.phase {
            Phase::Suites | Phase::Again => self.answered_suites(flight, refusal),
            Phase::Merging(merging) => merging.answer(suite),
            Phase::Preference(preference) => preference.answer(suite),
            Phase::Asides => match flight {
                Some(flight) => self.note(&flight),
                None => self.blame(self.asked, None),
            },
            Phase::Over => {}
        }
    }

    fn answered_suites(&mut self, mut flight: Option<Box<Flight>>, refusal: Option<Refusal>) {
        let chosen = flight.as_deref().and_then(suite_of);
        if let Some((restriction, doubted)) = self.doubt.take() {
            if chosen.is_none() {
                // What it took with the restriction it takes, whatever it says without.
                flight = doubted;
            } else if doubted.as_deref().and_then(suite_of) != chosen {
                self.blame(restriction, doubted.as_deref());
            }
        } else if !self.asked.is_none() && !self.is_beyond_doubt(flight.as_deref()) {
            self.doubt = Some((self.asked, flight));
            return;
        }
        match flight {
            Some(flight) => self.take(*flight),
            None => self.refused(refusal),
        }
    }

    fn refused(&mut self, refusal: Option<Refusal>) {
        self.refusals += 1;
        self.refusal = self.refusal.take().or(refusal);
        let is_spoken = !self.found().is_empty();
        if matches!(self.phase, Phase::Again) {
            if self.refusals >= PATIENCE_WITH_MIXED {
                self.suites.end();
            }
        } else if !is_spoken && self.refusal.as_ref().is_some_and(Refusal::is_of_version) {
            self.suites.end();
        } else {
            self.suites.refuse();
        }
    }

    /// Whether a restricted offer can not have changed the pick.
    fn is_beyond_doubt(&self, flight: Option<&Flight>) -> bool {
        let Some(flight) = flight else { return false };
        let Some((exchange, signer)) = suite_of(flight).and_then(sort_of) else { return false };
        let is_curve = exchange == KeyExchange::Ecdhe;
        (!self.asked.groups || is_curve) && self.asked.signer.is_none_or(|asked| signer == Some(asked))
    }

    /// Which restriction changed the pick: where it can be told, that one has nothing more to give.
    fn blame(&mut self, restriction: Restriction, flight: Option<&Flight>) {
        let picked = flight.and_then(suite_of).and_then(sort_of);
        self.suspects = false;
        let was_signed = picked.is_some_and(|(_, signer)| signer.is_some() && signer == restriction.signer);
        let was_curve = picked.is_some_and(|(exchange, _)| exchange == KeyExchange::Ecdhe);
        match (restriction.groups, restriction.signer) {
            (true, None) => self.groups.exhaust(),
            (true, Some(_)) if was_signed => self.groups.exhaust(),
            (false, Some(signer)) => self.with_aside(signer, Aside::exhaust),
            (true, Some(signer)) if was_curve => self.with_aside(signer, Aside::exhaust),
            (true, Some(_)) => self.suspects = true,
            (false, None) => self.give_up_asides(),
        }
    }

    fn take(&mut self, flight: Flight) {
        let Some(suite) = suite_of(&flight) else { return };
        self.refusals = 0;
        let sort = sort_of(suite);
        if let (Some(last), Some(sort)) = (self.last, sort) {
            self.habits.insert(last, sort);
        }
        self.last = sort;
        self.note(&flight);
        if self.suites.pick(suite) {
            self.flights.push(flight);
        } else if matches!(self.phase, Phase::Again) {
            self.refusals += 1;
        }
    }

    fn unclear(&mut self, stop: Stop) {
        match &mut self.phase {
            // It answered before, and not such a long hello.
            Phase::Suites if self.suites.is_long() => {
                self.doubt = None;
                self.suites.be_short();
            }
            Phase::Suites | Phase::Again => self.stop(stop),
            // What is missing then is less than the suites.
            Phase::Merging(merging) => merging.give_up(),
            Phase::Preference(preference) => preference.give_up(),
            Phase::Asides => self.give_up_asides(),
            Phase::Over => {}
        }
    }

    fn stop(&mut self, stop: Stop) {
        self.stopped = Some(stop);
        self.phase = Phase::Over;
    }

    /// Goes to the next phase as long as one has nothing to ask.
    fn move_on(&mut self) {
        loop {
            let next = match &self.phase {
                Phase::Suites if self.suites.is_over() => {
                    if self.found().is_empty() {
                        Phase::Over
                    } else {
                        Phase::Merging(Merging::of(self.suites.chosen().to_vec()))
                    }
                }
                Phase::Merging(merging) if merging.is_done() => {
                    let merged = merging.merged();
                    self.suites.set_order(merged.clone());
                    if self.suites.follows_client() {
                        self.order = Order::Client;
                        self.suites.set_order(self.suites.in_usual_order());
                        Phase::Asides
                    } else if self.suites.has_order() {
                        self.order = if merged.len() > 1 { Order::Server } else { Order::Unknown };
                        Phase::Asides
                    } else if self.suites.is_odd() {
                        Phase::Preference(Preference::twice(&merged))
                    } else {
                        Phase::Preference(Preference::new(&merged))
                    }
                }
                Phase::Preference(preference) if preference.is_done() => {
                    self.order = preference.order();
                    self.refusals = 0;
                    if self.order == Order::Mixed {
                        self.suites.again();
                        Phase::Again
                    } else {
                        Phase::Asides
                    }
                }
                Phase::Again if self.suites.is_over() => Phase::Asides,
                Phase::Asides if self.asides_are_over() => Phase::Over,
                _ => return,
            };
            self.phase = next;
        }
    }

    /// The suites that it speaks, in the server's order where it has one.
    fn found(&self) -> Vec<Suite> {
        self.suites.chosen().concat()
    }
}

impl From<Removal> for Outcome {
    fn from(removal: Removal) -> Self {
        Self {
            version: removal.version,
            suites: removal.found(),
            order: removal.order,
            groups: removal.groups.seen().to_vec(),
            group_order: removal.groups.order(),
            signatures: removal.signatures.iter().flat_map(|(_, aside)| aside.seen()).copied().collect(),
            sealed: Vec::new(),
            flights: removal.flights,
            protocols: removal.protocols_seen,
            refusal: removal.refusal,
            stopped: removal.stopped,
        }
    }
}

fn suite_of(flight: &Flight) -> Option<Suite> {
    flight.hello.as_ref().map(|hello| hello.suite)
}
