//! What a server says to something that was sent after its first flight, reduced to what can be compared.

use std::fmt;
use std::time::Duration;

use portreeve_model::tls::Party;
use portreeve_wire::tls::{Alert, AlertDescription, AlertLevel, ContentType, Event, HandshakeType};

use crate::exchange::{End, Move, Transcript};

/// How long a server may take to close after an alert; one that leaves that to the client is waited for no longer.
const AFTERWARDS: Duration = Duration::from_millis(50);

/// Listens for a reply: until a fatal alert, and then a moment for what comes with it.
#[derive(Clone, Debug)]
pub(super) struct Awaiting {
    patience: Duration,
    refused: bool,
}

impl Awaiting {
    /// Waits this long for anything at all.
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, refused: false }
    }

    /// What comes next.
    pub(super) fn next(&mut self, heard: &Transcript) -> Move {
        if !has_refused(heard) {
            return Move::Listen(self.patience);
        }
        if std::mem::replace(&mut self.refused, true) { Move::Close } else { Move::Pause(AFTERWARDS) }
    }
}

/// The events after the first flight, and how the connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Alerts, by what they say.
    pub(crate) alerts: Vec<AlertDescription>,
    /// What else came: a `ChangeCipherSpec`, a message, something encrypted.
    pub(crate) others: Vec<ContentType>,
    /// The end; of no meaning after an alert, where a reset may overtake an orderly close.
    pub(crate) ending: Ending,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It stood to the last.
    Open,
    /// The server closed.
    Closed,
    /// The server reset.
    Reset,
    /// The server said nothing.
    Silent,
    /// Nothing can be said of it.
    Unknown(String),
}

impl Reply {
    /// What followed the first flight; none where that flight never was whole.
    pub(crate) fn of(heard: &Transcript) -> Option<Self> {
        let mut later = heard.events().iter();
        later.by_ref().find(|event| is_done(event))?;
        let mut alerts = Vec::new();
        let mut others = Vec::new();
        for event in later {
            match event {
                Event::Alert(alert) => alerts.push(alert.description),
                Event::Message { .. } => others.push(ContentType::Handshake),
                Event::ChangeCipherSpec => others.push(ContentType::ChangeCipherSpec),
                Event::Opaque(content, _) => others.push(*content),
            }
        }
        let ending = match heard.end() {
            _ if !alerts.is_empty() => Ending::Open,
            None | Some(End::Done) => Ending::Open,
            Some(End::Closed) => Ending::Closed,
            Some(End::Reset) => Ending::Reset,
            Some(End::Silent(_)) => Ending::Silent,
            Some(End::TooMuch | End::TooLong(_)) => Ending::Unknown("the server sent too much".to_owned()),
            Some(End::NotConnected(_, why) | End::NotTried(why) | End::Failed(why)) => {
                Ending::Unknown(why.clone())
            }
        };
        Some(Self { alerts, others, ending })
    }

    /// The first alert.
    pub(crate) fn alert(&self) -> Option<AlertDescription> {
        self.alerts.first().copied()
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> =
            self.others.iter().map(|content| format!("a record {content}")).collect();
        parts.extend(self.alerts.iter().map(|alert| format!("alert {alert}")));
        match &self.ending {
            Ending::Open if parts.is_empty() => parts.push("nothing".to_owned()),
            Ending::Open => {}
            Ending::Closed => parts.push("connection closed".to_owned()),
            Ending::Reset => parts.push("connection reset".to_owned()),
            Ending::Silent => parts.push("silence".to_owned()),
            Ending::Unknown(why) => parts.push(why.clone()),
        }
        f.write_str(&parts.join(", "))
    }
}

fn is_done(event: &Event) -> bool {
    matches!(event, Event::Message { kind: HandshakeType::ServerHelloDone, .. })
}

/// Whether a fatal alert came after the first flight.
fn has_refused(heard: &Transcript) -> bool {
    let fatal =
        |event: &Event| matches!(event, Event::Alert(Alert { level, .. }) if *level != AlertLevel::Warning);
    heard.events().iter().skip_while(|event| !is_done(event)).any(fatal)
}

/// The bytes of the turns from the first that was sent after the hello: what a probe said and what it was answered.
pub(super) fn after_hello(heard: &Transcript) -> (Vec<u8>, Vec<u8>) {
    let sent = |index: &usize| heard.turns().get(*index).is_some_and(|turn| turn.party == Party::Client);
    let Some(begin) = (0..heard.turns().len()).filter(sent).nth(1) else { return (Vec::new(), Vec::new()) };
    let of = |party: Party| {
        let later = heard.turns().iter().skip(begin);
        later.filter(|turn| turn.party == party).flat_map(|turn| turn.bytes.clone()).collect()
    };
    (of(Party::Client), of(Party::Server))
}

/// How long the server took for the first bytes of its answer: a silence has to be longer to be one.
pub(super) fn round_trip(heard: &Transcript) -> Duration {
    let first = |party: Party| heard.turns().iter().find(|turn| turn.party == party).map(|turn| turn.at);
    first(Party::Server).unwrap_or_default().saturating_sub(first(Party::Client).unwrap_or_default())
}

/// Why there was no first flight.
pub(super) fn unanswered(heard: &Transcript) -> String {
    let flight = heard.flight();
    if let Some(alert) = flight.refusal() {
        return format!("the server refused the hello with alert {}", alert.description);
    }
    if let Some(why) = flight.malformed.or_else(|| heard.unreadable()) {
        return format!("the answer can not be read: {why}");
    }
    match heard.end() {
        Some(End::Closed) => "the server closed the connection during the handshake".to_owned(),
        Some(End::Reset) => "the server reset the connection during the handshake".to_owned(),
        Some(End::Silent(time)) => format!("the server was silent for {:.1} s", time.as_secs_f64()),
        Some(End::TooMuch | End::TooLong(_)) => "the server's answer has no end".to_owned(),
        Some(End::NotConnected(_, why) | End::NotTried(why) | End::Failed(why)) => why.clone(),
        Some(End::Done) | None => "the server did not end its first flight".to_owned(),
    }
}
