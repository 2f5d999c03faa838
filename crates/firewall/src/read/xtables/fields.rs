//! The fields that xtables matches look at, as `ir` has them.

use crate::ir::{Comparison, Condition, Expression, Field, Interval, Meta, Payload, Version};

/// A field of the packet.
pub(super) fn payload(payload: Payload) -> Expression {
    Expression::Field(Field::Payload(payload))
}

/// What the kernel keeps beside the packet.
pub(super) fn meta(meta: Meta) -> Expression {
    Expression::Field(Field::Meta(meta))
}

/// Source address.
pub(super) fn source(version: Version) -> Expression {
    payload(match version {
        Version::V4 => Payload::ip(96, 32, "ip saddr"),
        Version::V6 => Payload::ip6(64, 128, "ip6 saddr"),
    })
}

/// Destination address.
pub(super) fn destination(version: Version) -> Expression {
    payload(match version {
        Version::V4 => Payload::ip(128, 32, "ip daddr"),
        Version::V6 => Payload::ip6(192, 128, "ip6 daddr"),
    })
}

/// Source or destination address.
pub(super) fn address(version: Version, is_source: bool) -> Expression {
    if is_source { source(version) } else { destination(version) }
}

/// Source port of TCP, UDP, UDP-Lite, SCTP or DCCP; of any of them where no protocol is given.
pub(super) fn source_port(protocol: Option<u8>) -> Expression {
    payload(Payload::transport(protocol, 0, 16, "sport"))
}

/// Destination port of TCP, UDP, UDP-Lite, SCTP or DCCP; of any of them where no protocol is given.
pub(super) fn destination_port(protocol: Option<u8>) -> Expression {
    payload(Payload::transport(protocol, 16, 16, "dport"))
}

/// A value in an interval, or outside of it.
pub(super) fn within(value: Expression, interval: Interval, negated: bool) -> Condition {
    Condition::Range { value, interval, negated }
}

/// Some of the bits are set.
pub(super) fn any_bit(value: Expression, mask: u128) -> Condition {
    Condition::Compare {
        left: value.masked(mask),
        operator: Comparison::NotEqual,
        right: Expression::Constant(0),
    }
}

/// `(value & mask) == wanted`.
pub(super) fn bits(value: Expression, mask: u128, wanted: u128) -> Condition {
    Condition::equal(value.masked(mask), wanted)
}

/// The contrary, also where a part does not apply: most xtables matches answer with no, not with an end of the rule, where a packet
/// lacks what they look at, and turn that answer round.
pub(super) fn invert(condition: Condition, negated: bool) -> Condition {
    if negated { Condition::Not(Box::new(Condition::Any(vec![condition]))) } else { condition }
}

/// Always, or never.
pub(super) fn constant(holds: bool) -> Condition {
    if holds { Condition::All(Vec::new()) } else { Condition::Any(Vec::new()) }
}
