//! Single packets from elsewhere, for questions that are not about a listener.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Scene;
use crate::answer::infer;
use crate::ir::Version;
use crate::network::{Address, Interface, Network};
use crate::packet::{Place, Question, State, Transport};
use crate::simulate::{Options, Simulation, Simulator};

const TCP: u8 = 6;
const SYN: u8 = 0x02;
const EPHEMERAL: u16 = 40_000;

/// Somebody elsewhere: where its packets come from, by which interface, and the address of this host that it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stranger {
    pub(super) source: IpAddr,
    pub(super) interface: String,
    pub(super) own: IpAddr,
    /// It is on the internet; otherwise a neighbour on the link.
    pub(super) remote: bool,
}

/// For a version of IP, one on the internet where packets come from there, or else a neighbour on each link.
pub(super) fn strangers(network: &Network, version: Version) -> Vec<Stranger> {
    if let Some(remote) = remote(network, version) {
        return vec![remote];
    }
    let links = network.interfaces.iter().filter(|interface| is_link(interface));
    links.filter_map(|interface| neighbour(network, interface, version)).collect()
}

/// An ordinary public address, which no list of special addresses has in it (RFC 6890).
fn far_away(version: Version) -> IpAddr {
    match version {
        Version::V4 => Ipv4Addr::new(9, 109, 209, 77).into(),
        Version::V6 => Ipv6Addr::new(0x2620, 0xfe, 0x77, 0x1, 0, 0, 0, 0x4d).into(),
    }
}

fn remote(network: &Network, version: Version) -> Option<Stranger> {
    let source = far_away(version);
    // The address of this host does not matter for the way back.
    let asked = crate::packet::parse(&format!("from {source} to {source} tcp"), &|_, _| None).ok()?;
    let Place::In(interface) = infer(asked, network).ok()?.question.place else { return None };
    let index = network.interface_named(&interface)?.index;
    let own = own_address(network, Some(index), version).or_else(|| own_address(network, None, version))?;
    Some(Stranger { source, interface, own, remote: true })
}

/// Another host on the link of an interface.
pub(super) fn neighbour(network: &Network, interface: &Interface, version: Version) -> Option<Stranger> {
    let own = network
        .addresses
        .iter()
        .find(|address| is_usable(address, version) && address.interface == interface.index)?;
    let source = beside(own)?;
    Some(Stranger { source, interface: interface.name.clone(), own: own.address, remote: false })
}

/// An interface that packets from elsewhere come in by: up, no loopback, and no port of a bridge or bond.
pub(super) fn is_link(interface: &Interface) -> bool {
    interface.flags.is_up() && !interface.flags.is_loopback() && interface.master.is_none()
}

fn own_address(network: &Network, interface: Option<u32>, version: Version) -> Option<IpAddr> {
    let fits = |address: &&Address| {
        is_usable(address, version) && interface.is_none_or(|index| address.interface == index)
    };
    network.addresses.iter().find(fits).map(|address| address.address)
}

fn is_usable(address: &Address, version: Version) -> bool {
    match address.address {
        IpAddr::V4(v4) => version == Version::V4 && !v4.is_loopback(),
        IpAddr::V6(v6) => {
            let link_local = v6.segments().first().is_some_and(|first| first & 0xffc0 == 0xfe80);
            version == Version::V6 && !v6.is_loopback() && !link_local
        }
    }
}

/// An address next to one's own in the same network.
fn beside(own: &Address) -> Option<IpAddr> {
    if let Some(peer) = own.peer.filter(|peer| *peer != own.address) {
        return Some(peer);
    }
    match own.address {
        IpAddr::V4(v4) if own.prefix_length < 31 => {
            let [host, network] = [v4.to_bits() ^ 1, v4.to_bits() ^ 2];
            // Neither the network's own address nor its broadcast address is a host's.
            let free = (1_u32 << (32 - u32::from(own.prefix_length))) - 1;
            let is_host = |address: &u32| address & free != 0 && address & free != free;
            [host, network].into_iter().find(is_host).map(|bits| Ipv4Addr::from_bits(bits).into())
        }
        IpAddr::V6(v6) if own.prefix_length < 127 => Some(Ipv6Addr::from_bits(v6.to_bits() ^ 2).into()),
        _ => None,
    }
}

/// What becomes of the first packet of a connection to an address and port.
pub(super) fn connection(
    simulator: &Simulator<'_>,
    from: &Stranger,
    destination: IpAddr,
    protocol: u8,
    port: u16,
) -> Option<Simulation> {
    let (source, destination_port) = (Some(EPHEMERAL), Some(port));
    let transport = if protocol == TCP {
        Transport::Tcp { source, destination: destination_port, flags: Some(SYN) }
    } else {
        Transport::Ports { protocol, source, destination: destination_port }
    };
    let question = Question {
        source: Some(from.source),
        destination,
        transport,
        place: Place::In(from.interface.clone()),
        state: State::First,
        reply: false,
        mark: 0,
        dscp: Some(0),
        ttl: Some(64),
        length: Some(60),
        ether_source: None,
        ether_destination: None,
        fragment: None,
    };
    simulator.run(&question, &Options::default()).ok()
}

/// What becomes of a packet that an exposure names as its witness.
pub(super) fn witness(scene: &Scene<'_>, simulator: &Simulator<'_>, packet: &str) -> Option<Simulation> {
    let asked = crate::packet::parse(packet, &|_, _| None).ok()?;
    let question = infer(asked, scene.network).ok()?.question;
    simulator.run(&question, &Options::default()).ok()
}
