//! What a server does around its certificates: stapled statuses, signed timestamps in the handshake, several certificates, clients that
//! name no server.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use portreeve_model::tls::{Evidence, Feature, FeatureGroup, Support};
use portreeve_wire::pki;

use crate::audit::Scene;
use crate::certificates::{Nameless, Sent, nameless, sent_for_name};

/// Looks at them: in the flights that were seen, and over one connection without a name.
pub(super) fn look(scene: &Scene) -> Pin<Box<dyn Future<Output = Vec<Feature>> + Send + '_>> {
    Box::pin(async move {
        let sent = sent_for_name(scene);
        let nameless = nameless(scene).await;
        vec![stapling(&sent), timestamps(&sent), several(&sent), without_name(&nameless, &sent)]
    })
}

/// Stapled OCSP responses (RFC 6066, 8).
fn stapling(sent: &[Sent]) -> Feature {
    let id = ("ocsp-stapling", "OCSP stapling");
    let Some(first) = sent.first() else { return unseen(id) };
    let urls = |one: &Sent| one.chain.first().map(|leaf| leaf.status_urls.clone()).unwrap_or_default();
    if let Some((one, staple)) = sent.iter().find_map(|one| Some((one, one.staple.as_ref()?))) {
        let missing = sent.iter().filter(|other| other.staple.is_none() && !urls(other).is_empty()).count();
        let statement = match missing {
            0 => format!("An OCSP response of {} bytes came with the certificate.", staple.len()),
            _ => format!(
                "An OCSP response of {} bytes came with the certificate of {}, and none with {missing} others.",
                staple.len(),
                key_of(one)
            ),
        };
        let evidence = vec![Evidence::server("the stapled OCSP response", staple)];
        return Feature { evidence, ..feature(id, Support::Yes, statement) };
    }
    let must = first.chain.first().is_some_and(|leaf| leaf.must_staple);
    match urls(first).first() {
        None if !must => feature(
            id,
            Support::NotApplicable,
            "The certificate names no OCSP responder, so that there is nothing to staple.".to_owned(),
        ),
        None => feature(
            id,
            Support::No,
            "The certificate demands a stapled status and names no OCSP responder; none was sent.".to_owned(),
        ),
        Some(url) => feature(
            id,
            Support::No,
            format!(
                "No OCSP response came, though one was asked for and the certificate names the responder {url}."
            ),
        ),
    }
}

/// Signed certificate timestamps as an extension of the handshake (RFC 6962, 3.3.1).
fn timestamps(sent: &[Sent]) -> Feature {
    let id = ("certificate-timestamps", "Signed certificate timestamps in the handshake");
    if sent.is_empty() {
        return unseen(id);
    }
    if let Some(list) = sent.iter().find_map(|one| one.timestamps.as_ref()) {
        let (read, whole) = pki::timestamps(list);
        let rest = if whole { "" } else { ", and something that can not be read" };
        let evidence = vec![Evidence::server("the extension signed_certificate_timestamp", list)];
        let statement = format!("The handshake carries timestamps of {} logs{rest}.", read.len());
        return Feature { evidence, ..feature(id, Support::Yes, statement) };
    }
    if sent.iter().any(|one| one.shows_timestamps) {
        return feature(
            id,
            Support::No,
            "None came, though they were asked for; most certificates carry their own.".to_owned(),
        );
    }
    feature(
        id,
        Support::Inconclusive,
        "The certificates were seen by a client only that does not ask for them.".to_owned(),
    )
}

/// Certificates with keys of several sorts for one name.
fn several(sent: &[Sent]) -> Feature {
    let id = ("several-certificates", "Several certificates for one name");
    if sent.is_empty() {
        return unseen(id);
    }
    let leaves: BTreeSet<(String, String)> = sent
        .iter()
        .filter_map(|one| one.chain.first())
        .map(|leaf| (format!("{} {}", leaf.key, leaf.key_bits), leaf.fingerprint.clone()))
        .collect();
    let values: Vec<String> = leaves.iter().map(|(key, _)| key.clone()).collect();
    match leaves.len() {
        1 => feature(
            id,
            Support::No,
            format!("Every client that was tried got the same certificate, {}.", values.join("")),
        ),
        count => Feature {
            statement: format!(
                "There are {count} certificates, chosen by what the client knows: {}.",
                values.join(", ")
            ),
            values,
            ..feature(id, Support::Yes, String::new())
        },
    }
}

/// Clients that send no name (SNI).
fn without_name(nameless: &Nameless, sent: &[Sent]) -> Feature {
    let id = ("without-server-name", "Clients that name no server (no SNI)");
    match nameless {
        Nameless::Same(_) => {
            feature(id, Support::Yes, "A client that names no server gets the same certificate.".to_owned())
        }
        Nameless::Other(other) => {
            let names = other.chain.first().map(crate::Certificate::names_in_short).unwrap_or_default();
            let relation = if sent.is_empty() { "a certificate" } else { "another certificate" };
            feature(id, Support::Yes, format!("A client that names no server gets {relation}, for {names}."))
        }
        Nameless::Refused(how) => {
            feature(id, Support::No, format!("A client that names no server is refused with {how}."))
        }
        Nameless::Unknown(why) => feature(
            id,
            Support::Inconclusive,
            format!("What a client gets that names no server is not known: {why}."),
        ),
        Nameless::Nobody => feature(
            id,
            Support::NotApplicable,
            "Nobody gets a certificate, with a name or without: every suite that the server takes is anonymous."
                .to_owned(),
        ),
        Nameless::NotApplicable => feature(
            id,
            Support::NotApplicable,
            "The target has no name, so that no client can send one.".to_owned(),
        ),
    }
}

fn key_of(sent: &Sent) -> String {
    sent.chain.first().map_or_else(String::new, |leaf| format!("the {} key", leaf.key))
}

fn unseen(id: (&str, &str)) -> Feature {
    feature(id, Support::Inconclusive, "No certificate was seen: no handshake came so far.".to_owned())
}

fn feature((id, title): (&str, &str), support: Support, statement: String) -> Feature {
    Feature {
        id: id.to_owned(),
        title: title.to_owned(),
        group: FeatureGroup::Handshake,
        support,
        statement,
        values: Vec::new(),
        evidence: Vec::new(),
    }
}
