//! What is said where the rules are too complex for an exact answer.

use portreeve_model::text::clean;

use super::calls::chains;
use crate::answer::{Names, statement};
use crate::ir::Ruleset;
use crate::network::Network;
use crate::space::TooComplex;

/// Most chains that are named.
const MOST: usize = 3;

/// Which chains it is, and why: those with the most rules, for it is their overlaps that have to be followed.
pub(in crate::reach) fn complexity(ruleset: &Ruleset, error: TooComplex) -> String {
    let network = Network::default();
    let names = Names { ruleset, network: &network };
    let mut largest: Vec<_> =
        chains(ruleset).filter(|(_, chain)| !chain.rules.is_empty() && !chain.dormant).collect();
    largest.sort_by_key(|(_, chain)| std::cmp::Reverse(chain.rules.len()));
    let told: Vec<String> = largest
        .iter()
        .take(MOST)
        .map(|(id, chain)| format!("{} ({} rules)", statement::chain(&names.chain(*id)), chain.rules.len()))
        .collect();
    clean(&format!("{error}; the largest: {}", told.join(", "))).into_owned()
}
