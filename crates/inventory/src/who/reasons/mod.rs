//! The known explanations, one file each: whether one applies, said in a sentence, with its evidence.

mod activation;
mod bound_only;
mod connections;
mod disagreement;
mod leftovers;
mod namespaces;
mod permission;
mod reserved;
mod reuse_port;
mod unheld;

use portreeve_model::who::{Reason, ReasonKind};

use super::case::Case;
use super::{Query, Views};

/// A rule looks at a case and says what explains it.
type Rule = fn(&Case<'_>) -> Vec<Reason>;

/// Most telling first: what is hidden, then who holds the port, then what is left of it, then what is true of it.
const RULES: [Rule; 11] = [
    disagreement::explain,
    unheld::explain,
    activation::explain,
    bound_only::explain,
    reuse_port::explain,
    connections::explain,
    permission::explain,
    leftovers::orphans,
    leftovers::time_wait,
    namespaces::explain,
    reserved::explain,
];

/// Every explanation that applies, most telling first.
pub(super) fn all(case: &Case<'_>) -> Vec<Reason> {
    RULES.iter().flat_map(|rule| rule(case)).collect()
}

/// Whether no view of the kernel contradicts another.
pub(super) fn views_agree(query: &Query, views: &Views) -> bool {
    disagreement::explain(&Case::new(query, views)).is_empty()
}

/// Whether a reason says something about who takes the port in the asked namespace.
pub(super) fn is_about_here(kind: ReasonKind) -> bool {
    !matches!(kind, ReasonKind::OtherNamespace | ReasonKind::Reserved)
}

fn reason(kind: ReasonKind, statement: String, evidence: Vec<String>) -> Vec<Reason> {
    vec![Reason { kind, statement, evidence }]
}
