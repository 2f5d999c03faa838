//! Names and addresses of an assertion as sets of packets, and the ways they come by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_model::text::clean;

use crate::ir::{Interval, Version};
use crate::network::{Network, Prefix};
use crate::reach::questions::claim::{Claim, ClaimError, Party, Service, Spoken};
use crate::reach::zones::{ZoneKind, Zones};
use crate::simulate::Origin;
use crate::space::{Part, Set, Space, TooComplex};

/// Networks of one link.
const LINK_LOCAL: [(IpAddr, u8); 2] = [
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
];

/// Everything that names are looked up in.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) network: &'a Network,
    pub(super) zones: &'a Zones,
    pub(super) claim: &'a Claim,
}

/// Sources, and one way that they come by.
pub(super) struct Coming {
    pub(super) origin: Origin,
    /// Packets with these sources; all for this host, which chooses its own.
    pub(super) sources: Set,
}

impl Known<'_> {
    /// Whether every name is known.
    pub(super) fn check(&self) -> Result<(), ClaimError> {
        self.check_party(&self.claim.source)?;
        if let Some(host) = &self.claim.target.host {
            self.check_party(host)?;
        }
        if let Some(via) = &self.claim.via
            && self.network.interface_named(&via.what).is_none()
        {
            let known: Vec<&str> = self.network.interfaces.iter().map(|found| found.name.as_str()).collect();
            let message = format!("there is no interface \"{}\"", clean(&via.what));
            return Err(self.error(via.offset, message, format!("there are: {}", clean(&known.join(", ")))));
        }
        if let (Some(via), Party::ThisHost) = (&self.claim.via, &self.claim.source.what) {
            let help = "leave `via` away where this host is the source: routing chooses".to_owned();
            return Err(self.error(via.offset, "packets of this host do not come in".to_owned(), help));
        }
        Ok(())
    }

    fn check_party(&self, party: &Spoken<Party>) -> Result<(), ClaimError> {
        let Party::Named(name) = &party.what else { return Ok(()) };
        if self.zones.named(name).is_some() {
            return Ok(());
        }
        let mut known: Vec<&str> = Vec::new();
        for zone in [Version::V4, Version::V6].into_iter().flat_map(|version| self.zones.of(version)) {
            if !known.contains(&zone.name()) {
                known.push(zone.name());
            }
        }
        let message = format!("there is no zone \"{}\"", clean(name));
        let help = format!(
            "there are: {}, anyone; or write addresses; for example `internet cannot reach tcp/5432`",
            clean(&known.join(", "))
        );
        Err(self.error(party.offset, message, help))
    }

    fn error(&self, offset: usize, message: String, help: String) -> ClaimError {
        ClaimError::new(&self.claim.text, offset, message, help)
    }

    /// The sources, by every way that leads here from there.
    pub(super) fn sources(&self, space: &Space) -> Result<Vec<Coming>, TooComplex> {
        let version = space.version();
        let this_host = || Coming {
            origin: Origin::Out { interface: None, user: None, group: None },
            sources: space.all(),
        };
        let named = match &self.claim.source.what {
            Party::ThisHost => return Ok(vec![this_host()]),
            Party::Anyone => space.all(),
            Party::Prefixes(prefixes) => space.in_prefixes(Part::Source, prefixes)?,
            Party::Named(name) => match self.zones.named(name) {
                Some(zone) if zone.kind() == ZoneKind::ThisHost => return Ok(vec![this_host()]),
                Some(zone) => self.zones.set(space, zone)?,
                None => space.none(),
            },
        };
        let mut ways: Vec<(u32, Set)> = Vec::new();
        let via = self.claim.via.as_ref().and_then(|via| self.network.interface_named(&via.what));
        if let Some(via) = via {
            ways.push((via.index, space.and(&named, &self.zones.outside(space)?)?));
        } else {
            for zone in self.zones.of(version).filter(|zone| zone.kind() != ZoneKind::ThisHost) {
                let sources = space.and(&named, &self.zones.set(space, zone)?)?;
                if sources.is_empty() {
                    continue;
                }
                for interface in self.zones.interfaces(zone, version) {
                    match ways.iter_mut().find(|(known, _)| known == interface) {
                        Some((_, known)) => *known = space.or(known, &sources)?,
                        None => ways.push((*interface, sources.clone())),
                    }
                }
            }
        }
        let coming = ways.into_iter().filter(|(_, sources)| !sources.is_empty());
        Ok(coming.map(|(interface, sources)| Coming { origin: Origin::In(interface), sources }).collect())
    }

    /// The destinations that are named; `None` where this host is meant, with everything that its rules take elsewhere.
    pub(super) fn destinations(&self, space: &Space) -> Result<Option<Set>, TooComplex> {
        let Some(host) = &self.claim.target.host else { return Ok(None) };
        Ok(match &host.what {
            Party::ThisHost => None,
            Party::Anyone => Some(space.all()),
            Party::Prefixes(prefixes) => Some(space.in_prefixes(Part::Destination, prefixes)?),
            Party::Named(name) => match self.zones.named(name) {
                Some(zone) if zone.kind() == ZoneKind::ThisHost => None,
                Some(zone) => {
                    let addresses = zone.addresses(space.version()).to_vec();
                    Some(space.in_intervals(Part::Destination, addresses)?)
                }
                None => Some(space.none()),
            },
        })
    }

    /// The host's own addresses of a version that others can name: not loopback, and those of one link only where everybody who is
    /// asked about is on a link.
    pub(super) fn own(&self, space: &Space, asked: &Set) -> Result<Set, TooComplex> {
        let linked = |address: IpAddr| match address {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        };
        let on_link: Vec<Prefix> =
            LINK_LOCAL.iter().map(|(address, length)| Prefix::new(*address, *length)).collect();
        let neighbours = space.minus(asked, &space.in_prefixes(Part::Source, &on_link)?)?.is_empty();
        let claimed = self.network.addresses.iter().map(|address| address.address);
        let own = claimed.filter(|address| !address.is_loopback() && (neighbours || !linked(*address)));
        let prefixes: Vec<Prefix> = own.map(|address| Prefix::new(address, 128)).collect();
        space.in_prefixes(Part::Destination, &prefixes)
    }

    /// The services that are asked about: all of TCP and UDP where none are named.
    pub(super) fn services(&self) -> Vec<Service> {
        if !self.claim.target.services.is_empty() {
            return self.claim.target.services.clone();
        }
        [6, 17].into_iter().map(|protocol| Service { protocol, ports: vec![0..=u16::MAX] }).collect()
    }
}

/// The packets of a service, and the protocol they carry in this version.
pub(super) fn service(space: &Space, service: &Service) -> Result<(u8, Set), TooComplex> {
    if matches!(service.protocol, 1 | 58) {
        // An echo request: type and code stand where others have the source port.
        let (protocol, kind) = match space.version() {
            Version::V4 => (1, 8_u128),
            Version::V6 => (58, 128),
        };
        return Ok((protocol, space.range(Part::SourcePort, kind << 8, kind << 8)?));
    }
    if service.ports.is_empty() {
        return Ok((service.protocol, space.all()));
    }
    let ports = service
        .ports
        .iter()
        .map(|range| Interval { low: (*range.start()).into(), high: (*range.end()).into() });
    Ok((service.protocol, space.in_intervals(Part::DestinationPort, ports.collect())?))
}
