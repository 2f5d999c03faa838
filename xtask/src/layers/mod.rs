//! `cargo xtask layers`: the dependency directions of the workspace, the one home of `unsafe`, the size of `main.rs`.
//!
//! The decision is the pure [`violations`]; reading `cargo metadata` and the source files stands apart from it.

mod entry_point;
mod graph;
mod metadata;
mod rules;
mod sources;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

pub(crate) use graph::{Edge, EdgeKind, Graph, violations};

/// Arguments of `cargo xtask layers`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The workspace to check; this one when not given
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

/// Prints every violation on standard error; success only when there is none.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let manifest = args.manifest_path.clone().unwrap_or_else(|| crate::workspace_root().join("Cargo.toml"));
    let workspace = metadata::read(&manifest)?;

    let mut problems: Vec<String> = violations(&workspace.graph).iter().map(ToString::to_string).collect();
    problems.extend(sources::check(&workspace)?);
    problems.extend(entry_point::check(&workspace)?);

    for problem in &problems {
        eprintln!("error: {problem}\n");
    }
    if problems.is_empty() {
        println!(
            "layers: {} crates, {} edges between them, every one allowed; unsafe only in {}",
            workspace.graph.packages.len(),
            workspace.graph.edges.len(),
            rules::UNSAFE_HOME,
        );
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("layers: {} problem(s)", problems.len());
    Ok(ExitCode::FAILURE)
}
