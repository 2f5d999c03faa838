//! Extensions that mend the handshake of TLS up to 1.2: the extended master secret (RFC 7627), and the MAC of the encrypted text
//! (RFC 7366).

use std::future::Future;
use std::pin::Pin;

use portreeve_model::tls::{Evidence, Feature, FeatureGroup, Support};
use portreeve_wire::tls::{Extension, ExtensionType, ServerHello, Suite, Version};

use crate::audit::{Known, Scene};
use crate::checks::Presence;
use crate::session::{Absent, Talk, hello_of, speakable};

/// Looks at both: at flights and a session that are there already, and at one hello more where no CBC suite was chosen with the offer.
pub(crate) fn look(scene: &Scene) -> Pin<Box<dyn Future<Output = Vec<Feature>> + Send + '_>> {
    Box::pin(async move {
        let whole = scene.sessions.whole(scene).await;
        let asked = if chosen_with_cbc(&scene.known).next().is_some() { None } else { ask(scene).await };
        vec![extended_master_secret(&scene.known, whole), encrypt_then_mac(&scene.known, asked.as_ref())]
    })
}

fn extended_master_secret(known: &Known, whole: &Result<Talk, Absent>) -> Feature {
    let kind = ExtensionType::ExtendedMasterSecret;
    let feature = |support, statement: String| {
        feature("extended-master-secret", "Extended master secret (RFC 7627)", support, statement)
    };
    // The session is the best witness: its keys came out of it.
    if let Some(agreed) =
        whole.as_ref().ok().and_then(Talk::first).filter(|one| one.version() != Version::Ssl3)
    {
        let version = agreed.version();
        let evidence =
            agreed.answer.extension(kind).map(|one| Evidence::server(kind.to_string(), &one.encode()));
        let told = if agreed.extended_master_secret() {
            feature(Support::Yes, format!("A session in {version} was held with the extended master secret."))
        } else {
            feature(
                Support::No,
                format!("The server did not answer the offer of the extension in {version}."),
            )
        };
        return Feature { evidence: evidence.into_iter().collect(), ..told };
    }
    let hellos: Vec<&ServerHello> = old_hellos(known).collect();
    match hellos.iter().find_map(|hello| hello.extension(kind)) {
        Some(extension) => Feature {
            evidence: vec![Evidence::server(kind.to_string(), &extension.encode())],
            ..feature(Support::Yes, "The server answered the offer of the extension.".to_owned())
        },
        None if hellos.is_empty() => without_hellos(known, feature),
        None => feature(Support::No, lacking(hellos.len(), " before TLS 1.3", "the extension")),
    }
}

fn encrypt_then_mac(known: &Known, asked: Option<&ServerHello>) -> Feature {
    let kind = ExtensionType::EncryptThenMac;
    let feature = |support, statement: String| {
        feature("encrypt-then-mac", "Encrypt-then-MAC (RFC 7366)", support, statement)
    };
    let hellos: Vec<&ServerHello> = chosen_with_cbc(known).chain(asked).collect();
    match hellos.iter().find(|hello| hello.has(kind)) {
        Some(hello) => Feature {
            evidence: hello
                .extension(kind)
                .map(|one| Evidence::server(kind.to_string(), &one.encode()))
                .into_iter()
                .collect(),
            ..feature(Support::Yes, format!("The server answered the offer with {}.", hello.suite))
        },
        None if hellos.is_empty() => {
            let old: Vec<Version> =
                known.versions.iter().map(|one| one.version).filter(|one| is_old(*one)).collect();
            let cbc = Presence::of(known, &old, Suite::is_cbc);
            if cbc.is_there() {
                feature(Support::Inconclusive, "No hello of the server with a CBC suite was seen.".to_owned())
            } else if let Some(why) = cbc.unknown.first() {
                feature(Support::Inconclusive, format!("It is not known, since {why}."))
            } else if known.spoken().any(|one| is_old(one.version)) {
                feature(
                    Support::NotApplicable,
                    "The server speaks no CBC suite in TLS, and the extension is for those only.".to_owned(),
                )
            } else {
                without_hellos(known, feature)
            }
        }
        None => feature(Support::No, lacking(hellos.len(), " with a CBC suite", "the extension")),
    }
}

/// That no hello of those that were seen has something.
pub(super) fn lacking(hellos: usize, which: &str, what: &str) -> String {
    match hellos {
        1 => format!("The server's one hello{which} does not have {what}."),
        count => format!("None of the server's {count} hellos{which} has {what}."),
    }
}

/// One hello with CBC suites only.
async fn ask(scene: &Scene) -> Option<ServerHello> {
    let (version, suites) = speakable(scene, Suite::is_cbc).ok().filter(|(version, _)| is_old(*version))?;
    let mut hello = hello_of(scene, version, &suites);
    hello.set(Extension::empty(ExtensionType::EncryptThenMac));
    scene.flight(&hello).await.hello
}

fn without_hellos(known: &Known, feature: impl Fn(Support, String) -> Feature) -> Feature {
    if let Some(why) = known.doubt(is_old) {
        feature(Support::Inconclusive, format!("It is not known, since {why}."))
    } else if known.spoken().all(|one| !is_old(one.version)) {
        feature(
            Support::NotApplicable,
            "The server speaks none of TLS 1.0 to 1.2, the versions that the extension is for.".to_owned(),
        )
    } else {
        feature(Support::Inconclusive, "No hello of the server before TLS 1.3 was seen.".to_owned())
    }
}

/// Hellos that answered the offer of both extensions: of a server that had to be greeted plainly, none did.
pub(super) fn old_hellos(known: &Known) -> impl Iterator<Item = &ServerHello> {
    let flights = known.flights().filter(|_| known.heartbeat_offered);
    flights.filter_map(|flight| flight.hello.as_ref()).filter(|hello| is_old(hello.version))
}

fn chosen_with_cbc(known: &Known) -> impl Iterator<Item = &ServerHello> {
    old_hellos(known).filter(|hello| hello.suite.is_cbc())
}

/// TLS 1.0 to 1.2.
pub(super) fn is_old(version: Version) -> bool {
    (Version::Tls10.value()..=Version::Tls12.value()).contains(&version.value())
}

fn feature(id: &str, title: &str, support: Support, statement: String) -> Feature {
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

#[cfg(test)]
mod tests {
    use super::lacking;

    #[test]
    fn one_hello_is_no_plural() {
        assert_eq!(
            lacking(1, " before TLS 1.3", "the extension"),
            "The server's one hello before TLS 1.3 does not have the extension."
        );
        assert_eq!(lacking(2, "", "it"), "None of the server's 2 hellos has it.");
    }
}
