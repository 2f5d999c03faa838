//! Bridges: which interface is a port of which, and whether a frame goes up to IP or stays in the bridge.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Interface, Network, RouteKind, Scope};

/// What a bridge does with a frame that came in by one of its ports.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BridgePath {
    /// Handed to IP as received on the bridge, which is `bridge`.
    Up {
        /// Index of the bridge.
        bridge: u32,
    },
    /// Passed on to another port, or to all of them; IP on this machine has no part in it.
    Bridged {
        /// Index of the bridge.
        bridge: u32,
        /// Indices of the other ports.
        ports: Vec<u32>,
    },
    /// Both: a frame for all, or for a group.
    Both {
        /// Index of the bridge.
        bridge: u32,
        /// Indices of the other ports.
        ports: Vec<u32>,
    },
}

impl Network {
    /// The bridge that an interface is a port of.
    pub fn bridge_of(&self, port: u32) -> Option<&Interface> {
        let port = self.interface(port)?;
        if port.master_kind.as_deref() != Some("bridge") {
            return None;
        }
        self.interface(port.master?)
    }

    /// The ports of a bridge.
    pub fn ports_of(&self, bridge: u32) -> impl Iterator<Item = &Interface> {
        self.interfaces.iter().filter(move |interface| {
            interface.master == Some(bridge) && interface.master_kind.as_deref() == Some("bridge")
        })
    }

    /// Whether a packet for `destination` that came in by `port` goes up or stays in the bridge; `None` if `port` is no port of a
    /// bridge.
    ///
    /// A bridge decides by hardware addresses, which a question about a packet does not tell. Assumed is a sender that does what IP
    /// says: a destination on the bridge's own networks is addressed directly, everything else goes to this machine as the router,
    /// if the bridge has an address that reaches further than its link; a bridge without one routes nothing of the family.
    pub fn bridge_path(&self, port: u32, destination: IpAddr) -> Option<BridgePath> {
        let bridge = self.bridge_of(port)?.index;
        let ports = || -> Vec<u32> {
            self.ports_of(bridge).map(|other| other.index).filter(|index| *index != port).collect()
        };
        if is_for_all(destination) || self.is_broadcast_of(bridge, destination) {
            return Some(BridgePath::Both { bridge, ports: ports() });
        }
        if self.addresses.iter().any(|address| address.address == destination) {
            return Some(BridgePath::Up { bridge });
        }
        let mut networks = self
            .addresses
            .iter()
            .filter(|address| {
                address.interface == bridge
                    && address.address.is_ipv4() == destination.is_ipv4()
                    && address.scope < Scope::LINK
            })
            .peekable();
        let routed =
            networks.peek().is_some() && !networks.any(|address| address.network().contains(destination));
        Some(if routed { BridgePath::Up { bridge } } else { BridgePath::Bridged { bridge, ports: ports() } })
    }

    fn is_broadcast_of(&self, interface: u32, address: IpAddr) -> bool {
        self.routes.iter().any(|route| {
            route.kind == RouteKind::Broadcast
                && route.destination.address == address
                && route.nexthops.as_slice().iter().any(|way| way.interface == Some(interface))
        })
    }
}

fn is_for_all(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_broadcast() || address.is_multicast(),
        IpAddr::V6(address) => address.is_multicast(),
    }
}
