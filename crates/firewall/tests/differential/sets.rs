//! All packets at once against single ones: what the simulator says of a set holds for each packet of it, and the kernel does the
//! same with packets picked out of the set.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_firewall::ir::Version;
use portreeve_firewall::packet::State as Asked;
use portreeve_firewall::simulate::{Class, Decision, Fates, Origin as Meets, Simulator, Wanted};
use portreeve_firewall::space::{Budget, Set, Space, TooComplex};

use crate::generate::{Case, Random};
use crate::kernel::WIRES;
use crate::packet::{Extensions, Injection, Link, Marker, Origin, Packet, State, Transport};
use crate::simulated::Simulated;

/// Ports of a bridge take frames by hardware address, which a set leaves open.
const ROUTED: usize = 2;

/// What was compared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Compared {
    /// Packets held against a set.
    pub(crate) packets: u64,
    /// Sets asked for.
    pub(crate) sets: u64,
    /// The set says "depends" where the single packet is certain: bits that the kernel rewrote, which a set does not follow.
    pub(crate) vague: u64,
    /// The set is certain where the single packet is not.
    pub(crate) sharper: u64,
    /// Packets picked out of sets and sent through the kernel.
    pub(crate) witnesses: u64,
    /// Sets that no packet could be picked from: they ask for bits that mark packets here.
    pub(crate) unfit: u64,
    /// The budget did not suffice.
    pub(crate) too_complex: u64,
}

/// Sets by class, asked for once.
pub(crate) struct Sets<'a> {
    simulated: &'a Simulated,
    simulator: &'a Simulator<'a>,
    spaces: [Space; 2],
    fates: HashMap<(bool, u8, OriginKey), Result<Fates, TooComplex>>,
    pub(crate) compared: Compared,
}

type OriginKey = (Option<usize>, u32, u32);

impl<'a> Sets<'a> {
    pub(crate) fn new(simulated: &'a Simulated, simulator: &'a Simulator<'a>) -> Self {
        let budget = Budget { nodes: 1 << 19, steps: 400_000 };
        let space = |version| Space::new(version, budget).unwrap();
        Self {
            simulated,
            simulator,
            spaces: [space(Version::V4), space(Version::V6)],
            fates: HashMap::new(),
            compared: Compared::default(),
        }
    }

    /// The class of a packet, where sets describe such packets.
    fn class(&self, packet: &Packet) -> Option<(OriginKey, Class)> {
        // A class is of packets whose TTL suffices.
        let plain = packet.extensions == Extensions::default()
            && packet.fragment == 0
            && packet.ttl > 1
            && packet.state == State::New
            // Without an Ethernet header the destination says whether a frame is for many.
            && !self.simulated.is_for_many(packet.destination)
            // Connection tracking takes UDP-Lite for invalid unless its checksum is that of UDP, which only bytes can tell.
            && packet.protocol() != 136;
        let (key, origin) = match packet.origin {
            Origin::Wire { wire, link: Link::Host } if wire < ROUTED => {
                ((Some(wire), 0, 0), Meets::In(self.simulated.interface(WIRES[wire])))
            }
            Origin::Wire { .. } => return None,
            Origin::Socket { user, group } => {
                ((None, user, group), Meets::Out { interface: None, user: Some(user), group: Some(group) })
            }
        };
        let options = matches!(&packet.transport, Transport::Tcp { options, .. } if !options.is_empty());
        let class = Class {
            version: if packet.is_v4() { Version::V4 } else { Version::V6 },
            protocol: packet.protocol(),
            origin,
            state: Asked::First,
            // What the host sends has the source that its socket has.
            source: matches!(origin, Meets::Out { .. }).then_some(packet.source),
            destination: None,
            source_port: None,
            destination_port: None,
            tcp_flags: None,
            within: None,
        };
        (plain && !options).then_some((key, class))
    }

    /// Holds a packet against its set. An error says what disagrees.
    pub(crate) fn check(&mut self, packet: &Packet, injection: &Injection) -> Result<(), String> {
        let Some((key, class)) = self.class(packet) else { return Ok(()) };
        let link = match packet.origin {
            Origin::Wire { wire, link } => Some(injection.link_header(wire, link)),
            Origin::Socket { .. } => None,
        };
        let simulation = self.simulated.simulate(self.simulator, injection);
        let space = &self.spaces[usize::from(class.version == Version::V6)];
        // With another source each packet of the host's own is a class of its own.
        let fresh;
        let fates = if class.source.is_some() {
            fresh = self.simulator.fates(space, &class, WANTED);
            self.compared.sets += 1;
            &fresh
        } else {
            self.fates.entry((packet.is_v4(), packet.protocol(), key)).or_insert_with(|| {
                self.compared.sets += 1;
                self.simulator.fates(space, &class, WANTED)
            })
        };
        let Ok(fates) = fates else {
            self.compared.too_complex += 1;
            return Ok(());
        };
        let is_in = |set: &Set| space.holds(set, link.as_ref(), &injection.bytes);
        let says = (is_in(&fates.allow), is_in(&fates.deny), is_in(&fates.open));
        self.compared.packets += 1;
        match (says, simulation.decision()) {
            _ if simulation.truncated => {}
            ((true, false, false), Decision::Allow)
            | ((false, true, false), Decision::Deny)
            | ((false, false, true), Decision::Unknown) => {}
            ((false, false, true), _) => self.compared.vague += 1,
            ((true, false, false) | (false, true, false), Decision::Unknown) => self.compared.sharper += 1,
            (says, decision) => {
                return Err(format!(
                    "(allow, deny, open) = {says:?}, the packet alone: {decision:?}\ncauses: {:?}\nends: {:#?}",
                    simulation.causes,
                    simulation.outcomes.iter().map(|outcome| &outcome.end).collect::<Vec<_>>()
                ));
            }
        }
        Ok(())
    }

