//! Types of addresses: `fib ... type` of nftables, `addrtype` of xtables (`__inet_dev_addr_type` in `net/ipv4/fib_frontend.c`,
//! `__nft_fib6_eval_type` in `net/ipv6/netfilter/nft_fib_ipv6.c`, `net/netfilter/xt_addrtype.c`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address_v6::{is_unicast, needs_interface};
use super::flow::{Flow, LOOPBACK};
use super::index::{AnswerV6, Fib, LOCAL, Refusal};
use super::outcome::Uncertain;
use super::table_v4::FoundV4;
use super::table_v6::RouteV6;
use crate::network::RouteKind;

/// `RTN_UNSPEC`.
pub(super) const UNSPECIFIED: RouteKind = RouteKind::Other(0);

impl Fib {
    /// The type of an IPv4 address, as if only `interface` was there if one is given (`inet_addr_type`, `inet_dev_addr_type`).
    pub fn address_type_v4(&self, address: Ipv4Addr, interface: Option<u32>) -> Result<RouteKind, Uncertain> {
        if address.is_unspecified() || address.is_broadcast() {
            return Ok(RouteKind::Broadcast);
        }
        if address.is_multicast() {
            return Ok(RouteKind::Multicast);
        }
        Ok(match self.table_v4(LOCAL, &Flow::to(IpAddr::V4(address)), false)? {
            FoundV4::Route(route, way) => {
                let found = route.nexthops.get(way).map(|way| way.interface);
                if interface.is_none() || interface == found { route.kind } else { RouteKind::Unicast }
            }
            FoundV4::Nothing | FoundV4::Refused(_) => RouteKind::Unicast,
        })
    }

    /// `addrtype` of xtables on one address: whether it is of one of the types in `mask`, bits numbered as `RTN_*`.
    pub fn xtables_address_type(
        &self,
        address: IpAddr,
        interface: Option<u32>,
        mask: u16,
    ) -> Result<bool, Uncertain> {
        match address {
            IpAddr::V4(address) => {
                let kind = self.address_type_v4(address, interface)?;
                Ok(1_u16.checked_shl(u32::from(kind.number())).is_some_and(|bit| mask & bit != 0))
            }
            IpAddr::V6(address) => self.xtables_address_type_v6(address, interface, mask),
        }
    }

    /// `match_type6` and `match_lookup_rt6`.
    fn xtables_address_type_v6(
        &self,
        address: Ipv6Addr,
        interface: Option<u32>,
        mask: u16,
    ) -> Result<bool, Uncertain> {
        const UNSPECIFIED: u16 = 1;
        const UNICAST: u16 = 1 << 1;
        const LOCAL: u16 = 1 << 2;
        const ANYCAST: u16 = 1 << 4;
        const MULTICAST: u16 = 1 << 5;
        const UNREACHABLE: u16 = 1 << 7;
        if (mask & MULTICAST != 0 && !address.is_multicast())
            || (mask & UNICAST != 0 && !is_unicast(address))
            || (mask & UNSPECIFIED != 0 && !address.is_unspecified())
        {
            return Ok(false);
        }
        if mask & (LOCAL | ANYCAST | UNREACHABLE) == 0 {
            return Ok(true);
        }
        let mut kinds = 0;
        if mask & LOCAL != 0 && interface.is_some_and(|interface| self.has_address_v6(interface, address)) {
            kinds = LOCAL;
        }
        let flow = Flow { oif: interface.unwrap_or(0), iif: LOOPBACK, ..Flow::to(IpAddr::V6(address)) };
        let by_interface = needs_interface(address) || interface.is_some();
        match self.lookup_v6(&flow, flow.oif, by_interface)? {
            AnswerV6::Refused(_) => kinds = UNREACHABLE,
            AnswerV6::Route(route) => {
                if route.discards {
                    kinds = UNREACHABLE;
                }
                if interface.is_none() && route.kind == RouteKind::Local {
                    kinds |= LOCAL;
                }
                if is_anycast(route, address) {
                    kinds |= ANYCAST;
                }
            }
        }
        Ok(mask & kinds != 0)
    }

    /// `__nft_fib6_eval_type` for a flow that is ready; `interface` restricts it.
    pub(super) fn type_v6(&self, flow: &Flow, interface: Option<u32>) -> Result<RouteKind, Uncertain> {
        let IpAddr::V6(address) = flow.destination else { return Ok(UNSPECIFIED) };
        // nf_ip6_route is ip6_route_output, which finds out for itself how strict to be.
        let IpAddr::V6(source) = flow.source else { return Ok(UNSPECIFIED) };
        let any_source = source.is_unspecified();
        let by_interface = needs_interface(address) || (flow.oif != 0 && any_source);
        let flow = Flow { iif: LOOPBACK, has_source: !any_source, ..*flow };
        let route = match self.lookup_v6(&flow, flow.oif, by_interface)? {
            AnswerV6::Route(route) if route.discards => return Ok(RouteKind::Unreachable),
            AnswerV6::Route(route) => route,
            AnswerV6::Refused(refusal) => {
                return Ok(match refusal {
                    Refusal::Blackhole => RouteKind::Blackhole,
                    Refusal::Prohibit => RouteKind::Prohibit,
                    Refusal::NoRoute | Refusal::RuleUnreachable | Refusal::Unreachable => {
                        RouteKind::Unreachable
                    }
                });
            }
        };
        if is_anycast(route, address) {
            return Ok(RouteKind::Anycast);
        }
        let local = match interface {
            Some(interface) => self.has_address_v6(interface, address),
            None => route.kind == RouteKind::Local,
        };
        Ok(if local {
            RouteKind::Local
        } else if address.is_multicast() {
            RouteKind::Multicast
        } else if is_unicast(address) {
            RouteKind::Unicast
        } else {
            UNSPECIFIED
        })
    }

    /// `ipv6_chk_addr` on one interface: the address is there, and not tentative.
    pub(super) fn has_address_v6(&self, interface: u32, address: Ipv6Addr) -> bool {
        self.device(interface).is_some_and(|device| {
            device.v6_addresses.iter().any(|own| own.address == address && !own.is_tentative())
        })
    }
}

/// `ipv6_anycast_destination`.
fn is_anycast(route: &RouteV6, address: Ipv6Addr) -> bool {
    route.kind == RouteKind::Anycast
        || (route.length < 127 && route.gateway.is_none() && route.destination == address)
}
