//! How a vulnerable server is told, after OpenSSL's advisory of 5 June 2014 and its correction, which allows the message only where the
//! state machine expects it.
//!
//! A vulnerable one takes the early `ChangeCipherSpec` without a word and decrypts what follows with keys made of no secret. Everybody else
//! refuses the message itself: most with `unexpected_message`, others with another alert or by closing, which nmap takes for a
//! vulnerable server (nmap issue 1322). So first the message and one in the clear behind it go in one piece, which a healthy server
//! answers at once; only where that answer may be about damage they are sent apart ([`Apart`]). Confirmed is what reads a record that was
//! encrypted with the keys made of nothing, and ends at the next one that was not.

use portreeve_model::Severity;
use portreeve_model::tls::Evidence;
use portreeve_wire::tls::{
    AlertDescription, ContentType, ExtensionType, HandshakeType, Suite, Version, handshake_message, records,
};

use super::apart::{Apart, Said, can_seal, said};
use crate::audit::Scene;
use crate::checks::presence::{OLD, Presence};
use crate::checks::reply::{self, Ending, Reply};
use crate::checks::rides::Probe;
use crate::checks::{Check, Judgement};
use crate::exchange::{FirstFlight, Flight, Transcript, then};

/// CCS injection.
pub(crate) static CHECK: Check = Check {
    id: "ccs-injection",
    title: "CCS injection",
    cves: &["CVE-2014-0224"],
    severity: Severity::High,
    fix: &[
        "Update OpenSSL to 1.0.1h, 1.0.0m, 0.9.8za or any later release, and restart everything that has it loaded (lsof -n | grep -E 'DEL.*lib(ssl|crypto)').",
        "Where a device can not be updated, put a proxy with a current OpenSSL in front of it: clients with OpenSSL before 1.0.1h are exposed through it.",
    ],
    reproduce: Some("testssl --ccs-injection {target}"),
    look: |scene| Box::pin(look(scene)),
};

async fn look(scene: &Scene) -> Judgement {
    let presence = Presence::of(&scene.known, &OLD, |_| true);
    let Some((version, _)) = presence.found.first().copied() else {
        return presence
            .absent("The server speaks nothing older than TLS 1.3, where the message has no meaning.");
    };
    let ridden = scene.known.rides.made(|probe| probe == Probe::EarlyChange);
    if let Some(judged) = ridden.iter().find_map(|(_, heard)| judge_together(heard)) {
        return judged;
    }
    let mut suites: Vec<Suite> =
        presence.found.iter().filter(|one| one.0 == version).map(|one| one.1).collect();
    if suites.iter().copied().any(can_seal) {
        suites.retain(|suite| can_seal(*suite));
    }
    let mut hello = scene.greeting.hello(version, &suites);
    hello.remove(ExtensionType::EncryptThenMac);
    let first = FirstFlight::new(hello.encode(), scene.line.patience().answer);
    let apart = Apart::new(scene.line.patience().answer);
    judge_apart(&scene.line.play(then(first, apart)).await)
}

/// The early message, and one that no client ever sends: both at once.
pub(crate) fn batch(flight: &Flight) -> Vec<u8> {
    let version = flight.version().unwrap_or(Version::Tls12);
    [early(version), out_of_turn(version)].concat()
}

pub(super) fn early(version: Version) -> Vec<u8> {
    records(ContentType::ChangeCipherSpec, version, &[1])
}

/// Read as it is, it is refused as unexpected; decrypted, it is refused as damaged.
pub(super) fn out_of_turn(version: Version) -> Vec<u8> {
    records(ContentType::Handshake, version, &handshake_message(HandshakeType::ServerHelloDone, &[]))
}

/// Of both messages in one piece: a verdict where it is clear, none where they have to be sent apart.
fn judge_together(heard: &Transcript) -> Option<Judgement> {
    let reply = Reply::of(heard).filter(|_| heard.sends() > 1)?;
    let alert = reply.alert().filter(|alert| !is_of_damage(*alert))?;
    let (said, answered) = reply::after_hello(heard);
    Some(Judgement::not_vulnerable(
        format!("The server refuses a ChangeCipherSpec before its time with alert {alert}."),
        vec![
            Evidence::client(
                "ChangeCipherSpec right after ServerHelloDone, and a message out of turn",
                &said,
            ),
            Evidence::server(format!("Alert {alert}"), &answered),
        ],
    ))
}

