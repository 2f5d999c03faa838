//! What an expression gives for sets of packets: packets for which it gives the same are one group.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::super::evaluate::{Point, Value};
use super::super::run::Run;
use super::super::state::State;
use crate::ir::{Expression, Field, Interval, RouteKey, SetId, Version};
use crate::packet::Bits;
use crate::space::{Set, TooComplex};

/// What a field that routing answers depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct FieldKey {
    field: Field,
    point: Point,
    source: Bits,
    destination: Bits,
    mark: Bits,
    tos: Bits,
    version: Version,
    protocol: Option<u8>,
}

/// Groups of packets for which a field has a value, or (`None`) has none.
pub(super) type FieldGroups = Vec<(Option<Bits>, Set)>;

/// Groups of packets, with the value for each.
pub(super) type Values = Vec<(Value, Set)>;

/// Most groups of one expression.
const GROUPS: usize = 1 << 17;

impl Run<'_> {
    /// The values of an expression. Sets are disjoint; together they are every packet.
    pub(super) fn values(
        &mut self,
        expression: &Expression,
        state: &State,
        point: Point,
    ) -> Result<Values, TooComplex> {
        let Some(symbols) = self.symbols.as_ref() else { return Ok(Vec::new()) };
        let space = symbols.space;
        if !is_cut(expression, state) {
            return Ok(vec![(self.simulator.value(expression, state, point), space.all())]);
        }
        match expression {
            Expression::Field(field) => {
                let groups = self.field_groups(field, state, point)?;
                Ok(groups
                    .iter()
                    .map(|(bits, set)| (bits.map_or(Value::Break, Value::One), set.clone()))
                    .collect())
            }
            Expression::Operation(operator, left, right) => {
                let (left, right) = (self.values(left, state, point)?, self.values(right, state, point)?);
                let mut all = Vec::new();
                for (a, in_a) in &left {
                    for (b, in_b) in &right {
                        let set = space.and(in_a, in_b)?;
                        if !set.is_empty() {
                            all.push((super::super::evaluate::operated(*operator, a, b), set));
                        }
                    }
                }
                Ok(all)
            }
            Expression::Concatenation(parts) => {
                let mut all: Vec<(Value, Set)> = vec![(Value::Parts(Vec::new()), space.all())];
                for part in parts {
                    let values = self.values(part, state, point)?;
                    let mut longer = Vec::new();
                    for (sum, in_sum) in &all {
                        for (value, in_value) in &values {
                            let set = space.and(in_sum, in_value)?;
                            if !set.is_empty() {
                                longer.push((appended(sum, value), set));
                            }
                        }
                    }
                    all = longer;
                    check(all.len())?;
                }
                Ok(all)
            }
            Expression::Map { key, map, part } => {
                let mut all = Vec::new();
                for (key, in_key) in self.values(key, state, point)? {
                    let Some(words) = self.words(&key, *map) else {
                        all.push((Value::Break, in_key));
                        continue;
                    };
                    let found = self.lookup(*map, words, state)?;
                    for (element, set) in &found.elements {
                        let set = space.and(&in_key, set)?;
                        if !set.is_empty() {
                            all.push((self.simulator.data(*map, *element, *part), set));
                        }
                    }
                    all.push((Value::Break, space.and(&in_key, &found.nothing)?));
                    all.push((Value::One(Bits::OPEN), space.and(&in_key, &found.open)?));
                    check(all.len())?;
                }
                all.retain(|(_, set)| !set.is_empty());
                Ok(all)
            }
            Expression::Constant(_) | Expression::Generated { .. } | Expression::Unknown(_) => {
                Ok(vec![(self.simulator.value(expression, state, point), space.all())])
            }
        }
    }

    /// The values of a field that routing answers, by classes of addresses.
    fn field_groups(
        &mut self,
        field: &Field,
        state: &State,
        point: Point,
    ) -> Result<Arc<FieldGroups>, TooComplex> {
        let headers = &state.headers;
        let key = FieldKey {
            field: field.clone(),
            point,
            source: headers.source(),
            destination: headers.destination(),
            mark: state.mark,
            tos: super::super::host::tos_bits(state),
            version: headers.version,
            protocol: headers.protocol,
        };
        let Some(symbols) = self.symbols.as_ref() else { return Ok(Arc::new(Vec::new())) };
        if let Some(found) = symbols.cache.fields.get(&key) {
            return Ok(Arc::clone(found));
        }
        let space = symbols.space;
        let width = if headers.version == Version::V4 { 32 } else { 128 };
        let simulator = self.simulator;
        let classes = simulator.classes(headers.version);
        let told = |bits: Bits| !bits.is_known(width) && bits.at != Bits::NOWHERE;
        // Types of addresses ask for one address only.
        let only = match field {
            Field::AddressType { source, .. } => Some(*source),
            _ => None,
        };
        let open = (
            told(headers.source()) && only != Some(false),
            told(headers.destination()) && only != Some(true),
        );
        let sources = super::address::within(classes, headers.source(), open.0, width);
        let destinations = super::address::within(classes, headers.destination(), open.1, width);
        check(sources.len().saturating_mul(destinations.len()) / 32)?;
        let mut scratch = state.clone();
        let mut rows: FxHashMap<Vec<Option<Bits>>, Vec<Interval>> = FxHashMap::default();
        for (destination, to) in &destinations {
            if let Some(bits) = to {
                scratch.headers.write_destination(*bits);
            }
            let mut row = Vec::with_capacity(sources.len());
            for (_, from) in &sources {
                if let Some(bits) = from {
                    scratch.headers.write_source(*bits);
                }
                row.push(simulator.field(field, &scratch, point));
            }
            rows.entry(row).or_default().extend(destination.iter().copied());
        }
        let from_word = space.word_of(headers.source(), width);
        let to_word = space.word_of(headers.destination(), width);
        let mut groups: FxHashMap<Option<Bits>, Vec<Set>> = FxHashMap::default();
        for (row, to) in rows {
            let to = super::address::region(space, &to_word, &to, open.1)?;
            let mut columns: FxHashMap<Option<Bits>, Vec<Interval>> = FxHashMap::default();
            for (value, (source, _)) in row.into_iter().zip(&sources) {
                columns.entry(value).or_default().extend(source.iter().copied());
            }
            for (value, from) in columns {
                let from = super::address::region(space, &from_word, &from, open.0)?;
                groups.entry(value).or_default().push(space.and(&to, &from)?);
            }
        }
        let mut all = Vec::new();
        for (value, sets) in groups {
            all.push((value, space.union(&sets)?));
        }
        let all = Arc::new(all);
        if let Some(symbols) = self.symbols.as_mut() {
            symbols.cache.fields.insert(key, Arc::clone(&all));
        }
        Ok(all)
    }

    /// A key as words of the widths of a set. `None` where the packet has no such thing.
    pub(super) fn words(&self, key: &Value, set: SetId) -> Option<Vec<crate::space::Word>> {
        let space = self.symbols.as_ref()?.space;
        let bits = match key {
            Value::Break => return None,
            Value::One(bits) => std::slice::from_ref(bits),
            Value::Parts(bits) => bits.as_slice(),
        };
        let widths = self
            .simulator
            .ruleset
            .set(set)
            .map(|set| set.key.iter().map(|key| key.width).collect::<Vec<_>>());
        let widths = widths.unwrap_or_default();
        Some(
            bits.iter()
                .enumerate()
                .map(|(at, bits)| space.word_of(*bits, widths.get(at).copied().unwrap_or(128)))
                .collect(),
        )
    }
}

