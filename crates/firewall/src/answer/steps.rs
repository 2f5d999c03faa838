//! Outcomes and their steps.

use portreeve_model::reach;

use super::names::{self, Names};
use super::statement;
use crate::simulate::{Effect, End, Outcome, RouteStep, Step};

/// One way of the packet.
pub(super) fn outcome(names: Names<'_>, outcome: &Outcome) -> reach::Outcome {
    let end = end(names, &outcome.end);
    let endpoints = names::endpoints(&outcome.endpoints);
    reach::Outcome {
        statement: statement::of_end(&end, &endpoints),
        end,
        assumed: outcome.assumed.iter().map(|cause| index(*cause)).collect(),
        steps: outcome.steps.iter().map(|one| step(names, one)).collect(),
        endpoints,
    }
}

fn end(names: Names<'_>, end: &End) -> reach::End {
    match end {
        End::Delivered => reach::End::Delivered,
        End::Sent { interface, gateway } => {
            reach::End::Sent { interface: names.interface(*interface), gateway: *gateway }
        }
        End::Dropped(by) => reach::End::Dropped { by: names.decider(*by) },
        End::Rejected(by, kind) => {
            reach::End::Rejected { by: names.decider(*by), with: names::reject(*kind) }
        }
        End::Discarded(discard) => reach::End::Discarded {
            code: discard.code.clone(),
            text: discard.text.clone(),
            answered: discard.answered,
        },
        End::Taken(by, text) => reach::End::Taken { by: by.map(|by| names.decider(by)), text: text.clone() },
    }
}

fn step(names: Names<'_>, step: &Step) -> reach::Step {
    let interface = |index: &Option<u32>| index.map(|index| names.interface(index));
    match step {
        Step::Hook { family, hook, input, output } => reach::Step::Hook {
            hook: hook.name().to_owned(),
            family: family.name().to_owned(),
            input: interface(input),
            output: interface(output),
        },
        Step::Chain(chain) => reach::Step::Chain { chain: names.chain(*chain) },
        Step::Passed { chain, rule } => reach::Step::Passed { rule: names.rule(*chain, *rule) },
        Step::Rule { chain, rule, effect, assumed } => reach::Step::Rule {
            rule: names.rule(*chain, *rule),
            effect: self::effect(names, effect),
            assumed: assumed.map(index),
        },
        Step::ChainEnd(chain) => reach::Step::ChainEnd { chain: names.chain_name(*chain) },
        Step::Policy { chain, policy } => {
            reach::Step::Policy { chain: names.chain(*chain), policy: names::policy(*policy).to_owned() }
        }
        Step::Conntrack { state, reply } => {
            reach::Step::Conntrack { state: (*state).to_owned(), reply: *reply }
        }
        Step::Nat { before, after } => {
            reach::Step::Nat { before: names::endpoints(before), after: names::endpoints(after) }
        }
        Step::Route(route) => self::route(names, route),
        Step::Loopback => reach::Step::Loopback,
        Step::Bridged { bridge } => reach::Step::Bridged { bridge: names.interface(*bridge) },
    }
}

fn route(names: Names<'_>, route: &RouteStep) -> reach::Step {
    let (to, interface, gateway, again) = match route {
        RouteStep::Local => (reach::RouteTo::Local, None, None, false),
        RouteStep::Forward { interface, gateway } => {
            (reach::RouteTo::Forward, Some(*interface), *gateway, false)
        }
        RouteStep::Output { interface, gateway, again } => {
            (reach::RouteTo::Output, Some(*interface), *gateway, *again)
        }
    };
    reach::Step::Route { to, interface: interface.map(|index| names.interface(index)), gateway, again }
}

fn effect(names: Names<'_>, effect: &Effect) -> reach::Effect {
    match effect {
        Effect::Continue => reach::Effect::Continue,
        Effect::Accept => reach::Effect::Accept,
        Effect::Drop => reach::Effect::Drop,
        Effect::Reject(kind) => reach::Effect::Reject { with: names::reject(*kind) },
        Effect::Jump(chain) => reach::Effect::Jump { chain: names.chain_name(*chain) },
        Effect::Goto(chain) => reach::Effect::Goto { chain: names.chain_name(*chain) },
        Effect::Return => reach::Effect::Return,
        Effect::Nat => reach::Effect::Nat,
        Effect::Take(text) => reach::Effect::Take { text: text.clone() },
    }
}

fn index(cause: usize) -> u32 {
    u32::try_from(cause).unwrap_or(u32::MAX)
}
