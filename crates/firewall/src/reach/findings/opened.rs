//! Ports that a rule names when it accepts, and the rules that packets for the host itself can meet.
//!
//! It reads rules as they are written. A rule whose ports cannot be told from its text opens none here: what it does to a packet
//! the simulator says.

use rustc_hash::FxHashSet;

use crate::ir::{
    Chain, ChainId, Comparison, Condition, ConntrackKey, Data, Expression, Field, Hook, Interval, Meta,
    Operator, PayloadBase, Rule, Ruleset, SetId, Statement, Verdict,
};

const TCP: u8 = 6;
const UDP: u8 = 17;
/// `NF_CT_STATE_NEW`: the bit of a first packet.
const NEW: u128 = 8;

/// Ports of a protocol that a rule accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Opened {
    /// `IPPROTO_*`.
    pub(super) protocol: u8,
    /// Lowest port.
    pub(super) low: u16,
    /// Highest port.
    pub(super) high: u16,
}

/// The ports that a rule accepts new connections to, as far as it names them.
pub(super) fn ports(ruleset: &Ruleset, rule: &Rule) -> Vec<Opened> {
    let mut tests = Tests::default();
    for statement in &rule.statements {
        match statement {
            Statement::Match(condition) => tests.add(ruleset, condition),
            Statement::Verdict(Verdict::Accept) => return tests.opened(),
            Statement::VerdictMap { key, map } => {
                tests.map(ruleset, key, *map);
                return tests.opened();
            }
            Statement::Verdict(_) | Statement::Reject(_) | Statement::Nat(_) | Statement::Unknown(_) => break,
            _ => {}
        }
    }
    Vec::new()
}

/// Whether a rule asks where the packet comes from.
pub(super) fn tests_source(rule: &Rule) -> bool {
    let mut found = false;
    let mut look = |field: &Field| {
        found |= match field {
            Field::Payload(payload) => payload.base == PayloadBase::Network && is_source(&payload.name),
            Field::Meta(
                Meta::InputIndex
                | Meta::InputName
                | Meta::InputGroup
                | Meta::InputKind
                | Meta::InputType
                | Meta::InputBridge
                | Meta::Mark,
            )
            | Field::Fib(_)
            | Field::ReversePath { .. }
            | Field::AddressType { source: true, .. }
            | Field::Conntrack(_, _)
            | Field::Physdev(_)
            | Field::Opaque { .. } => true,
            _ => false,
        };
    };
    for statement in &rule.statements {
        match statement {
            Statement::Match(condition) => fields(condition, &mut look),
            Statement::VerdictMap { key, .. } => fields_of(key, &mut look),
            Statement::State(_) | Statement::Unknown(_) | Statement::Update { .. } => return true,
            _ => {}
        }
    }
    found
}

fn is_source(name: &str) -> bool {
    name.ends_with("saddr") || name.starts_with('@')
}

/// Every chain that packets to the host itself can come to, base chains first.
pub(super) fn input_chains(ruleset: &Ruleset) -> Vec<ChainId> {
    let base =
        |chain: &Chain| !chain.dormant && chain.base.as_ref().is_some_and(|base| base.hook == Hook::Input);
    let mut found: Vec<ChainId> = ids(ruleset).filter(|id| ruleset.chain(*id).is_some_and(base)).collect();
    let mut seen: FxHashSet<ChainId> = found.iter().copied().collect();
    let mut at = 0;
    while let Some(id) = found.get(at).copied() {
        at += 1;
        let rules = ruleset.chain(id).map(|chain| chain.rules.as_slice()).unwrap_or_default();
        for statement in rules.iter().flat_map(|rule| &rule.statements) {
            for next in leads_to(ruleset, statement) {
                if seen.insert(next) {
                    found.push(next);
                }
            }
        }
    }
    found
}

/// The ids of all chains.
pub(super) fn ids(ruleset: &Ruleset) -> impl Iterator<Item = ChainId> + use<> {
    (0..u32::try_from(ruleset.chains.len()).unwrap_or(u32::MAX)).map(ChainId)
}

