//! What is seen of a packet: the rules it met, its delivery, and answers to it.

use std::collections::HashMap;

use portreeve_linux::Errno;
use portreeve_linux::netlink::{Family, Subscription};
use portreeve_linux::raw_ip::{RawReceiver, Version};
use portreeve_wire::netfilter::trace::{self, Event, EventKind, VerdictCode};
use portreeve_wire::netlink::Messages;

use super::load::OWN_TABLE;
use super::topology::Wires;
use crate::packet::{Injection, Marker};

/// Everything seen of one packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Observed {
    /// Trace events in order, without those of the chain that turns tracing on.
    pub(crate) path: Vec<Step>,
    /// A socket of the host got it: the packet from its IP header on (IPv4), or from its transport header on (IPv6).
    pub(crate) delivered: Vec<Vec<u8>>,
    /// It left by these wires, as these frames.
    pub(crate) forwarded: Vec<(usize, Vec<u8>)>,
    /// Errors sent back.
    pub(crate) answers: Vec<Answer>,
    /// What `sendto` said to a packet of the host's own.
    pub(crate) sent: Option<Errno>,
}

/// One trace event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// `NFPROTO_*` of the table.
    pub(crate) family: u8,
    pub(crate) table: String,
    pub(crate) chain: String,
    /// Of the rule; `None` for a policy and for the end of a chain.
    pub(crate) handle: Option<u64>,
    pub(crate) verdict: Verdict,
    /// The packet's mark after the rule.
    pub(crate) mark: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Policy(bool),
    EndOfChain,
    Rule(VerdictCode, Option<String>),
}

/// An error sent back to where the packet came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Icmp { kind: u8, code: u8 },
    Icmp6 { kind: u8, code: u8 },
    TcpReset,
}

/// Bytes of trace events the kernel may keep: far more than one packet makes.
const TRACE_QUEUE: usize = 8 << 20;
/// Protocols whose local delivery is watched.
const PROTOCOLS: [u8; 8] = [1, 6, 17, 33, 47, 58, 132, 136];

pub(super) struct Observer {
    trace: Subscription,
    receivers: Vec<(Version, u8, RawReceiver)>,
    buffer: Vec<u8>,
}

impl Observer {
    pub(super) fn open() -> Self {
        let trace = Subscription::join(Family::Netfilter, trace::GROUP, TRACE_QUEUE)
            .expect("the trace group can be joined");
        let mut receivers = Vec::new();
        for version in [Version::V4, Version::V6] {
            for protocol in PROTOCOLS {
                let receiver = RawReceiver::open(version, protocol).expect("a raw socket can be opened");
                receivers.push((version, protocol, receiver));
            }
        }
        Self { trace, receivers, buffer: vec![0; 4096] }
    }

    /// Throws away what came before.
    pub(super) fn clear(&mut self, wires: &Wires) {
        while self.trace.receive().expect("no trace event is lost").is_some() {}
        for (_, _, receiver) in &self.receivers {
            while receiver.receive(&mut self.buffer).expect("packets can be received").is_some() {}
        }
        for wire in &wires.0 {
            while wire.receive(&mut self.buffer).expect("frames can be received").is_some() {}
        }
    }

    /// Gathers everything that the packet caused. By now all of it has happened.
    pub(super) fn collect(&mut self, wires: &Wires, packet: &Injection) -> Observed {
        let marker = packet.marker();
        let mut observed = Observed { path: self.path(marker), ..Observed::default() };
        self.collect_locally(marker, packet, &mut observed);
        for (number, wire) in wires.0.iter().enumerate() {
            while let Some(frame) = wire.receive(&mut self.buffer).expect("frames can be received") {
                match what(frame, marker) {
                    Seen::Packet => observed.forwarded.push((number, frame.to_vec())),
                    Seen::Answer(answer) => observed.answers.push(answer),
                    Seen::Other => {}
                }
            }
        }
        observed
    }

    fn path(&mut self, marker: Marker) -> Vec<Step> {
        // Events after the first one in a base chain have no packet bytes, but the same id.
        let mut ours = HashMap::new();
        let mut path = Vec::new();
        while let Some(buffer) = self.trace.receive().expect("no trace event is lost") {
            for message in Messages::new(buffer) {
                let message = message.expect("the kernel sends whole messages");
                let Ok(event) = Event::from_message(&message) else { continue };
                // A packet in which no transport header was found is shown as if it were one.
                if let Some(network) = event.network.or(event.transport) {
                    // What follows the header is shown apart from it.
                    let packet = [network, event.network.and(event.transport).unwrap_or_default()].concat();
                    ours.insert(event.id, is_marked(&packet, marker));
                }
                if ours.get(&event.id).copied().unwrap_or(false) && event.table != Some(OWN_TABLE) {
                    path.push(step(&event));
                }
            }
        }
        path
    }

