//! POODLE against TLS: a server that takes records of a CBC suite whose padding is wrong, as only SSL 3.0 lets it be; and servers that
//! tell wrong padding from a wrong MAC (Zombie POODLE, GOLDENDOODLE).
//!
//! Two records are asked with: right MAC with wrong padding, and the other way round. They are the farewells of sessions that are held
//! anyway; a server that refuses both with the same alert is not vulnerable. Where that is not so, the wrong record is the client's
//! `Finished`, over connections of its own: a server that takes it says so by its own, which proves that it has the keys. Only where the
//! answers differ is each asked for once more.

use portreeve_model::Severity;
use portreeve_model::tls::{Evidence, Party, Verdict};
use portreeve_wire::tls::{AlertDescription, HandshakeType, Suite, Version};

use super::presence::Presence;
use super::{Check, Judgement};
use crate::audit::Scene;
use crate::exchange::End;
use crate::session::{Absent, Conversation, Flaw, Seen, Talk, hello_of, play, speakable};

/// The versions that say what padding has to be.
const PADDED: [Version; 3] = [Version::Tls10, Version::Tls11, Version::Tls12];

/// POODLE against TLS.
pub(crate) static CHECK: Check = Check {
    id: "poodle-tls",
    title: "POODLE against TLS and other padding oracles",
    cves: &["CVE-2014-8730", "CVE-2019-6593", "CVE-2019-6485"],
    severity: Severity::High,
    fix: &[
        "Update the device or library that ends TLS to a release whose vendor names the CVE as fixed.",
        "Switch off every CBC suite: suites with GCM, CCM or ChaCha20-Poly1305 have no padding.",
    ],
    reproduce: None,
    look: |scene| Box::pin(look(scene)),
};

async fn look(scene: &Scene) -> Judgement {
    let (version, suites) = match speakable(scene, Suite::is_cbc) {
        Ok((Version::Ssl3, _)) => {
            if let Some(why) = Presence::of(&scene.known, &PADDED, Suite::is_cbc).unknown.first() {
                return Judgement::inconclusive(format!("CBC suites were seen in SSL 3.0 only, and {why}."));
            }
            return Judgement::not_vulnerable(
                "The server speaks CBC suites in SSL 3.0 only, whose padding is never right or wrong.",
                Vec::new(),
            );
        }
        Ok(found) => found,
        Err(absent) => return without_suite(scene, &absent),
    };
    let sessions = (scene.sessions.by_id(scene).await, scene.sessions.by_ticket(scene).await);
    if let (Ok(padding), Ok(mac)) = sessions
        && let Some(judgement) = judge_farewells(padding, mac)
    {
        return judgement;
    }
    let ask = |flaw| {
        let hello = hello_of(scene, version, &suites);
        play(scene, Conversation::flawed(hello, flaw, scene.line.patience().answer))
    };
    let first = (ask(Flaw::Padding).await, ask(Flaw::Mac).await);
    match judge(&first.0, &first.1) {
        Compared::Told(judgement) => judgement,
        Compared::Differ(..) => {
            let second = (ask(Flaw::Padding).await, ask(Flaw::Mac).await);
            judge_twice(&first, &second)
        }
    }
}

/// Of two sessions that were left with wrong padding, and with a wrong MAC; none where that does not say enough. A server that closes
/// without a word may have taken the farewell.
fn judge_farewells(padding: &Talk, mac: &Talk) -> Option<Judgement> {
    let (one, other) = (alert_to_farewell(padding)?, alert_to_farewell(mac)?);
    (one == other && one != AlertDescription::CloseNotify).then(|| {
        Judgement::not_vulnerable(
            format!(
                "Wrong padding and a wrong MAC have the same answer{}: the alert {one}.",
                suite_of(padding)
            ),
            evidence(padding, "what the server answered to the wrong padding (encrypted)"),
        )
    })
}

