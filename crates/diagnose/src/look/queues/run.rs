//! One look and another.

use std::time::Instant;

use portreeve_model::Protocol;

use super::{behind, counters, parameters, sockets};
use crate::facts::{QueueFacts, QueueLook, ServiceFacts};
use crate::target::Question;

/// Reads queues and counters before anything is tried, in the calling thread's network namespace.
pub(crate) fn look(question: &Question) -> QueueFacts {
    QueueFacts {
        before: Some(look_at(question.target.protocol, question.target.port)),
        parameters: parameters::read(),
        ..QueueFacts::default()
    }
}

/// Reads them again afterwards, and those in containers that publish the port.
pub(crate) fn look_again(facts: &mut QueueFacts, question: &Question, service: &ServiceFacts) {
    let protocol = question.target.protocol;
    facts.after = Some(look_at(protocol, question.target.port));
    facts.behind =
        service.publishers.iter().filter_map(|publisher| behind::look(publisher, protocol)).collect();
}

/// Reads those of a port in the calling thread's network namespace.
pub(super) fn look_at(protocol: Protocol, port: u16) -> QueueLook {
    let mut look = QueueLook::at(Instant::now());
    counters::read(&mut look);
    match protocol {
        Protocol::Udp => sockets::udp(port, &mut look),
        _ => sockets::tcp(port, &mut look),
    }
    look
}
