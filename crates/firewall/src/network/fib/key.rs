//! What a routing decision is asked for.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A packet that came in, as routing sees it after the PREROUTING hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputKey {
    /// Source address.
    pub source: IpAddr,
    /// Destination address, after destination NAT. Of the source's family.
    pub destination: IpAddr,
    /// Index of the interface it came in by.
    pub iif: u32,
    /// Its mark.
    pub mark: u32,
    /// TOS byte or traffic class.
    pub tos: u8,
    /// IP protocol; for IPv6 that after the extension headers.
    pub protocol: u8,
    /// Source port; `None` where the protocol has none, or in a fragment that is not the first.
    pub source_port: Option<u16>,
    /// Destination port, likewise.
    pub destination_port: Option<u16>,
    /// Whom the frame was addressed to.
    pub frame: Frame,
}

/// Whom a frame was addressed to (`skb->pkt_type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// This machine's hardware address (`PACKET_HOST`); the case of interfaces without hardware addresses, too.
    #[default]
    Host,
    /// All (`PACKET_BROADCAST`).
    Broadcast,
    /// A group (`PACKET_MULTICAST`).
    Multicast,
    /// Another machine (`PACKET_OTHERHOST`): seen because the interface is promiscuous.
    Other,
}

/// A packet on its arrival, before the PREROUTING hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ArrivalKey {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Index of the interface.
    pub iif: u32,
    /// Whom the frame was addressed to.
    pub frame: Frame,
}

/// A packet about to be forwarded, before the FORWARD hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ForwardKey {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Index of the interface it came in by.
    pub iif: u32,
    /// Index of the interface it leaves by.
    pub oif: u32,
    /// The largest packet that way, from [`super::Routed::Forward`].
    pub mtu: u32,
    /// The way has a router, from [`super::Routed::Forward`].
    pub by_gateway: bool,
    /// TTL or hop limit as it came.
    pub hop_limit: u8,
    /// Bytes of the packet, IP header included; `None` is "small enough".
    pub length: Option<u32>,
    /// IPv4: not to be fragmented.
    pub dont_fragment: bool,
    /// IPv4: carries the strict source route option.
    pub strict_source_route: bool,
    /// Whom the frame was addressed to.
    pub frame: Frame,
}

/// A packet, or a connection, that this machine is about to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OutputKey {
    /// Source address, if the sender has chosen one (bound to it). Of the destination's family.
    pub source: Option<IpAddr>,
    /// Destination address.
    pub destination: IpAddr,
    /// Index of the interface the sender has chosen, if it has.
    pub oif: Option<u32>,
    /// The socket is bound to that interface (`SO_BINDTODEVICE`), and has not only chosen it for this packet (`IP_PKTINFO`, scope of
    /// an IPv6 address). IPv6 then never takes another one.
    pub bound: bool,
    /// Mark of the socket.
    pub mark: u32,
    /// TOS byte or traffic class.
    pub tos: u8,
    /// IP protocol.
    pub protocol: u8,
    /// Source port, where the protocol has one and it is chosen.
    pub source_port: Option<u16>,
    /// Destination port, where the protocol has one.
    pub destination_port: Option<u16>,
    /// User who owns the socket. `None` is "not known"; policy rules for users are then unknown.
    pub uid: Option<u32>,
    /// The sender may use addresses that are not this machine's (`IP_TRANSPARENT`, `IP_FREEBIND`).
    pub any_source: bool,
}

/// A packet of this machine whose mark, addresses or TOS changed at the OUTPUT hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RerouteKey {
    /// Source address now.
    pub source: IpAddr,
    /// Destination address now.
    pub destination: IpAddr,
    /// Index of the interface the socket is bound to, if it is.
    pub bound: Option<u32>,
    /// Index of the interface the packet was routed to before.
    pub oif: u32,
    /// Mark now.
    pub mark: u32,
    /// TOS byte or traffic class now.
    pub tos: u8,
    /// IP protocol.
    pub protocol: u8,
    /// Source port now.
    pub source_port: Option<u16>,
    /// Destination port now.
    pub destination_port: Option<u16>,
    /// User who owns the socket; see [`OutputKey::uid`].
    pub uid: Option<u32>,
}
