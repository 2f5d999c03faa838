//! How many connections, how fast, how long to wait.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much is asked of one server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections in all.
    pub connections: u32,
    /// Connections that are open at once.
    pub at_once: usize,
    /// Connections that begin in a second; none does not limit.
    pub per_second: Option<f64>,
    /// Time for everything.
    pub whole: Duration,
}

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For an answer.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 400, at_once: 4, per_second: None, whole: Duration::from_secs(120) }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(4), answer: Duration::from_secs(4) }
    }
}

impl Patience {
    /// How long one connection may take, whatever comes on it: a server that sends byte by byte is given up.
    pub fn longest(&self) -> Duration {
        self.answer * 5
    }

    /// The same where an answer of the server took that long before.
    pub fn longest_again(&self) -> Duration {
        self.answer * 2
    }
}

/// Lets connections begin one after another, an interval apart.
#[derive(Debug)]
pub(super) struct Pace {
    next: Mutex<Next>,
}

#[derive(Debug)]
struct Next {
    interval: Option<Duration>,
    free: Option<Instant>,
}

impl Pace {
    pub(super) fn new(per_second: Option<f64>) -> Self {
        let seconds = per_second.filter(|rate| *rate > 0.0).map(f64::recip);
        // A rate so small that its interval can not be said is as slow as can be said.
        let interval =
            seconds.map(|one| Duration::try_from_secs_f64(one).unwrap_or(Duration::from_secs(86_400)));
        Self { next: Mutex::new(Next { interval, free: None }) }
    }

    /// At least this interval from now on.
    pub(super) fn slow_down(&self, interval: Duration) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.interval = next.interval.max(Some(interval));
    }

    /// Waits for the next turn.
    pub(super) async fn turn(&self, now: Instant) {
        let at = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(interval) = next.interval else { return };
            let at = next.free.map_or(now, |free| free.max(now));
            next.free = Some(at + interval);
            at
        };
        tokio::time::sleep_until(at.into()).await;
    }
}
