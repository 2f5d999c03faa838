//! `portreeve sockets`: the list, or its groups, in the form asked for.

use portreeve_model::{Protocol, Unseen};

use super::Terminal;
use crate::cli::{Arguments, SocketsArguments, SocketsFormat};
use crate::engine::{Engine, Scope, SocketQuery};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render::address::PortNames;
use crate::render::sockets::{SocketColumns, table};
use crate::render::table::Heading;
use crate::render::{csv, groups, json, unseen};

pub(super) fn run(
    engine: &dyn Engine,
    shared: &Arguments,
    arguments: &SocketsArguments,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    let format = arguments.format(shared.json);
    let query = arguments.query(shared.netns.as_ref(), format);
    let unseen = if arguments.group_by.is_empty() {
        list(engine, &query, arguments, format, terminal)
    } else {
        counts(engine, &query, arguments, format, terminal)
    }?;
    // The document tells what was not seen; the other forms have no place for it.
    if format != SocketsFormat::Json {
        unseen::notes(terminal.notes, &unseen, terminal.notes_palette)?;
    }
    Ok(Exit::of_look(false, unseen.iter().any(Unseen::is_incomplete)))
}

fn list(
    engine: &dyn Engine,
    query: &SocketQuery,
    arguments: &SocketsArguments,
    format: SocketsFormat,
    terminal: &mut Terminal<'_>,
) -> Result<Vec<Unseen>, CommandError> {
    let document = engine.sockets(query)?;
    match format {
        SocketsFormat::Json => json::document(terminal.out, &document, terminal.spacing)?,
        SocketsFormat::JsonLines => json::lines(terminal.out, &document.sockets)?,
        SocketsFormat::Csv => csv::sockets(terminal.out, &document, heading(arguments))?,
        SocketsFormat::Table => {
            let names = |protocol: Protocol, port: u16| engine.service_name(protocol, port);
            let names: PortNames<'_> = &names;
            let columns = SocketColumns {
                // One that was asked for by name is known to the reader; among several, the column tells.
                netns: query.scope == Scope::All,
                netid: !arguments.is_one_protocol(),
                state: !arguments.is_one_state(),
                heading: heading(arguments),
                names: (!arguments.numeric).then_some(names),
                details: query.details,
            };
            table(terminal.out, &document, columns, &terminal.view)?;
        }
    }
    terminal.out.flush()?;
    Ok(document.unseen)
}

fn counts(
    engine: &dyn Engine,
    query: &SocketQuery,
    arguments: &SocketsArguments,
    format: SocketsFormat,
    terminal: &mut Terminal<'_>,
) -> Result<Vec<Unseen>, CommandError> {
    let document = engine.groups(query, &arguments.group_by)?;
    match format {
        SocketsFormat::Json => json::document(terminal.out, &document, terminal.spacing)?,
        SocketsFormat::JsonLines => json::lines(terminal.out, &document.groups)?,
        SocketsFormat::Csv => csv::groups(terminal.out, &document, heading(arguments))?,
        SocketsFormat::Table => groups::table(terminal.out, &document, heading(arguments), &terminal.view)?,
    }
    terminal.out.flush()?;
    Ok(document.unseen)
}

fn heading(arguments: &SocketsArguments) -> Heading {
    if arguments.no_header { Heading::Hidden } else { Heading::Shown }
}
