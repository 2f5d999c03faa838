//! The `portreeve` that is measured.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{self, cargo};

/// The one that was named, or else the release build.
pub(crate) fn portreeve(named: Option<&Path>) -> Result<PathBuf> {
    match named {
        Some(path) => path.canonicalize().with_context(|| format!("no program {}", path.display())),
        None => build_release(),
    }
}

/// Builds the release binary and finds out where cargo put it.
fn build_release() -> Result<PathBuf> {
    process::run(cargo().args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "portreeve",
        "--bin",
        "portreeve",
    ]))?;
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(crate::workspace_root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata failed")?;
    Ok(metadata.target_directory.join("release/portreeve").into())
}
