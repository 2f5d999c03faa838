//! IPv6 packets that came in (`ip6_route_input` in `net/ipv6/route.c`, `ip6_mc_input` in `ip6_input.c`).

use std::net::{IpAddr, Ipv6Addr};

use super::address_v6::needs_interface;
use super::device::{Device, known};
use super::flow::Flow;
use super::index::{AnswerV6, Fib, Refusal};
use super::input_v4::{denial, denied, one_of};
use super::key::InputKey;
use super::outcome::{Denial, IcmpError, LocalKind, Routed, Uncertain};
use super::table_v6::RouteV6;
use crate::network::RouteKind;

impl Fib {
    pub(super) fn input_v6(
        &self,
        key: &InputKey,
        source: Ipv6Addr,
        destination: Ipv6Addr,
    ) -> Result<Routed, Uncertain> {
        let Some(device) = self.device(key.iif).filter(|device| device.up) else {
            return Ok(denied(Denial::NoInterface));
        };
        if device.vrf {
            return Err(Uncertain::Vrf { interface: device.index });
        }
        let flow = Flow {
            source: key.source,
            destination: key.destination,
            iif: key.iif,
            oif: 0,
            mark: key.mark,
            tos: key.tos,
            protocol: key.protocol,
            source_port: if self.policy_v6.dissects() { key.source_port.unwrap_or(0) } else { 0 },
            destination_port: if self.policy_v6.dissects() { key.destination_port.unwrap_or(0) } else { 0 },
            uid: Some(0),
            has_source: true,
        };
        match self.lookup_v6(&flow, key.iif, needs_interface(destination))? {
            AnswerV6::Refused(refusal) => Ok(refused_v6(refusal, source, destination)),
            AnswerV6::Route(route) => self.by_route_v6(key, device, route, destination),
        }
    }

    /// `ip6_rt_init_dst`: what the route's kind makes of the packet.
    fn by_route_v6(
        &self,
        key: &InputKey,
        device: &Device,
        route: &RouteV6,
        destination: Ipv6Addr,
    ) -> Result<Routed, Uncertain> {
        if route.discards {
            let IpAddr::V6(source) = key.source else { return Ok(denied(Denial::BadHeader)) };
            return Ok(refused_v6(Refusal::NoRoute, source, destination));
        }
        match route.kind {
            RouteKind::Local => return Ok(Routed::Local { kind: LocalKind::Unicast }),
            RouteKind::Anycast => return Ok(Routed::Local { kind: LocalKind::Anycast }),
            _ if route.destination.is_multicast() => return self.multicast_v6(key, device),
            _ => {}
        }
        let forced = device.v6.as_ref().map_or(Ok(false), |v6| known(&v6.force_forwarding))?;
        if !forced && !known(&self.v6_forwarding)? {
            return Ok(denied(Denial::ForwardingDisabled));
        }
        let mut alternatives = Vec::new();
        for way in self.ways_v6(route, key.iif, needs_interface(destination)) {
            if way.discards {
                alternatives.push(denied(Denial::NoRoute));
                continue;
            }
            if way.encapsulation != 0 {
                return Err(Uncertain::Encapsulation { kind: way.encapsulation });
            }
            let routed = Routed::Forward {
                oif: way.interface,
                gateway: way.gateway.map(IpAddr::V6),
                mtu: self.forward_mtu_v6(way)?,
            };
            if !alternatives.contains(&routed) {
                alternatives.push(routed);
            }
        }
        Ok(one_of(alternatives, Uncertain::MultipathHash))
    }

    /// `ip6_dst_mtu_maybe_forward`, and the least MTU that `ip6_forward` assumes.
    fn forward_mtu_v6(&self, route: &RouteV6) -> Result<u32, Uncertain> {
        /// `IPV6_MIN_MTU`.
        const LEAST: u32 = 1280;
        let device = self.device(route.interface).and_then(|device| device.v6.as_ref());
        Ok(device.map_or(Ok(LEAST), |v6| known(&v6.mtu))?.max(LEAST))
    }

    fn multicast_v6(&self, key: &InputKey, device: &Device) -> Result<Routed, Uncertain> {
        let routes = device.v6.as_ref().map_or(Ok(false), |v6| known(&v6.mc_forwarding))?;
        if routes {
            return Err(Uncertain::MulticastRouting);
        }
        // ipv6_chk_mcast_addr
        Ok(if self.is_member(device.index, key.destination) {
            Routed::Local { kind: LocalKind::Multicast }
        } else {
            denied(Denial::NotMember)
        })
    }
}

/// What `ip6_pkt_discard` and `ip6_pkt_prohibit` do. `icmp6_send` answers neither groups nor the unspecified address.
fn refused_v6(refusal: Refusal, source: Ipv6Addr, destination: Ipv6Addr) -> Routed {
    const UNREACHABLE: u8 = 1;
    let code = match refusal {
        Refusal::NoRoute | Refusal::RuleUnreachable | Refusal::Unreachable => Some(0),
        Refusal::Prohibit => Some(1),
        Refusal::Blackhole => None,
    };
    let answered = !destination.is_multicast() && !source.is_multicast() && !source.is_unspecified();
    let icmp = code.filter(|_| answered).map(|code| IcmpError { kind: UNREACHABLE, code });
    Routed::Denied { reason: denial(refusal), icmp }
}
