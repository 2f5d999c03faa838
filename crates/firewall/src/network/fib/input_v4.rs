//! IPv4 packets that came in (`ip_route_input_rcu`, `ip_route_input_slow`, `ip_mkroute_input` in `net/ipv4/route.c`).

use std::net::{IpAddr, Ipv4Addr};

use super::device::{Device, known};
use super::flow::Flow;
use super::index::{AnswerV4, Fib, Refusal};
use super::key::{Frame, InputKey};
use super::outcome::{Denial, IcmpError, LocalKind, Routed, Uncertain};
use super::table_v4::{NexthopV4, RouteV4};
use crate::network::RouteKind;

impl Fib {
    pub(super) fn input_v4(
        &self,
        key: &InputKey,
        source: Ipv4Addr,
        destination: Ipv4Addr,
    ) -> Result<Routed, Uncertain> {
        let Some(device) = self.device(key.iif).filter(|device| device.up) else {
            return Ok(denied(Denial::NoInterface));
        };
        if device.vrf {
            return Err(Uncertain::Vrf { interface: device.index });
        }
        if destination.is_multicast() {
            return self.multicast_v4(key, device, source, destination);
        }
        if source.is_multicast() || source.is_broadcast() {
            return Ok(denied(Denial::MartianSource));
        }
        if destination.is_broadcast() || (source.is_unspecified() && destination.is_unspecified()) {
            return self.broadcast_v4(key, device, source);
        }
        if is_zeronet(source) {
            return Ok(denied(Denial::MartianSource));
        }
        if is_zeronet(destination) {
            return Ok(denied(Denial::MartianDestination));
        }
        if destination.is_loopback() {
            if !known(&device.v4.route_localnet)? {
                return Ok(denied(Denial::MartianDestination));
            }
        } else if source.is_loopback() && !known(&device.v4.route_localnet)? {
            return Ok(denied(Denial::MartianSource));
        }
        let routed = match self.lookup_v4(&self.input_flow_v4(key), false)? {
            AnswerV4::Refused(refusal) => no_route_v4(device, refusal),
            AnswerV4::Route(route, way) => self.by_route_v4(key, device, route, way)?,
        };
        // ip_rcv_finish_core
        let unicast = matches!(routed, Routed::Local { kind: LocalKind::Unicast } | Routed::Forward { .. });
        if unicast && key.frame != Frame::Host && known(&device.v4.drop_unicast_in_group)? {
            return Ok(denied(Denial::UnicastInGroupFrame));
        }
        Ok(routed)
    }

    /// The key of the lookup. The user is that of the namespace's root (`sock_net_uid`).
    fn input_flow_v4(&self, key: &InputKey) -> Flow {
        let (protocol, source_port, destination_port) = if self.policy_v4.dissects() {
            (key.protocol, key.source_port.unwrap_or(0), key.destination_port.unwrap_or(0))
        } else {
            (0, 0, 0)
        };
        Flow {
            source: key.source,
            destination: key.destination,
            iif: key.iif,
            oif: 0,
            mark: key.mark,
            tos: key.tos,
            protocol,
            source_port,
            destination_port,
            uid: Some(0),
            has_source: true,
        }
    }

    fn by_route_v4(
        &self,
        key: &InputKey,
        device: &Device,
        route: &RouteV4,
        way: usize,
    ) -> Result<Routed, Uncertain> {
        match route.kind {
            RouteKind::Broadcast if known(&device.v4.bc_forwarding)? => {}
            RouteKind::Broadcast => {
                let IpAddr::V4(source) = key.source else { return Ok(denied(Denial::MartianSource)) };
                return self.broadcast_v4(key, device, source);
            }
            RouteKind::Local => {
                return Ok(match self.validate_source(key, device, Some(key.destination), 0)? {
                    Some(reason) => denied(reason),
                    None => Routed::Local { kind: LocalKind::Unicast },
                });
            }
            _ if !known(&device.v4.forwarding)? => return Ok(denied(Denial::ForwardingDisabled)),
            RouteKind::Unicast => {}
            _ => return Ok(denied(Denial::MartianDestination)),
        }
        self.forward_v4(key, device, route, way)
    }

    /// `ip_mkroute_input`: which way, and whether the source is valid for it.
    fn forward_v4(
        &self,
        key: &InputKey,
        device: &Device,
        route: &RouteV4,
        way: usize,
    ) -> Result<Routed, Uncertain> {
        let mut alternatives = Vec::new();
        let mut cause = Uncertain::MultipathHash;
        for way in self.ways_v4(route, way)? {
            if way.encapsulation != 0 {
                return Err(Uncertain::Encapsulation { kind: way.encapsulation });
            }
            let invalid = self.validate_source(key, device, Some(key.destination), way.interface)?;
            for gateway in way.gateways() {
                let routed = match invalid {
                    Some(reason) => denied(reason),
                    None => Routed::Forward {
                        oif: way.interface,
                        gateway,
                        mtu: self.route_mtu_v4(route, way.interface),
                    },
                };
                if !alternatives.contains(&routed) {
                    alternatives.push(routed);
                }
            }
            if let (true, Some(gateway)) = (way.doubtful, way.gateway) {
                cause = Uncertain::OwnGateway { gateway };
            }
        }
        Ok(one_of(alternatives, cause))
    }

