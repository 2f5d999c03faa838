//! Heartbleed: a heartbeat that says it is longer than it is, answered with memory.
//!
//! Confirmed only where more bytes of the payload come back than were sent: an answer as such, an echo of what was sent and padding prove
//! nothing. The claim is small, 128 bytes, so that no more of somebody's memory is fetched than proves the fault, and what comes back is
//! not kept.

use portreeve_model::Severity;
use portreeve_model::tls::{Evidence, Support};
use portreeve_wire::tls::heartbeat::{Heartbeat, HeartbeatType};
use portreeve_wire::tls::{
    AlertLevel, ContentType, Event, Extension, ExtensionType, HandshakeType, Version, handshake_message,
    records,
};

use super::presence::{OLD, Presence, flight_of, hello_evidence};
use super::reply::{self, Awaiting};
use super::{Check, Judgement};
use crate::audit::{Known, Scene};
use crate::exchange::{FirstFlight, Flight, Move, Script, Transcript, then};

/// The payload that the request says it has; it has none.
const CLAIMED: u16 = 128;

/// Heartbleed.
pub(crate) static CHECK: Check = Check {
    id: "heartbleed",
    title: "Heartbleed",
    cves: &["CVE-2014-0160"],
    severity: Severity::Critical,
    fix: &[
        "Update OpenSSL to 1.0.1g or any later release, and restart everything that has it loaded.",
        "Then make new keys, have the certificates issued again and the old ones revoked, and change passwords and session secrets: they may have been read.",
        "OpenSSL 1.0.1 that can not be updated: build it with -DOPENSSL_NO_HEARTBEATS",
    ],
    reproduce: Some("nmap -p {port} --script ssl-heartbleed {host}"),
    look: |scene| Box::pin(look(scene)),
};

async fn look(scene: &Scene) -> Judgement {
    let presence = Presence::of(&scene.known, &OLD, |_| true);
    let Some((version, _)) = presence.found.first().copied() else {
        return presence.absent(
            "The server speaks nothing older than TLS 1.3, of which no implementation had the fault.",
        );
    };
    if scene.known.heartbeat_offered
        && !scene.known.flights().any(has_heartbeat)
        && let Some(flight) = any_flight(&scene.known)
    {
        return without_heartbeats(flight);
    }
    let suites: Vec<_> = presence.found.iter().filter(|one| one.0 == version).map(|one| one.1).collect();
    let mut hello = scene.greeting.hello(version, &suites);
    if version != Version::Ssl3 {
        hello.set(Extension::heartbeat());
    }
    let patience = scene.line.patience().answer;
    let script = then(FirstFlight::new(hello.encode(), patience), Beat::new(patience));
    judge(&scene.line.play(script).await)
}

/// A flight of TLS 1.0 to 1.2: SSL 3.0 has no extensions.
fn any_flight(known: &Known) -> Option<&Flight> {
    let old = |version: Version| version != Version::Tls13 && version != Version::Ssl3;
    let mut spoken =
        known.versions.iter().rev().filter(|one| one.support == Support::Yes && old(one.version));
    spoken.find_map(|one| flight_of(known, one.version, *one.suites.first()?))
}

fn has_heartbeat(flight: &Flight) -> bool {
    flight.hello.as_ref().is_some_and(|hello| hello.has(ExtensionType::Heartbeat))
}

fn without_heartbeats(flight: &Flight) -> Judgement {
    Judgement::not_vulnerable(
        "The server has no heartbeats: it does not take up the extension, without which it may get none.",
        vec![hello_evidence(flight)],
    )
}

/// Sends a heartbeat request that is too short, and behind it a message out of turn: a server that passes over the request, as it should,
/// refuses that one at once.
#[derive(Clone, Debug)]
struct Beat {
    said: bool,
    awaiting: Awaiting,
}

impl Beat {
    fn new(patience: std::time::Duration) -> Self {
        Self { said: false, awaiting: Awaiting::new(patience) }
    }
}

impl Script for Beat {
    fn next(&mut self, heard: &Transcript) -> Move {
        if self.said {
            return if response(heard).is_some_and(|bytes| leaked(bytes) > 0) {
                Move::Close
            } else {
                self.awaiting.next(heard)
            };
        }
        self.said = true;
        let flight = heard.flight();
        match flight.version() {
            Some(version) if flight.done && has_heartbeat(&flight) => {
                let out_of_turn = handshake_message(HandshakeType::ServerHelloDone, &[]);
                let mut batch = Heartbeat::without_payload(CLAIMED).encode(version);
                batch.extend(records(ContentType::Handshake, version, &out_of_turn));
                Move::Send(batch)
            }
            _ => Move::Close,
        }
    }
}

