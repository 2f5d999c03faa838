//! `cargo xtask test`: everything that has to hold before a change is merged, in one command on a fresh Debian machine.
//!
//! Owns the order of the steps and the summary; each step stands in [`steps`], preparation of the machine in
//! [`packages`], [`peers`] and [`tools`]. Refuses to pass by skipping: a step that could not run counts as failed.

mod packages;
mod peers;
mod steps;
mod tools;

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use steps::Step;
pub(crate) use steps::{Extent, Subject, differential, fuzz};

/// Arguments of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run this step alone, without what it builds on (may be given several times)
    #[arg(long, value_name = "STEP", value_enum)]
    only: Vec<Step>,
    /// How long the fuzzing step feeds each parser
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    fuzz_seconds: u64,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ending {
    Passed,
    Failed,
    /// A step that it builds on did not pass.
    NotRun(Step),
}

/// One line of the summary.
#[derive(Debug)]
struct Record {
    step: Step,
    ending: Ending,
    took: Duration,
}

/// Runs the steps in order, prints the summary, and fails when any step did not pass.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if !nix::unistd::geteuid().is_root() {
        bail!(
            "`cargo xtask test` has to run as root: tests build network namespaces and start real services in them. \
             Without root, `cargo xtask layers`, `cargo fmt --check` and `cargo clippy` work."
        );
    }
    let started = Instant::now();
    let mut records: Vec<Record> = Vec::new();
    for &step in Step::ALL {
        if !args.only.is_empty() && !args.only.contains(&step) {
            continue;
        }
        if let Some(missing) = unmet_need(step, &records) {
            records.push(Record { step, ending: Ending::NotRun(missing), took: Duration::ZERO });
            continue;
        }
        println!("\n==> {}: {}", step.name(), step.purpose());
        let started = Instant::now();
        let outcome = step.run(args.fuzz_seconds);
        let took = started.elapsed();
        let ending = match outcome {
            Ok(()) => Ending::Passed,
            Err(error) => {
                eprintln!("error: {error:#}");
                Ending::Failed
            }
        };
        let word = if ending == Ending::Passed { "passed" } else { "FAILED" };
        println!("<== {}: {word} in {}", step.name(), seconds(took));
        records.push(Record { step, ending, took });
    }
    print!("{}", summary(&records, started.elapsed()));
    let passed = records.iter().all(|record| record.ending == Ending::Passed);
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first step that `step` builds on and that was tried in this run without passing.
fn unmet_need(step: Step, records: &[Record]) -> Option<Step> {
    let failed =
        |need: &&Step| records.iter().any(|record| record.step == **need && record.ending != Ending::Passed);
    step.needs().iter().find(failed).copied()
}

fn summary(records: &[Record], took: Duration) -> String {
    let mut text = String::from("\nSummary\n");
    for Record { step, ending, took } in records {
        let ending = match ending {
            Ending::Passed => "passed".to_owned(),
            Ending::Failed => "FAILED".to_owned(),
            Ending::NotRun(need) => format!("NOT RUN, because `{}` did not pass", need.name()),
        };
        let _ = writeln!(text, "  {:<16} {:>9}  {ending}", step.name(), seconds(*took));
    }
    let bad = records.iter().filter(|record| record.ending != Ending::Passed).count();
    let verdict =
        if bad == 0 { "all steps passed".to_owned() } else { format!("{bad} step(s) did not pass") };
    text + &format!("  {:<16} {:>9}  {verdict}\n", "total", seconds(took))
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(step: Step, ending: Ending) -> Record {
        Record { step, ending, took: Duration::from_millis(1500) }
    }

    #[test]
    fn a_step_waits_for_what_it_builds_on_only_when_that_was_tried() {
        assert_eq!(unmet_need(Step::Tests, &[]), None);
        assert_eq!(unmet_need(Step::Tests, &[record(Step::Build, Ending::Passed)]), None);
        assert_eq!(unmet_need(Step::Tests, &[record(Step::Build, Ending::Failed)]), Some(Step::Build));
        let not_run = record(Step::Build, Ending::NotRun(Step::Packages));
        assert_eq!(unmet_need(Step::Tests, &[not_run]), Some(Step::Build));
    }

    #[test]
    fn needs_come_before_the_steps_that_have_them() {
        for (position, step) in Step::ALL.iter().enumerate() {
            for need in step.needs() {
                assert!(Step::ALL[..position].contains(need), "{} needs {}", step.name(), need.name());
            }
        }
    }

    #[test]
    fn the_summary_tells_each_ending() {
        let records = [
            record(Step::Format, Ending::Passed),
            record(Step::Build, Ending::Failed),
            record(Step::Tests, Ending::NotRun(Step::Build)),
        ];
        let text = summary(&records, Duration::from_secs(4));
        assert!(text.contains("fmt                  1.5 s  passed\n"), "{text}");
        assert!(text.contains("build                1.5 s  FAILED\n"), "{text}");
        assert!(text.contains("NOT RUN, because `build` did not pass\n"), "{text}");
        assert!(text.contains("total                4.0 s  2 step(s) did not pass\n"), "{text}");
    }
}
