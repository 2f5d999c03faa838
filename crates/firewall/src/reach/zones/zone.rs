//! The zones of a host.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use portreeve_model::exposure::Coverage;

use super::drawn::Drawn;
use super::territory::{Claim, divide};
use super::ways::Ways;
use super::{builtin, containers};
use crate::ir::{Interval, Version};
use crate::network::{Network, Prefix, RouteKind};
use crate::space::{Set, Space, TooComplex};

/// A network that the configuration gives a name. The name of a zone that is always there (`containers`) adds the prefixes to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedNetwork {
    /// Its name.
    pub name: String,
    /// Its prefixes, of both versions.
    pub prefixes: Vec<Prefix>,
}

/// What a zone is; wider ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ZoneKind {
    /// Everything global that is in no other zone.
    Internet,
    /// Private networks: RFC 1918, RFC 6598 (100.64.0.0/10), RFC 4193 (ULA).
    Private,
    /// A named network of the configuration.
    Named,
    /// Addresses that are valid on their link only.
    LinkLocal,
    /// Networks that container engines and virtual machines' bridges have on this host.
    Containers,
    /// Loopback and the host's own addresses: packets that the host sends to itself.
    ThisHost,
}

/// A zone of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    kind: ZoneKind,
    v4: Territory,
    v6: Territory,
}

/// What a zone has of one version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Territory {
    /// Its addresses.
    addresses: Vec<Interval>,
    /// Indices of the interfaces that its packets come in by.
    interfaces: Vec<u32>,
}

/// The zones of a host. No address is in two of them.
pub struct Zones {
    /// Widest first.
    zones: Vec<Zone>,
    /// The zones as sets of the spaces that were asked for last.
    drawn: Mutex<Vec<Arc<Drawn>>>,
}

/// Spaces whose sets are kept: one of each version, for two hosts that are compared.
const KEPT: usize = 4;

impl Zone {
    /// Its name: `internet`, `private`, `link-local`, `containers`, `this host`, or that of the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub fn kind(&self) -> ZoneKind {
        self.kind
    }

    /// Its addresses of a version, in order.
    pub fn addresses(&self, version: Version) -> &[Interval] {
        &self.territory(version).addresses
    }

    fn territory(&self, version: Version) -> &Territory {
        match version {
            Version::V4 => &self.v4,
            Version::V6 => &self.v6,
        }
    }
}

impl ZoneKind {
    fn name(self) -> &'static str {
        match self {
            Self::Internet => "internet",
            Self::Private => "private",
            Self::Named => "named",
            Self::LinkLocal => "link-local",
            Self::Containers => "containers",
            Self::ThisHost => "this host",
        }
    }

    /// Which of two zones gets a prefix that both claim.
    fn rank(self) -> u8 {
        match self {
            Self::Internet => 0,
            Self::Private => 1,
            Self::LinkLocal => 2,
            Self::Containers => 4,
            Self::Named => 5,
            Self::ThisHost => 7,
        }
    }
}

impl Zones {
    /// The zones of a host with these names for networks. A network within another one is not part of it; of equal prefixes a named
    /// one counts before those that every host has.
    pub fn new(network: &Network, named: &[NamedNetwork]) -> Self {
        let mut zones = names(named);
        let place = |zones: &[(String, ZoneKind)], kind, name: &str| {
            zones.iter().position(|zone| zone.1 == kind && (kind != ZoneKind::Named || zone.0 == name))
        };
        let mut claims: Vec<Claim<Option<usize>>> = Vec::new();
        let mut claim = |kind: ZoneKind, name: &str, rank: u8, prefix: Prefix| {
            if let Some(zone) = place(&zones, kind, name) {
                claims.push(Claim { prefix, rank, by: Some(zone) });
            }
        };
        for (kind, prefix) in builtin::zones() {
            claim(kind, "", kind.rank(), prefix);
        }
        for prefix in containers::networks(network) {
            claim(ZoneKind::Containers, "", ZoneKind::Containers.rank(), prefix);
        }
        for network in named {
            let kind = always(&network.name).unwrap_or(ZoneKind::Named);
            for prefix in &network.prefixes {
                claim(kind, &network.name, ZoneKind::Named.rank(), *prefix);
            }
        }
        for prefix in own(network) {
            claim(ZoneKind::ThisHost, "", ZoneKind::ThisHost.rank(), prefix);
        }
        claims.extend(builtin::nobody().map(|prefix| Claim { prefix, rank: 3, by: None }));
        claims.extend(nobodys(network).map(|prefix| Claim { prefix, rank: 6, by: None }));
        let territories = [Version::V4, Version::V6].map(|version| {
            let mut addresses: Vec<Vec<Interval>> = vec![Vec::new(); zones.len()];
            for (interval, by) in divide(version, &claims) {
                if let Some(list) = by.and_then(|zone| addresses.get_mut(zone)) {
                    list.push(interval);
                }
            }
            let ways = Ways::new(network, version);
            zones
                .iter()
                .zip(addresses)
                .map(|((_, kind), addresses)| Territory { interfaces: ways.of(*kind, &addresses), addresses })
                .collect::<Vec<_>>()
        });
        let [v4, v6] = territories;
        let mut zones: Vec<Zone> = zones
            .drain(..)
            .zip(v4.into_iter().zip(v6))
            .map(|((name, kind), (v4, v6))| Zone { name, kind, v4, v6 })
            .collect();
        zones.sort_by_key(|zone| (zone.kind, std::cmp::Reverse(zone.size())));
        Self { zones, drawn: Mutex::default() }
    }

