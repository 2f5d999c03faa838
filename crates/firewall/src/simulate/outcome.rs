//! What a simulation answers: a verdict, and every way that leads to it.

use std::net::IpAddr;

use serde::Serialize;

use crate::ir::{ChainId, Family, Hook, Policy, RejectKind, StateKind, Version};

/// The answer for one packet.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// All ways that the packet can take; one where nothing is uncertain.
    pub outcomes: Vec<Outcome>,
    /// What the answer hangs on; empty where it is certain.
    pub causes: Vec<Cause>,
    /// The search was cut short: there may be further ways.
    pub truncated: bool,
}

/// What becomes of the packet, all ways taken together.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It arrives, whatever is uncertain.
    Allow,
    /// It does not arrive, whatever is uncertain.
    Deny,
    /// It arrives or not, by what is named in the causes.
    Unknown,
}

/// One way of the packet, and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Every step, in order.
    pub steps: Vec<Step>,
    /// Addresses and ports at the end, after all translation.
    pub endpoints: Endpoints,
    /// Indices into [`Simulation::causes`]: what was assumed on this way.
    pub assumed: Vec<usize>,
}

/// How a packet's way ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum End {
    /// The host itself takes it.
    Delivered,
    /// It leaves by an interface.
    Sent {
        /// Index.
        interface: u32,
        /// Next hop, where there is one.
        gateway: Option<IpAddr>,
    },
    /// A rule, or a policy, drops it.
    Dropped(Decider),
    /// A rule refuses it and answers.
    Rejected(Decider, RejectKind),
    /// The host itself throws it away, before or between the rules.
    Discarded(Discard),
    /// Something takes it away: a queue, `synproxy`, `fwd`. What becomes of it then is not known.
    Taken(Option<Decider>, String),
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decider {
    /// This rule, by its index in its chain.
    Rule(ChainId, usize),
    /// The policy of this base chain.
    Policy(ChainId),
}

/// Why the host itself throws a packet away. The texts name the sysctl or route at fault.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Discard {
    /// A stable word: `martian-source`, `rp-filter`, `no-route`, ...
    pub code: String,
    /// The sentence.
    pub text: String,
    /// An ICMP error is sent back.
    pub answered: bool,
}

/// Addresses and ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoints {
    /// Source address; `None` where it is not known.
    pub source: Option<IpAddr>,
    /// Destination address.
    pub destination: Option<IpAddr>,
    /// Source port.
    pub source_port: Option<u16>,
    /// Destination port.
    pub destination_port: Option<u16>,
}

/// One step of a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A hook is reached.
    Hook {
        /// `Ip` or `Ip6` at the IP hooks.
        family: Family,
        /// Which.
        hook: Hook,
        /// Interface it came in by.
        input: Option<u32>,
        /// Interface it will leave by.
        output: Option<u32>,
    },
    /// A base chain begins.
    Chain(ChainId),
    /// A rule was looked at and did not match (recorded only where every rule is asked for).
    Passed {
        /// Its chain.
        chain: ChainId,
        /// Its index.
        rule: usize,
    },
    /// A rule matched.
    Rule {
        /// Its chain.
        chain: ChainId,
        /// Its index.
        rule: usize,
        /// What it did.
        effect: Effect,
        /// Assumed, not known: index into [`Simulation::causes`].
        assumed: Option<usize>,
    },
    /// A chain other than a base chain ended without a verdict.
    ChainEnd(ChainId),
    /// A base chain ended by its policy.
    Policy {
        /// The chain.
        chain: ChainId,
        /// Its policy.
        policy: Policy,
    },
    /// The connection was looked up.
    Conntrack {
        /// `new`, `established`, `related`, `invalid`, `untracked`.
        state: &'static str,
        /// It is a packet of the reply direction.
        reply: bool,
    },
    /// Addresses were translated.
    Nat {
        /// Before.
        before: Endpoints,
        /// After.
        after: Endpoints,
    },
    /// The route was chosen.
    Route(RouteStep),
    /// The packet comes back in by the loopback interface.
    Loopback,
    /// A frame is forwarded by a bridge.
    Bridged {
        /// Index of the bridge.
        bridge: u32,
    },
}

/// What a matching rule did.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing that ends the chain: it counted, logged, set a mark.
    Continue,
    /// Accepted, as far as this base chain goes.
    Accept,
    /// Dropped.
    Drop,
    /// Refused.
    Reject(RejectKind),
    /// Jumped.
    Jump(ChainId),
    /// Went.
    Goto(ChainId),
    /// Returned.
    Return,
    /// Bound the connection to other addresses; accepted.
    Nat,
    /// Took the packet away.
    Take(String),
}

/// A routing decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteStep {
    /// To the host itself.
    Local,
    /// Onward.
    Forward {
        /// Index of the interface.
        interface: u32,
        /// Next hop.
        gateway: Option<IpAddr>,
    },
    /// Out, from the host itself.
    Output {
        /// Index of the interface.
        interface: u32,
        /// Next hop.
        gateway: Option<IpAddr>,
        /// Again, because a rule changed the mark or an address.
        again: bool,
    },
}

/// Why an answer is not certain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Cause {
    /// What kind.
    pub kind: CauseKind,
    /// What exactly, as written in the rule or named in the question.
    pub text: String,
    /// The rule that asks: chain and index.
    #[serde(skip)]
    pub rule: Option<(ChainId, usize)>,
}

/// Kinds of uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// The question leaves a datum open that a rule asks for.
    Unspecified,
    /// The outcome depends on earlier packets or on chance.
    State(StateKind),
    /// Packets change this set.
    ChangingSet,
    /// A statement was not understood.
    NotUnderstood,
    /// Depends on a socket, a process or a cgroup.
    Socket,
    /// Depends on the kernel's memory of a connection.
    Connection,
    /// The routing decision is not certain.
    Routing,
    /// Something runs that cannot be simulated (XDP, tc, cgroup BPF).
    Limit,
    /// A datum of the host could not be read.
    Unseen,
}

impl Simulation {
    /// What becomes of the packet, all ways taken together.
    pub fn decision(&self) -> Decision {
        if self.truncated || self.outcomes.is_empty() {
            return Decision::Unknown;
        }
        let mut arrives = self.outcomes.iter().map(|outcome| outcome.end.arrives());
        match arrives.next().flatten() {
            Some(first) if arrives.all(|next| next == Some(first)) => {
                if first {
                    Decision::Allow
                } else {
                    Decision::Deny
                }
            }
            _ => Decision::Unknown,
        }
    }
}

impl Outcome {
    /// Moves the indices of causes by what stands before them now.
    pub(super) fn shift_causes(&mut self, base: usize) {
        for cause in &mut self.assumed {
            *cause += base;
        }
        for step in &mut self.steps {
            if let Step::Rule { assumed: Some(cause), .. } = step {
                *cause += base;
            }
        }
    }
}

impl End {
    /// Whether the packet arrives; `None` where something took it away.
    pub fn arrives(&self) -> Option<bool> {
        match self {
            Self::Delivered | Self::Sent { .. } => Some(true),
            Self::Dropped(_) | Self::Rejected(..) | Self::Discarded(_) => Some(false),
            Self::Taken(..) => None,
        }
    }
}

impl Hook {
    /// The version's family at the IP hooks.
    pub(crate) fn family_of(version: Version) -> Family {
        match version {
            Version::V4 => Family::Ip,
            Version::V6 => Family::Ip6,
        }
    }
}