/// Of the messages sent apart.
fn judge_apart(heard: &Transcript) -> Judgement {
    let (Some(reply), Some(version)) = (Reply::of(heard), heard.flight().version()) else {
        return Judgement::inconclusive(format!("No handshake came so far: {}.", reply::unanswered(heard)));
    };
    let has_ended = matches!(reply.ending, Ending::Closed | Ending::Reset);
    let (sent, answered) = reply::after_hello(heard);
    let evidence = |said: &str| {
        vec![
            Evidence::client(said, &sent),
            Evidence::server(format!("Answer to the last of it: {reply}"), &answered),
        ]
    };
    let read_on = |alert| {
        Judgement::not_vulnerable(
            format!(
                "The server passes over a ChangeCipherSpec before its time and reads on in the clear (alert {alert})."
            ),
            evidence("ChangeCipherSpec right after ServerHelloDone, and what followed"),
        )
    };
    match (said(heard, version).as_slice(), reply.alert()) {
        ([_], Some(alert)) => Judgement::not_vulnerable(
            format!("The server refuses a ChangeCipherSpec before its time with alert {alert}."),
            evidence("ChangeCipherSpec right after ServerHelloDone"),
        ),
        ([_], None) if has_ended => Judgement::not_vulnerable(
            "The server ends the connection at a ChangeCipherSpec before its time.",
            evidence("ChangeCipherSpec right after ServerHelloDone"),
        ),
        (_, Some(alert)) if !is_of_damage(alert) => read_on(alert),
        ([Said::Change, Said::Sealed, Said::OutOfTurn], alert) if alert.is_some() || has_ended => {
            Judgement::confirmed(
                "The server takes a ChangeCipherSpec before keys are agreed on, and reads what is encrypted with keys made of nothing: someone in the middle can choose the keys of a session.",
                evidence(
                    "ChangeCipherSpec, a record under keys made of nothing (both met with silence), a message in the clear",
                ),
            )
        }
        (_, Some(alert)) => Judgement::potential(
            format!(
                "The server takes a ChangeCipherSpec before keys are agreed on and decrypts what follows (alert {alert}), but not with keys made of nothing."
            ),
            evidence("ChangeCipherSpec (met with silence), and what followed"),
        ),
        (_, None) => Judgement::inconclusive(format!(
            "After a ChangeCipherSpec before its time the server gave no answer that would tell ({reply}).",
        )),
    }
}

/// Alerts about a record whose decryption failed.
fn is_of_damage(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadRecordMac | AlertDescription::DecryptionFailed | AlertDescription::DecryptError
    )
}

#[cfg(test)]
mod tests {
    use portreeve_model::tls::Verdict;

    use super::*;
    use crate::checks::canned::{Canned, PATIENCE, fatal};
    use crate::checks::rides::Rides;

    const SERVER: u16 = 0xc02f;

    fn together(mut answer: Option<Vec<u8>>) -> Option<Verdict> {
        let rides = Rides::default();
        let server = Canned::new(Version::Tls12, SERVER);
        let heard = server.play(rides.rider(PATIENCE), &mut |_| answer.take());
        judge_together(&heard).map(|judged| judged.verdict)
    }

    /// The answers to the early message, to the record under keys of nothing, and to what follows in the clear.
    fn apart(
        suite: u16,
        mut first: Option<Vec<u8>>,
        mut second: Option<Vec<u8>>,
        mut third: Option<Vec<u8>>,
    ) -> Verdict {
        let server = Canned::new(Version::Tls12, suite);
        let heard = server.play(Apart::new(PATIENCE), &mut |said| match said.first() {
            Some(20) => first.take(),
            Some(22) if said != out_of_turn(Version::Tls12) => second.take(),
            Some(22) => third.take(),
            _ => None,
        });
        judge_apart(&heard).verdict
    }

    const SILENCE: Option<Vec<u8>> = Some(Vec::new());

    #[test]
    fn a_ride_clears_a_server_that_refuses_the_message_and_leaves_the_rest_open() {
        // unexpected_message, handshake_failure, illegal_parameter.
        for alert in [10, 40, 47] {
            assert_eq!(together(Some(fatal(alert))), Some(Verdict::NotVulnerable));
        }
        // bad_record_mac, decryption_failed, nothing, silence.
        assert_eq!(together(Some(fatal(20))), None);
        assert_eq!(together(Some(fatal(21))), None);
        assert_eq!(together(None), None);
        assert_eq!(together(SILENCE), None);
    }

    #[test]
    fn only_who_reads_what_is_encrypted_with_nothing_is_confirmed() {
        assert_eq!(apart(SERVER, SILENCE, SILENCE, Some(fatal(20))), Verdict::Confirmed);
        assert_eq!(apart(SERVER, SILENCE, SILENCE, Some(fatal(21))), Verdict::Confirmed);
        // Servers that never send an alert.
        assert_eq!(apart(SERVER, SILENCE, SILENCE, None), Verdict::Confirmed);
        assert_eq!(apart(SERVER, SILENCE, None, None), Verdict::Inconclusive);
        // Decrypted, and with other keys.
        assert_eq!(apart(SERVER, SILENCE, Some(fatal(20)), None), Verdict::Potential);
        // Camellia is not spoken here: whether the keys are known can not be tried.
        assert_eq!(apart(0x0041, SILENCE, None, Some(fatal(20))), Verdict::Potential);
        assert_eq!(apart(0x0041, SILENCE, None, None), Verdict::Inconclusive);
        assert_eq!(apart(SERVER, SILENCE, SILENCE, SILENCE), Verdict::Inconclusive);
    }

    #[test]
    fn who_refuses_the_message_or_passes_over_it_is_not_vulnerable() {
        // The alert may be any.
        assert_eq!(apart(SERVER, Some(fatal(20)), None, None), Verdict::NotVulnerable);
        assert_eq!(apart(SERVER, Some(fatal(10)), None, None), Verdict::NotVulnerable);
        assert_eq!(apart(SERVER, None, None, None), Verdict::NotVulnerable);
        // Passed over, as servers of TLS 1.3 do, and read on.
        assert_eq!(apart(SERVER, SILENCE, Some(fatal(50)), None), Verdict::NotVulnerable);
        assert_eq!(apart(SERVER, SILENCE, SILENCE, Some(fatal(10))), Verdict::NotVulnerable);
    }
}
