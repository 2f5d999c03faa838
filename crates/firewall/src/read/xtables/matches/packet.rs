//! Matches on what every packet has: `ttl`, `hl`, `dscp`, `tos`, `ecn`, `length`, `pkttype`, `tcpmss`, `mark`, `realm`, `cgroup`.

use crate::ir::{Comparison, Condition, Expression, Field, Interval, Meta, Payload, Version};

use super::super::fields::{any_bit, bits, invert, meta, payload, within};
use super::super::grammar::{Choice, Extension};
use super::super::{names, values};

const TCP: u8 = 6;
/// The TCP option that says how large a segment may be.
const SEGMENT_SIZE: u8 = 2;

/// All options of a match, each a condition.
pub(super) fn each(extension: &Extension, one: impl Fn(&Choice) -> Option<Condition>) -> Option<Condition> {
    let parts: Vec<Condition> = extension.choices.iter().map(one).collect::<Option<_>>()?;
    (!parts.is_empty()).then_some(Condition::All(parts))
}

/// `ttl` and `hl` (`net/netfilter/xt_hl.c`: `ttl_mt`, `hl_mt6`).
pub(super) fn hops(extension: &Extension) -> Option<Condition> {
    let field = match extension.name.as_str() {
        "ttl" => payload(Payload::ip(64, 8, "ip ttl")),
        _ => payload(Payload::ip6(56, 8, "ip6 hoplimit")),
    };
    each(extension, |choice| {
        let number = values::number_of(choice.value()?, 8)?.into();
        let compare = |operator| Condition::Compare {
            left: field.clone(),
            operator,
            right: Expression::Constant(number),
        };
        Some(match choice.name.as_str() {
            "--ttl-eq" | "--hl-eq" => Condition::equal(field.clone(), number).negate_if(choice.negated),
            "--ttl-lt" | "--hl-lt" if !choice.negated => compare(Comparison::Less),
            "--ttl-gt" | "--hl-gt" if !choice.negated => compare(Comparison::Greater),
            _ => return None,
        })
    })
}

/// The byte that was the type of service, of which the first six bits are the DSCP and the last two ECN.
pub(in super::super) fn traffic_class(version: Version, offset: u16, width: u16) -> Payload {
    match version {
        Version::V4 => Payload::ip(8 + offset, width, "ip dsfield"),
        Version::V6 => Payload::ip6(4 + offset, width, "ip6 dsfield"),
    }
}

/// `dscp` (`xt_dscp.c`: `dscp_mt`).
pub(super) fn dscp(extension: &Extension, version: Version) -> Option<Condition> {
    each(extension, |choice| {
        let number = match choice.name.as_str() {
            "--dscp" => values::number_of(choice.value()?, 6)?,
            _ => names::dscp_class(choice.value()?)?.into(),
        };
        let field = payload(traffic_class(version, 0, 6));
        Some(Condition::equal(field, number.into()).negate_if(choice.negated))
    })
}

/// `tos` (`xt_dscp.c`: `tos_mt`).
pub(super) fn tos(extension: &Extension, version: Version) -> Option<Condition> {
    each(extension, |choice| {
        let (value, mask) = names::tos(choice.value()?)?;
        let field = payload(traffic_class(version, 0, 8));
        Some(bits(field, mask.into(), value.into()).negate_if(choice.negated))
    })
}

/// `ecn` (`xt_ecn.c`).
pub(super) fn ecn(extension: &Extension, version: Version) -> Option<Condition> {
    let flag = |offset| payload(Payload::transport(Some(TCP), offset, 1, "tcp flags"));
    each(extension, |choice| {
        let condition = match choice.name.as_str() {
            "--ecn-tcp-cwr" => Condition::equal(flag(104), 1),
            "--ecn-tcp-ece" => Condition::equal(flag(105), 1),
            _ => {
                let number = values::number_of(choice.value()?, 2)?;
                Condition::equal(payload(traffic_class(version, 6, 2)), number.into())
            }
        };
        Some(condition.negate_if(choice.negated))
    })
}

/// `length` (`xt_length.c`): from the network header on.
pub(super) fn length(extension: &Extension) -> Option<Condition> {
    each(extension, |choice| {
        Some(within(meta(Meta::Length), values::range(choice.value()?, 16)?, choice.negated))
    })
}

