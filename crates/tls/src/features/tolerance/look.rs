//! Asking, and taking apart what failed.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use futures_util::future::{join, join_all};
use portreeve_model::tls::{Evidence, Feature};
use portreeve_wire::tls::{ClientHello, Version, is_grease};

use super::hello::{Oddity, Usual};
use super::story;
use crate::audit::Scene;
use crate::exchange::{End, Transcript};

/// Everything that can be asked in one hello with the versions in the extension.
const FIRST: [Oddity; 9] = [
    Oddity::Suites,
    Oddity::Extensions,
    Oddity::Groups,
    Oddity::Versions,
    Oddity::Signatures,
    Oddity::UnknownExtension,
    Oddity::FutureVersion,
    Oddity::RecordVersion,
    Oddity::TroubledLength,
];
/// What that leaves.
const SECOND: [Oddity; 2] = [Oddity::FutureField, Oddity::TwoRecords];
/// The same where nothing before TLS 1.3 is spoken.
const SECOND_OF_TLS13: [Oddity; 1] = [Oddity::TwoRecords];

/// What came of one oddity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) what: Came,
    pub(super) evidence: Vec<Evidence>,
}

/// How an odd hello was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// As a usual one.
    Tolerated,
    /// As a usual one, but not together with other oddities: how that was refused.
    ToleratedAlone(String),
    /// Not as a usual one, twice: how.
    Refused(String),
    /// That can not be said: why.
    Unclear(String),
    /// The question makes no sense for this server: why.
    NotAsked(String),
}

/// Looks at all of it.
pub(in crate::features) fn look(scene: &Scene) -> Pin<Box<dyn Future<Output = Vec<Feature>> + Send + '_>> {
    Box::pin(async move {
        let Some(usual) = Usual::of(&scene.greeting, &scene.known) else {
            let doubt = scene.known.doubt(|version| version != Version::Ssl3);
            return story::without_extensions(doubt.as_deref());
        };
        let second: &[Oddity] = if usual.has_old_versions() { &SECOND } else { &SECOND_OF_TLS13 };
        let (first, second) = join(ask(scene, &usual, &FIRST), ask(scene, &usual, second)).await;
        let mut seen: BTreeMap<Oddity, Seen> = first.into_iter().chain(second).collect();
        confirm(scene, &usual, &mut seen).await;
        story::features(&seen)
    })
}

/// Asks for all at once, and for each alone where that fails.
async fn ask(scene: &Scene, usual: &Usual, odd: &[Oddity]) -> Vec<(Oddity, Seen)> {
    let (odd, too_long): (Vec<Oddity>, Vec<Oddity>) =
        odd.iter().partition(|one| usual.hello(&[**one]).is_some());
    let long_name = "the name of the server makes every hello longer than 511 bytes";
    let mut all: Vec<(Oddity, Seen)> = too_long
        .into_iter()
        .map(|one| (one, Seen { what: Came::NotAsked(long_name.to_owned()), evidence: Vec::new() }))
        .collect();
    let together = match usual.hello(&odd) {
        Some(hello) => Some(asked_twice(scene, usual, &hello).await),
        None => None,
    };
    match together {
        Some(seen) if seen.what == Came::Tolerated || odd.len() == 1 => {
            all.extend(odd.iter().map(|one| (*one, seen.clone())));
        }
        together => {
            let alone = odd.iter().map(|one| async move {
                let hello = usual.hello(&[*one]);
                match hello {
                    Some(hello) => (*one, asked_twice(scene, usual, &hello).await),
                    None => (
                        *one,
                        Seen { what: Came::Unclear("it was not asked".to_owned()), evidence: Vec::new() },
                    ),
                }
            });
            let alone = join_all(alone).await;
            // One that is refused alone explains why all together were.
            let is_explained = alone.iter().any(|(_, seen)| seen.what != Came::Tolerated);
            let how = together.map(|seen| seen.what).filter(|_| !is_explained);
            all.extend(alone.into_iter().map(|(one, seen)| (one, seen.alone(how.as_ref()))));
        }
    }
    all
}

/// A refusal counts where it comes twice: the first may have been chance.
async fn asked_twice(scene: &Scene, usual: &Usual, hello: &ClientHello) -> Seen {
    let first = judged(hello, usual, &scene.ask(hello).await);
    let Came::Refused(why) = &first.what else { return first };
    let second = judged(hello, usual, &scene.ask(hello).await);
    match second.what {
        Came::Refused(_) => first,
        Came::Tolerated => {
            let why = format!("it was refused once ({why}) and answered once");
            Seen { what: Came::Unclear(why), ..second }
        }
        _ => second,
    }
}

/// A refusal counts where a usual hello is still answered.
async fn confirm(scene: &Scene, usual: &Usual, seen: &mut BTreeMap<Oddity, Seen>) {
    if !seen.values().any(|one| matches!(one.what, Came::Refused(_))) {
        return;
    }
    let Some(hello) = usual.hello(&[]) else { return };
    let control = judged(&hello, usual, &scene.ask(&hello).await);
    let (Came::Refused(why) | Came::Unclear(why)) = control.what else { return };
    for one in seen.values_mut() {
        if let Came::Refused(how) = &one.what {
            one.what = Came::Unclear(format!("{how}; but a usual hello is not answered either: {why}"));
        }
    }
}

