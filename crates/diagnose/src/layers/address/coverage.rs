//! Which connections a bound address takes.

use std::net::IpAddr;

use portreeve_model::{BoundAddress, IpCoverage, Listener};

/// Whether connections to the address come to this socket, whatever interface they come by.
pub(super) fn takes(bound: &BoundAddress, address: IpAddr) -> bool {
    let own = bound.address.to_canonical();
    if !own.is_unspecified() {
        return own == address;
    }
    match bound.covers {
        IpCoverage::Ipv4 => address.is_ipv4(),
        IpCoverage::Ipv6 => address.is_ipv6(),
        IpCoverage::DualStack | IpCoverage::Ipv6PerhapsDualStack => true,
    }
}

/// Whether the socket is for this machine only.
pub(super) fn is_loopback(bound: &BoundAddress) -> bool {
    bound.address.to_canonical().is_loopback()
}

/// An IPv6 wildcard that takes no IPv4.
pub(super) fn is_v6_wildcard(bound: &BoundAddress) -> bool {
    bound.address.is_ipv6() && bound.address.is_unspecified() && bound.covers == IpCoverage::Ipv6
}

/// The addresses of all listeners, each with its listener.
pub(super) fn all(listeners: &[Listener]) -> impl Iterator<Item = (&Listener, &BoundAddress)> {
    listeners.iter().flat_map(|listener| listener.addresses.iter().map(move |bound| (listener, bound)))
}
