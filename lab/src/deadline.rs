//! Waiting for a state that can only be looked at: a bounded number of looks, ever further apart.

use std::thread;
use std::time::{Duration, Instant};

const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(20);

pub(crate) struct Deadline {
    allowed: Duration,
    end: Instant,
    pause: Duration,
}

impl Deadline {
    pub(crate) fn after(allowed: Duration) -> Self {
        Self { allowed, end: Instant::now() + allowed, pause: SHORTEST }
    }

    /// The whole time that was allowed.
    pub(crate) fn allowed(&self) -> Duration {
        self.allowed
    }

    /// What is left of it; zero when it has passed.
    pub(crate) fn remaining(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Lets time pass before the next look; false when there is none left.
    pub(crate) fn pause(&mut self) -> bool {
        let remaining = self.remaining();
        if remaining.is_zero() {
            return false;
        }
        thread::sleep(self.pause.min(remaining));
        self.pause = (self.pause * 2).min(LONGEST);
        true
    }
}
