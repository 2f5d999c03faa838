//! The simulator's side: the host read with the project's own readers, and packets simulated.

use std::collections::{BTreeSet, HashMap};

use portreeve_firewall::ir::{Backend, ChainId, Policy, RejectKind, Ruleset, Statement, Version};
use portreeve_firewall::network::Network;
use portreeve_firewall::packet::State as Asked;
use portreeve_firewall::read::{Programs, live};
use portreeve_firewall::simulate::{
    Connection, Decision, End, Frame, Options, Origin as Meets, Outcome, Simulation, Simulator, Step,
};

use crate::compare::{Expected, Fate, Handles, Stop, Way, What};
use crate::kernel::{Answer, OWN_TABLE, WIRES};
use crate::packet::{Injection, Origin, State};

/// Most ways that are followed for one packet.
const WAYS: usize = 20_000;

/// A host as the project reads it.
pub(crate) struct Simulated {
    ruleset: Ruleset,
    network: Network,
}

impl Simulated {
    /// Reads the calling thread's network namespace. `None`: `nft` itself gave up on a listing of the rules, as 1.0.6 does
    /// on some (`payload_expr_complete: Assertion ... failed`).
    pub(crate) fn read() -> Option<Self> {
        let firewall = live::read(&Programs::default());
        if firewall.unseen.iter().any(|unseen| unseen.detail.contains("Assertion")) {
            return None;
        }
        assert!(firewall.unseen.is_empty(), "something could not be read: {:#?}", firewall.unseen);
        let (ruleset, errors) = firewall.ruleset();
        assert!(errors.is_empty(), "something could not be understood: {errors:#?}");
        Some(Self { ruleset, network: firewall.network })
    }

    /// What was read but not understood, beside single rules.
    pub(crate) fn unread(&self) -> Vec<String> {
        self.ruleset
            .unread
            .iter()
            .map(|unread| format!("{}: {}: {}", unread.place, unread.reason, unread.text))
            .collect()
    }

    /// The generator's numbers of rules, by which both sides are compared.
    pub(crate) fn handles(&self) -> Handles {
        let mut handles = HashMap::new();
        for chain in &self.ruleset.chains {
            for rule in &chain.rules {
                if let (Some(handle), Some(id)) = (rule.origin.handle, number(rule.origin.comment.as_deref()))
                {
                    handles.insert((chain.family.number(), chain.table.clone(), handle), id);
                }
            }
        }
        handles
    }

