//! The loops against servers that are functions.

use portreeve_model::tls::Order;
use portreeve_wire::tls::messages::{ExchangeKey, ServerKeyExchange};
use portreeve_wire::tls::{
    AlertDescription, Extension, ExtensionType, KeyExchange, NamedGroup, ServerHello, SignatureScheme, Suite,
    Version,
};

use super::offer::Offer;
use super::outcome::Outcome;
use super::removal::Removal;
use super::reply::{Refusal, Reply, Unclear};
use super::signer::Signer;
use super::tls13::Removal13;
use super::vocabulary::Vocabulary;
use crate::audit::Manner;
use crate::exchange::Flight;
use crate::sealed::SealedFlight;

/// A server by what it prefers.
#[derive(Clone)]
struct Model {
    suites: Vec<Suite>,
    groups: Vec<NamedGroup>,
    signatures: Vec<SignatureScheme>,
    /// It takes its own order of suites.
    own_order: bool,
    /// It takes its own order of groups and signature algorithms.
    own_asides: bool,
    /// It puts `ChaCha20` first for who puts it first.
    grants_wishes: bool,
    /// How many suites of a hello it looks at.
    reads: usize,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            suites: [0xc030, 0xcca8, 0xc02f, 0x009f, 0xc028, 0x009d, 0x002f, 0x000a].map(Suite).to_vec(),
            groups: vec![NamedGroup::X25519, NamedGroup::Secp256r1, NamedGroup::Secp521r1],
            signatures: vec![
                SignatureScheme::RsaPkcs1Sha512,
                SignatureScheme::RsaPssRsaeSha256,
                SignatureScheme::RsaPkcs1Sha256,
                SignatureScheme::RsaPkcs1Sha1,
            ],
            own_order: true,
            own_asides: true,
            grants_wishes: false,
            reads: usize::MAX,
        }
    }
}

impl Model {
    fn answer(&self, offer: &Offer) -> Reply {
        let offered: Vec<Suite> = offer.suites.iter().copied().take(self.reads).collect();
        let group = pick(&self.groups, &offer.groups, self.own_asides);
        let is_welcome = |suite: &&Suite| match (suite.key_exchange(), Signer::of_suite(**suite)) {
            (Some(KeyExchange::Ecdhe), Some(signer)) => {
                group.is_some() && self.scheme(signer, offer).is_some()
            }
            (Some(KeyExchange::Ecdhe), None) => group.is_some(),
            (_, Some(signer)) => self.scheme(signer, offer).is_some(),
            _ => true,
        };
        let mut own: Vec<Suite> = self.suites.iter().filter(is_welcome).copied().collect();
        if self.grants_wishes && offered.first().is_some_and(|suite| super::preference::is_chacha(*suite)) {
            own.sort_by_key(|suite| !super::preference::is_chacha(*suite));
        }
        let Some(suite) = pick(&own, &offered, self.own_order) else { return refused() };
        let mut flight =
            Flight { hello: Some(ServerHello::of(offer.version, suite)), done: true, ..Flight::default() };
        if offer.version == Version::Tls13 {
            let Some(group) = group else { return refused() };
            let share = Extension::new(ExtensionType::KeyShare, group.value().to_be_bytes());
            flight.hello.as_mut().unwrap().extensions.push(share);
        } else if matches!(suite.key_exchange(), Some(KeyExchange::Dhe | KeyExchange::Ecdhe)) {
            let key = match suite.key_exchange() {
                Some(KeyExchange::Ecdhe) => ExchangeKey::Curve { group: group.unwrap(), point: vec![4] },
                _ => ExchangeKey::FiniteField { prime: vec![255; 256], generator: vec![2], public: vec![1] },
            };
            let scheme = Signer::of_suite(suite).and_then(|signer| self.scheme(signer, offer));
            flight.key_exchange = Some(ServerKeyExchange { key, scheme, signature: Vec::new(), signed: 1 });
        }
        Reply::Chose(Box::new(flight))
    }

    fn scheme(&self, signer: Signer, offer: &Offer) -> Option<SignatureScheme> {
        // Before TLS 1.2 nothing is chosen.
        if offer.version != Version::Tls12 {
            return Some(SignatureScheme::RsaPkcs1Sha1);
        }
        let own: Vec<_> = self.signatures.iter().filter(|one| Signer::of(**one) == signer).copied().collect();
        pick(&own, &offer.signatures, self.own_asides)
    }
}

