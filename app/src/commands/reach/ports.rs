//! `portreeve reach [PORT]`: who can reach which ports.

use std::path::Path;

use portreeve_firewall::read::snapshot;
use portreeve_model::document::ReachPorts;
use portreeve_model::exposure::{Coverage, Exposure};
use portreeve_model::probe::{Agreement, Attempt};
use portreeve_model::{Protocol, Unseen};

use crate::cli::{PortName, PortQuestion, ReachArguments, ReachVerb};
use crate::commands::Terminal;
use crate::commands::port::resolved;
use crate::engine::{Engine, PortsQuery, Scope};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render::exposure::is_undecided;
use crate::render::picture::{Picture, svg};
use crate::render::reach::Replay;
use crate::render::{json, reach};

pub(super) fn run(
    engine: &dyn Engine,
    arguments: &ReachArguments,
    scope: Scope,
    as_json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    let replay = Replay::new(arguments.source.words(&scope));
    let query = query(engine, arguments, scope)?;
    if query.probe {
        reach::announce_probe(terminal.notes, terminal.notes_palette)?;
    }
    let document = engine.reach_ports(&query)?;
    if let Some(path) = &arguments.svg {
        draw(path, &document, terminal)?;
    }
    if arguments.svg.as_ref().is_some_and(|path| path.as_os_str() == "-") {
        // The picture is the answer.
    } else if as_json {
        json::document(terminal.out, &document, terminal.spacing)?;
    } else {
        reach::ports(terminal.out, &document, side(arguments), &replay, &terminal.view)?;
    }
    Ok(exit(&document))
}

fn query(engine: &dyn Engine, arguments: &ReachArguments, scope: Scope) -> Result<PortsQuery, CommandError> {
    // What is wrong with the question is said before anything is read.
    let port = arguments.port()?;
    let from = arguments.sources()?;
    let to = arguments.destination()?;
    let port = port.map(|port| named(engine, &port)).transpose()?;
    let (port, protocols) = port.map_or((None, Vec::new()), |(port, protocols)| (Some(port), protocols));
    Ok(PortsQuery {
        rules: arguments.source.rules_from(scope)?,
        port,
        protocols,
        from,
        to,
        detail: arguments.detail(),
        probe: arguments.probe,
    })
}

/// The port and its protocols; what is no service may be meant for a question.
fn named(engine: &dyn Engine, port: &PortQuestion) -> Result<(u16, Vec<Protocol>), CommandError> {
    if let (PortName::Number(number), None) = (&port.port, port.protocol) {
        return Ok((*number, Vec::new()));
    }
    let (number, mut protocols) = resolved(engine, port).map_err(|error| match &port.port {
        PortName::Number(_) => error,
        PortName::Service(name) => match ReachVerb::NAMES.iter().find(|verb| is_close(verb, name)) {
            Some(verb) => error.hint(format_args!("if the question is meant: portreeve reach {verb}")),
            None => error.hint(format_args!("questions about the rules: {}", ReachVerb::NAMES.join(", "))),
        },
    })?;
    // MPTCP is TCP on the wire.
    if protocols.contains(&Protocol::Tcp) && !protocols.contains(&Protocol::Mptcp) {
        protocols.push(Protocol::Mptcp);
    }
    Ok((number, protocols))
}

/// Whether somebody who typed `typed` may have meant `word`.
fn is_close(word: &str, typed: &str) -> bool {
    let common = word.bytes().zip(typed.bytes()).take_while(|(a, b)| a == b).count();
    common >= 3 || (common >= 2 && typed.len().abs_diff(word.len()) <= 1)
}

/// The answer as a picture: into a file, or to standard output in place of the table.
fn draw(path: &Path, document: &ReachPorts, terminal: &mut Terminal<'_>) -> Result<(), CommandError> {
    let limits = document.limits.iter().map(|limit| limit.text.clone());
    let unseen =
        document.unseen.iter().filter(|entry| entry.is_incomplete()).map(|entry| entry.detail.clone());
    let notes: Vec<String> = limits.chain(unseen).chain(document.too_complex.clone()).collect();
    let picture = Picture {
        host: Some(&document.host.name),
        exposures: &document.exposures,
        chains: &document.chains,
        notes: &notes,
    };
    let text = svg(&picture);
    if path.as_os_str() == "-" {
        terminal.out.write_all(text.as_bytes())?;
        return Ok(());
    }
    snapshot::write(path, &text).map_err(|error| {
        CommandError::internal(format!("cannot write the picture {}", path.display()), error)
    })
}

/// Which side of the answer is wanted.
fn side(arguments: &ReachArguments) -> reach::Side {
    if arguments.blocked { reach::Side::Blocked } else { reach::Side::Open }
}

/// A port where nothing is, or that none of the sources gets to, is told before what is undecided.
fn exit(document: &ReachPorts) -> Exit {
    let disagrees = |attempt: &Attempt| attempt.agreement == Agreement::Disagrees;
    if document.probe.as_ref().is_some_and(|probe| probe.attempts.iter().any(disagrees)) {
        return Exit::Findings;
    }
    let one = document.asked.port.is_some();
    let coverages = || document.exposures.iter().flat_map(zones);
    let unreachable = document.asked.from.is_some() && coverages().all(|coverage| coverage == Coverage::None);
    if one && (document.exposures.is_empty() || unreachable) {
        return Exit::NotFound;
    }
    let undecided = document.too_complex.is_some() || document.exposures.iter().any(is_undecided);
    Exit::of_look(false, undecided || document.unseen.iter().any(Unseen::is_incomplete))
}

fn zones(exposure: &Exposure) -> impl Iterator<Item = Coverage> {
    exposure.families.iter().flat_map(|family| &family.zones).map(|zone| zone.coverage)
}
