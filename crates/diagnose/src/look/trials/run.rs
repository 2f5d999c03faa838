//! Every endpoint side by side.

use std::thread;

use portreeve_model::Protocol;
use portreeve_model::why::Endpoint;

use super::{datagram, tcp};
use crate::facts::TrialFacts;
use crate::look::Budget;
use crate::target::Question;

/// What is looked at around an endpoint that does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// Nothing: it is this host's own.
    Nothing,
    /// Whether the host is alive.
    Host,
    /// That, and how far packets get.
    HostAndWay,
}

/// Connects to every endpoint, side by side.
pub(crate) fn look(question: &Question, endpoints: &[Endpoint], budget: Budget) -> TrialFacts {
    let tcp = question.target.protocol == Protocol::Tcp;
    let trials = thread::scope(|scope| {
        let threads: Vec<_> = endpoints
            .iter()
            .enumerate()
            .map(|(index, endpoint)| {
                let around = around(endpoints, index);
                scope.spawn(move || {
                    if tcp {
                        tcp::attempt(endpoint, around, budget)
                    } else {
                        datagram::attempt(question, endpoint, budget)
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    TrialFacts { trials }
}

/// The way is followed to the first of each IP version only: that is packets enough.
fn around(endpoints: &[Endpoint], index: usize) -> Around {
    let Some(endpoint) = endpoints.get(index).filter(|endpoint| endpoint.interface.is_none()) else {
        return Around::Nothing;
    };
    let same = |other: &&Endpoint| {
        other.interface.is_none() && other.address.is_ipv4() == endpoint.address.is_ipv4()
    };
    if endpoints.iter().take(index).any(|other| same(&other)) { Around::Host } else { Around::HostAndWay }
}
