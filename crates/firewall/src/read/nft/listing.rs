//! Where a listing does not say what the kernel runs, found by comparing listings of 1.0.6 with its own `--debug=netlink`.
//!
//! The reader then knows better where it can, and says `Unknown` where it cannot.

use super::kind::{Cause, Kind};
use super::node::Node;
use super::scope::Typed;
use crate::ir::{Element, Expression, Field, Operator};

/// A field that is no whole number of bytes, inside of a concatenation, is loaded, masked and shifted to its value; the listing has
/// the field (which is the value) and the shift once more: `ip dscp >> 2 . ip saddr`. The field then, without the shift.
///
/// Other shifts of header fields wider than a byte are not understood: the kernel shifts a register in the host's byte order
/// (`nft_bitwise_eval_rshift`, `net/netfilter/nft_bitwise.c`), and whether the value was turned round before is not listed.
pub(super) fn unshifted(
    operator: Operator,
    value: &Typed,
    operands: &[Node<'_>],
) -> Result<Option<Typed>, Cause> {
    let behind = match &value.expression {
        Expression::Field(field) => bits_behind(field),
        _ => 0,
    };
    let by = operands.get(1).and_then(Node::number);
    let once_more =
        operator == Operator::ShiftRight && behind > 0 && operands.len() == 2 && by == Some(behind.into());
    if once_more && !spans_bytes(&value.expression) {
        return Ok(Some(value.clone()));
    }
    if is_wide_header(&value.expression) {
        return Err("the byte order of this shift is not listed".to_owned());
    }
    Ok(None)
}

/// A field over more than one byte that ends inside of a byte is shifted for a lookup in a named set. Which byte order it has then
/// depends on the release that wrote the rule, and 1.0.6 wrote one that never matches.
pub(super) fn check_named(key: &Expression) -> Result<(), Cause> {
    let shifted = |part: &Expression| match part {
        Expression::Field(field) => bits_behind(field) > 0 && spans_bytes(part),
        _ => false,
    };
    if parts(key).iter().any(shifted) {
        return Err("the byte order of this field in a set is not listed".to_owned());
    }
    Ok(())
}

/// Elements of concatenations written in place are listed wrongly where a part is a number without a type of its own: with ranges
/// where it is in the host's byte order, always where it is shifted (`{ 0 . 1280 }` for `tcp doff . tcp dport { 5 . 1 }`).
pub(super) fn check_in_place(key: &Typed, elements: &[Element]) -> Result<(), Cause> {
    let parts = parts(&key.expression);
    if parts.len() < 2 {
        return Ok(());
    }
    let ranges = elements.iter().flat_map(|element| &element.key).any(|part| part.low != part.high);
    for (part, kind) in parts.iter().zip(&key.types) {
        let wrong = match part {
            Expression::Field(field) if is_header(field) => bits_behind(field) > 0,
            _ => ranges,
        };
        if wrong && kind.kind == Kind::Integer {
            return Err("nft lists the elements of this concatenation wrongly".to_owned());
        }
    }
    Ok(())
}

fn parts(key: &Expression) -> &[Expression] {
    match key {
        Expression::Concatenation(parts) => parts,
        other => std::slice::from_ref(other),
    }
}

fn is_header(field: &Field) -> bool {
    place(field).is_some()
}

/// Offset and width in bits of a field of a header.
fn place(field: &Field) -> Option<(u16, u16)> {
    match field {
        Field::Payload(payload) => Some((payload.offset, payload.width)),
        Field::TcpOption { offset, width, .. }
        | Field::Ip6Header { offset, width, .. }
        | Field::IpOption { offset, width, .. } => Some((*offset, *width)),
        _ => None,
    }
}

/// Bits of the last byte behind the field.
fn bits_behind(field: &Field) -> u16 {
    place(field).map_or(0, |(offset, width)| 7 - (offset % 8 + width % 8 + 7) % 8)
}

fn spans_bytes(expression: &Expression) -> bool {
    match expression {
        Expression::Field(field) => place(field).is_some_and(|(offset, width)| offset % 8 + width > 8),
        _ => false,
    }
}

/// Whether a field of more than a byte of a header is inside.
fn is_wide_header(expression: &Expression) -> bool {
    match expression {
        Expression::Field(_) => spans_bytes(expression),
        Expression::Operation(_, left, right) => is_wide_header(left) || is_wide_header(right),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_behind_a_field_are_counted() {
        let behind = |offset, width| bits_behind(&Field::Ip6Header { header: 0, offset, width });
        assert_eq!(behind(8, 6), 2, "ip dscp");
        assert_eq!(behind(4, 6), 6, "ip6 dscp");
        assert_eq!(behind(96, 4), 4, "tcp doff");
        assert_eq!(behind(112, 3), 5, "vlan pcp");
        assert_eq!(behind(12, 20), 0, "ip6 flowlabel");
        assert_eq!(behind(16, 13), 3, "frag frag-off");
        assert_eq!(behind(67, 4), 1, "dccp type");
        assert_eq!(behind(0, 8), 0);
        assert_eq!(behind(0, 128), 0);
    }
}
