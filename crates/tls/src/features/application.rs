//! Application protocols: which are chosen by ALPN (RFC 7301), what becomes of a client that offers an unknown one only, and whether port
//! 80 sends visitors to HTTPS.

use std::future::Future;
use std::pin::Pin;

use portreeve_model::tls::{Evidence, Feature, FeatureGroup, Http, Support};
use portreeve_wire::tls::tls13::EncryptedExtensions;
use portreeve_wire::tls::{AlertDescription, Extension, ExtensionType, Version};
use rustls::{Error, PeerMisbehaved};

use super::offers::encrypted_extensions;
use crate::audit::{Known, Scene};
use crate::client;
use crate::exchange::{Flight, Transcript};
use crate::explain::{Recording, Trouble, Wish, record};
use crate::http::{Plain, REDIRECT, Reply};
use crate::session::how_it_ended;

/// Means nothing, for ever (RFC 8701, 2).
const UNKNOWN: [u8; 2] = [0x0a, 0x0a];

/// What became of an offer of unknown protocols alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// The server ended the handshake, with this alert.
    Refused(String, Vec<Evidence>),
    /// It went on as if nothing had been offered, or with the protocol that is named here.
    Ignored(Option<String>, Vec<Evidence>),
    /// It is not known, and why.
    NotKnown(String),
}

/// All three.
pub(super) fn look(scene: &Scene) -> Pin<Box<dyn Future<Output = Vec<Feature>> + Send + '_>> {
    Box::pin(async move {
        let chosen = chosen(scene).await;
        let unknown = scene.offers.unknown_protocol(scene).await;
        vec![
            protocols(&scene.known, chosen),
            strictness(unknown),
            redirect(scene.port80.of(scene).await, scene.name()),
        ]
    })
}

