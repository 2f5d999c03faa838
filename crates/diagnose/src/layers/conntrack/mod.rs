//! The layer `conntrack`: the table of connections, and rules that drop what is not in it.

mod states;
mod table;
#[cfg(test)]
mod tests;

use super::{Code, Judgement};
use crate::case::Case;
use crate::facts::path::Flow;

/// What can be wrong.
pub(super) const CODES: &[Code] = &[
    Code {
        slug: "table-full",
        meaning: "The table of connections is full: new ones are dropped, or others are forgotten for them.",
    },
    Code { slug: "nearly-full", meaning: "The table of connections is at least 90 % full." },
    Code {
        slug: "insert-failed",
        meaning: "The kernel could not enter connections into the table, and dropped their packets, while it was looked.",
    },
    Code {
        slug: "invalid-dropped",
        meaning: "A rule drops packets of no known connection, and it did while it was looked: late, asymmetric or damaged ones.",
    },
    Code {
        slug: "untracked-reply-dropped",
        meaning: "Connections are not tracked on the way in, and a rule drops the answers, which belong to no known one.",
    },
];

/// Judges the facts.
pub(super) fn judge(case: &Case) -> Judgement {
    let Some(look) = case.conntrack.fullest() else {
        return Judgement::not_applicable("connections are not tracked here");
    };
    let tracks = case.path.flows.iter().any(Flow::is_tracked);
    if !tracks && look.count == 0 {
        return Judgement::not_applicable("no rule has connections tracked");
    }
    let mut judgement = Judgement::fine(match look.max {
        0 => format!("{} connections", look.count),
        max => format!("{} of {max} connections", look.count),
    });
    if tracks {
        table::judge(case, &mut judgement, look);
    }
    states::judge(case, &mut judgement);
    judgement
}
