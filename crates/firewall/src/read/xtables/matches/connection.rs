//! Matches on the connection: `conntrack`, `state`, `connmark`, `helper`, `connlabel`.

use crate::ir::{Condition, ConntrackKey, Direction, Expression, Field, Interval, Version, name_number};

use super::super::fields::{any_bit, bits, constant, invert, within};
use super::super::grammar::{Choice, Extension};
use super::super::{names, values};

/// What a packet without a connection has for a state: invalid, or untracked.
const NO_CONNECTION: u128 = 1 | 64;
/// `IPS_SRC_NAT`, `IPS_DST_NAT` (`include/uapi/linux/netfilter/nf_conntrack_common.h`).
const SOURCE_NAT: u128 = 1 << 4;
const DESTINATION_NAT: u128 = 1 << 5;

fn field(key: ConntrackKey, direction: Option<Direction>) -> Expression {
    Expression::Field(Field::Conntrack(key, direction))
}

/// `conntrack` (`net/netfilter/xt_conntrack.c`: `conntrack_mt`).
pub(super) fn conntrack(extension: &Extension, version: Version) -> Option<Condition> {
    let mut state = Vec::new();
    let mut rest = Vec::new();
    for choice in &extension.choices {
        let text = choice.value()?;
        if choice.name == "--ctstate" {
            state.push(states(text)?.negate_if(choice.negated));
        } else {
            rest.push(test(choice, text, version)?);
        }
    }
    match (state.is_empty(), rest.is_empty()) {
        (true, true) => None,
        (_, true) => Some(Condition::All(state)),
        // Every other datum is missing where there is no connection, and the rule does not match.
        (true, false) => Some(Condition::All(rest)),
        // `if (ct == NULL) return info->match_flags & XT_CONNTRACK_STATE;`: the other tests are left out then.
        (false, false) => {
            let without = any_bit(field(ConntrackKey::State, None), NO_CONNECTION);
            state.push(Condition::Any(vec![without, Condition::All(rest)]));
            Some(Condition::All(state))
        }
    }
}

/// A list of states. DNAT and SNAT are bits of the connection's status.
fn states(text: &str) -> Option<Condition> {
    let (mut state, mut status) = (0, 0);
    for name in text.split(',') {
        match name.to_ascii_uppercase().as_str() {
            "INVALID" => state |= 1,
            "ESTABLISHED" => state |= 2,
            "RELATED" => state |= 4,
            "NEW" => state |= 8,
            "UNTRACKED" => state |= 64,
            "SNAT" => status |= SOURCE_NAT,
            "DNAT" => status |= DESTINATION_NAT,
            _ => return None,
        }
    }
    let by_state = any_bit(field(ConntrackKey::State, None), state);
    let by_status = any_bit(field(ConntrackKey::Status, None), status);
    Some(match (state, status) {
        (_, 0) => by_state,
        (0, _) => Condition::Any(vec![by_status]),
        _ => Condition::Any(vec![by_state, by_status]),
    })
}

