//! Outcomes as Markdown, and what is promised of them.

use std::fmt::Write as _;
use std::time::Duration;

use super::auditors::Outcome;
use crate::bench::goal::Judged;

/// A promise about the first program of a table.
pub(super) enum Limit {
    /// At most so many connections.
    Connections { at_most: u64 },
    /// At least so many times fewer connections than a peer.
    FewerConnections { peer: &'static str, times: u64 },
    /// At most so many times a peer's time.
    Time { peer: &'static str, at_most: f64 },
    /// Less peak memory than so many millions of bytes.
    Memory { megabytes: u64 },
}

/// A table with its goals.
pub(super) struct Table {
    title: &'static str,
    about: &'static str,
    hosts: u32,
    outcomes: Vec<Outcome>,
    judged: Vec<Judged>,
}

impl Table {
    pub(super) fn new(
        title: &'static str,
        about: &'static str,
        hosts: u32,
        outcomes: Vec<Outcome>,
        limits: &[Limit],
    ) -> Self {
        let judged = limits.iter().map(|limit| limit.judge(&outcomes)).collect();
        Self { title, about, hosts, outcomes, judged }
    }

    pub(super) fn is_met(&self) -> bool {
        self.judged.iter().all(|judged| judged.met)
    }

    pub(super) fn render(&self) -> String {
        let mut text = format!("## {}\n\n{}\n\n", self.title, self.about);
        text += "| program | connections | median | fastest | slowest | hosts a second | processor time | peak memory |\n";
        text += "|---|---:|---:|---:|---:|---:|---:|---:|\n";
        for outcome in &self.outcomes {
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} | {} | {:.1} | {} | {} MB |",
                outcome.line,
                outcome.connections,
                time(outcome.median),
                time(outcome.fastest),
                time(outcome.slowest),
                f64::from(self.hosts) / outcome.median.as_secs_f64(),
                time(outcome.cpu),
                megabytes(outcome),
            );
        }
        text += "\n| goal for `portreeve` | measured | |\n|---|---:|---|\n";
        for Judged { promise, measured, met } in &self.judged {
            let _ =
                writeln!(text, "| {promise} | {measured} | {} |", if *met { "met" } else { "**missed**" });
        }
        text + "\n"
    }
}

impl Limit {
    /// A peer that did not run is a goal missed.
    fn judge(&self, outcomes: &[Outcome]) -> Judged {
        let missed = |promise| Judged { promise, measured: "not run".to_owned(), met: false };
        let find = |peer| outcomes.iter().find(|outcome| outcome.name == peer);
        let Some(ours) = outcomes.first() else { return missed("a run".to_owned()) };
        match self {
            Self::Connections { at_most } => Judged {
                promise: format!("at most {at_most} connections"),
                measured: ours.connections.to_string(),
                met: ours.connections <= *at_most,
            },
            Self::FewerConnections { peer, times } => {
                let promise = format!("at least {times} times fewer connections than {peer}");
                let Some(other) = find(*peer) else { return missed(promise) };
                Judged {
                    promise,
                    measured: format!("{} and {}", ours.connections, other.connections),
                    met: ours.connections * times <= other.connections,
                }
            }
            Self::Time { peer, at_most } => {
                let promise = format!("at most {at_most:.3} x the time of {peer}");
                let Some(other) = find(*peer) else { return missed(promise) };
                let ratio = ours.median.as_secs_f64() / other.median.as_secs_f64();
                Judged { promise, measured: format!("{ratio:.3} x"), met: ratio <= *at_most }
            }
            Self::Memory { megabytes: limit } => Judged {
                promise: format!("peak memory under {limit} MB"),
                measured: format!("{} MB", megabytes(ours)),
                met: ours.peak_kib * 1024 < limit * 1_000_000,
            },
        }
    }
}

/// Millions of bytes, rounded up.
fn megabytes(outcome: &Outcome) -> u64 {
    (outcome.peak_kib * 1024).div_ceil(1_000_000)
}

fn time(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds >= 1.0 { format!("{seconds:.2} s") } else { format!("{:.0} ms", seconds * 1e3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &'static str, millis: u64, connections: u64) -> Outcome {
        let time = Duration::from_millis(millis);
        Outcome {
            name,
            line: name.to_owned(),
            median: time,
            fastest: time,
            slowest: time,
            cpu: time,
            connections,
            peak_kib: 2048,
        }
    }

    #[test]
    fn limits_are_judged() {
        let all = [outcome("portreeve", 100, 50), outcome("sslyze", 1000, 400), outcome("sslscan", 90, 120)];
        let met = |limit: Limit| limit.judge(&all).met;
        assert!(met(Limit::Connections { at_most: 50 }) && !met(Limit::Connections { at_most: 49 }));
        assert!(met(Limit::FewerConnections { peer: "sslyze", times: 8 }));
        assert!(!met(Limit::FewerConnections { peer: "sslscan", times: 8 }));
        assert!(
            met(Limit::Time { peer: "sslyze", at_most: 0.125 })
                && !met(Limit::Time { peer: "sslscan", at_most: 1.0 })
        );
        assert!(met(Limit::Memory { megabytes: 3 }) && !met(Limit::Memory { megabytes: 2 }));
        assert!(!met(Limit::Time { peer: "testssl.sh", at_most: 9.0 }));
    }

    #[test]
    fn the_table_tells_hosts_a_second() {
        let outcomes = vec![outcome("portreeve", 2000, 50)];
        let text =
            Table::new("Forty", "Hosts.", 40, outcomes, &[Limit::Connections { at_most: 60 }]).render();
        assert!(
            text.contains("| `portreeve` | 50 | 2.00 s | 2.00 s | 2.00 s | 20.0 | 2.00 s | 3 MB |"),
            "{text}"
        );
        assert!(text.contains("| at most 60 connections | 50 | met |"), "{text}");
    }
}
