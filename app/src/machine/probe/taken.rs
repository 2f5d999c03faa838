//! Addresses that must not be borrowed, since the host speaks to them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use portreeve_firewall::network::Network;
use portreeve_linux::vantage::spoken_to;

/// Addresses of the calling thread's namespace, its routers, its neighbours, and everybody whom one of its sockets speaks to.
pub(super) struct Taken(BTreeSet<IpAddr>);

impl Taken {
    pub(super) fn look(network: &Network) -> Self {
        let mut taken: BTreeSet<IpAddr> = network.addresses.iter().map(|own| own.address).collect();
        taken.extend(network.addresses.iter().filter_map(|own| own.peer));
        let nexthops = network.routes.iter().flat_map(|route| route.nexthops.as_slice());
        taken.extend(nexthops.filter_map(|nexthop| nexthop.gateway));
        // A route to one address alone was made for somebody.
        let alone = network.routes.iter().filter(|route| {
            route.destination.length == if route.destination.address.is_ipv4() { 32 } else { 128 }
        });
        taken.extend(alone.map(|route| route.destination.address));
        taken.extend(spoken_to());
        Self(taken)
    }

    /// Whether an address can be borrowed for a moment.
    pub(super) fn is_free(&self, address: IpAddr) -> bool {
        let special = match address {
            IpAddr::V4(address) => {
                address.is_broadcast() || address.is_link_local() || matches!(address.octets(), [0, ..])
            }
            // The route back to a link-local address depends on the interface.
            IpAddr::V6(address) => address.is_unicast_link_local(),
        };
        !special
            && !address.is_unspecified()
            && !address.is_loopback()
            && !address.is_multicast()
            && !self.0.contains(&address)
    }
}
