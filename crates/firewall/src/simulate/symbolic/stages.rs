//! What the kernel itself does between the rules, for sets of packets.

use super::super::conntrack::Given;
use super::super::outcome::End;
use super::super::run::{Progress, Run};
use super::super::state::{Conntrack, State};
use super::address::{Choice, choice};
use crate::ir::{Interval, PayloadBase};
use crate::packet::{self, Bits};
use crate::space::TooComplex;

impl Run<'_> {
    /// Follows every way to its end.
    pub(super) fn follow_sets(&mut self) {
        loop {
            let Some(symbols) = self.symbols.as_mut().filter(|symbols| symbols.failed.is_none()) else {
                return;
            };
            let Some(ways) = symbols.ways.take() else { return };
            for ((mut state, ended), set) in ways {
                state.trail.region = Some(set);
                let progress = match choice(&state) {
                    Some(choice) => self.stage_by_groups(&mut state, choice),
                    None => self.advance_stage(&mut state, ended),
                };
                self.settle_progress(state, progress);
            }
        }
    }

    fn settle_progress(&mut self, mut state: State, progress: Progress) {
        match progress {
            Progress::On => {
                state.trail.hops += 1;
                self.defer(state, None);
            }
            Progress::End(end) => self.finish(state, end),
            Progress::Merged => {}
        }
    }

    /// A stage that decides by addresses: run once for each group of packets that it treats alike.
    fn stage_by_groups(&mut self, state: &mut State, choice: Choice) -> Progress {
        let Some(groups) = self.groups(state, choice) else { return self.advance_stage(state, None) };
        for group in groups.iter() {
            let Some(mut part) = self.standing(state, group) else { continue };
            let progress = self.advance_stage(&mut part, None);
            self.restore(&mut part);
            self.settle_progress(part, progress);
        }
        Progress::Merged
    }

    /// `reroute` for a set of packets: `None` where all of them go on.
    pub(in super::super) fn reroute_of_sets(&mut self, state: &mut State) -> Option<Progress> {
        let Some(groups) = self.groups(state, Choice::Again) else { return self.reroute(state) };
        for group in groups.iter() {
            let Some(mut part) = self.standing(state, group) else { continue };
            let progress = self.reroute(&mut part);
            self.restore(&mut part);
            match progress {
                None => {
                    part.entry += 1;
                    part.nat_chain = 0;
                    self.defer(part, None);
                }
                Some(progress) => self.settle_progress(part, progress),
            }
        }
        Some(Progress::Merged)
    }

    /// The packets of a group, with addresses that stand for theirs. Until `restore`, what is deferred gets its bits back.
    fn standing(&mut self, state: &State, group: &super::address::Group) -> Option<State> {
        let symbols = self.symbols.as_mut()?;
        let region = symbols.region(state);
        let region = symbols.and(&region, &group.set);
        if region.is_empty() {
            return None;
        }
        let mut part = state.clone();
        part.trail.region = Some(region);
        let source = group.source.map(|_| state.headers.source());
        let destination = group.destination.map(|_| state.headers.destination());
        if let Some(bits) = group.source {
            part.headers.write_source(bits);
        }
        if let Some(bits) = group.destination {
            part.headers.write_destination(bits);
        }
        symbols.standing = Some((source, destination));
        Some(part)
    }

    fn restore(&mut self, state: &mut State) {
        if let Some(symbols) = &mut self.symbols {
            symbols.restore(state);
            symbols.standing = None;
        }
    }

    /// Looks the connection up where TCP flags or ICMP types are open. `true` where the parts are on their way.
    pub(in super::super) fn conntrack_of_sets(&mut self, state: &mut State) -> bool {
        if state.conntrack != Conntrack::None || self.given != Given::State(packet::State::First) {
            return false;
        }
        let headers = &state.headers;
        let (bits, offset) = match (headers.tcp_flags(), headers.icmp_type()) {
            (Some(bits), _) => (bits, 104),
            (None, Some(bits)) => (bits, 0),
            (None, None) => return false,
        };
        if bits.is_known(8) || bits.at == Bits::NOWHERE {
            return false;
        }
        match self.by_octet(state, bits, offset) {
            Ok(parts) => {
                for mut part in parts {
                    part.entry += 1;
                    part.nat_chain = 0;
                    self.defer(part, None);
                }
            }
            Err(error) => {
                if let Some(symbols) = &mut self.symbols {
                    symbols.failed.get_or_insert(error);
                }
            }
        }
        true
    }

    /// The state for each outcome of the lookup, by the octet that decides.
    fn by_octet(&mut self, state: &State, bits: Bits, offset: u16) -> Result<Vec<State>, TooComplex> {
        let mut groups: Vec<(Conntrack, Vec<Interval>)> = Vec::new();
        for value in 0..=255_u128 {
            if (value ^ bits.value) & bits.known & 0xff != 0 {
                continue;
            }
            let mut one = state.clone();
            one.headers.store(PayloadBase::Transport, offset, 8, Bits::all(value));
            self.conntrack(&mut one);
            match groups.iter_mut().find(|(other, _)| *other == one.conntrack) {
                Some((_, intervals)) => intervals.push(Interval::single(value)),
                None => groups.push((one.conntrack, vec![Interval::single(value)])),
            }
        }
        let Some(symbols) = self.symbols.as_mut() else { return Ok(Vec::new()) };
        let word = symbols.space.word_of(bits, 8);
        let mut parts = Vec::new();
        for (conntrack, intervals) in groups {
            let set = symbols.space.among(&word, &intervals)?.yes;
            let region = symbols.region(state);
            let mut part = state.clone();
            part.template = false;
            part.conntrack = conntrack;
            part.trail.region = Some(symbols.and(&region, &set));
            parts.push(part);
        }
        Ok(parts)
    }
}

/// Whether the sender of a packet that ended so has to be answered for the connection to stand.
pub(super) fn wants_answer(end: &End) -> bool {
    matches!(end, End::Delivered | End::Sent { .. })
}
