//! Runs one base chain: rules, jumps, sets, marks (`nft_do_chain`, `net/netfilter/nf_tables_core.c`; `ipt_do_table`,
//! `net/ipv4/netfilter/ip_tables.c`). Where something is open, the way forks.

use super::evaluate::{Lookup, Point, Truth, Value};
use super::fates::HitBy;
use super::guards::Slot;
use super::outcome::{Cause, CauseKind, Decider, Effect, End, Step};
use super::run::Run;
use super::state::{Conntrack, Cursor, Info, State};
use crate::ir::{
    Backend, ChainId, ConntrackKey, Data, Field, Policy, RejectKind, Rule, StateKind, Statement, Verdict,
    Version, Writable,
};
use crate::packet::Bits;

/// How a base chain ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Ended {
    /// The packet goes on to the next chain.
    Accepted,
    Dropped(Decider),
    Rejected(Decider, RejectKind),
    Taken(Decider, String),
    /// Sent out by an interface without further hooks (`fwd`).
    Forwarded(u32),
    /// This fork leads where another one led already.
    Merged,
}

impl Ended {
    /// The end of the packet's way, where it is that.
    pub(super) fn end(&self) -> Option<End> {
        Some(match self {
            Self::Accepted | Self::Merged => return None,
            Self::Dropped(by) => End::Dropped(*by),
            Self::Rejected(by, kind) => End::Rejected(*by, *kind),
            Self::Taken(by, text) => End::Taken(Some(*by), text.clone()),
            Self::Forwarded(interface) => End::Sent { interface: *interface, gateway: None },
        })
    }
}

/// What a statement does to the rule.
pub(super) enum Flow {
    /// On to the next statement.
    Next,
    /// The rule does not match.
    Broken,
    /// The rule ends with this.
    Verdict(Verdict),
    /// The chain ends.
    End(Ended, Effect),
}

/// Deepest nesting of jumps (`NFT_JUMP_STACK_SIZE`).
const JUMPS: usize = 16;

