//! What connection tracking says of a packet (`nf_conntrack_in`, `net/netfilter/nf_conntrack_core.c`, and the files of the
//! protocols beside it).

use super::outcome::Step;
use super::run::Run;
use super::state::{Conntrack, Flow, Info, State, Tuple, status};
use crate::ir::Version;
use crate::packet::{self, Bits};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const ICMP6: u8 = 58;
const UDPLITE: u8 = 136;

/// What is known of the packet's connection before it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given {
    /// Only what the question says.
    State(packet::State),
    /// The connection itself: it was followed from its first packet.
    Flow(Box<Flow>),
}

impl Run<'_> {
    /// Looks the connection up at its hook. A packet that was looked up before (loopback), or is not tracked, is left alone.
    pub(super) fn conntrack(&mut self, state: &mut State) {
        state.template = false;
        if state.conntrack == Conntrack::None {
            state.conntrack = match &self.given {
                // A connection that is known is one of zone 0, and found by the addresses and ports as they are now.
                Given::Flow(flow) if state.zone == Bits::all(0) && belongs(state, flow) => {
                    Conntrack::Flow(flow.clone())
                }
                Given::Flow(_) => self.first(state),
                Given::State(given) => match given {
                    packet::State::First => self.first(state),
                    packet::State::New => fresh(state, Info::New),
                    packet::State::Established => fresh(state, Info::Established),
                    packet::State::Related => fresh(state, Info::Related),
                    packet::State::Invalid => Conntrack::None,
                    packet::State::Untracked => Conntrack::Untracked,
                },
            };
        }
        let (name, reply) = match &state.conntrack {
            Conntrack::None => ("invalid", false),
            Conntrack::Untracked => ("untracked", false),
            Conntrack::Flow(flow) => (flow.info.name(), flow.reply),
        };
        self.step(state, Step::Conntrack { state: name, reply });
    }

    /// The state of a packet whose connection was never seen.
    fn first(&self, state: &State) -> Conntrack {
        let headers = &state.headers;
        match headers.protocol {
            Some(TCP) => match headers.tcp_flags().and_then(|flags| flags.exact(8)) {
                Some(flags) if !self.simulator.host.begins_tcp(flags) => Conntrack::None,
                _ => fresh(state, Info::New),
            },
            // `nf_conntrack_icmp_packet`: echo, timestamp, information and address mask requests begin a connection.
            Some(ICMP) if headers.version == Version::V4 => {
                match headers.icmp_type().and_then(|kind| kind.exact(8)) {
                    Some(8 | 13 | 15 | 17) | None => fresh(state, Info::New),
                    Some(_) => Conntrack::None,
                }
            }
            // `nf_conntrack_icmpv6_error`: neighbour discovery and listener reports are not tracked;
            // `nf_conntrack_icmpv6_packet`: echo and node information requests begin a connection.
            Some(ICMP6) if headers.version == Version::V6 => {
                match headers.icmp_type().and_then(|kind| kind.exact(8)) {
                    Some(130..=136 | 143) => Conntrack::Untracked,
                    Some(128 | 139) | None => fresh(state, Info::New),
                    Some(_) => Conntrack::None,
                }
            }
            // `udplite_error` checks what comes in as if it were UDP: a right checksum is wrong to it.
            Some(UDPLITE) if state.input.is_some() && !headers.is_complete() => Conntrack::None,
            _ => fresh(state, Info::New),
        }
    }
}

/// Whether the packet, as rules may have changed it by now, is still one of this connection.
fn belongs(state: &State, flow: &Flow) -> bool {
    let known = if flow.reply { flow.translated.reversed() } else { flow.original };
    Tuple::of(&state.headers) == known
}

impl Info {
    fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Established => "established",
            Self::Related => "related",
        }
    }
}

/// A connection that begins with this packet, or of which nothing but its state is known.
fn fresh(state: &State, info: Info) -> Conntrack {
    let tuple = Tuple::of(&state.headers);
    let established = info == Info::Established;
    let icmp_error = info == Info::Related && matches!(state.headers.protocol, Some(ICMP | ICMP6));
    let certain = if established { status::SEEN_REPLY | status::CONFIRMED } else { 0 };
    let open = match info {
        Info::New => 0,
        Info::Established => status::ASSURED,
        Info::Related => 1,
    };
    Conntrack::Flow(Box::new(Flow {
        info,
        reply: false,
        mark: if info == Info::New { Bits::all(0) } else { Bits::OPEN },
        labels: if info == Info::New { Bits::all(0) } else { Bits::OPEN },
        status: Bits::partly(certain, !open),
        original: tuple,
        translated: tuple,
        source_done: established || icmp_error,
        destination_done: established || icmp_error,
    }))
}

/// Whether a segment with these flags can begin a connection: `tcp_error`, `tcp_new` and the first column of
/// `tcp_conntracks` (`net/netfilter/nf_conntrack_proto_tcp.c`). `loose` is `nf_conntrack_tcp_loose`.
pub(super) fn begins_tcp(flags: u128, loose: bool) -> bool {
    const FIN: u128 = 1;
    const SYN: u128 = 2;
    const RST: u128 = 4;
    const ACK: u128 = 16;
    const URG: u128 = 32;
    // PSH, ECE and CWR do not matter.
    match flags & (FIN | SYN | RST | ACK | URG) {
        SYN => true,
        f if f == SYN | URG => true,
        f if f == ACK || f == ACK | URG => loose,
        _ => false,
    }
}
