//! `portreeve completions SHELL`.

use clap::CommandFactory;

use super::Terminal;
use crate::cli::{Arguments, CompletionsArguments};
use crate::error::CommandError;
use crate::exit::Exit;

pub(super) fn run(
    arguments: &CompletionsArguments,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    // The generator panics where it cannot write, so it gets a writer that never fails.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "portreeve", &mut script);
    terminal.out.write_all(&script)?;
    Ok(Exit::Clean)
}
