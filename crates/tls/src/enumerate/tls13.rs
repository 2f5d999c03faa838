//! The removal loop of TLS 1.3: a `HelloRetryRequest` names the suite and the group, so that both are found on the same connections.
//! No I/O.

use portreeve_model::tls::Order;
use portreeve_wire::tls::{AlertDescription, NamedGroup, Suite, Version};

use super::aside::Aside;
use super::offer::Offer;
use super::outcome::{Outcome, Stop};
use super::preference::{Preference, is_chacha};
use super::reply::{Refusal, Reply, Unclear};
use super::signatures::Signatures;
use super::vocabulary::Vocabulary;
use crate::exchange::Flight;
use crate::sealed::{SealedFlight, SecondHello};

/// More questions than there are suites and groups.
const QUESTIONS: u32 = 100;

/// The loop.
#[derive(Debug)]
pub(super) struct Removal13 {
    suites: Aside<Suite>,
    groups: Groups,
    signatures: Signatures,
    flights: Vec<Flight>,
    stage: Stage,
    key_shares: bool,
    preference: Option<Preference>,
    /// `ChaCha20` was chosen where it stood first, and not before: by the client's order, or as the client's wish.
    wish: bool,
    refusal: Option<Refusal>,
    stopped: Option<Stop>,
    questions: u32,
}

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Suites and groups.
    Both,
    /// Suites and groups were restricted, and it refused: the groups alone are next.
    Doubt,
    /// Suites and groups are known: signature algorithms alone.
    Signatures,
}

/// Groups: what was chosen is left out. Every other offer is turned round, so that the choices tell whose order it is.
#[derive(Debug)]
struct Groups {
    all: Vec<NamedGroup>,
    seen: Vec<NamedGroup>,
    over: bool,
    history: Vec<(Vec<NamedGroup>, NamedGroup)>,
    offered: Vec<NamedGroup>,
}

impl Groups {
    fn offer(&mut self) -> Vec<NamedGroup> {
        let left = self.all.iter().filter(|group| !self.seen.contains(group));
        self.offered = if self.over { self.seen.clone() } else { left.copied().collect() };
        if self.seen.len() % 2 == 1 && !self.over {
            self.offered.reverse();
        }
        self.offered.clone()
    }

    fn is_restricted(&self) -> bool {
        !self.over && !self.seen.is_empty()
    }

    /// Those that were chosen, and that there are keys of here.
    fn answered(&self) -> Vec<NamedGroup> {
        self.seen.iter().copied().filter(|group| SecondHello::answers(*group)).collect()
    }

    /// Whether it is new.
    fn pick(&mut self, group: NamedGroup) -> bool {
        if self.over || self.seen.contains(&group) || !self.offered.contains(&group) {
            // It takes what was not offered: no more is to be learnt.
            self.over = true;
            return false;
        }
        self.history.push((self.offered.clone(), group));
        self.seen.push(group);
        self.over |= self.seen.len() == self.all.len();
        true
    }

    fn order(&self) -> Order {
        let is_first = |(offered, pick): &(Vec<NamedGroup>, NamedGroup)| {
            offered.iter().find(|group| self.seen.contains(group)) == Some(pick)
        };
        match self.seen.len() {
            0 | 1 => Order::Unknown,
            _ if self.history.iter().all(is_first) => Order::Client,
            _ => Order::Server,
        }
    }

    /// In the server's order, or the usual one where it has none.
    fn in_order(&self) -> Vec<NamedGroup> {
        if self.order() == Order::Server {
            return self.seen.clone();
        }
        self.all.iter().filter(|group| self.seen.contains(group)).copied().collect()
    }
}

impl Removal13 {
    /// With what is to be offered.
    pub(super) fn new(vocabulary: &Vocabulary) -> Self {
        Self {
            suites: Aside::new(vocabulary.suites(Version::Tls13)),
            groups: Groups {
                all: vocabulary.groups13.clone(),
                seen: Vec::new(),
                over: false,
                history: Vec::new(),
                offered: Vec::new(),
            },
            signatures: Signatures::new(),
            flights: Vec::new(),
            stage: Stage::Both,
            key_shares: false,
            preference: None,
            wish: false,
            refusal: None,
            stopped: None,
            questions: 0,
        }
    }

