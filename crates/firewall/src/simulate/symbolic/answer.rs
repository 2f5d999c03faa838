//! From a class of packets to its fates: where they start, what comes back, and what is certain.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustc_hash::FxHashMap;

use super::super::conntrack::Given;
use super::super::fates::{Class, Fate, Fates, Hit, HitBy, Wanted};
use super::super::outcome::{Cause, End};
use super::super::run::Run;
use super::super::simulator::{Options, Origin, Simulator, bound, confirmed};
use super::super::state::{Conntrack, Flow, Info, State};
use super::stages::wants_answer;
use super::symbols::{Symbols, join};
use crate::ir::{ChainId, Hook, Interval, Version};
use crate::packet::{self, Bits, Headers, Place, Question, Transport};
use crate::space::{Part, Set, Space, TooComplex};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const DCCP: u8 = 33;
const ICMP6: u8 = 58;
const SCTP: u8 = 132;
const UDPLITE: u8 = 136;

/// Where packets can end, sure or not, and how.
struct Collected {
    good: Set,
    bad: Set,
    unknown: Set,
    fates: Vec<Fate>,
    hits: FxHashMap<(bool, ChainId, HitBy), Set>,
    others: FxHashMap<(bool, ChainId, HitBy), usize>,
    causes: FxHashMap<Cause, Set>,
}

/// What becomes of all packets of a class.
pub(in super::super) fn follow(
    simulator: &Simulator<'_>,
    space: &Space,
    class: &Class,
    wanted: Wanted,
) -> Result<Fates, TooComplex> {
    let question = question(class);
    let mut headers = Headers::from_question(&question);
    open(&mut headers, class, wanted);
    let (within, known) = asked(space, class, &headers)?;
    let mut collected = Collected {
        good: space.none(),
        bad: space.none(),
        unknown: space.none(),
        fates: Vec::new(),
        hits: FxHashMap::default(),
        others: FxHashMap::default(),
        causes: FxHashMap::default(),
    };
    let options = Options { sets_changed: wanted.sets_changed, ..Options::default() };
    let given = Given::State(class.state);
    let starts = starts(simulator, space, &headers, class, &within)?;
    let arrived = run(
        simulator,
        space,
        (&options, wanted),
        (given, bound(class.origin)),
        starts,
        false,
        &mut collected,
    )?;
    for ((state, end), region) in arrived {
        let reply = wanted.replies.then(|| reply(simulator, &question, &state, &end)).flatten();
        let tuple = arrival(&state);
        let translated = state.headers.destination() != headers.destination()
            || state.headers.destination_port() != headers.destination_port();
        collected.fates.push(Fate {
            end: end.clone(),
            reply: false,
            address: tuple.0,
            port: tuple.1,
            translated,
            set: region.clone(),
        });
        let Some((mut start, flow)) = reply.filter(|_| wants_answer(&end)) else {
            collected.good = space.or(&collected.good, &region)?;
            continue;
        };
        start.trail.region = Some(region.clone());
        let mut back = Collected {
            good: space.none(),
            bad: space.none(),
            unknown: space.none(),
            fates: Vec::new(),
            hits: FxHashMap::default(),
            others: FxHashMap::default(),
            causes: FxHashMap::default(),
        };
        let given = Given::Flow(Box::new(flow));
        let returned =
            run(simulator, space, (&options, wanted), (given, None), vec![start], true, &mut back)?;
        for ((_, end), region) in returned {
            back.good = space.or(&back.good, &region)?;
            back.fates.push(Fate {
                end,
                reply: true,
                address: tuple.0,
                port: tuple.1,
                translated,
                set: region,
            });
        }
        collected.take(space, back)?;
    }
    collected.fates(simulator, space, &within, &known)
}

impl Collected {
    fn take(&mut self, space: &Space, other: Self) -> Result<(), TooComplex> {
        self.good = space.or(&self.good, &other.good)?;
        self.bad = space.or(&self.bad, &other.bad)?;
        self.unknown = space.or(&self.unknown, &other.unknown)?;
        self.fates.extend(other.fates);
        for (key, set) in other.hits {
            join(space, &mut self.hits, key, &set)?;
        }
        for (key, count) in other.others {
            let others = self.others.entry(key).or_default();
            *others = count.max(*others);
        }
        for (cause, set) in other.causes {
            join(space, &mut self.causes, cause, &set)?;
        }
        Ok(())
    }