    /// The zones that have addresses of a version, widest first.
    pub fn of(&self, version: Version) -> impl Iterator<Item = &Zone> {
        self.zones.iter().filter(move |zone| !zone.addresses(version).is_empty())
    }

    /// The zone of a name, in either case.
    pub fn named(&self, name: &str) -> Option<&Zone> {
        self.zones.iter().find(|zone| zone.name.eq_ignore_ascii_case(name))
    }

    /// Indices of the interfaces by which packets of a zone can come in, as routes lead; none for this host, whose packets do not
    /// come in but are sent by it. What `rp_filter` says of a packet that comes by one of them is not considered.
    pub fn interfaces<'z>(&self, zone: &'z Zone, version: Version) -> &'z [u32] {
        &zone.territory(version).interfaces
    }

    /// The packets that come from a zone.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn set(&self, space: &Space, zone: &Zone) -> Result<Set, TooComplex> {
        Ok(self.drawn(space)?.set(space, zone))
    }

    /// The packets that come from any zone but this host: from everybody who can be reached from elsewhere.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn outside(&self, space: &Space) -> Result<Set, TooComplex> {
        Ok(self.drawn(space)?.outside.clone())
    }

    /// How much of a zone is among sources: those that certainly can, and those that perhaps can.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn coverage(
        &self,
        space: &Space,
        zone: &Zone,
        allow: &Set,
        open: &Set,
    ) -> Result<Coverage, TooComplex> {
        let zone = self.set(space, zone)?;
        Ok(if zone.is_empty() {
            Coverage::None
        } else if space.minus(&zone, allow)?.is_empty() {
            Coverage::All
        } else if !space.and(&zone, allow)?.is_empty() {
            Coverage::Some
        } else if !space.and(&zone, open)?.is_empty() {
            Coverage::Depends
        } else {
            Coverage::None
        })
    }

    pub(super) fn drawn(&self, space: &Space) -> Result<Arc<Drawn>, TooComplex> {
        let mut kept = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.iter().find(|drawn| drawn.space == space.id()) {
            return Ok(Arc::clone(found));
        }
        let drawn = Arc::new(Drawn::new(space, self.of(space.version()))?);
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&drawn));
        Ok(drawn)
    }
}

impl Zone {
    /// How many addresses it has, IPv6 in networks of 64 bits.
    fn size(&self) -> u128 {
        let count = |territory: &Territory, scale: u32| {
            let size = |interval: &Interval| ((interval.high - interval.low) >> scale).saturating_add(1);
            territory.addresses.iter().map(size).fold(0, u128::saturating_add)
        };
        count(&self.v4, 0).saturating_add(count(&self.v6, 64))
    }
}

/// The zones that there are, without their addresses.
fn names(named: &[NamedNetwork]) -> Vec<(String, ZoneKind)> {
    let mut zones: Vec<(String, ZoneKind)> =
        ALWAYS.iter().map(|kind| (kind.name().to_owned(), *kind)).collect();
    for network in named {
        let zone = (network.name.clone(), ZoneKind::Named);
        if always(&network.name).is_none() && !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    zones
}

const ALWAYS: [ZoneKind; 5] =
    [ZoneKind::Internet, ZoneKind::Private, ZoneKind::LinkLocal, ZoneKind::Containers, ZoneKind::ThisHost];

/// The zone of this name that every host has.
fn always(name: &str) -> Option<ZoneKind> {
    ALWAYS.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
}

/// Addresses of the host.
fn own(network: &Network) -> impl Iterator<Item = Prefix> {
    let addresses = network.addresses.iter().map(|address| Prefix::new(address.address, 128));
    let local = network.routes.iter().filter(|route| route.kind == RouteKind::Local);
    addresses.chain(local.map(|route| route.destination))
}

/// Addresses that are several hosts' or none's: `fib_validate_source` lets no packet from them in.
fn nobodys(network: &Network) -> impl Iterator<Item = Prefix> {
    let shared = |kind| matches!(kind, RouteKind::Broadcast | RouteKind::Anycast | RouteKind::Multicast);
    let routes = network.routes.iter().filter(move |route| shared(route.kind));
    routes.map(|route| route.destination).filter(|prefix: &Prefix| {
        prefix.length > 0 && !matches!(prefix.address, IpAddr::V6(address) if address.is_multicast())
    })
}

impl fmt::Debug for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.zones).finish()
    }
}
