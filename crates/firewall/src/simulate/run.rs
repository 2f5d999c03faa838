//! One run: the packet's way from hook to hook, with every fork followed.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::chain::Ended;
use super::conntrack::Given;
use super::evaluate::Point;
use super::nat;
use super::outcome::{Cause, CauseKind, End, Endpoints, Outcome, Step};
use super::pipeline::Entry;
use super::simulator::{Options, Simulator};
use super::state::{Cursor, Layer, RouteInputs, Stage, State};
use super::symbolic::Symbols;
use crate::ir::{ChainId, ChainKind, Hook, SetId, SetOperation, Version};
use crate::packet::Bits;

/// Everything of one run.
pub(super) struct Run<'s> {
    pub simulator: &'s Simulator<'s>,
    pub options: &'s Options,
    pub given: Given,
    /// Interface that the sending socket is bound to.
    pub bound: Option<u32>,
    pub pending: Vec<(State, Option<Ended>)>,
    steps: Vec<(Option<usize>, Step)>,
    pub causes: Vec<Cause>,
    pub finished: Vec<(State, End)>,
    seen: FxHashSet<u64>,
    forks: usize,
    pub truncated: bool,
    /// Set where a set of packets is followed, not one.
    pub symbols: Option<Box<Symbols<'s>>>,
}

impl<'s> Run<'s> {
    pub(super) fn new(
        simulator: &'s Simulator<'s>,
        options: &'s Options,
        given: Given,
        bound: Option<u32>,
    ) -> Self {
        Self {
            simulator,
            options,
            given,
            bound,
            pending: Vec::new(),
            steps: Vec::new(),
            causes: Vec::new(),
            finished: Vec::new(),
            seen: FxHashSet::default(),
            forks: 0,
            truncated: false,
            symbols: None,
        }
    }

    /// Follows every way to its end.
    pub(super) fn follow(&mut self, start: State) {
        self.pending.push((start, None));
        while let Some((mut state, ended)) = self.pending.pop() {
            self.forks += 1;
            if self.forks > self.options.budget {
                self.truncated = true;
                return;
            }
            if let Some(end) = self.way(&mut state, ended) {
                self.finished.push((state, end));
            }
        }
    }

    /// From where the state stands to the end of its way; `None` where another fork led there already.
    fn way(&mut self, state: &mut State, mut ended: Option<Ended>) -> Option<End> {
        loop {
            match self.advance_stage(state, ended.take()) {
                Progress::On => {}
                Progress::End(end) => return Some(end),
                Progress::Merged => return None,
            }
        }
    }

    pub(super) fn advance_stage(&mut self, state: &mut State, ended: Option<Ended>) -> Progress {
        match state.stage {
            Stage::Hook(layer, hook) => self.hook(state, layer, hook, ended),
            Stage::BridgeDecision => self.bridge_decision(state),
            Stage::Arrive => self.arrive(state),
            Stage::RouteIn => self.route_in(state),
            Stage::BeforeForward => Self::before_forward(state),
            Stage::RouteOut => self.route_out(state),
            Stage::Leave => self.leave(state),
        }
    }

    /// Runs what hangs at a hook, from the state's entry on.
    fn hook(&mut self, state: &mut State, layer: Layer, hook: Hook, mut ended: Option<Ended>) -> Progress {
        let point = Self::point(state, layer, hook);
        let device = match hook {
            Hook::Egress => state.output,
            _ => state.input,
        };
        let simulator = self.simulator;
        let entries = simulator.pipelines.at(layer, hook, state.headers.version, device);
        if state.entry == 0 && state.cursor.is_none() && ended.is_none() && !entries.is_empty() {
            let family = match layer {
                Layer::Ip => Hook::family_of(state.headers.version),
                Layer::Bridge => crate::ir::Family::Bridge,
                Layer::Device => crate::ir::Family::Netdev,
            };
            self.step(state, Step::Hook { family, hook, input: point.input, output: point.output });
        }
        while let Some(entry) = entries.get(state.entry) {
            let result = match entry {
                Entry::Defrag if state.headers.is_fragment() => return Progress::End(held()),
                Entry::Defrag => Ended::Accepted,
                Entry::Conntrack => {
                    if self.symbols.is_some() && self.conntrack_of_sets(state) {
                        return Progress::Merged;
                    }
                    self.conntrack(state);
                    Ended::Accepted
                }
                Entry::Chain(id) => {
                    if let Some(ended) = ended.take() {
                        ended
                    } else {
                        self.enter(state, *id);
                        self.chain(state, point)
                    }
                }
                Entry::Nat(chains) => self.nat_entry(state, point, chains, ended.take()),
                Entry::BridgedIp => {
                    if self.detour(state, hook) {
                        return Progress::On;
                    }
                    Ended::Accepted
                }
            };
            match result {
                Ended::Accepted => {}
                Ended::Merged => return Progress::Merged,
                other => return other.end().map_or(Progress::Merged, Progress::End),
            }
            if let Some(progress) = self.after_entry(state, entry, hook) {
                return progress;
            }
            state.entry += 1;
            state.nat_chain = 0;
            if self.symbols.is_some() && state.entry < entries.len() {
                self.defer(state.clone(), None);
                return Progress::Merged;
            }
        }
        state.entry = 0;
        self.after_hook(state, layer, hook)
    }

