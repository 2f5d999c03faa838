//! The table of connection tracking and its counters, before and after the trials.

use portreeve_wire::proc::ConntrackStat;

/// Connection tracking of this network namespace.
#[derive(Debug, Default)]
pub struct ConntrackFacts {
    /// Before the trials; none where connection tracking is not loaded, or could not be read.
    pub before: Option<ConntrackLook>,
    /// After the trials.
    pub after: Option<ConntrackLook>,
}

/// One look at the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConntrackLook {
    /// Entries (`nf_conntrack_count`).
    pub count: u64,
    /// Most entries (`nf_conntrack_max`); 0 is no limit.
    pub max: u64,
    /// Chains of the table (`nf_conntrack_buckets`).
    pub buckets: u64,
    /// Counters; none where the kernel has no such file.
    pub stat: Option<ConntrackStat>,
}

impl ConntrackFacts {
    /// The fullest that it was seen.
    pub fn fullest(&self) -> Option<ConntrackLook> {
        self.before.into_iter().chain(self.after).max_by_key(|look| look.count)
    }

    /// By how much a counter grew between the two looks.
    pub fn grown(&self, counter: impl Fn(&ConntrackStat) -> u64) -> u64 {
        let of = |look: Option<ConntrackLook>| look.and_then(|look| look.stat).as_ref().map(&counter);
        match (of(self.before), of(self.after)) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => 0,
        }
    }
}
