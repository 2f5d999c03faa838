//! What the project promises about its speed, and whether a race kept it.

use std::time::Duration;

use super::race::Outcome;

/// A promise about the first contender of a race.
#[derive(Debug, Clone)]
pub(crate) enum Goal {
    /// At most this multiple of a peer's median wall time.
    Ratio {
        /// The peer's name.
        peer: &'static str,
        /// Our time divided by its time.
        at_most: f64,
    },
    /// Less than this median wall time.
    Wall(Duration),
    /// Less than this peak resident memory, in millions of bytes.
    Memory {
        /// The limit.
        megabytes: u64,
    },
}

/// A goal with what was measured.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// The promise in words.
    pub(crate) promise: String,
    /// The measured value, in the promise's terms.
    pub(crate) measured: String,
    /// Whether it was kept.
    pub(crate) met: bool,
}

/// Judges one goal of `ours` against the other outcomes. A peer that did not run is a goal missed.
pub(crate) fn judge(goal: &Goal, ours: &Outcome, all: &[Outcome]) -> Judged {
    match goal {
        Goal::Ratio { peer, at_most } => {
            let promise = format!("at most {at_most:.2} x `{peer}`");
            match all.iter().find(|outcome| outcome.name == *peer) {
                Some(other) => {
                    let ratio = ours.median.as_secs_f64() / other.median.as_secs_f64();
                    Judged { promise, measured: format!("{ratio:.3} x"), met: ratio <= *at_most }
                }
                None => Judged { promise, measured: "not run".to_owned(), met: false },
            }
        }
        Goal::Wall(limit) => Judged {
            promise: format!("under {} ms", limit.as_millis()),
            measured: format!("{:.1} ms", ours.median.as_secs_f64() * 1e3),
            met: ours.median < *limit,
        },
        Goal::Memory { megabytes } => Judged {
            promise: format!("peak memory under {megabytes} MB"),
            measured: format!("{} MB", ours.peak_megabytes()),
            met: ours.peak_kib * 1024 < megabytes * 1_000_000,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, millis: u64, peak_kib: u64) -> Outcome {
        let time = Duration::from_millis(millis);
        Outcome {
            name: name.to_owned(),
            median: time,
            fastest: time,
            slowest: time,
            cpu: time,
            peak_kib,
            output_bytes: 0,
            output_lines: 0,
        }
    }

    #[test]
    fn ratios_time_and_memory_are_judged() {
        let all = [outcome("ours", 100, 2048), outcome("ss", 1000, 1)];
        let ratio = |at_most| judge(&Goal::Ratio { peer: "ss", at_most }, &all[0], &all);
        assert!(ratio(0.1).met);
        assert!(!ratio(0.09).met);
        assert_eq!(ratio(0.1).measured, "0.100 x");
        assert!(!judge(&Goal::Ratio { peer: "lsof", at_most: 9.0 }, &all[0], &all).met);
        assert!(judge(&Goal::Wall(Duration::from_millis(101)), &all[0], &all).met);
        assert!(!judge(&Goal::Wall(Duration::from_millis(100)), &all[0], &all).met);
        assert!(judge(&Goal::Memory { megabytes: 3 }, &all[0], &all).met);
        assert!(!judge(&Goal::Memory { megabytes: 2 }, &all[0], &all).met);
    }
}
