//! Race outcomes as Markdown, ready for `docs/benchmarks.md`.

use std::fmt::Write as _;
use std::time::Duration;

use super::goal::{Goal, Judged, judge};
use super::race::Outcome;

/// One section: the table with ratios to the first contender's peers, then the goals. Returns whether all were met.
pub(crate) fn section(title: &str, about: &str, outcomes: &[Outcome], goals: &[Goal]) -> (String, bool) {
    let mut text = format!("## {title}\n\n{about}\n\n");
    text +=
        "| program | median | fastest | slowest | processor time | peak memory | output | ours / this |\n";
    text += "|---|---:|---:|---:|---:|---:|---:|---:|\n";
    let Some(ours) = outcomes.first() else { return (text, false) };
    for (position, outcome) in outcomes.iter().enumerate() {
        let ratio = if position == 0 {
            "-".to_owned()
        } else {
            format!("{:.3}", ours.median.as_secs_f64() / outcome.median.as_secs_f64())
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} MB | {} lines, {} kB | {ratio} |",
            outcome.name,
            time(outcome.median),
            time(outcome.fastest),
            time(outcome.slowest),
            time(outcome.cpu),
            outcome.peak_megabytes(),
            outcome.output_lines,
            outcome.output_bytes.div_ceil(1000),
        );
    }
    let judged: Vec<Judged> = goals.iter().map(|goal| judge(goal, ours, outcomes)).collect();
    if !judged.is_empty() {
        let _ = writeln!(text, "\n| goal for `{}` | measured | |\n|---|---:|---|", ours.name);
    }
    for Judged { promise, measured, met } in &judged {
        let _ = writeln!(text, "| {promise} | {measured} | {} |", if *met { "met" } else { "**missed**" });
    }
    (text + "\n", judged.iter().all(|judged| judged.met))
}

fn time(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds >= 1.0 { format!("{seconds:.2} s") } else { format!("{:.1} ms", seconds * 1e3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, millis: u64) -> Outcome {
        let time = Duration::from_millis(millis);
        Outcome {
            name: name.to_owned(),
            median: time,
            fastest: time,
            slowest: time,
            cpu: time,
            peak_kib: 4096,
            output_bytes: 100,
            output_lines: 3,
        }
    }

    #[test]
    fn the_section_holds_ratios_and_verdicts() {
        let outcomes = [outcome("ours -t", 50), outcome("ss -t", 1000)];
        let goals = [Goal::Ratio { peer: "ss -t", at_most: 0.1 }, Goal::Wall(Duration::from_millis(10))];
        let (text, met) = section("Sockets", "Many of them.", &outcomes, &goals);
        assert!(!met);
        assert!(
            text.contains("| `ss -t` | 1.00 s | 1.00 s | 1.00 s | 1.00 s | 5 MB | 3 lines, 1 kB | 0.050 |"),
            "{text}"
        );
        assert!(text.contains("| at most 0.10 x `ss -t` | 0.050 x | met |"), "{text}");
        assert!(text.contains("| under 10 ms | 50.0 ms | **missed** |"), "{text}");
    }
}
