//! Routing decisions for sets of packets: one address of each class is asked, and classes with the same answer are one.

use std::net::IpAddr;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::super::host::frame;
use super::super::run::Run;
use super::super::state::{Sender, Stage, State};
use super::super::walk::{input_key, output_key, reroute_key};
use super::classes::Classes;
use crate::ir::{Interval, Version};
use crate::network::{ArrivalKey, BridgePath, Check, Frame, OutputRoute, Routed};
use crate::packet::Bits;
use crate::space::{Set, TooComplex, Word};

/// Most pairs of classes that are asked about one by one.
const PAIRS: usize = 4_000_000;

/// Which decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Choice {
    Arrive,
    In,
    Out,
    Again,
    Bridge,
}

/// What a decision depends on beside what is open.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    choice: Choice,
    version: Version,
    source: Bits,
    destination: Bits,
    input: Option<u32>,
    output: Option<u32>,
    bound: Option<u32>,
    mark: Bits,
    tos: Bits,
    protocol: Option<u8>,
    ports: Option<(Option<Bits>, Option<Bits>)>,
    frame: Frame,
    sender: Sender,
}

/// Packets for which a decision is the same, and addresses that stand for theirs.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) set: Set,
    pub(super) source: Option<Bits>,
    pub(super) destination: Option<Bits>,
}

/// An answer, and the kinds of source and destination it is for.
type Told = (Answer, u16, u16);

/// Addresses, and one that stands for them.
type Meant = (Vec<Interval>, Option<Bits>);

/// What a decision answers, and what sort of addresses it was asked for: later checks ask for that.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Answer {
    Check(Check),
    Routed(Routed),
    Output(OutputRoute),
    Path(Option<BridgePath>),
    Nothing,
}

impl Run<'_> {
    /// Groups of packets that a decision treats alike; `None` where no address is open that the packet could tell.
    pub(super) fn groups(&mut self, state: &State, choice: Choice) -> Option<Arc<Vec<Group>>> {
        let headers = &state.headers;
        if choice == Choice::Arrive && headers.version == Version::V4 {
            // Before prerouting IPv4 looks at no address (`Fib::before_prerouting`).
            return None;
        }
        let (source, destination) = (headers.source(), headers.destination());
        let width = if headers.version == Version::V4 { 32 } else { 128 };
        let told = |bits: Bits| !bits.is_known(width) && bits.at != Bits::NOWHERE;
        let open = (told(source) && choice != Choice::Bridge, told(destination));
        if open == (false, false) {
            return None;
        }
        // The user of a port rule is asked for ports, nobody else.
        let by_port = self
            .simulator
            .host
            .network
            .rules
            .iter()
            .any(|rule| rule.source_port.is_some() || rule.destination_port.is_some());
        let asked = Asked {
            choice,
            version: headers.version,
            source: if choice == Choice::Bridge { Bits::OPEN } else { source },
            destination,
            input: state.input,
            output: state.output,
            bound: self.bound,
            mark: state.mark,
            tos: super::super::host::tos_bits(state),
            protocol: headers.protocol,
            ports: by_port.then(|| (headers.source_port(), headers.destination_port())),
            frame: frame(state),
            sender: state.sender,
        };
        if let Some(found) = self.symbols.as_ref()?.cache.addresses.get(&asked) {
            return Some(Arc::clone(found));
        }
        let found = self.ask(state, choice, open, width);
        let symbols = self.symbols.as_mut()?;
        match found {
            Ok(groups) => {
                let groups = Arc::new(groups);
                symbols.cache.addresses.insert(asked, Arc::clone(&groups));
                Some(groups)
            }
            Err(error) => {
                symbols.failed.get_or_insert(error);
                Some(Arc::new(Vec::new()))
            }
        }
    }

    fn ask(
        &mut self,
        state: &State,
        choice: Choice,
        open: (bool, bool),
        width: u16,
    ) -> Result<Vec<Group>, TooComplex> {
        let simulator = self.simulator;
        let classes = simulator.classes(state.headers.version);
        let sources = within(classes, state.headers.source(), open.0, width);
        let destinations = within(classes, state.headers.destination(), open.1, width);
        if sources.len().saturating_mul(destinations.len()) > PAIRS {
            return Err(TooComplex { limit: PAIRS, unit: "pairs of networks" });
        }
        let mut scratch = state.clone();
        // Answers by destination, for each source in turn; destinations with the same row are one.
        let mut rows: FxHashMap<Vec<Told>, Meant> = FxHashMap::default();
        for (destination, to) in &destinations {
            if let Some(bits) = to {
                scratch.headers.write_destination(*bits);
            }
            let to_kind = to.map_or(0, |bits| classes.kind(bits.value));
            let mut row = Vec::with_capacity(sources.len());
            for (_, from) in &sources {
                if let Some(bits) = from {
                    scratch.headers.write_source(*bits);
                }
                let from_kind = from.map_or(0, |bits| classes.kind(bits.value));
                row.push((self.decide(&scratch, choice), from_kind, to_kind));
            }
            let entry = rows.entry(row).or_insert_with(|| (Vec::new(), *to));
            entry.0.extend(destination.iter().copied());
        }
        let space = self.symbols.as_ref().map(|symbols| symbols.space);
        let Some(space) = space else { return Ok(Vec::new()) };
        let (from_word, to_word) =
            (word(space, state.headers.source(), width), word(space, state.headers.destination(), width));
        let mut groups = Vec::new();
        for (row, (to_intervals, to)) in rows {
            let to_set = region(space, &to_word, &to_intervals, open.1)?;
            let mut columns: FxHashMap<Told, Meant> = FxHashMap::default();
            for (answer, (source, from)) in row.into_iter().zip(&sources) {
                let entry = columns.entry(answer).or_insert_with(|| (Vec::new(), *from));
                entry.0.extend(source.iter().copied());
            }
            for (from_intervals, from) in columns.into_values() {
                let from_set = region(space, &from_word, &from_intervals, open.0)?;
                groups.push(Group { set: space.and(&to_set, &from_set)?, source: from, destination: to });
            }
        }
        Ok(groups)
    }

    fn decide(&self, state: &State, choice: Choice) -> Answer {
        let fib = &self.simulator.host.fib;
        match choice {
            Choice::Arrive => match input_key(state) {
                Some(key) => Answer::Check(fib.before_prerouting(&ArrivalKey {
                    source: key.source,
                    destination: key.destination,
                    iif: key.iif,
                    frame: key.frame,
                })),
                None => Answer::Nothing,
            },
            Choice::In => input_key(state).map_or(Answer::Nothing, |key| Answer::Routed(fib.input(&key))),
            Choice::Out => output_key(state).map_or(Answer::Nothing, |key| Answer::Output(fib.output(&key))),
            Choice::Again => reroute_key(state, self.bound)
                .map_or(Answer::Nothing, |key| Answer::Output(fib.reroute(&key))),
            Choice::Bridge => {
                let destination = state.headers.address_of(state.headers.destination());
                let path = state.input.zip(destination).and_then(|(port, destination): (u32, IpAddr)| {
                    self.simulator.host.network.bridge_path(port, destination)
                });
                Answer::Path(path)
            }
        }
    }
}

