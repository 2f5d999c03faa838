//! Translation of addresses (`nf_nat_inet_fn`, `nf_nat_setup_info`, `net/netfilter/nf_nat_core.c`).

use std::net::IpAddr;

use super::evaluate::{Lookup, Point, Value};
use super::outcome::Step;
use super::run::Run;
use super::state::{Conntrack, Flow, Info, State, status};
use crate::ir::{ChainId, Expression, Hook, Nat, NatKind, Version};
use crate::packet::Bits;

/// What a NAT statement did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// It is for packets of the other version.
    NotConcerned,
    /// A value it needs does not exist.
    Broken,
    /// The connection is bound.
    Done,
    /// There is no address to bind it to: dropped.
    Refused,
}

/// Which end of the packet a hook may change (`HOOK2MANIP`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Source,
    Destination,
}

impl End {
    fn of(hook: Hook) -> Self {
        match hook {
            Hook::Input | Hook::Postrouting => Self::Source,
            _ => Self::Destination,
        }
    }
}

/// Whether the nat chains of a hook are to be asked.
pub(super) fn asks(state: &State, hook: Hook) -> bool {
    match &state.conntrack {
        Conntrack::Flow(flow) if flow.info != Info::Established => match End::of(hook) {
            End::Source => !flow.source_done,
            End::Destination => !flow.destination_done,
        },
        _ => false,
    }
}

/// No chain bound the connection: it keeps its addresses (`nf_nat_alloc_null_binding`).
pub(super) fn settle(state: &mut State, hook: Hook) {
    if let Conntrack::Flow(flow) = &mut state.conntrack
        && flow.info != Info::Established
    {
        done(flow, End::of(hook));
    }
}

fn done(flow: &mut Flow, end: End) {
    let bit = match end {
        End::Source => {
            flow.source_done = true;
            status::SOURCE_DONE
        }
        End::Destination => {
            flow.destination_done = true;
            status::DESTINATION_DONE
        }
    };
    flow.status = Bits::partly(flow.status.value | bit, flow.status.known | bit);
}

