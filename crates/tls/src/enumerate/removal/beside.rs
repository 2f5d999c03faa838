//! What is chosen beside the suite: groups, signature algorithms, application protocols.

use portreeve_wire::tls::messages::ExchangeKey;
use portreeve_wire::tls::{KeyExchange, NamedGroup, SignatureScheme, Suite};

use super::{Phase, Removal, Restriction, Sort};
use crate::enumerate::aside::Aside;
use crate::enumerate::signer::{self, Signer};
use crate::exchange::Flight;

impl Removal {
    /// What was chosen beside the suite.
    pub(super) fn note(&mut self, flight: &Flight) {
        let hello = flight.hello.as_ref();
        if let Some(protocol) = hello.and_then(portreeve_wire::tls::ServerHello::application_protocol) {
            let name = String::from_utf8_lossy(&protocol).into_owned();
            // Who takes the second of two does not know the first.
            self.protocols.retain(|offered| *offered != name);
            if self.protocols_seen.is_empty() && name != "h2" {
                self.protocols.clear();
            }
            if !self.protocols_seen.contains(&name) {
                self.protocols_seen.push(name);
            }
        }
        let Some(exchange) = &flight.key_exchange else {
            if matches!(self.phase, Phase::Asides) {
                self.give_up_asides();
            }
            return;
        };
        if let ExchangeKey::Curve { group, .. } = exchange.key {
            if self.asked.groups && self.needed_group() == Some(group) {
                self.is_bound_to_curve = true;
            } else {
                self.groups.pick(group, self.asked.groups);
            }
        }
        if self.suspects && self.asked.signer.is_some() && !self.asked.groups {
            self.suspects = false;
            self.groups.exhaust();
        }
        if let Some(scheme) = exchange.scheme {
            let signer = Signer::of(scheme);
            let removed = self.asked.signer == Some(signer);
            self.with_aside(signer, |aside| aside.pick(scheme, removed));
        }
    }

    pub(super) fn give_up_asides(&mut self) {
        self.groups.exhaust();
        self.signatures.iter_mut().for_each(|(_, aside)| aside.exhaust());
    }

    pub(super) fn asides_are_over(&self) -> bool {
        let is_missing = |(signer, aside): &(Signer, Aside<SignatureScheme>)| {
            !aside.seen().is_empty()
                && !aside.is_over()
                && self.found().iter().any(|suite| signs(*suite, *signer))
        };
        let groups_are_missing =
            !self.groups.is_over() && self.found().iter().any(|suite| self.shows_groups(*suite));
        !self.is_thorough || (!groups_are_missing && !self.signatures.iter().any(is_missing))
    }

    /// Whether a suite can show groups that are still missing.
    pub(super) fn shows_groups(&self, suite: Suite) -> bool {
        suite.key_exchange() == Some(KeyExchange::Ecdhe)
            && !(self.is_bound_to_curve && signs(suite, Signer::Ecdsa))
    }

    /// The curve of the server's certificate, without which it can not use it (RFC 8422, 5.1), where it was seen as a group, too.
    pub(super) fn needed_group(&self) -> Option<NamedGroup> {
        if self.is_bound_to_curve {
            return None;
        }
        let curve = self.flights.iter().rev().find_map(|flight| signer::curve(flight.chain.first()?));
        curve.filter(|group| self.groups.seen().contains(group))
    }

    /// Suites that show what is still missing.
    pub(super) fn suites_with_key_exchange(&self) -> Vec<Suite> {
        let mut suites = self.found();
        if !self.groups.is_over() && suites.iter().any(|suite| self.shows_groups(*suite)) {
            suites.retain(|suite| self.shows_groups(*suite));
        } else if let Some((signer, _)) =
            self.signatures.iter().find(|(_, one)| !one.is_over() && !one.seen().is_empty())
        {
            suites.retain(|suite| signs(*suite, *signer));
        }
        suites
    }

    pub(super) fn restriction(&self) -> Restriction {
        if self.doubt.is_some() || !self.is_thorough {
            return Restriction::default();
        }
        let expected = match self.phase {
            Phase::Suites => {
                let Some(last) = self.last else { return Restriction::default() };
                Some(self.habits.get(&last).copied().unwrap_or(last))
            }
            Phase::Asides => self.suites_with_key_exchange().first().copied().and_then(sort_of),
            _ => None,
        };
        let Some((exchange, signer)) = expected else { return Restriction::default() };
        let signer = signer.filter(|signer| self.find(*signer).is_some_and(Aside::wants_removal));
        let can_restrict = !self.is_bound_to_curve || matches!(self.phase, Phase::Asides);
        let groups = exchange == KeyExchange::Ecdhe && self.groups.wants_removal() && can_restrict;
        Restriction { groups: groups && (!self.suspects || signer.is_none()), signer }
    }

    pub(super) fn offered_groups(&self) -> Vec<NamedGroup> {
        if !self.asked.groups {
            return self.groups.rotated();
        }
        self.groups.left().iter().copied().chain(self.needed_group()).collect()
    }

    pub(super) fn offered_signatures(&self) -> Vec<SignatureScheme> {
        let of = |(signer, aside): &(Signer, Aside<SignatureScheme>)| match self.asked.signer {
            Some(asked) if asked == *signer => aside.left().to_vec(),
            _ => aside.rotated(),
        };
        self.signatures.iter().flat_map(of).collect()
    }

    pub(super) fn find(&self, signer: Signer) -> Option<&Aside<SignatureScheme>> {
        self.signatures.iter().find(|(one, _)| *one == signer).map(|(_, aside)| aside)
    }

    pub(super) fn with_aside(&mut self, signer: Signer, change: impl FnOnce(&mut Aside<SignatureScheme>)) {
        if let Some((_, aside)) = self.signatures.iter_mut().find(|(one, _)| *one == signer) {
            change(aside);
        }
    }
}

pub(super) fn sort_of(suite: Suite) -> Option<Sort> {
    Some((suite.key_exchange()?, Signer::of_suite(suite)))
}

fn signs(suite: Suite, signer: Signer) -> bool {
    Signer::of_suite(suite) == Some(signer)
}
