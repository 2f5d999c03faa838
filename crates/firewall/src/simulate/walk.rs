//! Between the hooks: the kernel's own checks, routing decisions, bridges, and the end of the way.

use std::net::IpAddr;

use super::host::{frame, tos, tos_bits};
use super::outcome::{Cause, CauseKind, Discard, End, RouteStep, Step};
use super::run::{Progress, Run};
use super::state::{Conntrack, Detour, Layer, Sender, Stage, State, status};
use crate::ir::{Hook, PayloadBase, Version};
use crate::network::{
    ArrivalKey, BridgePath, Check, Denial, ForwardKey, InputKey, LocalKind, OutputError, OutputKey,
    OutputRoute, RerouteKey, Routed, Uncertain,
};
use crate::packet::{Bits, Loaded};

impl Run<'_> {
    /// `ip_rcv_core`, `ip6_rcv_core`: before any rule of IP sees the packet.
    pub(super) fn arrive(&mut self, state: &mut State) -> Progress {
        // `ip_sabotage_in`: the bridge had the prerouting hook run already.
        let prerouted = std::mem::take(&mut state.prerouted);
        state.stage = if prerouted { Stage::RouteIn } else { Stage::Hook(Layer::Ip, Hook::Prerouting) };
        let (Some(source), Some(destination), Some(iif)) = (source(state), destination(state), state.input)
        else {
            return Progress::On;
        };
        let key = ArrivalKey { source, destination, iif, frame: frame(state) };
        match self.simulator.host.fib.before_prerouting(&key) {
            Check::Passed => Progress::On,
            Check::Denied { reason, icmp } => Progress::End(End::Discarded(discard(reason, icmp.is_some()))),
            Check::Unknown(why) => self.perhaps_discarded(state, &why),
        }
    }

    /// Chooses the route of a packet that came in, by its destination as it is now.
    pub(super) fn route_in(&mut self, state: &mut State) -> Progress {
        if state.looped {
            // The route was chosen on the way out, and is kept (`skb_valid_dst`).
            state.headers.record_route();
            return self.routed(state, Routed::Local { kind: LocalKind::Unicast });
        }
        state.headers.record_route();
        let Some(key) = input_key(state) else { return self.open_route(state) };
        let routed = self.simulator.host.fib.input(&key);
        self.routed(state, routed)
    }

    fn routed(&mut self, state: &mut State, routed: Routed) -> Progress {
        match routed {
            // `ip_local_deliver` collects fragments before the input hook, IPv6 behind it.
            Routed::Local { .. } if state.headers.version == Version::V4 && state.headers.is_fragment() => {
                Progress::End(super::run::held())
            }
            Routed::Local { .. } => {
                self.step(state, Step::Route(RouteStep::Local));
                state.stage = Stage::Hook(Layer::Ip, Hook::Input);
                Progress::On
            }
            Routed::Forward { oif, gateway, mtu } => {
                self.step(state, Step::Route(RouteStep::Forward { interface: oif, gateway }));
                state.output = Some(oif);
                state.gateway = gateway;
                self.check_forward(state, mtu)
            }
            Routed::Denied { reason, icmp } => Progress::End(End::Discarded(discard(reason, icmp.is_some()))),
            Routed::Unknown { cause, alternatives } => {
                let number = self.cause_anywhere(Cause::new(CauseKind::Routing, uncertain(&cause)));
                self.assume(state, number);
                let mut ways = alternatives.into_iter();
                let Some(first) = ways.next() else {
                    return Progress::End(End::Taken(None, uncertain(&cause)));
                };
                for other in ways {
                    let mut fork = state.clone();
                    match self.routed(&mut fork, other) {
                        Progress::On => self.defer(fork, None),
                        Progress::End(end) => self.finish(fork, end),
                        Progress::Merged => {}
                    }
                }
                self.routed(state, first)
            }
        }
    }

    /// `ip_forward`, `ip6_forward`: before the rules of the forward hook see the packet.
    fn check_forward(&mut self, state: &mut State, mtu: u32) -> Progress {
        state.stage = Stage::BeforeForward;
        // `ip_forward`, `ip6_forward`: what belongs to a socket of this host is not passed on.
        if state.has_socket {
            let text = "a transparent socket of this host has it, and it is routed elsewhere".to_owned();
            return Progress::End(End::Discarded(Discard {
                code: "transparent-socket".to_owned(),
                text,
                answered: false,
            }));
        }
        let (Some(source), Some(destination), Some(iif), Some(oif)) =
            (source(state), destination(state), state.input, state.output)
        else {
            return Progress::On;
        };
        let key = ForwardKey {
            source,
            destination,
            iif,
            oif,
            mtu,
            by_gateway: state.gateway.is_some(),
            hop_limit: hop_limit(state).exact(8).and_then(|ttl| u8::try_from(ttl).ok()).unwrap_or(64),
            length: state.headers.length().exact(32).and_then(|length| u32::try_from(length).ok()),
            dont_fragment: dont_fragment(state),
            // Loose source route is 131, strict 137 (RFC 791).
            strict_source_route: matches!(state.headers.ip_option(137, 0, 8), Loaded::Bits(_)),
            frame: frame(state),
        };
        match self.simulator.host.fib.before_forward(&key) {
            Check::Passed => Progress::On,
            Check::Denied { reason, icmp } => Progress::End(End::Discarded(discard(reason, icmp.is_some()))),
            Check::Unknown(why) => self.perhaps_discarded(state, &why),
        }
    }

    /// The kernel lowers TTL or hop limit, and derives the priority from the TOS (`ip_forward`).
    pub(super) fn before_forward(state: &mut State) -> Progress {
        let ttl = hop_limit(state);
        let lower = ttl.exact(8).map_or(Bits::OPEN, |ttl| Bits::all(ttl.saturating_sub(1)));
        let offset = if state.headers.version == Version::V4 { 64 } else { 56 };
        state.headers.store(PayloadBase::Network, offset, 8, lower);
        state.priority = match (state.headers.version, tos_bits(state).exact(8)) {
            (Version::V4, Some(tos)) => Bits::all(priority_of(tos)),
            (Version::V4, None) => Bits::OPEN,
            (Version::V6, _) => state.priority,
        };
        state.stage = Stage::Hook(Layer::Ip, Hook::Forward);
        Progress::On
    }

    /// Chooses the route of a packet that the host sends.
    pub(super) fn route_out(&mut self, state: &mut State) -> Progress {
        let Some(key) = output_key(state) else { return self.open_route(state) };
        let route = self.simulator.host.fib.output(&key);
        if let Some(progress) = self.sent(state, route, false) {
            return progress;
        }
        state.stage = Stage::Hook(Layer::Ip, Hook::Output);
        Progress::On
    }

    /// Takes an output route; `None` where the packet goes on.
    fn sent(&mut self, state: &mut State, route: OutputRoute, again: bool) -> Option<Progress> {
        match route {
            OutputRoute::Sent { source: chosen, oif, gateway, .. } => {
                self.step(state, Step::Route(RouteStep::Output { interface: oif, gateway, again }));
                state.output = Some(oif);
                state.gateway = gateway;
                if source(state).is_none() {
                    state.headers.write_source(super::nat::number(chosen));
                }
                None
            }
            OutputRoute::Failed(error) => Some(Progress::End(End::Discarded(refused(error)))),
            OutputRoute::Unknown { cause, alternatives } => {
                let number = self.cause_anywhere(Cause::new(CauseKind::Routing, uncertain(&cause)));
                self.assume(state, number);
                let mut ways = alternatives.into_iter();
                let Some(first) = ways.next() else {
                    return Some(Progress::End(End::Taken(None, uncertain(&cause))));
                };
                for other in ways {
                    let mut fork = state.clone();
                    match self.sent(&mut fork, other, again) {
                        Some(Progress::End(end)) => self.finish(fork, end),
                        Some(_) => {}
                        None => {
                            if again {
                                fork.entry += 1;
                                fork.nat_chain = 0;
                            } else {
                                fork.stage = Stage::Hook(Layer::Ip, Hook::Output);
                            }
                            self.defer(fork, None);
                        }
                    }
                }
                self.sent(state, first, again)
            }
        }
    }

    /// `ip_route_me_harder`, `ip6_route_me_harder`: the mark or an address changed at output. Where there is no route any more
    /// the packet is dropped.
    pub(super) fn reroute(&mut self, state: &mut State) -> Option<Progress> {
        let Some(key) = reroute_key(state, self.bound) else { return Some(self.open_route(state)) };
        let route = self.simulator.host.fib.reroute(&key);
        self.sent(state, route, true)
    }

    /// The packet leaves by `output`, with an Ethernet header of its own where the device has such.
    pub(super) fn leave(&mut self, state: &mut State) -> Progress {
        let Some(output) = state.output else {
            return Progress::End(End::Taken(None, "no interface".to_owned()));
        };
        if let Some(found) = self.simulator.host.network.interface(output) {
            state.headers.link = false;
            match found.hardware {
                // ARPHRD_ETHER; without address resolution a frame is addressed to the device itself (`arp_constructor`).
                1 => state
                    .headers
                    .put_link(&found.mac, found.flags.is_unresolving().then_some(found.mac.as_slice())),
                // ARPHRD_LOOPBACK
                772 => state.headers.put_link(&[0; 6], Some(&[0; 6])),
                _ => {}
            }
        }
        state.stage = Stage::Hook(Layer::Device, Hook::Egress);
        Progress::On
    }

    /// Into a bridge that the host itself sends by: to one of its ports (`br_dev_xmit`, `net/bridge/br_device.c`).
    fn enter_bridge(&mut self, state: &mut State, bridge: u32) -> bool {
        let simulator = self.simulator;
        let ports = simulator.host.network.ports_of(bridge).map(|port| port.index).collect::<Vec<_>>();
        let watched = |port: &u32| simulator.pipelines.watches(*port);
        let Some((first, others)) =
            ports.split_first().filter(|_| simulator.pipelines.has_bridge() || ports.iter().any(watched))
        else {
            return false;
        };
        state.input = None;
        state.stage = Stage::Hook(Layer::Bridge, Hook::Output);
        if !others.is_empty() {
            let number = self
                .cause_anywhere(Cause::new(CauseKind::Routing, "the bridge port it leaves by".to_owned()));
            self.assume(state, number);
            for port in others {
                self.defer(State { output: Some(*port), ..state.clone() }, None);
            }
        }
        state.output = Some(*first);
        true
    }

    /// After the last hook of a device.
    pub(super) fn gone(&mut self, state: &mut State) -> Progress {
        let Some(output) = state.output else {
            return Progress::End(End::Taken(None, "no interface".to_owned()));
        };
        if self.enter_bridge(state, output) {
            return Progress::On;
        }
        if !self.simulator.host.is_loopback(output) {
            return Progress::End(End::Sent { interface: output, gateway: state.gateway });
        }
        if state.looped {
            return Progress::End(End::Delivered);
        }
        // `loopback_xmit`: the socket is let go, the connection is kept.
        self.step(state, Step::Loopback);
        state.looped = true;
        if let Conntrack::Flow(flow) = &mut state.conntrack {
            // `nf_confirm` at the end of postrouting.
            flow.status =
                Bits::partly(flow.status.value | status::CONFIRMED, flow.status.known | status::CONFIRMED);
        }
        state.sender = Sender::None;
        state.input = Some(output);
        state.output = None;
        state.gateway = None;
        state.stage = Stage::Hook(Layer::Device, Hook::Ingress);
        Progress::On
    }

    /// A bridge hands the frame up or passes it on (`br_handle_frame_finish`, `net/bridge/br_input.c`).
    pub(super) fn bridge_decision(&mut self, state: &mut State) -> Progress {
        let (Some(port), Some(destination)) = (state.input, destination(state)) else {
            return self.open_route(state);
        };
        let host = &self.simulator.host;
        let path = match link_destination(state) {
            Some(address) => host.bridge_path(port, address),
            None => host.network.bridge_path(port, destination),
        };
        match path {
            None | Some(BridgePath::Up { .. }) => {
                state.stage = Stage::Hook(Layer::Bridge, Hook::Input);
                Progress::On
            }
            Some(BridgePath::Bridged { bridge, ports }) => self.across(state, bridge, &ports),
            Some(BridgePath::Both { bridge, ports }) => {
                let number = self.cause_anywhere(Cause::new(
                    CauseKind::Routing,
                    "a frame for several receivers".to_owned(),
                ));
                let mut fork = state.clone();
                self.assume(&mut fork, number);
                fork.stage = Stage::Hook(Layer::Bridge, Hook::Input);
                self.defer(fork, None);
                self.assume(state, number);
                self.across(state, bridge, &ports)
            }
        }
    }

    fn across(&mut self, state: &mut State, bridge: u32, ports: &[u32]) -> Progress {
        self.step(state, Step::Bridged { bridge });
        let Some((first, others)) = ports.split_first() else {
            return Progress::End(End::Discarded(Discard {
                code: "no-other-port".to_owned(),
                text: "the bridge has no other port".to_owned(),
                answered: false,
            }));
        };
        if !others.is_empty() {
            let number = self
                .cause_anywhere(Cause::new(CauseKind::Routing, "the bridge port it leaves by".to_owned()));
            self.assume(state, number);
            for port in others {
                let mut fork = state.clone();
                fork.output = Some(*port);
                fork.stage = Stage::Hook(Layer::Bridge, Hook::Forward);
                self.defer(fork, None);
            }
        }
        state.output = Some(*first);
        state.stage = Stage::Hook(Layer::Bridge, Hook::Forward);
        Progress::On
    }

    /// `br_netfilter`: the hooks of IP see a bridged packet with the bridge in the place of its ports
    /// (`br_nf_pre_routing`, `br_nf_forward`, `br_nf_post_routing` in `net/bridge/br_netfilter_hooks.c`).
    pub(super) fn detour(&mut self, state: &mut State, hook: Hook) -> bool {
        let host = &self.simulator.host;
        let Some(sysctls) = &host.network.sysctls.bridge else { return false };
        let calls = match state.headers.version {
            Version::V4 => sysctls.call_iptables,
            Version::V6 => sysctls.call_ip6tables,
        };
        // What the host itself sends has no bridge record, and no packet has one where prerouting was not called.
        if calls == Some(0) || (hook != Hook::Prerouting && !state.prerouted) {
            return false;
        }
        let bridge = |port: Option<u32>| port.and_then(|port| host.bridge_of(port));
        state.detour = Some(Detour {
            hook,
            entry: state.entry + 1,
            input: state.input,
            output: state.output,
            destination: state.headers.destination(),
        });
        (state.input, state.output) = match hook {
            Hook::Prerouting => (bridge(state.input), None),
            Hook::Forward => (bridge(state.input), bridge(state.output)),
            _ => (None, bridge(state.output)),
        };
        state.entry = 0;
        state.stage = Stage::Hook(Layer::Ip, hook);
        true
    }

    /// The hooks of IP let a bridged packet on: the bridge goes on behind its own hook.
    pub(super) fn back_to_bridge(state: &mut State) {
        if let Some(detour) = state.detour.take() {
            state.prerouted = true;
            state.input = detour.input;
            state.output = detour.output;
            state.entry = detour.entry;
            state.stage = Stage::Hook(Layer::Bridge, detour.hook);
            if detour.destination != state.headers.destination() {
                // The frame is addressed anew (`br_nf_pre_routing_finish`).
                state.headers.store(PayloadBase::Link, 0, 48, Bits::OPEN);
            }
        }
    }

    /// An address that the route depends on is open.
    fn open_route(&mut self, state: &mut State) -> Progress {
        let text = "the address that the route depends on".to_owned();
        let number = self.cause_anywhere(Cause::new(CauseKind::Routing, text.clone()));
        self.assume(state, number);
        Progress::End(End::Taken(None, text))
    }

    fn perhaps_discarded(&mut self, state: &mut State, why: &Uncertain) -> Progress {
        let number = self.cause_anywhere(Cause::new(CauseKind::Routing, uncertain(why)));
        let mut fork = state.clone();
        self.assume(&mut fork, number);
        let discard = Discard { code: "unknown".to_owned(), text: uncertain(why), answered: false };
        self.finish(fork, End::Discarded(discard));
        self.assume(state, number);
        Progress::On
    }
}

