//! Which transport protocols rules and routes tell apart.

use super::probed::Probed;
use crate::ir::{
    Condition, ConntrackKey, Expression, Field, Meta, Payload, PayloadBase, Ruleset, Statement, Version,
};
use crate::network::Network;

/// Those that the kernel itself treats in a way of its own, whatever the rules are: TCP, UDP, the ICMP of the version, DCCP, SCTP,
/// UDP-Lite.
fn own_ways(version: Version) -> [u8; 6] {
    match version {
        Version::V4 => [6, 17, 1, 33, 132, 136],
        Version::V6 => [6, 17, 58, 33, 132, 136],
    }
}

/// Of these, those that are tracked and translated alike: they have ports, and any packet begins a connection.
const PORTS: [u8; 3] = [17, 33, 132];

/// Protocols that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocols {
    /// The one that stands for all of them: the best known.
    pub speaker: u8,
    /// All of them, ascending.
    pub members: Vec<u8>,
}

/// The protocols of packets of a version, in groups that nothing tells apart.
pub fn protocols(rulesets: &[(&Ruleset, &Network)], version: Version) -> Vec<Protocols> {
    let mut probed = Probed::default();
    for (ruleset, network) in rulesets {
        probed.join(Probed::of(ruleset, &|field| is_protocol(field, version)));
        named(ruleset, &mut |number| probed.probes.push(only(number)));
        for rule in &network.rules {
            probed.probes.extend(rule.protocol.map(only));
        }
    }
    probed.probes.sort_unstable();
    probed.probes.dedup();
    let mut groups: Vec<Protocols> = Vec::new();
    // The best known first, so that they speak for their group; then numbers that nobody uses.
    let own = own_ways(version);
    let order = own.into_iter().chain((0..=255).rev().filter(|number| !own.contains(number)));
    for number in order {
        let fits = |group: &&mut Protocols| {
            is_like(version, group.speaker, number)
                && !probed.tells_apart(u128::from(group.speaker), u128::from(number))
        };
        match groups.iter_mut().find(fits) {
            Some(group) => group.members.push(number),
            None => groups.push(Protocols { speaker: number, members: vec![number] }),
        }
    }
    for group in &mut groups {
        group.members.sort_unstable();
    }
    groups
}

/// Whether the kernel treats two protocols alike, as long as no rule asks.
fn is_like(version: Version, a: u8, b: u8) -> bool {
    let own = own_ways(version);
    match (own.contains(&a), own.contains(&b)) {
        (false, false) => true,
        (true, true) => PORTS.contains(&a) && PORTS.contains(&b),
        _ => false,
    }
}

fn only(number: u8) -> super::Probe {
    super::Probe { mask: u128::MAX, interval: crate::ir::Interval::single(u128::from(number)) }
}

/// Whether a field is the number of the transport protocol.
fn is_protocol(field: &Field, version: Version) -> bool {
    match field {
        Field::Meta(Meta::L4Protocol) | Field::Conntrack(ConntrackKey::Protocol, _) => true,
        Field::Payload(Payload { base: PayloadBase::Network, offset, width, .. }) => {
            let at = match version {
                Version::V4 => 72,
                Version::V6 => 48,
            };
            *offset < at + 8 && at < offset.saturating_add(*width)
        }
        _ => false,
    }
}

/// Protocols that a rule asks for by naming a field of their header.
fn named(ruleset: &Ruleset, tell: &mut dyn FnMut(u8)) {
    for chain in &ruleset.chains {
        for rule in &chain.rules {
            for statement in &rule.statements {
                in_statement(statement, tell);
            }
        }
    }
}

fn in_statement(statement: &Statement, tell: &mut dyn FnMut(u8)) {
    match statement {
        Statement::Match(condition) => in_condition(condition, tell),
        Statement::VerdictMap { key, .. } => in_expression(key, tell),
        Statement::Assign { target, value } => {
            if let crate::ir::Writable::Payload(Payload { transport: Some(number), .. }) = target {
                tell(*number);
            }
            in_expression(value, tell);
        }
        Statement::Update { key, data, .. } => {
            in_expression(key, tell);
            if let Some(data) = data {
                in_expression(data, tell);
            }
        }
        Statement::Nat(nat) => {
            for (low, high) in nat.address.iter().chain(&nat.port) {
                in_expression(low, tell);
                in_expression(high, tell);
            }
        }
        _ => {}
    }
}

fn in_condition(condition: &Condition, tell: &mut dyn FnMut(u8)) {
    match condition {
        Condition::Compare { left, right, .. } => {
            in_expression(left, tell);
            in_expression(right, tell);
        }
        Condition::Range { value, .. } => in_expression(value, tell),
        Condition::Lookup { key, .. } => in_expression(key, tell),
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                in_condition(part, tell);
            }
        }
        Condition::Not(inner) => in_condition(inner, tell),
        Condition::Unknown(_) => {}
    }
}

fn in_expression(expression: &Expression, tell: &mut dyn FnMut(u8)) {
    match expression {
        Expression::Field(Field::Payload(Payload { transport: Some(number), .. })) => tell(*number),
        Expression::Operation(_, left, right) => {
            in_expression(left, tell);
            in_expression(right, tell);
        }
        Expression::Concatenation(parts) => {
            for part in parts {
                in_expression(part, tell);
            }
        }
        Expression::Map { key, .. } => in_expression(key, tell),
        _ => {}
    }
}
