//! `portreeve`: what is open on this machine, who holds it, and what looks wrong.

use super::Terminal;
use crate::engine::{Engine, Scope};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render::{json, overview};

pub(super) fn run(
    engine: &dyn Engine,
    scope: &Scope,
    as_json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    let document = engine.overview(scope)?;
    if as_json {
        json::document(terminal.out, &document, terminal.spacing)?;
    } else {
        overview::print(terminal.out, &document, &terminal.view)?;
    }
    Ok(Exit::of_look(overview::has_findings(&document), overview::is_incomplete(&document)))
}
