//! The head of a rule: addresses, interfaces, protocol, fragments.

use crate::ir::{
    Condition, Expression, Interval, Meta, Payload, Statement, Version, name_number, name_prefix,
};

use super::fields::{any_bit, bits, constant, destination, meta, payload, source, within};
use super::grammar::Choice;
use super::{names, values};

/// The statements of the head, and the protocol that it demands.
///
/// In the order of the kernel (`ip_packet_match` of `net/ipv4/netfilter/ip_tables.c`, `ip6_packet_match` of
/// `net/ipv6/netfilter/ip6_tables.c`): source, destination, interfaces, protocol, fragment.
pub(super) fn statements(head: &[Choice], version: Version) -> (Vec<Statement>, Option<u8>) {
    const ORDER: [&str; 6] = ["-s", "-d", "-i", "-o", "-p", "-f"];
    let mut sorted: Vec<&Choice> = head.iter().filter(|choice| choice.name != "-c").collect();
    sorted.sort_by_key(|choice| ORDER.iter().position(|name| *name == choice.name));
    let mut protocol = None;
    let mut statements = Vec::with_capacity(sorted.len());
    for choice in sorted {
        if choice.name == "-p" && !choice.negated {
            protocol = choice.value().and_then(names::protocol).filter(|number| *number != 0);
        }
        match condition(choice, version) {
            Some(Condition::All(parts)) if parts.is_empty() => {}
            Some(condition) => statements.push(Statement::Match(condition)),
            None => statements.push(Statement::Match(Condition::Unknown(text(choice)))),
        }
    }
    (statements, protocol)
}

fn text(choice: &Choice) -> String {
    let negation = if choice.negated { "! " } else { "" };
    format!("{negation}{} {}", choice.name, choice.values.join(" ")).trim_end().to_owned()
}

fn condition(choice: &Choice, version: Version) -> Option<Condition> {
    match choice.name.as_str() {
        "-s" => addresses(choice, &source(version), version),
        "-d" => addresses(choice, &destination(version), version),
        "-i" => Some(interface(meta(Meta::InputName), choice.value()?, choice.negated)),
        "-o" => Some(interface(meta(Meta::OutputName), choice.value()?, choice.negated)),
        "-p" => {
            // 0 stands for all: the kernel compares nothing then (`IPT_INV_PROTO` with 0 is refused by the program).
            let number = names::protocol(choice.value()?)?;
            let value = meta(Meta::L4Protocol);
            match (number, choice.negated) {
                (0, negated) => Some(constant(!negated)),
                (number, negated) => Some(Condition::equal(value, number.into()).negate_if(negated)),
            }
        }
        "-f" if version == Version::V4 => {
            // The lower 13 bits are the fragment's offset.
            let offset = || payload(Payload::ip(48, 16, "ip frag-off"));
            Some(if choice.negated { bits(offset(), 0x1fff, 0) } else { any_bit(offset(), 0x1fff) })
        }
        "-4" => Some(constant(version == Version::V4)),
        "-6" => Some(constant(version == Version::V6)),
        _ => None,
    }
}

/// `-s` and `-d`. A list, which only hand-written files have, is as many rules to the program.
fn addresses(choice: &Choice, field: &Expression, version: Version) -> Option<Condition> {
    let mut parts =
        choice.value()?.split(',').map(|text| address(field.clone(), text, version, choice.negated));
    let first = parts.next()??;
    let rest: Vec<Condition> = parts.collect::<Option<_>>()?;
    match (rest.is_empty(), choice.negated) {
        (true, _) => Some(first),
        (false, false) => Some(Condition::Any(std::iter::once(first).chain(rest).collect())),
        (false, true) => None,
    }
}

/// An address and mask against a field: also masks with holes.
fn address(field: Expression, text: &str, version: Version, negated: bool) -> Option<Condition> {
    let (address, mask) = values::network(text, version)?;
    Some(match values::interval(address, mask, version) {
        _ if mask == 0 => constant(!negated),
        Some(Interval { low, high }) if low == high => Condition::equal(field, low).negate_if(negated),
        Some(interval) => within(field, interval, negated),
        None => bits(field, mask, address).negate_if(negated),
    })
}

/// An interface's name, or the beginning of one where it ends in `+` (`libxtables/xtables.c`: `xtables_parse_interface`). Where there
/// is no interface the kernel compares an empty name (`ifname_compare_aligned` with `nulldevname`), as
/// `nft_meta_store_ifname` does.
pub(super) fn interface(field: Expression, name: &str, negated: bool) -> Condition {
    match name.strip_suffix('+') {
        Some("") => constant(!negated),
        Some(prefix) => within(field, name_prefix(prefix), negated),
        None => Condition::equal(field, name_number(name)).negate_if(negated),
    }
}
