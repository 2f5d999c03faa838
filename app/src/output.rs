//! Standard output of one command: buffered, and one place where a closed pipe becomes an error.

use std::io::{self, IsTerminal, StdoutLock};

use crate::render::json::Spacing;

/// A large buffer: a listing of a busy machine is tens of megabytes.
const BUFFER: usize = 256 * 1024;

/// Standard output, buffered. [`io::Write::flush`] must be called in the end, since dropping hides errors.
pub type Output = io::BufWriter<StdoutLock<'static>>;

/// Takes standard output.
pub fn stdout() -> Output {
    io::BufWriter::with_capacity(BUFFER, io::stdout().lock())
}

/// White space of JSON documents: for eyes on a terminal, for programs elsewhere.
pub fn spacing() -> Spacing {
    if io::stdout().is_terminal() { Spacing::Indented } else { Spacing::Compact }
}
