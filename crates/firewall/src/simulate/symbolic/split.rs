//! Conditions as sets: the packets for which one holds, does not hold, or has nothing to hold for.

use super::super::evaluate::{Point, Truth, Value};
use super::super::run::Run;
use super::super::state::State;
use crate::ir::{Comparison, Condition, Expression, Interval};
use crate::packet::{Bits, mask};
use crate::space::{Set, Space, TooComplex};

/// What a condition says of packets. What is in none of the three hangs on something that is not known.
#[derive(Debug, Clone)]
pub(super) struct Truths {
    /// It holds.
    pub(super) yes: Set,
    /// It does not hold.
    pub(super) no: Set,
    /// A datum it needs does not exist (`NFT_BREAK`).
    pub(super) none: Set,
}

impl Run<'_> {
    /// Cuts every packet by a condition.
    pub(super) fn truths(
        &mut self,
        condition: &Condition,
        state: &State,
        point: Point,
    ) -> Result<Truths, TooComplex> {
        let Some(space) = self.symbols.as_ref().map(|symbols| symbols.space) else {
            return Err(TooComplex { limit: 0, unit: "sets" });
        };
        match condition {
            Condition::All(parts) => {
                let mut alive = space.all();
                let mut sum = Truths::yes(space);
                for part in parts {
                    let truths = self.truths(part, state, point)?;
                    sum.yes = space.and(&sum.yes, &truths.yes)?;
                    let (no, none) = (space.and(&alive, &truths.no)?, space.and(&alive, &truths.none)?);
                    alive = space.minus(&alive, &space.or(&no, &none)?)?;
                    sum.no = space.or(&sum.no, &no)?;
                    sum.none = space.or(&sum.none, &none)?;
                }
                Ok(sum)
            }
            Condition::Any(parts) => {
                let mut sum = Truths::no(space);
                for part in parts {
                    let truths = self.truths(part, state, point)?;
                    sum.yes = space.or(&sum.yes, &truths.yes)?;
                    sum.no = space.and(&sum.no, &space.or(&truths.no, &truths.none)?)?;
                }
                Ok(sum)
            }
            Condition::Not(inner) => {
                let truths = self.truths(inner, state, point)?;
                Ok(Truths { yes: truths.no, no: truths.yes, none: truths.none })
            }
            Condition::Unknown(_) => Ok(Truths::open(space)),
            Condition::Compare { .. } | Condition::Range { .. } | Condition::Lookup { .. } => {
                self.leaf(space, condition, state, point)
            }
        }
    }

    fn leaf(
        &mut self,
        space: &Space,
        condition: &Condition,
        state: &State,
        point: Point,
    ) -> Result<Truths, TooComplex> {
        match self.simulator.condition(condition, state, point) {
            Truth::True => return Ok(Truths::yes(space)),
            Truth::False => return Ok(Truths::no(space)),
            Truth::Break => return Ok(Truths { none: space.all(), ..Truths::open(space) }),
            Truth::Open(_) => {}
        }
        let mut sum = Truths::open(space);
        match condition {
            Condition::Compare { left, operator, right } => {
                let lefts = self.values(left, state, point)?;
                let rights = self.values(right, state, point)?;
                for (a, in_a) in &lefts {
                    for (b, in_b) in &rights {
                        let here = space.and(in_a, in_b)?;
                        let truths = self.compared(space, a, *operator, b)?;
                        sum.add(space, &here, &truths)?;
                    }
                }
            }
            Condition::Range { value, interval, negated } => {
                for (value, here) in self.values(value, state, point)? {
                    let truths = match &value {
                        Value::Break => Truths::nothing(space),
                        Value::One(bits) => self.in_interval(space, *bits, *interval)?.turned(*negated),
                        Value::Parts(_) => Truths::open(space),
                    };
                    sum.add(space, &here, &truths)?;
                }
            }
            Condition::Lookup { key, set, negated } => {
                for (key, here) in self.values(key, state, point)? {
                    let truths = match self.words(&key, *set) {
                        None => Truths::nothing(space),
                        Some(words) => {
                            let found = self.lookup(*set, words, state)?;
                            let hits = found.elements.iter().map(|(_, set)| set.clone()).collect::<Vec<_>>();
                            Truths { yes: space.union(&hits)?, no: found.nothing.clone(), none: space.none() }
                                .turned(*negated)
                        }
                    };
                    sum.add(space, &here, &truths)?;
                }
            }
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Unknown(_) => {}
        }
        // What holds for every value still does not match where there is no value.
        let expressions: &[&Expression] = match condition {
            Condition::Compare { left, right, .. } => &[left, right],
            Condition::Range { value, .. } => &[value],
            Condition::Lookup { key, .. } => &[key],
            _ => &[],
        };
        if expressions.iter().any(|expression| self.simulator.may_be_missing(expression, state, point)) {
            sum.yes = space.none();
        }
        Ok(sum)
    }

    fn compared(
        &mut self,
        space: &Space,
        a: &Value,
        operator: Comparison,
        b: &Value,
    ) -> Result<Truths, TooComplex> {
        match (a, b) {
            (Value::Break, _) | (_, Value::Break) => Ok(Truths::nothing(space)),
            (Value::One(a), Value::One(b)) => match (a.exact(128), b.exact(128)) {
                (_, Some(number)) => self.against(space, *a, operator, number),
                (Some(number), None) => self.against(space, *b, mirrored(operator), number),
                (None, None) => self.same(space, &[(*a, *b)], operator),
            },
            (Value::Parts(a), Value::Parts(b)) if a.len() == b.len() => {
                let pairs = a.iter().copied().zip(b.iter().copied()).collect::<Vec<_>>();
                self.same(space, &pairs, operator)
            }
            _ => Ok(Truths::open(space)),
        }
    }

    /// A value compared with a number.
    fn against(
        &mut self,
        space: &Space,
        bits: Bits,
        operator: Comparison,
        number: u128,
    ) -> Result<Truths, TooComplex> {
        let (interval, negated) = match operator {
            Comparison::Equal => (Some(Interval::single(number)), false),
            Comparison::NotEqual => (Some(Interval::single(number)), true),
            Comparison::Less => (number.checked_sub(1).map(|high| Interval { low: 0, high }), false),
            Comparison::LessOrEqual => (Some(Interval { low: 0, high: number }), false),
            Comparison::Greater => (Some(Interval { low: 0, high: number }), true),
            Comparison::GreaterOrEqual => (number.checked_sub(1).map(|high| Interval { low: 0, high }), true),
        };
        let truths = match interval {
            Some(interval) => self.in_interval(space, bits, interval)?,
            None => Truths::no(space),
        };
        Ok(truths.turned(negated))
    }

    fn in_interval(&mut self, space: &Space, bits: Bits, interval: Interval) -> Result<Truths, TooComplex> {
        // Above the highest bit that is open or set there is nothing to compare.
        let width = 128 - (bits.value | !bits.known).leading_zeros();
        let largest = mask(u16::try_from(width).unwrap_or(128));
        if interval.low > largest {
            return Ok(Truths::no(space));
        }
        let word = space.word_of(bits, u16::try_from(width).unwrap_or(128));
        let interval = Interval { low: interval.low, high: interval.high.min(largest) };
        let key = (word, interval);
        let Some(symbols) = self.symbols.as_mut() else { return Ok(Truths::open(space)) };
        let split = if let Some(split) = symbols.cache.intervals.get(&key) {
            split.clone()
        } else {
            let split = space.within(&key.0, interval)?;
            symbols.cache.intervals.insert(key, split.clone());
            split
        };
        Ok(Truths { yes: split.yes, no: split.no, none: space.none() })
    }

    /// Pairs of values, all equal or not.
    fn same(
        &mut self,
        space: &Space,
        pairs: &[(Bits, Bits)],
        operator: Comparison,
    ) -> Result<Truths, TooComplex> {
        let negated = match operator {
            Comparison::Equal => false,
            Comparison::NotEqual => true,
            _ => return Ok(Truths::open(space)),
        };
        let mut sum = Truths::yes(space);
        for (a, b) in pairs {
            let truths = match (a.exact(128), b.exact(128)) {
                (_, Some(number)) => self.against(space, *a, Comparison::Equal, number)?,
                (Some(number), None) => self.against(space, *b, Comparison::Equal, number)?,
                (None, None) => {
                    let split = space.equal(&space.word_of(*a, 128), &space.word_of(*b, 128))?;
                    Truths { yes: split.yes, no: split.no, none: space.none() }
                }
            };
            sum.yes = space.and(&sum.yes, &truths.yes)?;
            sum.no = space.or(&sum.no, &truths.no)?;
        }
        Ok(sum.turned(negated))
    }
}

impl Truths {
    fn yes(space: &Space) -> Self {
        Self { yes: space.all(), no: space.none(), none: space.none() }
    }

    fn no(space: &Space) -> Self {
        Self { yes: space.none(), no: space.all(), none: space.none() }
    }

    fn nothing(space: &Space) -> Self {
        Self { yes: space.none(), no: space.none(), none: space.all() }
    }

    fn open(space: &Space) -> Self {
        Self { yes: space.none(), no: space.none(), none: space.none() }
    }

    fn turned(self, negated: bool) -> Self {
        if negated { Self { yes: self.no, no: self.yes, none: self.none } } else { self }
    }

    /// Takes over what holds for the packets in `here`.
    fn add(&mut self, space: &Space, here: &Set, truths: &Self) -> Result<(), TooComplex> {
        self.yes = space.or(&self.yes, &space.and(here, &truths.yes)?)?;
        self.no = space.or(&self.no, &space.and(here, &truths.no)?)?;
        self.none = space.or(&self.none, &space.and(here, &truths.none)?)?;
        Ok(())
    }
}

/// The comparison with its sides exchanged.
fn mirrored(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}
