//! `cargo xtask soak`: the fuzzing driver, or the differential suite of the firewall, for as long as one asks.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use crate::suite;

/// Arguments of `cargo xtask soak`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to run
    #[arg(value_enum)]
    subject: Subject,
    /// For how long (fuzz: each parser)
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Seed of the first ruleset (firewall); without it, one by the clock
    #[arg(long)]
    seed: Option<u64>,
}

/// What can be run for long.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Subject {
    /// Mutated input for every parser
    Fuzz,
    /// Random rulesets and packets: the firewall simulator against the kernel
    Firewall,
    /// Random rulesets: sets of packets against single ones and the kernel
    Reach,
}

/// Runs it to the end or to the first failure.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let seconds = args.minutes.saturating_mul(60);
    match args.subject {
        Subject::Fuzz => suite::fuzz(seconds)?,
        Subject::Firewall | Subject::Reach => {
            let compared = if matches!(args.subject, Subject::Reach) {
                suite::Subject::Sets
            } else {
                suite::Subject::Packets
            };
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
            // Seconds times a step: the seeds of two runs do not overlap.
            let seed = args.seed.unwrap_or_else(|| now.wrapping_mul(1_000_003));
            println!("first seed: {seed}");
            suite::differential(compared, suite::Extent::Seconds(seconds), seed)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