fn alert_to_farewell(talk: &Talk) -> Option<AlertDescription> {
    talk.farewell.as_ref()?.iter().find_map(|seen| match seen {
        Seen::Alert(alert) => Some(alert.description),
        _ => None,
    })
}

/// How two connections compare.
#[derive(Debug)]
enum Compared {
    /// It is clear.
    Told(Judgement),
    /// The answers are not the same: to the wrong padding, to the wrong MAC.
    Differ(Reaction, Reaction),
}

/// What a server did about a wrong record.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reaction {
    /// It said so.
    Alert(AlertDescription),
    /// It closed or reset the connection; which of the two is chance.
    Gone,
    /// It went on with its own `Finished`.
    Accepted,
}

/// Of wrong padding with a right MAC, and of a wrong MAC with right padding.
fn judge(padding: &Talk, mac: &Talk) -> Compared {
    let reactions = reaction(padding).and_then(|one| Ok((one, reaction(mac)?)));
    Compared::Told(match reactions {
        Ok((Reaction::Accepted, _)) => Judgement::confirmed(
            format!(
                "The server took a Finished whose padding was wrong and went on with its own{}.",
                suite_of(padding)
            ),
            evidence(padding, "what the server answered to the wrong padding"),
        ),
        Ok((_, Reaction::Accepted)) => Judgement::confirmed(
            format!(
                "The server took a Finished whose MAC was wrong and went on with its own{}: it verifies nothing.",
                suite_of(mac)
            ),
            evidence(mac, "what the server answered to the wrong MAC"),
        ),
        Ok((one, other)) if one != other => return Compared::Differ(one, other),
        Ok((one, _)) => Judgement::not_vulnerable(
            format!("Wrong padding and a wrong MAC have the same answer: the server {}.", one.told()),
            evidence(padding, "what the server answered to the wrong padding"),
        ),
        Err(why) => Judgement::inconclusive(format!("A Finished with a flaw had no clear answer: {why}.")),
    })
}

/// Of two rounds, the first of which differed.
fn judge_twice(first: &(Talk, Talk), second: &(Talk, Talk)) -> Judgement {
    match (judge(&first.0, &first.1), judge(&second.0, &second.1)) {
        (Compared::Differ(padding, mac), Compared::Differ(again, and_again)) => {
            if (&padding, &mac) != (&again, &and_again) {
                return Judgement::inconclusive(
                    "The answers to wrong padding and to a wrong MAC differed, and not twice in the same way.",
                );
            }
            let both = [
                evidence(&first.0, "what the server answered to the wrong padding"),
                evidence(&first.1, "what the server answered to the wrong MAC"),
            ];
            Judgement::potential(
                format!(
                    "Twice the server told wrong padding from a wrong MAC: of the one it {}, of the other it {}.",
                    padding.told(),
                    mac.told()
                ),
                both.concat(),
            )
        }
        (Compared::Told(judgement), _) => judgement,
        (_, Compared::Told(judgement)) if judgement.verdict == Verdict::Confirmed => judgement,
        (_, Compared::Told(_)) => Judgement::inconclusive(
            "The answers to wrong padding and to a wrong MAC differed once, and not when they were asked for again.",
        ),
    }
}

impl Reaction {
    fn told(&self) -> String {
        match self {
            Self::Alert(alert) => format!("sent the alert {alert}"),
            Self::Gone => "closed the connection".to_owned(),
            Self::Accepted => "went on".to_owned(),
        }
    }
}