    /// Begins a chain, unless a fork stands inside it already.
    fn enter(&mut self, state: &mut State, id: ChainId) {
        if state.cursor.is_some() {
            return;
        }
        state.before_chain = None;
        let chain = self.simulator.ruleset.chain(id).and_then(|chain| chain.base.as_ref());
        if chain.is_some_and(|base| base.kind == ChainKind::Route && base.hook == Hook::Output) {
            state.before_chain = Some(route_inputs(state));
        }
        state.cursor =
            Some(Cursor { base: id, chain: id, rule: 0, statement: 0, assumed: None, stack: Vec::new() });
        self.step(state, Step::Chain(id));
    }

    /// The nat chains of a hook, until one binds the connection; then the translation (`nf_nat_inet_fn`).
    fn nat_entry(
        &mut self,
        state: &mut State,
        point: Point,
        chains: &[ChainId],
        mut ended: Option<Ended>,
    ) -> Ended {
        while nat::asks(state, point.hook) || ended.is_some() {
            let Some(id) = chains.get(state.nat_chain) else {
                nat::settle(state, point.hook);
                break;
            };
            let result = if let Some(ended) = ended.take() {
                ended
            } else {
                self.enter(state, *id);
                self.chain(state, point)
            };
            if result != Ended::Accepted {
                return result;
            }
            state.nat_chain += 1;
        }
        Ended::Accepted
    }

    /// What follows an entry: translation, and a new route at output where something changed.
    fn after_entry(&mut self, state: &mut State, entry: &Entry, hook: Hook) -> Option<Progress> {
        match entry {
            Entry::Nat(_) => {
                let moved = self.translate(state, hook);
                (moved && hook == Hook::Output).then(|| self.route_again(state)).flatten()
            }
            Entry::Chain(_) => {
                let before = state.before_chain.take()?;
                (before != route_inputs(state)).then(|| self.route_again(state)).flatten()
            }
            Entry::Defrag | Entry::Conntrack | Entry::BridgedIp => None,
        }
    }

    /// Which stage follows a hook.
    fn after_hook(&mut self, state: &mut State, layer: Layer, hook: Hook) -> Progress {
        if layer == Layer::Ip && state.detour.is_some() {
            Self::back_to_bridge(state);
            return Progress::On;
        }
        state.stage = match (layer, hook) {
            (Layer::Device, Hook::Ingress) => self.after_ingress(state),
            (Layer::Device, _) => return self.gone(state),
            (Layer::Bridge, Hook::Prerouting) => Stage::BridgeDecision,
            (Layer::Bridge, Hook::Input) => {
                state.input = state.input.and_then(|port| self.simulator.host.bridge_of(port));
                Stage::Arrive
            }
            (Layer::Bridge, Hook::Forward | Hook::Output) => Stage::Hook(Layer::Bridge, Hook::Postrouting),
            (Layer::Bridge, _) => Stage::Hook(Layer::Device, Hook::Egress),
            (Layer::Ip, Hook::Prerouting) => Stage::RouteIn,
            (Layer::Ip, Hook::Input) if state.headers.is_fragment() => return Progress::End(held()),
            (Layer::Ip, Hook::Input) => return Progress::End(End::Delivered),
            (Layer::Ip, Hook::Forward | Hook::Output) => Stage::Hook(Layer::Ip, Hook::Postrouting),
            (Layer::Ip, _) => Stage::Leave,
        };
        Progress::On
    }

    /// A frame that came in by a port of a bridge goes to the bridge first. One for the bridge's own address is then for this
    /// host (`br_handle_frame`); before, the device compared with its own address only.
    fn after_ingress(&self, state: &mut State) -> Stage {
        let port = state.input.and_then(|index| self.simulator.host.network.bridge_of(index));
        let Some(bridge) = port.filter(|_| !state.looped) else { return Stage::Arrive };
        if super::walk::link_destination(state)
            .is_some_and(|address| super::host::is_address(&bridge.mac, address))
        {
            state.packet_type = Bits::all(0);
        }
        Stage::Hook(Layer::Bridge, Hook::Prerouting)
    }

    fn point(state: &State, layer: Layer, hook: Hook) -> Point {
        let ip = if state.headers.version == Version::V4 { 2 } else { 10 };
        let family = match layer {
            Layer::Ip => ip,
            Layer::Bridge => 7,
            Layer::Device => 5,
        };
        let (input, output) = match hook {
            Hook::Ingress | Hook::Prerouting | Hook::Input => (state.input, None),
            Hook::Forward | Hook::Postrouting => (state.input, state.output),
            Hook::Output | Hook::Egress => (None, state.output),
        };
        Point { family, hook, input, output, legacy: false }
    }

