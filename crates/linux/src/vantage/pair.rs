//! The namespace and the pair of interfaces.

use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};

use portreeve_wire::WireError;
use portreeve_wire::route::{self, Link, RouteTo};

use super::VantageError;
use crate::namespace::NetworkNamespace;
use crate::netlink::{Family, NetlinkError, NetlinkSocket, change, dump};

/// Name of the interface inside.
const INSIDE: &str = "probe";

/// A namespace beside the one in which it was opened. Dropping it removes everything.
#[derive(Debug)]
pub struct Vantage {
    /// Name of the interface that the namespace beside has for now.
    pub interface: String,
    /// Its index.
    pub index: u32,
    inside: NetworkNamespace,
    /// Belongs to the namespace beside.
    beside: NetlinkSocket,
}

/// What a link is addressed by.
struct End {
    index: u32,
    hardware: Vec<u8>,
}

impl Vantage {
    /// Makes a vantage point beside the calling thread's namespace, which has the addresses `sources` and reaches
    /// `destinations` over the link, whatever ARP and neighbour discovery would say.
    ///
    /// # Errors
    /// [`VantageError`]; `EPERM` without `CAP_NET_ADMIN` and `CAP_SYS_ADMIN`. Nothing is left behind.
    pub fn open(sources: &[IpAddr], destinations: &[IpAddr]) -> Result<Self, VantageError> {
        let inside = NetworkNamespace::within_new(NetworkNamespace::current)
            .and_then(|namespace| namespace)
            .map_err(VantageError::Namespace)?;
        let mut beside = NetlinkSocket::open(Family::Route).map_err(VantageError::Socket)?;
        // At most 15 bytes: process ids have at most 22 bits.
        let interface = format!("portreeve{:x}", std::process::id());
        let namespace = inside.as_fd().as_raw_fd();
        change(&mut beside, |seq| route::new_veth(seq, &interface, INSIDE, namespace))
            .map_err(VantageError::Pair)?;
        let near = find(&mut beside, &interface)?;
        // From here on dropping it cleans up.
        let mut vantage = Self { interface, index: near.index, inside, beside };
        vantage.set_up(&near, sources, destinations)?;
        Ok(vantage)
    }

    fn set_up(
        &mut self,
        near: &End,
        sources: &[IpAddr],
        destinations: &[IpAddr],
    ) -> Result<(), VantageError> {
        // A kernel without IPv6 refuses, and then there is nothing to prevent.
        let _ = change(&mut self.beside, |seq| route::no_own_ipv6_address(seq, near.index));
        change(&mut self.beside, |seq| route::set_link_up(seq, near.index)).map_err(VantageError::Pair)?;
        let far = self
            .inside
            .within(|| set_up_inside(sources, destinations, &near.hardware))
            .map_err(VantageError::Namespace)??;
        for address in sources {
            let refused = |source| VantageError::Source { address: *address, source };
            change(&mut self.beside, |seq| route::new_neighbour(seq, near.index, *address, &far.hardware))
                .map_err(refused)?;
            change(&mut self.beside, |seq| route::new_route(seq, near.index, RouteTo::Host(*address)))
                .map_err(refused)?;
        }
        Ok(())
    }

    /// Runs `work` on a thread inside.
    ///
    /// # Errors
    /// As [`NetworkNamespace::within`].
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, rustix::io::Errno> {
        self.inside.within(work)
    }
}

impl Drop for Vantage {
    fn drop(&mut self) {
        // The namespace's end would take the interface along, but later: whoever looks next must not see it any more.
        if let Err(error) = change(&mut self.beside, |seq| route::delete_link(seq, self.index)) {
            tracing::debug!(%error, "the probe's interface was not removed; the kernel removes it with its namespace");
        }
    }
}

fn set_up_inside(sources: &[IpAddr], destinations: &[IpAddr], near: &[u8]) -> Result<End, VantageError> {
    let mut socket = NetlinkSocket::open(Family::Route).map_err(VantageError::Socket)?;
    let far = find(&mut socket, INSIDE)?;
    let mut set = |encode: &dyn Fn(u32) -> Result<Vec<u8>, WireError>| change(&mut socket, encode);
    set(&|seq| route::set_link_up(seq, far.index)).map_err(VantageError::Pair)?;
    for address in sources {
        set(&|seq| route::new_address(seq, far.index, *address))
            .map_err(|source| VantageError::Source { address: *address, source })?;
    }
    for v4 in [true, false] {
        if let Some(any) = sources.iter().find(|address| address.is_ipv4() == v4) {
            set(&|seq| route::new_route(seq, far.index, RouteTo::Everywhere(*any)))
                .map_err(VantageError::Pair)?;
        }
    }
    for address in destinations.iter().filter(|address| {
        // Without a source of its version it is not used, and the version may be switched off.
        sources.iter().any(|source| source.is_ipv4() == address.is_ipv4())
    }) {
        set(&|seq| route::new_neighbour(seq, far.index, *address, near)).map_err(VantageError::Pair)?;
    }
    Ok(far)
}

fn find(socket: &mut NetlinkSocket, name: &str) -> Result<End, VantageError> {
    let ends = dump(
        socket,
        |seq| Ok(route::dump_links(seq)),
        |message| {
            let link = Link::from_message(message)?;
            let found = link.name == name;
            Ok(found.then(|| End { index: link.index, hardware: link.address.to_vec() }))
        },
    )
    .map_err(|error: NetlinkError| VantageError::Pair(error))?;
    ends.items.into_iter().next().ok_or(VantageError::Gone)
}
