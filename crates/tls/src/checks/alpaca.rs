//! ALPACA: somebody on the way leads a client to another service whose certificate is good for the name, too, and which takes no offence at
//! what the client asks for. A server guards itself by refusing unknown application protocols, or names that are not its own.
//!
//! What other services have the same certificate can not be seen here, so that the verdict is never more than potential. Of several
//! certificates each counts: that for clients with an unknown name is the one which an attack meets.

use portreeve_model::Severity;
use portreeve_model::tls::Evidence;
use portreeve_wire::tls::{Extension, Version};

use super::presence::Presence;
use super::{Check, Judgement, reply};
use crate::Certificate;
use crate::audit::{Known, Scene};
use crate::certificates::{Nameless, Sent, nameless, sent_for_name};
use crate::exchange::Transcript;
use crate::features::Unknown;

/// A name that nobody has (RFC 6761, 6.4).
const NOBODY: &str = "portreeve.invalid";

/// ALPACA.
pub(crate) static CHECK: Check = Check {
    id: "alpaca",
    title: "ALPACA (confusion of application protocols)",
    cves: &["CVE-2021-3618"],
    severity: Severity::Low,
    fix: &[
        "Refuse unknown application protocols: nginx 1.21.4 and newer does; others: answer no_application_protocol where ALPN names nothing that is spoken (RFC 7301, 3.2)",
        "Or refuse names that are not the server's own: nginx: a default server with ssl_reject_handshake on; Apache: SSLStrictSNIVHostCheck on; HAProxy: strict-sni",
        "Give services of other protocols (mail, FTP) certificates of their own instead of a wildcard.",
    ],
    reproduce: Some(
        "openssl s_client -connect {target} -servername portreeve.invalid -alpn unknown </dev/null | head -5",
    ),
    look: |scene| Box::pin(look(scene)),
};

async fn look(scene: &Scene) -> Judgement {
    let (sent, nameless) = (sent_for_name(scene), nameless(scene).await);
    let leaves = leaves(&sent, &nameless);
    let Some(names) = leaves.iter().find_map(|leaf| several_names(leaf)) else {
        return alone(&leaves, unseen(&scene.known, &nameless));
    };
    match scene.offers.unknown_protocol(scene).await {
        Unknown::Refused(alert, evidence) => Judgement::not_vulnerable(
            format!("A client that offers an unknown protocol alone is refused with {alert}."),
            evidence.clone(),
        ),
        Unknown::NotKnown(why) => Judgement::inconclusive(format!(
            "What becomes of a client that offers an unknown protocol alone is not known: {why}."
        )),
        Unknown::Ignored(_, evidence) => {
            let mut judged = foreign_name(scene, &names).await;
            judged.evidence.extend(evidence.iter().cloned());
            judged
        }
    }
}

/// Says hello with a name that is nobody's.
async fn foreign_name(scene: &Scene, names: &str) -> Judgement {
    let Some(best) = scene.known.spoken().last() else {
        return Judgement::inconclusive("No version is known that the server speaks.");
    };
    let suites = scene.suites_for_another_name(best.version);
    let mut hello = scene.greeting.hello(best.version, &suites);
    if best.version == Version::Ssl3 {
        return Judgement::inconclusive("SSL 3.0 knows neither names nor application protocols.");
    }
    hello.set(Extension::server_name(NOBODY));
    judge(&scene.ask(&hello).await, names)
}

/// Of the answer to a hello with a name that is nobody's, of a server that takes no notice of unknown protocols.
fn judge(heard: &Transcript, names: &str) -> Judgement {
    let flight = heard.flight();
    let evidence = vec![Evidence::server(format!("the answer to a hello for {NOBODY}"), &heard.received())];
    match (&flight.hello, flight.refusal()) {
        (Some(_), None) => Judgement::potential(
            format!(
                "The certificate is for {names}, and the server serves clients that ask for an unknown name or an unknown protocol: it can \
                 be put in the place of another service with this certificate, if there is one."
            ),
            evidence,
        ),
        (_, Some(alert)) => Judgement::not_vulnerable(
            format!(
                "A client that asks for a name which is not the server's is refused with {}.",
                alert.description
            ),
            evidence,
        ),
        (None, None) => Judgement::inconclusive(format!(
            "A hello for a name that is nobody's has no answer: {}.",
            reply::unanswered(heard)
        )),
    }
}

