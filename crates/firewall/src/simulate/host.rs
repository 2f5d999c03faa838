//! The host as rules see it: interfaces by index, and questions to the routing tables with bits that may be open.

use std::net::{IpAddr, Ipv6Addr};

use rustc_hash::FxHashMap;

use super::evaluate::Point;
use super::nat::number;
use super::state::State;
use crate::ir::{self, FibResult, Field, Hook, LimitInterface, PhysdevKey, RouteKey, Version, name_number};
use crate::network::{
    BridgePath, Fib, FibAddress, FibHook, FibInterface, FibPacket, FibQuery, Frame, Network, RouteKind,
};
use crate::packet::Bits;

/// The host around the rules.
#[derive(Debug)]
pub(super) struct Host<'a> {
    pub network: &'a Network,
    pub fib: Fib,
    names: FxHashMap<u32, u128>,
    loose: bool,
}

/// An address that the host chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// This one, or none.
    Known(Option<IpAddr>),
    /// Not known.
    Open,
}

impl<'a> Host<'a> {
    pub(super) fn new(network: &'a Network) -> Self {
        let names = network.interfaces.iter().map(|found| (found.index, name_number(&found.name))).collect();
        let loose = network.sysctls.conntrack.as_ref().and_then(|conntrack| conntrack.tcp_loose);
        Self { network, fib: Fib::new(network), names, loose: loose.is_none_or(|value| value != 0) }
    }

    /// Whether a segment with these flags can begin a connection here.
    pub(super) fn begins_tcp(&self, flags: u128) -> bool {
        super::conntrack::begins_tcp(flags, self.loose)
    }

    pub(super) fn name_number(&self, index: u32) -> u128 {
        self.names.get(&index).copied().unwrap_or(0)
    }

    pub(super) fn hardware(&self, index: u32) -> Bits {
        self.network.interface(index).map_or(Bits::OPEN, |found| Bits::all(u128::from(found.hardware)))
    }

    pub(super) fn group(&self, index: u32) -> Bits {
        self.network.interface(index).map_or(Bits::OPEN, |found| Bits::all(u128::from(found.group)))
    }

    /// The kind; `None` for an interface that is of none (`rtnl_link_ops`).
    pub(super) fn kind(&self, index: u32) -> Option<Bits> {
        let Some(found) = self.network.interface(index) else { return Some(Bits::OPEN) };
        found.kind.as_ref().map(|kind| Bits::all(name_number(kind)))
    }

    /// The bridge whose port an interface is (`nft_meta_get_bridge`).
    pub(super) fn bridge_of(&self, index: u32) -> Option<u32> {
        self.network.bridge_of(index).map(|bridge| bridge.index)
    }

