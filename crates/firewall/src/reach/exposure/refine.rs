//! Sets cut by other sets.

use crate::space::{Set, Space, TooComplex};

/// Splits a set by which of the others hold a packet: disjoint pieces that are together the set, each with the numbers of those
/// that hold it.
pub(super) fn refine(
    space: &Space,
    set: &Set,
    others: &[&Set],
) -> Result<Vec<(Set, Vec<usize>)>, TooComplex> {
    let mut pieces = vec![(set.clone(), Vec::new())];
    for (number, other) in others.iter().enumerate() {
        let mut next = Vec::with_capacity(pieces.len() + 1);
        for (set, mut by) in pieces {
            let inside = space.and(&set, other)?;
            if inside.is_empty() {
                next.push((set, by));
                continue;
            }
            let outside = space.minus(&set, other)?;
            if !outside.is_empty() {
                next.push((outside, by.clone()));
            }
            by.push(number);
            next.push((inside, by));
        }
        pieces = next;
    }
    Ok(pieces)
}
