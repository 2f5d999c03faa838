//! Log files of those who have to do with the port, and their last lines.

use std::path::PathBuf;

use jiff::Timestamp;

/// A log file as it was when it was looked at.
#[derive(Clone, Debug, Default)]
pub struct LogFile {
    /// Its path, as its writer names it.
    pub path: String,
    /// The process that has it open.
    pub writer: Option<u32>,
    /// Where it is read: through its writer's descriptor where there is one, so that neither another mount namespace nor a rotation
    /// hides it.
    pub open_at: PathBuf,
    /// Its length in bytes, where what is written from now on begins.
    pub length: u64,
    /// Its last lines, oldest first.
    pub lines: Vec<LogLine>,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written, where it says so in a way that is understood.
    pub at: Option<Timestamp>,
    /// Its text.
    pub text: String,
}

impl LogFile {
    /// The lines that say that they were written at that time or later.
    pub fn since(&self, time: Timestamp) -> impl Iterator<Item = &LogLine> {
        self.lines.iter().filter(move |line| line.at.is_some_and(|at| at >= time))
    }

    /// A command that shows the end of it.
    pub fn command(&self) -> String {
        format!("tail -n 20 {}", self.path)
    }
}
