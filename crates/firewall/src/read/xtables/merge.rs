//! Tables that `iptables-nft` wrote, from both sides: `nft` lists them with handles, and with holes where a rule holds an extension of
//! the xtables; the save format has the extensions, and no handles.
//!
//! Rules are paired chain by chain in order. What `nft` understood stays, as it is what the kernel runs; each hole is filled with
//! what the save says of the extension of that name. Where number, verdicts or names do not fit, the holes stay.

use rustc_hash::FxHashMap;

use crate::ir::{
    Backend, Chain, Comparison, Condition, Expression, Family, Field, Interval, Meta, Payload, Rule, Ruleset,
    Statement, Unread, Verdict, Version,
};

use super::compile::Layout;
use super::error::{XtablesError, shortened};
use super::ipset::IpSets;
use super::save::{self, Save};

/// Fills the holes in `nft` with what `iptables-nft-save -c` (`version` 4) or `ip6tables-nft-save -c` (6) says. Rules with holes get the
/// save's text, comment and line, and their tables become [`Backend::IptablesNft`]. What could not be paired is told in
/// [`Ruleset::unread`].
pub fn merge_iptables_nft(
    nft: &mut Ruleset,
    text: &str,
    version: Version,
    sets: &IpSets,
) -> Result<(), XtablesError> {
    let Save { ruleset, layouts } = save::read(text, version, Backend::IptablesNft, sets)?;
    let family = match version {
        Version::V4 => Family::Ip,
        Version::V6 => Family::Ip6,
    };
    // Ids of sets are moved behind those that are there.
    let (tables, chains) = (nft.tables.len(), nft.chains.len());
    nft.append(ruleset);
    nft.tables.truncate(tables);
    let saved = nft.chains.split_off(chains);
    let places = nft.chains.iter().enumerate().filter(|(_, chain)| chain.family == family);
    let places: FxHashMap<(String, String), usize> =
        places.map(|(index, chain)| ((chain.table.clone(), chain.name.clone()), index)).collect();
    let mut written = Vec::new();
    for (chain, layouts) in saved.into_iter().zip(layouts) {
        let place = places.get(&(chain.table.clone(), chain.name.clone()));
        let outcome = match place {
            Some(index) => pair(nft, *index, &chain, &layouts),
            // The program lists chains of the kernel's own that nobody made.
            None if chain.rules.is_empty() => Ok(Vec::new()),
            None => Err("nft lists no such chain".to_owned()),
        };
        match (outcome, place.and_then(|index| nft.chains.get_mut(*index))) {
            (Ok(rules), Some(of_nft)) => {
                let had_holes = of_nft.rules.iter().any(has_hole);
                of_nft.rules = rules;
                if had_holes && !written.contains(&chain.table) {
                    written.push(chain.table);
                }
            }
            (Ok(_), None) => {}
            (Err(reason), _) => nft.unread.push(Unread {
                place: format!("{} {} {}", chain.family, chain.table, chain.name),
                text: "iptables-nft-save".to_owned(),
                reason,
            }),
        }
    }
    for table in nft.tables.iter_mut().filter(|table| table.family == family && written.contains(&table.name))
    {
        table.backend = Backend::IptablesNft;
    }
    for chain in
        nft.chains.iter_mut().filter(|chain| chain.family == family && written.contains(&chain.table))
    {
        chain.backend = Backend::IptablesNft;
    }
    Ok(())
}

/// The rules of a chain with their holes filled, or why they do not fit.
fn pair(nft: &Ruleset, index: usize, saved: &Chain, layouts: &[Layout]) -> Result<Vec<Rule>, String> {
    let Some(chain) = nft.chains.get(index) else { return Err("nft lists no such chain".to_owned()) };
    if chain.rules.len() != saved.rules.len() {
        return Err(format!(
            "nft lists {} rules here, iptables-nft-save {}",
            chain.rules.len(),
            saved.rules.len()
        ));
    }
    let pairs = chain.rules.iter().zip(&saved.rules).zip(layouts);
    let filled = pairs.map(|((rule, other), layout)| {
        let statements = fill(nft, rule, other, layout).ok_or_else(|| {
            format!("rule {} is another in nft: {}", other.origin.position, shortened(&other.text))
        })?;
        // Of a rule made with nft the save leaves out, without a word, what iptables has no words for.
        if !has_hole(rule) {
            return Ok(rule.clone());
        }
        let mut origin = rule.origin.clone();
        origin.line = other.origin.line;
        origin.comment = other.origin.comment.clone().or(origin.comment);
        origin.counters = origin.counters.or(other.origin.counters);
        Ok(Rule { origin, statements, text: other.text.clone() })
    });
    filled.collect()
}

