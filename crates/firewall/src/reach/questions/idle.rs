//! An answer about rules that do nothing, and the order in which rules are told.

use portreeve_model::rules::IdleRule;

/// Rules that do nothing, or perhaps nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Idle {
    /// The rules: certain ones first, and by owner, table and place.
    pub rules: Vec<IdleRule>,
    /// How many rules were asked about.
    pub checked: u64,
    /// What was left out, and what the answer rests on: one sentence each.
    pub notes: Vec<String>,
    /// Set where the rules were too complex for an exact answer: which ones, and why. Then `rules` are those that are certain.
    pub too_complex: Option<String>,
}

impl Idle {
    pub(super) fn in_order(mut self) -> Self {
        let key = |idle: &IdleRule| {
            let rule = &idle.rule;
            (
                idle.idle,
                rule.owner.clone(),
                rule.backend.clone(),
                rule.family.clone(),
                rule.table.clone(),
                rule.chain.clone(),
                rule.position,
            )
        };
        self.rules.sort_by_cached_key(key);
        self
    }
}
