//! A session as a script: a handshake, what is to be tried inside it, and a farewell.

use std::time::Duration;

use portreeve_wire::tls::{AlertDescription, AlertLevel, ClientHello, ExtensionType, HandshakeType};

use super::agreed::{Agreed, Resumable};
use super::client::{Client, Seen};
use super::entropy::Entropy;
use super::protection::Flaw;
use crate::exchange::{End, Move, Script, Transcript, replay};
use portreeve_model::tls::Party;

/// What is tried once the session stands.
#[derive(Clone, Debug)]
pub enum Inside {
    /// Nothing.
    Nothing,
    /// A second handshake with this hello. Where the server knows RFC 5746, the proof of the first one is put in.
    Renegotiate(Box<ClientHello>),
}

/// A session with a server.
#[derive(Clone, Debug)]
pub struct Conversation {
    client: Client,
    first_hello: ClientHello,
    resumed: Option<Resumable>,
    inside: Inside,
    stage: Stage,
    patience: Duration,
    /// Turns of the transcript that were read.
    read: usize,
    /// How many things had come when the second handshake began.
    renegotiated_at: Option<usize>,
    /// What is wrong with the record that bids farewell.
    farewell: Option<Flaw>,
    /// How many things had come when a flawed farewell was sent.
    flawed_at: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Hello,
    First,
    Inside,
    Farewell,
}

/// What came of a session, all of it opened.
#[derive(Clone, Debug)]
pub struct Talk {
    /// The hello that began it.
    pub hello: ClientHello,
    /// Handshakes that went through: the first, and the one inside.
    pub agreed: Vec<Agreed>,
    /// Everything that the server sent.
    pub seen: Vec<Seen>,
    /// What it sent after a second handshake was asked for; none where that was never done.
    pub renegotiation: Option<Vec<Seen>>,
    /// What it sent after a farewell with a flaw, of a session that stood; none where there was no such farewell.
    pub farewell: Option<Vec<Seen>>,
    /// Why this side could not go on.
    pub failure: Option<String>,
    /// How the connection ended.
    pub end: End,
    /// The bytes.
    pub transcript: Transcript,
}

/// What a server did about a handshake inside a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It went through to its end.
    Completed,
    /// The server answered with its hello.
    Answered,
    /// It refused: how, as a verb.
    Refused(String),
    /// It did neither: what was seen, as a clause.
    Unclear(String),
}

impl Conversation {
    /// With this hello, taking up an earlier session where there is one, waiting so long for each answer.
    pub fn new(hello: ClientHello, resumed: Option<Resumable>, inside: Inside, patience: Duration) -> Self {
        Self::with(Client::new(Entropy::of_system()), hello, resumed, inside, patience)
    }

    /// Puts a flaw into the record that bids farewell, and waits for what the server makes of it.
    #[must_use]
    pub fn ending_with(self, flaw: Flaw) -> Self {
        Self { farewell: Some(flaw), ..self }
    }

    /// With a flaw in the record of the client's `Finished`.
    pub fn flawed(hello: ClientHello, flaw: Flaw, patience: Duration) -> Self {
        Self::with(Client::new(Entropy::of_system()).with_flaw(flaw), hello, None, Inside::Nothing, patience)
    }

    fn with(
        client: Client,
        hello: ClientHello,
        resumed: Option<Resumable>,
        inside: Inside,
        patience: Duration,
    ) -> Self {
        Self {
            client,
            first_hello: hello,
            resumed,
            inside,
            stage: Stage::Hello,
            patience,
            read: 0,
            renegotiated_at: None,
            farewell: None,
            flawed_at: None,
        }
    }

    /// What came of it: the same conversation once more, over what was recorded of it. `self` is the one that was played, before it was.
    pub fn told(mut self, transcript: Transcript) -> Talk {
        let hello = self.first_hello.clone();
        let mut turns = transcript.turns().iter().filter(|turn| turn.party == Party::Server);
        replay(&mut self, &mut |_| turns.next().map(|turn| turn.bytes.clone()));
        let after = |at: usize| self.client.seen().get(at..).unwrap_or_default().to_vec();
        Talk {
            hello,
            agreed: self.client.agreed().to_vec(),
            seen: self.client.seen().to_vec(),
            renegotiation: self.renegotiated_at.map(after),
            farewell: self.flawed_at.map(after),
            failure: self.client.failure().map(str::to_owned),
            end: transcript.end().cloned().unwrap_or(End::Done),
            transcript,
        }
    }

    /// The server's bytes that were not read yet, taken; gives what is to be sent for them.
    fn hear(&mut self, heard: &Transcript) -> Vec<u8> {
        let new = heard.turns().get(self.read..).unwrap_or_default();
        let bytes: Vec<u8> = new
            .iter()
            .filter(|turn| turn.party == Party::Server)
            .flat_map(|turn| turn.bytes.clone())
            .collect();
        self.read = heard.turns().len();
        self.client.hear(&bytes)
    }

