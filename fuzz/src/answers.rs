//! What peers and routers answer to datagrams: QUIC, DNS, and the error queue of a socket.

use portreeve_wire::dns_header::AnswerHeader;
use portreeve_wire::extended_error::ExtendedError;
use portreeve_wire::proc::{counters, counters6};
use portreeve_wire::quic::{ConnectionIds, VersionNegotiation, version_probe};

/// Reads `data` as each of them.
pub fn run(data: &[u8]) {
    if let Some(answer) = VersionNegotiation::decode(data) {
        assert!(!answer.versions.is_empty(), "an answer has versions");
        assert!(answer.names().len() <= answer.versions.len(), "no version is made up");
        let ids = ConnectionIds { destination: [1; 8], source: [2; 8] };
        assert!(!answer.answers(ids) || answer.source == ids.destination, "an answer has the ids of the question");
        assert!(VersionNegotiation::decode(&version_probe(ids)).is_none(), "a question is no answer");
    }
    let _header = AnswerHeader::decode(data);
    let errors = [ExtendedError::decode(data), ExtendedError::from_control(data)];
    for error in errors.into_iter().flatten() {
        assert!(!error.reason().is_empty(), "every error has words");
    }
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(counters(text).chain(counters6(text)).count() <= text.len(), "every counter has its characters");
    }
}
