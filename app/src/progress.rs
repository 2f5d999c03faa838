//! What is being waited for, on one line of standard error that is erased in the end.
//!
//! Shown to a person at a terminal, and only where the wait is noticed at all.

use std::io::{self, IsTerminal, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portreeve_diagnose::Progress;

/// Whether waits are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Waits {
    /// On standard error.
    Shown,
    /// Not at all.
    #[default]
    Hidden,
}

/// A shorter wait is no wait for a person.
const PATIENCE: Duration = Duration::from_millis(400);
/// The clock in the line moves this often.
const TICK: Duration = Duration::from_millis(100);

impl Waits {
    /// Shown where standard error is a terminal that can erase a line, and nothing else is written there meanwhile.
    pub fn on_stderr(verbosity: u8) -> Self {
        let erasable = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        if verbosity == 0 && erasable && io::stderr().is_terminal() { Self::Shown } else { Self::Hidden }
    }
}

/// Does `work`, and shows meanwhile what it waits for.
pub fn during<T>(waits: Waits, work: impl FnOnce(&dyn Progress) -> T) -> T {
    match waits {
        Waits::Shown => beside(&mut io::stderr(), PATIENCE, work),
        Waits::Hidden => work(&Silent),
    }
}

struct Silent;

impl Progress for Silent {
    fn begins(&self, _: &str) {}
}

/// What is waited for at the moment.
#[derive(Default)]
struct Wait {
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Default)]
struct State {
    part: String,
    over: bool,
}

impl Wait {
    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole at any time: a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Wait {
    fn begins(&self, part: &str) {
        part.clone_into(&mut self.state().part);
    }
}

/// Ends the line also where the work panics: nobody else would.
struct End<'a>(&'a Wait);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.state().over = true;
        self.0.over.notify_all();
    }
}

fn beside<T>(out: &mut (dyn Write + Send), patience: Duration, work: impl FnOnce(&dyn Progress) -> T) -> T {
    let wait = Wait::default();
    thread::scope(|scope| {
        scope.spawn(|| draw(out, &wait, patience));
        let _end = End(&wait);
        work(&wait)
    })
}

/// Draws until the wait is over. What cannot be written is nobody's error: the answer is elsewhere.
fn draw(out: &mut dyn Write, wait: &Wait, patience: Duration) {
    let begun = Instant::now();
    let mut pause = patience;
    let mut drawn = false;
    loop {
        let (state, _) = wait
            .over
            .wait_timeout_while(wait.state(), pause, |state| !state.over)
            .unwrap_or_else(PoisonError::into_inner);
        if state.over {
            break;
        }
        let line = format!("\r\x1b[K{} ({:.1} s)", state.part, begun.elapsed().as_secs_f32());
        drop(state);
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
        drawn = true;
        pause = TICK;
    }
    if drawn {
        let _ = out.write_all(b"\r\x1b[K").and_then(|()| out.flush());
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::beside;

    fn written(patience: Duration, work: Duration) -> String {
        let mut out = Vec::new();
        let seven = beside(&mut out, patience, |progress| {
            progress.begins("connecting");
            thread::sleep(work);
            7
        });
        assert_eq!(seven, 7);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_short_wait_shows_nothing() {
        assert_eq!(written(Duration::from_secs(30), Duration::from_millis(1)), "");
    }

    #[test]
    fn a_long_wait_says_for_what_and_leaves_nothing_behind() {
        let text = written(Duration::from_millis(1), Duration::from_millis(60));
        assert!(text.contains("connecting (0.") && text.ends_with("\r\u{1b}[K"), "{text:?}");
    }

    #[test]
    fn the_line_ends_with_a_panic_of_the_work() {
        let mut out = Vec::new();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            beside(&mut out, Duration::from_secs(30), |_| panic!("of the work"));
        }));
        assert!(panicked.is_err());
        assert!(out.is_empty());
    }
}