fn pick<T: Copy + PartialEq>(own: &[T], offered: &[T], own_order: bool) -> Option<T> {
    let (first, second) = if own_order { (own, offered) } else { (offered, own) };
    first.iter().find(|one| second.contains(one)).copied()
}

fn refused() -> Reply {
    Reply::Refused(Refusal {
        how: "the alert handshake_failure".to_owned(),
        alert: Some(AlertDescription::HandshakeFailure),
        evidence: None,
        instead: None,
    })
}

fn play(mut server: impl FnMut(&Offer) -> Reply) -> (Outcome, u32) {
    let mut removal = Removal::new(Version::Tls12, &Vocabulary::of(Manner::Full));
    let mut questions = 0;
    while let Some(offer) = removal.question() {
        questions += 1;
        removal.answer(server(&offer));
    }
    (removal.into(), questions)
}

fn play13(mut server: impl FnMut(&Offer) -> Reply) -> (Outcome, u32) {
    let mut removal = Removal13::new(&Vocabulary::of(Manner::Full));
    let mut questions = 0;
    while let Some(offer) = removal.question() {
        questions += 1;
        // It signs with nothing that is asked for.
        removal.answer(server(&offer), Some(SealedFlight::default()));
    }
    (removal.into(), questions)
}

fn sorted<T: Clone + Ord>(all: &[T]) -> Vec<T> {
    let mut all = all.to_vec();
    all.sort();
    all
}

fn values(schemes: &[SignatureScheme]) -> Vec<u16> {
    sorted(&schemes.iter().map(|one| one.value()).collect::<Vec<_>>())
}

#[test]
fn everything_is_found_in_few_questions_whatever_the_order() {
    for (own_order, own_asides) in [(true, true), (true, false), (false, true), (false, false)] {
        let model = Model { own_order, own_asides, ..Model::default() };
        let (outcome, questions) = play(|offer| model.answer(offer));
        let order = if own_order { Order::Server } else { Order::Client };
        assert_eq!(outcome.order, order, "{own_order} {own_asides}");
        if own_order {
            assert_eq!(outcome.suites, model.suites);
        }
        assert_eq!(sorted(&outcome.suites), sorted(&model.suites));
        assert_eq!(
            sorted(&outcome.groups.iter().map(|group| group.value()).collect::<Vec<_>>()),
            sorted(&model.groups.iter().map(|group| group.value()).collect::<Vec<_>>()),
        );
        assert_eq!(values(&outcome.signatures), values(&model.signatures));
        assert!(questions < 18, "{own_order} {own_asides}: {questions} questions");
        assert!(outcome.stopped.is_none());
    }
}

#[test]
fn chacha_for_those_who_want_it_is_seen() {
    let model = Model { grants_wishes: true, ..Model::default() };
    let (outcome, _) = play(|offer| model.answer(offer));
    assert_eq!((outcome.order, outcome.suites), (Order::ServerUnlessChacha, model.suites.clone()));
    let of_tls13 = Model { suites: [0x1302, 0x1303, 0x1301].map(Suite).to_vec(), ..model };
    let (outcome, _) = play13(|offer| of_tls13.answer(offer));
    assert_eq!(
        (outcome.order, sorted(&outcome.suites)),
        (Order::ServerUnlessChacha, sorted(&of_tls13.suites))
    );
}

#[test]
fn a_server_that_looks_at_128_suites_only_loses_none() {
    let suites = [0xc030, 0xc02f, 0x002f, 0xc0a1, 0x00a8, 0xc0a4].map(Suite).to_vec();
    for own_order in [true, false] {
        let model = Model { suites: suites.clone(), own_order, reads: 128, ..Model::default() };
        let (outcome, _) = play(|offer| model.answer(offer));
        assert_eq!(sorted(&outcome.suites), sorted(&suites), "{own_order}");
    }
}

