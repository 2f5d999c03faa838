//! Doors as they are asked about: one version of IP, addresses as a client names them, and what counts as arriving.

use std::net::IpAddr;

use portreeve_model::Protocol;
use portreeve_model::exposure::{Door, DoorKind};

use super::entrance::Entrance;
use crate::ir::Version;
use crate::network::{Address, Network};
use crate::simulate::{End, Fate};

/// A door in one version of IP.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) version: Version,
    /// `IPPROTO_*`.
    pub(super) protocol: u8,
    /// Ports, first and last; `None` for a protocol without.
    pub(super) ports: Option<(u16, u16)>,
    /// Addresses as a client names them, sorted; never empty.
    pub(super) destinations: Vec<IpAddr>,
    /// Every address of the host, not certain ones.
    pub(super) wildcard: bool,
    /// What it is bound to.
    pub(super) device: Device,
    pub(super) kind: DoorKind,
}

/// The device that a listener is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Device {
    Any,
    /// Of this index and name.
    Bound(u32, String),
    /// Of this name, which the host does not have.
    Missing(String),
}

/// Where packets arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Arrival {
    /// `None` where it is the address that the client named.
    pub(super) address: Option<IpAddr>,
    /// `None` where it is the port that the client named.
    pub(super) port: Option<u16>,
}

/// A door in every version that it has addresses of.
pub(super) fn targets(door: &Door, network: &Network) -> Vec<Target> {
    let Some((protocol, has_ports)) = number(door) else { return Vec::new() };
    let device = match &door.interface {
        None => Device::Any,
        Some(name) => match network.interface_named(name) {
            Some(found) => Device::Bound(found.index, name.clone()),
            None => Device::Missing(name.clone()),
        },
    };
    let addresses = || door.addresses.iter().map(IpAddr::to_canonical);
    let mut targets = Vec::new();
    for version in [Version::V4, Version::V6] {
        let named: Vec<IpAddr> = addresses().filter(|address| is_of(*address, version)).collect();
        let wildcard = named.iter().any(IpAddr::is_unspecified);
        let mut destinations = if wildcard { own(network, version) } else { named };
        destinations.sort_unstable();
        destinations.dedup();
        if !destinations.is_empty() {
            targets.push(Target {
                version,
                protocol,
                ports: has_ports.then_some((door.port, door.port_end.unwrap_or(door.port).max(door.port))),
                destinations,
                wildcard,
                device: device.clone(),
                kind: door.kind.clone(),
            });
        }
    }
    targets
}

/// The protocol's number, and whether its packets have ports. `None` where nothing comes by IP.
fn number(door: &Door) -> Option<(u8, bool)> {
    Some(match door.protocol {
        Protocol::Tcp | Protocol::Mptcp => (6, true),
        Protocol::Udp => (17, true),
        Protocol::Udplite => (136, true),
        Protocol::Sctp => (132, true),
        // The port of a raw socket is the protocol's number.
        Protocol::Raw => (u8::try_from(door.port).ok()?, false),
        Protocol::Icmp
        | Protocol::Packet
        | Protocol::UnixStream
        | Protocol::UnixDatagram
        | Protocol::UnixSeqpacket
        | Protocol::Vsock => return None,
    })
}

/// Addresses that the host answers for.
pub(super) fn own(network: &Network, version: Version) -> Vec<IpAddr> {
    let mut own: Vec<IpAddr> = network
        .addresses
        .iter()
        .filter(|address| !address.is_duplicate() && (!address.is_tentative() || address.is_optimistic()))
        .map(|address| address.address)
        .filter(|address| is_of(*address, version))
        .collect();
    own.sort_unstable();
    own.dedup();
    own
}

pub(super) fn is_of(address: IpAddr, version: Version) -> bool {
    address.is_ipv4() == (version == Version::V4)
}

impl Target {
    /// Whether what ends so is at the door, and where; otherwise why not.
    pub(super) fn takes(&self, fate: &Fate) -> Result<Arrival, String> {
        let translated = fate.translated;
        let arrival = if translated {
            Arrival { address: fate.address, port: fate.port }
        } else {
            Arrival { address: None, port: None }
        };
        match (&self.kind, &fate.end) {
            (DoorKind::Listener, End::Sent { .. }) if !translated => {
                Err("the address is not of this host: the packet is passed on".to_owned())
            }
            (DoorKind::Translated { to }, _) => {
                let same = fate.address.is_none_or(|address| to.ip().is_unspecified() || address == to.ip());
                match (translated, same) {
                    (true, true) => Ok(arrival),
                    (true, false) => Err("other rules translate it to another address".to_owned()),
                    (false, _) => {
                        Err("no rule translates it: it is for the port of that number itself".to_owned())
                    }
                }
            }
            (DoorKind::Behind, End::Delivered) => Err("this host takes it itself".to_owned()),
            (DoorKind::Listener | DoorKind::Behind, _) => Ok(arrival),
        }
    }

    /// Which of its destinations are for the door when they come in this way, whatever rules say; where not all, also why not.
    pub(super) fn open_at(&self, entrance: Entrance, network: &Network) -> (Vec<IpAddr>, Option<String>) {
        let (index, name) = match &self.device {
            Device::Any => return (self.destinations.clone(), None),
            Device::Missing(name) => {
                return (Vec::new(), Some(format!("the socket is bound to {name}, which is not there")));
            }
            Device::Bound(index, name) => (*index, name),
        };
        let open = |destination: &&IpAddr| match entrance {
            // What the host sends to itself counts as come in by the device that has the address (`ip_route_output_key_hash_rcu`,
            // `net/ipv4/route.c`; IPv6: the device of the route's `rt6i_idev`).
            Entrance::Own => network.addresses.iter().any(|own| {
                own.interface == index && (own.address == **destination || is_loopback_of(own, **destination))
            }),
            // The bridge stands for its ports, a VRF for its members.
            Entrance::In(by) => {
                by == index || network.interface(by).is_some_and(|by| by.master == Some(index))
            }
        };
        let open: Vec<IpAddr> = self.destinations.iter().filter(open).copied().collect();
        let shut = open.len() < self.destinations.len();
        (open, shut.then(|| format!("the socket is bound to {name}")))
    }

    /// Its port where it has one only.
    pub(super) fn single_port(&self) -> Option<u16> {
        self.ports.filter(|(first, last)| first == last).map(|(first, _)| first)
    }
}

/// IPv4 has a whole network of addresses at the loopback interface.
fn is_loopback_of(own: &Address, destination: IpAddr) -> bool {
    own.address.is_loopback() && destination.is_loopback() && own.address.is_ipv4() && destination.is_ipv4()
}