fn leads_to(ruleset: &Ruleset, statement: &Statement) -> Vec<ChainId> {
    match statement {
        Statement::Verdict(Verdict::Jump(id) | Verdict::Goto(id)) => vec![*id],
        Statement::VerdictMap { map, .. } => {
            let elements = ruleset.set(*map).map(|set| set.elements.as_slice()).unwrap_or_default();
            let target = |data: &Data| match data {
                Data::Verdict(Verdict::Jump(id) | Verdict::Goto(id)) => Some(*id),
                _ => None,
            };
            elements.iter().filter_map(|element| target(&element.data)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whose port a test asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Of whichever protocol there is.
    Any,
    /// Of this one.
    Of(u8),
}

/// What the conditions of a rule say of protocol, port and state.
#[derive(Default)]
struct Tests {
    /// Ports by the protocol that the test itself asks for.
    ports: Vec<(Whose, Interval)>,
    /// Protocols that a test of its own asks for.
    protocols: Vec<u8>,
    /// No first packet, or no packet from outside, passes; or the ports cannot be told.
    closed: bool,
}

impl Tests {
    fn add(&mut self, ruleset: &Ruleset, condition: &Condition) {
        match condition {
            Condition::All(parts) => {
                for part in parts {
                    self.add(ruleset, part);
                }
            }
            Condition::Any(parts) => {
                // Ports in a row, as `multiport` has them; anything else says nothing certain of the port.
                let mut inner = Self::default();
                for part in parts {
                    inner.add(ruleset, part);
                }
                self.ports.append(&mut inner.ports);
            }
            _ => {
                if let Some((field, values)) = values(ruleset, condition) {
                    self.take(field, &values);
                }
            }
        }
        if !lets_new_by(ruleset, condition) || is_narrow(ruleset, condition) {
            self.closed = true;
        }
    }

    fn take(&mut self, field: &Field, values: &[Interval]) {
        if let Some(protocol) = as_destination_port(field) {
            self.ports.extend(values.iter().map(|interval| (protocol, *interval)));
        } else if is_protocol(field) {
            self.protocols.extend(
                values.iter().filter(|it| it.low == it.high).filter_map(|it| u8::try_from(it.low).ok()),
            );
        }
    }

    fn map(&mut self, ruleset: &Ruleset, key: &Expression, map: SetId) {
        let Expression::Field(field) = key else { return };
        let Some(protocol) = as_destination_port(field) else { return };
        let elements = ruleset.set(map).map(|set| set.elements.as_slice()).unwrap_or_default();
        for element in elements.iter().filter(|element| element.data == Data::Verdict(Verdict::Accept)) {
            if let [interval] = element.key.as_slice() {
                self.ports.push((protocol, *interval));
            }
        }
    }

    fn opened(self) -> Vec<Opened> {
        if self.closed {
            return Vec::new();
        }
        let mut opened = Vec::new();
        for (protocol, interval) in &self.ports {
            let (Ok(low), Ok(high)) = (u16::try_from(interval.low), u16::try_from(interval.high)) else {
                continue;
            };
            let named = match protocol {
                Whose::Of(protocol) => vec![*protocol],
                Whose::Any if self.protocols.is_empty() => vec![TCP, UDP],
                Whose::Any => self.protocols.clone(),
            };
            opened.extend(named.into_iter().map(|protocol| Opened { protocol, low, high }));
        }
        opened.sort_unstable();
        opened.dedup();
        opened
    }
}

/// The destination port of a transport header, and the protocol that it is asked of.
fn as_destination_port(field: &Field) -> Option<Whose> {
    match field {
        Field::Payload(payload)
            if payload.base == PayloadBase::Transport && payload.offset == 16 && payload.width == 16 =>
        {
            Some(payload.transport.map_or(Whose::Any, Whose::Of))
        }
        _ => None,
    }
}

fn is_protocol(field: &Field) -> bool {
    match field {
        Field::Meta(Meta::L4Protocol) => true,
        Field::Payload(payload) => payload.base == PayloadBase::Network && payload.name.ends_with("protocol"),
        _ => false,
    }
}

/// The field that a condition asks for, and the values that it takes, where it is that simple.
fn values<'a>(ruleset: &Ruleset, condition: &'a Condition) -> Option<(&'a Field, Vec<Interval>)> {
    match condition {
        Condition::Compare {
            left: Expression::Field(field),
            operator: Comparison::Equal,
            right: Expression::Constant(value),
        } => Some((field, vec![Interval::single(*value)])),
        Condition::Range { value: Expression::Field(field), interval, negated: false } => {
            Some((field, vec![*interval]))
        }
        Condition::Lookup { key: Expression::Field(field), set, negated: false } => {
            let elements = &ruleset.set(*set)?.elements;
            let single = elements.iter().filter(|element| !element.excluded).filter_map(|element| {
                match &*element.key {
                    [interval] => Some(*interval),
                    _ => None,
                }
            });
            Some((field, single.collect()))
        }
        _ => None,
    }
}

/// Whether the first packet of a connection may pass. Where that cannot be told, it may.
fn lets_new_by(ruleset: &Ruleset, condition: &Condition) -> bool {
    let is_state = |expression: &Expression| {
        matches!(expression, Expression::Field(Field::Conntrack(ConntrackKey::State, _)))
    };
    match condition {
        Condition::Compare { left: Expression::Operation(Operator::And, state, mask), operator, right }
            if is_state(state) =>
        {
            let (Expression::Constant(mask), Expression::Constant(value)) = (&**mask, right) else {
                return true;
            };
            match operator {
                Comparison::Equal => NEW & mask == *value,
                Comparison::NotEqual => NEW & mask != *value,
                _ => true,
            }
        }
        Condition::Compare { left, operator, right: Expression::Constant(value) } if is_state(left) => {
            match operator {
                Comparison::Equal => *value == NEW,
                Comparison::NotEqual => *value != NEW,
                _ => true,
            }
        }
        Condition::Lookup { key, set, negated } if is_state(key) => {
            let elements = ruleset.set(*set).map(|set| set.elements.as_slice()).unwrap_or_default();
            let has = elements.iter().any(|element| element.key.first().is_some_and(|it| it.contains(NEW)));
            has != *negated
        }
        Condition::All(parts) => parts.iter().all(|part| lets_new_by(ruleset, part)),
        Condition::Any(parts) => parts.is_empty() || parts.iter().any(|part| lets_new_by(ruleset, part)),
        Condition::Not(inner) if matches!(&**inner, Condition::Compare { .. } | Condition::Lookup { .. }) => {
            // A negated test on the state; a negated test on anything else lets some first packet by.
            let mut about_state = false;
            fields(inner, &mut |field| {
                about_state |= matches!(field, Field::Conntrack(ConntrackKey::State, _));
            });
            !about_state || !lets_new_by(ruleset, inner)
        }
        _ => true,
    }
}

/// Whether only packets to groups pass, or only what comes by the loopback interface: no service is opened by that.
fn is_narrow(ruleset: &Ruleset, condition: &Condition) -> bool {
    let Some((field, values)) = values(ruleset, condition) else { return false };
    let all = |test: &dyn Fn(u128) -> bool| {
        !values.is_empty() && values.iter().all(|it| test(it.low) && test(it.high))
    };
    match field {
        Field::Payload(payload) if payload.name.ends_with("daddr") && payload.width == 32 => {
            all(&|address| address >> 28 == 0xe || address == 0xffff_ffff)
        }
        Field::Payload(payload) if payload.name.ends_with("daddr") && payload.width == 128 => {
            all(&|address| address >> 120 == 0xff)
        }
        Field::Meta(Meta::InputName) => all(&|name| name == crate::ir::name_number("lo")),
        _ => false,
    }
}

fn fields(condition: &Condition, look: &mut dyn FnMut(&Field)) {
    match condition {
        Condition::Compare { left, right, .. } => {
            fields_of(left, look);
            fields_of(right, look);
        }
        Condition::Range { value, .. } => fields_of(value, look),
        Condition::Lookup { key, .. } => fields_of(key, look),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| fields(part, look)),
        Condition::Not(inner) => fields(inner, look),
        Condition::Unknown(text) => look(&Field::Opaque { text: text.clone(), width: 0 }),
    }
}

fn fields_of(expression: &Expression, look: &mut dyn FnMut(&Field)) {
    match expression {
        Expression::Field(field) => look(field),
        Expression::Operation(_, left, right) => {
            fields_of(left, look);
            fields_of(right, look);
        }
        Expression::Concatenation(parts) => parts.iter().for_each(|part| fields_of(part, look)),
        Expression::Map { key, .. } => fields_of(key, look),
        Expression::Constant(_) | Expression::Generated { .. } => {}
        Expression::Unknown(text) => look(&Field::Opaque { text: text.clone(), width: 0 }),
    }
}
