//! Values and conditions over one packet, with bits that may be open.

use super::describe;
use super::host::Host;
use super::outcome::{Cause, CauseKind};
use super::sets::{Found, hull};
use super::simulator::Simulator;
use super::state::{Conntrack, Info, Sender, State};
use crate::ir::{
    Comparison, Condition, ConntrackKey, Data, Direction, Expression, Family, Field, Hook, Interval, MapPart,
    Meta, Operator, Payload, PayloadBase, RouteKey, StateKind, Version,
};
use crate::packet::{Bits, Loaded};

/// Where the packet is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Point {
    /// `NFPROTO_*` of the hook.
    pub family: u8,
    pub hook: Hook,
    /// The hook's input interface.
    pub input: Option<u32>,
    /// The hook's output interface.
    pub output: Option<u32>,
    /// The rules are those of legacy xtables.
    pub legacy: bool,
}

impl Point {
    /// As a chain of this family sees it: inet chains see the version at the device too (`nft_do_chain_inet_ingress`).
    pub(super) fn of(self, family: Family, state: &State) -> Self {
        if family != Family::Inet {
            return self;
        }
        let version = Hook::family_of(state.headers.version);
        Self { family: version.number(), ..self }
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    One(Bits),
    Parts(Vec<Bits>),
    /// The packet has no such thing: the rule does not match (`NFT_BREAK`).
    Break,
}

/// Whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    /// A datum it needs does not exist: the rule does not match, negated or not.
    Break,
    /// It hangs on this.
    Open(Cause),
}

