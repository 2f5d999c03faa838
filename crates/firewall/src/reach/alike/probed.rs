//! With what rules compare a datum of the packet.

use crate::ir::{Comparison, Condition, Expression, Field, Interval, Operator, Ruleset, SetId, Statement};

/// One comparison: the value, with these bits only, lies inside or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Probe {
    /// Bits of the value that count.
    pub mask: u128,
    /// Where they may lie.
    pub interval: Interval,
}

/// Every comparison of one kind of datum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probed {
    /// Comparisons with constants.
    pub probes: Vec<Probe>,
    /// It is used in some other way, so that any two values may be told apart.
    pub anyhow: bool,
    /// A rule asks for it, be it in vain: where a packet does not have the datum, the rule does not match.
    pub asked: bool,
}

impl Probed {
    /// With what a ruleset compares the fields that are wanted.
    pub fn of(ruleset: &Ruleset, wanted: &dyn Fn(&Field) -> bool) -> Self {
        let mut this = Self::default();
        let mut reader = Reader { ruleset, wanted, into: &mut this };
        for chain in &ruleset.chains {
            for rule in &chain.rules {
                for statement in &rule.statements {
                    reader.statement(statement);
                }
            }
        }
        this.probes.sort_unstable();
        this.probes.dedup();
        this
    }

    /// Takes up what another ruleset asks.
    pub fn join(&mut self, other: Self) {
        self.anyhow |= other.anyhow;
        self.asked |= other.asked;
        self.probes.extend(other.probes);
        self.probes.sort_unstable();
        self.probes.dedup();
    }

    /// Whether some comparison tells two values apart.
    pub fn tells_apart(&self, a: u128, b: u128) -> bool {
        let side = |probe: &Probe, value: u128| probe.interval.contains(value & probe.mask);
        a != b && (self.anyhow || self.probes.iter().any(|probe| side(probe, a) != side(probe, b)))
    }
}

struct Reader<'a> {
    ruleset: &'a Ruleset,
    wanted: &'a dyn Fn(&Field) -> bool,
    into: &'a mut Probed,
}

impl Reader<'_> {
    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Match(condition) => self.condition(condition),
            Statement::VerdictMap { key, map } => self.lookup(key, *map),
            Statement::Assign { value, .. } => self.value(value),
            Statement::Nat(nat) => {
                for (low, high) in nat.address.iter().chain(&nat.port) {
                    self.value(low);
                    self.value(high);
                }
            }
            Statement::Update { key, data, .. } => {
                self.value(key);
                if let Some(data) = data {
                    self.value(data);
                }
            }
            Statement::Tproxy { address, port, .. } => {
                for value in address.iter().chain(port) {
                    self.value(value);
                }
            }
            Statement::Forward { interface, .. } => self.value(interface),
            Statement::State(_)
            | Statement::Verdict(_)
            | Statement::Reject(_)
            | Statement::Notrack
            | Statement::Synproxy
            | Statement::Offload { .. }
            | Statement::Duplicate { .. }
            | Statement::Passive(_)
            | Statement::Unknown(_) => {}
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Compare { left, operator, right: Expression::Constant(constant) } => {
                match interval(*operator, *constant) {
                    Some(interval) => self.compared(left, &[interval]),
                    // It holds for no value or for all.
                    None => self.compared(left, &[]),
                }
            }
            Condition::Compare { left, right: Expression::Concatenation(right), .. } => {
                self.concatenated(left, right);
            }
            Condition::Compare { left, right, .. } => {
                self.value(left);
                self.value(right);
            }
            Condition::Range { value, interval, .. } => self.compared(value, &[*interval]),
            Condition::Lookup { key, set, .. } => self.lookup(key, *set),
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    self.condition(part);
                }
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::Unknown(_) => {}
        }
    }

    /// `a . b == c . d`: part by part, where the right side is constant.
    fn concatenated(&mut self, left: &Expression, right: &[Expression]) {
        match left {
            Expression::Concatenation(left) if left.len() == right.len() => {
                for (left, right) in left.iter().zip(right) {
                    if let Expression::Constant(constant) = right {
                        self.compared(left, &[Interval::single(*constant)]);
                    } else {
                        self.value(left);
                        self.value(right);
                    }
                }
            }
            _ => {
                self.value(left);
                for part in right {
                    self.value(part);
                }
            }
        }
    }

    fn lookup(&mut self, key: &Expression, set: SetId) {
        let parts = match key {
            Expression::Concatenation(parts) => parts.as_slice(),
            only => std::slice::from_ref(only),
        };
        let elements = self.ruleset.set(set).map_or(&[][..], |set| set.elements.as_slice());
        for (place, part) in parts.iter().enumerate() {
            if !self.mentions(part) {
                continue;
            }
            let intervals: Vec<Interval> =
                elements.iter().filter_map(|element| element.key.get(place)).copied().collect();
            self.compared(part, &intervals);
        }
    }

    /// A value that is compared with constants.
    fn compared(&mut self, value: &Expression, intervals: &[Interval]) {
        let (field, mask) = match value {
            Expression::Field(field) => (field, u128::MAX),
            Expression::Operation(Operator::And, left, right) => match (left.as_ref(), right.as_ref()) {
                (Expression::Field(field), Expression::Constant(mask)) => (field, *mask),
                _ => return self.value(value),
            },
            Expression::Map { key, map, .. } => return self.lookup(key, *map),
            _ => return self.value(value),
        };
        if (self.wanted)(field) {
            self.into.asked = true;
            self.into.probes.extend(intervals.iter().map(|interval| Probe { mask, interval: *interval }));
        }
    }

    /// A value that is used in another way than by comparing it.
    fn value(&mut self, value: &Expression) {
        match value {
            Expression::Field(field) if (self.wanted)(field) => {
                self.into.anyhow = true;
                self.into.asked = true;
            }
            Expression::Operation(_, left, right) => {
                self.value(left);
                self.value(right);
            }
            Expression::Concatenation(parts) => {
                for part in parts {
                    self.value(part);
                }
            }
            // What comes out depends on the element that is found, and on nothing else.
            Expression::Map { key, map, .. } => self.lookup(key, *map),
            Expression::Field(_)
            | Expression::Constant(_)
            | Expression::Generated { .. }
            | Expression::Unknown(_) => {}
        }
    }

    fn mentions(&self, expression: &Expression) -> bool {
        match expression {
            Expression::Field(field) => (self.wanted)(field),
            Expression::Operation(_, left, right) => self.mentions(left) || self.mentions(right),
            Expression::Concatenation(parts) => parts.iter().any(|part| self.mentions(part)),
            Expression::Map { key, .. } => self.mentions(key),
            Expression::Constant(_) | Expression::Generated { .. } | Expression::Unknown(_) => false,
        }
    }
}

/// The values for which a comparison with a constant holds, or does not: it is the boundary that counts.
fn interval(operator: Comparison, constant: u128) -> Option<Interval> {
    match operator {
        Comparison::Equal | Comparison::NotEqual => Some(Interval::single(constant)),
        Comparison::Less => constant.checked_sub(1).map(|high| Interval { low: 0, high }),
        Comparison::LessOrEqual => Some(Interval { low: 0, high: constant }),
        Comparison::Greater => constant.checked_add(1).map(|low| Interval { low, high: u128::MAX }),
        Comparison::GreaterOrEqual => Some(Interval { low: constant, high: u128::MAX }),
    }
}
