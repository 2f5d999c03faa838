//! `portreeve who PORT`: who holds it, or why nobody seems to.

use portreeve_model::Protocol;
use portreeve_model::document::Who;
use portreeve_model::who::{ReasonKind, Verdict};

use super::Terminal;
use crate::cli::{PortName, PortQuestion, WhoArguments};
use crate::engine::{Engine, Scope};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render::{json, who};

/// Protocols that are looked through where none is named.
const PROTOCOLS: [Protocol; 5] =
    [Protocol::Tcp, Protocol::Udp, Protocol::Mptcp, Protocol::Sctp, Protocol::Udplite];

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

/// A named service is asked for in the protocols that it is registered for.
fn resolved(engine: &dyn Engine, question: &PortQuestion) -> Result<(u16, Vec<Protocol>), CommandError> {
    let candidates = question.protocol.map_or_else(|| PROTOCOLS.to_vec(), |protocol| vec![protocol]);
    let name = match &question.port {
        PortName::Number(port) => return Ok((*port, candidates)),
        PortName::Service(name) => name,
    };
    let registered = |protocol: &Protocol| {
        // IANA registers ports for TCP; MPTCP is TCP on the wire.
        let registry = if *protocol == Protocol::Mptcp { Protocol::Tcp } else { *protocol };
        engine.port_of(name, registry)
    };
    let port = candidates.iter().find_map(registered).ok_or_else(|| {
        CommandError::usage(format!("no service is called `{name}` in IANA's registry"))
            .hint("Give the port as a number, such as 443 or 53/udp.")
    })?;
    let protocols = candidates.into_iter().filter(|protocol| registered(protocol) == Some(port)).collect();
    Ok((port, protocols))
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
