//! The binary's `main.rs` only hands over to the library part: this counts its lines.

use std::fs;

use anyhow::{Context, Result};

use super::metadata::Workspace;
use super::rules::{BINARY, MAIN_LINES};

/// A message for each main file of the binary's package that has more than [`MAIN_LINES`] lines.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in
        workspace.members.iter().filter(|member| member.name == BINARY).flat_map(|member| &member.binaries)
    {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let lines = text.lines().count();
        if lines > MAIN_LINES {
            problems.push(format!(
                "{} has {lines} lines\n  \
                 rule: the binary's main.rs has at most {MAIN_LINES} lines\n  \
                 remedy: move the code into a module of `{BINARY}` and call it",
                file.strip_prefix(&workspace.root).unwrap_or(file).display()
            ));
        }
    }
    Ok(problems)
}