    /// The fates of what was asked. `known` says what the headers said all along: it is put back only now, since all packets of the
    /// class share it.
    fn fates(
        self,
        simulator: &Simulator<'_>,
        space: &Space,
        within: &Set,
        known: &Set,
    ) -> Result<Fates, TooComplex> {
        let asked = space.and(within, known)?;
        let doubtful = space.or(&space.and(&self.good, &self.bad)?, &self.unknown)?;
        let allow = space.and(known, &space.minus(&self.good, &doubtful)?)?;
        let deny = space.and(known, &space.minus(&self.bad, &doubtful)?)?;
        let open = space.minus(&space.minus(&asked, &allow)?, &deny)?;
        let mut doubts: Vec<(Cause, Set)> = Vec::new();
        for (cause, set) in self.causes {
            doubts.push((cause, space.and(known, &set)?));
        }
        doubts.sort_by(|(a, _), (b, _)| (a.rule, a.kind, &a.text).cmp(&(b.rule, b.kind, &b.text)));
        let mut causes = Vec::new();
        for (cause, set) in &doubts {
            let set = space.and(set, &open)?;
            if !set.is_empty() {
                causes.push((cause.clone(), set));
            }
        }
        let hook = |chain: ChainId| {
            simulator.ruleset.chain(chain).and_then(|chain| chain.base.as_ref()).map(|b| b.hook)
        };
        let mut hits: Vec<Hit> = Vec::new();
        for ((reply, chain, by), set) in self.hits {
            let hook = hook(chain).or_else(|| simulator.hook_of(chain)).unwrap_or(Hook::Prerouting);
            let others = self.others.get(&(reply, chain, by.clone())).copied().unwrap_or(0);
            hits.push(Hit { hook, reply, chain, by, set: space.and(known, &set)?, others });
        }
        hits.sort_by_key(|hit| {
            let place = match &hit.by {
                HitBy::Rule(at, _) => *at,
                HitBy::Policy(_) => usize::MAX,
            };
            (hit.reply, hit.hook, hit.chain, place)
        });
        let mut ends = self.fates;
        for fate in &mut ends {
            fate.set = space.and(known, &fate.set)?;
        }
        Ok(Fates { asked, allow, deny, open, ends, hits, causes, doubts })
    }
}

/// Follows packets from their starts. Gives what arrived; the rest is collected.
#[expect(clippy::type_complexity, reason = "ways that arrived, as the run keeps them")]
fn run(
    simulator: &Simulator<'_>,
    space: &Space,
    (options, wanted): (&Options, Wanted),
    (given, bound): (Given, Option<u32>),
    starts: Vec<State>,
    reply: bool,
    into: &mut Collected,
) -> Result<Vec<((State, End), Set)>, TooComplex> {
    let mut run = Run::new(simulator, options, given, bound);
    let mut symbols = Symbols::new(space, simulator.caches.take(space.id()));
    symbols.every_rule = wanted.every_rule;
    for mut start in starts {
        start.sets_changed = options.sets_changed;
        symbols.defer(start, None);
    }
    run.symbols = Some(Box::new(symbols));
    run.follow_sets();
    let causes = std::mem::take(&mut run.causes);
    let Some(symbols) = run.symbols.take() else { return Ok(Vec::new()) };
    let symbols = *symbols;
    simulator.caches.put(space.id(), symbols.cache);
    if let Some(error) = symbols.failed {
        return Err(error);
    }
    for ((chain, by), set) in symbols.hits {
        join(space, &mut into.hits, (reply, chain, by), &set)?;
    }
    for ((chain, by), count) in symbols.others {
        let others = into.others.entry((reply, chain, by)).or_default();
        *others = count.max(*others);
    }
    for (number, set) in symbols.causes {
        if let Some(cause) = causes.get(number) {
            join(space, &mut into.causes, cause.clone(), &set)?;
        }
    }
    for (end, set) in symbols.ended {
        if end.arrives().is_some() {
            into.bad = space.or(&into.bad, &set)?;
        } else {
            into.unknown = space.or(&into.unknown, &set)?;
        }
        into.fates.push(Fate { end, reply, address: None, port: None, translated: false, set });
    }
    Ok(symbols.arrived.into_iter().collect())
}

/// The reply to packets that arrived, and their connection.
fn reply(simulator: &Simulator<'_>, question: &Question, state: &State, end: &End) -> Option<(State, Flow)> {
    // SYN is answered by SYN and ACK.
    let transport = match &question.transport {
        Transport::Tcp { source, destination, .. } => {
            Transport::Tcp { source: *source, destination: *destination, flags: Some(0x12) }
        }
        other => other.clone(),
    };
    let question = Question { transport, reply: true, state: packet::State::Established, ..question.clone() };
    let mut headers = Headers::from_question(&question);
    headers.forget();
    let flow = match &state.conntrack {
        Conntrack::Flow(flow) => Flow {
            info: Info::Established,
            reply: true,
            status: confirmed(flow.status),
            ..flow.as_ref().clone()
        },
        // Without connection tracking there is nothing that could be translated.
        Conntrack::None | Conntrack::Untracked => Flow {
            info: Info::Established,
            reply: true,
            mark: Bits::OPEN,
            labels: Bits::OPEN,
            status: confirmed(Bits::all(0)),
            original: super::super::state::Tuple::of(&state.headers),
            translated: super::super::state::Tuple::of(&state.headers),
            source_done: true,
            destination_done: true,
        },
    };
    let start = simulator.reply_from(headers, &flow, end, question.mark)?;
    Some((start, flow))
}

