//! The `fib` expression of nftables (`net/ipv4/netfilter/nft_fib_ipv4.c`, `net/ipv6/netfilter/nft_fib_ipv6.c`,
//! `include/net/netfilter/nft_fib.h`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::address_v6::{is_link_local, is_unicast};
use super::flow::{Flow, LOOPBACK};
use super::index::{AnswerV4, Fib};
use super::input_v4::{is_local_multicast, is_zeronet};
use super::outcome::Uncertain;
use crate::network::RouteKind;

/// What is asked: `fib daddr . iif`, `fib saddr . mark . iif`, ...
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FibQuery {
    /// Which address is looked up.
    pub address: FibAddress,
    /// The packet's mark is part of the lookup (`mark`).
    pub mark: bool,
    /// Which interface restricts the answer (`iif`, `oif`).
    pub interface: Option<FibInterface>,
}

/// `saddr` or `daddr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FibAddress {
    /// The source.
    Source,
    /// The destination.
    Destination,
}

/// `iif` or `oif`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FibInterface {
    /// The one the packet came in by.
    Input,
    /// The one it leaves by.
    Output,
}

/// The packet in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FibPacket {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Index of the interface it came in by.
    pub iif: Option<u32>,
    /// Index of the interface it leaves by.
    pub oif: Option<u32>,
    /// Its mark.
    pub mark: u32,
    /// TOS byte or traffic class.
    pub tos: u8,
    /// IP protocol.
    pub protocol: u8,
    /// Where the expression stands.
    pub hook: FibHook,
}

/// Hooks as far as they make a difference here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FibHook {
    /// PREROUTING, INPUT or ingress: what came by loopback is not looked up.
    Incoming,
    /// FORWARD.
    Forward,
    /// OUTPUT or POSTROUTING.
    Outgoing,
}

impl Fib {
    /// `fib ... type`.
    pub fn fib_type(&self, query: &FibQuery, packet: &FibPacket) -> Result<RouteKind, Uncertain> {
        let interface = packet.interface(*query);
        let (address, other) = packet.addresses(*query);
        match (address, other) {
            (IpAddr::V4(address), _) => self.address_type_v4(address, interface),
            (IpAddr::V6(address), IpAddr::V6(other)) => {
                let flow = flow_v6(*query, packet, address, other, interface);
                self.type_v6(&flow, interface)
            }
            _ => Ok(super::address_type::UNSPECIFIED),
        }
    }

    /// `fib ... oif`, `oifname` and `check`: index of the interface, or none where nftables sees 0, an empty name, or "missing".
    pub fn fib_interface(&self, query: &FibQuery, packet: &FibPacket) -> Result<Option<u32>, Uncertain> {
        // nft_fib_can_skip, for packets that no socket was found for yet.
        let by_loopback =
            || packet.iif.and_then(|iif| self.device(iif)).is_some_and(|device| device.loopback);
        if packet.hook == FibHook::Incoming && by_loopback() {
            return Ok(packet.iif);
        }
        // nft_fib4_eval: hosts without an address yet.
        if let (IpAddr::V4(source), IpAddr::V4(destination)) = (packet.source, packet.destination)
            && is_zeronet(source)
            && (destination.is_broadcast() || is_local_multicast(destination))
        {
            return Ok(packet.iif.or(packet.oif));
        }
        let interface = packet.interface(*query);
        match packet.addresses(*query) {
            (IpAddr::V4(address), IpAddr::V4(other)) => {
                self.interface_v4(*query, packet, address, other, interface)
            }
            (IpAddr::V6(address), IpAddr::V6(other)) => {
                self.interface_v6(*query, packet, address, other, interface)
            }
            _ => Ok(None),
        }
    }

    /// `nft_fib4_eval`.
    fn interface_v4(
        &self,
        query: FibQuery,
        packet: &FibPacket,
        address: Ipv4Addr,
        other: Ipv4Addr,
        interface: Option<u32>,
    ) -> Result<Option<u32>, Uncertain> {
        // get_saddr
        let blank = other.is_multicast() || other.is_broadcast() || other.is_unspecified();
        let flow = Flow {
            source: IpAddr::V4(if blank { Ipv4Addr::UNSPECIFIED } else { other }),
            destination: IpAddr::V4(address),
            iif: packet.pretended_iif(query),
            mark: if query.mark { packet.mark } else { 0 },
            tos: packet.tos,
            protocol: packet.protocol,
            ..Flow::to(IpAddr::V4(address))
        };
        let AnswerV4::Route(route, way) = self.lookup_v4(&flow, true)? else { return Ok(None) };
        if route.kind == RouteKind::Local {
            return Ok(None);
        }
        Ok(match interface {
            None => route.nexthops.get(way).map(|way| way.interface),
            Some(interface) => route.uses(interface).then_some(interface),
        })
    }

    /// `nft_fib6_eval`.
    fn interface_v6(
        &self,
        query: FibQuery,
        packet: &FibPacket,
        address: Ipv6Addr,
        other: Ipv6Addr,
        interface: Option<u32>,
    ) -> Result<Option<u32>, Uncertain> {
        const ICMPV6: u8 = 58;
        // nft_fib_v6_skip_icmpv6: duplicate address detection.
        let (IpAddr::V6(source), IpAddr::V6(destination)) = (packet.source, packet.destination) else {
            return Ok(None);
        };
        if packet.protocol == ICMPV6 && source.is_unspecified() && is_link_local(destination) {
            return Ok(packet.iif);
        }
        let flow = flow_v6(query, packet, address, other, interface);
        let by_interface = is_link_local(address);
        let Some(route) = self.match_device_v6(&flow, by_interface)? else { return Ok(None) };
        if route.discards || matches!(route.kind, RouteKind::Local | RouteKind::Anycast) {
            return Ok(None);
        }
        Ok(match interface {
            Some(interface) if interface != route.interface => None,
            _ => Some(route.interface),
        })
    }
}

impl FibPacket {
    fn interface(&self, query: FibQuery) -> Option<u32> {
        match query.interface? {
            FibInterface::Input => self.iif,
            FibInterface::Output => self.oif,
        }
    }

    fn addresses(&self, query: FibQuery) -> (IpAddr, IpAddr) {
        match query.address {
            FibAddress::Source => (self.source, self.destination),
            FibAddress::Destination => (self.destination, self.source),
        }
    }

    /// Lookups pretend to be for this machine's own packets, but for sources of forwarded ones.
    fn pretended_iif(&self, query: FibQuery) -> u32 {
        let reversed = query.address == FibAddress::Source
            && self.hook == FibHook::Forward
            && query.interface == Some(FibInterface::Input);
        if reversed { self.oif.unwrap_or(LOOPBACK) } else { LOOPBACK }
    }
}

/// `nft_fib6_flowi_init`.
fn flow_v6(
    query: FibQuery,
    packet: &FibPacket,
    address: Ipv6Addr,
    other: Ipv6Addr,
    interface: Option<u32>,
) -> Flow {
    let oif = if is_link_local(address) { interface.or(packet.iif).or(packet.oif).unwrap_or(0) } else { 0 };
    Flow {
        source: IpAddr::V6(other),
        iif: packet.pretended_iif(query),
        oif,
        mark: if query.mark { packet.mark } else { 0 },
        tos: packet.tos,
        protocol: packet.protocol,
        has_source: is_unicast(other),
        ..Flow::to(IpAddr::V6(address))
    }
}
