//! Encrypted Client Hello (RFC 9849): whether DNS has keys for it, and what the server does with a hello that is encrypted with them, or
//! with one that only looks so.

use std::future::Future;
use std::pin::Pin;

use portreeve_model::tls::{Evidence, Feature, FeatureGroup, Support};
use portreeve_wire::tls::Version;
use portreeve_wire::tls::ech::{ECH_VERSION, EchConfig, ech_configs, kem_name};
use rustls::client::EchStatus;

use super::offers::{Offered, with_keys};
use crate::audit::Scene;

/// Looks at DNS, then at the server: with the keys of the record, else with made-up ones, and then with those that the server gives.
pub(super) fn look(scene: &Scene) -> Pin<Box<dyn Future<Output = Vec<Feature>> + Send + '_>> {
    Box::pin(async move {
        let record = Record::look_up(scene).await;
        let server = match record.keys() {
            Some(keys) => Some((Source::Dns, with_keys(scene, keys).await)),
            None => match scene.offers.greased(scene).await {
                Some(Offered { retry_keys: Some(keys), .. }) => {
                    Some((Source::Server, with_keys(scene, keys).await))
                }
                Some(greased) => Some((Source::MadeUp, greased.clone())),
                None => None,
            },
        };
        let doubt = scene.known.doubt(|version| version == Version::Tls13);
        vec![record.told(), told(server.as_ref(), doubt)]
    })
}

/// Whose keys a hello was encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Dns,
    Server,
    MadeUp,
}

/// What DNS says.
enum Record {
    /// Nobody was asked, and why.
    NotAsked(&'static str),
    /// No answer, and why.
    Failed(String),
    /// There are no HTTPS records.
    None,
    /// There are some, without keys.
    WithoutKeys,
    /// There are keys, as they came.
    Keys(Vec<u8>),
}

impl Record {
    async fn look_up(scene: &Scene) -> Self {
        let Some(resolver) = &scene.options.resolver else {
            return Self::NotAsked("name servers are not asked");
        };
        let Some(name) = scene.greeting.name() else {
            return Self::NotAsked("an address has no HTTPS records");
        };
        match resolver.https(name, scene.address().port()).await {
            Err(why) => Self::Failed(why.to_string()),
            Ok(answer) if answer.records.is_empty() => Self::None,
            Ok(answer) => match answer.records.into_iter().find_map(|record| record.ech) {
                Some(keys) => Self::Keys(keys),
                None => Self::WithoutKeys,
            },
        }
    }

    fn keys(&self) -> Option<&[u8]> {
        if let Self::Keys(keys) = self { Some(keys) } else { None }
    }

