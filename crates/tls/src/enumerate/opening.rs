//! The first word to a server, and how to greet it so that it answers.

use portreeve_model::tls::Unreached;
use portreeve_wire::tls::Version;

use super::ask::Asker;
use super::removal::Removal;
use super::reply::{Reply, Unclear};
use super::round::{Conduct, Round, first_questions};
use super::vocabulary::Vocabulary;
use crate::audit::{Greeting, Known, Manner};
use crate::checks::Rides;
use crate::exchange::{End, Transcript};
use crate::line::Line;
use crate::spoken::Spoken;

/// Who answers.
#[derive(Debug)]
pub enum Met {
    /// Somebody that may speak TLS.
    Opening(Box<Opening>),
    /// Somebody who speaks something else.
    NotTls(Spoken),
    /// Nobody.
    Unreached(Unreached, String),
}

/// A conversation that has begun.
#[derive(Debug)]
pub struct Opening {
    first: Removal,
    greeting: Greeting,
    rides: Rides,
}

/// What was agreed on.
#[derive(Debug)]
pub struct Agreed {
    /// How the server wants to be greeted.
    pub greeting: Greeting,
    /// What is known.
    pub known: Known,
    /// How it met the hellos.
    pub conduct: Conduct,
}

/// The versions whose first questions tell whether a greeting is answered.
const USUAL: [Version; 3] = [Version::Tls12, Version::Tls10, Version::Tls13];

/// Says the first hello; and two others, where its answer has no end, to see whether any has.
pub async fn meet(line: &Line, greeting: Greeting, rides: Rides) -> Met {
    let mut first = Removal::new(Version::Tls12, &Vocabulary::of(greeting.manner));
    let asker = Asker::new(line, &greeting, &rides);
    if let Some(offer) = first.question() {
        let (reply, heard) = asker.ask_heard(&offer).await;
        if let Some(met) = stranger(&heard) {
            return met;
        }
        if matches!(reply, Reply::Unclear(Unclear::Endless(_))) {
            first_questions(&asker, &[Version::Tls10, Version::Tls13]).await;
        }
        first.answer(reply);
    }
    Met::Opening(Box::new(Opening { first, greeting, rides }))
}

/// Who it is, if it is nobody that speaks TLS.
fn stranger(heard: &Transcript) -> Option<Met> {
    match heard.end() {
        Some(End::NotConnected(reason, detail)) => Some(Met::Unreached(*reason, detail.clone())),
        Some(End::NotTried(why) | End::Failed(why)) => Some(Met::Unreached(Unreached::Failed, why.clone())),
        _ => heard.not_tls().map(Met::NotTls),
    }
}

/// Why nothing is agreed on where it is for the name, and what to do about it.
fn refused_for_name(how: &str, greeting: &Greeting) -> String {
    match greeting.name() {
        Some(_) => format!("{how}, and agrees to nothing without one; --sni asks for another"),
        None => format!("{how}; --sni NAME names one"),
    }
}

fn few(how: &str) -> String {
    format!("The server answers {how} only; what needs more was not offered.")
}

impl Opening {
    /// Asks for everything that can be agreed on.
    pub async fn go_on(self, line: &Line) -> Agreed {
        let Self { first, mut greeting, rides } = self;
        let mut round = Round::play(&Asker::new(line, &greeting, &rides), Some(first)).await;
        let mut conduct = round.conduct();
        let mut ways: Vec<Greeting> = Vec::new();
        if matches!(conduct, Conduct::Refuses(_)) && round.wants_another_name() {
            // It has read the hello: what it does not like is the name.
            let named = greeting.name().is_some();
            ways.extend(named.then(|| Greeting { server_name: None, ..greeting.clone() }));
        } else {
            let manners: &[Manner] = match conduct {
                Conduct::Speaks => &[],
                Conduct::Silent => &[Manner::Small],
                _ => &[Manner::Plain, Manner::Small],
            };
            ways.extend(manners.iter().map(|manner| Greeting { manner: *manner, ..greeting.clone() }));
        }
        for other in ways {
            let asker = Asker::new(line, &other, &rides);
            if first_questions(&asker, &USUAL).await.iter().any(|reply| matches!(reply, Reply::Chose(_))) {
                round = Round::play(&asker, None).await;
                round.note(match (other.manner, greeting.name()) {
                    (Manner::Full, name) => format!(
                        "The server knows no site of the name {} and was asked without a name.",
                        name.unwrap_or_default()
                    ),
                    (Manner::Plain, _) => few("a hello with few extensions"),
                    (Manner::Small, _) => few("a hello of less than 256 bytes"),
                });
                conduct = round.conduct();
                greeting = other;
                break;
            }
        }
        let is_full = greeting.manner == Manner::Full;
        let refused = match &conduct {
            Conduct::Refuses(how) if round.wants_another_name() => Some(refused_for_name(how, &greeting)),
            Conduct::Refuses(how) | Conduct::Unknown(how) => Some(how.clone()),
            _ => None,
        };
        let known = Known {
            heartbeat_offered: is_full,
            compression_offered: is_full,
            rides,
            refused,
            ..round.known()
        };
        Agreed { greeting, known, conduct }
    }
}