impl Simulator<'_> {
    pub(super) fn condition(&self, condition: &Condition, state: &State, point: Point) -> Truth {
        let truth = self.plain_condition(condition, state, point);
        if truth != Truth::True {
            return truth;
        }
        // What holds for every value still does not match where there is no value.
        let expressions: &[&Expression] = match condition {
            Condition::Compare { left, right, .. } => &[left, right],
            Condition::Range { value, .. } => &[value],
            Condition::Lookup { key, .. } => &[key],
            _ => return truth,
        };
        let doubtful = |expression: &&&Expression| self.may_be_missing(expression, state, point);
        if expressions.iter().any(|expression| doubtful(&expression)) {
            Truth::Open(self.blame(expressions, state, point))
        } else {
            truth
        }
    }

    /// Whether a field that is open may not be there at all.
    pub(super) fn may_be_missing(&self, expression: &Expression, state: &State, point: Point) -> bool {
        match expression {
            Expression::Field(
                field @ (Field::Socket(_) | Field::Opaque { .. } | Field::TcpOption { .. }),
            ) => self.field(field, state, point).is_some_and(|bits| !bits.is_known(field.width())),
            Expression::Operation(_, left, right) => {
                self.may_be_missing(left, state, point) || self.may_be_missing(right, state, point)
            }
            Expression::Concatenation(parts) => {
                parts.iter().any(|part| self.may_be_missing(part, state, point))
            }
            Expression::Map { key, .. } => self.may_be_missing(key, state, point),
            Expression::Field(_)
            | Expression::Constant(_)
            | Expression::Generated { .. }
            | Expression::Unknown(_) => false,
        }
    }

    fn plain_condition(&self, condition: &Condition, state: &State, point: Point) -> Truth {
        match condition {
            Condition::Compare { left, operator, right } => {
                let (a, b) = (self.value(left, state, point), self.value(right, state, point));
                match compare(&a, *operator, &b) {
                    Some(truth) => truth,
                    None => Truth::Open(self.blame(&[left, right], state, point)),
                }
            }
            Condition::Range { value, interval, negated } => match self.value(value, state, point) {
                Value::Break => Truth::Break,
                Value::One(bits) => match within(bits, *interval) {
                    Some(inside) => Truth::of(inside != *negated),
                    None => Truth::Open(self.blame(&[value], state, point)),
                },
                Value::Parts(_) => Truth::Open(Cause::not_understood("range of a concatenation")),
            },
            Condition::Lookup { key, set, negated } => match self.find(key, *set, state, point) {
                Lookup::Break => Truth::Break,
                Lookup::Hit(_) => Truth::of(!*negated),
                Lookup::Miss => Truth::of(*negated),
                Lookup::Open { cause, .. } => Truth::Open(cause),
            },
            Condition::All(parts) => self.all(parts, state, point),
            Condition::Any(parts) => self.any(parts, state, point),
            Condition::Not(inner) => match self.condition(inner, state, point) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                other => other,
            },
            Condition::Unknown(text) => Truth::Open(Cause::not_understood(text)),
        }
    }

    fn all(&self, parts: &[Condition], state: &State, point: Point) -> Truth {
        let mut open = None;
        for part in parts {
            match self.condition(part, state, point) {
                Truth::True => {}
                Truth::Open(cause) => open = open.or(Some(cause)),
                no => return no,
            }
        }
        open.map_or(Truth::True, Truth::Open)
    }

    fn any(&self, parts: &[Condition], state: &State, point: Point) -> Truth {
        let mut open = None;
        for part in parts {
            match self.condition(part, state, point) {
                Truth::True => return Truth::True,
                Truth::Open(cause) => open = open.or(Some(cause)),
                Truth::False | Truth::Break => {}
            }
        }
        open.map_or(Truth::False, Truth::Open)
    }

    pub(super) fn value(&self, expression: &Expression, state: &State, point: Point) -> Value {
        match expression {
            Expression::Constant(value) => Value::One(Bits::all(*value)),
            Expression::Field(field) => self.field(field, state, point).map_or(Value::Break, Value::One),
            Expression::Operation(operator, left, right) => {
                operated(*operator, &self.value(left, state, point), &self.value(right, state, point))
            }
            Expression::Concatenation(parts) => {
                let mut values = Vec::with_capacity(parts.len());
                for part in parts {
                    match self.value(part, state, point) {
                        Value::One(bits) => values.push(bits),
                        Value::Parts(bits) => values.extend(bits),
                        Value::Break => return Value::Break,
                    }
                }
                Value::Parts(values)
            }
            Expression::Map { key, map, part } => match self.find(key, *map, state, point) {
                Lookup::Hit(element) => self.data(*map, element, *part),
                Lookup::Miss | Lookup::Break => Value::Break,
                Lookup::Open { elements, nothing: false, .. } => match elements.as_slice() {
                    [first, others @ ..] => {
                        let first = self.data(*map, *first, *part);
                        others.iter().fold(first, |sum, other| join(sum, self.data(*map, *other, *part)))
                    }
                    [] => Value::Break,
                },
                // Whether the map has the key decides whether the rule matches: the caller forks on that.
                Lookup::Open { .. } => Value::One(Bits::OPEN),
            },
            Expression::Generated { modulus: 0 | 1, offset, .. } => {
                Value::One(Bits::all(u128::from(*offset)))
            }
            Expression::Generated { modulus, offset, .. } => {
                let highest = u128::from(*offset) + u128::from(*modulus) - 1;
                let free = (u128::from(*offset) ^ highest)
                    .checked_ilog2()
                    .map_or(0, |bit| (1_u128 << (bit + 1)) - 1);
                Value::One(Bits::partly(u128::from(*offset) & !free, !free))
            }
            Expression::Unknown(_) => Value::One(Bits::OPEN),
        }
    }

    pub(super) fn data(&self, map: crate::ir::SetId, element: usize, part: MapPart) -> Value {
        let data =
            self.ruleset.set(map).and_then(|set| set.elements.get(element)).map(|element| &element.data);
        let Some(Data::Values(values)) = data else { return Value::One(Bits::OPEN) };
        let bound = |interval: Option<&Interval>, high: bool| match interval {
            Some(interval) => Value::One(Bits::all(if high { interval.high } else { interval.low })),
            None => Value::Break,
        };
        match part {
            MapPart::Low(at) => bound(values.get(usize::from(at)), false),
            MapPart::High(at) => bound(values.get(usize::from(at)), true),
            MapPart::Whole => match values.as_slice() {
                [only] if only.low == only.high => Value::One(Bits::all(only.low)),
                [_] => Value::One(Bits::OPEN),
                many => Value::Parts(
                    many.iter()
                        .map(|part| if part.low == part.high { Bits::all(part.low) } else { Bits::OPEN })
                        .collect(),
                ),
            },
        }
    }

    /// Looks a key up. An element with a test of its own, or a set that packets change, leaves it open.
    pub(super) fn find(
        &self,
        key: &Expression,
        set: crate::ir::SetId,
        state: &State,
        point: Point,
    ) -> Lookup {
        let parts = match self.value(key, state, point) {
            Value::Break => return Lookup::Break,
            Value::One(bits) => vec![bits],
            Value::Parts(parts) => parts,
        };
        let (Some(definition), Some(index)) = (self.ruleset.set(set), self.index(set)) else {
            return Lookup::Open {
                cause: Cause::not_understood("a set that does not exist"),
                elements: Vec::new(),
                nothing: true,
            };
        };
        match state.found {
            Some((of, usize::MAX)) if of == set => return Lookup::Miss,
            Some((of, element)) if of == set => return Lookup::Hit(element),
            _ => {}
        }
        let all = || (0..definition.elements.len()).collect::<Vec<_>>();
        if let Some(why) = &definition.incomplete {
            let cause = Cause::new(CauseKind::Unseen, format!("@{}: {why}", definition.name));
            return Lookup::Open { cause, elements: all(), nothing: true };
        }
        let found = index.find(definition, &parts);
        if state.updated.contains(&set) || (state.sets_changed && self.is_changing(set)) {
            let cause = Cause::new(CauseKind::ChangingSet, format!("@{}", definition.name));
            return match found {
                Found::Element(at) => Lookup::Open { cause, elements: vec![at], nothing: true },
                Found::Nothing => Lookup::Open { cause, elements: all(), nothing: true },
                Found::OneOf { elements, .. } => Lookup::Open { cause, elements, nothing: true },
            };
        }
        let stateful =
            |at: &usize| definition.elements.get(*at).and_then(|element| element.stateful.as_ref());
        match found {
            Found::Nothing => Lookup::Miss,
            Found::Element(at) => match definition.elements.get(at) {
                Some(element) if element.excluded => Lookup::Miss,
                Some(element) if element.stateful.is_some() => Lookup::Open {
                    cause: Cause::new(
                        CauseKind::State(StateKind::Limit),
                        element.stateful.clone().unwrap_or_default(),
                    ),
                    elements: vec![at],
                    nothing: true,
                },
                _ => Lookup::Hit(at),
            },
            Found::OneOf { elements, nothing } => {
                let nothing = nothing || elements.iter().any(|at| stateful(at).is_some());
                Lookup::Open { cause: self.blame(&[key], state, point), elements, nothing }
            }
        }
    }

    /// What is open in these expressions.
    pub(super) fn blame(&self, expressions: &[&Expression], state: &State, point: Point) -> Cause {
        let found = expressions.iter().find_map(|expression| self.open_part(expression, state, point));
        found.unwrap_or_else(|| Cause::new(CauseKind::Unspecified, "a value that cannot be known".to_owned()))
    }

    fn open_part(&self, expression: &Expression, state: &State, point: Point) -> Option<Cause> {
        match expression {
            Expression::Constant(_) => None,
            Expression::Field(field) => {
                let bits = self.field(field, state, point)?;
                (!bits.is_known(field.width())).then(|| describe::open_field(field))
            }
            Expression::Operation(_, left, right) => {
                self.open_part(left, state, point).or_else(|| self.open_part(right, state, point))
            }
            Expression::Concatenation(parts) => {
                parts.iter().find_map(|part| self.open_part(part, state, point))
            }
            Expression::Map { key, map, .. } => match self.find(key, *map, state, point) {
                Lookup::Open { cause, .. } => Some(cause),
                _ => None,
            },
            Expression::Generated { text, .. } => {
                Some(Cause::new(CauseKind::State(StateKind::Chance), text.clone()))
            }
            Expression::Unknown(text) => Some(Cause::not_understood(text)),
        }
    }

    /// A field's bits; `None` where the packet has no such thing.
    pub(super) fn field(&self, field: &Field, state: &State, point: Point) -> Option<Bits> {
        match field {
            Field::Payload(payload) => payload_bits(payload, state, point),
            Field::Meta(meta) => meta_bits(*meta, state, point, &self.host),
            Field::Conntrack(key, direction) => conntrack_bits(*key, *direction, state),
            Field::Fib(_)
            | Field::AddressType { .. }
            | Field::ReversePath { .. }
            | Field::Route(RouteKey::NextHop4 | RouteKey::NextHop6) => {
                self.host.routing_field(field, state, point)
            }
            Field::Socket(_) | Field::Route(_) | Field::Opaque { .. } => Some(Bits::OPEN),
            Field::TcpOption { kind, offset, width } => {
                loaded(state.headers.tcp_option(*kind, *offset, *width))
            }
            Field::TcpOptionPresent(kind) => Some(presence(state.headers.tcp_option(*kind, 0, 8))),
            Field::Ip6Header { header, offset, width } => {
                loaded(state.headers.ip6_header(*header, *offset, *width))
            }
            Field::Ip6HeaderPresent(header) => Some(presence(state.headers.ip6_header(*header, 0, 8))),
            // At egress the kernel looks for options behind the Ethernet header's start (`ipv4_find_option`), and finds none.
            Field::IpOption { .. } if point.hook == Hook::Egress => None,
            Field::IpOptionPresent(_) if point.hook == Hook::Egress => Some(Bits::all(0)),
            Field::IpOption { kind, offset, width } => {
                loaded(state.headers.ip_option(*kind, *offset, *width))
            }
            Field::IpOptionPresent(kind) => Some(presence(state.headers.ip_option(*kind, 0, 8))),
            Field::Physdev(key) => Some(self.host.physdev(*key, state)),
        }
    }
}