/// What a server did; or why that is not clear.
fn reaction(talk: &Talk) -> Result<Reaction, String> {
    if talk.first().is_some() {
        return Ok(Reaction::Accepted);
    }
    // Only what came after the server's flight is an answer to the record.
    let position = talk
        .seen
        .iter()
        .position(|seen| matches!(seen, Seen::Message(kind, _) if *kind == HandshakeType::ServerHelloDone));
    let Some(done) = position.filter(|_| talk.failure.is_none()) else { return Err(talk.why_not()) };
    let alert = talk.seen.get(done..).unwrap_or_default().iter().find_map(|seen| match seen {
        Seen::Alert(alert) => Some(alert.description),
        _ => None,
    });
    let wanted = talk
        .seen
        .iter()
        .any(|seen| matches!(seen, Seen::Message(kind, _) if *kind == HandshakeType::CertificateRequest));
    match (alert, &talk.end) {
        // Refused for want of a certificate, before anything of the record was looked at.
        (Some(alert), _) if wanted && !is_of_records(alert) => {
            Err("the server refuses clients without a certificate before it looks at the record".to_owned())
        }
        (Some(alert), _) => Ok(Reaction::Alert(alert)),
        (None, End::Closed | End::Reset) => Ok(Reaction::Gone),
        (None, _) => Err(talk.why_not()),
    }
}

/// Alerts about a record that could not be decrypted or verified.
fn is_of_records(alert: AlertDescription) -> bool {
    use AlertDescription::{BadRecordMac, DecryptError, DecryptionFailed};
    matches!(alert, BadRecordMac | DecryptionFailed | DecryptError)
}

fn suite_of(talk: &Talk) -> String {
    talk.first().map_or_else(String::new, |agreed| format!(" ({}, {})", agreed.version(), agreed.suite()))
}

fn evidence(talk: &Talk, what: &str) -> Vec<Evidence> {
    let last = talk.transcript.turns().iter().rev().find(|turn| turn.party == Party::Server);
    last.map(|turn| Evidence::server(what, &turn.bytes)).into_iter().collect()
}

fn without_suite(scene: &Scene, absent: &Absent) -> Judgement {
    let mut cbc = scene.known.suites_where(|version, suite| PADDED.contains(&version) && suite.is_cbc());
    match cbc.next() {
        Some((version, suite)) => Judgement::inconclusive(format!(
            "The server speaks CBC suites, such as {suite} in {version}, and none that a session could be held in: {}.",
            absent.why()
        )),
        None => Presence::of(&scene.known, &PADDED, Suite::is_cbc)
            .absent("The server speaks no CBC suite in TLS, and others have no padding."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tests::peer::{Peer, Records};
    use crate::session::tests::stage::flawed;

    /// Both flaws, each over a connection of its own.
    fn both(records: Records) -> (Talk, Talk) {
        let peer = Peer { suite: Suite(0xc013), records, ..Peer::default() };
        (flawed(peer, Flaw::Padding), flawed(peer, Flaw::Mac))
    }

    fn verdict(records: Records) -> Option<Verdict> {
        let (padding, mac) = both(records);
        match judge(&padding, &mac) {
            Compared::Told(judgement) => Some(judgement.verdict),
            Compared::Differ(..) => None,
        }
    }

    #[test]
    fn transcripts_say_whether_padding_is_looked_at() {
        assert_eq!(verdict(Records::Strict), Some(Verdict::NotVulnerable));
        assert_eq!(verdict(Records::AnyPadding), Some(Verdict::Confirmed));
        assert_eq!(verdict(Records::AnyMac), Some(Verdict::Confirmed));
        assert_eq!(verdict(Records::Silent), Some(Verdict::Inconclusive));
        assert_eq!(verdict(Records::Told), None, "the answers differ: it has to be asked again");
    }

    #[test]
    fn a_difference_counts_where_it_comes_twice() {
        let (telling, strict) = (both(Records::Told), both(Records::Strict));
        assert_eq!(judge_twice(&telling, &telling).verdict, Verdict::Potential);
        assert_eq!(judge_twice(&telling, &strict).verdict, Verdict::Inconclusive);
        let turned = (telling.1.clone(), telling.0.clone());
        assert_eq!(judge_twice(&telling, &turned).verdict, Verdict::Inconclusive);
    }
}
