//! Joins what changed alike for several protocols, states and places.

use crate::packet::State;
use crate::reach::alike::{Kind, Meeting};

/// Kinds of packets: every combination of its protocols, states and places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kinds {
    /// One of them.
    pub(super) speaker: Kind,
    pub(super) protocols: Vec<u8>,
    pub(super) states: Vec<State>,
    pub(super) meetings: Vec<Meeting>,
}

impl Kinds {
    fn of(kind: Kind) -> Self {
        Self {
            protocols: kind.protocol.members.clone(),
            states: kind.state.members.clone(),
            meetings: vec![kind.meeting.clone()],
            speaker: kind,
        }
    }
}

/// As few combinations as are easily found: states are joined first, then places, then protocols.
pub(super) fn merge(kinds: Vec<Kind>) -> Vec<Kinds> {
    let mut all: Vec<Kinds> = kinds.into_iter().map(Kinds::of).collect();
    all = joined(
        all,
        |a, b| a.protocols == b.protocols && a.meetings == b.meetings,
        |a, b| a.states.extend(b.states),
    );
    all = joined(
        all,
        |a, b| a.protocols == b.protocols && a.states == b.states,
        |a, b| a.meetings.extend(b.meetings),
    );
    all = joined(
        all,
        |a, b| a.states == b.states && a.meetings == b.meetings && reads_alike(a, b),
        |a, b| a.protocols.extend(b.protocols),
    );
    for kinds in &mut all {
        kinds.protocols.sort_unstable();
    }
    all
}

/// Ports mean something to some protocols only.
fn reads_alike(a: &Kinds, b: &Kinds) -> bool {
    let has_ports = |kinds: &Kinds| matches!(kinds.speaker.protocol.speaker, 6 | 17 | 33 | 132 | 136);
    has_ports(a) == has_ports(b)
}

fn joined(
    all: Vec<Kinds>,
    fits: impl Fn(&Kinds, &Kinds) -> bool,
    join: impl Fn(&mut Kinds, Kinds),
) -> Vec<Kinds> {
    let mut found: Vec<Kinds> = Vec::new();
    for kinds in all {
        match found.iter_mut().find(|known| fits(known, &kinds)) {
            Some(known) => join(known, kinds),
            None => found.push(kinds),
        }
    }
    found
}
