//! Quick refusals: the leading matches of a rule as plain comparisons, so that a rule that cannot match costs a few instructions.
//!
//! A guard only ever says "certainly not"; everything else goes to the full evaluation. The order of matches does not matter
//! for that, because a match changes nothing.

use crate::ir::{Comparison, Condition, Expression, Field, Operator, Passive, Rule, Statement};

/// A comparison of one field with a constant interval.
#[derive(Debug, Clone, Copy)]
struct Guard {
    slot: u16,
    negated: bool,
    mask: u128,
    low: u128,
    high: u128,
}

/// The guards of a chain.
#[derive(Debug, Default)]
pub(super) struct Guards {
    /// Fields that some guard asks for.
    pub fields: Vec<Field>,
    list: Vec<Guard>,
    /// For each rule, where its guards begin; one more at the end.
    starts: Vec<u32>,
}

/// The value of one field for one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// Known.
    Known(u128),
    /// The packet has no such field: the rule cannot match.
    Absent,
    /// Open.
    Open,
}

impl Guards {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let mut this = Self::default();
        for rule in rules {
            this.starts.push(u32::try_from(this.list.len()).unwrap_or(u32::MAX));
            for statement in &rule.statements {
                match statement {
                    Statement::Match(condition) => this.add(condition),
                    Statement::Passive(Passive::Counter | Passive::Log(_)) => {}
                    _ => break,
                }
            }
        }
        this.starts.push(u32::try_from(this.list.len()).unwrap_or(u32::MAX));
        this
    }

    fn add(&mut self, condition: &Condition) {
        let (value, low, high, negated) = match condition {
            Condition::Compare { left, operator, right: Expression::Constant(constant) } => {
                let constant = *constant;
                match operator {
                    Comparison::Equal => (left, constant, constant, false),
                    Comparison::NotEqual => (left, constant, constant, true),
                    Comparison::Less if constant > 0 => (left, 0, constant - 1, false),
                    Comparison::LessOrEqual => (left, 0, constant, false),
                    Comparison::Greater if constant < u128::MAX => (left, constant + 1, u128::MAX, false),
                    Comparison::GreaterOrEqual => (left, constant, u128::MAX, false),
                    Comparison::Less | Comparison::Greater => return,
                }
            }
            Condition::Range { value, interval, negated } => (value, interval.low, interval.high, *negated),
            Condition::All(parts) => return parts.iter().for_each(|part| self.add(part)),
            Condition::Not(inner) => {
                if let Condition::Compare { left, operator, right } = inner.as_ref() {
                    let turned = match operator {
                        Comparison::Equal => Comparison::NotEqual,
                        Comparison::NotEqual => Comparison::Equal,
                        _ => return,
                    };
                    self.add(&Condition::Compare {
                        left: left.clone(),
                        operator: turned,
                        right: right.clone(),
                    });
                }
                return;
            }
            Condition::Compare { .. }
            | Condition::Lookup { .. }
            | Condition::Any(_)
            | Condition::Unknown(_) => return,
        };
        let (field, mask) = match value {
            Expression::Field(field) => (field, u128::MAX),
            Expression::Operation(Operator::And, left, right) => match (left.as_ref(), right.as_ref()) {
                (Expression::Field(field), Expression::Constant(mask)) => (field, *mask),
                _ => return,
            },
            _ => return,
        };
        let slot = self.fields.iter().position(|other| other == field).unwrap_or_else(|| {
            self.fields.push(field.clone());
            self.fields.len() - 1
        });
        let Ok(slot) = u16::try_from(slot) else { return };
        self.list.push(Guard { slot, negated, mask, low, high });
    }

    /// Whether a rule is certainly refused.
    pub(super) fn refuses(&self, rule: usize, values: &[Slot]) -> bool {
        let Some([start, end]) = self.starts.get(rule..rule + 2) else { return false };
        let range = usize::try_from(*start).unwrap_or(0)..usize::try_from(*end).unwrap_or(0);
        self.list.get(range).unwrap_or_default().iter().any(|guard| guard.refuses(values))
    }

    /// The first rule from `from` on that is not certainly refused.
    pub(super) fn next(&self, from: usize, values: &[Slot]) -> usize {
        let count = self.starts.len().saturating_sub(1);
        let mut rule = from;
        while let Some([start, end]) = self.starts.get(rule..rule + 2) {
            let range = usize::try_from(*start).unwrap_or(0)..usize::try_from(*end).unwrap_or(0);
            let guards = self.list.get(range).unwrap_or_default();
            if !guards.iter().any(|guard| guard.refuses(values)) {
                return rule;
            }
            rule += 1;
        }
        count
    }
}

impl Guard {
    fn refuses(&self, values: &[Slot]) -> bool {
        match values.get(usize::from(self.slot)) {
            Some(Slot::Known(value)) => {
                let value = value & self.mask;
                (self.low <= value && value <= self.high) == self.negated
            }
            Some(Slot::Absent) => true,
            Some(Slot::Open) | None => false,
        }
    }
}
