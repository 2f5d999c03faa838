//! The listing of `nft` held against what the kernel runs.
//!
//! `nft` leaves out of its listing what it takes to follow from the rest of a rule, and releases differ in how well they judge
//! that (1.0.6 leaves out `meta iiftype loopback` in a bridge table, and prints `@nh,8,8 != 1` as two tests of its halves). The
//! kernel tells what each rule tests; where the listing says less, or says "not" more often, the test is put back, or becomes
//! unknown where that cannot be done. Refuses to decode rules as a whole.

use std::borrow::Cow;

use portreeve_wire::netfilter::{RuleOutline, Subject};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::ir::{
    Backend, Comparison, Condition, ConntrackKey, Expression, Family, Field, Meta, Nat, Payload, PayloadBase,
    RejectKind, Rule, Ruleset, Statement, Version,
};

/// What the kernel says that a rule tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outline {
    /// `NFPROTO_*` of its table.
    pub family: u8,
    /// Name of its table.
    pub table: String,
    /// The rule's handle, unique in its table.
    pub handle: u64,
    /// Metadata it reads: `NFT_META_*`.
    pub meta: Vec<Read>,
    /// What it reads of the connection: `NFT_CT_*`.
    pub connection: Vec<Read>,
    /// How often it says "not" of a header field.
    pub negations: u32,
    /// Plain comparisons of header fields.
    pub bytes: Vec<Bytes>,
    /// `NFT_REJECT_*` and the ICMP code, where it rejects.
    pub reject: Option<(u32, u8)>,
}

/// A read of what the kernel keeps beside the packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Its number.
    pub key: u32,
    /// The bytes it must be equal to, where that is what is tested.
    pub equal: Option<Vec<u8>>,
    /// The bytes it must not be equal to, where that is what is tested.
    pub unequal: Option<Vec<u8>>,
    /// How many writes (marks, headers, sets) stand before it.
    pub writes: u32,
}

/// Bits of a header that must be a value, or must not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bytes {
    /// `NFT_PAYLOAD_*_HEADER`: 0 link, 1 network, 2 transport, 3 inner.
    pub base: u32,
    /// Offset in bytes.
    pub offset: u32,
    /// Bits that count; as long as the value.
    pub mask: Option<Vec<u8>>,
    /// The value.
    pub value: Vec<u8>,
    /// They must not be it.
    pub negated: bool,
    /// How many writes (marks, headers, sets) stand before it.
    pub writes: u32,
}

impl Outline {
    /// Of a rule as the kernel tells it. Rules with xtables parts have none: they are read from the save format.
    pub fn of(rule: RuleOutline) -> Option<Self> {
        if rule.xtables {
            return None;
        }
        let loads = |subject: Subject| {
            let of = rule.loads.iter().filter(move |load| load.of == subject);
            of.map(|load| Read {
                key: load.key,
                equal: load.equal.clone(),
                unequal: load.unequal.clone(),
                writes: load.writes,
            })
            .collect()
        };
        Some(Self {
            meta: loads(Subject::Meta),
            connection: loads(Subject::Conntrack),
            family: rule.family,
            table: rule.table,
            handle: rule.handle,
            negations: rule.negations,
            reject: rule.reject,
            bytes: rule.bytes.into_iter().map(Bytes::from).collect(),
        })
    }
}

impl From<portreeve_wire::netfilter::Bytes> for Bytes {
    fn from(test: portreeve_wire::netfilter::Bytes) -> Self {
        let portreeve_wire::netfilter::Bytes { base, offset, mask, value, negated, writes } = test;
        Self { base, offset, mask, value, negated, writes }
    }
}

const IIFTYPE: u32 = 8;
const OIFTYPE: u32 = 9;
const PROTOCOL: u32 = 1;
const NFPROTO: u32 = 15;
const L4PROTO: u32 = 16;

/// Puts back what the listing of a rule leaves out of what the kernel tests.
pub(super) fn check(ruleset: &mut Ruleset, outlines: &[Outline]) {
    let by_handle: FxHashMap<(u8, &str, u64), &Outline> = outlines
        .iter()
        .map(|outline| ((outline.family, outline.table.as_str(), outline.handle), outline))
        .collect();
    for chain in ruleset.chains.iter_mut().filter(|chain| chain.backend == Backend::Nft) {
        for rule in &mut chain.rules {
            let key = rule.origin.handle.map(|handle| (chain.family.number(), chain.table.as_str(), handle));
            if let Some(outline) = key.and_then(|key| by_handle.get(&key)) {
                compare(rule, outline, chain.family);
            }
        }
    }
}

