//! Renegotiation: whether it is secure (RFC 5746), and whether a client may begin it.

use std::future::Future;
use std::pin::Pin;

use portreeve_model::tls::{Evidence, Feature, FeatureGroup, Support};
use portreeve_wire::tls::{ExtensionType, Version};

use super::handshake::{is_old, lacking, old_hellos};
use super::sessions::{sentence, support_of};
use crate::audit::{Known, Scene};
use crate::session::{Absent, Outcome, Talk};

/// Looks at both.
pub(crate) fn look(scene: &Scene) -> Pin<Box<dyn Future<Output = Vec<Feature>> + Send + '_>> {
    Box::pin(async move {
        let whole = scene.sessions.whole(scene).await;
        vec![secure(&scene.known, whole), by_client(whole)]
    })
}

/// Whether the server answers the extension that binds renegotiations to their session: from every first flight that offered it.
fn secure(known: &Known, whole: &Result<Talk, Absent>) -> Feature {
    let feature = |support, statement: String| {
        feature("secure-renegotiation", "Secure renegotiation (RFC 5746)", support, statement)
    };
    let of_loop = old_hellos(known);
    let of_session = whole.iter().filter_map(Talk::first).map(|agreed| &agreed.answer);
    // SSL 3.0 hellos have no extensions to offer it in, and TLS 1.3 has no renegotiation.
    let hellos: Vec<_> = of_loop.chain(of_session.filter(|hello| hello.version != Version::Ssl3)).collect();
    let marked = hellos.iter().filter(|hello| hello.has(ExtensionType::RenegotiationInfo)).count();
    let count = hellos.len();
    if count == 0 {
        let only_new =
            known.spoken().all(|one| one.version == Version::Tls13) && known.speaks(Version::Tls13);
        return if let Some(why) = known.doubt(is_old) {
            feature(Support::Inconclusive, format!("It is not known, since {why}."))
        } else if only_new {
            feature(
                Support::NotApplicable,
                "TLS 1.3 has no renegotiation, and no other version is spoken.".to_owned(),
            )
        } else {
            feature(Support::Inconclusive, "No hello of the server was seen that could say it.".to_owned())
        };
    }
    let extension = hellos.iter().find_map(|hello| hello.extension(ExtensionType::RenegotiationInfo));
    let told = if marked == count {
        feature(
            Support::Yes,
            format!("Every hello of the server, {count} in all, has the extension renegotiation_info."),
        )
    } else if marked == 0 {
        feature(Support::No, lacking(count, "", "the extension renegotiation_info"))
    } else {
        feature(
            Support::Inconclusive,
            format!(
                "{marked} of the server's {count} hellos have the extension renegotiation_info, the others do not."
            ),
        )
    };
    let evidence = extension.map(|one| Evidence::server("renegotiation_info", &one.encode()));
    Feature { evidence: evidence.into_iter().collect(), ..told }
}

/// Whether a client may begin a second handshake: only an answer inside the session says yes.
fn by_client(whole: &Result<Talk, Absent>) -> Feature {
    let feature = |support, statement: String| {
        feature("client-renegotiation", "Renegotiation that a client begins", support, statement)
    };
    let talk = match whole {
        Err(absent) => return feature(support_of(absent), sentence(absent.why())),
        Ok(talk) => talk,
    };
    let Some(agreed) = talk.first() else {
        return feature(Support::Inconclusive, format!("No session came about: {}.", talk.why_not()));
    };
    let version = agreed.version();
    match talk.outcome() {
        Outcome::Completed => feature(
            Support::Yes,
            format!(
                "The server completed a second handshake that the client began in its session in {version}."
            ),
        ),
        Outcome::Answered => Feature {
            evidence: talk
                .inner_answer()
                .map(|hello| Evidence::server("ServerHello inside", hello))
                .into_iter()
                .collect(),
            ..feature(
                Support::Yes,
                format!(
                    "The server answered a second hello of the client in its session in {version} with a hello."
                ),
            )
        },
        Outcome::Refused(how) => feature(
            Support::No,
            format!("The client said a second hello in its session in {version}, and the server {how}."),
        ),
        Outcome::Unclear(why) => feature(
            Support::Inconclusive,
            format!("The client said a second hello in its session in {version}, and {why}."),
        ),
    }
}

fn feature(id: &str, title: &str, support: Support, statement: String) -> Feature {
    Feature {
        id: id.to_owned(),
        title: title.to_owned(),
        group: FeatureGroup::Renegotiation,
        support,
        statement,
        values: Vec::new(),
        evidence: Vec::new(),
    }
}
