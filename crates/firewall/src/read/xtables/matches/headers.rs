//! Matches on security and IPv6 extension headers: `ah`, `esp`, `ipcomp`, `rt`, `frag`, `hbh`, `dst`, `ipv6header`, `mh`, `srh`.
//!
//! Where the header is missing they answer no, negated or not (`net/ipv6/netfilter/ip6t_*.c`: `ipv6_find_hdr`).

use crate::ir::{Comparison, Condition, Expression, Field, Interval, Meta, Payload, Version};

use super::super::fields::{bits, constant, meta, payload, within};
use super::super::grammar::{Choice, Extension};
use super::super::{names, values};
use super::packet::offset_bits;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const ESP: u8 = 50;
const AH: u8 = 51;
const NONE: u8 = 59;
const DESTINATION: u8 = 60;
const COMPRESSION: u8 = 108;
const MOBILITY: u8 = 135;

/// Bits of an extension header.
fn bits_of(header: u8, offset: u16, width: u16) -> Expression {
    Expression::Field(Field::Ip6Header { header, offset, width })
}

/// The options of a match on a header, which must be there also where none is given.
fn on_header(
    extension: &Extension,
    first: Expression,
    one: impl Fn(&Choice) -> Option<Condition>,
) -> Option<Condition> {
    let there = within(first, Interval { low: 0, high: 255 }, false);
    let parts = extension.choices.iter().map(one);
    Some(Condition::All(std::iter::once(Some(there)).chain(parts).collect::<Option<_>>()?))
}

/// A length in bytes against a header's own unit; a length that no header can have is never met.
fn units(field: Expression, length: Option<u64>, negated: bool) -> Condition {
    match length.filter(|length| *length <= 255) {
        Some(length) => Condition::equal(field, length.into()).negate_if(negated),
        None => constant(negated),
    }
}

/// `ah` (`ipt_ah.c`, `ip6t_ah.c`).
pub(super) fn ah(extension: &Extension, version: Version) -> Option<Condition> {
    let field = |offset, width| match version {
        Version::V4 => payload(Payload::transport(Some(AH), offset, width, "ah")),
        Version::V6 => bits_of(AH, offset, width),
    };
    on_header(extension, field(0, 8), |choice| {
        Some(match choice.name.as_str() {
            "--ahspi" => within(field(32, 32), values::range(choice.value()?, 32)?, choice.negated),
            // Zero means that the length is not looked at.
            "--ahlen" => match values::number_of(choice.value()?, 32)? {
                0 => constant(true),
                length => {
                    let units_of = if length.is_multiple_of(4) { (length / 4).checked_sub(2) } else { None };
                    units(field(8, 8), units_of, choice.negated)
                }
            },
            "--ahres" => Condition::equal(field(16, 16), 0),
            _ => return None,
        })
    })
}

/// `esp` (`xt_esp.c`).
pub(super) fn esp(extension: &Extension) -> Option<Condition> {
    let field = |offset, width| payload(Payload::transport(Some(ESP), offset, width, "esp spi"));
    on_header(extension, field(0, 8), |choice| {
        Some(within(field(0, 32), values::range(choice.value()?, 32)?, choice.negated))
    })
}

/// `ipcomp` (`xt_ipcomp.c`: `comp_mt`); it does not look at the reserved bits.
pub(super) fn ipcomp(extension: &Extension) -> Option<Condition> {
    let field = |offset, width| payload(Payload::transport(Some(COMPRESSION), offset, width, "comp cpi"));
    on_header(extension, field(0, 8), |choice| match choice.name.as_str() {
        "--ipcompspi" => Some(within(field(16, 16), values::range(choice.value()?, 32)?, choice.negated)),
        _ => Some(constant(true)),
    })
}