fn compare(rule: &mut Rule, outline: &Outline, family: Family) {
    if let Some(reject) = outline.reject {
        correct_reject(rule, reject, family);
    }
    if !tests_transport(outline) {
        for statement in &mut rule.statements {
            statement.visit_fields(&mut |field| {
                if let Field::Payload(payload) = field {
                    payload.transport = None;
                }
            });
        }
    }
    let said = Said::of(rule);
    let lost = |what: &str, key: u32| {
        format!("{what} {key}, which the kernel tests and nft does not list, in: {}", rule.text)
    };
    let mut missing = Vec::new();
    let mut told = true;
    for read in &outline.meta {
        // Of two tests of one datum `nft` may list one: what is listed less often than the kernel tests it is said once more.
        let tests = outline.meta.iter().filter(|other| other.key == read.key).count();
        let listed = meta_of(read.key)
            .is_some_and(|meta| said.meta.iter().filter(|said| **said == meta).count() >= tests);
        let implied = said.tells(read.key, read.equal.as_deref(), family);
        let field = meta_of(read.key).map(|meta| (Field::Meta(meta), read.key == PROTOCOL));
        match field.and_then(|field| put_back(field, read)) {
            // What the kernel tests may be said once more; whether the listing implies just this value is then no matter.
            Some(condition) if !listed => missing.push((read.writes, condition)),
            None if !implied => missing.push((read.writes, Condition::Unknown(lost("meta", read.key)))),
            _ => {}
        }
        told &= implied;
    }
    for read in &outline.connection {
        let Some(known) = connection_of(read.key).filter(|_| !said.anything) else { continue };
        let tests = outline.connection.iter().filter(|other| other.key == read.key).count();
        let listed = said.connection.iter().filter(|said| **said == known).count();
        let condition = match put_back((Field::Conntrack(known, None), false), read) {
            Some(condition) if listed < tests => condition,
            None if listed == 0 => Condition::Unknown(lost("ct", read.key)),
            _ => continue,
        };
        missing.push((read.writes, condition));
        told = false;
    }
    if said.negations > outline.negations {
        let is_negation = |statement: &Statement| matches!(statement, Statement::Match(condition) if negations(condition) > 0);
        let negated = || outline.bytes.iter().filter(|bytes| bytes.negated);
        let whole = negated().count() == usize::try_from(outline.negations).unwrap_or(usize::MAX);
        told = false;
        if whole {
            rule.statements.retain(|statement| !is_negation(statement));
            missing.extend(negated().map(|bytes| (bytes.writes, compared(bytes))));
        } else {
            let text = format!("nft lists more than the kernel tests in: {}", rule.text);
            for statement in rule.statements.iter_mut().filter(|statement| is_negation(statement)) {
                *statement = Statement::Match(Condition::Unknown(text.clone()));
            }
        }
    }
    for bytes in outline.bytes.iter().filter(|bytes| !bytes.negated && !said.anything) {
        if !said.places.contains(&(base_of(bytes.base), bytes.offset)) {
            missing.push((bytes.writes, compared(bytes)));
            told = false;
        }
    }
    if !told {
        rule.text.push_str(" # the kernel tests more than nft lists here");
    }
    insert(rule, missing);
}

/// Puts tests where they stand among the writes of a rule: a write before a test that fails is made all the same.
fn insert(rule: &mut Rule, mut missing: Vec<(u32, Condition)>) {
    missing.sort_by_key(|(writes, _)| *writes);
    let is_write = |statement: &Statement| {
        matches!(statement, Statement::Assign { .. } | Statement::Update { .. } | Statement::Notrack)
    };
    for (writes, condition) in missing.into_iter().rev() {
        let wanted = usize::try_from(writes).unwrap_or(usize::MAX);
        let writes = rule.statements.iter().enumerate().filter(|(_, statement)| is_write(statement));
        let at = writes.map(|(at, _)| at + 1).take(wanted).last().unwrap_or(0);
        rule.statements.insert(at, Statement::Match(condition));
    }
}

/// Whether the kernel asks for the transport protocol at all: as the key of a map `nft` lets a port stand without that. In the
/// IPv4 header it is byte 9, in the IPv6 header byte 6.
fn tests_transport(outline: &Outline) -> bool {
    outline.meta.iter().any(|read| read.key == L4PROTO)
        || outline.bytes.iter().any(|bytes| bytes.base == 1 && matches!(bytes.offset, 6 | 9))
}

/// `nft` lists a reject without its kind where it takes the kind for the default, and takes some for it that are not.
fn correct_reject(rule: &mut Rule, (kind, code): (u32, u8), family: Family) {
    for statement in &mut rule.statements {
        let Statement::Reject(listed) = statement else { continue };
        *listed = match (kind, family, *listed) {
            // NFT_REJECT_TCP_RST, NFT_REJECT_ICMPX_UNREACH
            (1, ..) => RejectKind::TcpReset,
            (2, ..) => RejectKind::Icmpx(code),
            (_, Family::Ip6, _) | (_, _, RejectKind::Icmp6(_)) => RejectKind::Icmp6(code),
            _ => RejectKind::Icmp(code),
        };
    }
}

