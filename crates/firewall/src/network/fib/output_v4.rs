//! IPv4 packets of this machine (`ip_route_output_key_hash_rcu` and `__mkroute_output` in `net/ipv4/route.c`, `fib_select_path` in
//! `fib_semantics.c`).

use std::net::{IpAddr, Ipv4Addr};

use super::device::{Device, known};
use super::flow::{Flow, LOOPBACK};
use super::index::{AnswerV4, Fib, Refusal};
use super::input_v4::{is_local_multicast, is_zeronet};
use super::key::OutputKey;
use super::outcome::{OutputError, OutputKind, OutputRoute, Uncertain};
use super::table_v4::{NexthopV4, RouteV4};
use crate::network::{RouteKind, Scope};

/// A route, and one of its ways.
type Candidate<'a> = (&'a RouteV4, &'a NexthopV4);

/// A packet on its way through the decision: its source may be filled in.
#[derive(Clone, Copy)]
struct Going {
    source: Option<Ipv4Addr>,
    destination: Ipv4Addr,
    kind: RouteKind,
}

impl Fib {
    pub(super) fn output_v4(&self, key: &OutputKey, destination: Ipv4Addr) -> Result<OutputRoute, Uncertain> {
        let source = match key.source {
            Some(IpAddr::V4(source)) if !source.is_unspecified() => Some(source),
            _ => None,
        };
        let mut going = Going { source, destination, kind: RouteKind::Unicast };
        if let Some(chosen) = source
            && let Some(answer) = self.by_source_v4(key, chosen, going)?
        {
            return Ok(answer);
        }
        let mut bound = None;
        if let Some(oif) = key.oif {
            let Some(device) = self.device(oif) else { return failed(OutputError::NoDevice) };
            if device.vrf {
                return Err(Uncertain::Vrf { interface: oif });
            }
            if let Some(answer) = self.by_interface_v4(key, device, &mut going)? {
                return Ok(answer);
            }
            bound = Some(device);
        }
        if destination.is_unspecified() {
            let here = going.source.unwrap_or(Ipv4Addr::LOCALHOST);
            let going = Going { source: Some(here), destination: here, kind: RouteKind::Local };
            return self.send_v4(going, LOOPBACK, None);
        }
        self.by_tables_v4(key, bound, going)
    }

    /// What a chosen source decides alone: a source that is not this machine's is refused, and groups leave by the interface that
    /// has it.
    fn by_source_v4(
        &self,
        key: &OutputKey,
        source: Ipv4Addr,
        going: Going,
    ) -> Result<Option<OutputRoute>, Uncertain> {
        if source.is_multicast() || source.is_broadcast() {
            return failed(OutputError::Invalid).map(Some);
        }
        let for_group = going.destination.is_multicast() || going.destination.is_broadcast();
        if key.oif.is_some() || !for_group {
            let allowed = key.any_source || !self.interfaces_of(source)?.is_empty();
            return Ok((!allowed).then_some(OutputRoute::Failed(OutputError::NetworkUnreachable)));
        }
        let interfaces = self.interfaces_of(source)?;
        if interfaces.is_empty() {
            return failed(OutputError::NetworkUnreachable).map(Some);
        }
        let sent = interfaces.into_iter().map(|interface| self.send_v4(going, interface, None));
        // With the address on several interfaces it is the one that got it last, which is not told.
        Ok(Some(one_of(sent.collect::<Result<_, _>>()?, Uncertain::SourceAddress)))
    }

    /// What a chosen interface decides alone: groups of the link leave by it, whatever the tables say.
    fn by_interface_v4(
        &self,
        key: &OutputKey,
        device: &Device,
        going: &mut Going,
    ) -> Result<Option<OutputRoute>, Uncertain> {
        const IGMP: u8 = 2;
        if !device.up {
            return failed(OutputError::NetworkUnreachable).map(Some);
        }
        let destination = going.destination;
        let of_link = is_local_multicast(destination) || destination.is_broadcast() || key.protocol == IGMP;
        let scope = if of_link {
            Scope::LINK
        } else if destination.is_multicast() {
            Scope::UNIVERSE
        } else if destination.is_unspecified() {
            Scope::HOST
        } else {
            return Ok(None);
        };
        if going.source.is_none() {
            going.source = self.select_address(device, None, scope)?;
        }
        if of_link { self.send_v4(*going, device.index, None).map(Some) } else { Ok(None) }
    }

    fn by_tables_v4(
        &self,
        key: &OutputKey,
        bound: Option<&Device>,
        mut going: Going,
    ) -> Result<OutputRoute, Uncertain> {
        let flow = Flow {
            source: IpAddr::V4(going.source.unwrap_or(Ipv4Addr::UNSPECIFIED)),
            iif: LOOPBACK,
            oif: key.oif.unwrap_or(0),
            mark: key.mark,
            tos: key.tos,
            protocol: key.protocol,
            source_port: key.source_port.unwrap_or(0),
            destination_port: key.destination_port.unwrap_or(0),
            uid: key.uid,
            ..Flow::to(IpAddr::V4(going.destination))
        };
        match self.lookup_v4(&flow, false)? {
            AnswerV4::Refused(refusal) => {
                let Some(device) = bound else { return failed(output_error(refusal)) };
                // A packet that must leave by an interface may do so without any route.
                if going.source.is_none() {
                    going.source = self.select_address(device, None, Scope::LINK)?;
                }
                self.send_v4(going, device.index, None)
            }
            AnswerV4::Route(route, _) if route.kind == RouteKind::Local => {
                let source = going.source.or(route.preferred_source).unwrap_or(going.destination);
                self.send_v4(Going { source: Some(source), kind: RouteKind::Local, ..going }, LOOPBACK, None)
            }
            AnswerV4::Route(route, way) => self.by_way_v4(&flow, going, route, way),
        }
    }

