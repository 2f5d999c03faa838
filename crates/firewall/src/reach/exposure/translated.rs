//! Ports that rules translate: published container ports, forwarded and redirected ports.
//!
//! Found by following all packets, not by the shape of rules, so that maps, ranges, chains of jumps and `addrtype` all count. Only what
//! runs before the routing decision is followed: what filters later does not change where a packet is sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use portreeve_model::exposure::{Door, DoorKind};
use portreeve_model::{NamespaceId, Protocol};

use super::door::own;
use super::draft::address;
use super::entrance::{Bridges, Entrance, entrances};
use super::guarded::translates_destination;
use super::surveyor::Surveyor;
use crate::ir::{Expression, Hook, Nat, NatKind, Ruleset, Statement, Version};
use crate::network::{Network, Prefix, RouteKind};
use crate::packet::State;
use crate::reach::questions::complexity::complexity;
use crate::simulate::{Class, Effect, Fate, Fates, Hit, HitBy, Options, Simulator, Wanted};
use crate::space::{Part, Set, Space, TooComplex};

/// Most addresses that are named of a translation whose destinations are not this host's.
const MOST_ADDRESSES: usize = 64;
/// Most groups of ports with destinations of their own, of one translation.
const MOST_GROUPS: usize = 256;

/// Doors that rules make.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Translated {
    /// The doors, by protocol and port. The unspecified address stands for all addresses of the host; as the address translated to,
    /// for the host itself.
    pub doors: Vec<Door>,
    /// Set where there may be more: which rules were too complex to follow.
    pub too_complex: Option<String>,
}

impl Surveyor<'_> {
    /// Every port that rules translate to somewhere else.
    pub fn translated(&self) -> Translated {
        let mut found = Translated::default();
        let Some(ruleset) = translating(self.ruleset) else { return found };
        let simulator = Simulator::new(&ruleset, self.network);
        for version in [Version::V4, Version::V6] {
            let finder = Finder {
                space: self.space(version),
                ruleset: &ruleset,
                network: self.network,
                simulator: &simulator,
                version,
                own: own(self.network, version),
            };
            for (protocol, number) in [(Protocol::Tcp, 6), (Protocol::Udp, 17), (Protocol::Sctp, 132)] {
                for entrance in entrances(self.network, Bridges::Whole) {
                    if let Err(error) = finder.find(protocol, number, entrance, &mut found.doors) {
                        found.too_complex.get_or_insert_with(|| complexity(self.ruleset, error));
                    }
                }
            }
        }
        found.doors.sort_by(|a, b| {
            (a.protocol, a.port, a.port_end, &a.addresses, &a.kind).cmp(&(
                b.protocol,
                b.port,
                b.port_end,
                &b.addresses,
                &b.kind,
            ))
        });
        found.doors.dedup();
        found
    }
}

/// The ruleset without what runs behind the routing decision; `None` where nothing translates destinations.
fn translating(ruleset: &Ruleset) -> Option<Ruleset> {
    let chains = ruleset.chains.iter().filter(|chain| !chain.dormant);
    if !chains.flat_map(|chain| &chain.rules).any(translates_destination) {
        return None;
    }
    let mut ruleset = ruleset.clone();
    for chain in &mut ruleset.chains {
        let later = |hook| matches!(hook, Hook::Input | Hook::Forward | Hook::Postrouting | Hook::Egress);
        chain.dormant |= chain.base.as_ref().is_some_and(|base| later(base.hook));
    }
    Some(ruleset)
}

struct Finder<'a> {
    space: &'a Space,
    ruleset: &'a Ruleset,
    network: &'a Network,
    simulator: &'a Simulator<'a>,
    version: Version,
    own: Vec<IpAddr>,
}

