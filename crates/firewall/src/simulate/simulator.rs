//! A ruleset and a network made ready for questions.

use std::net::IpAddr;

use rustc_hash::{FxHashMap, FxHashSet};

use super::conntrack::Given;
use super::evaluate::Point;
use super::guards::{Guards, Slot};
use super::host::Host;
use super::outcome::{Cause, CauseKind, End, Simulation};
use super::pipeline::Pipelines;
use super::run::Run;
use super::sets::Index;
use super::state::{Conntrack, Flow, Info, Layer, Sender, Stage, State, Trail, Tuple, status};
use super::symbolic::{Caches, Classes, Segment, segments};
use crate::ir::{ChainId, Data, Hook, Ruleset, SetId, Statement, Verdict, Version};
use crate::network::{Network, OutputRoute, Routed};
use crate::packet::{self, Bits, Headers, Place, Question, mask};

/// A ruleset and the host around it, ready for any number of packets.
#[derive(Debug)]
pub struct Simulator<'a> {
    pub(super) ruleset: &'a Ruleset,
    pub(super) host: Host<'a>,
    pub(super) pipelines: Pipelines,
    indices: Vec<Index>,
    guards: Vec<Guards>,
    changing: FxHashSet<SetId>,
    classes: [Classes; 2],
    pub(super) caches: Caches,
    segments: Vec<Vec<Segment>>,
    hooks: FxHashMap<ChainId, Hook>,
}

/// How a packet is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Rules that did not match are steps too.
    pub all_rules: bool,
    /// Forks that lead to the same place are followed once. Off, every single way is an outcome of its own.
    pub merge: bool,
    /// Sets that rules write to may hold something else by now. Otherwise they hold what was read, and what rules on the
    /// packet's own way wrote to is open.
    pub sets_changed: bool,
    /// Most forks that are followed; beyond, the answer says that it is cut short.
    pub budget: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { all_rules: false, merge: true, sets_changed: false, budget: 4096 }
    }
}

/// A packet that is there byte for byte, and how it meets the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The Ethernet header, where there is one.
    pub link: Option<[u8; 14]>,
    /// The packet from the IP header on.
    pub packet: &'a [u8],
    /// Where it meets the host.
    pub origin: Origin,
    /// What connection tracking says of it.
    pub state: packet::State,
    /// The connection it belongs to, where it is known; the state does not count then.
    pub connection: Option<Connection>,
}

/// A connection without translation that has seen packets both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// The packet is of the reply direction.
    pub reply: bool,
    /// The connection's mark.
    pub mark: u32,
    /// It is kept where the table is full (`IPS_ASSURED`).
    pub assured: bool,
}

/// How a packet meets the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It comes in by the interface of this index.
    In(u32),
    /// The host sends it.
    Out {
        /// Interface the sender is bound to.
        interface: Option<u32>,
        /// User that sends.
        user: Option<u32>,
        /// Group that sends.
        group: Option<u32>,
    },
}

/// Why a question cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// The host has no such interface.
    #[error("there is no interface {name:?}; there are: {}", known.join(", "))]
    NoInterface {
        /// As asked for.
        name: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// Source and destination are of different versions.
    #[error("source and destination are of different IP versions")]
    MixedVersions,
    /// It is no whole IP header.
    #[error("the packet has no whole IP header")]
    NoHeader,
    /// A packet that comes in needs a source.
    #[error("the packet has no source address: say \"from ADDRESS\"")]
    NoSource,
}

impl<'a> Simulator<'a> {
    /// Makes a ruleset ready.
    pub fn new(ruleset: &'a Ruleset, network: &'a Network) -> Self {
        Self {
            ruleset,
            host: Host::new(network),
            pipelines: Pipelines::new(ruleset, &network.interfaces),
            indices: ruleset.sets.iter().map(Index::new).collect(),
            guards: ruleset.chains.iter().map(|chain| Guards::new(&chain.rules)).collect(),
            changing: changing(ruleset),
            classes: [Classes::new(network, Version::V4), Classes::new(network, Version::V6)],
            caches: Caches::default(),
            segments: {
                let changing = changing(ruleset);
                let changes = |set: SetId| changing.contains(&set);
                ruleset.chains.iter().map(|chain| segments(ruleset, chain, &changes)).collect()
            },
            hooks: hooks(ruleset),
        }
    }