/// The test that the listing left out. Numbers lie in memory as the machine has them, except those that come from the wire.
fn put_back((field, wire): (Field, bool), read: &Read) -> Option<Condition> {
    let (bytes, operator) = match (&read.equal, &read.unequal) {
        (Some(bytes), _) => (bytes, Comparison::Equal),
        (None, Some(bytes)) => (bytes, Comparison::NotEqual),
        (None, None) => return None,
    };
    let value = if wire || cfg!(target_endian = "big") || field.width() == 128 {
        bytes.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte))
    } else {
        bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u128::from(*byte))
    };
    (bytes.len() * 8 == usize::from(field.width())).then_some(Condition::Compare {
        left: Expression::Field(field),
        operator,
        right: Expression::Constant(value),
    })
}

/// The comparison of bits of a header.
fn compared(Bytes { base, offset, mask, value, negated, .. }: &Bytes) -> Condition {
    let number = |bytes: &[u8]| bytes.iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    let (Ok(offset), Ok(width)) = (u16::try_from(offset * 8), u16::try_from(value.len() * 8)) else {
        return Condition::Unknown("a header field".to_owned());
    };
    if width > 128 {
        return Condition::Unknown("a header field of more than 128 bits".to_owned());
    }
    let payload = Payload {
        base: base_of(*base),
        offset,
        width,
        network: None,
        transport: None,
        name: Cow::Borrowed("a header field"),
    };
    let field = Expression::Field(Field::Payload(payload));
    let left = mask.as_ref().map_or_else(|| field.clone(), |mask| field.clone().masked(number(mask)));
    let operator = if *negated { Comparison::NotEqual } else { Comparison::Equal };
    Condition::Compare { left, operator, right: Expression::Constant(number(value)) }
}

/// The header of an `NFT_PAYLOAD_*` number.
fn base_of(base: u32) -> PayloadBase {
    match base {
        0 => PayloadBase::Link,
        1 => PayloadBase::Network,
        2 => PayloadBase::Transport,
        _ => PayloadBase::Inner,
    }
}

/// What the listing of a rule says.
#[expect(clippy::struct_excessive_bools, reason = "each is a need of its own, and none excludes another")]
#[derive(Debug, Default)]
struct Said {
    meta: Vec<Meta>,
    connection: Vec<ConntrackKey>,
    /// Bytes of headers that it looks at: where they begin.
    places: Vec<(PayloadBase, u32)>,
    /// Some header field or statement that asks for a network protocol.
    network: bool,
    /// The same for a transport protocol.
    transport: bool,
    link: bool,
    /// Something whose needs are not known.
    anything: bool,
    negations: u32,
}

impl Said {
    fn of(rule: &Rule) -> Self {
        let mut said = Self::default();
        for statement in &rule.statements {
            said.statement(statement);
        }
        said
    }

