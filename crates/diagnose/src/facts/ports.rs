//! Ephemeral ports of this host: the range, and what is taken of it, by destination and by source.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

/// The range and what is used of it, in the network namespace of the question.
#[derive(Clone, Debug, Default)]
pub struct PortFacts {
    /// `net.ipv4.ip_local_port_range`; IPv6 uses the same.
    pub range: Option<RangeInclusive<u16>>,
    /// `net.ipv4.ip_local_reserved_ports`, which the kernel does not choose.
    pub reserved: Vec<RangeInclusive<u16>>,
    /// `net.ipv4.tcp_tw_reuse`: 0 never, 1 always, 2 over the loopback interface only.
    pub time_wait_reuse: Option<u8>,
    /// Ports of the range that a listener or a socket that is only bound keeps from every connection.
    pub blocked: u32,
    /// Connections from this host to the endpoints, and to wherever most of the range is taken.
    pub destinations: Vec<Destination>,
    /// Addresses of this host with which most of the range is taken, whatever the destination.
    pub sources: Vec<SourceUse>,
    /// Ports of the range that UDP sockets have.
    pub datagram: u32,
    /// Why the sockets could not be counted.
    pub uncounted: Option<String>,
}

/// The connections from one address of this host to one address and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The address of this host.
    pub source: IpAddr,
    /// Where to.
    pub to: SocketAddr,
    /// Ports of the range with a live connection.
    pub live: u32,
    /// Ports of the range that only wait for their time (`TIME_WAIT`).
    pub time_wait: u32,
    /// Processes that hold the live ones, those with the most first. Only looked for where most of the range is taken.
    pub holders: Vec<PortHolder>,
}

/// The sockets of one address of this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceUse {
    /// The address.
    pub source: IpAddr,
    /// Ports of the range with a socket of any state.
    pub taken: u32,
    /// Processes that hold them.
    pub holders: Vec<PortHolder>,
}

/// A process and how many of the sockets it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortHolder {
    /// Process id.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// Sockets.
    pub sockets: u32,
}

impl PortFacts {
    /// Ports that the kernel may choose.
    pub fn usable(&self) -> Option<u32> {
        let range = self.range.clone()?;
        let reserved = |port: &u16| self.reserved.iter().any(|one| one.contains(port));
        u32::try_from(range.filter(|port| !reserved(port)).count()).ok()
    }

    /// Whether the kernel gives ports in `TIME_WAIT` towards this address out again, once they are a second old.
    pub fn reuses_time_wait(&self, to: IpAddr) -> bool {
        match self.time_wait_reuse {
            Some(1) => true,
            // tcp_twsk_unique in net/ipv4/tcp_ipv4.c: both ends, or the interface, are the loopback.
            Some(2) => to.is_loopback(),
            _ => false,
        }
    }

    /// At least and at most so many ports are taken for a connection to it. Ports of other sockets that came by `bind()` may be taken,
    /// too, which the kernel does not tell.
    pub fn taken(&self, destination: &Destination) -> (u32, u32) {
        let certain = self.blocked + destination.live;
        let all = certain + destination.time_wait;
        if self.reuses_time_wait(destination.to.ip()) { (certain, all) } else { (all, all) }
    }

    /// The connections to an endpoint; from several addresses, those that have the most.
    pub fn towards(&self, endpoint: SocketAddr) -> Option<&Destination> {
        let same = |one: &&Destination| (one.to.ip(), one.to.port()) == (endpoint.ip(), endpoint.port());
        self.destinations.iter().filter(same).max_by_key(|one| one.live + one.time_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_ports_are_not_usable_and_waiting_ones_only_by_reuse() {
        let mut ports = PortFacts {
            range: Some(40_000..=40_009),
            reserved: vec![40_005..=50_000, 1..=2],
            time_wait_reuse: Some(2),
            blocked: 1,
            ..PortFacts::default()
        };
        assert_eq!(ports.usable(), Some(5));
        let mut destination = Destination {
            source: "192.0.2.1".parse().unwrap(),
            to: "192.0.2.2:443".parse().unwrap(),
            live: 2,
            time_wait: 2,
            holders: Vec::new(),
        };
        assert_eq!(ports.taken(&destination), (5, 5));
        destination.to = "127.0.0.1:443".parse().unwrap();
        assert_eq!(ports.taken(&destination), (3, 5));
        ports.time_wait_reuse = Some(0);
        assert_eq!(ports.taken(&destination), (5, 5));
    }
}
