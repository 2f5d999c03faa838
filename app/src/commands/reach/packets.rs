//! `portreeve reach --packet` and `--snapshot-out`.

use std::io;
use std::path::Path;

use portreeve_firewall::read::snapshot;
use portreeve_model::Unseen;
use portreeve_model::document::Reach;
use portreeve_model::reach::Verdict;

use crate::cli::ReachArguments;
use crate::commands::Terminal;
use crate::engine::{Engine, Reached, Scope};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render::{json, reach, unseen};

pub(super) fn run(
    engine: &dyn Engine,
    arguments: &ReachArguments,
    scope: Scope,
    as_json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    let query = arguments.packets(scope)?;
    let Reached { document, snapshot } = engine.reach(&query)?;
    if let (Some(path), Some(text)) = (&arguments.snapshot_out, snapshot) {
        keep(path, &text, terminal)?;
    }
    if query.packets.is_empty() {
        // Nothing but the snapshot was asked for, and it says what it lacks.
        unseen::notes(terminal.notes, &document.unseen, terminal.notes_palette)?;
        return Ok(Exit::of_look(false, document.unseen.iter().any(Unseen::is_incomplete)));
    }
    if as_json {
        json::document(terminal.out, &document, terminal.spacing)?;
    } else {
        reach::print(terminal.out, &document, &terminal.view)?;
    }
    Ok(exit(&document))
}

fn keep(path: &Path, text: &str, terminal: &mut Terminal<'_>) -> Result<(), CommandError> {
    if path.as_os_str() == "-" {
        terminal.out.write_all(text.as_bytes())?;
        return Ok(());
    }
    snapshot::write(path, text).map_err(|error: io::Error| {
        CommandError::internal(format!("cannot write the snapshot {}", path.display()), error)
    })
}

/// What is certain is told before what is not.
fn exit(document: &Reach) -> Exit {
    let any = |verdict| document.answers.iter().any(|answer| answer.verdict == verdict);
    if any(Verdict::Deny) {
        Exit::NotFound
    } else if any(Verdict::Unknown) {
        Exit::Incomplete
    } else {
        Exit::Clean
    }
}
