//! `portreeve who PORT`: who holds it, or why nobody seems to.

use portreeve_model::document::Who;
use portreeve_model::who::{ReasonKind, Verdict};

use super::Terminal;
use super::port::resolved;
use crate::cli::WhoArguments;
use crate::engine::{Engine, Scope};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render::{json, who};

pub(super) fn run(
    engine: &dyn Engine,
    arguments: &WhoArguments,
    scope: &Scope,
    as_json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    let (port, protocols) = resolved(engine, &arguments.port)?;
    let document = engine.who(port, &protocols, scope)?;
    if as_json {
        json::document(terminal.out, &document, terminal.spacing)?;
    } else {
        who::print(terminal.out, &document, &terminal.view)?;
    }
    Ok(exit(&document))
}

fn exit(document: &Who) -> Exit {
    // What was not seen matters where it may be the holder; the reasons tell whether it may.
    let open = document.answer.reasons.iter().any(|reason| reason.kind == ReasonKind::NoPermission);
    match document.answer.verdict {
        Verdict::Taken if open => Exit::Incomplete,
        Verdict::Held | Verdict::Taken => Exit::Clean,
        Verdict::Free => Exit::NotFound,
        Verdict::Inconclusive => Exit::Incomplete,
    }
}
