//! Exposures with everything in them, as a person reads them.

use portreeve_firewall::reach::exposure::Query;
use portreeve_model::exposure::Exposure;

/// Leaves as many prefixes and rules as an answer has unless all are asked for, and counts the rest.
pub(in crate::machine) fn shorten(exposures: &mut [Exposure]) {
    let Query { most_sources, most_deciders, .. } = Query::default();
    for part in exposures.iter_mut().flat_map(|exposure| &mut exposure.families).flat_map(|of| &mut of.parts)
    {
        part.more_sources = part.more_sources.saturating_add(cut(&mut part.sources, most_sources));
        part.more_deciders = part.more_deciders.saturating_add(cut(&mut part.deciders, most_deciders));
    }
}

fn cut<T>(list: &mut Vec<T>, most: usize) -> u64 {
    let more = list.len().saturating_sub(most);
    list.truncate(most);
    u64::try_from(more).unwrap_or(u64::MAX)
}
