//! Which addresses of the target are judged, and from where it is looked at.

use std::net::{IpAddr, SocketAddr};

use portreeve_firewall::network::{Address, RouteKind, Scope};
use portreeve_model::IpCoverage;
use portreeve_model::Listener;
use portreeve_model::why::{Endpoint, Sight};

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
        (None, Some(names)) => names.addresses.clone(),
        (None, None) => of_this_host(path, service),
    };
    chosen.truncate(MOST);
    let endpoints: Vec<Endpoint> = chosen
        .into_iter()
        .map(|(address, origin)| Endpoint {
            address: SocketAddr::new(address, target.port),
            origin: origin.to_owned(),
            interface: path.interface_of(address),
        })
        .collect();
    let named = target.address.is_some() || target.name.is_some();
    let here = endpoints.iter().any(|endpoint| endpoint.interface.is_some());
    let sight = if here || !named { Sight::Inside } else { Sight::Outside };
    (endpoints, sight)
}

/// A bare port: the addresses that its listeners have, or one of each IP version that others may use.
fn of_this_host(path: &PathFacts, service: &ServiceFacts) -> Vec<(IpAddr, &'static str)> {
    let bound = service.listeners.iter().flat_map(|listener: &Listener| &listener.addresses);
    let mut specific: Vec<IpAddr> = Vec::new();
    let (mut v4, mut v6) = (false, false);
    for one in bound {
        let address = one.address.to_canonical();
        if address.is_unspecified() {
            v4 |= !matches!(one.covers, IpCoverage::Ipv6);
            v6 |= address.is_ipv6();
        } else if !address.is_loopback() && !specific.contains(&address) {
            specific.push(address);
        }
    }
    if !v4 && !v6 && specific.is_empty() {
        (v4, v6) = (true, true);
    }
    let wanted = [(v4, false), (v6, true)].into_iter().filter(|(wanted, _)| *wanted);
    let mut addresses: Vec<IpAddr> = wanted.filter_map(|(_, v6)| usual(path, v6)).collect();
    addresses.extend(specific);
    addresses.dedup();
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
    let candidates = network.addresses.iter().filter(|one| {
        one.address.is_ipv6() == v6
            && !one.address.is_loopback()
            && one.scope == Scope::UNIVERSE
            && !one.is_deprecated()
            && !one.is_duplicate()
    });
    candidates.min_by_key(|one| (!leaves_by(one), one.is_secondary())).map(|one| one.address)
}
