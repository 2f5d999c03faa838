//! The first word to a server, and how to greet it so that it answers.

use portreeve_model::tls::Unreached;
use portreeve_wire::tls::Version;

use super::ask::Asker;
use super::removal::Removal;
use super::reply::Reply;
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

/// Says the first hello.
pub async fn meet(line: &Line, greeting: Greeting, rides: Rides) -> Met {
    let mut first = Removal::new(Version::Tls12, &Vocabulary::of(greeting.manner));
    let asker = Asker::new(line, &greeting, &rides);
    if let Some(offer) = first.question() {
        let (reply, heard) = asker.ask_heard(&offer).await;
        if let Some(met) = stranger(&heard) {
            return met;
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

impl Opening {
    /// Asks for everything that can be agreed on.
    pub async fn go_on(self, line: &Line) -> Agreed {
        let Self { first, mut greeting, rides } = self;
        let mut round = Round::play(&Asker::new(line, &greeting, &rides), Some(first)).await;
        let mut conduct = round.conduct();
        let manners: &[Manner] = match conduct {
            Conduct::Speaks => &[],
            Conduct::Silent => &[Manner::Small],
            _ => &[Manner::Plain, Manner::Small],
        };
        let names = [greeting.server_name.clone(), None];
        let names = names.into_iter().take(if round.wants_another_name() { 2 } else { 1 });
        let ways: Vec<(Option<String>, Manner)> =
            names.flat_map(|name| manners.iter().map(move |manner| (name.clone(), *manner))).collect();
        for (server_name, manner) in ways {
            let other = Greeting { server_name, manner };
            let asker = Asker::new(line, &other, &rides);
            if first_questions(&asker).await.iter().any(|reply| matches!(reply, Reply::Chose(_))) {
                round = Round::play(&asker, None).await;
                let how = match manner {
                    Manner::Full => "another hello",
                    Manner::Plain => "a hello with few extensions",
                    Manner::Small => "a hello of less than 256 bytes",
                };
                let name = if other.server_name == greeting.server_name { "" } else { " and without a name" };
                round.note(format!("The server answers {how}{name} only; what needs more was not offered."));
                conduct = round.conduct();
                greeting = other;
                break;
            }
        }
        let is_full = greeting.manner == Manner::Full;
        let known =
            Known { heartbeat_offered: is_full, compression_offered: is_full, rides, ..round.known() };
        Agreed { greeting, known, conduct }
    }
}