    fn told(&self) -> Feature {
        let (support, statement) = match self {
            Self::NotAsked(why) => (Support::NotApplicable, format!("Not asked: {why}.")),
            Self::Failed(why) => (Support::Inconclusive, format!("The HTTPS record is not known: {why}.")),
            Self::None => (Support::No, "The name has no HTTPS record.".to_owned()),
            Self::WithoutKeys => (Support::No, "The HTTPS record has no keys for it.".to_owned()),
            Self::Keys(keys) => in_words(keys),
        };
        let evidence = self.keys().map(|keys| Evidence::server("ech parameter of the HTTPS record", keys));
        Feature {
            id: "ech-keys".to_owned(),
            title: "Keys for Encrypted Client Hello in DNS (RFC 9848)".to_owned(),
            group: FeatureGroup::Handshake,
            support,
            statement,
            values: self.keys().map(values).unwrap_or_default(),
            evidence: evidence.into_iter().collect(),
        }
    }
}

/// What a list of keys is good for.
fn in_words(keys: &[u8]) -> (Support, String) {
    let (all, whole) = ech_configs(keys);
    let usable = all.iter().filter(|one| one.contents.is_some()).count();
    let statement = match (usable, whole) {
        (0, true) => {
            format!("The HTTPS record has keys of no version that is standard ({ECH_VERSION:#06x}).")
        }
        (0, false) => format!("The HTTPS record has {} bytes of keys that can not be read.", keys.len()),
        (1, _) => "The HTTPS record has one set of keys.".to_owned(),
        (count, _) => format!("The HTTPS record has {count} sets of keys."),
    };
    (if usable > 0 { Support::Yes } else { Support::No }, statement)
}

/// Each set of keys in a line.
fn values(keys: &[u8]) -> Vec<String> {
    let line = |one: &EchConfig| {
        let Some(contents) = &one.contents else { return format!("version {:#06x}", one.version) };
        let kem = kem_name(contents.kem).map_or_else(|| format!("KEM {:#06x}", contents.kem), str::to_owned);
        let name = String::from_utf8_lossy(&contents.public_name).into_owned();
        format!("{name} in the clear, {kem}, key {}", contents.id)
    };
    ech_configs(keys).0.iter().map(line).collect()
}

/// What the server does.
fn told(server: Option<&(Source, Offered)>, doubt: Option<String>) -> Feature {
    let mut feature = Feature {
        id: "ech".to_owned(),
        title: "Encrypted Client Hello (RFC 9849)".to_owned(),
        group: FeatureGroup::Handshake,
        support: Support::NotApplicable,
        statement: "It needs TLS 1.3, which the server does not speak.".to_owned(),
        values: Vec::new(),
        evidence: Vec::new(),
    };
    let Some((source, offered)) = server else {
        if let Some(why) = doubt {
            feature.support = Support::Inconclusive;
            feature.statement = format!("It is not known, since {why}.");
        }
        return feature;
    };
    let accepted = offered.ech == EchStatus::Accepted;
    let failed = offered.ending.as_ref().err().map(ToString::to_string);
    (feature.support, feature.statement) = match (source, accepted, failed) {
        (Source::Dns, true, _) => {
            (Support::Yes, "The server opens a hello that is encrypted with the keys of its HTTPS record.".to_owned())
        }
        (Source::Server, true, _) => (
            Support::Yes,
            "The server offers keys to a client that has the wrong ones, and opens a hello encrypted with them.".to_owned(),
        ),
        (Source::Dns, false, _) if offered.retry_keys.is_some() => (
            Support::No,
            "The server does not open a hello encrypted with the keys of its HTTPS record, and offers others: browsers need a second try."
                .to_owned(),
        ),
        (Source::Dns, false, Some(why)) if offered.is_refused() => (
            Support::No,
            format!("The server does not open a hello that is encrypted with the keys of its HTTPS record: {why}."),
        ),
        (Source::Dns, false, Some(why)) => (
            Support::Inconclusive,
            format!("A hello that is encrypted with the keys of the HTTPS record got no answer: {why}."),
        ),
        (Source::Server, false, why) => (
            Support::Inconclusive,
            format!(
                "The server offers keys, and a hello encrypted with them was not opened: {}.",
                why.as_deref().unwrap_or("no reason is known")
            ),
        ),
        (Source::MadeUp, _, Some(why)) => {
            (Support::Inconclusive, format!("A hello with a made-up one got no answer: {why}."))
        }
        (Source::MadeUp | Source::Dns, _, None) => {
            (Support::No, "The server passes over a hello that looks encrypted.".to_owned())
        }
    };
    if let Some(keys) = &offered.retry_keys {
        feature.evidence.push(Evidence::server("keys to try again with, in EncryptedExtensions", keys));
        feature.values = values(keys);
    } else if !offered.first.is_empty() {
        feature.evidence.push(Evidence::server("the answer to the hello", &offered.first));
    }
    feature
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, Error};

    use super::*;
    use crate::explain::Trouble;

    fn offered(ech: EchStatus, retry: bool, ending: Result<(), Trouble>) -> Offered {
        let retry_keys = retry.then(|| vec![0, 4, 0xfe, 0x0a, 0, 0]);
        Offered { ending, alpn: None, retry_keys, ech, first: vec![22, 3, 3, 0, 0] }
    }

    #[test]
    fn what_the_server_does_is_told() {
        use EchStatus::{Accepted, Grease, Offered, Rejected};
        let support =
            |source, ech, retry, ending| told(Some(&(source, offered(ech, retry, ending))), None).support;
        let alert = || Err(Trouble::Library(Error::AlertReceived(AlertDescription::ProtocolVersion)));
        let late = || Err(Trouble::Other("no answer came in time".to_owned()));
        assert_eq!(support(Source::Dns, Accepted, false, Ok(())), Support::Yes);
        assert_eq!(support(Source::Server, Accepted, false, Ok(())), Support::Yes);
        assert_eq!(support(Source::Dns, Rejected, true, alert()), Support::No);
        assert_eq!(support(Source::Dns, Rejected, false, late()), Support::No);
        assert_eq!(support(Source::Dns, Offered, false, alert()), Support::No);
        assert_eq!(support(Source::Dns, Offered, false, late()), Support::Inconclusive);
        assert_eq!(support(Source::Server, Rejected, true, late()), Support::Inconclusive);
        assert_eq!(support(Source::MadeUp, Grease, false, Ok(())), Support::No);
        assert_eq!(support(Source::MadeUp, Grease, false, late()), Support::Inconclusive);
        assert_eq!(told(None, None).support, Support::NotApplicable);
        let doubt = Some("whether TLS 1.3 is spoken is not known (why)".to_owned());
        assert_eq!(told(None, doubt).support, Support::Inconclusive);
        assert_eq!(
            told(Some(&(Source::Dns, offered(Rejected, true, late()))), None).values,
            ["version 0xfe0a"]
        );
    }

    #[test]
    fn keys_that_nobody_can_read_are_no_keys() {
        assert_eq!(Record::Keys(vec![0, 9, 1]).told().support, Support::No);
        assert_eq!(Record::WithoutKeys.told().support, Support::No);
        assert_eq!(Record::Failed("x".to_owned()).told().support, Support::Inconclusive);
    }
}