/// The heartbeat that the server sent, without the header of the record.
fn response(heard: &Transcript) -> Option<&[u8]> {
    heard.events().iter().find_map(|event| match event {
        Event::Opaque(ContentType::Heartbeat, bytes) => Some(bytes.as_slice()),
        _ => None,
    })
}

/// Bytes of payload in a response: none of them were sent.
fn leaked(response: &[u8]) -> usize {
    match Heartbeat::decode(response) {
        Some(beat) if beat.kind == HeartbeatType::Response => usize::from(beat.claimed).min(beat.rest.len()),
        _ => 0,
    }
}

fn judge(heard: &Transcript) -> Judgement {
    let flight = heard.flight();
    if !flight.done {
        return Judgement::inconclusive(format!("No handshake came so far: {}.", reply::unanswered(heard)));
    }
    if !has_heartbeat(&flight) {
        return without_heartbeats(&flight);
    }
    let (said, _) = reply::after_hello(heard);
    let asked =
        Evidence::client(format!("Heartbeat request without payload that claims {CLAIMED} bytes"), &said);
    if let Some(bytes) = response(heard) {
        let leaked = leaked(bytes);
        // What was read may be secret: its header is proof enough.
        let header = bytes.get(..bytes.len().min(3)).unwrap_or_default();
        let answer =
            Evidence::server(format!("Heartbeat response of {} bytes; its first three", bytes.len()), header);
        return if leaked > 0 {
            Judgement::confirmed(
                format!(
                    "The server answers an empty heartbeat with {leaked} bytes of its memory: keys, cookies and passwords can be read."
                ),
                vec![asked, answer],
            )
        } else {
            Judgement::not_vulnerable(
                "The server answers a heartbeat that is too short, but sends no more back than it was given.",
                vec![asked, answer],
            )
        };
    }
    let fatal = |event: &Event| matches!(event, Event::Alert(alert) if alert.level != AlertLevel::Warning);
    if heard.events().iter().any(fatal) {
        let (_, answered) = reply::after_hello(heard);
        return Judgement::not_vulnerable(
            "The server has heartbeats and passes over one that is too short, as it should.",
            vec![asked, Evidence::server("Alert about the message after it, and no heartbeat", &answered)],
        );
    }
    let told = reply::Reply::of(heard).map_or("nothing".to_owned(), |reply| reply.to_string());
    Judgement::inconclusive(format!(
        "A heartbeat that is too short was answered neither with one nor with an alert ({told})."
    ))
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;

    use super::super::canned::{Canned, PATIENCE, fatal};
    use super::*;

    fn verdict(mut answer: Option<Vec<u8>>) -> (Verdict, Judgement) {
        let server = Canned { heartbeat: true, ..Canned::new(Version::Tls12, 0x002f) };
        let judged = judge(&server.play(Beat::new(PATIENCE), &mut |said| {
            assert!(said.is_empty() || said.starts_with(&[24, 3, 3, 0, 3, 1, 0, 128]));
            answer.take()
        }));
        (judged.verdict, judged)
    }

    fn response(claimed: u16, rest: usize) -> Vec<u8> {
        Heartbeat { kind: HeartbeatType::Response, claimed, rest: vec![7; rest] }.encode(Version::Tls12)
    }

    #[test]
    fn only_bytes_that_were_never_sent_confirm_it() {
        let (bad, judged) = verdict(Some(response(128, 128 + 16)));
        assert_eq!(bad, Verdict::Confirmed);
        // None of what was read is kept.
        assert!(judged.evidence.iter().all(|one| !one.bytes.contains("0707")), "{judged:?}");
        // An echo of what was sent, alone and with padding.
        assert_eq!(verdict(Some([response(128, 0), fatal(10)].concat())).0, Verdict::NotVulnerable);
        assert_eq!(verdict(Some([response(0, 16), fatal(10)].concat())).0, Verdict::NotVulnerable);
        // Passed over.
        assert_eq!(verdict(Some(fatal(10))).0, Verdict::NotVulnerable);
        assert_eq!(verdict(Some(Vec::new())).0, Verdict::Inconclusive);
        assert_eq!(verdict(None).0, Verdict::Inconclusive);
    }

    #[test]
    fn a_server_without_the_extension_is_asked_nothing() {
        let heard = Canned::new(Version::Tls12, 0x002f).play(Beat::new(PATIENCE), &mut |_| panic!("asked"));
        assert_eq!(judge(&heard).verdict, Verdict::NotVulnerable);
    }
}