    /// Answers for a packet as a person describes it.
    ///
    /// For a packet of a known connection ([`packet::State::Established`]) and for a reply, the connection's first packet is
    /// followed first: it tells which addresses the connection was bound to.
    ///
    /// # Errors
    /// [`QuestionError`]
    pub fn run(&self, question: &Question, options: &Options) -> Result<Simulation, QuestionError> {
        if question.source.is_some_and(|source| source.is_ipv4() != question.destination.is_ipv4()) {
            return Err(QuestionError::MixedVersions);
        }
        let origin = self.origin(&question.place)?;
        if matches!(origin, Origin::In(_)) && question.source.is_none() {
            return Err(QuestionError::NoSource);
        }
        let start = self.start(Headers::from_question(question), origin, question.mark);
        if !question.reply && question.state != packet::State::Established {
            return Ok(self.follow(vec![(start, Given::State(question.state))], options, bound(origin)));
        }
        let first = question.opening();
        let opening = self.start(Headers::from_question(&first), origin, question.mark);
        let flows = self.flows(opening, options, bound(origin));
        let mut starts = Vec::new();
        for (flow, end) in flows {
            let flow = Flow {
                info: Info::Established,
                reply: question.reply,
                mark: flow.mark,
                status: confirmed(flow.status),
                ..flow
            };
            if !question.reply {
                starts.push((start.clone(), Given::Flow(Box::new(flow))));
            } else if let Some(reply) = self.reply(question, &flow, &end) {
                starts.push((reply, Given::Flow(Box::new(flow))));
            }
        }
        if starts.is_empty() {
            starts.extend(self.untranslated(question, start, origin));
        }
        Ok(self.follow(starts, options, bound(origin)))
    }

    /// Answers for a packet that is there byte for byte.
    ///
    /// # Errors
    /// [`QuestionError::NoHeader`]
    pub fn run_frame(&self, frame: &Frame<'_>, options: &Options) -> Result<Simulation, QuestionError> {
        let headers = Headers::from_bytes(frame.link, frame.packet).ok_or(QuestionError::NoHeader)?;
        let given = match frame.connection {
            Some(connection) => Given::Flow(Box::new(known(&headers, connection))),
            None => Given::State(frame.state),
        };
        let start = self.start(headers, frame.origin, 0);
        Ok(self.follow(vec![(start, given)], options, bound(frame.origin)))
    }

    fn origin(&self, place: &Place) -> Result<Origin, QuestionError> {
        let index = |name: &str| {
            self.host.index_of(name).ok_or_else(|| QuestionError::NoInterface {
                name: name.to_owned(),
                known: self.host.network.interfaces.iter().map(|found| found.name.clone()).collect(),
            })
        };
        Ok(match place {
            Place::In(name) => Origin::In(index(name)?),
            Place::Out { interface, user, group } => Origin::Out {
                interface: interface.as_deref().map(index).transpose()?,
                user: *user,
                group: *group,
            },
        })
    }

    /// The state in which a packet meets the host.
    pub(super) fn start(&self, headers: Headers, origin: Origin, mark: u32) -> State {
        let packet_type = self.packet_type(&headers, origin);
        let (input, output, sender, stage) = match origin {
            Origin::In(index) => (Some(index), None, Sender::None, Stage::Hook(Layer::Device, Hook::Ingress)),
            Origin::Out { interface, user, group } => {
                (None, interface, Sender::Local { user, group }, Stage::RouteOut)
            }
        };
        State {
            headers,
            mark: Bits::all(u128::from(mark)),
            priority: if matches!(origin, Origin::In(_)) { Bits::all(0) } else { Bits::OPEN },
            packet_type,
            traced: false,
            input,
            output,
            gateway: None,
            detour: None,
            prerouted: false,
            sender,
            conntrack: Conntrack::None,
            stage,
            entry: 0,
            nat_chain: 0,
            cursor: None,
            has_socket: false,
            template: false,
            zone: Bits::all(0),
            updated: Vec::new(),
            sets_changed: false,
            looped: false,
            before_chain: None,
            found: None,
            trail: Trail::default(),
        }
    }

