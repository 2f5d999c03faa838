//! A port that was asked for by name, as a number.

use portreeve_model::Protocol;

use crate::cli::{PortName, PortQuestion};
use crate::engine::Engine;
use crate::error::CommandError;

/// Protocols that are looked through where none is named.
const PROTOCOLS: [Protocol; 5] =
    [Protocol::Tcp, Protocol::Udp, Protocol::Mptcp, Protocol::Sctp, Protocol::Udplite];

/// A named service is asked for in the protocols that it is registered for.
pub(super) fn resolved(
    engine: &dyn Engine,
    question: &PortQuestion,
) -> Result<(u16, Vec<Protocol>), CommandError> {
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
