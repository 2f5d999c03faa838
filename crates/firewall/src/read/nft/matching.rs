//! `{"match": {"op": ..., "left": ..., "right": ...}}`

use super::kind::{Cause, Kind, Type};
use super::node::Node;
use super::scope::{Scope, Typed};
use super::text;
use crate::ir::{
    Comparison, Condition, Data, DataKind, Element, Expression, FibField, FibResult, Field, Interval,
    StateKind, StateTest, Statement,
};

impl Scope<'_> {
    /// The statement of a match.
    pub(super) fn matching(&mut self, body: &Node<'_>) -> Result<Statement, Cause> {
        let (Some(left), Some(right)) = (body.member("left"), body.member("right")) else {
            return Err(format!("unknown match: {body}"));
        };
        let operator = body.member_text("op").unwrap_or("==");
        let mut value = self.expression(left, &[])?;
        if let Some(kind) = unforeseen(&value) {
            return Ok(Statement::State(StateTest { kind, certain: None, text: text::matching(body) }));
        }
        if let (Expression::Field(Field::Fib(fib)), Node::Bool(_)) = (&mut value.expression, right) {
            // `fib ... exists`: `NFTA_FIB_F_PRESENT`, which the listing shows on the right side only.
            *fib = FibField { result: FibResult::Exists, ..*fib };
            value.types = vec![Type::of(Kind::Boolean)];
        }
        let condition = self.condition(operator, value, right)?;
        if let Condition::Compare {
            left: Expression::Field(Field::Payload(payload)),
            right: Expression::Constant(kind),
            ..
        } = &condition
        {
            // A tag that announces a tag: the next `vlan` field is that one's.
            if payload.name == "vlan type" && matches!(*kind, 0x8100 | 0x88a8) {
                self.tags = self.tags.saturating_add(1).min(8);
            }
        }
        self.learn(&condition);
        Ok(Statement::Match(condition))
    }

    fn condition(&mut self, operator: &str, left: Typed, right: &Node<'_>) -> Result<Condition, Cause> {
        let named_set = right.text().filter(|text| text.starts_with('@'));
        let set_in_place = right.first().as_ref().is_some_and(|(name, _)| *name == "set");
        if named_set.is_some() || set_in_place {
            let negated = match operator {
                "==" | "in" => false,
                "!=" => true,
                _ => return Err(format!("a set after {operator}")),
            };
            let set = self.set_of(right, &left)?;
            return Ok(Condition::Lookup { key: left.expression, set, negated });
        }
        if left.types.len() > 1 {
            return self.compare_parts(operator, left, right);
        }
        let kind = left.kind();
        let interval = match kind.interval(right, self.names) {
            Ok(interval) => interval,
            // Another value on the right side.
            Err(cause) => {
                return match (self.expression(right, &[kind]), comparison(operator)) {
                    (Ok(other), Some(operator)) => {
                        Ok(Condition::Compare { left: left.expression, operator, right: other.expression })
                    }
                    _ => Err(cause),
                };
            }
        };
        compare(operator, left.expression, interval)
    }

    /// A concatenation with a concatenation of constants.
    fn compare_parts(&mut self, operator: &str, left: Typed, right: &Node<'_>) -> Result<Condition, Cause> {
        let operator = match operator {
            "==" | "in" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            _ => return Err(format!("a concatenation after {operator}")),
        };
        let key = self.key(right, &left.types)?;
        if key.iter().all(|part| part.low == part.high) {
            let right =
                Expression::Concatenation(key.iter().map(|part| Expression::Constant(part.low)).collect());
            return Ok(Condition::Compare { left: left.expression, operator, right });
        }
        let element = Element { key, data: Data::None, stateful: None, excluded: false };
        let set = self.anonymous(&left, DataKind::None, Vec::new(), vec![element]);
        Ok(Condition::Lookup { key: left.expression, set, negated: operator == Comparison::NotEqual })
    }
}

/// `expr_op_symbols` (`src/expression.c`); `in` is what is printed for `OP_IMPLICIT`: at least one of these bits
/// (`netlink_gen_flagcmp`, `src/netlink_linearize.c`), and `!` none of them.
fn compare(operator: &str, left: Expression, right: Interval) -> Result<Condition, Cause> {
    let single = right.low == right.high;
    match operator {
        "==" if single => Ok(Condition::equal(left, right.low)),
        "!=" if single => Ok(with(left, Comparison::NotEqual, right.low)),
        "==" | "in" if !single => Ok(Condition::Range { value: left, interval: right, negated: false }),
        "!=" => Ok(Condition::Range { value: left, interval: right, negated: true }),
        "in" if single => Ok(with(left.masked(right.low), Comparison::NotEqual, 0)),
        "!" if single => Ok(Condition::equal(left.masked(right.low), 0)),
        _ => match comparison(operator) {
            Some(operator) if single => Ok(with(left, operator, right.low)),
            _ => Err(format!("unknown operator: {operator}")),
        },
    }
}

fn with(left: Expression, operator: Comparison, right: u128) -> Condition {
    Condition::Compare { left, operator, right: Expression::Constant(right) }
}

fn comparison(operator: &str) -> Option<Comparison> {
    Some(match operator {
        "==" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// Values that no comparison is made of, because it cannot come out but unknown.
fn unforeseen(value: &Typed) -> Option<StateKind> {
    match &value.expression {
        Expression::Field(Field::Opaque { text, .. }) => match text.as_str() {
            "meta time" | "meta hour" | "meta day" => Some(StateKind::Time),
            "meta random" => Some(StateKind::Chance),
            text if text.starts_with("osf") => Some(StateKind::OperatingSystem),
            _ => None,
        },
        Expression::Field(Field::Socket(_)) if value.kind().kind == Kind::CgroupPath => {
            Some(StateKind::Socket)
        }
        _ => None,
    }
}