    /// What a bridge does with a frame to this hardware address: a group goes everywhere, an address of the bridge or of one of
    /// its ports up, any other across; to which port is not known (`br_handle_frame_finish`, `net/bridge/br_input.c`).
    pub(super) fn bridge_path(&self, port: u32, address: u128) -> Option<BridgePath> {
        let bridge = self.network.bridge_of(port)?;
        let others = || {
            self.network
                .ports_of(bridge.index)
                .map(|other| other.index)
                .filter(|other| *other != port)
                .collect()
        };
        let own = |mac: &[u8]| {
            mac.len() == 6 && mac.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte)) == address
        };
        Some(if address >> 40 & 1 == 1 {
            BridgePath::Both { bridge: bridge.index, ports: others() }
        } else if own(&bridge.mac) || self.network.ports_of(bridge.index).any(|other| own(&other.mac)) {
            BridgePath::Up { bridge: bridge.index }
        } else {
            BridgePath::Bridged { bridge: bridge.index, ports: others() }
        })
    }

    pub(super) fn is_loopback(&self, index: u32) -> bool {
        self.network.interface(index).is_some_and(|found| found.flags.is_loopback())
    }

    pub(super) fn index_of(&self, name: &str) -> Option<u32> {
        self.network.interface_named(name).map(|found| found.index)
    }

    /// Fields that only routing can answer. `None` where the rule does not match.
    pub(super) fn routing_field(&self, field: &Field, state: &State, point: Point) -> Option<Bits> {
        match field {
            Field::Fib(fib) => Some(self.fib_field(*fib, state, point)),
            Field::AddressType { source, limit, types } => {
                let bits = if *source { state.headers.source() } else { state.headers.destination() };
                let Some(address) = state.headers.address_of(bits) else { return Some(Bits::OPEN) };
                let interface = match limit {
                    Some(LimitInterface::In) => point.input,
                    Some(LimitInterface::Out) => point.output,
                    None => None,
                };
                Some(match self.fib.xtables_address_type(address, interface, *types) {
                    Ok(holds) => Bits::all(u128::from(holds)),
                    Err(_) => Bits::OPEN,
                })
            }
            Field::Route(RouteKey::NextHop4 | RouteKey::NextHop6) => {
                let wanted =
                    if matches!(field, Field::Route(RouteKey::NextHop4)) { Version::V4 } else { Version::V6 };
                if state.headers.version != wanted || state.output.is_none() {
                    return None;
                }
                Some(state.gateway.map_or_else(|| state.headers.destination(), number))
            }
            Field::ReversePath { loose, mark, accept_local } => {
                Some(self.reverse_path(*loose, *mark, *accept_local, state, point))
            }
            _ => Some(Bits::OPEN),
        }
    }

    /// Whether the way back to the source is by the interface the packet came in by (`rpfilter_mt`,
    /// `net/ipv4/netfilter/ipt_rpfilter.c` and `net/ipv6/netfilter/ip6t_rpfilter.c`): the question that `fib saddr . iif` asks.
    fn reverse_path(&self, loose: bool, mark: bool, accept_local: bool, state: &State, point: Point) -> Bits {
        if point.input.is_some_and(|index| self.is_loopback(index)) {
            return Bits::all(1);
        }
        // A host that asks for its address has none yet; only what it sends to all on the link counts.
        if state.headers.source() == Bits::all(0) {
            let to_link = match state.headers.address_of(state.headers.destination()) {
                Some(IpAddr::V4(to)) => to.is_broadcast() || to.octets().starts_with(&[224, 0, 0]),
                Some(IpAddr::V6(_)) => true,
                None => return Bits::OPEN,
            };
            return Bits::all(u128::from(to_link));
        }
        let ask = |input: bool, result: FibResult| {
            let field = ir::FibField { address: ir::FibAddress::Source, mark, input, output: false, result };
            self.fib_field(field, state, point)
        };
        // Only a unicast route counts, or a local one where that is asked for (`rpfilter_lookup_reverse`).
        let kind = ask(false, FibResult::Type);
        let is = |wanted: RouteKind| kind == Bits::all(u128::from(wanted.number()));
        if is(RouteKind::Local) && accept_local {
            // The device still counts, but not for IPv6 (`rpfilter_lookup_reverse6`).
            let source = state.headers.address_of(state.headers.source());
            let here = |address: &&crate::network::Address| {
                Some(address.address) == source && Some(address.interface) == point.input
            };
            let on_device = loose || self.network.addresses.iter().any(|address| here(&address));
            return Bits::all(u128::from(on_device || state.headers.version == Version::V6));
        }
        // The lookup knows nothing of groups and of all on the link: such a source takes the route that fits.
        let for_many = match state.headers.address_of(state.headers.source()) {
            Some(IpAddr::V4(source)) => source.is_broadcast() || source.is_multicast(),
            _ => false,
        };
        if state.headers.version == Version::V4 && kind != Bits::OPEN && !for_many && !is(RouteKind::Unicast)
        {
            return Bits::all(0);
        }
        ask(!loose, FibResult::Exists)
    }

    fn fib_field(&self, field: ir::FibField, state: &State, point: Point) -> Bits {
        let Some(packet) = fib_packet(state, point) else { return Bits::OPEN };
        let query = FibQuery {
            address: match field.address {
                ir::FibAddress::Source => FibAddress::Source,
                ir::FibAddress::Destination => FibAddress::Destination,
            },
            mark: field.mark,
            interface: match (field.input, field.output) {
                (true, _) => Some(FibInterface::Input),
                (_, true) => Some(FibInterface::Output),
                _ => None,
            },
        };
        if field.mark && !state.mark.is_known(32) {
            return Bits::OPEN;
        }
        if field.result == FibResult::Type {
            return match self.fib.fib_type(&query, &packet) {
                Ok(kind) => Bits::all(u128::from(kind.number())),
                Err(_) => Bits::OPEN,
            };
        }
        let Ok(found) = self.fib.fib_interface(&query, &packet) else { return Bits::OPEN };
        Bits::all(match field.result {
            FibResult::Index | FibResult::Type => u128::from(found.unwrap_or(0)),
            FibResult::Name => found.map_or(0, |index| self.name_number(index)),
            FibResult::Exists => u128::from(found.is_some_and(|index| index != 0)),
        })
    }

    /// What xtables `physdev` sees: only while a bridge has the hooks of IP look at a packet
    /// (`net/netfilter/xt_physdev.c`).
    pub(super) fn physdev(&self, key: PhysdevKey, state: &State) -> Bits {
        let Some(detour) = state.detour else { return Bits::all(0) };
        let output = detour.output.filter(|_| detour.hook != Hook::Prerouting);
        Bits::all(match key {
            PhysdevKey::Input => detour.input.map_or(0, |index| self.name_number(index)),
            PhysdevKey::IsIn => u128::from(detour.input.is_some()),
            PhysdevKey::Output => output.map_or(0, |index| self.name_number(index)),
            PhysdevKey::IsOut => u128::from(output.is_some()),
            PhysdevKey::IsBridged => u128::from(detour.hook != Hook::Prerouting),
        })
    }

    /// The address that `masquerade` gives.
    pub(super) fn masquerade_address(&self, state: &State, output: Option<u32>) -> Own {
        let Some(output) = output else { return Own::Open };
        let Some(destination) = state.headers.address_of(state.headers.destination()) else {
            return Own::Open;
        };
        let towards = state.gateway.filter(IpAddr::is_ipv4).unwrap_or(destination);
        self.fib.source_address(output, towards).map_or(Own::Open, Own::Known)
    }

    /// The address that `redirect` gives at prerouting (`nf_nat_redirect_ipv4`: the interface's first;
    /// `nf_nat_redirect_ipv6`: the first of the destination's scope).
    pub(super) fn redirect_address(&self, state: &State, input: Option<u32>) -> Own {
        let Some(input) = input else { return Own::Known(None) };
        let mut own = self.network.addresses.iter().filter(|address| address.interface == input);
        match state.headers.version {
            Version::V4 => {
                Own::Known(own.find(|address| address.address.is_ipv4()).map(|address| address.address))
            }
            Version::V6 => {
                // Of the destination's scope, where it has one (`nf_nat_redirect_ipv6_usable`).
                let Some(IpAddr::V6(destination)) = state.headers.address_of(state.headers.destination())
                else {
                    return Own::Open;
                };
                let wanted = scope(destination);
                Own::Known(own.find_map(|address| match address.address {
                    IpAddr::V6(v6) if !address.is_tentative() && (wanted == 0 || scope(v6) & wanted != 0) => {
                        Some(IpAddr::V6(v6))
                    }
                    _ => None,
                }))
            }
        }
    }
}

