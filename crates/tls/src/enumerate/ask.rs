//! Questions of a loop, put to the server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use portreeve_wire::tls::Version;

use super::offer::Offer;
use super::reply::{Reply, why};
use crate::audit::{Greeting, random};
use crate::checks::Rides;
use crate::exchange::{FirstFlight, Transcript, then};
use crate::line::Line;
use crate::sealed::{SealedFlight, SecondHello};

/// Who is asked, and how.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    pub(super) line: &'a Line,
    pub(super) greeting: &'a Greeting,
    rides: &'a Rides,
    /// Nothing good comes after this server's hello.
    hello_only: AtomicBool,
    cut_short: Mutex<Option<String>>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(line: &'a Line, greeting: &'a Greeting, rides: &'a Rides) -> Self {
        let cut_short = Mutex::new(None);
        Self { line, greeting, rides, hello_only: AtomicBool::new(false), cut_short }
    }

    /// Why flights did not come to their end, where one did not.
    pub(super) fn cut_short(&self) -> Option<String> {
        self.cut_short.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts an offer to the server. What may be a refusal is one if it happens twice, to a server that answers other hellos.
    pub(super) async fn ask(&self, offer: &Offer) -> Reply {
        self.ask_heard(offer).await.0
    }

    /// The same, and what was heard.
    pub(super) async fn ask_heard(&self, offer: &Offer) -> (Reply, Transcript) {
        let heard = self.play(offer).await;
        self.confirmed(offer, heard).await
    }

    /// The answer; where it may be a refusal, after asking again.
    async fn confirmed(&self, offer: &Offer, heard: Transcript) -> (Reply, Transcript) {
        let name = self.greeting.name();
        let reply = Reply::of(&heard, offer, name);
        let Reply::Doubtful(first) = reply else { return (reply, heard) };
        let hello = offer.hello(self.greeting).encode();
        let again = self.line.play(FirstFlight::new(hello, self.line.patience().answer)).await;
        let reply = match Reply::of(&again, offer, name) {
            Reply::Doubtful(second) if second.how == first.how && self.line.has_answered() => {
                Reply::Refused(second)
            }
            reply => reply,
        };
        (reply, again)
    }

    /// Puts an offer of TLS 1.3 to the server, and goes on after its retry where the offer says so.
    pub(super) async fn ask_on(&self, offer: &Offer) -> (Reply, Option<SealedFlight>) {
        let Some(signatures) = &offer.go_on else { return (self.ask(offer).await, None) };
        let (hello, patience) = (offer.hello(self.greeting), self.line.patience().answer);
        let flight = FirstFlight::new(hello.encode(), patience);
        let second = SecondHello::new(hello, random(), patience).signed_with(signatures);
        let heard = self.line.play(then(flight, second.clone())).await;
        let sealed = second.read(&heard);
        (self.confirmed(offer, heard).await.0, sealed)
    }

    async fn play(&self, offer: &Offer) -> Transcript {
        let (hello, patience) = (offer.hello(self.greeting).encode(), self.line.patience().answer);
        if self.hello_only.load(Ordering::Relaxed) {
            return self.line.play(FirstFlight::hello_only(hello, patience)).await;
        }
        let flight = FirstFlight::new(hello, patience);
        if offer.version == Version::Tls13 {
            return self.line.play(flight).await;
        }
        let rider = self.rides.rider(patience);
        let heard = self.line.play(then(flight, rider.clone())).await;
        self.rides.keep(&rider, &heard);
        self.note_end(&heard);
        heard
    }

    /// A server that does not come to the end of its flight is not waited for again.
    fn note_end(&self, heard: &Transcript) {
        let flight = heard.flight();
        if flight.hello.is_none() || flight.is_whole() {
            return;
        }
        let reason = heard.unreadable().unwrap_or_else(|| why(heard.end(), heard.received_length()));
        self.hello_only.store(true, Ordering::Relaxed);
        self.cut_short.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
    }
}