/// Where packets arrive.
fn arrival(state: &State) -> (Option<IpAddr>, Option<u16>) {
    let headers = &state.headers;
    let port =
        headers.destination_port().and_then(|bits| bits.exact(16)).and_then(|port| u16::try_from(port).ok());
    (headers.address_of(headers.destination()), port)
}

/// A packet of the class, as a pattern for its headers.
fn question(class: &Class) -> Question {
    let unspecified = match class.version {
        Version::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Version::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let (source, destination) = (class.source_port, class.destination_port);
    let transport = match class.protocol {
        TCP => Transport::Tcp { source, destination, flags: class.tcp_flags },
        UDP | UDPLITE | SCTP | DCCP => Transport::Ports { protocol: class.protocol, source, destination },
        ICMP if class.version == Version::V4 => Transport::Icmp { kind: None, code: None },
        ICMP6 if class.version == Version::V6 => Transport::Icmp { kind: None, code: None },
        other => Transport::Other(other),
    };
    Question {
        source: class.source,
        destination: class.destination.unwrap_or(unspecified),
        transport,
        // Names do not matter here: the origin is known by index.
        place: match class.origin {
            Origin::In(_) => Place::In(String::new()),
            Origin::Out { user, group, .. } => Place::Out { interface: None, user, group },
        },
        state: class.state,
        reply: false,
        mark: 0,
        dscp: None,
        ttl: None,
        length: None,
        ether_source: None,
        ether_destination: None,
        fragment: None,
    }
}

/// Opens what the class leaves open and the pattern has to fill.
fn open(headers: &mut Headers, class: &Class, wanted: Wanted) {
    if class.destination.is_none() {
        headers.open_destination();
    }
    match class.protocol {
        TCP if class.tcp_flags.is_none() => headers.open_transport(104, 8),
        ICMP | ICMP6 => headers.open_transport(0, 16),
        _ => {}
    }
    if class.source.is_none() && !wanted.any_source && matches!(class.origin, Origin::Out { .. }) {
        // The host chooses it.
        headers.write_source(Bits::OPEN);
    }
}

/// The packets of the class: those that are asked for among all, and what their headers are known to say.
fn asked(space: &Space, class: &Class, headers: &Headers) -> Result<(Set, Set), TooComplex> {
    let within = class.within.clone().unwrap_or_else(|| space.all());
    let mut set = space.all();
    let wide = if class.version == Version::V4 { 32 } else { 128 };
    let address = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    };
    let known = [
        (Part::Source, class.source.map(address), wide),
        (Part::Destination, class.destination.map(address), wide),
        (Part::SourcePort, class.source_port.map(u128::from), 16),
        (Part::DestinationPort, class.destination_port.map(u128::from), 16),
        (Part::TcpFlags, class.tcp_flags.filter(|_| class.protocol == TCP).map(u128::from), 8),
    ];
    let has_ports = headers.has_ports();
    for (part, value, _) in known {
        let of_ports = matches!(part, Part::SourcePort | Part::DestinationPort);
        if let Some(value) = value.filter(|_| !of_ports || has_ports) {
            set = space.and(&set, &space.within(&space.word(part), Interval::single(value))?.yes)?;
        }
    }
    Ok((within, set))
}

/// Where the packets start: one state for each type of packet that the destination makes (`eth_type_trans`).
fn starts(
    simulator: &Simulator<'_>,
    space: &Space,
    headers: &Headers,
    class: &Class,
    asked: &Set,
) -> Result<Vec<State>, TooComplex> {
    let mut start = simulator.start(headers.clone(), class.origin, 0);
    start.trail.region = Some(asked.clone());
    if class.destination.is_some() || !matches!(class.origin, Origin::In(_)) {
        return Ok(vec![start]);
    }
    let mut groups: Vec<(Bits, Vec<Interval>)> = Vec::new();
    let mut one = headers.clone();
    for intervals in &simulator.classes(class.version).all {
        let Some(first) = intervals.first() else { continue };
        one.write_destination(Bits::all(first.low));
        let kind = simulator.packet_type(&one, class.origin);
        match groups.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, all)) => all.extend(intervals),
            None => groups.push((kind, intervals.clone())),
        }
    }
    let word = space.word(Part::Destination);
    let mut all = Vec::new();
    for (kind, mut intervals) in groups {
        intervals.sort_unstable();
        let set = space.among(&word, &intervals)?.yes;
        let mut part = start.clone();
        part.packet_type = kind;
        part.trail.region = Some(space.and(asked, &set)?);
        all.push(part);
    }
    Ok(all)
}