    /// `fib_select_path`, and what follows for each way it may choose.
    fn by_way_v4(
        &self,
        flow: &Flow,
        going: Going,
        route: &RouteV4,
        way: usize,
    ) -> Result<OutputRoute, Uncertain> {
        let (candidates, mut cause) = self.candidates_v4(flow, route, way)?;
        let mut alternatives = Vec::new();
        for (route, way) in candidates {
            if way.encapsulation != 0 {
                return Err(Uncertain::Encapsulation { kind: way.encapsulation });
            }
            let sources = match going.source {
                Some(source) => vec![Some(source)],
                None => self.preferred_sources(route, way)?,
            };
            if sources.len() > 1 {
                cause = Uncertain::SourceAddress;
            }
            if let (true, Some(gateway)) = (way.doubtful, way.gateway) {
                cause = Uncertain::OwnGateway { gateway };
            }
            for source in sources {
                for gateway in way.gateways() {
                    let going = Going { source, kind: route.kind, ..going };
                    let sent = self.send_v4(going, way.interface, Some((route, gateway)))?;
                    if !alternatives.contains(&sent) {
                        alternatives.push(sent);
                    }
                }
            }
        }
        Ok(one_of(alternatives, cause))
    }

    /// The ways among which the kernel chooses, and by what.
    fn candidates_v4<'a>(
        &'a self,
        flow: &Flow,
        route: &'a RouteV4,
        way: usize,
    ) -> Result<(Vec<Candidate<'a>>, Uncertain), Uncertain> {
        if flow.oif == 0 && route.nexthops.len() > 1 {
            let ways = self.ways_v4(route, way)?;
            return Ok((ways.into_iter().map(|way| (route, way)).collect(), Uncertain::MultipathHash));
        }
        let way = route.nexthops.get(way);
        let gatewayed = way.is_some_and(|way| way.gateway.is_some());
        // fib_select_default
        if flow.oif == 0 && route.length == 0 && route.kind == RouteKind::Unicast && gatewayed {
            let rivals = self.default_rivals(route, flow);
            if rivals.len() > 1 {
                let ways = rivals.into_iter().filter_map(|rival| Some((rival, rival.nexthops.first()?)));
                return Ok((ways.collect(), Uncertain::DefaultRouteHealth));
            }
        }
        Ok((way.map(|way| (route, way)).into_iter().collect(), Uncertain::MultipathHash))
    }

    /// `__mkroute_output`.
    fn send_v4(
        &self,
        going: Going,
        interface: u32,
        route: Option<(&RouteV4, Option<IpAddr>)>,
    ) -> Result<OutputRoute, Uncertain> {
        let Some(device) = self.device(interface) else { return failed(OutputError::Invalid) };
        let source = going.source.unwrap_or(Ipv4Addr::UNSPECIFIED);
        if source.is_loopback() && !device.loopback && !known(&device.v4.route_localnet)? {
            return failed(OutputError::Invalid);
        }
        let destination = going.destination;
        let kind = if destination.is_broadcast() {
            OutputKind::Broadcast
        } else if destination.is_multicast() {
            OutputKind::Multicast
        } else if is_zeronet(destination) {
            return failed(OutputError::Invalid);
        } else {
            match going.kind {
                RouteKind::Broadcast => OutputKind::Broadcast,
                RouteKind::Multicast => OutputKind::Multicast,
                RouteKind::Local => OutputKind::Local,
                _ => OutputKind::Unicast,
            }
        };
        let route = match kind {
            OutputKind::Broadcast => None,
            // A default route's gateway is not used for groups.
            OutputKind::Multicast => route.filter(|(route, _)| route.length >= 4),
            OutputKind::Unicast | OutputKind::Local => route,
        };
        Ok(OutputRoute::Sent {
            kind,
            source: IpAddr::V4(source),
            oif: interface,
            gateway: route.and_then(|(_, gateway)| gateway),
            mtu: route.map_or(device.mtu.min(0xffff), |(route, _)| self.route_mtu_v4(route, interface)),
        })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "stands where a result is returned")]
const fn failed(error: OutputError) -> Result<OutputRoute, Uncertain> {
    Ok(OutputRoute::Failed(error))
}

pub(super) const fn output_error(refusal: Refusal) -> OutputError {
    match refusal {
        Refusal::NoRoute | Refusal::RuleUnreachable => OutputError::NetworkUnreachable,
        Refusal::Unreachable => OutputError::HostUnreachable,
        Refusal::Blackhole => OutputError::Invalid,
        Refusal::Prohibit => OutputError::Prohibited,
    }
}

/// The one alternative, or unknown.
pub(super) fn one_of(mut alternatives: Vec<OutputRoute>, cause: Uncertain) -> OutputRoute {
    if alternatives.len() == 1
        && let Some(only) = alternatives.pop()
    {
        return only;
    }
    OutputRoute::Unknown { cause, alternatives }
}