    // What every part of a run needs.

    /// Another route at output. A set of packets may have several.
    fn route_again(&mut self, state: &mut State) -> Option<Progress> {
        if self.symbols.is_some() { self.reroute_of_sets(state) } else { self.reroute(state) }
    }

    /// A way that is followed later.
    pub(super) fn defer(&mut self, state: State, ended: Option<Ended>) {
        match &mut self.symbols {
            Some(symbols) => symbols.defer(state, ended),
            None => self.pending.push((state, ended)),
        }
    }

    /// A way that came to its end.
    pub(super) fn finish(&mut self, state: State, end: End) {
        match &mut self.symbols {
            Some(symbols) => symbols.finish(state, end),
            None => self.finished.push((state, end)),
        }
    }

    /// Records a step. Of sets none are: ways that meet again are one.
    pub(super) fn step(&mut self, state: &mut State, step: Step) {
        if self.symbols.is_some() {
            return;
        }
        self.steps.push((state.trail.last, step));
        state.trail.last = Some(self.steps.len() - 1);
    }

    /// The number of a cause.
    pub(super) fn cause(&mut self, cause: Cause, here: (ChainId, usize)) -> usize {
        self.cause_anywhere(Cause { rule: Some(here), ..cause })
    }

    pub(super) fn cause_anywhere(&mut self, cause: Cause) -> usize {
        if let Some(found) = self.causes.iter().position(|other| *other == cause) {
            return found;
        }
        self.causes.push(cause);
        self.causes.len() - 1
    }

    pub(super) fn assume(&mut self, state: &mut State, cause: usize) {
        if let Some(symbols) = &mut self.symbols {
            return symbols.blame(cause, state);
        }
        if !state.trail.assumed.contains(&cause) {
            state.trail.assumed.push(cause);
        }
    }

    /// A fork whose chain ended.
    pub(super) fn end_elsewhere(&mut self, state: State, ended: Ended) {
        if self.symbols.is_some()
            && let Some(end) = ended.end()
        {
            return self.finish(state, end);
        }
        self.defer(state, Some(ended));
    }

    /// A fork outside of statements: the rule at hand does not match there.
    pub(super) fn fork_away(&mut self, state: &mut State, cause: Cause, here: (ChainId, usize)) {
        let number = self.cause(cause, here);
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
    }

    /// Whether another fork stood here in the same state: it leads to the same ends.
    pub(super) fn is_repeated(&mut self, state: &State) -> bool {
        if self.causes.is_empty() || !self.options.merge {
            return false;
        }
        let mut plain = state.clone();
        if let Some(cursor) = plain.cursor.as_mut() {
            cursor.assumed = None;
            if cursor.statement != 0 {
                return false;
            }
        }
        let hash = FxBuildHasher.hash_one(&plain);
        !self.seen.insert(hash)
    }

    /// Addresses and ports as they are now.
    pub(super) fn endpoints(state: &State) -> Endpoints {
        let headers = &state.headers;
        let port = |bits: Option<Bits>| {
            bits.and_then(|bits| bits.exact(16)).and_then(|port| u16::try_from(port).ok())
        };
        Endpoints {
            source: headers.address_of(headers.source()),
            destination: headers.address_of(headers.destination()),
            source_port: port(headers.source_port()),
            destination_port: port(headers.destination_port()),
        }
    }

    /// A finished way as an outcome.
    pub(super) fn outcome(&self, state: &State, end: End) -> Outcome {
        let mut steps = Vec::new();
        let mut at = state.trail.last;
        while let Some((before, step)) = at.and_then(|at| self.steps.get(at)) {
            steps.push(step.clone());
            at = *before;
        }
        steps.reverse();
        Outcome { end, steps, endpoints: Self::endpoints(state), assumed: state.trail.assumed.clone() }
    }
}

/// How far a stage brought the packet.
pub(super) enum Progress {
    On,
    End(End),
    Merged,
}

/// A fragment waits for the others: what becomes of the whole packet cannot be told from a part.
pub(super) fn held() -> End {
    End::Taken(None, "a fragment is held back until the packet is complete".to_owned())
}

pub(super) fn route_inputs(state: &State) -> RouteInputs {
    RouteInputs {
        source: state.headers.source(),
        destination: state.headers.destination(),
        mark: state.mark,
        tos: super::host::tos_bits(state),
    }
}

impl Simulator<'_> {
    /// Whether a set may have no room for one more element.
    pub(super) fn may_be_full(&self, set: SetId, operation: SetOperation) -> Option<Cause> {
        let definition = self.ruleset.set(set)?;
        let limit = definition.size.and_then(|size| usize::try_from(size).ok())?;
        // Packets may have filled it since it was read; far from full is taken as not full.
        let full = definition.elements.len().saturating_mul(2) >= limit;
        (operation != SetOperation::Delete && full)
            .then(|| Cause::new(CauseKind::ChangingSet, format!("@{} may be full", definition.name)))
    }
}