fn source(state: &State) -> Option<IpAddr> {
    state.headers.address_of(state.headers.source())
}

fn destination(state: &State) -> Option<IpAddr> {
    state.headers.address_of(state.headers.destination())
}

/// The frame's destination, where it is known.
pub(super) fn link_destination(state: &State) -> Option<u128> {
    match state.headers.load(PayloadBase::Link, 0, 48) {
        Loaded::Bits(bits) => bits.exact(48),
        Loaded::Missing => None,
    }
}

fn mark(state: &State) -> u32 {
    state.mark.exact(32).and_then(|mark| u32::try_from(mark).ok()).unwrap_or(0)
}

fn port(bits: Option<Bits>) -> Option<u16> {
    bits?.exact(16).and_then(|port| u16::try_from(port).ok())
}

fn hop_limit(state: &State) -> Bits {
    let offset = if state.headers.version == Version::V4 { 64 } else { 56 };
    match state.headers.load(PayloadBase::Network, offset, 8) {
        Loaded::Bits(bits) => bits,
        Loaded::Missing => Bits::OPEN,
    }
}

fn dont_fragment(state: &State) -> bool {
    state.headers.version == Version::V4
        && matches!(state.headers.load(PayloadBase::Network, 49, 1), Loaded::Bits(bits) if bits.exact(1) == Some(1))
}

