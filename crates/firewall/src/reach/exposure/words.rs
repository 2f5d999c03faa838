//! Words of conditions, in fixed forms that scripts can read.

use crate::space::{Part, Set, Space, TooComplex};

/// What must hold of packets, and whether that is all.
pub(super) struct Conditions {
    pub(super) words: Vec<String>,
    pub(super) exact: bool,
}

/// What a set that asks neither for addresses nor for the destination port demands.
pub(super) fn conditions(space: &Space, set: &Set) -> Result<Conditions, TooComplex> {
    if set.is_all() {
        return Ok(Conditions { words: Vec::new(), exact: true });
    }
    let shadow = space.onto(set, &[Part::SourcePort])?;
    let mut words = Vec::new();
    if !shadow.is_all() {
        let ranges = space.ranges(&shadow, Part::SourcePort)?;
        let ranges: Vec<String> = ranges.iter().map(|range| ports(*range.start(), *range.end())).collect();
        words.push(format!("source port {}", ranges.join(", ")));
    }
    Ok(Conditions { words, exact: shadow == *set })
}

/// `80`, or `8000-8010`.
pub(super) fn ports(first: u16, last: u16) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}
