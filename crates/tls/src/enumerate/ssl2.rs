//! SSL 2.0: one hello with everything, to which a server answers with all that it shares.

use std::time::Duration;

use portreeve_model::tls::{Evidence, Support};
use portreeve_wire::WireError;
use portreeve_wire::tls::ssl2::{Answer, ClientHello, ServerHello};

use super::ask::Asker;
use super::reply::why;
use crate::audit::random;
use crate::exchange::{End, Move, Script, Transcript};

/// What is known of SSL 2.0.
#[derive(Debug)]
pub(super) struct Ssl2 {
    pub(super) support: Support,
    pub(super) statement: String,
    pub(super) suites: Vec<u32>,
    pub(super) evidence: Option<Evidence>,
    /// It was closed without a word, which is a refusal where other hellos are answered.
    pub(super) is_doubtful: bool,
}

/// Sends the hello and listens for one answer.
#[derive(Clone, Debug)]
struct Hello {
    hello: Option<Vec<u8>>,
    patience: Duration,
}

impl Script for Hello {
    fn next(&mut self, heard: &Transcript) -> Move {
        match self.hello.take() {
            Some(hello) => Move::Send(hello),
            None if is_enough(heard) => Move::Close,
            None => Move::Listen(self.patience),
        }
    }
}

fn is_enough(heard: &Transcript) -> bool {
    heard.received_length() > 0
        && !matches!(Answer::decode(&heard.received()), Err(WireError::Truncated { .. }))
}

/// Asks.
pub(super) async fn ask(asker: &Asker<'_>) -> Ssl2 {
    let random = random();
    let challenge = *random.first_chunk().unwrap_or(&[0; 16]);
    let hello = ClientHello::new(challenge).encode();
    let script = Hello { hello: Some(hello), patience: asker.line.patience().answer };
    let heard = asker.line.play(script.clone()).await;
    if !is_without_word(&heard) {
        return read(&heard);
    }
    read(&asker.line.play(script).await)
}

fn is_without_word(heard: &Transcript) -> bool {
    heard.received_length() == 0 && matches!(heard.end(), Some(End::Closed | End::Reset))
}

fn read(heard: &Transcript) -> Ssl2 {
    let received = heard.received();
    let said = |statement: String, support| Ssl2 {
        support,
        statement,
        suites: Vec::new(),
        evidence: (!received.is_empty()).then(|| Evidence::server("answer to an SSL 2.0 hello", &received)),
        is_doubtful: false,
    };
    // A server that speaks no SSL 2.0 answers in the records of its own protocol: an alert, mostly.
    if received.first().is_some_and(|first| matches!(first, 20..=24)) {
        let flight = heard.flight();
        let how = flight.alerts.first().map_or("a record of a later protocol".to_owned(), |alert| {
            format!("the alert {}", alert.description)
        });
        return said(format!("The server refused SSL 2.0 with {how}."), Support::No);
    }
    match Answer::decode(&received) {
        Ok(Answer::Hello(hello)) => spoken(&hello, &received),
        Ok(Answer::Error(_)) => {
            said("The server refused SSL 2.0 with an error of SSL 2.0 itself.".to_owned(), Support::No)
        }
        Err(_) if is_without_word(heard) => Ssl2 {
            is_doubtful: true,
            ..said("The server closed the connection at an SSL 2.0 hello, twice.".to_owned(), Support::No)
        },
        Err(_) => {
            said(format!("Not known: {}.", why(heard.end(), heard.received_length())), Support::Inconclusive)
        }
    }
}

fn spoken(hello: &ServerHello, received: &[u8]) -> Ssl2 {
    let suites: Vec<u32> = hello.suites.iter().map(|suite| suite.0).collect();
    Ssl2 {
        support: Support::Yes,
        statement: if suites.is_empty() {
            "The server answers SSL 2.0 with a hello of its own, but shares no suite.".to_owned()
        } else {
            format!("The server answers SSL 2.0 with a hello of its own and {} suites.", suites.len())
        },
        suites,
        evidence: Some(Evidence::server("SERVER-HELLO of SSL 2.0", received)),
        is_doubtful: false,
    }
}