    /// Ready for packets.
    pub(crate) fn simulator(&self) -> Simulator<'_> {
        Simulator::new(&self.ruleset, &self.network)
    }

    /// The interface of this name.
    pub(crate) fn interface(&self, name: &str) -> u32 {
        self.network.interface_named(name).expect("the wire is an interface").index
    }

    /// Whether a destination is a group or a broadcast address of one of the host's networks.
    pub(crate) fn is_for_many(&self, address: std::net::IpAddr) -> bool {
        use std::net::IpAddr::{V4, V6};
        let ends = |network: portreeve_firewall::network::Prefix| match (network.address, address) {
            (V4(first), V4(asked)) => {
                let host = u32::MAX.checked_shr(network.length.into()).unwrap_or(0);
                network.length < 31 && (asked == first || u32::from(asked) == u32::from(first) | host)
            }
            _ => false,
        };
        let many = match address {
            V4(v4) => v4.is_multicast() || v4.is_broadcast(),
            V6(v6) => v6.is_multicast(),
        };
        many || self.network.addresses.iter().any(|own| ends(own.network()))
    }

    /// The packet through the simulator.
    pub(crate) fn simulate(&self, simulator: &Simulator<'_>, packet: &Injection) -> Simulation {
        self.run(simulator, packet, Options { sets_changed: true, budget: WAYS, ..Options::default() })
    }

    /// What the simulator says of a packet.
    pub(crate) fn expect(&self, simulator: &Simulator<'_>, packet: &Injection) -> Expected {
        let options = Options { merge: false, budget: WAYS, sets_changed: true, ..Options::default() };
        let simulation = self.run(simulator, packet, options);
        Expected {
            ways: simulation.outcomes.iter().map(|outcome| self.way(outcome)).collect(),
            // What takes the packet away for certain (a fragment held back, synproxy) hangs on nothing.
            unknown: (simulation.decision() == Decision::Unknown && !simulation.causes.is_empty()).then(
                || {
                    let kinds: BTreeSet<String> =
                        simulation.causes.iter().map(|cause| format!("{:?}", cause.kind)).collect();
                    kinds.into_iter().collect::<Vec<_>>().join(" ")
                },
            ),
            truncated: simulation.truncated,
        }
    }

    fn run(&self, simulator: &Simulator<'_>, packet: &Injection, options: Options) -> Simulation {
        let (link, origin) = match packet.origin {
            Origin::Wire { wire, link } => {
                let interface = self.network.interface_named(WIRES[wire]).expect("the wire is an interface");
                (Some(packet.link_header(wire, link)), Meets::In(interface.index))
            }
            Origin::Socket { user, group } => {
                (None, Meets::Out { interface: None, user: Some(user), group: Some(group) })
            }
        };
        let (state, connection) = match packet.state {
            State::New => (Asked::First, None),
            State::Established { mark } => {
                (Asked::Established, Some(Connection { reply: false, mark, assured: true }))
            }
            State::Reply { mark } => {
                (Asked::Established, Some(Connection { reply: true, mark, assured: true }))
            }
        };
        let frame = Frame { link, packet: &packet.bytes, origin, state, connection };
        simulator.run_frame(&frame, &options).expect("the packet has whole headers")
    }

    fn way(&self, outcome: &Outcome) -> Way {
        let mut path = Vec::new();
        let mut rules = Vec::new();
        let mut copied = false;
        for step in &outcome.steps {
            let (chain, what) = match step {
                Step::Rule { chain, rule, .. } => {
                    let found = self.ruleset.chain(*chain).and_then(|chain| chain.rules.get(*rule));
                    let id = number(found.and_then(|rule| rule.origin.comment.as_deref())).unwrap_or(0);
                    rules.push(id);
                    copied |= found.is_some_and(|rule| {
                        rule.statements.iter().any(|statement| {
                            matches!(statement, Statement::Duplicate { .. } | Statement::Forward { .. })
                        })
                    });
                    (*chain, What::Rule(id))
                }
                Step::Policy { chain, policy } => (*chain, What::Policy(*policy == Policy::Accept)),
                _ => continue,
            };
            path.extend(self.stop(chain, what));
        }
        let endpoints = &outcome.endpoints;
        Way {
            path,
            fate: self.fate(&outcome.end, outcome),
            source: (endpoints.source, endpoints.source_port),
            destination: (endpoints.destination, endpoints.destination_port),
            rules,
            copied,
        }
    }

    /// `None` for what the kernel does not trace, and for the chains that turn tracing on.
    fn stop(&self, chain: ChainId, what: What) -> Option<Stop> {
        let chain = self.ruleset.chain(chain)?;
        let traced = chain.backend != Backend::IptablesLegacy && chain.table != OWN_TABLE;
        traced.then(|| Stop {
            family: chain.family.number(),
            table: chain.table.clone(),
            chain: chain.name.clone(),
            what,
        })
    }

    fn fate(&self, end: &End, outcome: &Outcome) -> Fate {
        match end {
            End::Delivered => Fate::Delivered,
            End::Sent { interface, gateway } => {
                let found = self.network.interface(*interface);
                Fate::Sent(found.map_or_else(|| interface.to_string(), |found| found.name.clone()), *gateway)
            }
            End::Dropped(_) => Fate::Dropped,
            End::Rejected(_, kind) => refusal(*kind, version(outcome)),
            End::Discarded(why) => Fate::Discarded { answered: why.answered, code: why.code.clone() },
            End::Taken(..) => Fate::Taken,
        }
    }
}

/// The number in a rule's comment.
fn number(comment: Option<&str>) -> Option<u32> {
    comment?.strip_prefix('r')?.parse().ok()
}

fn version(outcome: &Outcome) -> Version {
    match outcome.endpoints.destination.or(outcome.endpoints.source) {
        Some(std::net::IpAddr::V6(_)) => Version::V6,
        _ => Version::V4,
    }
}

/// The answer that a kind of reject sends (`net/netfilter/nft_reject.c` for `icmpx`).
fn refusal(kind: RejectKind, version: Version) -> Fate {
    Fate::Refused(match (kind, version) {
        (RejectKind::TcpReset, _) => Answer::TcpReset,
        (RejectKind::Icmp(code), _) => Answer::Icmp { kind: 3, code },
        (RejectKind::Icmp6(code), _) => Answer::Icmp6 { kind: 1, code },
        (RejectKind::Icmpx(code), Version::V4) => {
            Answer::Icmp { kind: 3, code: [0, 3, 1, 13][usize::from(code & 3)] }
        }
        (RejectKind::Icmpx(code), Version::V6) => {
            Answer::Icmp6 { kind: 1, code: [0, 4, 3, 1][usize::from(code & 3)] }
        }
    })
}
