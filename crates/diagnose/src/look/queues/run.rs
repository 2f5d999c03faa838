//! One look and another.

use std::collections::BTreeMap;
use std::time::Instant;

use portreeve_model::Protocol;

use super::{counters, parameters, sockets};
use crate::facts::{QueueFacts, QueueLook};
use crate::target::Question;

/// Reads queues and counters before anything is tried, in the calling thread's network namespace.
pub(crate) fn look(question: &Question) -> QueueFacts {
    QueueFacts { before: Some(once(question)), after: None, parameters: parameters::read() }
}

/// Reads them again afterwards.
pub(crate) fn look_again(facts: &mut QueueFacts, question: &Question) {
    facts.after = Some(once(question));
}

fn once(question: &Question) -> QueueLook {
    let mut look = QueueLook {
        at: Instant::now(),
        listeners: Vec::new(),
        half_open: Vec::new(),
        established: 0,
        peers: Vec::new(),
        waiting: Vec::new(),
        struggling: Vec::new(),
        datagrams: Vec::new(),
        counters: BTreeMap::new(),
        unseen: Vec::new(),
    };
    counters::read(&mut look);
    let port = question.target.port;
    match question.target.protocol {
        Protocol::Udp => sockets::udp(port, &mut look),
        _ => sockets::tcp(port, &mut look),
    }
    look
}