impl Run<'_> {
    /// Writes the connection's translation into the packet (`nf_nat_packet`). Tells whether the destination address changed.
    pub(super) fn translate(&mut self, state: &mut State, hook: Hook) -> bool {
        let Conntrack::Flow(flow) = &state.conntrack else { return false };
        let flow = flow.as_ref().clone();
        let end = End::of(hook);
        let bit = match (end, flow.reply) {
            (End::Source, false) | (End::Destination, true) => status::SOURCE_NAT,
            (End::Destination, false) | (End::Source, true) => status::DESTINATION_NAT,
        };
        if flow.status.value & flow.status.known & bit == 0 {
            return false;
        }
        let before = Self::endpoints(state);
        let old = state.headers.destination();
        let (address, port) = match (end, flow.reply) {
            (End::Source, false) => (flow.translated.source, flow.translated.source_port),
            (End::Destination, false) => (flow.translated.destination, flow.translated.destination_port),
            (End::Source, true) => (flow.original.destination, flow.original.destination_port),
            (End::Destination, true) => (flow.original.source, flow.original.source_port),
        };
        match end {
            End::Source => {
                state.headers.write_source(address);
                if let Some(port) = port {
                    state.headers.write_source_port(port);
                }
            }
            End::Destination => {
                state.headers.write_destination(address);
                if let Some(port) = port {
                    state.headers.write_destination_port(port);
                }
            }
        }
        let after = Self::endpoints(state);
        if before != after {
            self.step(state, Step::Nat { before, after });
        }
        state.headers.destination() != old
    }

    /// Runs a NAT statement.
    pub(super) fn bind(
        &mut self,
        state: &mut State,
        point: Point,
        nat: &Nat,
        here: (ChainId, usize),
    ) -> Bound {
        let version = state.headers.version;
        let end = match nat.kind {
            NatKind::Snat | NatKind::Masquerade => End::Source,
            NatKind::Dnat | NatKind::Redirect => End::Destination,
        };
        for (low, _) in nat.address.iter().chain(nat.port.iter()) {
            if self.fork_on_miss(state, point, low, here) == Miss::Certain {
                return Bound::Broken;
            }
        }
        // Maps are asked before the statement itself looks at the version (`nft_nat_inet_eval`).
        if nat.version.is_some_and(|wanted| wanted != version) {
            return Bound::NotConcerned;
        }
        let address = match self.new_address(state, point, nat, end) {
            Ok(address) => address,
            Err(bound) => return bound,
        };
        let port =
            nat.port.as_ref().map(|(low, high)| (self.one(low, state, point), self.one(high, state, point)));
        let Conntrack::Flow(flow) = &state.conntrack else { return Bound::Done };
        let mut flow = flow.clone();
        let (old_address, old_port) = match end {
            End::Source => (flow.original.source, flow.original.source_port),
            // The destination is bound first: it still is that of the first packet.
            End::Destination => (flow.original.destination, flow.original.destination_port),
        };
        let inside = end == End::Source
            && !nat.random
            && in_range(old_address, address)
            && port.is_none_or(|range| old_port.is_none_or(|old| in_range(old, Some(range))));
        let new_address = match address {
            None => old_address,
            Some(_) if inside => old_address,
            Some((low, high)) if nat.netmap => mapped(old_address, low, high),
            Some((low, high)) => selected(&flow, end, (low, high), nat.persistent, version),
        };
        let new_port = old_port.map(|old| match port {
            _ if inside => old,
            // Without a range a destination port never changes (`nf_nat_l4proto_unique_tuple`).
            None if nat.random && end == End::Source => Bits::OPEN,
            None => old,
            Some(range) if in_range(old, Some(range)) && !nat.random && nat.base_port.is_none() => old,
            Some((low, high)) if nat.base_port.is_none() || low == high => choice(low, high),
            Some((low, high)) => shifted(old, low, high, nat.base_port.unwrap_or(0)),
        });
        let bit = match end {
            End::Source => {
                flow.translated.source = new_address;
                flow.translated.source_port = new_port;
                status::SOURCE_NAT
            }
            End::Destination => {
                flow.translated.destination = new_address;
                flow.translated.destination_port = new_port;
                status::DESTINATION_NAT
            }
        };
        if new_address != old_address || new_port != old_port {
            flow.status = Bits::partly(flow.status.value | bit, flow.status.known | bit);
        }
        done(&mut flow, end);
        state.conntrack = Conntrack::Flow(flow);
        Bound::Done
    }

    fn new_address(
        &self,
        state: &State,
        point: Point,
        nat: &Nat,
        end: End,
    ) -> Result<Option<(Bits, Bits)>, Bound> {
        let own = |address: Option<IpAddr>| match address {
            Some(address) => Ok(Some((number(address), number(address)))),
            None => Err(Bound::Refused),
        };
        match nat.kind {
            NatKind::Masquerade => {
                if state.headers.version == Version::V4 && state.headers.source() == Bits::all(0) {
                    return Err(Bound::Done);
                }
                match self.simulator.host.masquerade_address(state, point.output) {
                    super::host::Own::Known(address) => own(address),
                    super::host::Own::Open => Ok(Some((Bits::OPEN, Bits::OPEN))),
                }
            }
            NatKind::Redirect if point.hook == Hook::Output => own(Some(loopback(state.headers.version))),
            NatKind::Redirect => match self.simulator.host.redirect_address(state, point.input) {
                super::host::Own::Known(address) => own(address),
                super::host::Own::Open => Ok(Some((Bits::OPEN, Bits::OPEN))),
            },
            NatKind::Snat | NatKind::Dnat => {
                debug_assert!(matches!(end, End::Source | End::Destination));
                Ok(nat
                    .address
                    .as_ref()
                    .map(|(low, high)| (self.one(low, state, point), self.one(high, state, point))))
            }
        }
    }

    fn one(&self, expression: &Expression, state: &State, point: Point) -> Bits {
        match self.simulator.value(expression, state, point) {
            Value::One(bits) => bits,
            Value::Parts(_) | Value::Break => Bits::OPEN,
        }
    }

    /// A map that may not know its key makes the way fork; one that certainly does not breaks the rule.
    fn fork_on_miss(
        &mut self,
        state: &mut State,
        point: Point,
        expression: &Expression,
        here: (ChainId, usize),
    ) -> Miss {
        if let Expression::Map { key, map, .. } = expression {
            match self.simulator.find(key, *map, state, point) {
                Lookup::Break | Lookup::Miss => return Miss::Certain,
                Lookup::Open { cause, nothing: true, .. } => {
                    self.fork_away(state, cause, here);
                }
                _ => {}
            }
        } else if self.simulator.value(expression, state, point) == Value::Break {
            return Miss::Certain;
        }
        Miss::No
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Miss {
    Certain,
    No,
}

fn loopback(version: Version) -> IpAddr {
    match version {
        Version::V4 => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        Version::V6 => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
    }
}

/// An address as known bits.
pub(super) fn number(address: IpAddr) -> Bits {
    Bits::all(match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    })
}