fn test(choice: &Choice, text: &str, version: Version) -> Option<Condition> {
    let (original, reply) = (Some(Direction::Original), Some(Direction::Reply));
    let (source, destination) = (ConntrackKey::Source(version), ConntrackKey::Destination(version));
    let address = |key, direction| {
        let (address, mask) = values::network(text, version)?;
        let field = field(key, direction);
        Some(match values::interval(address, mask, version) {
            Some(interval) => within(field, interval, choice.negated),
            None => bits(field, mask, address).negate_if(choice.negated),
        })
    };
    let port = |key, direction| Some(within(field(key, direction), values::ports(text)?, choice.negated));
    match choice.name.as_str() {
        "--ctproto" => {
            let number = names::protocol(text)?;
            Some(
                Condition::equal(field(ConntrackKey::Protocol, None), number.into())
                    .negate_if(choice.negated),
            )
        }
        "--ctorigsrc" => address(source, original),
        "--ctorigdst" => address(destination, original),
        "--ctreplsrc" => address(source, reply),
        "--ctrepldst" => address(destination, reply),
        "--ctorigsrcport" => port(ConntrackKey::SourcePort, original),
        "--ctorigdstport" => port(ConntrackKey::DestinationPort, original),
        "--ctreplsrcport" => port(ConntrackKey::SourcePort, reply),
        "--ctrepldstport" => port(ConntrackKey::DestinationPort, reply),
        "--ctstatus" => {
            Some(any_bit(field(ConntrackKey::Status, None), status(text)?).negate_if(choice.negated))
        }
        "--ctexpire" => {
            // Seconds here, milliseconds in the field.
            let Interval { low, high } = values::range(text, 32)?;
            let interval = Interval { low: low * 1000, high: high * 1000 + 999 };
            Some(within(field(ConntrackKey::Expiration, None), interval, choice.negated))
        }
        "--ctdir" => {
            let direction = match text.to_ascii_uppercase().as_str() {
                "ORIGINAL" => 0,
                "REPLY" => 1,
                _ => return None,
            };
            Some(Condition::equal(field(ConntrackKey::Direction, None), direction).negate_if(choice.negated))
        }
        _ => None,
    }
}

/// `IPS_*` bits. `NONE` adds no bit: alone it never matches, and always where negated.
fn status(text: &str) -> Option<u128> {
    let mut bits = 0;
    for name in text.split(',') {
        bits |= match name.to_ascii_uppercase().as_str() {
            "NONE" => 0,
            "EXPECTED" => 1,
            "SEEN_REPLY" => 2,
            "ASSURED" => 4,
            "CONFIRMED" => 8,
            _ => return None,
        };
    }
    Some(bits)
}

/// `state` (`xt_state.c`; newer programs load `conntrack` under this name).
pub(super) fn state(extension: &Extension) -> Option<Condition> {
    let [choice] = extension.choices.as_slice() else { return None };
    Some(states(choice.value()?)?.negate_if(choice.negated))
}

/// `connmark` (`xt_connmark.c`: `connmark_mt`): no without a connection, negated or not.
pub(super) fn connmark(extension: &Extension) -> Option<Condition> {
    let [choice] = extension.choices.as_slice() else { return None };
    let (value, mask) = values::masked(choice.value()?)?;
    Some(bits(field(ConntrackKey::Mark, None), mask.into(), value.into()).negate_if(choice.negated))
}

/// `helper` (`xt_helper.c`: `helper_mt`): the helper of the connection that this one is related to. Without one: no, or yes where
/// negated. An empty name means any helper; a helper matches where its name is how the given one begins.
pub(super) fn helper(extension: &Extension) -> Option<Condition> {
    let [choice] = extension.choices.as_slice() else { return None };
    let name = choice.value()?;
    let helper = || field(ConntrackKey::Helper, None);
    let condition = if name.is_empty() {
        within(helper(), Interval { low: 1, high: u128::MAX }, false)
    } else {
        let ends =
            name.char_indices().map(|(at, character)| at + character.len_utf8()).take_while(|end| *end < 16);
        let beginnings = ends.filter_map(|end| name.get(..end));
        Condition::Any(beginnings.map(|name| Condition::equal(helper(), name_number(name))).collect())
    };
    Some(invert(condition, choice.negated))
}

/// `connlabel` (`xt_connlabel.c`): labels by number, as those by name are in a file of the host. `--set` sets it, and matches where
/// that could be done.
pub(super) fn connlabel(extension: &Extension) -> Option<Condition> {
    let choice = extension.choice("--label")?;
    if extension.has("--set") {
        return None;
    }
    let bit = values::number_of(choice.value()?, 7)?;
    let labels = field(ConntrackKey::Labels, None);
    Some(invert(any_bit(labels, 1_u128.checked_shl(u32::try_from(bit).ok()?)?), choice.negated))
}

/// `comment`: no test at all.
pub(super) fn comment(extension: &Extension) -> Option<Condition> {
    extension.only(&["--comment"]).then(|| constant(true))
}
