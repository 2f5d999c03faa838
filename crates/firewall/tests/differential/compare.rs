//! What the simulator expects, what the kernel did, and whether the two agree.

use std::collections::HashMap;
use std::fmt;

use crate::kernel::{Answer, Observed, Verdict, WIRES, is_station};
use crate::packet::{Injection, IpHeaders};

/// What the simulator says of one packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Every way that it thinks possible.
    pub(crate) ways: Vec<Way>,
    /// It does not know whether the packet arrives, and why.
    pub(crate) unknown: Option<String>,
    /// It did not follow every way to its end.
    pub(crate) truncated: bool,
}

/// One way of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    /// Rules that matched and policies that applied, without those of legacy tables, of which the kernel does not tell.
    pub(crate) path: Vec<Stop>,
    pub(crate) fate: Fate,
    /// Source and destination address and port at the end, as far as they are known.
    pub(crate) source: (Option<std::net::IpAddr>, Option<u16>),
    pub(crate) destination: (Option<std::net::IpAddr>, Option<u16>),
    /// Numbers of all rules that matched, legacy ones too.
    pub(crate) rules: Vec<u32>,
    /// A rule sends the packet or copies of it elsewhere.
    pub(crate) copied: bool,
}

/// A place in a chain where something was said of the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    /// `NFPROTO_*` of the table.
    pub(crate) family: u8,
    pub(crate) table: String,
    pub(crate) chain: String,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// The rule of this number matched.
    Rule(u32),
    /// The base chain ended by its policy.
    Policy(bool),
}

/// What became of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The host took it.
    Delivered,
    /// It left by the interface of this name, to this next hop.
    Sent(String, Option<std::net::IpAddr>),
    /// Gone.
    Dropped,
    /// Gone, and this was sent back.
    Refused(Answer),
    /// Gone before or between the rules, perhaps with an error sent back.
    Discarded { answered: bool, code: String },
    /// Something else has it now.
    Taken,
}

/// Numbers of rules by family, table and handle.
pub(crate) type Handles = HashMap<(u8, String, u64), u32>;

/// How the two differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disagreement {
    /// The nearest of the expected ways.
    pub(crate) expected: Option<Way>,
    /// The kernel's path.
    pub(crate) path: Vec<Stop>,
    /// What the kernel did, in words.
    pub(crate) observed: String,
    /// Where they part, in words.
    pub(crate) reason: String,
}

/// Whether the kernel did one of the things that the simulator thinks possible: if so, which.
pub(crate) fn compare<'a>(
    expected: &'a Expected,
    observed: &Observed,
    packet: &Injection,
    handles: &Handles,
) -> Result<&'a Way, Box<Disagreement>> {
    let path = path(observed, handles);
    let expected_count = expected.ways.len();
    let mut nearest: Option<(usize, &Way, String)> = None;
    for way in &expected.ways {
        let common = way.path.iter().zip(&path).take_while(|(a, b)| a == b).count();
        let reason = if way.path == path
            || is_unresolved(way) && common == path.len()
            || (way.copied || is_for_many(way)) && is_within(&way.path, &path)
            || is_untraced(way, &path)
        {
            match fate(way, observed, packet) {
                Ok(()) => return Ok(way),
                Err(reason) => reason,
            }
        } else {
            format!(
                "after {common} stops the simulator has {:?}, the kernel {:?}",
                way.path.get(common),
                path.get(common)
            )
        };
        if nearest.as_ref().is_none_or(|(best, ..)| common > *best) {
            nearest = Some((common, way, reason));
        }
    }
    let (expected, reason) = match nearest {
        Some((_, way, reason)) => (Some(way.clone()), reason),
        None => (None, "the simulator knows no way".to_owned()),
    };
    let ways = expected_ways(expected_count);
    Err(Box::new(Disagreement { expected, path, observed: summary(observed) + &ways, reason }))
}

fn expected_ways(count: usize) -> String {
    if count == 1 { String::new() } else { format!(" ({count} ways expected)") }
}

/// The kernel's path in the simulator's terms.
pub(crate) fn path(observed: &Observed, handles: &Handles) -> Vec<Stop> {
    let stop = |step: &crate::kernel::Step| {
        let what = match (&step.verdict, step.handle) {
            (Verdict::Policy(accept), _) => What::Policy(*accept),
            (Verdict::Rule(..), Some(handle)) => {
                What::Rule(*handles.get(&(step.family, step.table.clone(), handle)).unwrap_or(&0))
            }
            // The end of a chain follows from the rules before it.
            _ => return None,
        };
        Some(Stop { family: step.family, table: step.table.clone(), chain: step.chain.clone(), what })
    };
    observed.path.iter().filter_map(stop).collect()
}