    /// The end, in order; with the flaw where the session has a cipher that it fits.
    fn bid_farewell(&mut self) -> Vec<u8> {
        let flawed = self.farewell.and_then(|flaw| self.client.flawed_close_notify(flaw));
        if flawed.is_some() {
            self.flawed_at = Some(self.client.seen().len());
        }
        flawed.unwrap_or_else(|| self.client.close_notify())
    }

    /// The hello of the handshake inside.
    fn renegotiate(&mut self, mut hello: ClientHello) -> Vec<u8> {
        match self.client.agreed().last() {
            Some(agreed) if agreed.renegotiates_securely() => hello.set(agreed.renegotiation_info()),
            // A server that does not know the extension is asked as clients did before there was one.
            _ => hello.remove(ExtensionType::RenegotiationInfo),
        }
        self.renegotiated_at = Some(self.client.seen().len());
        self.client.begin(hello, None)
    }

    /// Whether the server has said what it does about the second handshake.
    fn is_refused(&self) -> bool {
        let since = self.client.seen().get(self.renegotiated_at.unwrap_or_default()..).unwrap_or_default();
        since.iter().any(
            |seen| matches!(seen, Seen::Alert(alert) if alert.description == AlertDescription::NoRenegotiation),
        )
    }
}

impl Script for Conversation {
    fn next(&mut self, heard: &Transcript) -> Move {
        if self.stage == Stage::Hello {
            self.stage = Stage::First;
            return Move::Send(self.client.begin(self.first_hello.clone(), self.resumed.take()));
        }
        let answer = self.hear(heard);
        if !answer.is_empty() {
            return Move::Send(answer);
        }
        if self.client.failure().is_some() || self.client.is_over() {
            return Move::Close;
        }
        if self.stage == Stage::First && !self.client.is_handshaking() {
            self.stage = Stage::Inside;
            if let Inside::Renegotiate(hello) = std::mem::replace(&mut self.inside, Inside::Nothing) {
                return Move::Send(self.renegotiate(*hello));
            }
        }
        if self.stage == Stage::Inside && (!self.client.is_handshaking() || self.is_refused()) {
            self.stage = Stage::Farewell;
            return Move::Send(self.bid_farewell());
        }
        let is_over = self.stage == Stage::Farewell && self.flawed_at.is_none();
        if is_over { Move::Close } else { Move::Listen(self.patience) }
    }
}

impl Talk {
    /// The first handshake, where it went through.
    pub fn first(&self) -> Option<&Agreed> {
        self.agreed.first()
    }

    /// Whether it ended as sessions should: by this side's farewell, without a flaw and without a fatal alert.
    pub fn is_in_order(&self) -> bool {
        let is_fatal = |seen: &Seen| matches!(seen, Seen::Alert(alert) if alert.level == AlertLevel::Fatal);
        self.end == End::Done
            && self.failure.is_none()
            && self.farewell.is_none()
            && !self.seen.iter().any(is_fatal)
    }

    /// The server's hello that answered the hello inside.
    pub fn inner_answer(&self) -> Option<&[u8]> {
        self.renegotiation.as_ref()?.iter().find_map(|seen| match seen {
            Seen::Message(HandshakeType::ServerHello, body) => Some(body.as_slice()),
            _ => None,
        })
    }

    /// What the server did about a second handshake. Only what it said inside the session shows that it takes part.
    pub fn outcome(&self) -> Outcome {
        let Some(seen) = &self.renegotiation else {
            return Outcome::Unclear(format!("the session ended before: {}", self.why_not()));
        };
        if self.agreed.len() > 1 {
            return Outcome::Completed;
        }
        if self.inner_answer().is_some() {
            return Outcome::Answered;
        }
        let alert = seen.iter().find_map(|seen| match seen {
            Seen::Alert(alert) => Some(*alert),
            _ => None,
        });
        if let Some(alert) = alert {
            return Outcome::Refused(format!("refused with the alert {}", alert.description));
        }
        match &self.end {
            End::Closed => Outcome::Refused("closed the connection".to_owned()),
            End::Reset => Outcome::Refused("reset the connection".to_owned()),
            _ => Outcome::Unclear(self.why_not()),
        }
    }

    /// What ended it, in words: of an exchange that did not come to where it should.
    pub fn why_not(&self) -> String {
        if let Some(failure) = &self.failure {
            return failure.clone();
        }
        let refusal = self.seen.iter().rev().find_map(|seen| match seen {
            Seen::Alert(alert) => Some(format!("the server sent the alert {}", alert.description)),
            _ => None,
        });
        refusal.unwrap_or_else(|| how_it_ended(&self.end))
    }
}

/// How a connection ended, in words.
pub fn how_it_ended(end: &End) -> String {
    match end {
        End::Done => "the exchange was over".to_owned(),
        End::Closed => "the server closed the connection".to_owned(),
        End::Reset => "the server reset the connection".to_owned(),
        End::Silent(patience) => format!("the server said nothing for {:.1} s", patience.as_secs_f64()),
        End::TooMuch => "the server sent more than is read".to_owned(),
        End::TooLong(most) => format!("the server was still sending after {:.1} s", most.as_secs_f64()),
        End::NotConnected(_, detail) => format!("no connection came about: {detail}"),
        End::NotTried(why) | End::Failed(why) => why.clone(),
    }
}