/// Whether a value certainly lies in a range. No range holds everything.
fn in_range(value: Bits, range: Option<(Bits, Bits)>) -> bool {
    let Some((low, high)) = range else { return true };
    match (value.exact(128), low.exact(128), high.exact(128)) {
        (Some(value), Some(low), Some(high)) => low <= value && value <= high,
        _ => false,
    }
}

/// One of a range: the bits that all of them share.
fn choice(low: Bits, high: Bits) -> Bits {
    let (Some(first), Some(last)) = (low.exact(128), high.exact(128)) else {
        return if low == high { low } else { Bits::OPEN };
    };
    let free = (first ^ last)
        .checked_ilog2()
        .map_or(0, |bit| if bit >= 127 { u128::MAX } else { (1 << (bit + 1)) - 1 });
    Bits::partly(first & !free, !free)
}

/// One address of a range, by a hash of the connection's ends that has no secret (`find_best_ips_proto`). Another connection
/// of the same client may have another one bound already; that is not known.
fn selected(flow: &Flow, end: End, (low, high): (Bits, Bits), persistent: bool, version: Version) -> Bits {
    let exact = |bits: Bits| bits.exact(128);
    let ends = (exact(flow.translated.source), exact(flow.translated.destination), exact(low), exact(high));
    let (Some(source), Some(destination), Some(first), Some(last)) = ends else { return choice(low, high) };
    if first == last {
        return choice(low, high);
    }
    let words = |address: u128| match version {
        // The union of both versions' addresses: an IPv4 address is its first word.
        Version::V4 => [u32::try_from(address).unwrap_or(0), 0, 0, 0],
        Version::V6 => {
            let bytes = address.to_be_bytes();
            let word = |at: usize| {
                bytes.iter().skip(at * 4).take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte))
            };
            [word(0), word(1), word(2), word(3)]
        }
    };
    let used = if version == Version::V4 { 1 } else { 4 };
    // The kernel hashes the bytes as they lie in memory.
    let native = |word: u32| u32::from_ne_bytes(word.to_be_bytes());
    let (from, to) = (words(source).map(native), words(destination).map(native));
    let start = to.get(used - 1).copied().unwrap_or(0);
    let mut hash = jhash(from, if persistent { 0 } else { start });
    let mut whole = false;
    let mut address = 0_u128;
    for ((smallest, largest), toward) in words(first).into_iter().zip(words(last)).zip(to).take(used) {
        let (base, count) =
            if whole { (0, u32::MAX) } else { (smallest, largest.wrapping_sub(smallest).wrapping_add(1)) };
        let scaled = u32::try_from((u64::from(hash) * u64::from(count)) >> 32).unwrap_or(0);
        let word = base.wrapping_add(scaled);
        whole |= word != largest;
        address = address << 32 | u128::from(word);
        if !persistent {
            // The destination that is being written is what is hashed on.
            hash ^= if end == End::Destination { native(word) } else { toward };
        }
    }
    Bits::all(address)
}

/// Bob Jenkins' hash of four words (lookup3, 2006), as `jhash2` of `include/linux/jhash.h` seeds it.
fn jhash(words: [u32; 4], seed: u32) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(16).wrapping_add(seed);
    let [first, second, third, fourth] = words;
    let (mut a, mut b, mut c) =
        (start.wrapping_add(first), start.wrapping_add(second), start.wrapping_add(third));
    for (by_a, by_b, by_c) in [(4, 6, 8), (16, 19, 4)] {
        a = a.wrapping_sub(c) ^ c.rotate_left(by_a);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(by_b);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(by_c);
        b = b.wrapping_add(a);
    }
    a = a.wrapping_add(fourth);
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

/// `nft_nat_setup_netmap`, `NETMAP`: the bits in which low and high differ stay.
fn mapped(old: Bits, low: Bits, high: Bits) -> Bits {
    let (Some(low), Some(high)) = (low.exact(128), high.exact(128)) else { return Bits::OPEN };
    let host = low ^ high;
    old.with((old.value & host) | (low & !host), old.known | !host)
}

/// `NF_NAT_RANGE_PROTO_OFFSET`: the port moves with the range (`nf_nat_l4proto_unique_tuple`).
fn shifted(old: Bits, low: Bits, high: Bits, base: u16) -> Bits {
    match (old.exact(16), low.exact(16), high.exact(16)) {
        (Some(old), Some(low), Some(high)) if high >= low => {
            let size = high - low + 1;
            let offset = old.wrapping_sub(u128::from(base)) & 0xffff;
            Bits::all(low + offset % size)
        }
        _ => Bits::OPEN,
    }
}
