//! Matches on ICMP: `icmp`, `icmp6`.

use crate::ir::{Condition, Interval, Payload};

use super::super::fields::{constant, payload, within};
use super::super::grammar::Extension;
use super::super::{names, values};

/// Type 255 stands for any (`net/netfilter/xt_tcpudp.c`: `type_code_in_range`).
const ANY: u8 = 255;

/// `icmp` (`icmp_match`).
pub(super) fn icmp(extension: &Extension) -> Option<Condition> {
    message(extension, "--icmp-type", 1, names::icmp)
}

/// `icmp6` (`icmp6_match`).
pub(super) fn icmp6(extension: &Extension) -> Option<Condition> {
    message(extension, "--icmpv6-type", 58, names::icmp6)
}

fn message(
    extension: &Extension,
    option: &str,
    protocol: u8,
    names: impl Fn(&str) -> Option<(u8, u8, u8)>,
) -> Option<Condition> {
    let kind = || payload(Payload::transport(Some(protocol), 0, 8, "icmp type"));
    let header = || within(kind(), Interval { low: 0, high: 255 }, false);
    let [choice] = extension.choices.as_slice() else {
        return extension.choices.is_empty().then(header);
    };
    if choice.name != option {
        return None;
    }
    let text = choice.value()?;
    let (wanted, low, high) = names(text).or_else(|| numbers(text))?;
    if wanted == ANY && protocol == 1 {
        return Some(if choice.negated { constant(false) } else { header() });
    }
    let kind = Condition::equal(kind(), wanted.into());
    if (low, high) == (0, 255) {
        return Some(kind.negate_if(choice.negated));
    }
    let code = payload(Payload::transport(Some(protocol), 8, 8, "icmp code"));
    let code = within(code, Interval { low: low.into(), high: high.into() }, false);
    Some(Condition::All(vec![kind, code]).negate_if(choice.negated))
}

/// `TYPE` or `TYPE/CODE`.
fn numbers(text: &str) -> Option<(u8, u8, u8)> {
    let byte = |text| u8::try_from(values::number_of(text, 8)?).ok();
    match text.split_once('/') {
        Some((kind, code)) => Some((byte(kind)?, byte(code)?, byte(code)?)),
        None => Some((byte(text)?, 0, 255)),
    }
}