    /// The ways among which a hash chooses: one, unless the route has several. `fib_rebalance` shares them out when a carrier comes
    /// or goes; `ignore_routes_with_linkdown` is taken to be as it was then.
    pub(super) fn ways_v4<'a>(
        &self,
        route: &'a RouteV4,
        first: usize,
    ) -> Result<Vec<&'a NexthopV4>, Uncertain> {
        if route.nexthops.len() <= 1 {
            return Ok(route.nexthops.get(first).into_iter().collect());
        }
        let mut ways = Vec::new();
        for way in &route.nexthops {
            let ignores =
                self.device(way.interface).map_or(Ok(false), |device| known(&device.v4.ignore_linkdown))?;
            if way.is_usable(ignores) {
                ways.push(way);
            }
        }
        Ok(ways)
    }

    /// `ip_dst_mtu_maybe_forward` without path MTU estimates.
    pub(super) fn route_mtu_v4(&self, route: &RouteV4, interface: u32) -> u32 {
        /// `IP_MAX_MTU`.
        const LARGEST: u32 = 0xffff;
        let device = || self.device(interface).map_or(LARGEST, |device| device.mtu);
        route.mtu.unwrap_or_else(device).min(LARGEST)
    }

    /// `brd_input`.
    fn broadcast_v4(&self, key: &InputKey, device: &Device, source: Ipv4Addr) -> Result<Routed, Uncertain> {
        if !is_zeronet(source)
            && let Some(reason) = self.validate_source(key, device, None, 0)?
        {
            return Ok(denied(reason));
        }
        Ok(Routed::Local { kind: LocalKind::Broadcast })
    }

    /// The multicast part of `ip_route_input_rcu`, and `ip_mc_validate_source`.
    fn multicast_v4(
        &self,
        key: &InputKey,
        device: &Device,
        source: Ipv4Addr,
        destination: Ipv4Addr,
    ) -> Result<Routed, Uncertain> {
        /// `ip_check_mc_rcu`: IGMP is for everyone.
        const IGMP: u8 = 2;
        let member = key.protocol == IGMP || self.is_member(device.index, key.destination);
        if !is_local_multicast(destination) && known(&device.v4.mc_forwarding)? {
            return Err(Uncertain::MulticastRouting);
        }
        if !member {
            return Ok(denied(Denial::NotMember));
        }
        if source.is_multicast() || source.is_broadcast() {
            return Ok(denied(Denial::MartianSource));
        }
        if source.is_loopback() && !known(&device.v4.route_localnet)? {
            return Ok(denied(Denial::MartianSource));
        }
        if is_zeronet(source) {
            if !is_local_multicast(destination) && key.protocol != IGMP {
                return Ok(denied(Denial::MartianSource));
            }
        } else if let Some(reason) = self.validate_source(key, device, None, 0)? {
            return Ok(denied(reason));
        }
        Ok(Routed::Local { kind: LocalKind::Multicast })
    }

    pub(super) fn is_member(&self, interface: u32, group: IpAddr) -> bool {
        self.groups.contains(&(interface, group))
    }
}

/// `ip_error`: what a machine that forwards says to the source; one that does not says nothing.
fn no_route_v4(device: &Device, refusal: Refusal) -> Routed {
    const UNREACHABLE: u8 = 3;
    if matches!(device.v4.forwarding, Ok(false)) {
        return denied(Denial::ForwardingDisabled);
    }
    let code = match refusal {
        Refusal::NoRoute | Refusal::RuleUnreachable => Some(0),
        Refusal::Unreachable => Some(1),
        Refusal::Prohibit => Some(13),
        Refusal::Blackhole => None,
    };
    Routed::Denied { reason: denial(refusal), icmp: code.map(|code| IcmpError { kind: UNREACHABLE, code }) }
}

pub(super) const fn denied(reason: Denial) -> Routed {
    Routed::Denied { reason, icmp: None }
}

pub(super) fn denial(refusal: Refusal) -> Denial {
    match refusal {
        Refusal::NoRoute => Denial::NoRoute,
        Refusal::RuleUnreachable | Refusal::Unreachable => Denial::Unreachable,
        Refusal::Blackhole => Denial::Blackhole,
        Refusal::Prohibit => Denial::Prohibit,
    }
}

/// The one alternative, or unknown.
pub(super) fn one_of(mut alternatives: Vec<Routed>, cause: Uncertain) -> Routed {
    if alternatives.len() == 1
        && let Some(only) = alternatives.pop()
    {
        return only;
    }
    Routed::Unknown { cause, alternatives }
}

/// 0.0.0.0/8 (`ipv4_is_zeronet`: since Linux 5.3 only 0.0.0.0 itself).
pub(super) const fn is_zeronet(address: Ipv4Addr) -> bool {
    address.is_unspecified()
}

/// 224.0.0.0/24 (`ipv4_is_local_multicast`).
pub(super) const fn is_local_multicast(address: Ipv4Addr) -> bool {
    matches!(address.octets(), [224, 0, 0, _])
}
