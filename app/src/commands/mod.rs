//! The verbs, one file each: ask the engine, render the document, say what it comes to.

mod completions;
mod man;
mod overview;
mod port;
mod reach;
mod sockets;
mod tls;
mod who;
mod why;

use std::io::Write;

use crate::cli::{Arguments, Verb};
use crate::engine::{Engine, Scope};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Waits;
use crate::render::json::Spacing;
use crate::render::style::Palette;
use crate::render::view::View;

pub use man::pages;

/// Everything a command writes to, and how it is to look.
pub struct Terminal<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Notes beside a result.
    pub notes: &'a mut dyn Write,
    /// Width, colours, time zone of results.
    pub view: View,
    /// Colours of notes.
    pub notes_palette: Palette,
    /// White space of JSON documents.
    pub spacing: Spacing,
    /// Whether what is waited for is shown.
    pub waits: Waits,
}

/// Runs the verb.
pub fn run(
    engine: &dyn Engine,
    arguments: &Arguments,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    let scope = |default: Scope| arguments.netns.clone().unwrap_or(default);
    let exit = match &arguments.verb {
        None => overview::run(engine, &scope(Scope::All), arguments.json, terminal),
        Some(Verb::Sockets(sockets)) => sockets::run(engine, arguments, sockets, terminal),
        Some(Verb::Who(who)) => who::run(engine, who, &scope(Scope::Own), arguments.json, terminal),
        Some(Verb::Reach(reach)) => reach::run(engine, reach, scope(Scope::Own), arguments.json, terminal),
        Some(Verb::Why(why)) => why::run(engine, why, scope(Scope::Own), arguments.json, terminal),
        Some(Verb::Tls(tls)) => tls::run(engine, tls, scope(Scope::Own), arguments.json, terminal),
        Some(Verb::Completions(completions)) => completions::run(completions, terminal),
        Some(Verb::Man(man)) => man::run(man, terminal),
    }?;
    terminal.out.flush()?;
    Ok(exit)
}
