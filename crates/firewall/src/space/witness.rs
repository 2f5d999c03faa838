//! One packet of a set, as a person would choose it.

use std::net::IpAddr;

use super::build::address_of;
use super::fields::{Field, FieldKind, fields, has_ports};
use super::layout::Part;
use super::set::{Set, Space, TooComplex};
use crate::ir::{Interval, Version};
use crate::network::{Network, Prefix};
use crate::packet::{Place, Question, State, Transport};
use crate::simulate::{Class, Origin};

const TCP: u8 = 6;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
/// Prefixes among which the source is chosen.
const CHOICE: usize = 64;

/// A packet of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The packet.
    pub question: Question,
    /// What the set demands of it beyond what a question can say: `tcp window 1024`. A packet that differs there may not be of the
    /// set.
    pub beyond: Vec<String>,
}

impl Space {
    /// A packet of a set within a class: with the values of the class, and else with such as are usual, where the set has them.
    /// From the first of the preferred sets that it meets. What the set does not ask for is left open, but for addresses and ports.
    ///
    /// `None` where no packet of the class is in the set, or the class comes in by an interface that the network does not have.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn witness(
        &self,
        set: &Set,
        class: &Class,
        network: &Network,
        prefer: &[Set],
    ) -> Result<Option<Witness>, TooComplex> {
        let Some(place) = place(class.origin, network) else { return Ok(None) };
        let fields = fields(self.version(), class.protocol);
        let mut known = self.all();
        for field in &fields {
            if let Some(number) = given(class, field.kind) {
                known = self.and(&known, &self.exactly(&field.word(self), number)?)?;
            }
        }
        let mut rest = self.where_known(set, &known)?;
        if rest.is_empty() {
            return Ok(None);
        }
        for preferred in prefer {
            let both = self.and(&rest, preferred)?;
            if !both.is_empty() {
                rest = both;
                break;
            }
        }
        let mut draft = Draft::new(class);
        for field in &fields {
            let number = match given(class, field.kind) {
                Some(number) => number,
                None if draft.always(field.kind) || self.asks_for(&rest, field)? => {
                    let Some(number) = self.chosen(&rest, field, class)? else { return Ok(None) };
                    number
                }
                None => continue,
            };
            rest = self.fixed(&rest, field, number)?;
            draft.put(field, number);
        }
        Ok(draft.question(class, place).map(|question| Witness { question, beyond: draft.beyond }))
    }

    /// What of a set is left where a field has this value; the field's bits are open then.
    fn fixed(&self, set: &Set, field: &Field, number: u128) -> Result<Set, TooComplex> {
        self.given(set, &field.word(self), number)
    }

    /// Whether a set hangs on a field.
    fn asks_for(&self, set: &Set, field: &Field) -> Result<bool, TooComplex> {
        Ok(self.exists_word(set, &field.word(self))? != *set)
    }

    fn chosen(&self, set: &Set, field: &Field, class: &Class) -> Result<Option<u128>, TooComplex> {
        match field.kind {
            FieldKind::Source => self.address(set, Part::Source),
            FieldKind::Destination => self.address(set, Part::Destination),
            kind => {
                let word = field.word(self);
                let shadow = self.onto_word(set, &word)?;
                for wish in wishes(kind, class) {
                    let within = self.and(&shadow, &self.within(&word, wish)?.yes)?;
                    if let Some(found) = self.intervals(&within, &word, 1)?.listed.first() {
                        return Ok(Some(found.low));
                    }
                }
                Ok(self.intervals(&shadow, &word, 1)?.listed.first().map(|first| first.low))
            }
        }
    }

    /// An address that somebody could have: one from the networks kept for examples, or from the middle of the widest prefix.
    fn address(&self, set: &Set, part: Part) -> Result<Option<u128>, TooComplex> {
        let shadow = self.onto(set, &[part])?;
        if part == Part::Source {
            for example in ["198.51.100.7", "203.0.113.7", "2001:db8::7"] {
                if let Ok(address) = example.parse::<IpAddr>()
                    && address.is_ipv4() == (self.version() == Version::V4)
                    && !self.given(&shadow, &self.word(part), number_of(address))?.is_empty()
                {
                    return Ok(Some(number_of(address)));
                }
            }
        }
        let everyday = self.minus(&shadow, &self.in_prefixes(part, &nobodys())?)?;
        let shadow = if everyday.is_empty() { &shadow } else { &everyday };
        let prefixes = self.first_prefixes_of(shadow, shadow, part, CHOICE);
        let widest = prefixes.iter().min_by_key(|prefix| prefix.length);
        Ok(widest.map(|prefix| middle(*prefix)))
    }
}

