//! What can go wrong in a lab, each with what a person needs to repair it.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a lab, a host or a process could not be made or did not do what was awaited.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The test runs without root, which network namespaces and links need.
    #[error("a lab needs root to make network namespaces (effective uid is {uid}); run the tests as root")]
    NotRoot {
        /// Effective user id of this process.
        uid: u32,
    },
    /// A program that the lab itself runs is absent.
    #[error(
        "the lab needs the program `{program}`, which is not on PATH; on Debian: apt-get install {package}"
    )]
    MissingProgram {
        /// Name looked for on PATH.
        program: String,
        /// Debian package that has it.
        package: String,
    },
    /// The program of a [`Command`](crate::Command) does not exist.
    #[error("no program `{program}`: not a file, and not on PATH")]
    NoProgram {
        /// As given by the caller.
        program: String,
    },
    /// `portreeve-actor` is not beside the running test.
    #[error("no portreeve-actor binary at {}: build it with `cargo build -p portreeve-lab`", searched.display())]
    NoActor {
        /// The last place looked at.
        searched: PathBuf,
    },
    /// A peer that no package has is not in the cache.
    #[error("no {}: run `cargo xtask test --only peers`, which makes it", path.display())]
    MissingPeer {
        /// Where it would be.
        path: PathBuf,
    },
    /// The user of a command is not in `/etc/passwd`.
    #[error("no user `{0}` in /etc/passwd")]
    NoUser(String),
    /// A host was named that the lab does not have.
    #[error("the lab has no host `{0}`")]
    NoHost(String),
    /// A value that the kernel or a tool would refuse, refused early.
    #[error("{0}")]
    Invalid(String),
    /// A tool that the lab runs to build hosts and links failed.
    #[error("`{command}` failed ({status}): {stderr}")]
    Tool {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        stderr: String,
    },
    /// A process ended before it did what was awaited.
    #[error("`{command}` ended ({status}) before {awaited}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")]
    Ended {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What was awaited.
        awaited: String,
        /// Standard output so far.
        stdout: String,
        /// Standard error so far.
        stderr: String,
    },
    /// A command that had to succeed did not.
    #[error("`{command}` failed ({status})\n--- stdout\n{stdout}\n--- stderr\n{stderr}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// Standard output.
        stdout: String,
        /// Standard error.
        stderr: String,
    },
    /// The deadline passed.
    #[error("waited {after:?} for {awaited}\n{state}")]
    Timeout {
        /// What was awaited.
        awaited: String,
        /// The time allowed.
        after: Duration,
        /// What was seen instead.
        state: String,
    },
    /// Output that should be JSON is not.
    #[error("not JSON ({source}): {text}")]
    NotJson {
        /// The text.
        text: String,
        /// Where and why parsing stopped.
        source: serde_json::Error,
    },
    /// The operating system refused something.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// The refusal.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}
