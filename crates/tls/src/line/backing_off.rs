//! When a server stops to answer: whether it means the question, or us; and how to go on more slowly.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use portreeve_model::tls::Party;
use portreeve_wire::tls::{Event, HandshakeType};
use tokio::sync::{Mutex as Turnstile, MutexGuard};

use super::Line;
use crate::exchange::{FirstFlight, Transcript};

/// Pauses before the hello that is known to be answered is said again. Together they outlast the usual windows of seconds.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];
/// The interval between connections after the first time, doubled each time.
const SLOW: Duration = Duration::from_millis(100);
/// The slowest.
const SLOWEST: Duration = Duration::from_secs(2);

/// What a control came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// No hello has been answered so far: nothing can be compared with.
    Unknown,
    /// The server answers other hellos: it means the question.
    Answers,
    /// It answered nothing, and does so again after a pause.
    CameBack,
    /// It answers nothing any more.
    Gone(String),
}

/// What is remembered of a server's answers.
#[derive(Debug, Default)]
pub(super) struct Slowness {
    memory: Mutex<Memory>,
    is_slow: AtomicBool,
    turnstile: Turnstile<()>,
    control: Turnstile<()>,
}

#[derive(Debug, Default)]
struct Memory {
    /// A hello that was answered with a hello.
    good: Option<Vec<u8>>,
    /// When the newest connection began on which something was heard.
    heard: Option<Instant>,
    /// How often the server stopped to answer.
    times: u32,
    told: Option<String>,
    given_up: Option<String>,
}

impl Slowness {
    /// Remembers what was heard on a connection that began then.
    pub(super) fn heard(&self, transcript: &Transcript, begun: Instant) {
        if transcript.received_length() == 0 {
            return;
        }
        let mut memory = self.lock();
        memory.heard = memory.heard.max(Some(begun));
        let is_hello =
            |event: &Event| matches!(event, Event::Message { kind: HandshakeType::ServerHello, .. });
        if memory.good.is_none() && transcript.events().iter().any(is_hello) {
            let first = transcript.turns().iter().find(|turn| turn.party == Party::Client);
            memory.good = first.map(|turn| turn.bytes.clone());
        }
    }

    pub(super) fn has_answered(&self) -> bool {
        self.lock().good.is_some()
    }

    pub(super) fn told(&self) -> Option<String> {
        self.lock().told.clone()
    }

    pub(super) fn given_up(&self) -> Option<String> {
        self.lock().given_up.clone()
    }

    /// Once the server has had enough, connections are made one at a time.
    pub(super) async fn alone(&self) -> Option<MutexGuard<'_, ()>> {
        if self.is_slow.load(Ordering::Relaxed) { Some(self.turnstile.lock().await) } else { None }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Finds out whether the server still answers, now that it said nothing to something.
    pub(super) async fn control(&self) -> Control {
        let since = Instant::now();
        // One after another: what the first finds out is good for those behind it.
        let _turn = self.slowness.control.lock().await;
        let Some(good) = self.slowness.lock().good.clone() else { return Control::Unknown };
        if let Some(why) = self.slowness.given_up() {
            return Control::Gone(why);
        }
        if self.slowness.lock().heard > Some(since) || self.answers(&good).await {
            return Control::Answers;
        }
        let connections = self.connections();
        self.slowness.is_slow.store(true, Ordering::Relaxed);
        let mut waited = Duration::ZERO;
        for pause in PAUSES {
            if let Some(why) = self.spent() {
                return Control::Gone(why);
            }
            tokio::time::sleep(pause).await;
            waited += pause;
            if self.answers(&good).await {
                self.slow_down(connections, waited);
                return Control::CameBack;
            }
        }
        let why = format!(
            "the server answers nothing any more since connection {connections}, not even after {:.0} s",
            waited.as_secs_f64()
        );
        let mut memory = self.slowness.lock();
        memory.told = Some(why.clone());
        memory.given_up = Some(why.clone());
        Control::Gone(why)
    }

    async fn answers(&self, hello: &[u8]) -> bool {
        let script = FirstFlight::new(hello.to_vec(), self.patience().answer);
        self.play_once(script).await.received_length() > 0
    }

    fn slow_down(&self, connections: u32, waited: Duration) {
        let mut memory = self.slowness.lock();
        memory.times += 1;
        let interval = SLOW.saturating_mul(1 << memory.times.min(8)).min(SLOWEST);
        self.pace.slow_down(interval);
        memory.told = Some(format!(
            "the server stopped to answer after {connections} connections and went on after a pause of {:.1} s; it was asked one \
             question at a time then, {:.0} ms apart",
            waited.as_secs_f64(),
            interval.as_secs_f64() * 1000.0
        ));
    }
}
