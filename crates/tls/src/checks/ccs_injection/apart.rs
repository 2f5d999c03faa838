//! The early message alone, and then what tells whether it was taken: a record under the keys that come of no secret at all.

use std::time::Duration;

use portreeve_model::tls::Party;
use portreeve_wire::tls::{ContentType, HandshakeType, Suite, Version};

use super::check::{early, out_of_turn};
use crate::checks::reply::{Awaiting, round_trip};
use crate::exchange::{Flight, Move, Script, Transcript};
use crate::session::{Entropy, Prf, Protection, Sealer, Terms};

/// How long a server may take to refuse the early message before it counts as taken; longer where its answers take long.
const SILENCE: Duration = Duration::from_millis(1500);
/// The same for the record after it.
const SECOND_SILENCE: Duration = Duration::from_millis(700);

/// Sends an early `ChangeCipherSpec`, a record under keys made of nothing, and a message in the clear, with a silence after each.
#[derive(Clone, Debug)]
pub(super) struct Apart {
    step: Step,
    before: usize,
    awaiting: Awaiting,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Change,
    AfterChange,
    Sealed,
    AfterSealed,
    OutOfTurn,
    Last,
}

impl Apart {
    /// Waiting this long for the last answer.
    pub(super) fn new(patience: Duration) -> Self {
        Self { step: Step::Change, before: 0, awaiting: Awaiting::new(patience) }
    }
}

impl Script for Apart {
    fn next(&mut self, heard: &Transcript) -> Move {
        let flight = heard.flight();
        let Some(version) = flight.version().filter(|_| flight.done) else { return Move::Close };
        let has_answered = heard.received_length() > self.before;
        match self.step {
            Step::Change => {
                (self.step, self.before) = (Step::AfterChange, heard.received_length());
                Move::Send(early(version))
            }
            Step::AfterChange => {
                self.step = Step::Sealed;
                Move::Pause(SILENCE.max(3 * round_trip(heard)))
            }
            Step::Sealed | Step::OutOfTurn if has_answered => Move::Close,
            Step::Sealed => {
                let record = sealed(heard, &flight);
                self.step = if record.is_some() { Step::AfterSealed } else { Step::Last };
                Move::Send(record.unwrap_or_else(|| out_of_turn(version)))
            }
            Step::AfterSealed => {
                self.step = Step::OutOfTurn;
                Move::Pause(SECOND_SILENCE.max(2 * round_trip(heard)))
            }
            Step::OutOfTurn => {
                self.step = Step::Last;
                Move::Send(out_of_turn(version))
            }
            Step::Last => self.awaiting.next(heard),
        }
    }
}

/// What was said after the hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The early `ChangeCipherSpec`.
    Change,
    /// A record under keys made of nothing.
    Sealed,
    /// A message in the clear that no client sends.
    OutOfTurn,
}

/// Whether a record can be made for a suite.
pub(super) fn can_seal(suite: Suite) -> bool {
    Protection::of(suite).is_some()
}

/// The first byte of a message, for the rest of which a vulnerable server waits: the keys come of a master secret of no bytes and of both
/// randoms. It has to be of the handshake: OpenSSL lets nothing else stand between `ChangeCipherSpec` and Finished.
fn sealed(heard: &Transcript, flight: &Flight) -> Option<Vec<u8>> {
    let hello = flight.hello.as_ref()?;
    let terms =
        Terms { version: hello.version, protection: Protection::of(hello.suite)?, encrypt_then_mac: false };
    // A record's header of five bytes, a message's of four, the version.
    let random: &[u8; 32] = heard.turns().first()?.bytes.get(11..43)?.first_chunk()?;
    let block =
        Prf::of(hello.version, hello.suite).key_block(&[], random, &hello.random, terms.key_block_length());
    let (keys, _) = terms.cut(&block);
    let begun = [HandshakeType::ClientKeyExchange.value()];
    Sealer::new(terms, &keys, Entropy::of_system())?.seal(ContentType::Handshake, &begun)
}

/// What was said after the hello, in its order.
pub(super) fn said(heard: &Transcript, version: Version) -> Vec<Said> {
    let later = heard.turns().iter().filter(|turn| turn.party == Party::Client).skip(1);
    let (change, last) = (early(version), out_of_turn(version));
    let what = |bytes: &[u8]| match bytes {
        bytes if bytes == change => Said::Change,
        bytes if bytes == last => Said::OutOfTurn,
        _ => Said::Sealed,
    };
    later.map(|turn| what(&turn.bytes)).collect()
}
