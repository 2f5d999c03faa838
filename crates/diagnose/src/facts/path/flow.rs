//! One connection, simulated: its first packet, the answer to it, and what routers may have to say about it.

use std::net::SocketAddr;

use portreeve_model::reach::{Answer, Cause, Decider, Effect, End, Outcome, Step, Verdict};
use portreeve_model::why::Client;

/// The connection of one supposed client to one endpoint.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Who connects.
    pub client: Client,
    /// Where to.
    pub endpoint: SocketAddr,
    /// Why it was simulated.
    pub purpose: Purpose,
    /// What becomes of the first packet.
    pub there: Answer,
    /// What becomes of the first answer, were the first packet let in.
    pub back: Option<Answer>,
    /// What becomes of a router's message to this host that packets of the connection are too big.
    pub too_big: Option<Answer>,
}

/// Why a connection was simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It is what was asked about: the client of `--from`, or without one those that can be supposed.
    Asked,
    /// Another client, to tell what is wrong with this one from what is wrong with all.
    Compared,
    /// This host itself connects, as the trials do.
    Own,
}

/// Whether a packet arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does.
    Arrives,
    /// A rule keeps it.
    ByRule,
    /// Routing, or a check of the kernel, keeps it.
    ByHost,
    /// It arrives or not by something with a memory or chance: a limit, a changing set.
    Depends,
    /// It cannot be told: a rule that was not understood, something that takes packets away.
    Unknown,
}

/// One way of a packet: the outcome, and where on it the packet ended.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a>(pub &'a Outcome);

impl Flow {
    /// Whether the first packet arrives.
    pub fn arrives(&self) -> State {
        state(&self.there)
    }

    /// Whether the first answer arrives; `None` where it was not asked.
    pub fn returns(&self) -> Option<State> {
        self.back.as_ref().map(state)
    }

    /// Both certainly go through.
    pub fn works(&self) -> bool {
        self.arrives() == State::Arrives && self.returns().is_none_or(|back| back == State::Arrives)
    }

    /// The way on which the first packet ends badly.
    pub fn ends(&self) -> Option<Way<'_>> {
        bad_end(&self.there)
    }

    /// The way on which the answer ends badly.
    pub fn answer_ends(&self) -> Option<Way<'_>> {
        self.back.as_ref().and_then(bad_end)
    }

    /// The address and port that rules put in place of the endpoint's, on the first way that has such.
    pub fn translated(&self) -> Option<SocketAddr> {
        self.there.outcomes.iter().find_map(|outcome| {
            let moved = outcome.steps.iter().any(|step| match step {
                Step::Nat { before, after } => {
                    (before.destination, before.destination_port)
                        != (after.destination, after.destination_port)
                }
                _ => false,
            });
            let at = SocketAddr::new(outcome.endpoints.destination?, outcome.endpoints.destination_port?);
            (moved && (at.ip(), at.port()) != (self.endpoint.ip(), self.endpoint.port())).then_some(at)
        })
    }

    /// Whether the translated packet leaves this host.
    pub fn is_sent_on(&self) -> bool {
        self.there.outcomes.iter().any(|outcome| {
            outcome
                .steps
                .iter()
                .any(|step| matches!(step, Step::Route { to: portreeve_model::reach::RouteTo::Forward, .. }))
        })
    }

    /// Whether connection tracking sees the first packet.
    pub fn is_tracked(&self) -> bool {
        self.steps().any(|step| matches!(step, Step::Conntrack { .. }))
    }

    /// Whether a rule takes the first packet out of connection tracking.
    pub fn is_untracked(&self) -> bool {
        self.steps().any(|step| matches!(step, Step::Conntrack { state, .. } if state == "untracked"))
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.there.outcomes.iter().flat_map(|outcome| &outcome.steps)
    }
}

/// Whether a packet arrives.
pub(crate) fn state(answer: &Answer) -> State {
    match answer.verdict {
        Verdict::Allow => State::Arrives,
        Verdict::Deny => match answer.outcomes.first().map(|outcome| &outcome.end) {
            Some(End::Discarded { .. }) => State::ByHost,
            Some(_) => State::ByRule,
            None => State::Unknown,
        },
        Verdict::Unknown => {
            // A proxy that answers SYNs in the server's stead lets on who answers it.
            let is_proxied = |outcome: &Outcome| matches!(&outcome.end, End::Taken { text, .. } if text.starts_with("synproxy"));
            if !answer.truncated && answer.outcomes.iter().all(is_proxied) && !answer.outcomes.is_empty() {
                return State::Arrives;
            }
            let ends_well = |outcome: &Outcome| matches!(outcome.end, End::Delivered | End::Sent { .. });
            let known = answer.causes.iter().all(depends);
            if known
                && !answer.causes.is_empty()
                && !answer.truncated
                && answer.outcomes.iter().any(ends_well)
            {
                State::Depends
            } else {
                State::Unknown
            }
        }
    }
}

/// Whether a cause is one with a memory or chance, or a datum that differs from packet to packet; not something that the
/// simulation does not know.
fn depends(cause: &Cause) -> bool {
    !matches!(cause.kind.as_str(), "not-understood" | "unseen" | "program")
}

fn bad_end(answer: &Answer) -> Option<Way<'_>> {
    let bad = |outcome: &&Outcome| !matches!(outcome.end, End::Delivered | End::Sent { .. });
    answer.outcomes.iter().find(bad).map(Way)
}

impl<'a> Way<'a> {
    /// The last hook that was reached: `input`, `forward`, ...
    pub fn hook(self) -> &'a str {
        let mut hooks = self.0.steps.iter().rev();
        let last = hooks.find_map(|step| match step {
            Step::Hook { hook, .. } => Some(hook.as_str()),
            _ => None,
        });
        last.unwrap_or_default()
    }

    /// What decided, where a rule or policy did.
    pub fn decider(self) -> Option<&'a Decider> {
        match &self.0.end {
            End::Dropped { by } | End::Rejected { by, .. } | End::Taken { by: Some(by), .. } => Some(by),
            _ => None,
        }
    }

    /// The sender is told, and how.
    pub fn refusal(self) -> Option<&'a str> {
        match &self.0.end {
            End::Rejected { with, .. } => Some(with),
            _ => None,
        }
    }

    /// The word and the sentence of the kernel's own check that ended it.
    pub fn discard(self) -> Option<(&'a str, &'a str)> {
        match &self.0.end {
            End::Discarded { code, text, .. } => Some((code, text)),
            _ => None,
        }
    }

    /// The interface and the router that the way leaves by.
    pub fn leaves_by(self) -> Option<(&'a str, Option<std::net::IpAddr>)> {
        if let End::Sent { interface, gateway } = &self.0.end {
            return Some((interface, *gateway));
        }
        self.0.steps.iter().rev().find_map(|step| match step {
            Step::Route { interface: Some(interface), gateway, .. } => Some((interface.as_str(), *gateway)),
            _ => None,
        })
    }

    /// The chains that were jumped or gone through, in order, without doubles.
    pub fn chains(self) -> Vec<&'a str> {
        let mut found: Vec<&str> = Vec::new();
        for step in &self.0.steps {
            let name = match step {
                Step::Rule { effect: Effect::Jump { chain } | Effect::Goto { chain }, .. } => chain.as_str(),
                Step::Chain { chain } => chain.name.as_str(),
                _ => continue,
            };
            if !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }
}
