//! How findings name doors, rules and services, so that one thing has one name in every finding.

use std::net::{IpAddr, SocketAddr};

use portreeve_model::exposure::{Decision, Door, DoorKind, FamilyExposure, Part, zone};
use portreeve_model::{NamespaceId, Subject};

use super::Scene;
use crate::answer::{Names, statement};
use crate::ir::ChainId;
use crate::simulate::Decider;

/// `tcp 8080, nginx(812)`, `tcp 8080 → 172.17.0.2:80, web`.
pub(super) fn door(door: &Door) -> String {
    let to = match &door.kind {
        DoorKind::Translated { to } => format!(" → {to}"),
        DoorKind::Listener | DoorKind::Behind => String::new(),
    };
    let holder = door.holder.as_ref().map_or_else(String::new, |holder| format!(", {holder}"));
    format!("{} {}{to}{holder}", door.protocol, door.port)
}

/// A few doors by name, and how many more there are.
pub(super) fn doors<'a>(all: impl IntoIterator<Item = &'a Door>) -> String {
    const SHOWN: usize = 4;
    let mut names: Vec<String> = all.into_iter().map(|it| format!("{} {}", it.protocol, it.port)).collect();
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let list = names.join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}

/// The subject for each address of a door.
pub(super) fn subjects(door: &Door) -> Vec<Subject> {
    let of = |address: &IpAddr| Subject::Listener {
        protocol: door.protocol,
        address: SocketAddr::new(*address, door.port).to_string(),
        namespace: door.namespace,
    };
    door.addresses.iter().map(of).collect()
}

/// The subject for a rule or the policy of a chain.
pub(super) fn rule_subject(scene: &Scene<'_>, by: Decider) -> Option<Subject> {
    let (id, rule) = match by {
        Decider::Rule(chain, rule) => (chain, Some(rule)),
        Decider::Policy(chain) => (chain, None),
    };
    let chain = scene.ruleset.chain(id)?;
    Some(Subject::Rule {
        namespace: scene.namespace,
        family: chain.family.name().to_owned(),
        table: chain.table.clone(),
        chain: chain.name.clone(),
        handle: rule.and_then(|rule| chain.rules.get(rule)?.origin.handle),
    })
}

/// A rule or policy with its place, handle and owner.
pub(super) fn decider(scene: &Scene<'_>, by: Decider) -> String {
    statement::decider(&names(scene).decider(by))
}

/// A chain with its owner.
pub(super) fn chain(scene: &Scene<'_>, id: ChainId) -> String {
    statement::chain(&names(scene).chain(id))
}

/// The command that lists the chain of what decided, run inside the namespace.
pub(super) fn listing(scene: &Scene<'_>, by: Decider) -> String {
    let listing = crate::answer::reproduce::listing(&names(scene).decider(by));
    format!("{}{listing}", scene.enter)
}

fn names<'a>(scene: &Scene<'a>) -> Names<'a> {
    Names { ruleset: scene.ruleset, network: scene.network }
}

/// What decides about a part, in a sentence.
pub(super) fn decision(decision: &Decision) -> String {
    match decision {
        Decision::Rules { by, hook, .. } => format!("{} at {hook}", statement::decider(by)),
        Decision::NoRule => "no rule denies it".to_owned(),
        Decision::Host { text, .. } | Decision::NoDoor { text } => text.clone(),
        Decision::Reply { by } => format!("the answer does not come back: {}", self::decision(by)),
    }
}

/// The first, most telling decision of a part.
pub(super) fn first_decision(part: &Part) -> String {
    part.deciders.first().map_or_else(|| "no rule denies it".to_owned(), decision)
}

/// The part that tells most of why others are kept out: one that a rule decides, before what no packet from outside can be.
pub(super) fn closing_part(family: &FamilyExposure) -> Option<&Part> {
    let by_rule = |part: &&Part| part.deciders.iter().any(|it| matches!(it, Decision::Rules { .. }));
    family.parts_elsewhere().find(by_rule).or_else(|| family.parts_elsewhere().next())
}

/// Zones that certainly get through, this host aside: `internet, private`.
pub(super) fn open_zones(family: &FamilyExposure) -> Vec<&str> {
    family.elsewhere().filter(|zone| zone.coverage.is_open()).map(|zone| zone.zone.as_str()).collect()
}

/// `the internet`, `private networks`, ...: a zone inside a sentence.
pub(super) fn zone_name(name: &str) -> &str {
    match name {
        zone::INTERNET => "the internet",
        zone::PRIVATE => "private networks",
        zone::LINK_LOCAL => "neighbours on the link",
        other => other,
    }
}

/// The namespace is the one that commands run in by themselves.
pub(super) fn subject_of_table(namespace: NamespaceId, family: &str, table: &str, chain: &str) -> Subject {
    Subject::Rule {
        namespace,
        family: family.to_owned(),
        table: table.to_owned(),
        chain: chain.to_owned(),
        handle: None,
    }
}