impl Run<'_> {
    /// Runs the chain of the state's cursor to its end.
    pub(super) fn chain(&mut self, state: &mut State, point: Point) -> Ended {
        if self.symbols.is_some() {
            return self.chain_of_sets(state, point);
        }
        let mut values: Option<(ChainId, Vec<Slot>)> = None;
        loop {
            let Some(cursor) = state.cursor.as_ref() else { return Ended::Accepted };
            let (id, base) = (cursor.chain, cursor.base);
            let Some(chain) = self.simulator.ruleset.chain(id) else { return self.policy(state, base) };
            let point =
                Point { legacy: chain.backend == Backend::IptablesLegacy, ..point }.of(chain.family, state);
            if cursor.statement == 0 && !self.options.all_rules {
                if values.as_ref().is_none_or(|(of, _)| *of != id) {
                    values = Some((id, self.simulator.slots(id, state, point)));
                }
                if let (Some((_, slots)), Some(guards)) = (&values, self.simulator.guards(id)) {
                    let next = guards.next(cursor.rule, slots);
                    if let Some(cursor) = state.cursor.as_mut() {
                        cursor.rule = next;
                    }
                }
            }
            let at = state.cursor.as_ref().map_or(usize::MAX, |cursor| cursor.rule);
            let Some(rule) = chain.rules.get(at) else {
                match self.chain_end(state, id, base) {
                    Some(ended) => return ended,
                    None => continue,
                }
            };
            if self.is_repeated(state) {
                state.cursor = None;
                return Ended::Merged;
            }
            let resumed = state.cursor.as_ref().map_or(0, |cursor| cursor.statement);
            let (flow, wrote) = self.rule(state, point, rule, id, at, resumed);
            if wrote {
                values = None;
            }
            if let Some(ended) = self.apply(state, flow, chain.backend, id, at) {
                return ended;
            }
        }
    }

    /// Runs the statements of a rule. Also tells whether it wrote anything that a match could see.
    pub(super) fn rule(
        &mut self,
        state: &mut State,
        point: Point,
        rule: &Rule,
        id: ChainId,
        at: usize,
        from: usize,
    ) -> (Flow, bool) {
        let mut wrote = false;
        for (index, statement) in rule.statements.iter().enumerate().skip(from) {
            if let Some(cursor) = state.cursor.as_mut() {
                cursor.statement = index;
            }
            if self.symbols.is_some() && self.statement_of_sets(state, point, statement, (id, at)) {
                return (Flow::End(Ended::Merged, Effect::Continue), wrote);
            }
            let flow = self.statement(state, point, statement, (id, at));
            wrote |= matches!(statement, Statement::Assign { .. } | Statement::Nat(_) | Statement::Notrack);
            if !matches!(flow, Flow::Next) {
                return (flow, wrote);
            }
        }
        (Flow::Verdict(Verdict::Continue), wrote)
    }

    pub(super) fn statement(
        &mut self,
        state: &mut State,
        point: Point,
        statement: &Statement,
        here: (ChainId, usize),
    ) -> Flow {
        match statement {
            Statement::Match(condition) => match self.simulator.condition(condition, state, point) {
                Truth::True => Flow::Next,
                Truth::False | Truth::Break => Flow::Broken,
                Truth::Open(cause) => self.fork(state, cause, here),
            },
            Statement::State(test) => match test.certain {
                Some(true) => Flow::Next,
                Some(false) => Flow::Broken,
                None => {
                    let cause = Cause::new(CauseKind::State(test.kind), test.text.clone());
                    // Of a connection that is older than the count none is found, and none is taken for a failure.
                    let counted = matches!(&state.conntrack, Conntrack::Flow(flow) if flow.info == Info::New);
                    if test.kind == StateKind::ConnectionCount && !counted {
                        self.perhaps_dropped(state, cause.clone(), here);
                    }
                    self.fork(state, cause, here)
                }
            },
            Statement::Verdict(Verdict::Queue { bypass: _, text }) => Flow::End(
                Ended::Taken(Decider::Rule(here.0, here.1), text.clone()),
                Effect::Take(text.clone()),
            ),
            Statement::Verdict(Verdict::Continue)
            | Statement::Passive(_)
            | Statement::Offload { .. }
            | Statement::Duplicate { .. } => Flow::Next,
            Statement::Verdict(verdict) => Flow::Verdict(verdict.clone()),
            Statement::VerdictMap { key, map } => self.verdict_map(state, point, key, *map, here),
            Statement::Reject(kind) => {
                let kind = &answer_to(*kind, state.headers.version);
                Flow::End(Ended::Rejected(Decider::Rule(here.0, here.1), *kind), Effect::Reject(*kind))
            }
            Statement::Assign { target, value } => self.assign(state, point, target, value, here),
            Statement::Nat(nat) => self.nat_statement(state, point, nat, here),
            Statement::Update { operation, set, key, tests, .. } => {
                if self.simulator.value(key, state, point) == Value::Break {
                    return Flow::Broken;
                }
                let cause = tests.iter().find(|test| test.certain.is_none());
                let cause = cause.map(|test| Cause::new(CauseKind::State(test.kind), test.text.clone()));
                let missing = || {
                    let doubtful = self.simulator.may_be_missing(key, state, point);
                    doubtful.then(|| self.simulator.blame(&[key], state, point))
                };
                let flow =
                    match cause.or_else(missing).or_else(|| self.simulator.may_be_full(*set, *operation)) {
                        Some(cause) => self.fork(state, cause, here),
                        None => Flow::Next,
                    };
                if !state.updated.contains(set) {
                    state.updated.push(*set);
                }
                flow
            }
            Statement::Notrack => {
                if state.conntrack == Conntrack::None {
                    state.conntrack = Conntrack::Untracked;
                }
                Flow::Next
            }
            Statement::Tproxy { xtables, .. } => {
                if !matches!(state.headers.protocol, Some(6 | 17)) {
                    return Flow::Broken;
                }
                let cause = Cause::new(CauseKind::Socket, "a listening transparent socket".to_owned());
                if *xtables {
                    return self.tproxy_target(state, cause, here);
                }
                let flow = self.fork(state, cause, here);
                state.has_socket = true;
                flow
            }
            Statement::Synproxy => self.synproxy(state, here),
            Statement::Forward { interface, text } => match self.simulator.value(interface, state, point) {
                Value::One(bits) => match bits.exact(32).and_then(|index| u32::try_from(index).ok()) {
                    Some(index) => Flow::End(Ended::Forwarded(index), Effect::Take(text.clone())),
                    None => Flow::End(
                        Ended::Taken(Decider::Rule(here.0, here.1), text.clone()),
                        Effect::Take(text.clone()),
                    ),
                },
                _ => Flow::Broken,
            },
            Statement::Unknown(text) => self.unknown(state, text, here),
        }
    }

    /// Counting connections drops the packet where the kernel cannot count it (`connlimit_mt`, `nft_connlimit_do_eval`).
    fn perhaps_dropped(&mut self, state: &State, cause: Cause, here: (ChainId, usize)) {
        let number = self.cause(cause, here);
        let mut other = state.clone();
        self.assume(&mut other, number);
        self.record(&mut other, here, Effect::Drop, Some(number));
        self.end_elsewhere(other, Ended::Dropped(Decider::Rule(here.0, here.1)));
    }

    /// Something not understood may match or not, and may end the packet's way in any manner.
    fn unknown(&mut self, state: &mut State, text: &str, here: (ChainId, usize)) -> Flow {
        let cause = Cause::not_understood(text);
        let number = self.cause(cause, here);
        for verdict in [Verdict::Accept, Verdict::Drop] {
            let mut other = state.clone();
            self.assume(&mut other, number);
            self.record(&mut other, here, effect(&verdict), Some(number));
            if let Some(ended) = self.finish_verdict(&mut other, &verdict, here) {
                self.end_elsewhere(other, ended);
            }
        }
        self.fork_numbered(state, number)
    }

    /// A SYN is answered in the server's stead, any other segment is stolen or dropped (`nft_synproxy_do_eval`, `net/netfilter/nft_synproxy.c`).
    fn synproxy(&mut self, state: &mut State, here: (ChainId, usize)) -> Flow {
        let Some(flags) = state.headers.tcp_flags() else { return Flow::Broken };
        let taken = |text: &str| {
            Flow::End(
                Ended::Taken(Decider::Rule(here.0, here.1), text.to_owned()),
                Effect::Take(text.to_owned()),
            )
        };
        match flags.exact(8) {
            Some(flags) if flags & 0x02 != 0 => taken("synproxy answers in the server's stead"),
            Some(flags) if flags & 0x10 == 0 => Flow::Next,
            Some(_) => taken("synproxy checks the cookie"),
            None => {
                let cause = Cause::new(CauseKind::Unspecified, "tcp flags".to_owned());
                self.fork(state, cause, here);
                taken("synproxy")
            }
        }
    }

    /// xtables TPROXY accepts where a socket is found and drops otherwise.
    fn tproxy_target(&mut self, state: &mut State, cause: Cause, here: (ChainId, usize)) -> Flow {
        let number = self.cause(cause, here);
        let mut other = state.clone();
        self.assume(&mut other, number);
        self.record(&mut other, here, Effect::Drop, Some(number));
        self.end_elsewhere(other, Ended::Dropped(Decider::Rule(here.0, here.1)));
        self.assume(state, number);
        state.has_socket = true;
        Flow::Verdict(Verdict::Accept)
    }

    fn is_xtables(&self, chain: ChainId) -> bool {
        self.simulator.ruleset.chain(chain).is_some_and(|chain| chain.backend != Backend::Nft)
    }

    pub(super) fn verdict_map(
        &mut self,
        state: &mut State,
        point: Point,
        key: &crate::ir::Expression,
        map: crate::ir::SetId,
        here: (ChainId, usize),
    ) -> Flow {
        let verdict_of = |at: usize| {
            let set = self.simulator.ruleset.set(map)?;
            match &set.elements.get(at)?.data {
                Data::Verdict(verdict) => Some(verdict.clone()),
                _ => None,
            }
        };
        match self.simulator.find(key, map, state, point) {
            Lookup::Break | Lookup::Miss => Flow::Broken,
            Lookup::Hit(at) => match verdict_of(at) {
                Some(Verdict::Continue) => Flow::Next,
                Some(verdict) => Flow::Verdict(verdict),
                None => self.unknown(state, "an element that was not understood", here),
            },
            Lookup::Open { cause, elements, nothing } => {
                let verdicts = elements.iter().filter_map(|at| verdict_of(*at)).collect::<Vec<_>>();
                let number = self.cause(cause, here);
                let mut distinct: Vec<Verdict> = Vec::new();
                for verdict in verdicts {
                    if !distinct.contains(&verdict) {
                        distinct.push(verdict);
                    }
                }
                for verdict in distinct {
                    let mut other = state.clone();
                    self.assume(&mut other, number);
                    if let Some(cursor) = other.cursor.as_mut() {
                        cursor.assumed = Some(number);
                    }
                    let backend =
                        self.simulator.ruleset.chain(here.0).map_or(Backend::Nft, |chain| chain.backend);
                    match self.apply(&mut other, Flow::Verdict(verdict), backend, here.0, here.1) {
                        Some(ended) => self.end_elsewhere(other, ended),
                        None => self.defer(other, None),
                    }
                }
                self.assume(state, number);
                if nothing { Flow::Broken } else { Flow::End(Ended::Merged, Effect::Continue) }
            }
        }
    }

    fn assign(
        &mut self,
        state: &mut State,
        point: Point,
        target: &Writable,
        value: &crate::ir::Expression,
        here: (ChainId, usize),
    ) -> Flow {
        let bits = match self.simulator.value(value, state, point) {
            // xtables targets do nothing where there is no connection to take a mark from (`xt_connmark.c`).
            Value::Break if self.is_xtables(here.0) => return Flow::Next,
            Value::Break => return Flow::Broken,
            Value::One(bits) => bits,
            Value::Parts(_) => Bits::OPEN,
        };
        if let crate::ir::Expression::Map { key, map, .. } = value {
            // Whether the map knows the key decides whether the rule matches.
            if let Lookup::Open { cause, nothing: true, .. } = self.simulator.find(key, *map, state, point) {
                self.fork(state, cause, here);
            }
        }
        match target {
            Writable::Mark => state.mark = cut(bits, 32),
            Writable::Priority => state.priority = cut(bits, 32),
            Writable::PacketType => state.packet_type = cut(bits, 8),
            Writable::Trace => state.traced = bits.exact(1) == Some(1),
            Writable::Conntrack(ConntrackKey::Mark) => {
                if let Conntrack::Flow(flow) = &mut state.conntrack {
                    flow.mark = cut(bits, 32);
                }
            }
            // Labels are added (`nf_connlabels_replace`).
            Writable::Conntrack(ConntrackKey::Labels) => {
                if let Conntrack::Flow(flow) = &mut state.conntrack {
                    let ones = (flow.labels.value & flow.labels.known) | (bits.value & bits.known);
                    flow.labels = Bits::partly(ones, ones | (flow.labels.known & bits.known));
                }
            }
            // Before the lookup a zone says in which table (`nft_ct_set_zone_eval`); afterwards it changes nothing.
            Writable::Conntrack(ConntrackKey::Zone) => {
                if state.conntrack == Conntrack::None {
                    state.zone = cut(bits, 16);
                    state.template = true;
                }
            }
            Writable::Conntrack(_) | Writable::Other(_) => {}
            Writable::Payload(payload) => {
                let exists = self.simulator.field(&Field::Payload(payload.clone()), state, point).is_some();
                if !exists || !state.headers.store(payload.base, payload.offset, payload.width, bits) {
                    return Flow::Broken;
                }
            }
            // A TCP option that is missing is left alone (`nft_exthdr_tcp_set_eval`).
            Writable::Option(Field::TcpOption { .. }) => {
                if state.headers.protocol != Some(6) || state.headers.fragment != 0 {
                    return Flow::Broken;
                }
            }
            Writable::Option(field) => {
                if self.simulator.field(field, state, point).is_none() {
                    return Flow::Broken;
                }
            }
        }
        Flow::Next
    }

    /// Forks: the other way is that the rule does not match. This one goes on as if it did.
    fn fork(&mut self, state: &mut State, cause: Cause, here: (ChainId, usize)) -> Flow {
        let number = self.cause(cause, here);
        self.fork_numbered(state, number)
    }

    fn fork_numbered(&mut self, state: &mut State, number: usize) -> Flow {
        let mut other = state.clone();
        self.assume(&mut other, number);
        if let Some(cursor) = other.cursor.as_mut() {
            cursor.rule += 1;
            cursor.statement = 0;
            cursor.assumed = None;
        }
        self.defer(other, None);
        self.assume(state, number);
        if let Some(cursor) = state.cursor.as_mut() {
            cursor.assumed = Some(number);
        }
        Flow::Next
    }

    /// What the end of a rule means for the chain. `None` where the chain goes on.
    pub(super) fn apply(
        &mut self,
        state: &mut State,
        flow: Flow,
        backend: Backend,
        id: ChainId,
        at: usize,
    ) -> Option<Ended> {
        let here = (id, at);
        let assumed = state.cursor.as_ref().and_then(|cursor| cursor.assumed);
        match flow {
            Flow::Next => None,
            Flow::Broken => {
                if self.options.all_rules {
                    self.step(state, Step::Passed { chain: id, rule: at });
                }
                Self::advance(state);
                None
            }
            Flow::End(ended, effect) => {
                if ended != Ended::Merged {
                    self.record(state, here, effect, assumed);
                }
                state.cursor = None;
                Some(ended)
            }
            Flow::Verdict(verdict) => {
                self.record(state, here, effect(&verdict), assumed);
                let deep = state.cursor.as_ref().is_some_and(|cursor| cursor.stack.len() >= JUMPS);
                if deep && matches!(verdict, Verdict::Jump(_)) && backend != Backend::IptablesLegacy {
                    state.cursor = None;
                    return Some(Ended::Dropped(Decider::Rule(id, at)));
                }
                self.finish_verdict(state, &verdict, here)
            }
        }
    }

    pub(super) fn finish_verdict(
        &mut self,
        state: &mut State,
        verdict: &Verdict,
        here: (ChainId, usize),
    ) -> Option<Ended> {
        match verdict {
            Verdict::Accept => {
                state.cursor = None;
                Some(Ended::Accepted)
            }
            Verdict::Drop => {
                state.cursor = None;
                Some(Ended::Dropped(Decider::Rule(here.0, here.1)))
            }
            Verdict::Queue { text, .. } => {
                state.cursor = None;
                Some(Ended::Taken(Decider::Rule(here.0, here.1), text.clone()))
            }
            Verdict::Continue => {
                Self::advance(state);
                None
            }
            Verdict::Jump(target) | Verdict::Goto(target) => {
                if let Some(cursor) = state.cursor.as_mut() {
                    if matches!(verdict, Verdict::Jump(_)) {
                        cursor.stack.push((here.0, here.1 + 1));
                    }
                    *cursor =
                        Cursor { chain: *target, rule: 0, statement: 0, assumed: None, ..cursor.clone() };
                }
                None
            }
            Verdict::Return => {
                let base = state.cursor.as_ref().map_or(here.0, |cursor| cursor.base);
                Self::pop(state).then_some(()).map_or_else(|| Some(self.policy(state, base)), |()| None)
            }
        }
    }

    pub(super) fn advance(state: &mut State) {
        if let Some(cursor) = state.cursor.as_mut() {
            cursor.rule += 1;
            cursor.statement = 0;
            cursor.assumed = None;
        }
    }

    /// Back to the chain that jumped here; `false` where none did.
    fn pop(state: &mut State) -> bool {
        let Some(cursor) = state.cursor.as_mut() else { return false };
        let Some((chain, rule)) = cursor.stack.pop() else { return false };
        *cursor = Cursor { chain, rule, statement: 0, assumed: None, ..cursor.clone() };
        true
    }

    pub(super) fn chain_end(&mut self, state: &mut State, id: ChainId, base: ChainId) -> Option<Ended> {
        if id != base {
            self.step(state, Step::ChainEnd(id));
        }
        if Self::pop(state) { None } else { Some(self.policy(state, base)) }
    }

    pub(super) fn policy(&mut self, state: &mut State, base: ChainId) -> Ended {
        state.cursor = None;
        let policy = self
            .simulator
            .ruleset
            .chain(base)
            .and_then(|chain| chain.base.as_ref())
            .map_or(Policy::Accept, |b| b.policy);
        if let Some(symbols) = &mut self.symbols {
            symbols.hit(state, base, HitBy::Policy(policy));
        }
        self.step(state, Step::Policy { chain: base, policy });
        match policy {
            Policy::Accept => Ended::Accepted,
            Policy::Drop => Ended::Dropped(Decider::Policy(base)),
        }
    }

    pub(super) fn record(
        &mut self,
        state: &mut State,
        here: (ChainId, usize),
        effect: Effect,
        assumed: Option<usize>,
    ) {
        if let Some(symbols) = &mut self.symbols {
            return symbols.hit(state, here.0, HitBy::Rule(here.1, effect));
        }
        self.step(state, Step::Rule { chain: here.0, rule: here.1, effect, assumed });
    }

    fn nat_statement(
        &mut self,
        state: &mut State,
        point: Point,
        nat: &crate::ir::Nat,
        here: (ChainId, usize),
    ) -> Flow {
        match self.bind(state, point, nat, here) {
            super::nat::Bound::NotConcerned => Flow::Next,
            super::nat::Bound::Broken => Flow::Broken,
            super::nat::Bound::Done => Flow::End(Ended::Accepted, Effect::Nat),
            super::nat::Bound::Refused => {
                Flow::End(Ended::Dropped(Decider::Rule(here.0, here.1)), Effect::Drop)
            }
        }
    }
}

fn effect(verdict: &Verdict) -> Effect {
    match verdict {
        Verdict::Accept => Effect::Accept,
        Verdict::Drop => Effect::Drop,
        Verdict::Return => Effect::Return,
        Verdict::Continue => Effect::Continue,
        Verdict::Jump(target) => Effect::Jump(*target),
        Verdict::Goto(target) => Effect::Goto(*target),
        Verdict::Queue { text, .. } => Effect::Take(text.clone()),
    }
}

/// The answer to a packet of a version: an inet chain sends the other version's with the same code (`nft_reject_inet_eval`).
fn answer_to(kind: RejectKind, version: Version) -> RejectKind {
    match (kind, version) {
        (RejectKind::Icmp(code), Version::V6) => RejectKind::Icmp6(code),
        (RejectKind::Icmp6(code), Version::V4) => RejectKind::Icmp(code),
        _ => kind,
    }
}

/// Cut to a width: what is above is known to be zero.
fn cut(bits: Bits, width: u16) -> Bits {
    let mask = crate::packet::mask(width);
    bits.with(bits.value & mask, bits.known | !mask)
}
