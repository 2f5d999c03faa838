//! `cargo xtask soak`: the fuzzing driver for as long as one asks.

use std::process::ExitCode;

use anyhow::Result;

use crate::suite;

/// Arguments of `cargo xtask soak`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to run
    #[arg(value_enum)]
    subject: Subject,
    /// For how long, each parser
    #[arg(long, default_value_t = 10)]
    minutes: u64,
}

/// What can be run for long.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Subject {
    /// Mutated input for every parser
    Fuzz,
}

/// Runs it to the end or to the first failure.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match args.subject {
        Subject::Fuzz => suite::fuzz(args.minutes.saturating_mul(60))?,
    }
    Ok(ExitCode::SUCCESS)
}