impl Finder<'_> {
    fn find(
        &self,
        protocol: Protocol,
        number: u8,
        entrance: Entrance,
        doors: &mut Vec<Door>,
    ) -> Result<(), TooComplex> {
        let class = Class {
            version: self.version,
            protocol: number,
            origin: entrance.origin(),
            state: State::First,
            source: None,
            destination: None,
            source_port: None,
            destination_port: None,
            tcp_flags: (number == 6).then_some(0x02),
            within: None,
        };
        let fates = self.simulator.fates(self.space, &class, Wanted::default())?;
        for hit in &fates.hits {
            let Some(nat) = self.translation(hit) else { continue };
            for (fate, set) in self.goals(&fates, &hit.set)? {
                self.doors(protocol, nat, fate, &set, &class, doors)?;
            }
        }
        Ok(())
    }

    /// Where packets go, those that go to one place together. Where none arrives, what is known of those that do not.
    fn goals<'f>(&self, fates: &'f Fates, among: &Set) -> Result<Vec<(&'f Fate, Set)>, TooComplex> {
        let mut goals: Vec<(&Fate, Set)> = Vec::new();
        for arrives in [true, false] {
            for fate in fates.ends.iter().filter(|fate| !fate.reply && fate.translated) {
                if (fate.end.arrives() == Some(true)) != arrives {
                    continue;
                }
                let set = self.space.and(&fate.set, among)?;
                if set.is_empty() {
                    continue;
                }
                match goals
                    .iter_mut()
                    .find(|(known, _)| (known.address, known.port) == (fate.address, fate.port))
                {
                    Some((_, known)) => *known = self.space.or(known, &set)?,
                    None => goals.push((fate, set)),
                }
            }
            if !goals.is_empty() {
                break;
            }
        }
        Ok(goals)
    }

    /// What kind of translation of destinations a hit is, if it is one.
    fn translation(&self, hit: &Hit) -> Option<&Nat> {
        let HitBy::Rule(rule, Effect::Nat) = &hit.by else { return None };
        let rule = self.ruleset.chain(hit.chain)?.rules.get(*rule)?;
        rule.statements.iter().find_map(|statement| match statement {
            Statement::Nat(nat) if matches!(nat.kind, NatKind::Dnat | NatKind::Redirect) => Some(nat),
            _ => None,
        })
    }

    fn doors(
        &self,
        protocol: Protocol,
        nat: &Nat,
        fate: &Fate,
        set: &Set,
        class: &Class,
        doors: &mut Vec<Door>,
    ) -> Result<(), TooComplex> {
        let groups = match self.space.split(set, &[Part::DestinationPort], MOST_GROUPS)? {
            Some(products) => products.into_iter().map(|product| (product.keys, product.rest)).collect(),
            None => vec![(set.clone(), set.clone())],
        };
        for (ports, rest) in groups {
            let addresses = self.addresses(&rest)?;
            for range in self.space.ranges(&ports, Part::DestinationPort)? {
                let (first, last) = ((*range.start()).max(1), *range.end());
                if last == 0 {
                    continue;
                }
                let to_port = fate.port.unwrap_or(first);
                for (address, to) in self.destinations(nat, fate, &addresses, &rest, class)? {
                    let door = Door {
                        protocol,
                        port: first,
                        port_end: (first != last).then_some(last),
                        addresses: address,
                        interface: None,
                        kind: DoorKind::Translated { to: SocketAddr::new(to, to_port) },
                        holder: None,
                        namespace: NamespaceId::default(),
                    };
                    if !doors.contains(&door) {
                        doors.push(door);
                    }
                }
            }
        }
        Ok(())
    }

    /// Destinations that are translated: the unspecified address for all of the host's, else those of the host, else all.
    fn addresses(&self, set: &Set) -> Result<Vec<IpAddr>, TooComplex> {
        let mut own = Vec::new();
        for address in &self.own {
            if !self.space.and(set, &self::address(self.space, Part::Destination, *address)?)?.is_empty() {
                own.push(*address);
            }
        }
        let outside =
            |addresses: &[IpAddr]| addresses.iter().filter(|address| !address.is_loopback()).count();
        if outside(&own) > 0 && outside(&own) == outside(&self.own) {
            return Ok(vec![self.unspecified()]);
        }
        if !own.is_empty() {
            return Ok(own);
        }
        let somebody =
            self.space.minus(set, &self.space.in_prefixes(Part::Destination, &nobodys(self.network))?)?;
        let prefixes = self.space.prefixes(&somebody, Part::Destination, MOST_ADDRESSES)?;
        let addresses = prefixes.listed.iter().flat_map(|prefix| addresses_of(*prefix));
        Ok(addresses.take(MOST_ADDRESSES).collect())
    }

    /// Where each destination goes: together where all go to one address, else (`netmap`, maps by address) each for itself.
    fn destinations(
        &self,
        nat: &Nat,
        fate: &Fate,
        addresses: &[IpAddr],
        set: &Set,
        class: &Class,
    ) -> Result<Vec<(Vec<IpAddr>, IpAddr)>, TooComplex> {
        if nat.kind == NatKind::Redirect {
            return Ok(vec![(addresses.to_vec(), self.unspecified())]);
        }
        if let Some(to) = fate.address {
            return Ok(vec![(addresses.to_vec(), to)]);
        }
        let every = addresses.iter().any(IpAddr::is_unspecified);
        let outside: Vec<IpAddr> = self.own.iter().filter(|own| !own.is_loopback()).copied().collect();
        let mut groups: Vec<(Vec<IpAddr>, IpAddr)> = Vec::new();
        for address in if every { &outside } else { addresses } {
            let one = self.space.and(set, &self::address(self.space, Part::Destination, *address)?)?;
            // A range of addresses, of which the kernel chooses: its first stands for it.
            let to = self.one(&one, class)?.or_else(|| first_of(nat, self.version));
            let Some(to) = to else { continue };
            match groups.iter_mut().find(|(_, known)| *known == to) {
                Some((group, _)) => group.push(*address),
                None => groups.push((vec![*address], to)),
            }
        }
        Ok(groups)
    }

    /// Where one packet of a set goes.
    fn one(&self, set: &Set, class: &Class) -> Result<Option<IpAddr>, TooComplex> {
        let Some(witness) = self.space.witness(set, class, self.network, &[])? else { return Ok(None) };
        let Ok(answer) = self.simulator.run(&witness.question, &Options::default()) else { return Ok(None) };
        let to = answer.outcomes.first().and_then(|outcome| outcome.endpoints.destination);
        Ok(to.filter(|to| *to != witness.question.destination))
    }

    fn unspecified(&self) -> IpAddr {
        match self.version {
            Version::V4 => Ipv4Addr::UNSPECIFIED.into(),
            Version::V6 => Ipv6Addr::UNSPECIFIED.into(),
        }
    }
}

