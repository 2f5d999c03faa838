//! The verbs below `portreeve reach`: questions about the rules as a whole.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::SourceArguments;
use crate::engine::{DiffQuery, Scope, Side};
use crate::error::CommandError;

/// Questions about the rules as a whole.
#[derive(Clone, Debug, Subcommand)]
pub enum ReachVerb {
    /// Rules that can never match, and which rules shadow them
    ///
    /// Exits with 0 if there is none, 1 if there are some, 3 if that cannot be told of one.
    Shadowed,
    /// Rules without which every packet would fare the same
    ///
    /// Exits with 0 if there is none, 1 if there are some, 3 if that cannot be told of one.
    Redundant,
    /// Rules that counted no packet so far
    ///
    /// Rules of nftables count only where they say `counter`; those that do not are listed as undecided. Exits with 0 if there is none,
    /// 1 if there are some, 3 if that cannot be told of one.
    Unused,
    /// What is opened and closed between two rulesets, with a packet for each difference
    Diff(DiffArguments),
    /// Prove assertions about who can reach what, or refute them with a packet
    Assert(AssertArguments),
}

/// What is opened and closed between two rulesets, with a packet for each difference.
///
/// Each side is a snapshot file, one or more files with rules (joined by commas), or the word live. Rules in files are held against the
/// addresses and routes of the other side, unless --address says otherwise.
///
/// Exits with 0 if no packet fares otherwise, 1 if some do, 3 if that cannot be told.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    sudo portreeve reach diff web1.firewall live                    since the snapshot was taken\n  \
    sudo portreeve reach diff live /etc/nftables.conf               before loading a file\n  \
    portreeve reach diff old.v4,old.v6 new.v4,new.v6 --address eth0=192.0.2.10/24")]
pub struct DiffArguments {
    /// The rules before: a snapshot, files with rules, or live
    #[arg(value_name = "OLD", value_hint = ValueHint::FilePath)]
    pub old: String,
    /// The rules after
    #[arg(value_name = "NEW", value_hint = ValueHint::FilePath)]
    pub new: String,
}

/// Prove assertions about who can reach what, or refute them with a packet.
///
/// Exits with 0 if all are proven, 1 if one is refuted, 3 if one cannot be decided.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    sudo portreeve reach assert 'internet cannot reach tcp/5432' 'private can reach tcp/22'\n  \
    sudo portreeve reach assert --file policy.txt                   one a line; # begins a comment")]
pub struct AssertArguments {
    /// An assertion: 'internet cannot reach tcp/5432'
    #[arg(value_name = "ASSERTION", required_unless_present = "files")]
    pub assertions: Vec<String>,
    /// Read assertions from a file, one a line; - is standard input; may be repeated
    #[arg(long = "file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
}

impl ReachVerb {
    /// Every word for them.
    pub const NAMES: [&'static str; 5] = ["shadowed", "redundant", "unused", "diff", "assert"];

    /// The word on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Shadowed => "shadowed",
            Self::Redundant => "redundant",
            Self::Unused => "unused",
            Self::Diff(_) => "diff",
            Self::Assert(_) => "assert",
        }
    }
}

impl DiffArguments {
    /// What is asked; `scope` is the namespace that `live` means.
    ///
    /// # Errors
    /// Where options say something that the two sides contradict.
    pub fn query(&self, source: &SourceArguments, scope: Scope) -> Result<DiffQuery, CommandError> {
        if source.snapshot.is_some() || !source.rules.is_empty() {
            return Err(CommandError::usage(
                "the rules to compare are named by OLD and NEW, not by --snapshot and --rules",
            )
            .hint("such as: portreeve reach diff web1.firewall live"));
        }
        let [old, new] = [side(&self.old)?, side(&self.new)?];
        if old == Side::Live && new == Side::Live {
            return Err(CommandError::usage("live is compared with itself")
                .hint("one side is what was kept: portreeve reach diff web1.firewall live"));
        }
        Ok(DiffQuery { old, new, scope, addresses: source.addresses.clone(), routes: source.routes.clone() })
    }
}

/// `live`, or files joined by commas; a file that is called `live` is `./live`.
fn side(text: &str) -> Result<Side, CommandError> {
    if text == "live" {
        return Ok(Side::Live);
    }
    // A file whose name has a comma goes first.
    if PathBuf::from(text).exists() {
        return Ok(Side::Files(vec![text.into()]));
    }
    let files: Vec<PathBuf> = text.split(',').map(PathBuf::from).collect();
    if files.iter().any(|file| file.as_os_str().is_empty()) {
        return Err(CommandError::usage(format!("`{text}` names no file"))
            .hint("a side is a snapshot, files with rules joined by commas (rules.v4,rules.v6), or live"));
    }
    Ok(Side::Files(files))
}