/// What a lookup in a set gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lookup {
    /// The key has no value.
    Break,
    /// This element.
    Hit(usize),
    /// None.
    Miss,
    /// One of some, perhaps none.
    Open { cause: Cause, elements: Vec<usize>, nothing: bool },
}

impl Truth {
    fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

impl Cause {
    pub(super) fn new(kind: CauseKind, text: String) -> Self {
        Self { kind, text, rule: None }
    }

    pub(super) fn not_understood(text: &str) -> Self {
        Self::new(CauseKind::NotUnderstood, text.to_owned())
    }
}

fn loaded(loaded: Loaded) -> Option<Bits> {
    match loaded {
        Loaded::Bits(bits) => Some(bits),
        Loaded::Missing => None,
    }
}

fn presence(loaded: Loaded) -> Bits {
    match loaded {
        Loaded::Bits(bits) if bits == Bits::OPEN => Bits::OPEN,
        Loaded::Bits(bits) if bits.known != u128::MAX => Bits::OPEN,
        Loaded::Bits(_) => Bits::all(1),
        Loaded::Missing => Bits::all(0),
    }
}

/// `nft_payload_eval`, with the dependencies that `nft` leaves out of its listing.
fn payload_bits(payload: &Payload, state: &State, point: Point) -> Option<Bits> {
    let headers = &state.headers;
    if let Some(network) = payload.network {
        let own = if headers.version == Version::V4 { 0x0800 } else { 0x86dd };
        if network != own {
            return None;
        }
    }
    if payload.transport.is_some() && payload.transport != headers.protocol {
        return None;
    }
    if payload.base == PayloadBase::Transport && headers.fragment != 0 && !point.legacy && is_fast(payload) {
        // At egress the kernel counts from the Ethernet header, and for IPv6 from its very start.
        let from_link = point.hook == Hook::Egress && headers.version == Version::V6;
        return loaded(headers.load_unchecked(payload.offset, payload.width, from_link));
    }
    loaded(headers.load(payload.base, payload.offset, payload.width))
}

/// Whether the kernel reads the bytes by `nft_payload_fast_eval` (`net/netfilter/nf_tables_core.c`), which does not ask for
/// fragments: one, two or four aligned bytes (`nft_payload_select_ops`).
fn is_fast(payload: &Payload) -> bool {
    let first = payload.offset / 8;
    let length = (payload.offset % 8 + payload.width).div_ceil(8);
    matches!(length, 1 | 2 | 4) && first.is_multiple_of(length)
}

/// `nft_meta_get_eval` (`net/netfilter/nft_meta.c`).
fn meta_bits(meta: Meta, state: &State, point: Point, host: &Host<'_>) -> Option<Bits> {
    let number = |value: u32| Bits::all(u128::from(value));
    Some(match meta {
        Meta::InputIndex => number(point.input.unwrap_or(0)),
        Meta::OutputIndex => number(point.output.unwrap_or(0)),
        Meta::InputName => Bits::all(point.input.map_or(0, |index| host.name_number(index))),
        Meta::OutputName => Bits::all(point.output.map_or(0, |index| host.name_number(index))),
        // `NFT_META_IFTYPE`: of the device the packet is at (`skb->dev`), which behind routing is the one it leaves by.
        Meta::InputType => host.hardware(match point.hook {
            Hook::Postrouting | Hook::Egress => point.output?,
            Hook::Output => return None,
            Hook::Ingress | Hook::Prerouting | Hook::Input | Hook::Forward => point.input?,
        }),
        Meta::OutputType => host.hardware(point.output?),
        Meta::InputGroup => host.group(point.input?),
        Meta::OutputGroup => host.group(point.output?),
        Meta::InputKind => host.kind(point.input?)?,
        Meta::OutputKind => host.kind(point.output?)?,
        Meta::InputBridge => Bits::all(host.name_number(host.bridge_of(point.input?)?)),
        Meta::OutputBridge => Bits::all(host.name_number(host.bridge_of(point.output?)?)),
        Meta::Mark => state.mark,
        Meta::L4Protocol => Bits::all(u128::from(state.headers.protocol?)),
        Meta::NfProtocol => Bits::all(u128::from(point.family)),
        Meta::Protocol => Bits::all(if state.headers.version == Version::V4 { 0x0800 } else { 0x86dd }),
        Meta::PacketType => state.packet_type,
        // At egress the Ethernet header counts (`skb->len`).
        Meta::Length if point.hook == Hook::Egress && state.headers.link => {
            match state.headers.length().exact(32) {
                Some(length) => Bits::all(length + 14),
                None => Bits::OPEN,
            }
        }
        Meta::Length => state.headers.length(),
        Meta::Priority => state.priority,
        Meta::SocketUser | Meta::SocketGroup => match state.sender {
            Sender::None => return None,
            Sender::Local { user, group } => {
                let known = if meta == Meta::SocketUser { user } else { group };
                known.map_or(Bits::OPEN, number)
            }
        },
        Meta::Cgroup => match state.sender {
            Sender::None => return None,
            Sender::Local { .. } => Bits::OPEN,
        },
        Meta::RouteClass => {
            if state.output.is_none() && point.hook == Hook::Prerouting {
                return None;
            }
            Bits::OPEN
        }
        Meta::Trace => number(u32::from(state.traced)),
    })
}

/// `nft_ct_get_eval` (`net/netfilter/nft_ct.c`). Without a connection only the state has a value.
fn conntrack_bits(key: ConntrackKey, direction: Option<Direction>, state: &State) -> Option<Bits> {
    let flow = match &state.conntrack {
        Conntrack::Flow(flow) => flow,
        Conntrack::None if key == ConntrackKey::State => {
            return Some(Bits::all(if state.template { 8 } else { 1 }));
        }
        Conntrack::Untracked if key == ConntrackKey::State => return Some(Bits::all(64)),
        Conntrack::None | Conntrack::Untracked => return None,
    };
    let reverse = direction == Some(Direction::Reply);
    let number = |value: u32| Bits::all(u128::from(value));
    let tuple = if reverse { flow.translated.reversed() } else { flow.original };
    Some(match key {
        ConntrackKey::State => number(match flow.info {
            Info::Established => 2,
            Info::Related => 4,
            Info::New => 8,
        }),
        ConntrackKey::Direction => number(u32::from(flow.reply)),
        ConntrackKey::Status => flow.status,
        ConntrackKey::Mark => flow.mark,
        ConntrackKey::L3Protocol => number(if state.headers.version == Version::V4 { 2 } else { 10 }),
        ConntrackKey::Protocol => Bits::all(u128::from(state.headers.protocol?)),
        ConntrackKey::Source(version) | ConntrackKey::Destination(version)
            if version != state.headers.version =>
        {
            return None;
        }
        ConntrackKey::Source(_) => tuple.source,
        ConntrackKey::Destination(_) => tuple.destination,
        ConntrackKey::SourcePort => tuple.source_port.unwrap_or(Bits::OPEN),
        ConntrackKey::DestinationPort => tuple.destination_port.unwrap_or(Bits::OPEN),
        ConntrackKey::Zone => state.zone,
        ConntrackKey::Labels => flow.labels,
        ConntrackKey::Helper
        | ConntrackKey::Expiration
        | ConntrackKey::Packets
        | ConntrackKey::Bytes
        | ConntrackKey::BytesPerPacket
        | ConntrackKey::Id => Bits::OPEN,
    })
}

fn compare(left: &Value, operator: Comparison, right: &Value) -> Option<Truth> {
    match (left, right) {
        (Value::Break, _) | (_, Value::Break) => Some(Truth::Break),
        (Value::One(a), Value::One(b)) => compare_bits(*a, operator, *b).map(Truth::of),
        (Value::Parts(a), Value::Parts(b)) if a.len() == b.len() => {
            let parts =
                a.iter().zip(b).map(|(a, b)| compare_bits(*a, Comparison::Equal, *b)).collect::<Vec<_>>();
            let equal = if parts.contains(&Some(false)) {
                Some(false)
            } else if parts.iter().all(|part| *part == Some(true)) {
                Some(true)
            } else {
                None
            };
            match operator {
                Comparison::Equal => equal.map(Truth::of),
                Comparison::NotEqual => equal.map(|equal| Truth::of(!equal)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn compare_bits(a: Bits, operator: Comparison, b: Bits) -> Option<bool> {
    let (x, y) = (hull(a, 128), hull(b, 128));
    match operator {
        Comparison::Equal if (a.value ^ b.value) & a.known & b.known != 0 => Some(false),
        Comparison::Equal => (x.low == x.high && y.low == y.high).then_some(x.low == y.low),
        Comparison::NotEqual => compare_bits(a, Comparison::Equal, b).map(|equal| !equal),
        Comparison::Less if x.high < y.low => Some(true),
        Comparison::Less if x.low >= y.high => Some(false),
        Comparison::LessOrEqual if x.high <= y.low => Some(true),
        Comparison::LessOrEqual if x.low > y.high => Some(false),
        Comparison::Less | Comparison::LessOrEqual => None,
        Comparison::Greater => compare_bits(b, Comparison::Less, a),
        Comparison::GreaterOrEqual => compare_bits(b, Comparison::LessOrEqual, a),
    }
}

fn within(bits: Bits, interval: Interval) -> Option<bool> {
    let hull = hull(bits, 128);
    if hull.high < interval.low || hull.low > interval.high {
        Some(false)
    } else if interval.low <= hull.low && hull.high <= interval.high {
        Some(true)
    } else {
        None
    }
}

/// A bit operation on values.
pub(super) fn operated(operator: Operator, a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::One(a), Value::One(b)) => Value::One(operate(operator, *a, *b)),
        (Value::Break, _) | (_, Value::Break) => Value::Break,
        _ => Value::One(Bits::OPEN),
    }
}

/// A bit operation on bits that may be open.
fn operate(operator: Operator, a: Bits, b: Bits) -> Bits {
    let (zero, one) = (|x: Bits| x.known & !x.value, |x: Bits| x.known & x.value);
    match operator {
        Operator::And => {
            let (ones, zeros) = (one(a) & one(b), zero(a) | zero(b));
            whose(a, b).with(ones, ones | zeros)
        }
        Operator::Or => {
            let (ones, zeros) = (one(a) | one(b), zero(a) & zero(b));
            whose(a, b).with(ones, ones | zeros)
        }
        Operator::Xor => {
            let known = a.known & b.known;
            turned(a, b).with((a.value ^ b.value) & known, known)
        }
        Operator::ShiftLeft | Operator::ShiftRight => {
            let Some(by) = b.exact(128).and_then(|by| u32::try_from(by).ok()) else { return Bits::OPEN };
            if by >= 128 {
                return Bits::all(0);
            }
            match operator {
                Operator::ShiftLeft => shifted(a, i32::try_from(by).unwrap_or(0))
                    .with(a.value << by, a.known << by | ((1 << by) - 1)),
                _ => shifted(a, -i32::try_from(by).unwrap_or(0))
                    .with(a.value >> by, a.known >> by | !(u128::MAX >> by)),
            }
        }
    }
}

/// Whose the open bits of `a & b` and `a | b` are: those of one side, where the other is known.
fn whose(a: Bits, b: Bits) -> Bits {
    match (a.known == u128::MAX, b.known == u128::MAX) {
        (_, true) => a,
        (true, false) => b,
        _ => Bits::OPEN,
    }
}

/// Whose the open bits of `a ^ b` are: a bit that is turned over is not the packet's.
fn turned(a: Bits, b: Bits) -> Bits {
    match (a.known == u128::MAX, b.known == u128::MAX) {
        (_, true) if b.value & !a.known == 0 => a,
        (true, false) if a.value & !b.known == 0 => b,
        _ => Bits::OPEN,
    }
}

/// Whose the open bits are after a shift to the left (or, below 0, to the right).
fn shifted(a: Bits, by: i32) -> Bits {
    let at = (a.at != Bits::NOWHERE).then(|| i32::from(a.at) + by).and_then(|at| u16::try_from(at).ok());
    Bits { at: at.unwrap_or(Bits::NOWHERE), ..a }
}

/// What two possible values have in common.
fn join(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::One(a), Value::One(b)) => {
            let known = a.known & b.known & !(a.value ^ b.value);
            Value::One(Bits::partly(a.value & known, known))
        }
        _ => Value::One(Bits::OPEN),
    }
}
