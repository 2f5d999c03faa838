//! The cargo subcommands that the steps need.
//!
//! Installs the two that Rust does not ship into cargo's own bin folder; refuses to touch the toolchain itself.

use anyhow::{Context, Result, bail};

use crate::process::{self, cargo};

/// A cargo subcommand from the registry.
#[derive(Debug)]
pub(crate) struct Tool {
    subcommand: &'static str,
    package: &'static str,
    features: &'static [&'static str],
}

/// Runs tests in a process each. Its self-update, which brings a TLS stack along, is of no use here.
pub(crate) const NEXTEST: Tool = Tool {
    subcommand: "nextest",
    package: "cargo-nextest@0.9.143",
    features: &["--no-default-features", "--features", "default-no-update"],
};

/// Checks licences, bans and sources of the dependency graph.
pub(crate) const DENY: Tool = Tool { subcommand: "deny", package: "cargo-deny@0.20.2", features: &[] };

/// Installs the tool unless some version of it is there.
///
/// Compiled unoptimised and without debug information: on two cores cargo-deny takes 47 s instead of 161 s that way
/// (nextest 157 s), and both tools spend their time in what they start, not in themselves.
pub(crate) fn install_missing(tool: &Tool) -> Result<()> {
    if process::succeeds(cargo().args([tool.subcommand, "--version"])) {
        println!("cargo {} is there", tool.subcommand);
        return Ok(());
    }
    process::run(
        cargo()
            .args(["install", "--locked", "--debug", tool.package])
            .args(tool.features)
            .env("CARGO_PROFILE_DEV_DEBUG", "0"),
    )
    .with_context(|| format!("cannot install {}", tool.package))
}

/// Fails with the command that helps when a toolchain component is missing.
pub(crate) fn require_component(subcommand: &str, component: &str) -> Result<()> {
    if !process::succeeds(cargo().args([subcommand, "--version"])) {
        bail!(
            "`cargo {subcommand}` is not installed: run `rustup component add {component}`, or install Debian's package \
             that carries it beside its rustc"
        );
    }
    Ok(())
}