/// Whether the value of an expression is not one for all packets, beyond bits that are variables.
pub(super) fn is_cut(expression: &Expression, state: &State) -> bool {
    match expression {
        Expression::Field(field) => asks_routing(field) && has_open_address(state),
        Expression::Operation(_, left, right) => is_cut(left, state) || is_cut(right, state),
        Expression::Concatenation(parts) => parts.iter().any(|part| is_cut(part, state)),
        Expression::Map { .. } => true,
        Expression::Constant(_) | Expression::Generated { .. } | Expression::Unknown(_) => false,
    }
}

fn asks_routing(field: &Field) -> bool {
    matches!(
        field,
        Field::Fib(_)
            | Field::AddressType { .. }
            | Field::ReversePath { .. }
            | Field::Route(RouteKey::NextHop4 | RouteKey::NextHop6)
    )
}

fn has_open_address(state: &State) -> bool {
    let width = if state.headers.version == Version::V4 { 32 } else { 128 };
    let told = |bits: Bits| !bits.is_known(width) && bits.at != Bits::NOWHERE;
    told(state.headers.source()) || told(state.headers.destination())
}

fn appended(sum: &Value, value: &Value) -> Value {
    match (sum, value) {
        (Value::Break, _) | (_, Value::Break) => Value::Break,
        (Value::Parts(sum), Value::One(bits)) => Value::Parts(sum.iter().copied().chain([*bits]).collect()),
        (Value::Parts(sum), Value::Parts(bits)) => Value::Parts(sum.iter().chain(bits).copied().collect()),
        (Value::One(_), _) => Value::One(Bits::OPEN),
    }
}

fn check(groups: usize) -> Result<(), TooComplex> {
    if groups > GROUPS { Err(TooComplex { limit: GROUPS, unit: "groups" }) } else { Ok(()) }
}
