//! `TLS_FALLBACK_SCSV` (RFC 7507): whether a server notices that a client was talked into an older version.

use std::future::Future;
use std::pin::Pin;

use portreeve_model::tls::{Evidence, Feature, FeatureGroup, Support};
use portreeve_wire::tls::{AlertDescription, Suite, Version};

use super::sessions::sentence;
use crate::audit::{Known, Scene};
use crate::exchange::Transcript;
use crate::session::how_it_ended;

/// Looks at it: one connection, in the second newest version, that says that it came down from the newest.
pub(crate) fn look(scene: &Scene) -> Pin<Box<dyn Future<Output = Vec<Feature>> + Send + '_>> {
    Box::pin(async move {
        let spoken: Vec<_> = scene.known.spoken().collect();
        let [.., older, newest] = spoken.as_slice() else {
            return vec![nothing_to_fall_back_to(&scene.known)];
        };
        let suites = [older.suites.as_slice(), &[Suite::FALLBACK]].concat();
        let heard = scene.ask(&scene.greeting.hello(older.version, &suites)).await;
        vec![judge(&heard, older.version, newest.version)]
    })
}

/// Of a server of which fewer than two versions are known.
fn nothing_to_fall_back_to(known: &Known) -> Feature {
    match (known.doubt(|_| true), known.spoken().next()) {
        (Some(why), _) => feature(
            Support::Inconclusive,
            format!("Whether there is a version to fall back to is not known, since {why}."),
        ),
        (None, Some(only)) => feature(
            Support::NotApplicable,
            format!("The server speaks {} only, so that there is nothing to fall back to.", only.version),
        ),
        (None, None) => {
            feature(Support::NotApplicable, "The server speaks no version that is known here.".to_owned())
        }
    }
}

/// Of the answer to a hello in `older` that has the signal, of a server that speaks `newest`.
fn judge(heard: &Transcript, older: Version, newest: Version) -> Feature {
    let flight = heard.flight();
    let came = format!("A client that came down from {newest} to {older} and said so");
    if let Some(alert) = flight.refusal() {
        let evidence = vec![Evidence::server(format!("the alert {}", alert.description), &heard.received())];
        let told = if alert.description == AlertDescription::InappropriateFallback {
            feature(Support::Yes, format!("{came} was refused with the alert inappropriate_fallback."))
        } else {
            let other = alert.description;
            feature(
                Support::Inconclusive,
                format!("{came} was refused with the alert {other} instead of inappropriate_fallback."),
            )
        };
        return Feature { evidence, ..told };
    }
    match flight.hello {
        Some(hello) if hello.version == older => Feature {
            evidence: vec![Evidence::server(format!("ServerHello in {older}"), &heard.received())],
            ..feature(Support::No, format!("{came} was given {}.", hello.suite))
        },
        Some(hello) => feature(Support::Inconclusive, format!("{came} was given {}.", hello.version)),
        None => {
            let end = heard.end().map_or_else(String::new, how_it_ended);
            feature(Support::Inconclusive, sentence(&format!("{came} had no answer: {end}")))
        }
    }
}

fn feature(support: Support, statement: String) -> Feature {
    Feature {
        id: "fallback-scsv".to_owned(),
        title: "Protection against downgrades (TLS_FALLBACK_SCSV, RFC 7507)".to_owned(),
        group: FeatureGroup::Handshake,
        support,
        statement,
        values: Vec::new(),
        evidence: Vec::new(),
    }
}