/// A rule's statements with its holes filled. `None` where the two are not the same rule.
fn fill(nft: &Ruleset, rule: &Rule, saved: &Rule, layout: &Layout) -> Option<Vec<Statement>> {
    let (head, mut rest) = saved.statements.split_at_checked(layout.head)?;
    if ADDRESSED.iter().any(|field| differ(looked_at(&rule.statements, *field), looked_at(head, *field))) {
        return None;
    }
    let mut matches = layout.matches.iter();
    let mut filled = Vec::with_capacity(saved.statements.len());
    let mut target_seen = false;
    for (at, statement) in rule.statements.iter().enumerate() {
        match statement {
            Statement::Unknown(text) => match hole(text) {
                Some(("target", name)) => {
                    if layout.target.as_deref().map(kernel_name) != Some(name) {
                        return None;
                    }
                    let before: usize = matches.by_ref().map(|(_, length)| length).sum();
                    filled.extend(rest.get(before..)?.iter().cloned());
                    rest = &[];
                    target_seen = true;
                }
                Some((_, name)) => {
                    // More extensions of a name than holes: nft understood some of them natively. Which ones is not told; what
                    // they say does no harm when it is said twice.
                    let holes =
                        rule.statements.iter().skip(at).filter(|other| is_hole_of(other, name)).count();
                    let extensions = matches.clone().filter(|(other, _)| kernel_name(other) == name).count();
                    let mut wanted = extensions.saturating_sub(holes) + 1;
                    while wanted > 0 {
                        let (candidate, length) = matches.next()?;
                        let (these, others) = rest.split_at_checked(*length)?;
                        rest = others;
                        if kernel_name(candidate) == name {
                            filled.extend(these.iter().cloned());
                            wanted -= 1;
                        }
                    }
                }
                None => filled.push(statement.clone()),
            },
            Statement::Verdict(verdict) if !says(nft, verdict, layout.target.as_deref()) => return None,
            _ => {
                target_seen |= matches!(statement, Statement::Verdict(_));
                filled.push(statement.clone());
            }
        }
    }
    // A verdict that only one of them has makes them different rules.
    let verdict = matches!(saved.statements.last(), Some(Statement::Verdict(verdict)) if !matches!(verdict, Verdict::Queue { .. }));
    (target_seen || !verdict).then_some(filled)
}

fn has_hole(rule: &Rule) -> bool {
    rule.statements
        .iter()
        .any(|statement| matches!(statement, Statement::Unknown(text) if hole(text).is_some()))
}

fn is_hole_of(statement: &Statement, name: &str) -> bool {
    matches!(statement, Statement::Unknown(text) if hole(text).is_some_and(|(_, other)| other == name))
}

/// `xt match NAME`, `xt target NAME`: what stands where `nft` shows an extension without its parameters.
fn hole(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("xt ")?.split_once(' ')
}

/// The extension that the program loads under another name.
fn kernel_name(name: &str) -> &str {
    match name {
        "state" => "conntrack",
        "NOTRACK" => "CT",
        "icmpv6" => "icmp6",
        other => other,
    }
}

/// Whether a verdict of `nft` is what the save's target says.
fn says(nft: &Ruleset, verdict: &Verdict, target: Option<&str>) -> bool {
    match (verdict, target) {
        (Verdict::Accept, Some("ACCEPT"))
        | (Verdict::Drop, Some("DROP"))
        | (Verdict::Return, Some("RETURN"))
        | (Verdict::Queue { .. }, Some("QUEUE" | "NFQUEUE"))
        | (Verdict::Continue, _) => true,
        (Verdict::Jump(id) | Verdict::Goto(id), Some(name)) => {
            nft.chain(*id).is_some_and(|chain| chain.name == name)
        }
        _ => false,
    }
}

/// The fields by which rules are told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Addressed {
    Input,
    Output,
    Source,
    Destination,
}

const ADDRESSED: [Addressed; 4] =
    [Addressed::Input, Addressed::Output, Addressed::Source, Addressed::Destination];

/// What the statements demand of a field, where it is said once and simply.
fn looked_at(statements: &[Statement], field: Addressed) -> Option<(Interval, bool)> {
    statements.iter().find_map(|statement| match statement {
        Statement::Match(condition) => simple(condition, field),
        _ => None,
    })
}

fn simple(condition: &Condition, wanted: Addressed) -> Option<(Interval, bool)> {
    match condition {
        Condition::Compare {
            left: Expression::Field(field),
            operator,
            right: Expression::Constant(value),
        } => {
            let negated = match operator {
                Comparison::Equal => false,
                Comparison::NotEqual => true,
                _ => return None,
            };
            (is(field) == Some(wanted)).then_some((Interval::single(*value), negated))
        }
        Condition::Range { value: Expression::Field(field), interval, negated } => {
            (is(field) == Some(wanted)).then_some((*interval, *negated))
        }
        Condition::Not(inner) => simple(inner, wanted).map(|(interval, negated)| (interval, !negated)),
        _ => None,
    }
}

fn is(field: &Field) -> Option<Addressed> {
    match field {
        Field::Meta(Meta::InputName) => Some(Addressed::Input),
        Field::Meta(Meta::OutputName) => Some(Addressed::Output),
        Field::Payload(Payload { network: Some(network), offset, width, .. }) => {
            match (network, offset, width) {
                (0x0800, 96, 32) | (0x86dd, 64, 128) => Some(Addressed::Source),
                (0x0800, 128, 32) | (0x86dd, 192, 128) => Some(Addressed::Destination),
                _ => None,
            }
        }
        _ => None,
    }
}

fn differ(left: Option<(Interval, bool)>, right: Option<(Interval, bool)>) -> bool {
    matches!((left, right), (Some(left), Some(right)) if left != right)
}