    /// Packets picked out of the sets that were asked for: of what arrives, what does not, and of what single rules matched.
    pub(crate) fn witnesses(
        &mut self,
        case: &Case,
        random: &mut Random,
        mut marker: impl FnMut() -> Marker,
    ) -> Vec<(Packet, Injection)> {
        let mut found = Vec::new();
        let mut keys: Vec<_> = self.fates.keys().copied().collect();
        keys.sort_unstable();
        for (v4, protocol, key) in keys {
            let (Some(wire), Some(Ok(fates))) = (key.0, self.fates.get(&(v4, protocol, key))) else {
                continue;
            };
            let space = &self.spaces[usize::from(!v4)];
            let mut sets = vec![&fates.allow, &fates.deny];
            for _ in 0..3 {
                if !fates.hits.is_empty() {
                    sets.push(&fates.hits[random.below(fates.hits.len())].set);
                }
            }
            for set in sets {
                // Bits that nothing asks for are those of a packet of the case.
                let like =
                    case.packets.iter().find(|packet| packet.is_v4() == v4 && packet.protocol() == protocol);
                let Some(like) = like else { continue };
                let marker = marker();
                let model = like.injection(marker);
                let link = model.link_header(wire, Link::Host);
                let bytes = link.iter().chain(&model.bytes).copied().collect::<Vec<_>>();
                let prefer = |place: u16| {
                    bytes.get(usize::from(place / 8)).is_some_and(|byte| byte >> (7 - place % 8) & 1 == 1)
                };
                let Some(sample) = space.sample(set, prefer) else { continue };
                let packet = Packet {
                    origin: Origin::Wire { wire, link: Link::Host },
                    ..like_sample(like, &sample[14..])
                };
                let injection = packet.injection(marker);
                let link = injection.link_header(wire, Link::Host);
                if space.holds(set, Some(&link), &injection.bytes) {
                    self.compared.witnesses += 1;
                    found.push((packet, injection));
                } else {
                    self.compared.unfit += 1;
                }
            }
        }
        found
    }
}

const WANTED: Wanted = Wanted { replies: false, sets_changed: true, any_source: false, every_rule: false };

/// The packet with the header bits of the sample that packets here can have.
fn like_sample(like: &Packet, sample: &[u8]) -> Packet {
    let v4 = like.is_v4();
    let (source, destination): (IpAddr, IpAddr) = if v4 {
        let address = |at: usize| Ipv4Addr::from(<[u8; 4]>::try_from(&sample[at..at + 4]).unwrap());
        (address(12).into(), address(16).into())
    } else {
        let address = |at: usize| Ipv6Addr::from(<[u8; 16]>::try_from(&sample[at..at + 16]).unwrap());
        (address(8).into(), address(24).into())
    };
    let (tos, ttl) = if v4 { (sample[1], sample[8]) } else { (sample[0] << 4 | sample[1] >> 4, sample[7]) };
    let body = &sample[if v4 { 20 } else { 40 }..];
    let word = |at: usize| u16::from_be_bytes([body[at], body[at + 1]]);
    let (from, to) = (word(0), word(2));
    let transport = match &like.transport {
        Transport::Tcp { .. } => Transport::Tcp {
            source: from,
            destination: to,
            flags: body[13],
            window: word(14),
            options: Vec::new(),
        },
        Transport::Udp { .. } => Transport::Udp { source: from, destination: to },
        Transport::Icmp { id, .. } => Transport::Icmp { kind: body[0], code: body[1], id: *id },
        Transport::Sctp { .. } => Transport::Sctp { source: from, destination: to },
        Transport::UdpLite { .. } => Transport::UdpLite { source: from, destination: to },
        Transport::Dccp { .. } => Transport::Dccp { source: from, destination: to },
        Transport::Other(number) => Transport::Other(*number),
    };
    Packet {
        source,
        destination,
        tos,
        ttl: if ttl <= 1 { 64 } else { ttl },
        fragment: 0,
        extensions: Extensions::default(),
        transport,
        state: State::New,
        ..like.clone()
    }
}

impl Compared {
    pub(crate) fn add(&mut self, other: &Self) {
        self.packets += other.packets;
        self.sets += other.sets;
        self.vague += other.vague;
        self.sharper += other.sharper;
        self.witnesses += other.witnesses;
        self.unfit += other.unfit;
        self.too_complex += other.too_complex;
    }
}
