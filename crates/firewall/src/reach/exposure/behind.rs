//! Hosts behind this one: which of their ports can be reached through it.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use portreeve_model::exposure::{Door, DoorKind, Exposure};
use portreeve_model::{NamespaceId, Protocol};

use super::door::targets;
use super::entrance::{Bridges, Entrance, entrances};
use super::query::Query;
use super::surveyor::Surveyor;
use crate::simulate::{End, Wanted};
use crate::space::{Part, TooComplex};

/// Most ranges of ports that are told apart; beyond, one door stands for all ports, and conditions of its parts name the ports.
const MOST_RANGES: usize = 64;
/// Most groups of ports that one way in may tell apart.
const MOST_GROUPS: usize = 64;

impl Surveyor<'_> {
    /// Which TCP and UDP ports of an address that is not this host's can be reached through this host, and by whom: a door for each
    /// range of ports that behaves alike. Where nothing can be reached, one door for all ports says why. What this host itself can
    /// reach does not count for that, and is told among the parts.
    pub fn behind(&self, address: IpAddr, query: &Query) -> Vec<Exposure> {
        let mut doors = Vec::new();
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            let whole = door(protocol, address, 1, u16::MAX);
            match self.open_ranges(&whole, query) {
                Ok(Some(ranges)) if !ranges.is_empty() => {
                    doors.extend(
                        ranges.iter().map(|range| door(protocol, address, *range.start(), *range.end())),
                    );
                }
                // Nothing is open, or too much for single doors: the parts of the whole tell.
                Ok(_) | Err(_) => doors.push(whole),
            }
        }
        self.exposures(&doors, query)
    }

    /// Ranges of ports that somebody reaches, certainly or perhaps; `None` where they are too many.
    fn open_ranges(
        &self,
        whole: &Door,
        query: &Query,
    ) -> Result<Option<Vec<RangeInclusive<u16>>>, TooComplex> {
        let mut groups: Vec<Vec<RangeInclusive<u16>>> = Vec::new();
        for target in targets(whole, self.network) {
            let space = self.space(target.version);
            let through = entrances(self.network, Bridges::Ports);
            for entrance in through.into_iter().filter(|entrance| *entrance != Entrance::Own) {
                let class = self.asker(target.version).class(
                    &target,
                    &target.destinations,
                    entrance,
                    query.from.as_ref(),
                )?;
                let Some(class) = class else { continue };
                let wanted = Wanted { replies: query.replies, any_source: true, ..Wanted::default() };
                let fates = self.simulator.fates(space, &class, wanted)?;
                // What this host takes itself is none of the other's ports.
                let passed =
                    fates.ends.iter().filter(|fate| !fate.reply && matches!(fate.end, End::Sent { .. }));
                let passed = space.union(&passed.map(|fate| fate.set.clone()).collect::<Vec<_>>())?;
                for set in [&fates.allow, &fates.open] {
                    let set = space.and(
                        &space.and(set, &passed)?,
                        &space.range(Part::DestinationPort, 1, u16::MAX.into())?,
                    )?;
                    let Some(products) = space.split(&set, &[Part::DestinationPort], MOST_GROUPS)? else {
                        return Ok(None);
                    };
                    for product in products {
                        groups.push(space.ranges(&product.keys, Part::DestinationPort)?);
                    }
                }
            }
        }
        Ok(apart(&groups))
    }
}

/// The ranges in which the same groups hold, of ports that are in any group.
fn apart(groups: &[Vec<RangeInclusive<u16>>]) -> Option<Vec<RangeInclusive<u16>>> {
    let mut cuts: Vec<u32> = groups
        .iter()
        .flatten()
        .flat_map(|range| [u32::from(*range.start()), u32::from(*range.end()) + 1])
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    if cuts.len() > MOST_RANGES.saturating_mul(2) {
        return None;
    }
    let mut ranges = Vec::new();
    for pair in cuts.windows(2) {
        let [low, next] = pair else { continue };
        let (Ok(low), Ok(high)) = (u16::try_from(*low), u16::try_from(next - 1)) else { continue };
        if groups.iter().flatten().any(|range| range.contains(&low)) {
            ranges.push(low..=high);
        }
    }
    (ranges.len() <= MOST_RANGES).then_some(ranges)
}

fn door(protocol: Protocol, address: IpAddr, first: u16, last: u16) -> Door {
    Door {
        protocol,
        port: first,
        port_end: (first != last).then_some(last),
        addresses: vec![address],
        interface: None,
        kind: DoorKind::Behind,
        holder: None,
        namespace: NamespaceId::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn ranges_are_cut_where_a_group_ends() {
        let groups = [vec![80..=80, 443..=443], vec![400..=500], vec![1000..=u16::MAX]];
        assert_eq!(apart(&groups).unwrap(), [80..=80, 400..=442, 443..=443, 444..=500, 1000..=u16::MAX]);
        assert_eq!(apart(&[]).unwrap(), []);
        let many: Vec<_> = (0..200).map(|port| vec![port * 2..=port * 2]).collect();
        assert_eq!(apart(&many), None);
    }
}
