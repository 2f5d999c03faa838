//! The packets of one connection, simulated.

use std::net::{IpAddr, SocketAddr};

use portreeve_firewall::answer::answer;
use portreeve_firewall::ir::Ruleset;
use portreeve_firewall::network::Network;
use portreeve_firewall::packet::{Place, Question, State, Transport};
use portreeve_firewall::simulate::{Options, Simulator};
use portreeve_model::Protocol;
use portreeve_model::reach::{Answer, End};

use super::clients::Supposed;
use crate::facts::path::Flow;

/// A port that clients use: of the middle of the ephemeral range.
const EPHEMERAL: u16 = 40_000;
const SYN: u8 = 0x02;
const SYN_ACK: u8 = 0x12;

/// What packets are simulated through.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) ruleset: &'a Ruleset,
    pub(super) network: &'a Network,
    pub(super) simulator: &'a Simulator<'a>,
}

impl Asking<'_> {
    /// The connection of a client to an endpoint; `None` where it is not one that can be asked about.
    pub(super) fn flow(&self, supposed: &Supposed, endpoint: SocketAddr, protocol: Protocol) -> Option<Flow> {
        let first = first(supposed, endpoint, protocol)?;
        let there = self.ask(&first)?;
        let mut flow = Flow {
            client: supposed.client.clone(),
            endpoint,
            purpose: supposed.purpose,
            there,
            back: None,
            too_big: None,
        };
        flow.back = self.ask(&if flow.is_untracked() {
            untracked_answer(&first, endpoint)
        } else {
            Question { reply: true, transport: with_flags(&first.transport, SYN_ACK), ..first.clone() }
        });
        if supposed.remote && flow.translated().is_none() {
            flow.too_big = too_big(&first, &flow).and_then(|question| self.ask(&question));
        }
        Some(flow)
    }

    /// What becomes of one packet that this host sends to an address.
    pub(super) fn ask(&self, question: &Question) -> Option<Answer> {
        let simulation = self.simulator.run(question, &Options::default()).ok()?;
        Some(answer(self.ruleset, self.network, question, None, &simulation))
    }
}

/// The first packet of a connection.
pub(super) fn first(supposed: &Supposed, endpoint: SocketAddr, protocol: Protocol) -> Option<Question> {
    let (source, destination) = (Some(EPHEMERAL), Some(endpoint.port()));
    let transport = match protocol {
        Protocol::Tcp | Protocol::Mptcp => Transport::Tcp { source, destination, flags: Some(SYN) },
        Protocol::Udp => Transport::Ports { protocol: 17, source, destination },
        Protocol::Sctp => Transport::Ports { protocol: 132, source, destination },
        Protocol::Udplite => Transport::Ports { protocol: 136, source, destination },
        _ => return None,
    };
    Some(packet(Some(supposed.client.address), endpoint.ip(), transport, supposed.place.clone()))
}

fn packet(source: Option<IpAddr>, destination: IpAddr, transport: Transport, place: Place) -> Question {
    Question {
        source,
        destination,
        transport,
        place,
        state: State::First,
        reply: false,
        mark: 0,
        dscp: Some(0),
        ttl: Some(64),
        length: Some(60),
        ether_source: None,
        ether_destination: None,
        fragment: None,
    }
}

fn with_flags(transport: &Transport, flags: u8) -> Transport {
    match transport {
        Transport::Tcp { source, destination, .. } => {
            Transport::Tcp { source: *source, destination: *destination, flags: Some(flags) }
        }
        other => other.clone(),
    }
}

/// The answer to a packet that connection tracking did not see: a packet of its own, of no connection that is known.
fn untracked_answer(first: &Question, endpoint: SocketAddr) -> Question {
    let (source, destination) = (Some(endpoint.port()), Some(EPHEMERAL));
    let transport = match &first.transport {
        Transport::Ports { protocol, .. } => Transport::Ports { protocol: *protocol, source, destination },
        _ => Transport::Tcp { source, destination, flags: Some(SYN_ACK) },
    };
    let place = match &first.place {
        Place::In(_) => Place::Out { interface: None, user: None, group: None },
        Place::Out { .. } => Place::In("lo".to_owned()),
    };
    packet(Some(endpoint.ip()), first.source.unwrap_or(endpoint.ip()), transport, place)
}

/// The message of a router on the way that a packet of the connection is too big: ICMP destination unreachable, fragmentation
/// needed (RFC 1191); `ICMPv6` packet too big (RFC 8201).
fn too_big(first: &Question, flow: &Flow) -> Option<Question> {
    let (kind, code) = if first.destination.is_ipv4() { (3, 4) } else { (2, 0) };
    let transport = Transport::Icmp { kind: Some(kind), code: Some(code) };
    let (router, own, place) = match &first.place {
        Place::In(_) => (first.source?, first.destination, first.place.clone()),
        Place::Out { .. } => {
            let leaves = flow.there.outcomes.iter().find_map(|outcome| match &outcome.end {
                End::Sent { interface, .. } => Some(interface.clone()),
                _ => None,
            });
            (first.destination, first.source?, Place::In(leaves?))
        }
    };
    Some(Question { state: State::Related, length: Some(576), ..packet(Some(router), own, transport, place) })
}
