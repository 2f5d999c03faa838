//! `portreeve reach`: who can reach which ports, what happens to a packet, what the rules are good for.

mod packets;
mod ports;
mod questions;

use super::Terminal;
use crate::cli::ReachArguments;
use crate::engine::{Engine, Scope};
use crate::error::CommandError;
use crate::exit::Exit;

pub(super) fn run(
    engine: &dyn Engine,
    arguments: &ReachArguments,
    scope: Scope,
    as_json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    match &arguments.question {
        Some(question) => {
            alone(arguments, question.name())?;
            questions::run(engine, question, &arguments.source, scope, as_json, terminal)
        }
        None if arguments.is_about_packets() => packets::run(engine, arguments, scope, as_json, terminal),
        None => ports::run(engine, arguments, scope, as_json, terminal),
    }
}

/// A question about the rules as a whole says nothing of ports and packets.
fn alone(arguments: &ReachArguments, question: &str) -> Result<(), CommandError> {
    let other = [
        (arguments.port.is_some(), "a port"),
        (arguments.from.is_some(), "--from"),
        (arguments.to.is_some(), "--to"),
        (arguments.blocked, "--blocked"),
        (arguments.svg.is_some(), "--svg"),
        (arguments.probe, "--probe"),
        (arguments.is_about_packets(), "--packet and --snapshot-out"),
    ]
    .into_iter()
    .find_map(|(given, name)| given.then_some(name));
    match other {
        None => Ok(()),
        Some(name) => {
            Err(CommandError::usage(format!("`{question}` is about the rules as a whole, and {name} is not"))
                .hint(format_args!(
                    "ask one after the other: portreeve reach {question}, portreeve reach 443"
                )))
        }
    }
}
