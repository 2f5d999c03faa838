//! `portreeve why TARGET`: the cause for which a port does not work.

use portreeve_model::why::Verdict;

use super::Terminal;
use crate::cli::WhyArguments;
use crate::engine::{Engine, Scope};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress;
use crate::render::{json, why};

pub(super) fn run(
    engine: &dyn Engine,
    arguments: &WhyArguments,
    scope: Scope,
    as_json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    let query = arguments.query(scope, &|name, protocol| engine.port_of(name, protocol))?;
    let document = progress::during(terminal.waits, |progress| engine.why(&query, progress))?;
    if as_json {
        json::document(terminal.out, &document, terminal.spacing)?;
    } else {
        why::print(terminal.out, &document, arguments.detail(), &terminal.view)?;
    }
    Ok(exit(document.verdict))
}

fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Healthy => Exit::Clean,
        Verdict::Fault => Exit::Findings,
        Verdict::Undetermined => Exit::Incomplete,
    }
}
