//! IPv6 packets of this machine (`ip6_route_output_flags` in `net/ipv6/route.c`).

use std::net::{IpAddr, Ipv6Addr};

use super::address_v6::needs_interface;
use super::device::known;
use super::flow::{Flow, LOOPBACK};
use super::index::{AnswerV6, Fib};
use super::key::OutputKey;
use super::outcome::{OutputError, OutputKind, OutputRoute, Uncertain};
use super::output_v4::{one_of, output_error};
use super::table_v6::{RouteV6, Strictness, score};
use crate::network::RouteKind;

impl Fib {
    pub(super) fn output_v6(&self, key: &OutputKey, destination: Ipv6Addr) -> Result<OutputRoute, Uncertain> {
        let source = match key.source {
            Some(IpAddr::V6(source)) if !source.is_unspecified() => Some(source),
            _ => None,
        };
        if let Some(oif) = key.oif {
            match self.device(oif) {
                None => return Ok(OutputRoute::Failed(OutputError::NoDevice)),
                Some(device) if device.vrf => return Err(Uncertain::Vrf { interface: oif }),
                Some(_) => {}
            }
        }
        let flow = Flow {
            source: IpAddr::V6(source.unwrap_or(Ipv6Addr::UNSPECIFIED)),
            destination: IpAddr::V6(destination),
            iif: LOOPBACK,
            oif: key.oif.unwrap_or(0),
            mark: key.mark,
            tos: key.tos,
            protocol: key.protocol,
            source_port: key.source_port.unwrap_or(0),
            destination_port: key.destination_port.unwrap_or(0),
            uid: key.uid,
            has_source: source.is_some(),
        };
        // RT6_LOOKUP_F_IFACE: destinations of one link, bound sockets, and a choice without a source.
        let by_interface =
            needs_interface(destination) || (key.oif.is_some() && (key.bound || source.is_none()));
        match self.lookup_v6(&flow, flow.oif, by_interface)? {
            AnswerV6::Refused(refusal) => {
                if source.is_some() {
                    return Ok(OutputRoute::Failed(output_error(refusal)));
                }
                // ip6_dst_lookup_tail: a route may be only for some sources, so any is chosen and the route asked for again.
                let Some(source) = self.select_source_v6(None, destination)? else {
                    return Ok(OutputRoute::Failed(OutputError::NoSource));
                };
                let key = OutputKey { source: Some(source.into()), bound: key.oif.is_some(), ..*key };
                self.output_v6(&key, destination)
            }
            AnswerV6::Route(route) => self.by_route_out_v6(&flow, source, destination, route, by_interface),
        }
    }

    fn by_route_out_v6(
        &self,
        flow: &Flow,
        source: Option<Ipv6Addr>,
        destination: Ipv6Addr,
        route: &RouteV6,
        by_interface: bool,
    ) -> Result<OutputRoute, Uncertain> {
        let mut alternatives = Vec::new();
        for way in self.ways_v6(route, flow.oif, by_interface) {
            if way.discards {
                alternatives.push(OutputRoute::Failed(OutputError::Dropped));
                continue;
            }
            if way.encapsulation != 0 {
                return Err(Uncertain::Encapsulation { kind: way.encapsulation });
            }
            let local = matches!(way.kind, RouteKind::Local | RouteKind::Anycast);
            let kind = match way.kind {
                RouteKind::Local | RouteKind::Anycast => OutputKind::Local,
                _ if destination.is_multicast() => OutputKind::Multicast,
                _ => OutputKind::Unicast,
            };
            let source = match source.or(way.preferred_source) {
                Some(source) => Some(source),
                None => self.select_source_v6(Some(way.interface), destination)?,
            };
            let Some(source) = source else {
                alternatives.push(OutputRoute::Failed(OutputError::NoSource));
                continue;
            };
            let oif = if local { LOOPBACK } else { way.interface };
            let device = self.device(oif).and_then(|device| device.v6.as_ref());
            let sent = OutputRoute::Sent {
                kind,
                source: IpAddr::V6(source),
                oif,
                gateway: way.gateway.map(IpAddr::V6),
                mtu: match way.mtu {
                    Some(mtu) => mtu,
                    None => device.map_or(Ok(1280), |v6| known(&v6.mtu))?,
                },
            };
            if !alternatives.contains(&sent) {
                alternatives.push(sent);
            }
        }
        Ok(one_of(alternatives, Uncertain::MultipathHash))
    }

    /// `fib6_select_path`: the ways among which a hash chooses.
    pub(super) fn ways_v6<'a>(
        &'a self,
        route: &'a RouteV6,
        oif: u32,
        by_interface: bool,
    ) -> Vec<&'a RouteV6> {
        if route.siblings == 0 {
            return vec![route];
        }
        let strict =
            Strictness { interface: by_interface, reachable: !matches!(self.v6_forwarding, Ok(true)) };
        let mut ways: Vec<&RouteV6> = self
            .siblings_v6(route)
            .into_iter()
            .filter(|way| score(way, oif, strict, self).is_some())
            .collect();
        // A way that does not score leaves the first choice in place.
        if !ways.iter().any(|way| std::ptr::eq(*way, route)) {
            ways.push(route);
        }
        ways
    }
}