/// The protocols that were chosen, best first. Flights up to TLS 1.2 were offered them; where there are none, the shared handshake of
/// TLS 1.3 was.
async fn chosen(scene: &Scene) -> Vec<String> {
    let known = &scene.known;
    let mut all = known.protocols.clone();
    if !known.flights().any(|flight| flight.version().is_some_and(|version| version != Version::Tls13)) {
        let offered = scene.offers.greased(scene).await.and_then(|offered| offered.alpn.as_deref());
        all.extend(offered.map(|name| String::from_utf8_lossy(name).into_owned()));
    }
    all.extend(known.modern.as_ref().and_then(|met| met.established.alpn.clone()));
    let mut once: Vec<String> = Vec::new();
    for name in all {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}

fn protocols(known: &Known, chosen: Vec<String>) -> Feature {
    let refused = known.modern.as_ref().and_then(client::Meeting::refusal);
    // TLS 1.3 tells its choice encrypted only.
    let answered = known.flights().any(|flight| flight.version().is_some_and(|one| one != Version::Tls13))
        || known.modern.as_ref().is_some_and(client::Meeting::is_done);
    let (support, statement) = match chosen.as_slice() {
        [] if refused == Some(AlertDescription::NoApplicationProtocol) => (
            Support::Yes,
            "The server wants another protocol than h2 and http/1.1, and does not say which.".to_owned(),
        ),
        [] if answered => {
            (Support::No, "The server chooses none where h2 and http/1.1 are offered.".to_owned())
        }
        [] => {
            let why = known.no_modern().map(|why| format!(": {why}")).unwrap_or_default();
            (Support::Inconclusive, format!("No handshake came so far that one would be chosen{why}."))
        }
        [one] => (Support::Yes, format!("The server chooses {one}.")),
        [best, rest @ ..] => {
            (Support::Yes, format!("The server chooses {best}, and without it {}.", rest.join(", ")))
        }
    };
    Feature {
        id: "alpn".to_owned(),
        title: "Application protocols (ALPN, RFC 7301)".to_owned(),
        group: FeatureGroup::Application,
        support,
        statement,
        values: chosen,
        evidence: evidence_of_choice(known).into_iter().collect(),
    }
}

/// The extension of a hello that was answered unencrypted.
fn evidence_of_choice(known: &Known) -> Option<Evidence> {
    let hello = known
        .flights()
        .filter_map(|flight| flight.hello.as_ref())
        .find(|hello| hello.has(ExtensionType::Alpn))?;
    let extension = hello.extension(ExtensionType::Alpn)?;
    Some(Evidence::server("ALPN in the ServerHello", &extension.encode()))
}

/// Offers a protocol that does not exist. A server that chose none of the common ones takes no notice of the extension: it is not asked.
pub(super) async fn offer_unknown(scene: &Scene) -> Unknown {
    let chosen = chosen(scene).await;
    let known = &scene.known;
    let modern = known.modern.as_ref();
    let refused = modern.and_then(client::Meeting::refusal);
    if refused == Some(AlertDescription::NoApplicationProtocol) {
        return Unknown::Refused(AlertDescription::NoApplicationProtocol.to_string(), Vec::new());
    }
    if chosen.is_empty() && modern.is_some_and(client::Meeting::is_done) {
        return Unknown::Ignored(None, Vec::new());
    }
    let old =
        known.spoken().filter(|one| one.version != Version::Tls13 && one.version != Version::Ssl3).last();
    if let Some(old) = old {
        let mut hello = scene.greeting.hello(old.version, &old.suites);
        hello.set(Extension::alpn(&[&UNKNOWN]));
        let heard = scene.ask(&hello).await;
        return judge_unknown(&heard);
    }
    if !known.speaks(Version::Tls13) {
        let doubt = known.doubt(|version| version != Version::Ssl3);
        return Unknown::NotKnown(doubt.unwrap_or_else(|| "no version is spoken that has ALPN".to_owned()));
    }
    let _place = match scene.line.connection().await {
        Ok(place) => place,
        Err(why) => return Unknown::NotKnown(why),
    };
    let (address, patience) = (scene.address(), scene.line.patience().answer);
    let name = scene.greeting.server_name.clone();
    let wish = Wish { alpn: vec![UNKNOWN.to_vec()], version: Some(Version::Tls13), ..Wish::default() };
    let made = tokio::task::spawn_blocking(move || record(address, name.as_deref(), &wish, patience)).await;
    let doubt = known.no_modern();
    made.map_or_else(
        |error| Unknown::NotKnown(error.to_string()),
        |recording| judge_recording(&recording, doubt),
    )
}

/// Of a handshake of TLS 1.3, whose answer is encrypted. Other alerts than the one for this are about the protocol only where the same client
/// got a handshake with a known one: `doubt` is why it did not.
fn judge_recording(recording: &Recording, doubt: Option<String>) -> Unknown {
    match &recording.ending {
        Ok(()) => Unknown::Ignored(None, Vec::new()),
        Err(Trouble::Library(Error::AlertReceived(alert))) => {
            let alert = AlertDescription::from(u8::from(*alert));
            match doubt.filter(|_| alert != AlertDescription::NoApplicationProtocol) {
                Some(doubt) => Unknown::NotKnown(doubt),
                None => Unknown::Refused(alert.to_string(), Vec::new()),
            }
        }
        Err(Trouble::Library(Error::PeerMisbehaved(
            PeerMisbehaved::SelectedUnofferedApplicationProtocol,
        ))) => {
            let answer = encrypted_extensions(recording);
            let chosen = answer.as_ref().and_then(EncryptedExtensions::application_protocol);
            Unknown::Ignored(chosen.map(|name| String::from_utf8_lossy(name).into_owned()), Vec::new())
        }
        Err(why) => Unknown::NotKnown(why.to_string()),
    }
}

/// Of the answer to a hello that offers an unknown protocol alone.
fn judge_unknown(heard: &Transcript) -> Unknown {
    let flight: Flight = heard.flight();
    let evidence =
        || vec![Evidence::server("the answer to an offer of unknown protocols", &heard.received())];
    match (&flight.hello, flight.refusal()) {
        (Some(hello), _) => {
            // Apache goes on with http/1.1 whatever was offered.
            let instead =
                hello.application_protocol().map(|name| String::from_utf8_lossy(&name).into_owned());
            Unknown::Ignored(instead, evidence())
        }
        (None, Some(alert)) => Unknown::Refused(alert.description.to_string(), evidence()),
        (None, None) => {
            let end = || heard.end().map_or_else(String::new, how_it_ended);
            Unknown::NotKnown(heard.unreadable().unwrap_or_else(end))
        }
    }
}

fn strictness(unknown: &Unknown) -> Feature {
    let (support, statement, evidence) = match unknown {
        Unknown::Refused(alert, evidence) => {
            let statement =
                format!("A client that offers an unknown protocol alone is refused with {alert}.");
            (Support::Yes, statement, evidence.clone())
        }
        Unknown::Ignored(None, evidence) => {
            let statement =
                "A client that offers an unknown protocol alone is served as if it had offered none.";
            (Support::No, statement.to_owned(), evidence.clone())
        }
        Unknown::Ignored(Some(instead), evidence) => {
            let statement = format!(
                "A client that offers an unknown protocol alone is given {instead}, which it did not offer."
            );
            (Support::No, statement, evidence.clone())
        }
        Unknown::NotKnown(why) => {
            let statement = format!(
                "What becomes of a client that offers an unknown protocol alone is not known: {why}."
            );
            (Support::Inconclusive, statement, Vec::new())
        }
    };
    Feature {
        id: "alpn-strict".to_owned(),
        title: "Unknown application protocols are refused (RFC 7301, 3.2)".to_owned(),
        group: FeatureGroup::Application,
        support,
        statement,
        values: Vec::new(),
        evidence,
    }
}

/// Of what port 80 answers; none where it is not asked.
fn redirect(plain: Option<&Plain>, host: &str) -> Feature {
    let (support, statement) = match plain.map(|plain| &plain.reply) {
        None => (
            Support::NotApplicable,
            "Port 80 is asked only beside port 443, and where HTTP is spoken.".to_owned(),
        ),
        Some(Reply::Http(http)) => sent_to(http, host),
        Some(Reply::Refused) => {
            (Support::NotApplicable, "Port 80 is closed: nobody is served without encryption.".to_owned())
        }
        Some(Reply::NotHttp(why)) => (Support::NotApplicable, format!("Port 80 does not speak HTTP: {why}.")),
        Some(Reply::None(why)) => (Support::Inconclusive, format!("Port 80 did not answer: {why}.")),
    };
    let evidence = plain.filter(|plain| !plain.received.is_empty());
    Feature {
        id: REDIRECT.to_owned(),
        title: "Port 80 sends visitors to HTTPS".to_owned(),
        group: FeatureGroup::Application,
        support,
        statement,
        values: Vec::new(),
        evidence: evidence
            .map(|plain| Evidence::server("the answer of port 80", &plain.received))
            .into_iter()
            .collect(),
    }
}

fn sent_to(http: &Http, host: &str) -> (Support, String) {
    let status = http.status;
    match http.location.as_deref().filter(|_| (300..400).contains(&status)) {
        Some(to) if to.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) => {
            let target =
                to.get(8..).unwrap_or_default().split(['/', ':', '?', '#']).next().unwrap_or_default();
            let more = if target.eq_ignore_ascii_case(host) { "" } else { ", another host" };
            (Support::Yes, format!("Port 80 answers {status} and sends visitors to {to}{more}."))
        }
        Some(to) => {
            (Support::No, format!("Port 80 answers {status} and sends visitors to {to}, unencrypted."))
        }
        None if status == 101 => {
            (Support::Inconclusive, "Port 80 changed to another protocol instead of answering.".to_owned())
        }
        None if status >= 400 => (
            Support::NotApplicable,
            format!("Port 80 answers {status}: it serves no page without encryption."),
        ),
        None => (Support::No, format!("Port 80 answers {status} and sends nobody to HTTPS.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(status: u16, location: Option<&str>) -> Http {
        Http {
            version: "HTTP/1.1".to_owned(),
            status,
            strict_transport_security: None,
            alternative_services: None,
            location: location.map(str::to_owned),
            content_encoding: None,
            content_type: None,
            body_bytes: None,
            server: None,
            upgrade: None,
        }
    }

    fn plain(reply: Reply) -> Plain {
        Plain { port: 80, sent: Vec::new(), received: b"HTTP/1.1".to_vec(), reply }
    }

    #[test]
    fn a_redirect_counts_only_to_https() {
        let support = |reply| redirect(Some(&plain(reply)), "a.test").support;
        assert_eq!(support(Reply::Http(http(301, Some("HTTPS://a.test/")))), Support::Yes);
        assert_eq!(support(Reply::Http(http(301, Some("http://www.a.test/")))), Support::No);
        assert_eq!(support(Reply::Http(http(301, None))), Support::No);
        assert_eq!(support(Reply::Http(http(200, Some("https://a.test/")))), Support::No);
        assert_eq!(support(Reply::Http(http(404, None))), Support::NotApplicable);
        assert_eq!(support(Reply::Refused), Support::NotApplicable);
        assert_eq!(support(Reply::None("late".to_owned())), Support::Inconclusive);
        assert_eq!(redirect(None, "a.test").support, Support::NotApplicable);
        let elsewhere = redirect(Some(&plain(Reply::Http(http(302, Some("https://b.test/x"))))), "a.test");
        assert!(elsewhere.statement.ends_with("https://b.test/x, another host."), "{}", elsewhere.statement);
    }

    #[test]
    fn protocols_are_told_in_their_order() {
        let known = Known::default();
        assert_eq!(protocols(&known, Vec::new()).support, Support::Inconclusive);
        let both = protocols(&known, vec!["h2".to_owned(), "http/1.1".to_owned()]);
        assert_eq!(both.statement, "The server chooses h2, and without it http/1.1.");
        assert_eq!(both.support, Support::Yes);
    }
}
