//! `cargo xtask bench`: Portreeve and the programs it replaces, on the same work, in the same run.
//!
//! The generic part: [`measure`] (one run), [`race`] (several programs in turns), [`goal`] (promises),
//! [`report`] and [`machine`] (Markdown). Each benchmark is one file that sets up its load and names its contenders.

mod binary;
mod firewall;
mod goal;
mod inventory;
mod machine;
mod measure;
mod race;
mod reach;
mod report;
mod tls;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

pub(crate) use measure::Args as MeasureArgs;
pub(crate) use measure::run as measure_one;

/// Arguments of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to measure
    #[arg(value_enum)]
    name: Name,
    /// Measured runs of each program
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Measure this `portreeve` instead of building one
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Only the workloads whose title contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

/// The benchmarks.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Name {
    /// Socket inventory against ss, lsof and netstat
    Inventory,
    /// Reading rules beside nft, and packets a second through the simulator
    Firewall,
    /// Who can reach what, and what a change opens, beside nft
    Reach,
    /// Audits of TLS against `SSLyze`, sslscan and testssl.sh
    Tls,
}

/// Prints the report as Markdown on standard output, progress on standard error; fails when a goal was missed.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let rounds = race::Rounds { warm_up: 1, measured: usize::from(args.rounds) };
    let met = match args.name {
        Name::Inventory => inventory::run(args.binary.as_deref(), rounds, &args.only)?,
        Name::Firewall => firewall::run(args.binary.as_deref(), rounds, &args.only)?,
        Name::Reach => reach::run(args.binary.as_deref(), rounds, &args.only)?,
        Name::Tls => tls::run(args.binary.as_deref(), rounds, &args.only)?,
    };
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