/// The classes that a value may be in, each with one value that stands for it.
pub(super) fn within(
    classes: &Classes,
    bits: Bits,
    open: bool,
    width: u16,
) -> Vec<(Vec<Interval>, Option<Bits>)> {
    if !open {
        return vec![(Vec::new(), None)];
    }
    let mask = crate::packet::mask(width);
    let known = bits.known & mask;
    let (low, high) = (bits.value & known, (bits.value & known) | (mask & !known));
    let met = |interval: &&Interval| interval.low <= high && low <= interval.high;
    let allowed = |interval: &Interval| {
        // The smallest value that the known bits allow.
        let first = smallest(interval.low.max(low), bits.value & known, known, mask)?;
        (first <= interval.high).then_some(first)
    };
    let class = |class: &Vec<Interval>| {
        let first = class.iter().filter(met).find_map(allowed)?;
        Some((class.clone(), Some(Bits::all(first))))
    };
    classes.all.iter().filter_map(class).collect()
}

/// The smallest number from `from` on with these bits.
fn smallest(from: u128, value: u128, known: u128, mask: u128) -> Option<u128> {
    let mut number = from;
    loop {
        let wrong = (number ^ value) & known;
        let Some(bit) = wrong.checked_ilog2() else { return Some(number) };
        if value >> bit & 1 == 1 {
            // Raised to the bit that is missing; what stands below begins anew.
            let below = (1_u128 << bit) - 1;
            number = (number & !below & !(1 << bit)) | 1 << bit | (value & known & below);
        } else {
            // The next higher free bit takes the carry.
            let free = !known & mask & !((1_u128 << bit) | ((1 << bit) - 1)) & !number;
            let carry = free.trailing_zeros();
            if carry >= 128 {
                return None;
            }
            let below = (1_u128 << carry) - 1;
            number = (number & !below) | 1 << carry | (value & known & below);
        }
    }
}

fn word(space: &crate::space::Space, bits: Bits, width: u16) -> Word {
    space.word_of(bits, width)
}

pub(super) fn region(
    space: &crate::space::Space,
    word: &Word,
    intervals: &[Interval],
    open: bool,
) -> Result<Set, TooComplex> {
    if !open {
        return Ok(space.all());
    }
    let mut sorted = intervals.to_vec();
    sorted.sort_unstable();
    Ok(space.among(word, &sorted)?.yes)
}

/// Which decision a stage takes, where it takes one.
pub(super) fn choice(state: &State) -> Option<Choice> {
    match state.stage {
        Stage::Arrive => Some(Choice::Arrive),
        Stage::RouteIn if !state.looped => Some(Choice::In),
        Stage::RouteOut => Some(Choice::Out),
        Stage::BridgeDecision => Some(Choice::Bridge),
        _ => None,
    }
}