/// Neither the first nor the last address of a prefix, where it has others.
fn middle(prefix: Prefix) -> u128 {
    let width = if prefix.address.is_ipv4() { 32 } else { 128 };
    let host = width - prefix.length.min(width);
    let base = number_of(prefix.address);
    match host {
        0 | 1 => base,
        2 => base | 1,
        3 => base | 4,
        _ => base | 1 << (host - 1) | 7,
    }
}

fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// Addresses that no packet on a wire comes from.
fn nobodys() -> Vec<Prefix> {
    let prefix = |text: &str, length| text.parse().ok().map(|address| Prefix::new(address, length));
    [("0.0.0.0", 8), ("127.0.0.0", 8), ("224.0.0.0", 3), ("::", 127), ("ff00::", 8)]
        .into_iter()
        .filter_map(|(text, length)| prefix(text, length))
        .collect()
}

/// The values that a field usually has, best first.
fn wishes(kind: FieldKind, class: &Class) -> Vec<Interval> {
    let interval = |low, high| Interval { low, high };
    match kind {
        FieldKind::SourcePort => {
            vec![
                Interval::single(40_000),
                interval(32_768, 60_999),
                interval(1024, 65_535),
                interval(1, 65_535),
            ]
        }
        FieldKind::DestinationPort => vec![interval(1, 65_535)],
        FieldKind::TcpFlags => {
            let usual = usual_flags(class.state);
            [usual, SYN, ACK, SYN | ACK].map(|flags| Interval::single(flags.into())).to_vec()
        }
        FieldKind::IcmpType => vec![Interval::single(echo(class.version).into())],
        FieldKind::Ttl => vec![Interval::single(64), interval(2, 255)],
        FieldKind::Length => vec![Interval::single(60), interval(60, 1500), interval(40, 65_495)],
        // Locally administered, and no group.
        FieldKind::EtherSource | FieldKind::EtherDestination => {
            vec![Interval::single(0x52_54_00_12_34_56), interval(0x02_00_00_00_00_01, 0x02_ff_ff_ff_ff_fe)]
        }
        _ => Vec::new(),
    }
}

/// What `Headers::from_question` takes for granted.
fn usual_flags(state: State) -> u8 {
    if matches!(state, State::Established | State::Related) { ACK } else { SYN }
}

fn echo(version: Version) -> u8 {
    match version {
        Version::V4 => 8,
        Version::V6 => 128,
    }
}

/// What the class says of a field.
fn given(class: &Class, kind: FieldKind) -> Option<u128> {
    match kind {
        FieldKind::Source => class.source.map(number_of),
        FieldKind::Destination => class.destination.map(number_of),
        FieldKind::SourcePort => class.source_port.map(u128::from),
        FieldKind::DestinationPort => class.destination_port.map(u128::from),
        FieldKind::TcpFlags => class.tcp_flags.map(u128::from),
        _ => None,
    }
}

fn place(origin: Origin, network: &Network) -> Option<Place> {
    let name = |index| network.interface(index).map(|interface| interface.name.clone());
    Some(match origin {
        Origin::In(index) => Place::In(name(index)?),
        Origin::Out { interface, user, group } => {
            let interface = match interface {
                Some(index) => Some(name(index)?),
                None => None,
            };
            Place::Out { interface, user, group }
        }
    })
}