/// `rt` (`ip6t_rt.c`: `rt_mt6`).
pub(super) fn rt(extension: &Extension) -> Option<Condition> {
    let field = |offset, width| bits_of(ROUTING, offset, width);
    let strict = !extension.has("--rt-0-not-strict");
    on_header(extension, field(0, 8), |choice| {
        Some(match choice.name.as_str() {
            "--rt-type" => {
                let number = values::number_of(choice.value()?, 32)?;
                Condition::equal(field(16, 8), number.into()).negate_if(choice.negated)
            }
            "--rt-segsleft" => within(field(24, 8), values::range(choice.value()?, 32)?, choice.negated),
            "--rt-len" => {
                let length = values::number_of(choice.value()?, 32)?;
                units(field(8, 8), eights(length), choice.negated)
            }
            "--rt-0-res" => Condition::equal(field(32, 32), 0),
            // Addresses that stand anywhere in the header, in this order.
            "--rt-0-addrs" if !strict => {
                let text = format!("rt addresses {}", choice.value()?);
                Condition::equal(Expression::Field(Field::Opaque { text, width: 1 }), 1)
            }
            "--rt-0-not-strict" => constant(true),
            // All addresses of the header.
            "--rt-0-addrs" => {
                let texts = choice.value()?.split(',');
                let mut parts = Vec::new();
                for (index, text) in texts.enumerate() {
                    let offset = 64_usize.checked_add(index.checked_mul(128)?)?;
                    let address = values::address(text, Version::V6)?;
                    parts.push(Condition::equal(field(u16::try_from(offset).ok()?, 128), address));
                }
                let length = u128::try_from(parts.len()).ok()?.checked_mul(2)?;
                parts.insert(0, Condition::equal(field(8, 8), length));
                Condition::All(parts)
            }
            _ => return None,
        })
    })
}

/// A length in bytes as the number of eight bytes after the first eight; `None` where no header is that long.
fn eights(length: u64) -> Option<u64> {
    if length.is_multiple_of(8) { (length / 8).checked_sub(1) } else { None }
}

/// `frag` (`ip6t_frag.c`: `frag_mt6`); it does not look at the length.
pub(super) fn frag(extension: &Extension) -> Option<Condition> {
    let field = |offset, width| bits_of(FRAGMENT, offset, width);
    on_header(extension, field(0, 8), |choice| {
        Some(match choice.name.as_str() {
            "--fragid" => within(field(32, 32), values::range(choice.value()?, 32)?, choice.negated),
            "--fraglen" => constant(true),
            "--fragres" => Condition::All(vec![Condition::equal(field(8, 8), 0), bits(field(16, 16), 6, 0)]),
            "--fragfirst" => offset_bits(field(16, 16), 0xfff8, false),
            "--fragmore" => offset_bits(field(16, 16), 1, true),
            "--fraglast" => offset_bits(field(16, 16), 1, false),
            _ => return None,
        })
    })
}

/// `hbh` and `dst` (`ip6t_hbh.c`: `hbh_mt6`). A list that need not be strict never matches, the kernel has not written it.
pub(super) fn options(extension: &Extension) -> Option<Condition> {
    let header = if extension.name == "hbh" { HOP_BY_HOP } else { DESTINATION };
    if extension.choices.iter().any(|choice| choice.name.ends_with("-not-strict")) {
        return Some(constant(false));
    }
    on_header(extension, bits_of(header, 0, 8), |choice| {
        Some(if choice.name.ends_with("-len") {
            let length = values::number_of(choice.value()?, 32)?;
            units(bits_of(header, 8, 8), eights(length), choice.negated)
        } else {
            let text = format!("{} options {}", extension.name, choice.value()?);
            Condition::equal(Expression::Field(Field::Opaque { text, width: 1 }), 1)
        })
    })
}

