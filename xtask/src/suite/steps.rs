//! The steps of `cargo xtask test`, in the order in which they run: cheap ones first, so that their answer comes early.

use std::process::Command;

use anyhow::{Result, bail};

use super::{packages, peers, tools};
use crate::process::{self, cargo};

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Step {
    /// Debian packages that tests start
    Packages,
    /// OpenSSL 1.1.1, `SSLyze` and tlslite-ng
    Peers,
    /// cargo-nextest
    InstallNextest,
    /// cargo-deny
    InstallDeny,
    /// Formatting
    #[value(name = "fmt")]
    Format,
    /// Dependency directions
    Layers,
    /// Licences, bans, sources of dependencies
    Deny,
    /// Lints
    Clippy,
    /// Programs that tests start
    Build,
    /// Tests
    #[value(name = "nextest")]
    Tests,
    /// The firewall simulator against the kernel
    Differential,
    /// Sets of packets against single ones and the kernel
    Sets,
    /// Examples in the documentation
    #[value(name = "doc")]
    DocTests,
    /// Malformed input for the parsers
    Fuzz,
}

impl Step {
    /// Every step, in order.
    pub(crate) const ALL: &[Self] = &[
        Self::Packages,
        Self::Peers,
        Self::InstallNextest,
        Self::InstallDeny,
        Self::Format,
        Self::Layers,
        Self::Deny,
        Self::Clippy,
        Self::Build,
        Self::Tests,
        Self::Differential,
        Self::Sets,
        Self::DocTests,
        Self::Fuzz,
    ];

    /// The name that `--only` takes.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Peers => "peers",
            Self::InstallNextest => "install-nextest",
            Self::InstallDeny => "install-deny",
            Self::Format => "fmt",
            Self::Layers => "layers",
            Self::Deny => "deny",
            Self::Clippy => "clippy",
            Self::Build => "build",
            Self::Tests => "nextest",
            Self::Differential => "differential",
            Self::Sets => "sets",
            Self::DocTests => "doc",
            Self::Fuzz => "fuzz",
        }
    }

    /// What the step is for, in its heading.
    pub(crate) fn purpose(self) -> &'static str {
        match self {
            Self::Packages => "the Debian packages whose programs the tests start",
            Self::Peers => {
                "servers and auditors of TLS that no Debian package has, in a cache outside of the repository"
            }
            Self::InstallNextest => "the test runner",
            Self::InstallDeny => "the checker of licences, bans and sources",
            Self::Format => "every file is formatted",
            Self::Layers => "dependency directions, the home of unsafe",
            Self::Deny => {
                "licences, bans and sources of dependencies (advisories need a network database: left out)"
            }
            Self::Clippy => "lints, warnings as errors",
            Self::Build => "the programs that tests start",
            Self::Tests => "all tests",
            Self::Differential => "random rulesets and packets: the firewall simulator against the kernel",
            Self::Sets => {
                "random rulesets: what is said of all packets at once holds for each, and in the kernel"
            }
            Self::DocTests => "examples in the documentation",
            Self::Fuzz => "malformed input for every parser",
        }
    }

    /// Steps without which this one cannot give an answer.
    pub(crate) fn needs(self) -> &'static [Self] {
        match self {
            Self::Deny => &[Self::InstallDeny],
            Self::Peers => &[Self::Packages],
            Self::Tests => &[Self::Packages, Self::Peers, Self::InstallNextest, Self::Build],
            Self::Differential | Self::Sets => &[Self::Packages, Self::Build],
            Self::DocTests | Self::Fuzz => &[Self::Build],
            _ => &[],
        }
    }

    /// Does it.
    pub(crate) fn run(self, fuzz_seconds: u64) -> Result<()> {
        match self {
            Self::Packages => packages::install_missing(),
            Self::Peers => peers::install_missing(),
            Self::InstallNextest => tools::install_missing(&tools::NEXTEST),
            Self::InstallDeny => tools::install_missing(&tools::DENY),
            Self::Format => {
                tools::require_component("fmt", "rustfmt")?;
                process::run(cargo().args(["fmt", "--all", "--check"]))
            }
            Self::Layers => process::run(Command::new(std::env::current_exe()?).arg("layers")),
            Self::Deny => process::run(cargo().args([
                "deny",
                "--workspace",
                "--locked",
                "check",
                "bans",
                "licenses",
                "sources",
            ])),
            Self::Clippy => {
                tools::require_component("clippy", "clippy")?;
                process::run(cargo().args([
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--locked",
                    "--",
                    "-D",
                    "warnings",
                ]))
            }
            // With the tests, so that dependencies are built once: tests ask features of them that programs do not.
            Self::Build => {
                process::run(cargo().args(["build", "--workspace", "--bins", "--tests", "--locked"]))
            }
            Self::Tests => {
                process::run(cargo().args(["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]))
            }
            Self::Differential => differential(Subject::Packets, Extent::Rulesets(CASES), FIRST_SEED),
            Self::Sets => differential(Subject::Sets, Extent::Rulesets(SET_CASES), FIRST_SET_SEED),
            Self::DocTests => process::run(cargo().args(["test", "--doc", "--workspace", "--locked"])),
            Self::Fuzz => fuzz(fuzz_seconds),
        }
    }
}

/// Rulesets of the differential step, of 50 packets each.
const CASES: u64 = 3200;

/// Seed of the first; the same in each run, so that a failure is the change's and not the day's. `cargo xtask soak firewall`
/// looks further.
const FIRST_SEED: u64 = 1;

/// Rulesets of the step for sets.
const SET_CASES: u64 = 1000;

/// Seed of the first of these.
const FIRST_SET_SEED: u64 = 500_000;

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject {
    /// Single packets, with the kernel.
    Packets,
    /// Sets of packets, with single ones, and packets picked out of them with the kernel.
    Sets,
}

/// How much of the differential suite is run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent {
    /// So many rulesets.
    Rulesets(u64),
    /// For so many seconds.
    Seconds(u64),
}

/// Random rulesets and packets in namespaces of their own, the simulator's answer beside the kernel's; prints seeds, coverage and the
/// share of unknown answers.
pub(crate) fn differential(subject: Subject, extent: Extent, seed: u64) -> Result<()> {
    let (name, value) = match extent {
        Extent::Rulesets(count) => ("RULESETS", count),
        Extent::Seconds(seconds) => ("SECONDS", seconds),
    };
    let test = match subject {
        Subject::Packets => "random_rulesets",
        Subject::Sets => "sets_of_packets",
    };
    process::run(
        cargo()
            .args(["test", "--locked", "--workspace", "--test", "differential", test])
            .args(["--", "--nocapture"])
            .env(format!("PORTREEVE_DIFFERENTIAL_{name}"), value.to_string())
            .env("PORTREEVE_DIFFERENTIAL_SEED", seed.to_string()),
    )
}

/// Feeds mutated input to every parser, for some seconds each; the driver exits unsuccessfully on the first panic.
pub(crate) fn fuzz(seconds: u64) -> Result<()> {
    let manifest = "fuzz/Cargo.toml";
    if !crate::workspace_root().join(manifest).is_file() {
        bail!("{manifest} is missing: the fuzzing crate belongs to the repository");
    }
    process::run(
        cargo()
            .args([
                "run",
                "--release",
                "--locked",
                "--manifest-path",
                manifest,
                "--bin",
                "drive",
                "--",
                "--seconds",
            ])
            .arg(seconds.to_string()),
    )
}