    /// `eth_type_trans`: host 0, broadcast 1, multicast 2, other host 3. Without an Ethernet destination it follows from the
    /// IP destination.
    pub(super) fn packet_type(&self, headers: &Headers, origin: Origin) -> Bits {
        let Origin::In(index) = origin else { return Bits::all(0) };
        if let packet::Loaded::Bits(bits) = headers.load(crate::ir::PayloadBase::Link, 0, 48)
            && let Some(address) = bits.exact(48)
        {
            let own = self
                .host
                .network
                .interface(index)
                .map(|found| found.mac.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte)));
            return Bits::all(match address {
                _ if address == mask(48) => 1,
                _ if address >> 40 & 1 == 1 => 2,
                _ if own.is_some_and(|own| own != address) => 3,
                _ => 0,
            });
        }
        Bits::all(match headers.address_of(headers.destination()) {
            Some(IpAddr::V4(address)) if address.is_broadcast() || self.is_broadcast(address.into()) => 1,
            Some(address) if address.is_multicast() => 2,
            _ => 0,
        })
    }

    fn is_broadcast(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => {
                matches!(self.host.fib.address_type_v4(v4, None), Ok(crate::network::RouteKind::Broadcast))
            }
            IpAddr::V6(_) => false,
        }
    }

    fn follow(&self, starts: Vec<(State, Given)>, options: &Options, bound: Option<u32>) -> Simulation {
        let several = starts.len() > 1;
        let mut answer = Simulation { outcomes: Vec::new(), causes: Vec::new(), truncated: false };
        for (start, given) in starts {
            let mut run = Run::new(self, options, given, bound);
            let mut start = State { sets_changed: options.sets_changed, ..start };
            if several {
                let text = "the addresses the connection was bound to".to_owned();
                let number = run.cause_anywhere(Cause::new(CauseKind::Connection, text));
                run.assume(&mut start, number);
            }
            run.follow(start);
            let base = answer.causes.len();
            for (state, end) in std::mem::take(&mut run.finished) {
                let mut outcome = run.outcome(&state, end);
                outcome.shift_causes(base);
                answer.outcomes.push(outcome);
            }
            answer.causes.append(&mut run.causes);
            answer.truncated |= run.truncated;
        }
        answer
    }

    /// The connections that a first packet may begin, and where it ends.
    fn flows(&self, opening: State, options: &Options, bound: Option<u32>) -> Vec<(Flow, End)> {
        let mut run = Run::new(self, options, Given::State(packet::State::First), bound);
        run.follow(State { sets_changed: options.sets_changed, ..opening });
        let mut flows: Vec<(Flow, End)> = Vec::new();
        for (state, end) in run.finished {
            if let Conntrack::Flow(flow) = state.conntrack
                && end.arrives() == Some(true)
                && !flows.iter().any(|(other, at)| other.translated == flow.translated && *at == end)
            {
                flows.push((*flow, end));
            }
        }
        flows
    }

    /// The first packet does not arrive by the rules as they are now: the connection is taken to be older than they are, and
    /// not translated.
    fn untranslated(&self, question: &Question, start: State, origin: Origin) -> Option<(State, Given)> {
        let connection = Connection { reply: false, mark: 0, assured: false };
        let flow =
            Flow { mark: Bits::OPEN, status: confirmed(Bits::all(0)), ..known(&start.headers, connection) };
        if !question.reply {
            return Some((start, Given::Flow(Box::new(flow))));
        }
        let end = match origin {
            Origin::In(_) => match self.host.fib.input(&super::walk::input_key(&start)?) {
                Routed::Forward { oif, .. } => End::Sent { interface: oif, gateway: None },
                _ => End::Delivered,
            },
            Origin::Out { .. } => match self.host.fib.output(&super::walk::output_key(&start)?) {
                OutputRoute::Sent { oif, .. } if !self.host.is_loopback(oif) => {
                    End::Sent { interface: oif, gateway: None }
                }
                _ => End::Delivered,
            },
        };
        let flow = Flow { reply: true, ..flow };
        Some((self.reply(question, &flow, &end)?, Given::Flow(Box::new(flow))))
    }

    /// The reply to a packet that arrived: it comes from where that one went.
    fn reply(&self, question: &Question, flow: &Flow, end: &End) -> Option<State> {
        self.reply_from(Headers::from_question(question), flow, end, question.mark)
    }

    /// The same with headers that are there but for addresses and ports.
    pub(super) fn reply_from(
        &self,
        mut headers: Headers,
        flow: &Flow,
        end: &End,
        mark: u32,
    ) -> Option<State> {
        headers.write_source(flow.translated.destination);
        headers.write_destination(flow.translated.source);
        if let (Some(source), Some(destination)) =
            (flow.translated.source_port, flow.translated.destination_port)
        {
            headers.write_source_port(destination);
            headers.write_destination_port(source);
        }
        headers.answer_echo();
        let back = match end {
            End::Delivered => Origin::Out { interface: None, user: None, group: None },
            End::Sent { interface, .. } => Origin::In(*interface),
            _ => return None,
        };
        headers.link = matches!(back, Origin::In(_));
        Some(self.start(headers, back, mark))
    }

    /// Addresses in classes that routing cannot tell apart.
    pub(super) fn classes(&self, version: Version) -> &Classes {
        let [v4, v6] = &self.classes;
        if version == Version::V4 { v4 } else { v6 }
    }

    /// The run of rules with one verdict that a rule belongs to.
    pub(super) fn segment(&self, chain: ChainId, rule: usize) -> Option<&Segment> {
        let all = self.segments.get(usize::try_from(chain.0).ok()?)?;
        all.iter().find(|segment| segment.holds(rule))
    }

    /// The hook from which a chain is reached; the first, where there are several.
    pub(super) fn hook_of(&self, chain: ChainId) -> Option<Hook> {
        self.hooks.get(&chain).copied()
    }

    pub(super) fn index(&self, set: SetId) -> Option<&Index> {
        self.indices.get(usize::try_from(set.0).ok()?)
    }

    pub(super) fn guards(&self, chain: ChainId) -> Option<&Guards> {
        self.guards.get(usize::try_from(chain.0).ok()?)
    }

    /// Whether packets change a set.
    pub(super) fn is_changing(&self, set: SetId) -> bool {
        !self.changing.is_empty() && self.changing.contains(&set)
    }

    /// The values that the guards of a chain compare.
    pub(super) fn slots(&self, chain: ChainId, state: &State, point: Point) -> Vec<Slot> {
        let Some(guards) = self.guards(chain) else { return Vec::new() };
        let slot = |field: &crate::ir::Field| match self.field(field, state, point) {
            None => Slot::Absent,
            Some(bits) => bits.exact(128).map_or(Slot::Open, Slot::Known),
        };
        guards.fields.iter().map(slot).collect()
    }
}