/// What is said of the packet so far.
#[derive(Debug)]
struct Draft {
    version: Version,
    protocol: u8,
    /// It comes in; of what the host sends the source is the host's to choose.
    arrives: bool,
    values: Vec<(FieldKind, u128)>,
    beyond: Vec<String>,
}

impl Draft {
    fn new(class: &Class) -> Self {
        let arrives = matches!(class.origin, Origin::In(_));
        Self {
            version: class.version,
            protocol: class.protocol,
            arrives,
            values: Vec::new(),
            beyond: Vec::new(),
        }
    }

    /// Whether a field is said even where the set does not ask for it.
    fn always(&self, kind: FieldKind) -> bool {
        match kind {
            FieldKind::Source => self.arrives,
            FieldKind::Destination => true,
            FieldKind::SourcePort | FieldKind::DestinationPort => has_ports(self.protocol),
            _ => false,
        }
    }

    fn put(&mut self, field: &Field, number: u128) {
        let unsaid = match field.kind {
            FieldKind::Other => true,
            FieldKind::Length => self.length(number).is_none(),
            _ => false,
        };
        if unsaid {
            self.beyond.push(format!("{} {number}", field.name));
        } else {
            self.values.push((field.kind, number));
        }
    }

    /// The length of the whole packet, from what the length field holds.
    fn length(&self, number: u128) -> Option<u16> {
        let whole = match self.version {
            Version::V4 => number,
            Version::V6 => number + 40,
        };
        u16::try_from(whole).ok()
    }

    fn value<T: TryFrom<u128>>(&self, kind: FieldKind) -> Option<T> {
        let found = self.values.iter().find(|(known, _)| *known == kind)?;
        T::try_from(found.1).ok()
    }

    fn question(&self, class: &Class, place: Place) -> Option<Question> {
        let address = |kind| self.value(kind).map(|number: u128| address_of(self.version, number));
        Some(Question {
            source: address(FieldKind::Source),
            destination: address(FieldKind::Destination)?,
            transport: self.transport(class.state),
            place,
            state: class.state,
            reply: false,
            mark: 0,
            dscp: self.value(FieldKind::Dscp),
            ttl: self.value(FieldKind::Ttl),
            length: self.value::<u128>(FieldKind::Length).and_then(|number| self.length(number)),
            ether_source: self.mac(FieldKind::EtherSource),
            ether_destination: self.mac(FieldKind::EtherDestination),
            fragment: None,
        })
    }

    fn transport(&self, state: State) -> Transport {
        let (source, destination) = (FieldKind::SourcePort, FieldKind::DestinationPort);
        let icmp = if self.version == Version::V4 { 1 } else { 58 };
        if self.protocol == TCP {
            let flags: Option<u8> = self.value(FieldKind::TcpFlags);
            Transport::Tcp {
                source: self.value(source),
                destination: self.value(destination),
                flags: flags.filter(|flags| *flags != usual_flags(state)),
            }
        } else if self.protocol == icmp {
            let kind: Option<u8> = self.value(FieldKind::IcmpType);
            let code: Option<u8> = self.value(FieldKind::IcmpCode);
            // Without both it is an echo request; a code alone needs the type that goes with it.
            let usual =
                kind.is_none_or(|kind| kind == echo(self.version)) && code.is_none_or(|code| code == 0);
            let kind = (!usual).then(|| kind.unwrap_or(echo(self.version)));
            Transport::Icmp { kind, code: code.filter(|_| !usual) }
        } else if has_ports(self.protocol) {
            Transport::Ports {
                protocol: self.protocol,
                source: self.value(source),
                destination: self.value(destination),
            }
        } else {
            Transport::Other(self.protocol)
        }
    }

    fn mac(&self, kind: FieldKind) -> Option<[u8; 6]> {
        let bytes = self.value::<u128>(kind)?.to_be_bytes();
        bytes.last_chunk().copied()
    }
}
