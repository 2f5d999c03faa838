//! A datagram to one endpoint, and what comes back.

use std::hash::{BuildHasher, RandomState};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use portreeve_linux::Errno;
use portreeve_linux::trial::{Datagrams, Interest, wait};
use portreeve_model::why::{Application, Endpoint};
use portreeve_wire::dns_header::{AnswerHeader, TYPE_A, TYPE_NS, question as dns_question};
use portreeve_wire::quic::{ConnectionIds, VersionNegotiation, version_probe};

use super::failure::Failure;
use crate::facts::{Answer, Outcome, Sent, Silence, Trial};
use crate::look::Budget;
use crate::target::Question;

/// It is sent again after these times.
const AGAIN: [Duration; 2] = [Duration::from_millis(800), Duration::from_secs(2)];
/// Nobody needs to answer an empty datagram: only an ICMP error is waited for.
const SHORT: Duration = Duration::from_millis(700);

/// What is sent, and how its answer is known.
struct Message {
    sent: Sent,
    payload: Vec<u8>,
    ids: ConnectionIds,
    id: u16,
}

/// Tries one.
pub(super) fn attempt(question: &Question, endpoint: &Endpoint, budget: Budget) -> Trial {
    let begun = Instant::now();
    let message = Message::of(question);
    let patience = match message.sent {
        Sent::EmptyDatagram => budget.wait().min(SHORT),
        _ => budget.wait(),
    };
    let mut trial = Trial {
        endpoint: endpoint.address,
        protocol: question.target.protocol,
        sent: message.sent,
        outcome: Outcome::Silent(Silence::default()),
        took: Duration::ZERO,
        local: None,
        over_loopback: endpoint.interface.is_some(),
        surroundings: None,
    };
    trial.outcome = match Datagrams::open(endpoint.address) {
        Err(errno) => failure(&trial, errno, None, 0),
        Ok(datagrams) => {
            trial.local = datagrams.local();
            exchange(&datagrams, &message, &trial, begun, patience)
        }
    };
    trial.took = begun.elapsed();
    trial
}

fn exchange(
    datagrams: &Datagrams,
    message: &Message,
    trial: &Trial,
    begun: Instant,
    patience: Duration,
) -> Outcome {
    let ends = AGAIN.into_iter().filter(|again| *again < patience).chain([patience]);
    let mut sent = 0;
    let failed = |errno, sent| failure(trial, errno, datagrams.error(), sent);
    for end in ends {
        if let Err(errno) = datagrams.send(&message.payload) {
            return failed(errno, sent);
        }
        sent += 1;
        match receive(datagrams, message, begun + end) {
            Ok(Some(answer)) => return Outcome::Answered(answer),
            Ok(None) => {}
            Err(errno) => return failed(errno, sent),
        }
    }
    Outcome::Silent(Silence { sent })
}

fn receive(datagrams: &Datagrams, message: &Message, end: Instant) -> Result<Option<Answer>, Errno> {
    let mut buffer = [0_u8; 2048];
    loop {
        if let Some(length) = datagrams.receive(&mut buffer)? {
            return Ok(Some(message.answer(buffer.get(..length).unwrap_or_default())));
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let _ready = wait(&[(datagrams.as_fd(), Interest::Readable)], left);
    }
}

fn failure(
    trial: &Trial,
    errno: Errno,
    error: Option<portreeve_wire::extended_error::ExtendedError>,
    sent: u32,
) -> Outcome {
    Failure { errno, error, endpoint: trial.endpoint, local: trial.local, sent }.of_datagram()
}

impl Message {
    fn of(question: &Question) -> Self {
        let (random, more) = (random(1), random(2));
        let ids = ConnectionIds { destination: random.to_be_bytes(), source: more.to_be_bytes() };
        let [low, high, ..] = random.to_be_bytes();
        let id = u16::from_be_bytes([low, high]);
        let named = question.target.name.as_deref().and_then(|name| dns_question(id, name, TYPE_A));
        let (sent, payload) = match question.target.application {
            Application::Quic => (Sent::QuicProbe, version_probe(ids)),
            Application::Dns => {
                let root = || dns_question(id, ".", TYPE_NS).unwrap_or_default();
                (Sent::DnsQuestion, named.unwrap_or_else(root))
            }
            _ => (Sent::EmptyDatagram, Vec::new()),
        };
        Self { sent, payload, ids, id }
    }

    fn answer(&self, datagram: &[u8]) -> Answer {
        let other = Answer::Other(datagram.len());
        match self.sent {
            Sent::QuicProbe => match VersionNegotiation::decode(datagram) {
                Some(versions) if versions.answers(self.ids) => Answer::QuicVersions(versions.names()),
                _ => other,
            },
            Sent::DnsQuestion => match AnswerHeader::decode(datagram) {
                Some(header) if header.id == self.id => {
                    Answer::Dns { code: header.code.to_string(), answers: header.answers }
                }
                _ => other,
            },
            Sent::Syn | Sent::EmptyDatagram => other,
        }
    }
}

/// Not secret, only hard to guess for whoever does not see the packet.
fn random(salt: u8) -> u64 {
    RandomState::new().hash_one(salt)
}