/// The interface an outgoing packet's socket is bound to.
pub(super) fn bound(origin: Origin) -> Option<u32> {
    match origin {
        Origin::Out { interface, .. } => interface,
        Origin::In(_) => None,
    }
}

/// A connection without translation, to which a packet belongs.
fn known(headers: &Headers, connection: Connection) -> Flow {
    let own = Tuple::of(headers);
    let tuple = if connection.reply { own.reversed() } else { own };
    let assured = if connection.assured { status::ASSURED } else { 0 };
    Flow {
        info: Info::Established,
        reply: connection.reply,
        mark: Bits::all(u128::from(connection.mark)),
        labels: Bits::OPEN,
        status: Bits::all(status::SEEN_REPLY | status::CONFIRMED | assured),
        original: tuple,
        translated: tuple,
        source_done: true,
        destination_done: true,
    }
}

/// The status of a connection that had an answer.
pub(super) fn confirmed(bits: Bits) -> Bits {
    let known = status::SEEN_REPLY | status::CONFIRMED;
    Bits::partly((bits.value | known) & !status::ASSURED, (bits.known | known) & !status::ASSURED)
}

/// The first hook from which each chain is reached.
fn hooks(ruleset: &Ruleset) -> FxHashMap<ChainId, Hook> {
    let mut found: FxHashMap<ChainId, Hook> = FxHashMap::default();
    let base = |chain: &crate::ir::Chain| chain.base.as_ref().map(|base| base.hook);
    let id = |at: usize| ChainId(u32::try_from(at).unwrap_or(u32::MAX));
    let mut begin = ruleset
        .chains
        .iter()
        .enumerate()
        .filter_map(|(at, chain)| Some((base(chain)?, id(at))))
        .collect::<Vec<_>>();
    begin.sort_unstable();
    for (hook, chain) in begin {
        let mut pending = vec![chain];
        while let Some(chain) = pending.pop() {
            if found.contains_key(&chain) {
                continue;
            }
            found.insert(chain, hook);
            let rules = ruleset.chain(chain).map_or(&[][..], |chain| &chain.rules);
            for statement in rules.iter().flat_map(|rule| &rule.statements) {
                match statement {
                    Statement::Verdict(Verdict::Jump(to) | Verdict::Goto(to)) => pending.push(*to),
                    Statement::VerdictMap { map, .. } => {
                        let elements = ruleset.set(*map).map_or(&[][..], |set| &set.elements);
                        pending.extend(elements.iter().filter_map(|element| match &element.data {
                            Data::Verdict(Verdict::Jump(to) | Verdict::Goto(to)) => Some(*to),
                            _ => None,
                        }));
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

/// Sets that some rule writes to.
fn changing(ruleset: &Ruleset) -> FxHashSet<SetId> {
    let statements = ruleset.chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.statements);
    statements
        .filter_map(|statement| match statement {
            Statement::Update { set, .. } => Some(*set),
            _ => None,
        })
        .collect()
}