/// What an answer to an odd hello means.
pub(super) fn judged(hello: &ClientHello, usual: &Usual, heard: &Transcript) -> Seen {
    let flight = heard.flight();
    let what = match &flight.hello {
        Some(chosen) => {
            let suite_is_known = hello.suites.contains(&chosen.suite) && !is_grease(chosen.suite.0);
            let group = chosen.group().filter(|group| is_grease(group.value()));
            if !usual.versions().contains(&chosen.version) {
                Came::Refused(format!("it chose the version {:#06x}", chosen.version.value()))
            } else if !suite_is_known {
                Came::Refused(format!("it chose the suite {:#06x}", chosen.suite.0))
            } else if let Some(group) = group {
                Came::Refused(format!("it chose the group {:#06x}", group.value()))
            } else {
                Came::Tolerated
            }
        }
        None => unanswered(heard),
    };
    let received = heard.received();
    let said = match &what {
        Came::Tolerated => "it answers with a ServerHello".to_owned(),
        Came::Refused(why) | Came::Unclear(why) | Came::ToleratedAlone(why) | Came::NotAsked(why) => {
            why.clone()
        }
    };
    let sent = format!("ClientHello of {} bytes", hello.message().len());
    let mut evidence = vec![Evidence::client(sent, &heard.sent())];
    evidence.extend((!received.is_empty()).then(|| Evidence::server(said, &received)));
    Seen { what, evidence }
}

/// Why there was no hello.
fn unanswered(heard: &Transcript) -> Came {
    let flight = heard.flight();
    if let Some(alert) = flight.refusal() {
        return Came::Refused(format!("alert {}", alert.description));
    }
    if let Some(why) = flight.malformed.or_else(|| heard.unreadable()) {
        return Came::Refused(format!("an answer that can not be read: {why}"));
    }
    match heard.end() {
        Some(End::Closed) => Came::Refused("it closed the connection without an answer".to_owned()),
        Some(End::Reset) => Came::Refused("it reset the connection without an answer".to_owned()),
        // Whether it would ever answer nobody knows.
        Some(End::Silent(time)) => Came::Unclear(format!("it said nothing for {:.1} s", time.as_secs_f64())),
        Some(End::NotConnected(_, why) | End::NotTried(why) | End::Failed(why)) => Came::Unclear(why.clone()),
        Some(End::TooMuch | End::TooLong(_) | End::Done) | None => {
            Came::Unclear("its answer has no end".to_owned())
        }
    }
}

impl Seen {
    /// The same, where all together came to something else.
    fn alone(self, together: Option<&Came>) -> Self {
        match (&self.what, together) {
            (Came::Tolerated, Some(Came::Refused(why) | Came::Unclear(why))) => {
                Self { what: Came::ToleratedAlone(why.clone()), ..self }
            }
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use portreeve_wire::tls::{ContentType, HandshakeType, handshake_message, records};

    use super::super::hello::tests::usual;
    use super::*;
    use crate::exchange::{FirstFlight, replay};

    /// A server's hello with a version and a suite, and the end of the flight.
    fn answer(version: u16, suite: u16) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.extend(suite.to_be_bytes());
        body.push(0);
        let hello = handshake_message(HandshakeType::ServerHello, &body);
        let done = handshake_message(HandshakeType::ServerHelloDone, &[]);
        records(ContentType::Handshake, Version::Tls12, &[hello, done].concat())
    }

    fn came(answer: Option<&[u8]>) -> Came {
        let usual = usual(&[Version::Tls12]).unwrap();
        let hello = usual.hello(&FIRST).unwrap();
        let mut script = FirstFlight::new(hello.encode(), Duration::from_secs(1));
        let heard = replay(&mut script, &mut |_| answer.map(<[u8]>::to_vec));
        judged(&hello, &usual, &heard).what
    }

    #[test]
    fn a_usual_answer_tolerates_and_another_refuses() {
        assert_eq!(came(Some(&answer(0x0303, 0x002f))), Came::Tolerated);
        for (answer, why) in [
            (Some(answer(0x0303, 0x0a0a)), "it chose the suite 0x0a0a"),
            (Some(answer(0x0305, 0x002f)), "it chose the version 0x0305"),
            (Some(answer(0x4a4a, 0x002f)), "it chose the version 0x4a4a"),
            (Some(vec![21, 3, 3, 0, 2, 2, 50]), "alert decode_error"),
            (None, "it closed the connection without an answer"),
        ] {
            assert_eq!(came(answer.as_deref()), Came::Refused(why.to_owned()));
        }
        assert_eq!(came(Some(&[])), Came::Unclear("it said nothing for 1.0 s".to_owned()));
    }
}