/// `ip_tos2prio` (`net/ipv4/route.c`): bulk 2, interactive bulk 4, interactive 6, best effort 0.
fn priority_of(tos: u128) -> u128 {
    match tos >> 1 & 0x0f {
        4..=7 => 2,
        8..=11 => 6,
        12..=15 => 4,
        _ => 0,
    }
}

pub(super) fn output_key(state: &State) -> Option<OutputKey> {
    let uid = match state.sender {
        Sender::Local { user, .. } => user,
        Sender::None => None,
    };
    Some(OutputKey {
        source: source(state),
        destination: destination(state)?,
        oif: state.output,
        bound: state.output.is_some(),
        mark: mark(state),
        tos: tos(state),
        protocol: state.headers.protocol.unwrap_or(0),
        source_port: port(state.headers.source_port()),
        destination_port: port(state.headers.destination_port()),
        uid,
        any_source: false,
    })
}

pub(super) fn reroute_key(state: &State, bound: Option<u32>) -> Option<RerouteKey> {
    let uid = match state.sender {
        Sender::Local { user, .. } => user,
        Sender::None => None,
    };
    Some(RerouteKey {
        source: source(state)?,
        destination: destination(state)?,
        bound,
        oif: state.output?,
        mark: mark(state),
        tos: tos(state),
        protocol: state.headers.protocol.unwrap_or(0),
        source_port: port(state.headers.source_port()),
        destination_port: port(state.headers.destination_port()),
        uid,
    })
}

