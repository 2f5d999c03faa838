//! What happened on a connection.

use std::time::Duration;

use portreeve_model::tls::{Party, Unreached};
use portreeve_wire::tls::{Event, FlightReader};

use super::Flight;
use crate::spoken::{self, Spoken};

/// The most that is kept of one connection: what a server sends beyond it ends the exchange.
pub(crate) const MOST: usize = 320 << 10;

/// One side's bytes. Of the server's, as much as one read gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whose.
    pub party: Party,
    /// The bytes; none of a pause without an answer.
    pub bytes: Vec<u8>,
    /// Since the connection stood.
    pub at: Duration,
}

/// How an exchange ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The script had heard enough.
    Done,
    /// The server closed.
    Closed,
    /// The server reset the connection.
    Reset,
    /// Nothing came for so long.
    Silent(Duration),
    /// The server sent more than is kept.
    TooMuch,
    /// The server was still sending after so long.
    TooLong(Duration),
    /// No connection came about.
    NotConnected(Unreached, String),
    /// The budget of connections or the time of the whole audit is used up: nothing was tried.
    NotTried(String),
    /// Something on this side failed.
    Failed(String),
}

/// Everything that was sent and heard on one connection.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    turns: Vec<Turn>,
    events: Vec<Event>,
    reader: FlightReader,
    received: usize,
    end: Option<End>,
}

impl Transcript {
    /// Of a connection that never came about.
    pub fn without_connection(end: End) -> Self {
        Self { end: Some(end), ..Self::default() }
    }

    /// The turns in their order.
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// What the server's bytes say, as far as they are whole.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// How it ended; none while it goes on.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Everything that the server sent.
    pub fn received(&self) -> Vec<u8> {
        self.of(Party::Server)
    }

    /// Everything that was sent to it.
    pub fn sent(&self) -> Vec<u8> {
        self.of(Party::Client)
    }

    /// How many bytes came.
    pub fn received_length(&self) -> usize {
        self.received
    }

    /// How many sends there were.
    pub fn sends(&self) -> usize {
        self.turns.iter().filter(|turn| turn.party == Party::Client).count()
    }

    /// What the server speaks instead of TLS.
    pub fn not_tls(&self) -> Option<Spoken> {
        spoken::recognise(&self.received())
    }

    /// Why the server's bytes can not be read any further.
    pub fn unreadable(&self) -> Option<String> {
        self.reader.failure().map(ToString::to_string)
    }

    /// What the server's first flight says.
    pub fn flight(&self) -> Flight {
        Flight::of(self)
    }

    /// Adds what was sent.
    pub fn say(&mut self, bytes: Vec<u8>, at: Duration) {
        self.turns.push(Turn { party: Party::Client, bytes, at });
    }

    /// Adds what came, and understands it; nothing of a pause.
    pub fn hear(&mut self, bytes: &[u8], at: Duration) {
        self.turns.push(Turn { party: Party::Server, bytes: bytes.to_vec(), at });
        self.received += bytes.len();
        self.reader.push(bytes);
        while let Some(event) = self.reader.next_event() {
            self.events.push(event);
        }
        if self.received > MOST {
            self.end = Some(End::TooMuch);
        }
    }

    /// Ends it, where it has not ended yet.
    pub fn finish(&mut self, end: End) {
        self.end.get_or_insert(end);
    }

    /// The same with another end: where it was this side that had no more time.
    #[must_use]
    pub fn ended_instead(mut self, end: End) -> Self {
        self.end = Some(end);
        self
    }

    fn of(&self, party: Party) -> Vec<u8> {
        self.turns.iter().filter(|turn| turn.party == party).flat_map(|turn| turn.bytes.clone()).collect()
    }
}