    /// What to offer next; none when all is known.
    pub(super) fn question(&mut self) -> Option<Offer> {
        if self.stopped.is_some() || self.refusal.is_some() || self.questions >= QUESTIONS {
            return None;
        }
        self.questions += 1;
        if self.stage == Stage::Signatures {
            self.stage = Stage::Both;
        }
        let is_known = self.suites.is_over() && self.groups.over;
        if is_known && (self.key_shares || self.groups.answered().is_empty()) {
            self.signatures.finish();
        }
        let suites = if is_known && !self.signatures.is_over() {
            self.stage = Stage::Signatures;
            self.suites.seen().to_vec()
        } else if is_known {
            // What was chosen while those seen were offered last tells whose order it is, but for a server that grants wishes.
            if self.suites.order() != Order::Server || !self.wish {
                return None;
            }
            let seen = self.suites.seen();
            self.preference.get_or_insert_with(|| Preference::new(seen)).question()?
        } else if self.suites.is_over() || self.stage == Stage::Doubt {
            self.suites.seen().to_vec()
        } else if self.suites.wants_removal() {
            self.suites.left().to_vec()
        } else if self.suites.seen().len() == 1 {
            let (chacha, others): (Vec<Suite>, Vec<Suite>) =
                self.suites.rotated().into_iter().partition(|suite| is_chacha(*suite));
            [chacha, others].concat()
        } else {
            self.suites.rotated()
        };
        let ask_signatures = self.stage == Stage::Signatures || !self.signatures.are_alike();
        let go_on = (ask_signatures && !self.signatures.is_over() && !self.key_shares)
            .then(|| self.signatures.second());
        let signatures = if ask_signatures { self.signatures.first() } else { Signatures::all() };
        Some(Offer {
            version: Version::Tls13,
            suites,
            groups: if self.stage == Stage::Signatures {
                self.groups.answered()
            } else {
                self.groups.offer()
            },
            signatures,
            protocols: Vec::new(),
            key_shares: self.key_shares,
            go_on,
        })
    }

    /// Takes the answer to the offer, and what came when it went on.
    pub(super) fn answer(&mut self, reply: Reply, sealed: Option<SealedFlight>) {
        if self.stage == Stage::Signatures && !matches!(reply, Reply::Chose(_)) {
            return self.signatures.finish();
        }
        match sealed {
            Some(sealed) => self.signatures.take(sealed),
            None if self.stage == Stage::Signatures => self.signatures.finish(),
            None => {}
        }
        match reply {
            Reply::Chose(flight) => self.chose(*flight),
            Reply::Dishonest(why) => self.unclear(Stop::Unclear(Unclear::Other(why))),
            Reply::Unclear(why) => self.unclear(Stop::Unclear(why)),
            Reply::Doubtful(refusal) | Reply::Refused(refusal) if self.may_want_keys(&refusal) => {
                self.key_shares = true;
            }
            Reply::Doubtful(refusal) => self.unclear(Stop::Doubtful(refusal)),
            Reply::Refused(refusal) => self.refused(refusal),
        }
    }

    fn chose(&mut self, flight: Flight) {
        let Some(hello) = flight.hello.as_ref() else { return };
        let (suite, group) = (hello.suite, hello.group());
        if let Some(preference) = &mut self.preference {
            return preference.answer(Some(suite));
        }
        if self.stage == Stage::Doubt {
            // The same groups are welcome with the suites that are known: it was the suites that it refused.
            self.stage = Stage::Both;
            self.suites.exhaust();
        }
        let before = self.suites.seen().len();
        let is_wish = before == 1 && is_chacha(suite) && !self.suites.seen().contains(&suite);
        self.wish |= is_wish && !self.suites.wants_removal();
        self.suites.pick(suite, self.suites.wants_removal() || is_wish);
        let is_new_group = group.is_some_and(|group| self.groups.pick(group));
        self.groups.over |= group.is_none();
        if is_new_group || self.suites.seen().len() > before {
            self.flights.push(flight);
        }
    }

    fn refused(&mut self, refusal: Refusal) {
        if let Some(preference) = &mut self.preference {
            return preference.answer(None);
        }
        let (suites, groups) = (self.suites.wants_removal(), self.groups.is_restricted());
        if self.stage == Stage::Doubt {
            self.stage = Stage::Both;
            self.groups.over = true;
        } else if suites && groups {
            self.stage = Stage::Doubt;
        } else if groups {
            self.groups.over = true;
        } else if suites {
            self.suites.exhaust();
        } else if self.suites.seen().is_empty() {
            self.refusal = Some(refusal);
        } else {
            let why = format!("what was taken before was refused by {}", refusal.how);
            self.stopped = Some(Stop::Unclear(Unclear::Other(why)));
        }
    }

    /// Whether it may be the missing key share that a server can not bear.
    fn may_want_keys(&self, refusal: &Refusal) -> bool {
        use AlertDescription as Is;
        let is_sign = match refusal.alert {
            None => refusal.instead.is_none(),
            Some(alert) => matches!(
                alert,
                Is::IllegalParameter
                    | Is::DecodeError
                    | Is::MissingExtension
                    | Is::InternalError
                    | Is::UnexpectedMessage
                    | Is::UnsupportedExtension
            ),
        };
        !self.key_shares && self.suites.seen().is_empty() && is_sign
    }

    fn unclear(&mut self, stop: Stop) {
        match &mut self.preference {
            Some(preference) => preference.give_up(),
            None => self.stopped = Some(stop),
        }
    }

    fn order(&self) -> Order {
        match &self.preference {
            Some(preference) => preference.order(),
            None => self.suites.order(),
        }
    }
}

impl From<Removal13> for Outcome {
    fn from(removal: Removal13) -> Self {
        let (order, group_order) = (removal.order(), removal.groups.order());
        let (signatures, sealed) = removal.signatures.found();
        Self {
            version: Version::Tls13,
            order,
            suites: removal.suites.seen().to_vec(),
            groups: removal.groups.in_order(),
            group_order,
            flights: removal.flights,
            signatures,
            sealed,
            protocols: Vec::new(),
            refusal: removal.refusal,
            stopped: removal.stopped,
        }
    }
}