#[test]
fn groups_and_suites_of_tls13_come_from_the_same_connections() {
    let suites = [0x1302, 0x1303, 0x1301].map(Suite).to_vec();
    let groups =
        vec![NamedGroup::X25519MlKem768, NamedGroup::X25519, NamedGroup::X448, NamedGroup::Secp256r1];
    for own_order in [true, false] {
        let model = Model {
            suites: suites.clone(),
            groups: groups.clone(),
            own_order,
            own_asides: own_order,
            ..Model::default()
        };
        let (outcome, questions) = play13(|offer| model.answer(offer));
        let order = if own_order { Order::Server } else { Order::Client };
        assert_eq!((outcome.order, outcome.group_order), (order, order));
        assert_eq!(sorted(&outcome.suites), sorted(&suites));
        assert_eq!(outcome.groups.len(), 4);
        if own_order {
            assert_eq!((&outcome.suites, &outcome.groups), (&suites, &groups));
        }
        assert!(questions <= 7, "{questions}");
    }
}

#[test]
fn two_servers_behind_one_address_are_mixed() {
    let one = Model::default();
    let other = Model { suites: [0x003c, 0xc013, 0xc027, 0x0035].map(Suite).to_vec(), ..Model::default() };
    let mut turn = 0;
    let (outcome, _) = play(|offer| {
        turn += 1;
        if turn % 2 == 0 { &one } else { &other }.answer(offer)
    });
    assert_eq!(outcome.order, Order::Mixed);
    assert!(outcome.suites.len() > 6, "{:?}", outcome.suites);
}

#[test]
fn what_is_said_once_is_kept_when_the_server_goes_silent() {
    let model = Model::default();
    let mut questions = 0;
    let (outcome, _) = play(|offer| {
        questions += 1;
        if questions <= 3 {
            model.answer(offer)
        } else {
            Reply::Unclear(Unclear::Silence("silence".to_owned()))
        }
    });
    assert!(outcome.stopped.is_some());
    assert!(!outcome.suites.is_empty() && outcome.suites.len() < model.suites.len());
}

#[test]
fn a_server_with_a_certificate_on_a_curve_shows_its_other_groups_with_rsa() {
    let suites = [0xc02c, 0xc030, 0xc02b, 0xc02f, 0x009d].map(Suite).to_vec();
    let mut signatures = Model::default().signatures;
    signatures.push(SignatureScheme::EcdsaSha256);
    let model = Model { suites: suites.clone(), signatures: signatures.clone(), ..Model::default() };
    let der = rcgen::generate_simple_self_signed(["example.test".to_owned()]).unwrap().cert.der().to_vec();
    let (outcome, _) = play(|offer| {
        let has_curve = offer.groups.contains(&NamedGroup::Secp256r1);
        let able = if has_curve {
            model.clone()
        } else {
            let rsa = suites.iter().filter(|suite| Signer::of_suite(**suite) != Some(Signer::Ecdsa));
            Model { suites: rsa.copied().collect(), ..model.clone() }
        };
        let mut reply = able.answer(offer);
        if let Reply::Chose(flight) = &mut reply
            && flight.hello.as_ref().and_then(|hello| Signer::of_suite(hello.suite)) == Some(Signer::Ecdsa)
        {
            flight.chain = vec![der.clone()];
        }
        reply
    });
    assert_eq!((outcome.order, outcome.suites), (Order::Server, suites));
    assert_eq!(outcome.groups.len(), 3, "{:?}", outcome.groups);
    assert_eq!(values(&outcome.signatures), values(&signatures));
}

#[test]
fn groups_of_an_old_version_are_asked_for_where_no_newer_one_has_them() {
    let model = Model { suites: [0xc014, 0xc018, 0x0035].map(Suite).to_vec(), ..Model::default() };
    let mut removal = Removal::new(Version::Tls10, &Vocabulary::of(Manner::Full));
    for is_thorough in [false, true] {
        if is_thorough {
            assert!(removal.could_show_groups());
            removal.be_thorough();
        }
        while let Some(offer) = removal.question() {
            removal.answer(model.answer(&offer));
        }
    }
    let outcome = Outcome::from(removal);
    assert_eq!((outcome.suites, outcome.groups), (model.suites, model.groups));
}

#[test]
fn a_version_that_is_refused_costs_one_question() {
    let (outcome, questions) = play(|_| {
        Reply::Refused(Refusal {
            how: "the alert protocol_version".to_owned(),
            alert: Some(AlertDescription::ProtocolVersion),
            evidence: None,
            instead: None,
        })
    });
    assert_eq!((questions, outcome.suites.len()), (1, 0));
    assert!(outcome.refusal.is_some());
}