/// `pkttype` (`xt_pkttype.c`).
pub(super) fn pkttype(extension: &Extension) -> Option<Condition> {
    each(extension, |choice| {
        let number = match choice.value()?.to_ascii_lowercase().as_str() {
            "unicast" | "host" => 0,
            "broadcast" | "bcast" => 1,
            "multicast" | "mcast" => 2,
            "otherhost" => 3,
            other => values::number_of(other, 8)?.into(),
        };
        Some(Condition::equal(meta(Meta::PacketType), number).negate_if(choice.negated))
    })
}

/// `tcpmss` (`xt_tcpmss.c`): no where the option is missing, yes where negated.
pub(super) fn tcpmss(extension: &Extension) -> Option<Condition> {
    each(extension, |choice| {
        let field = Field::TcpOption { kind: SEGMENT_SIZE, offset: 16, width: 16 };
        let condition = within(Expression::Field(field), values::range(choice.value()?, 16)?, false);
        Some(invert(condition, choice.negated))
    })
}

/// `mark` (`xt_mark.c`: `mark_mt`).
pub(super) fn mark(extension: &Extension) -> Option<Condition> {
    each(extension, |choice| {
        let (value, mask) = values::masked(choice.value()?)?;
        let field = meta(Meta::Mark);
        let condition = if mask == u32::MAX {
            Condition::equal(field, value.into())
        } else {
            bits(field, mask.into(), value.into())
        };
        Some(condition.negate_if(choice.negated))
    })
}

/// `realm` (`xt_realm.c`): of the route that was chosen. Names are in a file of the host.
pub(super) fn realm(extension: &Extension) -> Option<Condition> {
    each(extension, |choice| {
        let (value, mask) = values::masked(choice.value()?)?;
        Some(bits(meta(Meta::RouteClass), mask.into(), value.into()).negate_if(choice.negated))
    })
}

/// `cgroup` (`xt_cgroup.c`): no where no socket of this host sent the packet, negated or not.
pub(super) fn cgroup(extension: &Extension) -> Option<Condition> {
    each(extension, |choice| {
        let condition = if choice.name == "--cgroup" {
            let class = values::number_of(choice.value()?, 32)?;
            Condition::equal(meta(Meta::Cgroup), class.into())
        } else {
            let text = format!("cgroup path {}", choice.value()?);
            Condition::equal(Expression::Field(Field::Opaque { text, width: 1 }), 1)
        };
        Some(condition.negate_if(choice.negated))
    })
}

/// `devgroup` (`xt_devgroup.c`). Names of groups are in a file of the host.
pub(super) fn devgroup(extension: &Extension) -> Option<Condition> {
    each(extension, |choice| {
        let (value, mask) = values::masked(choice.value()?)?;
        let field = match choice.name.as_str() {
            "--src-group" => Meta::InputGroup,
            _ => Meta::OutputGroup,
        };
        Some(bits(meta(field), mask.into(), value.into()).negate_if(choice.negated))
    })
}

/// `owner` (`xt_owner.c`: `owner_mt`): no where no socket of this host sent the packet, yes where negated.
pub(super) fn owner(extension: &Extension) -> Option<Condition> {
    let all = Interval { low: 0, high: u32::MAX.into() };
    let supplementary = extension.has("--suppl-groups");
    each(extension, |choice| {
        let condition = match choice.name.as_str() {
            "--uid-owner" => within(meta(Meta::SocketUser), owners(choice.value()?)?, false),
            "--gid-owner" => {
                let text = choice.value()?;
                let group = within(meta(Meta::SocketGroup), owners(text)?, false);
                if supplementary {
                    // Which other groups its user has the packet does not tell.
                    let text = format!("owner suppl-groups {text}");
                    let field = Expression::Field(Field::Opaque { text, width: 1 });
                    Condition::Any(vec![group, Condition::equal(field, 1)])
                } else {
                    group
                }
            }
            "--socket-exists" => within(meta(Meta::SocketUser), all, false),
            "--suppl-groups" => Condition::All(Vec::new()),
            _ => return None,
        };
        Some(invert(condition, choice.negated))
    })
}

/// `LOW-HIGH` or one number. Names are in a file of the host.
fn owners(text: &str) -> Option<Interval> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    Some(Interval { low: values::number_of(low, 32)?.into(), high: values::number_of(high, 32)?.into() })
}

/// Some of the bits of a fragment's offset.
pub(super) fn offset_bits(field: Expression, mask: u128, set: bool) -> Condition {
    if set { any_bit(field, mask) } else { bits(field, mask, 0) }
}
