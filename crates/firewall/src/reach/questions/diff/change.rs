//! Changes in the words of the document.

use portreeve_model::exposure::{Decision, IpVersion};
use portreeve_model::reach::{Cause, Verdict};
use portreeve_model::rules::FlowChange;
use portreeve_model::text::clean;

use super::merge::{Kinds, merge};
use super::words;
use crate::ir::Version;
use crate::network::Network;
use crate::reach::alike::{Kind, Meeting};
use crate::reach::zones::Zones;
use crate::space::{Part, Set, Space, TooComplex};

/// Most prefixes of one side of a change.
const MOST: usize = 64;
/// Most values of one condition.
const CONDITIONS: usize = 8;
/// Most parts that one change is told in.
const PARTS: usize = 24;

/// Packets of one kind that fare otherwise.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) verdicts: (Verdict, Verdict),
    pub(super) kind: Kind,
    pub(super) set: Set,
    pub(super) decided: (Vec<Decision>, Vec<Decision>),
    pub(super) arrival: (Option<String>, Option<String>),
    pub(super) causes: Vec<Cause>,
}

impl Change {
    /// Whether two changes differ in nothing but the kind of packets.
    fn is_like(&self, other: &Self) -> bool {
        self.verdicts == other.verdicts
            && self.set == other.set
            && self.decided == other.decided
            && self.arrival == other.arrival
            && self.causes == other.causes
    }
}

/// Changes told, those that differ in the kind of packets only as one. `networks` are those of the old and the new side.
pub(super) fn told(
    space: &Space,
    changes: Vec<Change>,
    networks: (&Network, &Network),
    zones: &Zones,
) -> Result<Vec<FlowChange>, TooComplex> {
    let mut groups: Vec<(Change, Vec<Kind>)> = Vec::new();
    for change in changes {
        match groups.iter_mut().find(|(known, _)| known.is_like(&change)) {
            Some((_, kinds)) => kinds.push(change.kind),
            None => groups.push((change.clone(), vec![change.kind])),
        }
    }
    let mut flows = Vec::new();
    for (change, kinds) in groups {
        for kinds in merge(kinds) {
            for piece in pieces(space, &change.set, &kinds)? {
                flows.extend(flow(space, &change, &kinds, &piece, networks, zones)?);
            }
        }
    }
    Ok(flows)
}

/// Parts of a set in which sources and ports do not hang on each other, where they are few.
fn pieces(space: &Space, set: &Set, kinds: &Kinds) -> Result<Vec<Set>, TooComplex> {
    let ports = if has_ports(kinds) { space.split(set, &[Part::DestinationPort], PARTS)? } else { None };
    let by_port = match ports {
        Some(products) => products
            .iter()
            .map(|product| space.and(&product.keys, &product.rest))
            .collect::<Result<Vec<_>, _>>()?,
        None => vec![set.clone()],
    };
    let mut found = Vec::new();
    for piece in &by_port {
        match space.split(piece, &[Part::Source], PARTS)? {
            Some(products) => {
                for product in products {
                    found.push(space.and(&product.keys, &product.rest)?);
                }
            }
            None => found.push(piece.clone()),
        }
    }
    if found.len() > PARTS { Ok(by_port) } else { Ok(found) }
}

fn flow(
    space: &Space,
    change: &Change,
    kinds: &Kinds,
    set: &Set,
    networks: (&Network, &Network),
    zones: &Zones,
) -> Result<Option<FlowChange>, TooComplex> {
    let network = match &kinds.speaker.meeting {
        Meeting::In(alike) if networks.1.interface_named(alike.speaker()).is_none() => networks.0,
        _ => networks.1,
    };
    let Some(class) = kinds.speaker.class(network, None) else { return Ok(None) };
    let Some(witness) = space.witness(set, &class, network, &[])? else { return Ok(None) };
    let from = space.onto(set, &[Part::Source])?;
    let to = space.onto(set, &[Part::Destination])?;
    let ports = if has_ports(kinds) { space.onto(set, &[Part::DestinationPort])? } else { space.all() };
    let list = |set: &Set, part: Part| -> Result<(Vec<String>, u64), TooComplex> {
        if set.is_all() {
            return Ok((Vec::new(), 0));
        }
        let prefixes = space.prefixes(set, part, MOST)?;
        Ok((prefixes.listed.iter().map(ToString::to_string).collect(), prefixes.more))
    };
    let (sources, more_sources) = list(&from, Part::Source)?;
    let (destinations, more_destinations) = list(&to, Part::Destination)?;
    let port_words = if ports.is_all() {
        Vec::new()
    } else {
        space.ranges(&ports, Part::DestinationPort)?.iter().map(range).collect()
    };
    let told = space.and(&space.and(&from, &to)?, &ports)?;
    let mut conditions: Vec<String> = words::states(&kinds.states).into_iter().collect();
    conditions.extend(rest(space, set, &told, kinds)?);
    let place = words::places(&kinds.meetings.iter().collect::<Vec<_>>());
    Ok(Some(FlowChange {
        before: change.verdicts.0,
        after: change.verdicts.1,
        version: match kinds.speaker.version {
            Version::V4 => IpVersion::Ipv4,
            Version::V6 => IpVersion::Ipv6,
        },
        protocol: words::protocols(&kinds.protocols),
        place: clean(&place).into_owned(),
        from: if from.is_all() {
            "any address".to_owned()
        } else {
            clean(&zones.label(space, &from)?).into_owned()
        },
        sources,
        more_sources,
        destinations,
        more_destinations,
        ports: port_words,
        conditions,
        decided_before: change.decided.0.clone(),
        decided_after: change.decided.1.clone(),
        arrival_before: change.arrival.0.as_deref().map(|text| clean(text).into_owned()),
        arrival_after: change.arrival.1.as_deref().map(|text| clean(text).into_owned()),
        causes: change.causes.clone(),
        witness: witness.question.to_string(),
    }))
}

/// What a set demands beyond addresses and destination port.
fn rest(space: &Space, set: &Set, told: &Set, kinds: &Kinds) -> Result<Vec<String>, TooComplex> {
    if set == told {
        return Ok(Vec::new());
    }
    let mut given = vec![Part::Source, Part::Destination];
    given.extend(has_ports(kinds).then_some(Part::DestinationPort));
    let demanded = space.conditions(set, kinds.speaker.protocol.speaker, &given, CONDITIONS)?;
    let mut words = demanded.words;
    if !demanded.exact || words.is_empty() {
        words.push("some of these packets, such as the witness".to_owned());
    }
    Ok(words)
}

fn range(range: &std::ops::RangeInclusive<u16>) -> String {
    let (first, last) = (range.start(), range.end());
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

fn has_ports(kinds: &Kinds) -> bool {
    matches!(kinds.speaker.protocol.speaker, 6 | 17 | 33 | 132 | 136)
}
