//! Values computed from fields, and conditions on them.

use super::{Field, SetId};

/// A value: a number, or for a concatenation several.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expression {
    /// A constant, and its width in bits where the language tells it (0 otherwise).
    Constant(u128),
    /// A field of the packet.
    Field(Field),
    /// A bit operation.
    Operation(Operator, Box<Expression>, Box<Expression>),
    /// Several values side by side (`ip saddr . tcp dport`).
    Concatenation(Vec<Expression>),
    /// What a map gives for a key.
    Map {
        /// Looked up.
        key: Box<Expression>,
        /// In this map.
        map: SetId,
        /// Which part of the data.
        part: MapPart,
    },
    /// A number below `modulus`, plus `offset`, that cannot be foreseen: `numgen`, `jhash`, `symhash`.
    Generated {
        /// Numbers it may give.
        modulus: u32,
        /// Added.
        offset: u32,
        /// As written.
        text: String,
    },
    /// It was not understood; its text.
    Unknown(String),
}

/// Which part of a map's data is meant: data may be a concatenation, and each part a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MapPart {
    /// The whole data, as one value (one part, not a range) or as a concatenation.
    Whole,
    /// Lower end of a part.
    Low(u8),
    /// Upper end of a part.
    High(u8),
}

/// A bit operation. Results are cut to 128 bits; readers add a mask where the width of the left side matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
}

/// All numbers from `low` to `high`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval {
    /// Smallest.
    pub low: u128,
    /// Largest.
    pub high: u128,
}

impl Interval {
    /// One number only.
    pub const fn single(value: u128) -> Self {
        Self { low: value, high: value }
    }

    /// The numbers of `width` bits whose first `length` bits are those of `value`.
    pub fn prefix(value: u128, length: u16, width: u16) -> Self {
        let free = width.saturating_sub(length);
        let mask = if free >= 128 { u128::MAX } else { (1 << free) - 1 };
        Self { low: value & !mask, high: value | mask }
    }

    /// Whether a number lies inside.
    pub const fn contains(self, value: u128) -> bool {
        self.low <= value && value <= self.high
    }
}

/// A condition on a packet.
///
/// A field that the packet does not have (a TCP port of a UDP packet) makes the rule not match, whatever stands around it: the
/// kernel's `NFT_BREAK`. [`Condition::Not`] does not turn that round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Two values compared as unsigned numbers (of concatenations: all parts equal, or not all).
    Compare {
        /// Left side.
        left: Expression,
        /// How.
        operator: Comparison,
        /// Right side.
        right: Expression,
    },
    /// A value lies in an interval.
    Range {
        /// The value.
        value: Expression,
        /// Where it must lie.
        interval: Interval,
        /// It must lie outside.
        negated: bool,
    },
    /// A key is in a set.
    Lookup {
        /// The key.
        key: Expression,
        /// The set.
        set: SetId,
        /// It must not be in it.
        negated: bool,
    },
    /// All of them (true where empty).
    All(Vec<Condition>),
    /// At least one of them (false where empty). Parts that do not apply count as false.
    Any(Vec<Condition>),
    /// The contrary.
    Not(Box<Condition>),
    /// It was not understood; its text.
    Unknown(String),
}

/// How two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Expression {
    /// A field.
    pub fn field(field: Field) -> Self {
        Self::Field(field)
    }

    /// Shows every field inside.
    pub(crate) fn visit_fields(&mut self, visit: &mut dyn FnMut(&mut Field)) {
        match self {
            Self::Field(field) => visit(field),
            Self::Operation(_, left, right) => {
                left.visit_fields(visit);
                right.visit_fields(visit);
            }
            Self::Concatenation(parts) => parts.iter_mut().for_each(|part| part.visit_fields(visit)),
            Self::Map { key, .. } => key.visit_fields(visit),
            Self::Constant(_) | Self::Generated { .. } | Self::Unknown(_) => {}
        }
    }

    /// A field with some bits only.
    #[must_use]
    pub fn masked(self, mask: u128) -> Self {
        Self::Operation(Operator::And, Box::new(self), Box::new(Self::Constant(mask)))
    }

    /// Moves the ids inside by what stands before them now.
    pub(super) fn shift(&mut self, sets: u32) {
        match self {
            Self::Operation(_, left, right) => {
                left.shift(sets);
                right.shift(sets);
            }
            Self::Concatenation(parts) => parts.iter_mut().for_each(|part| part.shift(sets)),
            Self::Map { key, map, .. } => {
                key.shift(sets);
                map.0 = map.0.saturating_add(sets);
            }
            Self::Constant(_) | Self::Field(_) | Self::Generated { .. } | Self::Unknown(_) => {}
        }
    }
}

impl Condition {
    /// `left == value`.
    pub fn equal(left: Expression, value: u128) -> Self {
        Self::Compare { left, operator: Comparison::Equal, right: Expression::Constant(value) }
    }

    /// Shows every field inside.
    pub(crate) fn visit_fields(&mut self, visit: &mut dyn FnMut(&mut Field)) {
        match self {
            Self::Compare { left, right, .. } => {
                left.visit_fields(visit);
                right.visit_fields(visit);
            }
            Self::Range { value, .. } => value.visit_fields(visit),
            Self::Lookup { key, .. } => key.visit_fields(visit),
            Self::All(parts) | Self::Any(parts) => parts.iter_mut().for_each(|part| part.visit_fields(visit)),
            Self::Not(inner) => inner.visit_fields(visit),
            Self::Unknown(_) => {}
        }
    }

    /// The contrary where `negated`.
    #[must_use]
    pub fn negate_if(self, negated: bool) -> Self {
        if negated { Self::Not(Box::new(self)) } else { self }
    }

    /// Moves the ids inside by what stands before them now.
    pub(super) fn shift(&mut self, sets: u32) {
        match self {
            Self::Compare { left, right, .. } => {
                left.shift(sets);
                right.shift(sets);
            }
            Self::Range { value, .. } => value.shift(sets),
            Self::Lookup { key, set, .. } => {
                key.shift(sets);
                set.0 = set.0.saturating_add(sets);
            }
            Self::All(parts) | Self::Any(parts) => parts.iter_mut().for_each(|part| part.shift(sets)),
            Self::Not(inner) => inner.shift(sets),
            Self::Unknown(_) => {}
        }
    }
}