/// `ipv6header` (`ip6t_ipv6header.c`): `--soft` asks for each header, otherwise the packet must have these and no others.
pub(super) fn ipv6header(extension: &Extension) -> Option<Condition> {
    const ALL: [u8; 7] = [HOP_BY_HOP, DESTINATION, ROUTING, FRAGMENT, AH, ESP, NONE];
    let choice = extension.choice("--header")?;
    let mut wanted = Vec::new();
    // `prot`: any upper protocol.
    let mut upper = false;
    for text in choice.value()?.split(',') {
        match text {
            "prot" | "protocol" | "proto" => upper = true,
            _ => wanted.push(header_number(text)?),
        }
    }
    let last_is = |number: u8| Condition::equal(meta(Meta::L4Protocol), number.into());
    let there = |number: u8| match number {
        ESP | NONE => last_is(number),
        _ => Condition::equal(Expression::Field(Field::Ip6HeaderPresent(number)), 1),
    };
    let has_upper = || Condition::All(vec![last_is(ESP).negate_if(true), last_is(NONE).negate_if(true)]);
    if extension.has("--soft") {
        let mut parts: Vec<Condition> =
            wanted.iter().map(|number| there(*number).negate_if(choice.negated)).collect();
        if upper {
            parts.push(has_upper().negate_if(choice.negated));
        }
        return Some(Condition::All(parts));
    }
    let parts = ALL.into_iter().map(|number| there(number).negate_if(!wanted.contains(&number)));
    let exactly = Condition::All(parts.chain([has_upper().negate_if(!upper)]).collect());
    Some(exactly.negate_if(choice.negated))
}

/// Names of headers (`iptables/extensions/libip6t_ipv6header.c`).
fn header_number(text: &str) -> Option<u8> {
    let number = match text {
        "hop" | "hop-by-hop" => HOP_BY_HOP,
        "dst" => DESTINATION,
        "route" => ROUTING,
        "frag" => FRAGMENT,
        "auth" => AH,
        "none" => NONE,
        other => names::protocol(other)?,
    };
    [HOP_BY_HOP, DESTINATION, ROUTING, FRAGMENT, AH, ESP, NONE].contains(&number).then_some(number)
}

/// `mh` (`ip6t_mh.c`: `mh_mt6`).
pub(super) fn mh(extension: &Extension) -> Option<Condition> {
    let field = || payload(Payload::transport(Some(MOBILITY), 16, 8, "mh type"));
    on_header(extension, field(), |choice| {
        let text = choice.value()?;
        let interval =
            values::range(text, 8).or_else(|| names::mobility(text).map(|n| Interval::single(n.into())))?;
        Some(within(field(), interval, choice.negated))
    })
}

/// `srh` (`ip6t_srh.c`: `srh_mt6`): a routing header of type 4. Its segments are not modelled.
pub(super) fn srh(extension: &Extension) -> Option<Condition> {
    let field = |offset, width| bits_of(ROUTING, offset, width);
    let (segments_left, last) = (|| field(24, 8), || field(32, 8));
    let mut parts = vec![
        Condition::equal(field(16, 8), 4),
        Condition::Compare { left: segments_left(), operator: Comparison::LessOrEqual, right: last() },
    ];
    for choice in &extension.choices {
        let name = choice.name.strip_prefix("--srh-")?;
        let (of, operator) = match name.rsplit_once('-') {
            Some((of, "eq")) => (of, Comparison::Equal),
            Some((of, "gt")) => (of, Comparison::Greater),
            Some((of, "lt")) => (of, Comparison::Less),
            _ => (name, Comparison::Equal),
        };
        let (left, width) = match of {
            "next-hdr" => (field(0, 8), 8),
            "hdr-len" => (field(8, 8), 8),
            "segs-left" => (segments_left(), 8),
            "last-entry" => (last(), 8),
            "tag" => (field(48, 16), 16),
            _ => return None,
        };
        let text = choice.value()?;
        let number = match of {
            "next-hdr" => names::protocol(text)?.into(),
            // The kernel compares the two bytes as a number of the machine's own order.
            "tag" => u16::try_from(values::number_of(text, width)?).ok()?.to_be().into(),
            _ => values::number_of(text, width)?,
        };
        let condition = Condition::Compare { left, operator, right: Expression::Constant(number.into()) };
        parts.push(condition.negate_if(choice.negated));
    }
    Some(Condition::All(parts))
}
