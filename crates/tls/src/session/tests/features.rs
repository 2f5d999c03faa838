//! Features and checks against a peer of our own over loopback: what each says, and what it costs.

use std::sync::atomic::Ordering;

use portreeve_model::tls::{Feature, Support, Verdict};
use portreeve_wire::tls::{Suite, Version};

use super::peer::{Peer, Records, Renegotiation, Tickets};
use super::stage::scene;
use crate::checks::{CHECKS, Judgement};
use crate::features;

const CBC: Suite = Suite(0xc013);
const GCM: Suite = Suite(0xc02f);
const MINE: [&str; 3] = ["ticketbleed", "poodle-tls", "insecure-renegotiation"];

/// What is said of a peer.
struct Said {
    features: Vec<Feature>,
    judgements: Vec<(&'static str, Judgement)>,
    connections: usize,
}

fn audit(peer: Peer) -> Said {
    let (address, connections) = peer.serve();
    let scene = scene(address, &[(Version::Tls12, &[peer.suite])]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (features, judgements) = runtime.block_on(async {
        let features = futures_util::future::join_all([
            features::handshake::look(&scene),
            features::renegotiation::look(&scene),
            features::sessions::look(&scene),
            features::fallback::look(&scene),
        ]);
        let looked = features.await.into_iter().flatten().collect();
        let mine = CHECKS.iter().filter(|check| MINE.contains(&check.id));
        let judgements =
            futures_util::future::join_all(mine.map(async |check| (check.id, (check.look)(&scene).await)));
        (looked, judgements.await)
    });
    Said { features, judgements, connections: connections.load(Ordering::Relaxed) }
}

impl Said {
    fn support(&self, id: &str) -> Support {
        self.features.iter().find(|one| one.id == id).unwrap().support
    }

    fn verdict(&self, id: &str) -> Verdict {
        self.judgement(id).verdict
    }

    fn judgement(&self, id: &str) -> &Judgement {
        &self.judgements.iter().find(|one| one.0 == id).unwrap().1
    }
}

#[test]
fn a_healthy_server_costs_three_connections() {
    let said = audit(Peer::default());
    for (id, support) in [
        ("extended-master-secret", Support::Yes),
        ("encrypt-then-mac", Support::NotApplicable),
        ("secure-renegotiation", Support::Yes),
        ("client-renegotiation", Support::No),
        ("session-ids", Support::Yes),
        ("session-tickets", Support::Yes),
        ("tls13-resumption", Support::NotApplicable),
        ("early-data", Support::NotApplicable),
        ("fallback-scsv", Support::NotApplicable),
    ] {
        assert_eq!(said.support(id), support, "{id}: {:?}", said.features);
    }
    for id in MINE {
        assert_eq!(said.verdict(id), Verdict::NotVulnerable, "{id}: {:?}", said.judgements);
    }
    assert_eq!(said.connections, 3);
    let said = audit(Peer { suite: CBC, ..Peer::default() });
    assert_eq!(said.verdict("poodle-tls"), Verdict::NotVulnerable);
    // One more to ask for encrypt-then-MAC, which the removal loop of an audit has asked already.
    assert_eq!((said.support("encrypt-then-mac"), said.connections), (Support::No, 4));
}

#[test]
fn tickets_that_bleed_are_seen() {
    let said = audit(Peer { tickets: Tickets::Bleeding, ..Peer::default() });
    let bled = said.judgement("ticketbleed");
    assert_eq!(bled.verdict, Verdict::Confirmed);
    assert!(bled.statement.contains("16 bytes of its memory"), "{}", bled.statement);
    assert!(bled.evidence.iter().any(|one| one.bytes.ends_with("bbbbbbbb")), "{:?}", bled.evidence);
    let said = audit(Peer { tickets: Tickets::Ignored, ..Peer::default() });
    assert_eq!(said.verdict("ticketbleed"), Verdict::Inconclusive);
    assert_eq!(said.support("session-tickets"), Support::No);
    let said = audit(Peer { tickets: Tickets::None, ids: false, ..Peer::default() });
    assert_eq!(said.verdict("ticketbleed"), Verdict::NotVulnerable);
    assert_eq!((said.support("session-tickets"), said.support("session-ids")), (Support::No, Support::No));
}

#[test]
fn renegotiation_that_nothing_binds_is_seen() {
    let with = |marked, renegotiation| audit(Peer { marked, renegotiation, ..Peer::default() });
    let said = with(false, Renegotiation::Accepted);
    assert_eq!(said.verdict("insecure-renegotiation"), Verdict::Confirmed);
    assert_eq!(said.support("secure-renegotiation"), Support::No);
    assert_eq!(said.support("client-renegotiation"), Support::Yes);
    assert_eq!(with(false, Renegotiation::HelloOnly).verdict("insecure-renegotiation"), Verdict::Confirmed);
    assert_eq!(with(true, Renegotiation::Accepted).verdict("insecure-renegotiation"), Verdict::Confirmed);
    let said = with(true, Renegotiation::Proven);
    assert_eq!(said.verdict("insecure-renegotiation"), Verdict::NotVulnerable);
    assert_eq!(said.support("client-renegotiation"), Support::Yes);
    assert_eq!(with(false, Renegotiation::Ended).verdict("insecure-renegotiation"), Verdict::NotVulnerable);
    let said = with(false, Renegotiation::PassedOver);
    assert_eq!(said.verdict("insecure-renegotiation"), Verdict::Inconclusive);
    assert_eq!(said.support("client-renegotiation"), Support::Inconclusive);
}

#[test]
fn padding_that_nobody_looks_at_is_seen() {
    let with = |records| audit(Peer { suite: CBC, records, ..Peer::default() });
    for (records, verdict) in [
        (Records::AnyPadding, Verdict::Confirmed),
        (Records::AnyMac, Verdict::Confirmed),
        (Records::Told, Verdict::Potential),
        (Records::Silent, Verdict::Inconclusive),
    ] {
        let said = with(records);
        assert_eq!(said.verdict("poodle-tls"), verdict, "{records:?}: {:?}", said.judgements);
    }
    assert_eq!(audit(Peer { suite: GCM, ..Peer::default() }).verdict("poodle-tls"), Verdict::NotVulnerable);
}