    fn collect_locally(&mut self, marker: Marker, packet: &Injection, observed: &mut Observed) {
        for (version, protocol, receiver) in &self.receivers {
            while let Some(bytes) = receiver.receive(&mut self.buffer).expect("packets can be received") {
                let arrived = match version {
                    Version::V4 => is_marked(bytes, marker),
                    Version::V6 => {
                        *protocol == packet.headers().protocol && is_numbered(*protocol, bytes, marker)
                    }
                };
                if arrived {
                    observed.delivered.push(bytes.to_vec());
                } else if let Some(answer) = match version {
                    Version::V4 => answer(bytes, marker),
                    Version::V6 => answer6(*protocol, bytes, marker),
                } {
                    observed.answers.push(answer);
                }
            }
        }
    }
}

fn step(event: &Event<'_>) -> Step {
    let verdict = match (event.kind, event.policy, event.verdict) {
        (EventKind::Policy, policy, _) => Verdict::Policy(policy == Some(1)),
        (_, _, Some(verdict)) if event.handle.is_some() => {
            Verdict::Rule(verdict.code, verdict.chain.map(str::to_owned))
        }
        _ => Verdict::EndOfChain,
    };
    Step {
        family: event.family,
        table: event.table.unwrap_or_default().to_owned(),
        chain: event.chain.unwrap_or_default().to_owned(),
        handle: event.handle,
        verdict,
        mark: event.mark,
    }
}

/// Whether a packet has the marker. The host's own answers have any IPv4 identification, but never what follows.
fn is_marked(packet: &[u8], marker: Marker) -> bool {
    match packet {
        [first, _, _, _, high, low, fragment, offset, _, protocol, ..] if first >> 4 == 4 => {
            let body = packet.get(usize::from(first & 15) * 4..).unwrap_or_default();
            let later = u16::from_be_bytes([*fragment, *offset]) & 0x1fff != 0;
            u16::from_be_bytes([*high, *low]) == marker.identification()
                && (later || body.is_empty() || is_numbered(*protocol, body, marker))
        }
        [first, a, b, c, ..] if first >> 4 == 6 => {
            u32::from_be_bytes([0, *a, *b, *c]) & 0xf_ffff == marker.flow_label()
        }
        _ => false,
    }
}

/// Whether what follows the IP header has the marker.
fn is_numbered(protocol: u8, body: &[u8], marker: Marker) -> bool {
    let at = match protocol {
        6 | 47 => 4,
        17 | 58 | 1 | 136 => 8,
        132 => 16,
        33 => 12,
        _ => 0,
    };
    body.get(at..at + 4) == Some(&marker.number().to_be_bytes()[..])
}

enum Seen {
    Packet,
    Answer(Answer),
    Other,
}

fn what(frame: &[u8], marker: Marker) -> Seen {
    let packet = frame.get(14..).unwrap_or_default();
    if is_marked(packet, marker) {
        return Seen::Packet;
    }
    answer(packet, marker).map_or(Seen::Other, Seen::Answer)
}

/// An error about the marked packet.
fn answer(packet: &[u8], marker: Marker) -> Option<Answer> {
    let first = *packet.first()?;
    match first >> 4 {
        4 => {
            let body = packet.get(usize::from(first & 15) * 4..)?;
            match *packet.get(9)? {
                1 => {
                    let inner = body.get(8..)?;
                    let (kind, code) = (*body.first()?, *body.get(1)?);
                    (is_marked(inner, marker)).then_some(Answer::Icmp { kind, code })
                }
                6 => reset(body, marker),
                _ => None,
            }
        }
        6 => answer6(*packet.get(6)?, packet.get(40..)?, marker),
        _ => None,
    }
}

fn answer6(protocol: u8, body: &[u8], marker: Marker) -> Option<Answer> {
    match protocol {
        58 => {
            let (kind, code) = (*body.first()?, *body.get(1)?);
            is_marked(body.get(8..)?, marker).then_some(Answer::Icmp6 { kind, code })
        }
        6 => reset(body, marker),
        _ => None,
    }
}

/// A reset has the acknowledged number's place in the sequence (RFC 9293 section 3.10.7.1): it acknowledges ours, or,
/// where ours acknowledged something, begins there.
fn reset(segment: &[u8], marker: Marker) -> Option<Answer> {
    let number = |at: usize| Some(u32::from_be_bytes(segment.get(at..at + 4)?.try_into().ok()?));
    let is_reset = segment.get(13)? & 4 != 0;
    let acknowledges = number(8)?.wrapping_sub(marker.number()) < 2048;
    (is_reset && (acknowledges || number(4)? == 0x1234_5678)).then_some(Answer::TcpReset)
}