/// Whom the frame was addressed to, by the packet type.
pub(super) fn frame(state: &State) -> Frame {
    match state.packet_type.exact(8) {
        Some(1) => Frame::Broadcast,
        Some(2) => Frame::Multicast,
        Some(3) => Frame::Other,
        _ => Frame::Host,
    }
}

/// The packet as a `fib` expression sees it; `None` where an address is open.
fn fib_packet(state: &State, point: Point) -> Option<FibPacket> {
    let headers = &state.headers;
    Some(FibPacket {
        source: headers.address_of(headers.source())?,
        destination: headers.address_of(headers.destination())?,
        iif: point.input,
        oif: point.output,
        mark: u32::try_from(state.mark.exact(32).unwrap_or(0)).unwrap_or(0),
        tos: tos(state),
        protocol: headers.protocol.unwrap_or(0),
        hook: match point.hook {
            Hook::Ingress | Hook::Prerouting | Hook::Input => FibHook::Incoming,
            Hook::Forward => FibHook::Forward,
            Hook::Output | Hook::Postrouting | Hook::Egress => FibHook::Outgoing,
        },
    })
}

/// The TOS byte or traffic class; 0 where open.
pub(super) fn tos(state: &State) -> u8 {
    tos_bits(state).exact(8).and_then(|value| u8::try_from(value).ok()).unwrap_or(0)
}

/// The TOS byte or traffic class.
pub(super) fn tos_bits(state: &State) -> Bits {
    let offset = match state.headers.version {
        Version::V4 => 8,
        Version::V6 => 4,
    };
    match state.headers.load(ir::PayloadBase::Network, offset, 8) {
        crate::packet::Loaded::Bits(bits) => bits,
        crate::packet::Loaded::Missing => Bits::OPEN,
    }
}

/// Whether a hardware address is this number.
pub(super) fn is_address(mac: &[u8], address: u128) -> bool {
    mac.len() == 6 && mac.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte)) == address
}

/// What `ipv6_addr_scope` keeps of an address' type (`include/net/ipv6.h`): loopback 0x10, the link 0x20, the site 0x40, an IPv4
/// address in IPv6 0x80; nothing for all others.
fn scope(address: Ipv6Addr) -> u16 {
    let [first, ..] = address.segments();
    match first {
        _ if address.is_multicast() => match first & 0x000f {
            1 => 0x10,
            2 => 0x20,
            5 => 0x40,
            _ => 0,
        },
        _ if address.is_loopback() => 0x10,
        _ if address.is_unicast_link_local() => 0x20,
        0xfec0..=0xfeff => 0x40,
        _ if u128::from(address) >> 32 == 0 && !address.is_unspecified() => 0x80,
        _ => 0,
    }
}
