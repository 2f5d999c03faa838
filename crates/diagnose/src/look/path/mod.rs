//! Gathering for `facts::path`.

mod again;
mod clients;
mod neighbours;
mod onward;
mod packets;

use portreeve_firewall::read::{Programs, live};
use portreeve_firewall::simulate::Simulator;
use portreeve_model::why::{Endpoint, Sight};

pub(crate) use again::look_again;
pub(crate) use onward::{OnwardFacts, look as onward};

use crate::facts::PathFacts;
use crate::target::Question;

/// Reads interfaces, addresses, routes, neighbours and rules of the calling thread's network namespace.
pub(crate) fn look() -> PathFacts {
    let counters = again::counters();
    let firewall = live::read(&Programs::default());
    let (ruleset, errors) = firewall.ruleset();
    let mut unseen = firewall.unseen;
    unseen.extend(errors.iter().map(portreeve_firewall::read::BuildError::unseen));
    let neighbours = neighbours::read(&firewall.network);
    PathFacts {
        network: firewall.network,
        ruleset: Some(ruleset),
        limits: firewall.limits,
        neighbours,
        counters: Some((counters, counters)),
        unseen,
        ..PathFacts::default()
    }
}

/// Simulates packets of clients to the endpoints and back. Needs no packet and no question to the kernel.
pub(crate) fn simulate(facts: &mut PathFacts, question: &Question, endpoints: &[Endpoint], sight: Sight) {
    let Some(ruleset) = facts.ruleset.as_ref() else { return };
    let simulator = Simulator::new(ruleset, &facts.network);
    let mut flows = Vec::new();
    for endpoint in endpoints {
        let here = endpoint.interface.as_deref();
        if here.is_none() && sight == Sight::Inside {
            // Another host's address among those of the name: what is wrong with it is told by its records.
            continue;
        }
        for supposed in clients::of(facts, endpoint.address, here, question.from) {
            let asking = packets::Asking { ruleset, network: &facts.network, simulator: &simulator };
            flows.extend(asking.flow(&supposed, endpoint.address, question.target.protocol));
        }
    }
    for flow in &flows {
        if !facts.clients.contains(&flow.client) {
            facts.clients.push(flow.client.clone());
        }
    }
    facts.flows = flows;
}
