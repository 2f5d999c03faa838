//! What a rule does to the packets that satisfy it, as far as it can be deleted or relied on.

use crate::ir::{Nat, Passive, RejectKind, Rule, Ruleset, Statement, Verdict, Version};
use crate::reach::questions::evidence::{Copied, Place, verdict_map, verdicts};

/// What a rule, or one verdict of its map, does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// The packets: a copy at the head of the base chain.
    pub(super) copy: Copied,
    pub(super) does: Does,
}

/// What is done to packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Does {
    Verdict(Verdict),
    Reject(RejectKind),
    Nat(Box<Nat>),
    /// Something that is not followed here.
    Other,
}

/// What a rule does. Empty where it does nothing to packets of this version.
pub(super) fn parts(ruleset: &Ruleset, rule: &Rule, place: Place, version: Version) -> Vec<Part> {
    let part = |does| vec![Part { copy: Copied::Conditions(place), does }];
    for statement in &rule.statements {
        match statement {
            Statement::Match(_)
            | Statement::State(_)
            | Statement::Passive(_)
            | Statement::Verdict(Verdict::Continue) => {}
            Statement::Verdict(Verdict::Queue { .. }) => return part(Does::Other),
            Statement::Verdict(verdict) => return part(Does::Verdict(verdict.clone())),
            Statement::Reject(kind) => return part(Does::Reject(*kind)),
            // Packets of the other version go on.
            Statement::Nat(nat) if nat.version.is_some_and(|wanted| wanted != version) => {}
            Statement::Nat(nat) => return part(Does::Nat(Box::new(nat.clone()))),
            Statement::VerdictMap { .. } => {
                let Some((_, map)) = verdict_map(statement) else { return part(Does::Other) };
                let Some(set) = ruleset.set(map) else { return part(Does::Other) };
                let all = verdicts(set).into_iter().enumerate();
                return all
                    .map(|(number, verdict)| Part {
                        copy: Copied::Verdict(place, number),
                        does: match verdict {
                            Verdict::Queue { .. } => Does::Other,
                            verdict => Does::Verdict(verdict),
                        },
                    })
                    .collect();
            }
            _ => return part(Does::Other),
        }
    }
    Vec::new()
}

/// Whether a rule does something beside the packet's fate that would be missed: it writes to a log, or assigns a helper.
pub(super) fn is_missed(rule: &Rule) -> bool {
    rule.statements.iter().any(|statement| match statement {
        Statement::Passive(passive) => !matches!(passive, Passive::Counter),
        _ => false,
    })
}

/// Whether a rule has a test that does not depend on the packet alone.
pub(super) fn is_unsure(rule: &Rule) -> bool {
    rule.statements.iter().any(|statement| matches!(statement, Statement::State(_)))
}

/// Whether a statement leaves the packet as it is for the rules behind it in its base chain. A translation ends its chain.
pub(super) fn leaves_alone(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Match(_)
            | Statement::State(_)
            | Statement::Verdict(_)
            | Statement::VerdictMap { .. }
            | Statement::Reject(_)
            | Statement::Passive(_)
            | Statement::Nat(_)
    )
}
