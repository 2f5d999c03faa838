//! Listeners: sockets that wait for peers, grouped the way a person reads them.

use std::net::IpAddr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Holder, Interface, NamespaceId, NoHolder, Protocol, Reach, Unit};

/// One open port of one owner: all sockets with the same namespace, protocol, port, reach and owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Listener {
    /// Protocol.
    pub protocol: Protocol,
    /// Port.
    pub port: u16,
    /// The bind addresses, in order.
    pub addresses: Vec<BoundAddress>,
    /// How far the widest of them reaches.
    pub reach: Reach,
    /// Where it lives.
    pub namespace: NamespaceId,
    /// Name of the port in IANA's registry: what usually is there, not what is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual_service: Option<Arc<str>>,
    /// Number of sockets (more than addresses with `SO_REUSEPORT`).
    pub sockets: u32,
    /// Accept queue, for protocols that have one; the sum of `SO_REUSEPORT` members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_queue: Option<AcceptQueue>,
    /// Packets dropped at its sockets, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drops: Option<u64>,
    /// A UDP port from the ephemeral range: probably the client side of something.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ephemeral: bool,
    /// Who holds it.
    pub owner: Owner,
}

impl Listener {
    /// One socket at these addresses, of which nothing else is known: it reaches as far as the widest of them.
    pub fn new(protocol: Protocol, port: u16, addresses: Vec<BoundAddress>, namespace: NamespaceId) -> Self {
        let reach = addresses.iter().map(|bound| Reach::of_address(bound.address)).max();
        Self {
            protocol,
            port,
            addresses,
            reach: reach.unwrap_or(Reach::All),
            namespace,
            usual_service: None,
            sockets: 1,
            accept_queue: None,
            drops: None,
            ephemeral: false,
            owner: Owner::default(),
        }
    }
}

/// A bind address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct BoundAddress {
    /// The address; unspecified means every address.
    pub address: IpAddr,
    /// Which IP versions reach it.
    pub covers: IpCoverage,
    /// Device it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<Interface>,
}

/// Which IP versions a bind address takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IpCoverage {
    /// IPv4 only.
    Ipv4,
    /// IPv6 only.
    Ipv6,
    /// An IPv6 wildcard without `IPV6_V6ONLY`: both.
    DualStack,
    /// An IPv6 wildcard whose `IPV6_V6ONLY` could not be read.
    Ipv6PerhapsDualStack,
}

/// The accept queue of a TCP listener, in connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct AcceptQueue {
    /// Waiting to be accepted now.
    pub length: u32,
    /// Limit: min(backlog, somaxconn). One more than this is held before connections are dropped.
    pub limit: u32,
}

/// Who holds a listener, summed over its sockets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// Every holder.
    pub holders: Vec<Holder>,
    /// systemd unit of the holders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// The socket unit that PID 1 (or an activator) holds it for, and what it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activates: Option<Activation>,
    /// Container id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Arc<str>>,
    /// Where a forwarder such as docker-proxy sends what it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwards_to: Option<Forward>,
    /// Users of the holders, or of the socket where no holder was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<Arc<str>>,
    /// Why there is no holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_holder: Option<NoHolder>,
}

/// A socket held ready for a service that starts on the first connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Activation {
    /// `ssh.socket`, or the activator's command.
    pub socket_unit: Arc<str>,
    /// `ssh.service`, or the command that will be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Arc<str>>,
}

/// The target of a userland forwarder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Forward {
    /// Address.
    pub address: IpAddr,
    /// Port.
    pub port: u16,
    /// Container with that address, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Arc<str>>,
}