/// Every certificate that was seen, each once: for the target's name by any client, and without a name.
fn leaves<'a>(sent: &'a [Sent], nameless: &'a Nameless) -> Vec<&'a Certificate> {
    let other = if let Nameless::Other(other) = nameless { Some(&**other) } else { None };
    let mut leaves: Vec<&Certificate> = Vec::new();
    for leaf in sent.iter().chain(other).filter_map(|sent| sent.chain.first()) {
        if leaves.iter().all(|seen| seen.der != leaf.der) {
            leaves.push(leaf);
        }
    }
    leaves
}

/// Why there may be certificates that were not seen.
fn unseen(known: &Known, nameless: &Nameless) -> Option<String> {
    if let Nameless::Unknown(why) = nameless {
        return Some(format!("what a client gets that names no server is not known ({why})"));
    }
    let versions = [Version::Ssl3, Version::Tls10, Version::Tls11, Version::Tls12, Version::Tls13];
    Presence::of(known, &versions, |_| true).unknown.into_iter().next()
}

/// Of certificates that are each for one host.
fn alone(leaves: &[&Certificate], unseen: Option<String>) -> Judgement {
    let names: Vec<String> = leaves.iter().map(|leaf| leaf.names_in_short()).collect();
    let told = match names.as_slice() {
        [] => return Judgement::inconclusive("No certificate was seen."),
        [one] => format!("The certificate is for {one} alone"),
        several => {
            format!(
                "Each of the {} certificates is for one host alone ({})",
                several.len(),
                several.join("; ")
            )
        }
    };
    match unseen {
        None => Judgement::not_vulnerable(format!("{told}: no other host has it."), Vec::new()),
        Some(why) => Judgement::inconclusive(format!("{told}, but there may be others: {why}.")),
    }
}

/// The names of a certificate that other hosts may have, too: more than one, or a wildcard. A name and the same with `www.` are one host.
fn several_names(leaf: &Certificate) -> Option<String> {
    let mut hosts: Vec<&str> =
        leaf.names.iter().map(|name| name.strip_prefix("www.").unwrap_or(name)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let is_shared = hosts.len() > 1 || hosts.iter().any(|name| name.starts_with("*."));
    is_shared.then(|| leaf.names_in_short())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use portreeve_model::tls::Verdict;

    use super::super::canned::{Canned, known};
    use super::*;
    use crate::exchange::End;

    fn heard(bytes: &[u8]) -> Transcript {
        let mut heard = Transcript::default();
        heard.hear(bytes, Duration::ZERO);
        heard.finish(End::Closed);
        heard
    }

    fn certificate(names: &[&str]) -> Certificate {
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        Certificate::read(made.der())
    }

    #[test]
    fn a_server_that_serves_a_foreign_name_is_potential_and_never_more() {
        let mut hello = vec![22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3];
        hello.extend([7; 32]);
        hello.extend([0, 0xc0, 0x2f, 0]);
        assert_eq!(judge(&heard(&hello), "*.a.test").verdict, Verdict::Potential);
        assert_eq!(judge(&heard(&[21, 3, 3, 0, 2, 2, 112]), "*.a.test").verdict, Verdict::NotVulnerable);
        assert_eq!(judge(&heard(&[]), "*.a.test").verdict, Verdict::Inconclusive);
    }

    #[test]
    fn every_certificate_counts_and_one_that_was_not_seen_is_not_judged() {
        let sent = |names: &[&str]| Sent { chain: vec![certificate(names)], ..Sent::default() };
        let two = [sent(&["a.test"]), sent(&["*.a.test"])];
        assert_eq!(leaves(&two, &Nameless::NotApplicable).len(), 2);
        let other = Nameless::Other(Arc::new(sent(&["*.a.test"])));
        assert!(leaves(&two[..1], &other).into_iter().any(|leaf| several_names(leaf).is_some()));
        let one = leaves(&two[..1], &Nameless::NotApplicable);
        assert_eq!(alone(&one, None).verdict, Verdict::NotVulnerable);
        let silent = Nameless::Unknown("silence for 4.0 s".to_owned());
        let why = unseen(&known(&[Canned::new(Version::Tls12, 0xc02f)]), &silent);
        assert_eq!(alone(&one, why).verdict, Verdict::Inconclusive);
        assert_eq!(alone(&[], None).verdict, Verdict::Inconclusive);
    }

    #[test]
    fn only_a_certificate_of_several_hosts_can_be_confused() {
        assert!(several_names(&certificate(&["a.test"])).is_none());
        assert!(several_names(&certificate(&["a.test", "www.a.test"])).is_none());
        assert!(several_names(&certificate(&["*.a.test"])).is_some());
        assert!(several_names(&certificate(&["a.test", "mail.a.test"])).is_some());
    }
}