/// Whether the delivery is the expected one.
fn fate(way: &Way, observed: &Observed, packet: &Injection) -> Result<(), String> {
    let delivered = !observed.delivered.is_empty();
    let forwarded = !observed.forwarded.is_empty();
    let nothing = !delivered && !forwarded;
    // A copy cannot be told from the packet; and nobody answers for the addresses of nobody.
    if way.copied || is_unresolved(way) && nothing {
        return Ok(());
    }
    let wrong = |expected: &str| Err(format!("expected {expected}, but {}", summary(observed)));
    match &way.fate {
        Fate::Delivered if !delivered && !is_watched(packet) && !forwarded => Ok(()),
        Fate::Delivered if !delivered || forwarded && !is_for_many(way) => wrong("local delivery"),
        Fate::Delivered => endpoints(way, observed.delivered.first(), packet),
        // What is sent to a group comes back to the host's own members of it (`ip_mc_output`, `ip6_finish_output2`).
        Fate::Sent(name, _) if !forwarded || delivered && !is_for_many(way) => {
            wrong(&format!("to leave by {name}"))
        }
        Fate::Sent(name, _) => {
            let Some((wire, frame)) = observed.forwarded.first() else { return wrong("a frame") };
            let left_by = WIRES[*wire];
            if left_by != name && !(name == "br0" && *wire >= 2) {
                return wrong(&format!("to leave by {name}"));
            }
            endpoints(way, frame.get(14..).map(<[u8]>::to_vec).as_ref(), packet)
        }
        Fate::Dropped if !nothing || !observed.answers.is_empty() => wrong("silent drop"),
        Fate::Refused(_) if !nothing => wrong("refusal"),
        // The answer itself may be dropped on its way; another one must not appear.
        Fate::Refused(answer) if observed.answers.iter().any(|seen| seen != answer) => {
            wrong(&format!("refusal with {answer:?}"))
        }
        Fate::Discarded { code, .. } if !nothing => wrong(&format!("the host to throw it away ({code})")),
        Fate::Discarded { answered: false, .. } if !observed.answers.is_empty() => wrong("no answer"),
        _ => Ok(()),
    }
}

/// A rule that takes the packet away is not traced where it is the first that its base chain looks at: the copy of the
/// packet's trace bit that the kernel then goes by is not made yet (`__nft_trace_verdict`).
fn is_untraced(way: &Way, path: &[Stop]) -> bool {
    (way.fate == Fate::Taken || way.copied) && way.path.split_last().is_some_and(|(_, before)| before == path)
}

/// Whether all of `part` is in `whole`, in this order: a copy goes a way of its own in between.
fn is_within(part: &[Stop], whole: &[Stop]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|stop| rest.any(|other| other == stop))
}

fn is_for_many(way: &Way) -> bool {
    match way.destination.0 {
        Some(std::net::IpAddr::V4(address)) => address.is_multicast() || address.is_broadcast(),
        Some(std::net::IpAddr::V6(address)) => address.is_multicast(),
        None => false,
    }
}

/// The next hop is on the bridge's link, and there is no such station.
fn is_unresolved(way: &Way) -> bool {
    let Fate::Sent(name, gateway) = &way.fate else { return false };
    let hop = gateway.or(way.destination.0);
    matches!(name.as_str(), "br0" | "p1" | "p2") && !hop.is_some_and(is_station)
}

/// Raw sockets give what is whole; those for `ICMPv6` check its checksum too.
fn is_watched(packet: &Injection) -> bool {
    let headers = packet.headers();
    !headers.is_fragment && matches!(headers.protocol, 1 | 6 | 17 | 33 | 47 | 58 | 132 | 136)
}

/// Whether addresses and ports after all translation are the expected ones.
fn endpoints(way: &Way, seen: Option<&Vec<u8>>, packet: &Injection) -> Result<(), String> {
    let Some(headers) = seen
        .and_then(|bytes| IpHeaders::read(bytes))
        .filter(|_| seen.is_some_and(|bytes| is_ip(bytes, packet)))
    else {
        // A raw IPv6 socket gives no addresses.
        return Ok(());
    };
    let pairs = [
        (way.source, headers.source, headers.ports.map(|ports| ports.0), "source"),
        (way.destination, headers.destination, headers.ports.map(|ports| ports.1), "destination"),
    ];
    for ((address, port), seen, seen_port, name) in pairs {
        if address.is_some_and(|address| address != seen) {
            return Err(format!("expected {name} {address:?}, but it left with {seen}"));
        }
        if let (Some(port), Some(seen_port)) = (port, seen_port)
            && port != seen_port
            && !headers.is_fragment
        {
            return Err(format!("expected {name} port {port}, but it left with {seen_port}"));
        }
    }
    Ok(())
}

fn is_ip(bytes: &[u8], packet: &Injection) -> bool {
    packet.is_v4()
        || bytes.first().is_some_and(|first| first >> 4 == 6) && bytes.get(1..4) == packet.bytes.get(1..4)
}

/// What the kernel did, in words.
pub(crate) fn summary(observed: &Observed) -> String {
    let wires: Vec<&str> = observed.forwarded.iter().map(|(wire, _)| WIRES[*wire]).collect();
    format!(
        "{} delivered, left by {wires:?}, answers {:?}, sendto {:?}",
        observed.delivered.len(),
        observed.answers,
        observed.sent
    )
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match self.family {
            1 => "inet",
            2 => "ip",
            5 => "netdev",
            7 => "bridge",
            10 => "ip6",
            _ => "?",
        };
        write!(f, "{family} {} {} ", self.table, self.chain)?;
        match self.what {
            What::Rule(id) => write!(f, "r{id}"),
            What::Policy(true) => f.write_str("policy accept"),
            What::Policy(false) => f.write_str("policy drop"),
        }
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.reason)?;
        writeln!(f, "kernel: {}", self.observed)?;
        for stop in &self.path {
            writeln!(f, "    {stop}")?;
        }
        if let Some(way) = &self.expected {
            writeln!(f, "simulator: {:?}", way.fate)?;
            for stop in &way.path {
                writeln!(f, "    {stop}")?;
            }
        }
        Ok(())
    }
}
