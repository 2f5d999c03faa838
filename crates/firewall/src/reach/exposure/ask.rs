//! The class of packets that a door is asked about, for each way in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::door::Target;
use super::draft::address;
use super::entrance::Entrance;
use super::query::From;
use crate::ir::Version;
use crate::network::{Fib, Network, OutputKey, OutputRoute};
use crate::packet::State;
use crate::reach::zones::{Zone, ZoneKind, Zones};
use crate::simulate::Class;
use crate::space::{Part, Set, Space, TooComplex};

const TCP: u8 = 6;
const SYN: u8 = 0x02;

/// Sources that a question is about.
enum Sources {
    None,
    All,
    Within(Set),
}

/// Makes classes.
pub(super) struct Asker<'a> {
    pub(super) space: &'a Space,
    pub(super) network: &'a Network,
    pub(super) zones: &'a Zones,
    pub(super) fib: &'a Fib,
}

impl Asker<'_> {
    /// The class of all packets for some destinations of a door by a way in; `None` where the question leaves no source for it.
    pub(super) fn class(
        &self,
        target: &Target,
        destinations: &[IpAddr],
        entrance: Entrance,
        from: Option<&From>,
    ) -> Result<Option<Class>, TooComplex> {
        let from = match self.sources(target.version, entrance, from)? {
            Sources::None => return Ok(None),
            Sources::All => None,
            Sources::Within(set) => Some(set),
        };
        let mut class = Class {
            version: target.version,
            protocol: target.protocol,
            origin: entrance.origin(),
            state: State::First,
            source: None,
            destination: None,
            source_port: None,
            destination_port: target.single_port(),
            tcp_flags: (target.protocol == TCP).then_some(SYN),
            within: None,
        };
        let (mut within, mut destinations) = (from, destinations.to_vec());
        if entrance == Entrance::Own
            && let Some(from) = within.take()
        {
            destinations = self.sent_from(&from, destinations)?;
        }
        match destinations.as_slice() {
            [] => return Ok(None),
            [only] => {
                class.destination = Some(*only);
                class.source = (entrance == Entrance::Own).then(|| self.usual_source(*only));
            }
            several => {
                let sets = several.iter().map(|to| self.packets_to(*to, entrance));
                let sets = sets.collect::<Result<Vec<_>, _>>()?;
                within = self.narrow(within, &self.space.union(&sets)?)?;
            }
        }
        if let (Some((first, last)), None) = (target.ports, class.destination_port) {
            let ports = self.space.range(Part::DestinationPort, first.into(), last.into())?;
            within = self.narrow(within, &ports)?;
        }
        if within.as_ref().is_some_and(Set::is_empty) {
            return Ok(None);
        }
        class.within = within;
        Ok(Some(class))
    }

    /// The sources that are asked about by a way in.
    fn sources(
        &self,
        version: Version,
        entrance: Entrance,
        from: Option<&From>,
    ) -> Result<Sources, TooComplex> {
        Ok(match from {
            None => Sources::All,
            Some(From::Prefixes(prefixes)) => {
                let set = self.space.in_prefixes(Part::Source, prefixes)?;
                if set.is_empty() { Sources::None } else { Sources::Within(set) }
            }
            Some(From::Interface(name)) => {
                let found = self.network.interface_named(name).map(|interface| interface.index);
                let by = found.is_some() && self.stands_for(entrance, found);
                if by { Sources::All } else { Sources::None }
            }
            Some(From::Zone(name)) => {
                let Some(zone) = self.zones.named(name) else { return Ok(Sources::None) };
                match (self.leads(entrance, zone, version), entrance) {
                    (false, _) => Sources::None,
                    (true, Entrance::Own) => Sources::All,
                    (true, Entrance::In(_)) => Sources::Within(self.zones.set(self.space, zone)?),
                }
            }
        })
    }

    /// Whether a way in is by this interface, or by a port of it where it is a bridge.
    fn stands_for(&self, entrance: Entrance, interface: Option<u32>) -> bool {
        let by = entrance.interface();
        by.is_some()
            && (by == interface
                || by
                    .and_then(|by| self.network.bridge_of(by))
                    .is_some_and(|bridge| Some(bridge.index) == interface))
    }

    /// Whether packets of a zone come by a way in.
    pub(super) fn leads(&self, entrance: Entrance, zone: &Zone, version: Version) -> bool {
        match entrance {
            Entrance::Own => zone.kind() == ZoneKind::ThisHost,
            Entrance::In(_) => {
                self.zones.interfaces(zone, version).iter().any(|by| self.stands_for(entrance, Some(*by)))
            }
        }
    }

    fn narrow(&self, within: Option<Set>, to: &Set) -> Result<Option<Set>, TooComplex> {
        Ok(Some(match within {
            Some(within) => self.space.and(&within, to)?,
            None => to.clone(),
        }))
    }

    /// What goes to an address: from the source that the host chooses, where it sends.
    fn packets_to(&self, to: IpAddr, entrance: Entrance) -> Result<Set, TooComplex> {
        let set = address(self.space, Part::Destination, to)?;
        match entrance {
            Entrance::Own => self.space.and(&set, &address(self.space, Part::Source, self.usual_source(to))?),
            Entrance::In(_) => Ok(set),
        }
    }

    /// Destinations for which the host chooses one of these sources.
    fn sent_from(&self, from: &Set, destinations: Vec<IpAddr>) -> Result<Vec<IpAddr>, TooComplex> {
        let mut kept = Vec::new();
        for destination in destinations {
            let source = address(self.space, Part::Source, self.usual_source(destination))?;
            if !self.space.and(from, &source)?.is_empty() {
                kept.push(destination);
            }
        }
        Ok(kept)
    }

    /// The sources that the host chooses for these destinations.
    pub(super) fn usual_sources(&self, destinations: &[IpAddr]) -> Result<Set, TooComplex> {
        let sources = destinations.iter().map(|to| address(self.space, Part::Source, self.usual_source(*to)));
        self.space.union(&sources.collect::<Result<Vec<_>, _>>()?)
    }

    /// The source that the kernel chooses for what the host sends there.
    pub(super) fn usual_source(&self, destination: IpAddr) -> IpAddr {
        let key = OutputKey {
            source: None,
            destination,
            oif: None,
            bound: false,
            mark: 0,
            tos: 0,
            protocol: 0,
            source_port: None,
            destination_port: None,
            uid: Some(0),
            any_source: false,
        };
        match self.fib.output(&key) {
            OutputRoute::Sent { source, .. } => source,
            // It is refused whatever its source.
            OutputRoute::Failed(_) | OutputRoute::Unknown { .. } => match destination {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            },
        }
    }
}
