//! Why a scenario cannot be read, could not be staged, or did not turn out as expected.

use crate::process::Output;
use std::io;
use std::path::PathBuf;

/// What went wrong with a scenario, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// A scenario file or directory cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// File or directory.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// A directory holds no scenario: a test over it would pass by doing nothing.
    #[error("{}: no scenario file (*.toml)", .0.display())]
    Empty(PathBuf),
    /// The file is not TOML, or not a scenario.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// Column in characters, counted from 1.
        column: usize,
        /// What is wrong; it names the key or value.
        message: String,
    },
    /// A host, link or process could not be made, or a step could not run.
    #[error("{}: {doing}: {source}", path.display())]
    Lab {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: Box<crate::Error>,
    },
    /// A step ran, and expectations were not met.
    #[error("{}", unmet(path, *line, failed, output))]
    Unmet {
        /// The file.
        path: PathBuf,
        /// Line of the step.
        line: usize,
        /// Each expectation that failed, with what was seen instead.
        failed: Vec<String>,
        /// Everything that the step printed.
        output: Box<Output>,
    },
}

fn unmet(path: &std::path::Path, line: usize, failed: &[String], output: &Output) -> String {
    let Output { command, status, stdout, stderr } = output;
    let failed = failed.join("\n  not met: ");
    format!(
        "{}:{line}: `{command}`\n  not met: {failed}\n--- {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}",
        path.display()
    )
}