/// Destinations that no connection goes to: groups and broadcast addresses.
fn nobodys(network: &Network) -> Vec<Prefix> {
    let broadcasts = network.routes.iter().filter(|route| route.kind == RouteKind::Broadcast);
    let every = [
        (IpAddr::from(Ipv4Addr::UNSPECIFIED), 8),
        (Ipv4Addr::new(224, 0, 0, 0).into(), 3),
        (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0).into(), 8),
    ];
    let every = every.into_iter().map(|(address, length)| Prefix::new(address, length));
    every.chain(broadcasts.map(|route| route.destination)).collect()
}

/// The first address that a rule translates to, where it names one.
fn first_of(nat: &Nat, version: Version) -> Option<IpAddr> {
    let (Expression::Constant(first), _) = nat.address.as_ref()? else { return None };
    match version {
        Version::V4 => u32::try_from(*first).ok().map(|first| Ipv4Addr::from(first).into()),
        Version::V6 => Some(Ipv6Addr::from(*first).into()),
    }
}

/// The addresses of a prefix, lowest first.
fn addresses_of(prefix: Prefix) -> Box<dyn Iterator<Item = IpAddr>> {
    match prefix.address {
        IpAddr::V4(first) => {
            let last = u32::from(first) | u32::MAX.checked_shr(prefix.length.into()).unwrap_or(0);
            Box::new((u32::from(first)..=last).map(|address| Ipv4Addr::from(address).into()))
        }
        IpAddr::V6(first) => {
            let last = u128::from(first) | u128::MAX.checked_shr(prefix.length.into()).unwrap_or(0);
            Box::new((u128::from(first)..=last).map(|address| Ipv6Addr::from(address).into()))
        }
    }
}
