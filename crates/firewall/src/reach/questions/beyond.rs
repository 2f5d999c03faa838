//! What rules ask for that the classes of packets do not tell: what hangs on it is not called certain.
//!
//! A class is a whole packet without IP options and extension headers, that came without a mark and belongs to a connection of which
//! only the state is known. Packets of other kinds exist, and a rule that asks for them is not in vain.

use crate::ir::{
    Condition, ConntrackKey, Expression, Field, Meta, PayloadBase, Rule, Ruleset, SetId, Statement, Version,
};
use crate::simulate::{collects_fragments, tracks};

/// What a rule asks for that the classes of packets do not tell, in words.
pub(super) fn beyond(rule: &Rule) -> Option<&'static str> {
    rule.statements.iter().find_map(|statement| match statement {
        Statement::Match(condition) => in_condition(condition),
        Statement::VerdictMap { key, .. } => in_expression(key),
        _ => None,
    })
}

/// Whether a rule looks into the transport header, which fragments but the first do not have.
pub(super) fn asks_transport(rule: &Rule) -> bool {
    let mut found = false;
    let mut rule = rule.clone();
    for statement in &mut rule.statements {
        statement.visit_fields(&mut |field| {
            found |= matches!(field, Field::Payload(payload) if payload.base == PayloadBase::Transport)
                || matches!(field, Field::TcpOption { .. } | Field::TcpOptionPresent(_));
        });
    }
    found
}

/// The sets that a rule looks into.
pub(super) fn sets(rule: &Rule) -> Vec<SetId> {
    let mut found = Vec::new();
    for statement in &rule.statements {
        match statement {
            Statement::Match(condition) => sets_in(condition, &mut found),
            Statement::VerdictMap { key, map } => {
                found.push(*map);
                sets_of(key, &mut found);
            }
            Statement::Assign { value, .. } => sets_of(value, &mut found),
            Statement::Update { set, key, .. } => {
                found.push(*set);
                sets_of(key, &mut found);
            }
            Statement::Nat(nat) => {
                for (low, high) in nat.address.iter().chain(&nat.port) {
                    sets_of(low, &mut found);
                    sets_of(high, &mut found);
                }
            }
            Statement::Tproxy { address, port, .. } => {
                for value in address.iter().chain(port) {
                    sets_of(value, &mut found);
                }
            }
            Statement::Forward { interface, .. } => sets_of(interface, &mut found),
            _ => {}
        }
    }
    found
}

/// The named set that a rule looks into and that changes by itself: packets write to it, or its elements run out.
pub(super) fn changing_set<'a>(ruleset: &'a Ruleset, rule: &Rule) -> Option<&'a str> {
    let mut sets = sets(rule).into_iter().filter_map(|id| ruleset.set(id));
    sets.find(|set| set.dynamic && !set.anonymous).map(|set| set.name.as_str())
}

/// The named sets that a rule looks into.
pub(super) fn named_sets<'a>(ruleset: &'a Ruleset, rule: &Rule) -> Vec<&'a str> {
    let sets = sets(rule).into_iter().filter_map(|id| ruleset.set(id));
    sets.filter(|set| !set.anonymous).map(|set| set.name.as_str()).collect()
}

/// Whether fragments are put together before any rule of filtering sees them.
pub(super) fn is_defragmented(ruleset: &Ruleset, version: Version) -> bool {
    tracks(ruleset, version) || collects_fragments(ruleset, version)
}

fn sets_in(condition: &Condition, found: &mut Vec<SetId>) {
    match condition {
        Condition::Lookup { key, set, .. } => {
            found.push(*set);
            sets_of(key, found);
        }
        Condition::Compare { left, right, .. } => {
            sets_of(left, found);
            sets_of(right, found);
        }
        Condition::Range { value, .. } => sets_of(value, found),
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                sets_in(part, found);
            }
        }
        Condition::Not(inner) => sets_in(inner, found),
        Condition::Unknown(_) => {}
    }
}

fn sets_of(expression: &Expression, found: &mut Vec<SetId>) {
    match expression {
        Expression::Map { key, map, .. } => {
            found.push(*map);
            sets_of(key, found);
        }
        Expression::Operation(_, left, right) => {
            sets_of(left, found);
            sets_of(right, found);
        }
        Expression::Concatenation(parts) => {
            for part in parts {
                sets_of(part, found);
            }
        }
        Expression::Constant(_)
        | Expression::Field(_)
        | Expression::Generated { .. }
        | Expression::Unknown(_) => {}
    }
}

fn in_condition(condition: &Condition) -> Option<&'static str> {
    match condition {
        Condition::Compare { left, right, .. } => in_expression(left).or_else(|| in_expression(right)),
        Condition::Range { value, .. } => in_expression(value),
        Condition::Lookup { key, .. } => in_expression(key),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().find_map(in_condition),
        Condition::Not(inner) => in_condition(inner),
        Condition::Unknown(_) => None,
    }
}

fn in_expression(expression: &Expression) -> Option<&'static str> {
    match expression {
        Expression::Field(field) => in_field(field),
        Expression::Operation(_, left, right) => in_expression(left).or_else(|| in_expression(right)),
        Expression::Concatenation(parts) => parts.iter().find_map(in_expression),
        Expression::Map { key, .. } => in_expression(key),
        Expression::Constant(_) | Expression::Generated { .. } | Expression::Unknown(_) => None,
    }
}

fn in_field(field: &Field) -> Option<&'static str> {
    match field {
        Field::Meta(Meta::Mark) => Some("a firewall mark, which programs may give to what they send"),
        Field::Meta(Meta::Priority) => Some("a priority, which programs may give to what they send"),
        Field::Meta(Meta::PacketType) => Some("the type of the packet, which the frame around it decides"),
        Field::Meta(Meta::Trace) => Some("whether the packet is traced"),
        Field::Meta(Meta::Protocol) => Some("frames that carry something else than IP"),
        Field::Conntrack(ConntrackKey::State | ConntrackKey::L3Protocol | ConntrackKey::Protocol, _) => None,
        Field::Conntrack(..) => Some("what is known of the connection beyond its state"),
        Field::Ip6Header { .. } | Field::Ip6HeaderPresent(_) => Some("extension headers"),
        Field::IpOption { .. } | Field::IpOptionPresent(_) => Some("IP options"),
        Field::Payload(payload) => match payload.base {
            PayloadBase::Link => Some("the frame around the packet"),
            PayloadBase::Inner => Some("the content of the packet"),
            PayloadBase::Network => {
                let touches = |start: u16, end: u16| {
                    payload.offset < end && start < payload.offset.saturating_add(payload.width)
                };
                // Flags and offset of a fragment, version and length of the header; IPv6 has its version there.
                match payload.network {
                    Some(0x0800) | None if touches(48, 64) => Some("fragments"),
                    Some(0x0800) | None if touches(0, 8) => Some("IP options"),
                    _ => None,
                }
            }
            PayloadBase::Transport => None,
        },
        _ => None,
    }
}