    fn tells(&self, key: u32, compared: Option<&[u8]>, family: Family) -> bool {
        // ARPHRD_ETHER, which nft adds to tests of Ethernet addresses.
        let ethernet = compared.is_some_and(|bytes| bytes == [1, 0] || bytes == [0, 1]);
        let implied = match key {
            IIFTYPE | OIFTYPE => self.link && ethernet,
            PROTOCOL => self.network || self.transport || (self.link && family == Family::Inet),
            NFPROTO => self.network || self.transport,
            L4PROTO => self.transport,
            _ => false,
        };
        implied || self.anything || meta_of(key).is_none_or(|meta| self.meta.contains(&meta))
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Match(condition) => self.condition(condition),
            Statement::VerdictMap { key, .. } => self.expression(key),
            Statement::Assign { value, target } => {
                self.expression(value);
                self.transport |= !matches!(target, crate::ir::Writable::Mark);
                self.network |= !matches!(target, crate::ir::Writable::Mark);
            }
            Statement::Nat(nat) => self.nat(nat),
            Statement::Reject(kind) => {
                self.network = true;
                self.transport |= *kind == RejectKind::TcpReset;
            }
            Statement::Update { key, data, tests, .. } => {
                self.expression(key);
                self.anything |= !tests.is_empty() || data.is_some();
            }
            Statement::Forward { interface, .. } => self.expression(interface),
            Statement::Tproxy { .. } | Statement::Synproxy => {
                self.network = true;
                self.transport = true;
            }
            Statement::State(_)
            | Statement::Unknown(_)
            | Statement::Duplicate { .. }
            | Statement::Offload { .. } => {
                self.anything = true;
            }
            Statement::Verdict(_) | Statement::Notrack | Statement::Passive(_) => {}
        }
    }

    fn nat(&mut self, nat: &Nat) {
        self.network = true;
        self.transport = true;
        for (low, high) in nat.address.iter().chain(nat.port.iter()) {
            self.expression(low);
            self.expression(high);
        }
    }

    fn condition(&mut self, condition: &Condition) {
        self.negations += negations(condition);
        match condition {
            Condition::Compare { left, right, .. } => {
                self.expression(left);
                self.expression(right);
            }
            Condition::Range { value, .. } => self.expression(value),
            Condition::Lookup { key, .. } => self.expression(key),
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    self.condition(part);
                }
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::Unknown(_) => self.anything = true,
        }
    }

    fn expression(&mut self, expression: &Expression) {
        match expression {
            Expression::Field(field) => self.field(field),
            Expression::Operation(_, left, right) => {
                self.expression(left);
                self.expression(right);
            }
            Expression::Concatenation(parts) => parts.iter().for_each(|part| self.expression(part)),
            Expression::Map { key, .. } => self.expression(key),
            Expression::Generated { .. } | Expression::Unknown(_) => self.anything = true,
            Expression::Constant(_) => {}
        }
    }

    fn field(&mut self, field: &Field) {
        if let Field::Conntrack(key, _) = field {
            self.connection.push(*key);
        }
        match field {
            Field::Meta(meta) => self.meta.push(*meta),
            Field::Payload(payload) => {
                self.places.push((payload.base, u32::from(payload.offset / 8)));
                self.network |= payload.network.is_some() || payload.base != PayloadBase::Link;
                self.transport |= payload.transport.is_some() || payload.base == PayloadBase::Transport;
                self.link |= payload.base == PayloadBase::Link;
            }
            Field::TcpOption { .. } | Field::TcpOptionPresent(_) => self.transport = true,
            Field::Conntrack(
                ConntrackKey::Source(Version::V4 | Version::V6) | ConntrackKey::Destination(_),
                _,
            )
            | Field::Ip6Header { .. }
            | Field::Ip6HeaderPresent(_)
            | Field::IpOption { .. }
            | Field::IpOptionPresent(_)
            | Field::Fib(_) => self.network = true,
            Field::Conntrack(ConntrackKey::SourcePort | ConntrackKey::DestinationPort, _) => {
                self.transport = true;
            }
            Field::Opaque { .. } | Field::Socket(_) | Field::Route(_) | Field::Physdev(_) => {
                self.anything = true;
            }
            Field::Conntrack(..) | Field::AddressType { .. } | Field::ReversePath { .. } => {}
        }
    }
}

/// How often a condition says "not" of a header field.
fn negations(condition: &Condition) -> u32 {
    fn payload(expression: &Expression) -> bool {
        match expression {
            Expression::Field(Field::Payload(_)) => true,
            Expression::Operation(_, left, _) => payload(left),
            // The part that is read last.
            Expression::Concatenation(parts) => parts.last().is_some_and(payload),
            _ => false,
        }
    }
    match condition {
        Condition::Compare { left, operator: Comparison::NotEqual, .. } => u32::from(payload(left)),
        Condition::Range { value, negated: true, .. } => u32::from(payload(value)),
        Condition::Lookup { key, negated: true, .. } => u32::from(payload(key)),
        _ => 0,
    }
}

/// The field that a `NFT_META_*` number reads; `None` for those that are not told apart here.
fn meta_of(key: u32) -> Option<Meta> {
    Some(match key {
        0 => Meta::Length,
        PROTOCOL => Meta::Protocol,
        2 => Meta::Priority,
        3 => Meta::Mark,
        4 => Meta::InputIndex,
        5 => Meta::OutputIndex,
        6 => Meta::InputName,
        7 => Meta::OutputName,
        IIFTYPE => Meta::InputType,
        OIFTYPE => Meta::OutputType,
        10 => Meta::SocketUser,
        11 => Meta::SocketGroup,
        NFPROTO => Meta::NfProtocol,
        L4PROTO => Meta::L4Protocol,
        19 => Meta::PacketType,
        21 => Meta::InputGroup,
        22 => Meta::OutputGroup,
        23 => Meta::Cgroup,
        26 => Meta::InputKind,
        27 => Meta::OutputKind,
        _ => return None,
    })
}

/// The field that a `NFT_CT_*` number reads, as far as `nft` may leave it out.
fn connection_of(key: u32) -> Option<ConntrackKey> {
    Some(match key {
        0 => ConntrackKey::State,
        1 => ConntrackKey::Direction,
        2 => ConntrackKey::Status,
        3 => ConntrackKey::Mark,
        7 => ConntrackKey::L3Protocol,
        10 => ConntrackKey::Protocol,
        19 => ConntrackKey::Source(Version::V4),
        20 => ConntrackKey::Destination(Version::V4),
        21 => ConntrackKey::Source(Version::V6),
        22 => ConntrackKey::Destination(Version::V6),
        _ => return None,
    })
}