pub(super) fn input_key(state: &State) -> Option<InputKey> {
    Some(InputKey {
        source: source(state)?,
        destination: destination(state)?,
        iif: state.input?,
        mark: mark(state),
        tos: tos(state),
        protocol: state.headers.protocol.unwrap_or(0),
        source_port: port(state.headers.source_port()),
        destination_port: port(state.headers.destination_port()),
        frame: frame(state),
    })
}

fn uncertain(cause: &Uncertain) -> String {
    format!("{cause:?}")
}

fn discard(reason: Denial, answered: bool) -> Discard {
    let (code, text) = match reason {
        Denial::NoInterface => {
            ("no-interface", "the interface does not exist, is down, or has no IP of this version")
        }
        Denial::MartianSource => ("martian-source", "the source address cannot come from outside"),
        Denial::InvalidSource => ("invalid-source", "the source is a broadcast or group address"),
        Denial::LocalSource => {
            ("local-source", "the source is an address of this host (net.ipv4.conf.*.accept_local)")
        }
        Denial::MartianDestination => (
            "martian-destination",
            "the destination cannot come from outside (net.ipv4.conf.*.route_localnet)",
        ),
        Denial::ReversePathStrict => (
            "rp-filter",
            "the way back to the source is by another interface (net.ipv4.conf.*.rp_filter = 1)",
        ),
        Denial::ReversePathLoose => {
            ("rp-filter", "there is no way back to the source (net.ipv4.conf.*.rp_filter = 2)")
        }
        Denial::ForwardingDisabled => (
            "forwarding-disabled",
            "it is for another host, and forwarding is off (net.ipv4.ip_forward, net.ipv6.conf.all.forwarding)",
        ),
        Denial::NoRoute => ("no-route", "there is no route to the destination"),
        Denial::Unreachable => ("unreachable", "a route or policy rule says unreachable"),
        Denial::Blackhole => ("blackhole", "a route or policy rule says blackhole"),
        Denial::Prohibit => ("prohibit", "a route or policy rule says prohibit"),
        Denial::NotMember => ("not-member", "this host is not in the multicast group"),
        Denial::LinkLocalNotForwarded => {
            ("link-local", "addresses that are valid on one link only are not forwarded")
        }
        Denial::Ipv6Disabled => {
            ("ipv6-disabled", "IPv6 is disabled on the interface (net.ipv6.conf.*.disable_ipv6)")
        }
        Denial::LoopbackAddress => ("loopback-address", "a loopback address on another interface"),
        Denial::MulticastScope => ("multicast-scope", "a group whose scope cannot come from outside"),
        Denial::TimeExceeded => ("time-exceeded", "TTL or hop limit is used up"),
        Denial::TooBig => ("too-big", "it is larger than the way allows and must not be fragmented"),
        Denial::BadHeader => ("bad-header", "the header is damaged"),
        Denial::SourceRoute => ("source-route", "source-routed packets are not accepted"),
        Denial::OtherHost => ("other-host", "the frame was addressed to another host"),
        Denial::UnicastInGroupFrame => {
            ("unicast-in-group-frame", "a packet for one host in a frame for many")
        }
    };
    Discard { code: code.to_owned(), text: text.to_owned(), answered }
}

fn refused(error: OutputError) -> Discard {
    let (code, text) = match error {
        OutputError::NetworkUnreachable => ("no-route", "there is no route to the destination (ENETUNREACH)"),
        OutputError::HostUnreachable => ("unreachable", "a route says unreachable (EHOSTUNREACH)"),
        OutputError::Prohibited => ("prohibit", "a route says prohibit (EACCES)"),
        OutputError::Invalid => {
            ("invalid", "a route says blackhole, or the addresses cannot be combined (EINVAL)")
        }
        OutputError::NoDevice => ("no-interface", "there is no such interface (ENODEV)"),
        OutputError::NoSource => ("no-source", "there is no address to send from (EADDRNOTAVAIL)"),
        OutputError::Dropped => ("blackhole", "a route says blackhole"),
    };
    Discard { code: code.to_owned(), text: text.to_owned(), answered: true }
}
