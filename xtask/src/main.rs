//! `cargo xtask`: the development commands of this workspace.
//!
//! Owns what a contributor or a build machine runs: the whole test suite, the check of dependency directions, benchmarks,
//! the regeneration of data files, long fuzzing. Refuses to hold anything that the product itself needs.

mod bench;
mod layers;
mod process;
mod services;
mod soak;
mod suite;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development commands of the Portreeve workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check dependency directions between crates, where `unsafe` may stand, and the size of the binary's main.rs
    Layers(layers::Args),
    /// Install what the tests need, then run every check of the project (needs root)
    Test(suite::Args),
    /// Measure Portreeve side by side with the programs it replaces
    Bench(bench::Args),
    /// Regenerate the table of service names from IANA's registry
    Services(services::Args),
    /// Run something for a long time and report the first failure
    Soak(soak::Args),
    /// Run one program, print its wall time and peak memory as JSON (used by `bench`)
    #[command(hide = true)]
    Measure(bench::MeasureArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Layers(args) => layers::run(&args),
        Command::Test(args) => suite::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Services(args) => services::run(&args),
        Command::Soak(args) => soak::run(&args),
        Command::Measure(args) => bench::measure_one(&args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(2)
    })
}

/// The folder that holds the workspace's `Cargo.toml`, as it was when this program was compiled.
fn workspace_root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}
