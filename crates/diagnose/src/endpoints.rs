//! Which addresses of the target are judged, and from where it is looked at.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use portreeve_firewall::network::{Address, RouteKind, Scope};
use portreeve_model::why::{Endpoint, Sight};
use portreeve_model::{IpCoverage, Listener};

use crate::facts::{NameFacts, PathFacts, ServiceFacts};
use crate::target::Question;

/// At most this many addresses of one target are judged; a name with more is a pool, of which these are enough.
const MOST: usize = 8;

/// The endpoints of the target, and whether they are this host's.
pub(crate) fn choose(
    question: &Question,
    names: Option<&NameFacts>,
    path: &PathFacts,
    service: &ServiceFacts,
) -> (Vec<Endpoint>, Sight) {
    let target = &question.target;
    let mut chosen: Vec<(IpAddr, &'static str)> = match (target.address, names) {
        (Some(address), _) => vec![(address, "written")],
        (None, Some(names)) => usable(question, path, &names.addresses),
        (None, None) => of_this_host(question, path, service),
    };
    chosen.truncate(MOST);
    let endpoints: Vec<Endpoint> = chosen
        .into_iter()
        .map(|(address, origin)| Endpoint {
            address: located(address, target.port, target.zone.as_deref(), path),
            origin: origin.to_owned(),
            interface: path.interface_of(address),
        })
        .collect();
    let elsewhere_is_meant = target.address.is_some() || target.name.is_some();
    let here = endpoints.iter().any(|endpoint| endpoint.interface.is_some());
    let sight = if here || !elsewhere_is_meant { Sight::Inside } else { Sight::Outside };
    (endpoints, sight)
}

/// With the interface of a link-local address: the one that was written, or the one of this host that has it.
fn located(address: IpAddr, port: u16, zone: Option<&str>, path: &PathFacts) -> SocketAddr {
    let IpAddr::V6(v6) = address else { return SocketAddr::new(address, port) };
    let index = |v6: Ipv6Addr| {
        let network = &path.network;
        let written = zone.map(|zone| {
            network.interface_named(zone).map(|interface| interface.index).or_else(|| zone.parse().ok())
        });
        let held = || network.addresses.iter().find(|one| one.address == v6).map(|one| one.interface);
        written.unwrap_or_else(held)
    };
    let scope = if v6.is_unicast_link_local() { index(v6).unwrap_or(0) } else { 0 };
    SocketAddr::V6(SocketAddrV6::new(v6, port, 0, scope))
}

/// The addresses of a name that whoever asks can use: a client of one IP version asks for no other, nor does this host for one of
/// which it has no address (RFC 6724). Where none is left, all are judged.
fn usable(
    question: &Question,
    path: &PathFacts,
    addresses: &[(IpAddr, &'static str)],
) -> Vec<(IpAddr, &'static str)> {
    let is_usable = |address: IpAddr| match question.from {
        Some(client) => client.is_ipv6() == address.is_ipv6(),
        None => path.interface_of(address).is_some() || has_version(path, address),
    };
    let usable: Vec<_> = addresses.iter().copied().filter(|(address, _)| is_usable(*address)).collect();
    if usable.is_empty() { addresses.to_vec() } else { usable }
}

/// Whether this host has an address from which it can speak to this one.
fn has_version(path: &PathFacts, address: IpAddr) -> bool {
    path.network.addresses.iter().any(|own| {
        own.address.is_ipv6() == address.is_ipv6()
            && !own.address.is_loopback()
            && !matches!(own.address, IpAddr::V6(v6) if v6.is_unicast_link_local())
    })
}

/// A bare port: the addresses that its listeners have, or one of each IP version that others may use.
fn of_this_host(
    question: &Question,
    path: &PathFacts,
    service: &ServiceFacts,
) -> Vec<(IpAddr, &'static str)> {
    let bound = service.listeners.iter().flat_map(|listener: &Listener| &listener.addresses);
    let mut specific: Vec<IpAddr> = Vec::new();
    let (mut v4, mut v6) = (false, false);
    for one in bound {
        let address = one.address.to_canonical();
        if address.is_unspecified() {
            v4 |= !matches!(one.covers, IpCoverage::Ipv6);
            v6 |= address.is_ipv6();
        } else if !address.is_loopback()
            && path.interface_of(address).is_some()
            && !specific.contains(&address)
        {
            specific.push(address);
        }
    }
    if !v4 && !v6 && specific.is_empty() {
        (v4, v6) = (true, true);
    }
    // A client of one IP version is asked for: whether the service has it is the question.
    if let Some(client) = question.from {
        (v4, v6) = (client.is_ipv4(), client.is_ipv6());
        specific.retain(|address| address.is_ipv6() == client.is_ipv6());
        if !specific.is_empty() {
            (v4, v6) = (false, false);
        }
    }
    let wanted = [(v4, false), (v6, true)].into_iter().filter(|(wanted, _)| *wanted);
    let mut addresses: Vec<IpAddr> = wanted.filter_map(|(_, v6)| usual(path, v6)).collect();
    for address in specific {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        addresses.push(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
    }
    addresses.into_iter().map(|address| (address, "interface")).collect()
}

/// The address of this IP version that others most likely use: the widest, on an interface that a default route leaves by, the
/// first of its network.
fn usual(path: &PathFacts, v6: bool) -> Option<IpAddr> {
    let network = &path.network;
    let leaves_by = |address: &Address| {
        let default = network.routes.iter().filter(|route| {
            route.kind == RouteKind::Unicast
                && route.destination.length == 0
                && route.destination.address.is_ipv6() == v6
        });
        default
            .flat_map(|route| route.nexthops.as_slice())
            .any(|hop| hop.interface == Some(address.interface))
    };
    // A bridge for containers that has none, a tunnel that is down: others are meant, where there are others.
    let works = |address: &Address| {
        network
            .interface(address.interface)
            .is_some_and(|interface| interface.flags.is_up() && interface.flags.has_carrier())
    };
    let candidates = network.addresses.iter().filter(|one| {
        one.address.is_ipv6() == v6
            && !one.address.is_loopback()
            && one.scope == Scope::UNIVERSE
            && !one.is_deprecated()
    });
    candidates
        .min_by_key(|one| {
            (!leaves_by(one), !works(one), one.is_duplicate(), one.is_tentative(), one.is_secondary())
        })
        .map(|one| one.address)
}
